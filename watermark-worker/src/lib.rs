//! watermark-worker: takes uploaded originals from the bus, renders the template's mark, verifies the result, and swaps
//! the new version in.
//!
//! *Invariant:* a job may run twice, at once or after a crash, and its effect is there once: the version's key names its
//! own bytes, and the swap is one conditional transaction that only the newest job can win.

mod bucket;
mod config;
mod dead_letters;
pub mod folder;
mod in_force;
mod job;
mod keys;
mod load;
mod mark;
mod objects;
mod shelves;
mod source;

pub use bucket::Bucket;
pub use config::{Config, Worker};
pub use dead_letters::DeadLetters;
pub use in_force::InForce;
pub use job::{JobLimits, Jobs, chain};
pub use keys::{KeyMistake, Keys};
pub use load::{LoadError, Loaded, Places, report};
pub use mark::Mark;
pub use objects::{ObjectLimits, Objects};
pub use shelves::{Shelf, Shelves};
pub use source::Source;
