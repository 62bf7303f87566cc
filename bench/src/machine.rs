//! What was measured on, and with which versions.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use anyhow::{Context, Result};
use sealmark_bench_report::machine::{self, first_line};

/// Looks at this machine and at what is installed; facts of the report.
///
/// # Errors
/// When the pages have not been built.
pub(crate) fn describe(chromium: &str, pages: &Path) -> Result<Vec<(String, String)>> {
    let versions = fs::read(pages.join("versions.json")).context("reading versions.json of the pages")?;
    let versions: BTreeMap<String, String> = serde_json::from_slice(&versions)?;
    let peers: Vec<String> = versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let own = [("browser", chromium.to_owned()), ("SeaweedFS", weed_version()), ("peers", peers.join(", "))];
    let mut facts = machine::describe();
    facts.extend(own.map(|(name, value)| (name.to_owned(), value)));
    Ok(facts)
}

fn weed_version() -> String {
    sealmark_tests::process::tool("SEALMARK_WEED", "weed")
        .map(|weed| first_line(Command::new(weed).arg("version")))
        .unwrap_or_default()
}
