//! SHA-256 by our own module where the page has no `crypto.subtle`.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Result, ensure};
use sealmark_bench_report::{Section, Target};
use serde::Deserialize;

use super::Row;
use crate::{
    Options,
    chromium::INSECURE_HOST,
    stack::{Stack, Way},
};

#[derive(Deserialize)]
struct Measured {
    secure: bool,
    subtle: bool,
    speeds: BTreeMap<String, f64>,
}

/// # Errors
/// When the module does not run, or the page turns out to be a secure one.
pub(super) async fn measure(row: Row, stack: &Stack, options: &Options) -> Result<Section> {
    let origin = stack.addresses(Way::Sink).signer.replace("127.0.0.1", INSECURE_HOST);
    let page = stack.browser.open(&format!("{origin}/hash.html")).await?;
    let measure = format!("bench.measure(16, {})", options.runs());
    let answer = page.evaluate_within(&measure, Duration::from_secs(300)).await;
    page.close().await;
    let measured: Measured = serde_json::from_value(answer?)?;
    ensure!(!measured.secure && !measured.subtle, "http://{INSECURE_HOST} counts as secure here");
    let mut section = Section::new(
        row.title(),
        "64 MiB in the module's memory, on an HTTP page that is not on a loopback name.",
        &["way", "MB/s"],
    );
    for (way, speed) in &measured.speeds {
        section.lines.push(vec![way.clone(), format!("{speed:.0}")]);
    }
    let of = |way: &str| measured.speeds.get(way).copied();
    let ratio = |scalar: &str| of("four lanes").zip(of(scalar)).map(|(lanes, scalar)| lanes / scalar);
    section.targets = vec![
        Target::at_least("four lanes ÷ sha2 0.10, scalar", 2.3, "", ratio("sha2 crate 0.10")),
        Target::at_least("four lanes ÷ sha2 0.11, scalar", 2.3, "", ratio("sha2 crate 0.11")),
    ];
    Ok(section)
}
