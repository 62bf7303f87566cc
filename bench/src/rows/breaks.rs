//! Outages, a pause, a reload: what is sent again, and how it ends.

use std::{sync::atomic::Ordering, time::Duration};

use anyhow::{Result, bail};
use sealmark_bench_report::{Section, Target};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::Row;
use crate::{
    Options,
    chromium::Page,
    client::Client,
    files,
    link::Profile,
    rounds::{Outcome, Run, note_failures, rounds},
    stack::{Stack, Way, ask},
};

const SIZE_MB: u64 = 64;
const SIZE_BYTES: u64 = SIZE_MB * 1_000_000;
/// The break comes when so much has passed.
const BREAK_AT_BYTES: u64 = SIZE_BYTES / 3;
const PART_BYTES: u64 = 8 << 20;
/// Parts in flight when it breaks, at most: the browser's connections.
const IN_FLIGHT: u64 = 6;
const PATIENCE: Duration = Duration::from_secs(120);

/// A break that a row makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Break {
    Offline,
    Refusing,
    Pause,
    Reload,
}

impl Break {
    fn clients(self) -> &'static [Client] {
        match self {
            Self::Offline | Self::Refusing => &[Client::Ours("sha256"), Client::Uppy5, Client::Uppy6, Client::Tus],
            Self::Pause => &[Client::Ours("sha256"), Client::Uppy5, Client::Uppy6, Client::Tus],
            // Without a plugin of theirs no peer knows the file again.
            Self::Reload => &[Client::Ours("sha256")],
        }
    }
}

/// # Errors
/// When the file cannot be made.
pub(super) async fn measure(row: Row, what: Break, stack: &Stack, options: &Options) -> Result<Section> {
    let minutes = options.outage_minutes.unwrap_or(if options.full { 10.0 } else { 0.25 });
    let outage = Duration::from_secs_f64(minutes * 60.0);
    let file = files::random(&options.work, &format!("large-{SIZE_MB}"), SIZE_BYTES)?;
    let mut times = options.runs();
    if options.full && matches!(what, Break::Offline | Break::Refusing) {
        times = 1;
    }
    let measured = rounds(what.clients(), times, options, async |client, _| {
        stack.links.shape(Profile::B);
        let at = stack.addresses(Way::Linked);
        let page = stack.browser.open(&client.page(&at)).await?;
        let config = client.config(&at, Way::Linked.name());
        let done = async {
            page.choose(&[&file]).await?;
            page.evaluate(&format!("bench.begin({config})")).await?;
            passed(stack, client, BREAK_AT_BYTES).await?;
            match what {
                Break::Offline => offline(stack, &page, outage).await?,
                Break::Refusing => refusing(stack, client, outage).await?,
                Break::Pause => pause(stack, client, &page).await?,
                Break::Reload => {
                    page.go(&client.page(&at)).await?;
                    page.choose(&[&file]).await?;
                    page.evaluate(&format!("bench.begin({config})")).await?;
                }
            }
            finished(&page).await
        }
        .await;
        stack.sink.refuse(false);
        let sent = sent(stack, client);
        let again = stack.sink.counts.again_bytes.load(Ordering::SeqCst);
        page.close().await;
        stack.clear(Way::Linked).await?;
        let mut run = Run::from(done?);
        run.more.insert("resent_mb", sent.saturating_sub(SIZE_BYTES) as f64 / 1e6);
        if client != Client::Tus {
            run.more.insert("again_mb", again as f64 / 1e6);
        }
        Ok(run)
    })
    .await;
    stack.links.shape(Profile::OPEN);

    let how = match what {
        Break::Offline => format!("link down for {minutes} minutes, the page told so as by the browser"),
        Break::Refusing => format!("the store (or the tus server) answers 503 for {minutes} minutes"),
        Break::Pause => "paused, resumed when nothing moves any more".to_owned(),
        Break::Reload => "page reloaded, the same file chosen again".to_owned(),
    };
    let mut section = Section::new(
        row.title(),
        format!("{SIZE_MB} MB over link B; after a third of it: {how}."),
        &["client", "end", "more than the file, MB", "of parts that the store had, MB", "settings"],
    );
    for one in &measured {
        let failed = one.runs.iter().filter(|run| run.error.is_some()).count();
        let shown = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.1}"));
        section.lines.push(vec![
            one.client.name(),
            if failed == 0 { "complete".to_owned() } else { format!("failed {failed} of {}", one.runs.len()) },
            shown(one.median_of("resent_mb")),
            shown(one.median_of("again_mb")),
            one.client.settings().to_owned(),
        ]);
    }
    note_failures(&mut section, &measured);
    let ours = measured.iter().find(|one| one.client.is_ours());
    let failures = ours.map(|one| one.runs.iter().filter(|run| run.error.is_some()).count() as f64);
    let limit = if what == Break::Pause { 1.0 } else { (IN_FLIGHT * PART_BYTES) as f64 / 1e6 };
    section.targets = vec![
        Target::at_most("failures", 0.0, "", failures),
        Target::at_most(
            "bytes sent again that the store had",
            0.0,
            "MB",
            ours.and_then(|one| one.median_of("again_mb")),
        ),
        Target::at_most("bytes sent again at all", limit, "MB", ours.and_then(|one| one.median_of("resent_mb"))),
    ];
    Ok(section)
}

