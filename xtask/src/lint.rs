//! `cargo xtask lint`: format, clippy, licences and sources.

use std::process::Command;

use anyhow::Result;

use crate::{places, setup, shell, wasm};

/// Runs every check; the first that fails ends it.
///
/// # Errors
/// When a check fails.
pub(crate) fn run() -> Result<()> {
    let root = places::root();
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new("cargo");
        command.args(arguments).current_dir(&root);
        shell::run(&mut command)
    };
    shell::announce("Format", "seconds");
    cargo(&["fmt", "--all", "--check"])?;
    shell::announce("Clippy, warnings denied", "usually three minutes the first time");
    cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"])?;
    shell::announce("The pure crates and the browser client for wasm32", "usually two minutes the first time");
    wasm::check()?;
    let deny = setup::cargo_deny()?;
    shell::announce("Licences, bans and sources", "seconds");
    // Advisories need a download that CI has no right to; `cargo deny check` without a list does them where it can.
    shell::run(
        Command::new(deny)
            .args(["--workspace", "--all-features", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"])
            .current_dir(&root),
    )
}
