//! `cargo xtask bench-hash`: how fast each way of hashing is in the installed Chromium.

use std::process::Command;

use anyhow::Result;

use crate::{places, setup, shell, wasm};

/// Builds the module that measures, and lets a page run it; the figures are printed in MB/s.
///
/// # Errors
/// When a build fails, or digests of two ways differ.
pub(crate) fn run() -> Result<()> {
    setup::browser()?;
    let modules = wasm::build_bench()?;
    shell::announce("Measuring in Chromium", "usually half a minute");
    shell::run(Command::new("node").arg(places::root().join("tests/browser/hash.mjs")).arg(modules))
}
