//! The driver for browsers. It runs in a dedicated Worker, so that the page's own thread never reads or hashes.
//!
//! `js/worker.js` is its only caller, and `js/index.js` is what a page sees.

mod address;
mod api;
pub mod batch;
mod changes;
mod file;
mod hash;
mod host;
mod options;
mod perform;
mod put;
pub mod read;
pub mod record;
mod uploads;
mod watch;
mod work;
pub mod write;

pub use self::{host::Host, uploads::Uploads};
