//! Many small files: uploading a thousand, adding five thousand.

use std::{path::Path, time::Duration};

use anyhow::Result;
use sealmark_bench_report::{Section, Target, median};

use super::Row;
use crate::{
    Options,
    client::Client,
    files,
    rounds::{Outcome, Run, note_failures, profile_once, rounds, upload_once},
    stack::{Stack, Way},
};

const FILE_BYTES: u64 = 200_000;
const CLIENTS: [Client; 4] = [Client::Ours("sha256"), Client::Uppy5, Client::Uppy6, Client::Tus];
/// What the browser, the sink and their processors bear: a form that nobody signed, which only the sink takes.
const FLOOR: Client = Client::Post(6);

/// # Errors
/// When the files cannot be made.
pub(super) async fn upload(row: Row, way: Way, stack: &Stack, options: &Options) -> Result<Section> {
    let count = if options.quick { 100 } else { 1_000 };
    let files = files::many(&options.work, count, FILE_BYTES)?;
    let clients = [&CLIENTS[..], if way == Way::Sink { &[FLOOR][..] } else { &[] }].concat();
    let measured = rounds(&clients, options.runs(), options, async |client, _| {
        upload_once(stack, way, client, &files, Duration::from_secs(300)).await
    })
    .await;
    stack.clear(way).await?;
    if let Some(folder) = &options.profiles {
        profile_once(stack, way, Client::Ours("sha256"), &files, folder).await?;
    }
    let mut section = Section::new(
        row.title(),
        format!("{count} files of 200 KB, from adding the first to the completion of the last."),
        &[
            "client",
            "files/s",
            "MB/s",
            "page blocked, ms",
            "preflights",
            "store's requests",
            "CPU ms a file: renderer, browser, network",
            "settings",
        ],
    );
    let speed = |client: Client| {
        measured.iter().find(|one| one.client == client)?.median_ms().map(|ms| count as f64 / ms * 1000.0)
    };
    for one in &measured {
        let files_per_s = speed(one.client);
        let shown = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.0}"));
        section.lines.push(vec![
            one.client.name(),
            shown(files_per_s),
            shown(files_per_s.map(|speed| speed * FILE_BYTES as f64 / 1e6)),
            format!("{:.0}", one.runs.iter().map(|run| run.blocked_ms).fold(0.0, f64::max)),
            shown(one.median_of("preflights")),
            shown(one.median_of("requests")),
            ["cpu_renderer", "cpu_browser", "cpu_network"]
                .map(|kind| {
                    let a_file = one.median_of(kind).map(|seconds| seconds * 1_000.0 / count as f64);
                    a_file.map_or("?".to_owned(), |ms| format!("{ms:.1}"))
                })
                .join(", "),
            one.client.settings().to_owned(),
        ]);
    }
    note_failures(&mut section, &measured);
    if way == Way::SeaweedFs {
        section.notes.push("tus-js-client's server writes to its own disk: no store stands behind it.".to_owned());
    }
    for peer in [Client::Uppy5, Client::Uppy6, Client::Tus] {
        let ratio = speed(Client::Ours("sha256")).zip(speed(peer)).map(|(ours, peer)| ours / peer);
        section.targets.push(Target::at_least(format!("Sealmark ÷ {}", peer.name()), 2.0, "", ratio));
    }
    Ok(section)
}

/// # Errors
/// When the files cannot be made.
pub(super) async fn add(row: Row, stack: &Stack, options: &Options) -> Result<Section> {
    let count = if options.quick { 500 } else { 5_000 };
    let files = files::many(&options.work, count, 2_000)?;
    let paths: Vec<&Path> = files.iter().map(std::path::PathBuf::as_path).collect();
    let measured = rounds(&CLIENTS, options.runs(), options, async |client, _| {
        let at = stack.addresses(Way::Sink);
        let page = stack.browser.open(&client.page(&at)).await?;
        let done = async {
            page.choose(&paths).await?;
            let run = format!("bench.runAdd({})", client.config(&at, Way::Sink.name()));
            Ok(serde_json::from_value::<Outcome>(page.evaluate_within(&run, Duration::from_secs(120)).await?)?)
        }
        .await;
        page.close().await;
        stack.clear(Way::Sink).await?;
        done.map(Run::from)
    })
    .await;
    let mut section = Section::new(
        row.title(),
        format!(
            "{count} files added; the longest time that the page's thread was blocked while and half a second after."
        ),
        &["client", "blocked, ms (median)", "worst, ms"],
    );
    let blocked = |one: &crate::rounds::Measured| {
        median(one.runs.iter().filter(|run| run.error.is_none()).map(|run| run.blocked_ms))
    };
    for one in &measured {
        section.lines.push(vec![
            one.client.name(),
            blocked(one).map_or("failed".to_owned(), |ms| format!("{ms:.0}")),
            format!("{:.0}", one.runs.iter().map(|run| run.blocked_ms).fold(0.0, f64::max)),
        ]);
    }
    note_failures(&mut section, &measured);
    let ours = measured.iter().find(|one| one.client.is_ours()).and_then(blocked);
    section.targets = vec![Target::at_most("page blocked by adding", 100.0, "ms", ours)];
    Ok(section)
}
