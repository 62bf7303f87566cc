//! watermark-worker: takes uploaded originals from the bus, renders the template's mark, verifies the result, and swaps
//! the new version in.
//!
//! *Invariant:* a job may run twice, at once or after a crash, and its effect is there once: the version's key names its
//! own bytes, and the swap is one conditional transaction that only the newest job can win.

mod config;
mod dead_letters;
pub mod folder;
mod in_force;
mod job;
mod keys;
mod load;
mod mark;
mod source;

pub use config::{Config, Worker};
pub use dead_letters::DeadLetters;
pub use in_force::InForce;
pub use job::{JobLimits, Jobs, chain};
pub use keys::{KeyMistake, Keys};
pub use load::{LoadError, Loaded, Places, Shelf, Shelves, report};
pub use mark::Mark;
pub use source::Source;
