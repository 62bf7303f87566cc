//! watermark-worker: takes uploaded originals from the bus, renders the template's mark, verifies the result, and swaps
//! the new version in.
//!
//! *Invariant:* a job may run twice, at once or after a crash, and its effect is there once: the version's key names its
//! own bytes, and the swap is one conditional transaction that only the newest job can win.

mod config;
mod dead_letters;
mod job;
mod mark;
mod template_file;

pub use config::{Config, Worker};
pub use dead_letters::DeadLetters;
pub use job::{JobLimits, Jobs};
pub use mark::Mark;
pub use template_file::{TemplateError, TemplateFile};
