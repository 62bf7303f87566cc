//! How a service reads its configuration and sets up its log: a TOML file, the environment above it, every mistake in
//! one report.
//!
//! *Invariant:* the environment comes in as an argument; nothing here reads it.

mod log;
mod reader;

pub use log::{Log, LogFormat};
pub use reader::{Mistakes, Reader, Section, SettingsError};
