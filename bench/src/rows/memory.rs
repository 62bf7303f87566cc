//! What an upload holds in memory, and whether that grows with the file.

use std::time::Duration;

use anyhow::{Context, Result};
use sealmark_bench_report::{Section, Target};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::Row;
use crate::{
    Options,
    chromium::Memory,
    client::Client,
    files,
    rounds::Outcome,
    stack::{Stack, Way},
};

const PART_BYTES: u64 = 8 << 20;
const CONCURRENCY: u64 = 6;

/// # Errors
/// When a file cannot be made.
pub(super) async fn measure(row: Row, stack: &Stack, options: &Options) -> Result<Section> {
    let mut sizes_mb = vec![if options.quick { 128 } else { 512 }];
    if options.full {
        sizes_mb.push(20_000);
    }
    let mut section = Section::new(
        row.title(),
        "Peaks, sampled ten times a second, above what the page held before; heap is objects of page and workers, \
         buffers are array buffers and wasm memory of both, renderer is the process's resident memory.",
        &["client", "file", "heap, MB", "buffers, MB", "renderer, MB", "page blocked, ms", "settings"],
    );
    let limit_mb = 1.5 * (CONCURRENCY * PART_BYTES) as f64 / 1e6;
    for size_mb in sizes_mb {
        let size_bytes = size_mb * 1_000_000;
        let sparse = size_mb > 1_000;
        let file = if sparse {
            files::sparse(&options.work, &format!("sparse-{size_mb}"), size_bytes)?
        } else {
            files::random(&options.work, &format!("large-{size_mb}"), size_bytes)?
        };
        for client in [Client::Ours("sha256"), Client::Ours("crc64nvme"), Client::Uppy5] {
            // The peers are shown once; the long file is ours to prove.
            if sparse && client != Client::Ours("sha256") {
                continue;
            }
            let within = Duration::from_secs(if sparse { 1_800 } else { 120 });
            match one(stack, client, &file, within).await {
                Ok((peak, outcome)) => {
                    let megabytes = |bytes: u64| bytes as f64 / 1e6;
                    let blocked = outcome.longest_task_ms.max(outcome.longest_gap_ms);
                    section.lines.push(vec![
                        client.name(),
                        format!("{size_mb} MB{}", if sparse { ", sparse" } else { "" }),
                        format!("{:.1}", megabytes(peak.heap_bytes)),
                        format!("{:.1}", megabytes(peak.buffers_bytes)),
                        format!("{:.1}", megabytes(peak.renderer_bytes)),
                        format!("{blocked:.0}"),
                        client.settings().to_owned(),
                    ]);
                    if client == Client::Ours("sha256") {
                        let held = megabytes(peak.heap_bytes + peak.buffers_bytes);
                        let what = format!("heap and buffers, file of {size_mb} MB (1.5 × 6 × 8 MiB)");
                        section.targets.push(Target::at_most(what, limit_mb, "MB", Some(held)));
                        let what = format!("longest task of the page, file of {size_mb} MB");
                        section.targets.push(Target::at_most(what, 50.0, "ms", Some(blocked)));
                    }
                    if let Some(error) = outcome.error {
                        section.notes.push(format!("{}, {size_mb} MB: {error}", client.name()));
                    }
                }
                Err(error) => section.notes.push(format!("{}, {size_mb} MB: {error:#}", client.name())),
            }
        }
    }
    Ok(section)
}

/// Uploads once; the peaks above what the page held before.
async fn one(stack: &Stack, client: Client, file: &std::path::Path, within: Duration) -> Result<(Memory, Outcome)> {
    let at = stack.addresses(Way::Sink);
    let page = stack.browser.open(&client.page(&at)).await?;
    let done = async {
        page.watch_workers().await?;
        page.choose(&[file]).await?;
        let before = page.memory().await?;
        let mut peak = before;
        page.evaluate(&format!("bench.begin({})", client.config(&at, Way::Sink.name()))).await?;
        let begun = Instant::now();
        let outcome = loop {
            let now = page.memory().await?;
            peak.heap_bytes = peak.heap_bytes.max(now.heap_bytes);
            peak.buffers_bytes = peak.buffers_bytes.max(now.buffers_bytes);
            peak.renderer_bytes = peak.renderer_bytes.max(now.renderer_bytes);
            let done = page.evaluate("bench.done").await?;
            if done != Value::Null {
                break serde_json::from_value::<Outcome>(done)?;
            }
            (begun.elapsed() < within).then_some(()).with_context(|| format!("not done in {} s", within.as_secs()))?;
            sleep(Duration::from_millis(100)).await;
        };
        peak.heap_bytes -= before.heap_bytes.min(peak.heap_bytes);
        peak.buffers_bytes -= before.buffers_bytes.min(peak.buffers_bytes);
        peak.renderer_bytes -= before.renderer_bytes.min(peak.renderer_bytes);
        anyhow::Ok((peak, outcome))
    }
    .await;
    page.close().await;
    stack.clear(Way::Sink).await?;
    done
}
