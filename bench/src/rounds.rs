//! Everybody in turn, round by round, so that the machine's noise hits all alike.

use std::{
    collections::BTreeMap,
    collections::HashMap,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    time::Duration,
};

use anyhow::Result;
use sealmark_bench_report::{Section, median};
use serde::Deserialize;

use crate::{Options, client::Client, stack::Stack, stack::Way};

/// One measurement.
#[derive(Debug, Clone, Default)]
pub(crate) struct Run {
    /// How long it took, in milliseconds; nothing where it failed.
    pub(crate) ms: Option<f64>,
    /// Why it failed.
    pub(crate) error: Option<String>,
    /// The longest time that the page's thread did nothing else, in milliseconds.
    pub(crate) blocked_ms: f64,
    /// Anything else that a row looks at.
    pub(crate) more: BTreeMap<&'static str, f64>,
}

/// What a page says of its work.
#[derive(Debug, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) ms: f64,
    pub(crate) error: Option<String>,
    pub(crate) longest_task_ms: f64,
    pub(crate) longest_gap_ms: f64,
}

impl From<Outcome> for Run {
    fn from(outcome: Outcome) -> Self {
        Self {
            ms: outcome.error.is_none().then_some(outcome.ms),
            error: outcome.error,
            blocked_ms: outcome.longest_task_ms.max(outcome.longest_gap_ms),
            more: BTreeMap::new(),
        }
    }
}

/// All runs of one client.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) client: Client,
    pub(crate) runs: Vec<Run>,
}

impl Measured {
    /// The median time, in milliseconds, of the runs that succeeded.
    pub(crate) fn median_ms(&self) -> Option<f64> {
        median(self.runs.iter().filter_map(|run| run.ms))
    }

    /// The median of something else that was looked at.
    pub(crate) fn median_of(&self, what: &str) -> Option<f64> {
        median(self.runs.iter().filter_map(|run| run.more.get(what).copied()))
    }

    /// The first failure, with how many there were.
    pub(crate) fn failure(&self) -> Option<String> {
        let failed: Vec<&String> = self.runs.iter().filter_map(|run| run.error.as_ref()).collect();
        failed.first().map(|first| format!("{} of {} runs failed: {first}", failed.len(), self.runs.len()))
    }
}

/// Notes each client that failed.
pub(crate) fn note_failures(section: &mut Section, measured: &[Measured]) {
    for one in measured {
        if let Some(failure) = one.failure() {
            section.notes.push(format!("{}: {failure}", one.client.name()));
        }
    }
}

/// Measures clients in so many rounds.
pub(crate) async fn rounds(
    clients: &[Client],
    times: usize,
    options: &Options,
    mut measure: impl AsyncFnMut(Client, usize) -> Result<Run>,
) -> Vec<Measured> {
    let wanted = |client: &&Client| {
        client.is_ours()
            || options.peers.is_empty()
            || options.peers.iter().any(|peer| client.name().to_lowercase().contains(&peer.to_lowercase()))
    };
    let mut all: Vec<Measured> =
        clients.iter().filter(wanted).map(|client| Measured { client: *client, runs: Vec::new() }).collect();
    let count = all.len();
    for round in 0..times {
        // Nobody is always the first, nor always behind the same one.
        for place in 0..count {
            let measured = &mut all[if round % 2 == 0 { place } else { count - 1 - place }];
            let run = measure(measured.client, round).await.unwrap_or_else(|error| {
                // A peer that breaks is a line of the report.
                Run { error: Some(format!("{error:#}")), ..Run::default() }
            });
            let what = match (&run.error, run.ms) {
                (Some(error), _) => error.clone(),
                (None, Some(ms)) => format!("{:.2} s", ms / 1000.0),
                (None, None) => "done".to_owned(),
            };
            println!("    {}/{} {}: {what}", round + 1, times, measured.client.name());
            measured.runs.push(run);
        }
    }
    all
}

/// Uploads files once, from a fresh page, and clears the store.
///
/// # Errors
/// When the page does not come up or the upload takes longer than `within`.
pub(crate) async fn upload_once(
    stack: &Stack,
    way: Way,
    client: Client,
    files: &[PathBuf],
    within: Duration,
) -> Result<Run> {
    let at = stack.addresses(way);
    let page = stack.browser.open(&client.page(&at)).await?;
    let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let mut before = HashMap::new();
    let done = async {
        page.choose(&paths).await?;
        let run = format!("bench.run({})", client.config(&at, way.name()));
        before = stack.browser.processor_s().await?;
        Ok::<_, anyhow::Error>(serde_json::from_value::<Outcome>(page.evaluate_within(&run, within).await?)?)
    }
    .await;
    let after = stack.browser.processor_s().await?;
    let preflights = stack.sink.counts.preflights.load(Ordering::SeqCst);
    let requests = stack.sink.counts.requests.load(Ordering::SeqCst);
    page.close().await;
    // Of many small files presign-api asks the store for some time whether the forms have come, and must find them.
    if files.len() == 1 {
        stack.clear(way).await?;
    } else {
        stack.sink.count_anew();
    }
    let mut run = Run::from(done?);
    for (name, kind) in [("cpu_browser", "browser"), ("cpu_renderer", "renderer"), ("cpu_network", "network")] {
        let of = |times: &HashMap<String, f64>| times.get(kind).copied().unwrap_or(0.0);
        run.more.insert(name, (of(&after) - of(&before)).max(0.0));
    }
    if way != Way::SeaweedFs && client != Client::Tus {
        run.more.insert("preflights", preflights as f64);
        run.more.insert("requests", requests as f64);
    }
    Ok(run)
}

/// Uploads once more with the profiler on, and writes a CPU profile for the page and for each of its workers; DevTools
/// reads them.
///
/// # Errors
/// When the page does not come up or the folder cannot be written.
pub(crate) async fn profile_once(
    stack: &Stack,
    way: Way,
    client: Client,
    files: &[PathBuf],
    folder: &Path,
) -> Result<()> {
    let at = stack.addresses(way);
    let page = stack.browser.open(&client.page(&at)).await?;
    let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    page.watch_workers().await?;
    page.evaluate("performance.setResourceTimingBufferSize(10000)").await?;
    page.choose(&paths).await?;
    let run = format!("bench.run({})", client.config(&at, way.name()));
    let (_, profiles) = page.profile(page.evaluate_within(&run, Duration::from_secs(180))).await?;
    page.close().await;
    stack.clear(way).await?;
    std::fs::create_dir_all(folder)?;
    for (index, profile) in profiles.iter().enumerate() {
        let who = if index == 0 { "page".to_owned() } else { format!("worker-{index}") };
        let name = client.name().replace([' ', ','], "-");
        let file = format!("{}-{}-files-{name}-{who}.cpuprofile", way.name(), files.len());
        std::fs::write(folder.join(file), profile.to_string())?;
    }
    Ok(())
}
