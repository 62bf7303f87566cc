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
    wasm::build_bench(true)?;
    let modules = wasm::build_bench(false)?;
    shell::announce("Measuring in Chromium", "usually half a minute");
    shell::run(Command::new("node").arg(places::root().join("tests/browser/hash.mjs")).arg(modules))
}
