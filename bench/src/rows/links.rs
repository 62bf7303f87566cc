//! Slow links, and links that break.

use std::time::Duration;

use anyhow::Result;
use sealmark_bench_report::{Section, Target};

use super::Row;
use crate::{
    Options,
    client::Client,
    files,
    link::Profile,
    rounds::{note_failures, rounds, upload_once},
    stack::{Stack, Way},
};

const CLIENTS: [Client; 4] = [Client::Ours("sha256"), Client::Raw(6), Client::Uppy5, Client::Uppy6];
/// Connections that a browser opens to one origin by HTTP/1.1.
const CONNECTIONS: u64 = 6;

/// # Errors
/// When the file cannot be made.
pub(super) async fn measure(row: Row, stack: &Stack, options: &Options) -> Result<Section> {
    let (profile, resets) = match row {
        Row::LinkA => (Profile::A, false),
        Row::LinkAResets => (Profile::A.with_resets(), true),
        Row::LinkB => (Profile::B, false),
        _ => (Profile::B.with_resets(), true),
    };
    let size_mb: u64 = match (profile.shared, options.quick) {
        (false, false) => 384,
        (false, true) | (true, false) => 128,
        (true, true) => 48,
    };
    let size_bytes = size_mb * 1_000_000;
    let file = files::random(&options.work, &format!("large-{size_mb}"), size_bytes)?;
    let capacity = profile.bytes_per_s * if profile.shared { 1 } else { CONNECTIONS };
    let measured = rounds(&CLIENTS, options.runs(), options, async |client, _| {
        stack.links.shape(profile);
        let mut run =
            upload_once(stack, Way::Linked, client, std::slice::from_ref(&file), Duration::from_secs(240)).await?;
        let sent = stack.links.store.sent_bytes();
        run.more.insert("resent_mb", sent.saturating_sub(size_bytes) as f64 / 1e6);
        run.more.insert("resets", stack.links.store.resets() as f64);
        Ok(run)
    })
    .await;
    stack.links.shape(Profile::OPEN);

    let mut section = Section::new(
        row.title(),
        format!(
            "{size_mb} MB; 50 Mbit/s {}, {} ms there and back{}. Part of the link's {:.1} MB/s that was used.",
            if profile.shared {
                "shared by all connections"
            } else {
                "for each connection, of which the browser opens 6"
            },
            profile.round_trip.as_millis(),
            if resets { ", each connection reset when it has carried 21 MiB" } else { "" },
            capacity as f64 / 1e6,
        ),
        &["client", "of the link", "MB/s", "re-sent, MB", "resets", "settings"],
    );
    let used = |client: Client| {
        let ms = measured.iter().find(|one| one.client == client)?.median_ms()?;
        Some(size_bytes as f64 / ms * 1000.0 / capacity as f64)
    };
    for one in &measured {
        let of_link = used(one.client);
        let shown = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.1}"));
        section.lines.push(vec![
            one.client.name(),
            of_link.map_or("failed".to_owned(), |used| format!("{:.0} %", used * 100.0)),
            shown(of_link.map(|used| used * capacity as f64 / 1e6)),
            shown(one.median_of("resent_mb")),
            shown(one.median_of("resets")),
            one.client.settings().to_owned(),
        ]);
    }
    note_failures(&mut section, &measured);
    let ours = used(Client::Ours("sha256"));
    let ratio = |peer: Client| Some(ours? / used(peer)?);
    section.targets = match row {
        Row::LinkA => vec![
            Target::at_least("Sealmark ÷ Uppy 6", 4.5, "", ratio(Client::Uppy6)),
            Target::at_least("Sealmark ÷ Uppy 5", 1.0, "", ratio(Client::Uppy5)),
        ],
        Row::LinkAResets => vec![Target::at_least("Sealmark ÷ Uppy 5", 1.15, "", ratio(Client::Uppy5))],
        Row::LinkB => vec![Target::at_least("part of the link", 0.92, "", ours)],
        _ => vec![Target::at_least("part of the link", 0.76, "", ours)],
    };
    Ok(section)
}
