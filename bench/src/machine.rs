//! What was measured on, and with which versions.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use anyhow::{Context, Result};

/// The machine and the versions, as lines of the report.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) lines: Vec<(String, String)>,
}

/// Looks at this machine and at what is installed.
///
/// # Errors
/// When the pages have not been built.
pub(crate) fn describe(chromium: &str, pages: &Path) -> Result<Machine> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total_kib: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().split(' ').next()?.parse().ok())
        .unwrap_or(0);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut lines = vec![
        ("date".to_owned(), jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string()),
        (
            "machine".to_owned(),
            format!(
                "{cores} × {}, {} GiB, {}",
                model.map_or("unknown processor", |(_, name)| name.trim()),
                total_kib.div_ceil(1 << 20),
                first_line("uname", &["-sr"]),
            ),
        ),
        ("load before".to_owned(), load.split(' ').next().unwrap_or_default().to_owned()),
        ("browser".to_owned(), chromium.to_owned()),
        ("SeaweedFS".to_owned(), weed_version()),
        ("commit".to_owned(), first_line("git", &["describe", "--always", "--dirty"])),
    ];
    let versions = fs::read(pages.join("versions.json")).context("reading versions.json of the pages")?;
    let versions: BTreeMap<String, String> = serde_json::from_slice(&versions)?;
    lines.push((
        "peers".to_owned(),
        versions.iter().map(|(name, version)| format!("{name} {version}")).collect::<Vec<_>>().join(", "),
    ));
    Ok(Machine { lines })
}

fn weed_version() -> String {
    sealmark_tests::process::tool("SEALMARK_WEED", "weed")
        .map(|weed| first_line(&weed.display().to_string(), &["version"]))
        .unwrap_or_default()
}

fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().trim().to_owned()
}
