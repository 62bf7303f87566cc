//! How a service reads its configuration and sets up its log: a TOML file, the environment above it, every mistake in
//! one report.
//!
//! *Invariant:* reading a configuration takes the environment as an argument; only a `main` calls [`environment`].

mod log;
mod reader;
mod shared;

pub use log::{Log, LogFormat};
pub use reader::{Mistakes, Reader, Section, SettingsError, environment};
pub use shared::{Database, Redis};