fn sent(stack: &Stack, client: Client) -> u64 {
    if client == Client::Tus { stack.links.tus.sent_bytes() } else { stack.links.store.sent_bytes() }
}

async fn passed(stack: &Stack, client: Client, bytes: u64) -> Result<()> {
    let begun = Instant::now();
    while sent(stack, client) < bytes {
        if begun.elapsed() > PATIENCE {
            bail!("only {} bytes have passed in {} s", sent(stack, client), PATIENCE.as_secs());
        }
        sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

async fn offline(stack: &Stack, page: &Page, outage: Duration) -> Result<()> {
    let tell = |online: bool| {
        format!(
            "Object.defineProperty(navigator, 'onLine', {{ value: {online}, configurable: true }}); \
             dispatchEvent(new Event('{}'))",
            if online { "online" } else { "offline" }
        )
    };
    stack.links.set_up(false);
    page.evaluate(&tell(false)).await?;
    sleep(outage).await;
    stack.links.set_up(true);
    page.evaluate(&tell(true)).await?;
    Ok(())
}

async fn refusing(stack: &Stack, client: Client, outage: Duration) -> Result<()> {
    stack.sink.refuse(true);
    if client == Client::Tus {
        ask(stack.tus_port(), "/outage/on").await?;
    }
    sleep(outage).await;
    stack.sink.refuse(false);
    if client == Client::Tus {
        ask(stack.tus_port(), "/outage/off").await?;
    }
    Ok(())
}

/// Pauses, waits until nothing moves, and goes on.
async fn pause(stack: &Stack, client: Client, page: &Page) -> Result<()> {
    page.evaluate("bench.pause()").await?;
    let mut still_since = Instant::now();
    let mut before = sent(stack, client);
    while still_since.elapsed() < Duration::from_secs(1) {
        sleep(Duration::from_millis(50)).await;
        let now = sent(stack, client);
        if now != before {
            (before, still_since) = (now, Instant::now());
        }
    }
    page.evaluate("bench.resume()").await?;
    Ok(())
}

async fn finished(page: &Page) -> Result<Outcome> {
    let begun = Instant::now();
    loop {
        let done = page.evaluate("bench.done").await?;
        if done != Value::Null {
            return Ok(serde_json::from_value(done)?);
        }
        if begun.elapsed() > PATIENCE {
            bail!("not done {} s after it could go on", PATIENCE.as_secs());
        }
        sleep(Duration::from_millis(50)).await;
    }
}
