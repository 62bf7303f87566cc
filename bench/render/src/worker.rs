//! The worker in the whole line, which another program starts and measures: see bench/worker.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use sealmark_bench_report::{Target, median};
use serde::Deserialize;

use crate::{Options, rounds::Section};

#[derive(Deserialize)]
struct Figures {
    cores: usize,
    pictures: usize,
    source_bytes: usize,
    rounds: Vec<Round>,
}

#[derive(Deserialize)]
struct Round {
    alone: Turn,
    line: Turn,
}

#[derive(Deserialize)]
struct Turn {
    rate: f64,
    cpu_ms: Vec<(String, f64)>,
}

impl Turn {
    fn total_ms(&self) -> f64 {
        self.cpu_ms.iter().map(|(_, ms)| ms).sum()
    }
}

/// Has it measured.
///
/// # Errors
/// When the line does not come up, or loses a picture.
pub(crate) fn measure(title: &str, pictures: &Path, options: &Options) -> Result<Section> {
    let program = options.tools.worker.as_ref().context("BENCH_WORKER names no program")?;
    let out = options.tools.work.join("worker.json");
    let mut command = Command::new(program);
    command.arg(pictures.join("2mp.jpg")).arg(&out).args(["--runs", &options.runs().to_string()]);
    // The services lie beside it.
    command.env("SEALMARK_BIN", program.parent().context("a program without a folder")?);
    ensure!(command.status()?.success(), "{} has failed", program.display());
    section(title, &serde_json::from_slice(&fs::read(&out)?)?)
}

fn section(title: &str, figures: &Figures) -> Result<Section> {
    let Figures { cores, pictures, source_bytes, rounds } = figures;
    let middle = |of: &dyn Fn(&Round) -> f64| median(rounds.iter().map(of)).context("no rounds");
    let what = format!(
        "JPEGs of 2 MP and {source_bytes} bytes, marked by `templates/catalogue.seal`. In turn {} times: {pictures} of them \
         rendered and verified in memory by {cores} threads, then {pictures} others uploaded, and taken by a worker that \
         shares the {cores} processors with everything it talks to: SeaweedFS, Redis, SQLite within the services, and \
         presign-api, which sends the news. The time is from the first job taken to the last version published, by the \
         catalogue; medians.",
        rounds.len(),
    );
    let mut section = Section::new(title, what, &["what", "pictures a second", "CPU ms a picture"]);
    let (alone, line) = (middle(&|round| round.alone.rate)?, middle(&|round| round.line.rate)?);
    let alone_ms = middle(&|round| round.alone.total_ms())?;
    let total_ms = middle(&|round| round.line.total_ms())?;
    let row = |what: &str, rate: String, ms: f64| vec![what.to_owned(), rate, format!("{ms:.2}")];
    section.lines.push(row("rendering and verifying alone", format!("{alone:.1}"), alone_ms));
    section.lines.push(row("the line, from the store to published versions", format!("{line:.1}"), total_ms));
    let names = rounds.first().map(|round| round.line.cpu_ms.as_slice()).unwrap_or_default();
    let mut worker_ms = None;
    for (at, (name, _)) in names.iter().enumerate() {
        let ms = middle(&|round| round.line.cpu_ms.get(at).map_or(0.0, |(_, ms)| *ms))?;
        worker_ms = worker_ms.or(Some(ms));
        section.lines.push(row(&format!("of that: {name}"), String::new(), ms));
    }
    let busy = middle(&|round| round.line.rate * round.line.total_ms() / 1_000.0)?;
    section.notes.push(format!("the line keeps {busy:.2} of {cores} processors busy"));
    if let Some(worker_ms) = worker_ms {
        section.notes.push(format!(
            "a picture costs the worker {:.2} ms of CPU time beside rendering and verifying, {:.0}% of what those take",
            worker_ms - alone_ms,
            (worker_ms - alone_ms) / alone_ms * 100.0,
        ));
        section.notes.push(format!(
            "were nothing ever waited for, the line would come to {:.0}% of rendering alone on these processors, and the \
             worker to {:.0}% with the others on a machine of their own",
            alone_ms / total_ms * 100.0,
            alone_ms / worker_ms * 100.0,
        ));
    }
    let ratio = middle(&|round| round.line.rate / round.alone.rate)?;
    section.targets.push(Target::at_least("of what rendering alone does", 0.6, "", Some(ratio)));
    Ok(section)
}
