//! One file of 512 MB, as fast as it goes.

use std::time::Duration;

use anyhow::Result;
use sealmark_bench_report::{Section, Target};

use super::Row;
use crate::{
    Options,
    client::Client,
    files,
    rounds::{Measured, note_failures, profile_once, rounds, upload_once},
    stack::{Stack, Way},
};

const CLIENTS: [Client; 13] = [
    Client::Ours("sha256"),
    Client::Ours("crc64nvme"),
    Client::Ours("none"),
    Client::Raw(4),
    Client::Raw(6),
    Client::RawSubtle(4, "slice"),
    Client::RawSubtle(4, "buffer"),
    Client::RawSubtle(4, "blob"),
    Client::Whole,
    Client::Uppy5,
    Client::Uppy6,
    Client::Tus,
    Client::Evaporate,
];

/// # Errors
/// When the file cannot be made.
pub(super) async fn measure(row: Row, way: Way, stack: &Stack, options: &Options) -> Result<Section> {
    let size_mb = if options.quick { 128 } else { 512 };
    let size_bytes = size_mb * 1_000_000;
    let file = files::random(&options.work, &format!("large-{size_mb}"), size_bytes)?;
    let measured = rounds(&CLIENTS, options.runs(), options, async |client, _| {
        upload_once(stack, way, client, std::slice::from_ref(&file), Duration::from_secs(90)).await
    })
    .await;

    if let Some(folder) = &options.profiles {
        for client in CLIENTS.into_iter().filter(|client| client.is_ours()) {
            profile_once(stack, way, client, std::slice::from_ref(&file), folder).await?;
        }
    }

    let mut section = Section::new(
        row.title(),
        format!("{size_mb} MB, MB/s (10⁶ bytes a second), from choosing to the completion's answer."),
        &[
            "client",
            "MB/s",
            "of raw ×4",
            "best",
            "worst",
            "page blocked, ms",
            "CPU s: renderer, browser, network",
            "settings",
        ],
    );
    let speed = |ms: f64| size_mb as f64 / ms * 1000.0;
    let of = |client: Client| median_speed(&measured, client, size_mb as f64);
    let base = of(Client::Raw(4));
    for one in &measured {
        let times = || one.runs.iter().filter_map(|run| run.ms);
        let shown = |ms: Option<f64>| ms.map_or("failed".to_owned(), |ms| format!("{:.0}", speed(ms)));
        let ratio = of(one.client).zip(base).map_or(String::new(), |(own, base)| format!("{:.2}", own / base));
        let blocked = one.runs.iter().map(|run| run.blocked_ms).fold(0.0, f64::max);
        section.lines.push(vec![
            one.client.name(),
            shown(one.median_ms()),
            ratio,
            shown(times().min_by(f64::total_cmp)),
            shown(times().max_by(f64::total_cmp)),
            format!("{blocked:.0}"),
            ["cpu_renderer", "cpu_browser", "cpu_network"]
                .map(|what| one.median_of(what).map_or("?".to_owned(), |seconds| format!("{seconds:.1}")))
                .join(", "),
            one.client.settings().to_owned(),
        ]);
    }
    note_failures(&mut section, &measured);
    let ratio = |ours: &'static str, peer: Client| Some(of(Client::Ours(ours))? / of(peer)?);
    section.targets = vec![
        Target::at_least("sha256 ÷ Uppy 6", 1.0, "", ratio("sha256", Client::Uppy6)),
        Target::at_least("sha256 ÷ raw ×4 with subtle", 0.95, "", ratio("sha256", Client::RawSubtle(4, "slice"))),
        Target::at_least("sha256 ÷ raw ×4", 0.75, "", ratio("sha256", Client::Raw(4))),
        Target::at_least("none ÷ raw ×6", 0.95, "", ratio("none", Client::Raw(6))),
        Target::at_least("none ÷ Uppy 6", 1.3, "", ratio("none", Client::Uppy6)),
        Target::at_least("none ÷ Uppy 5", 1.0, "", ratio("none", Client::Uppy5)),
    ];
    Ok(section)
}

fn median_speed(measured: &[Measured], client: Client, size_mb: f64) -> Option<f64> {
    let ms = measured.iter().find(|one| one.client == client)?.median_ms()?;
    Some(size_mb / ms * 1000.0)
}
