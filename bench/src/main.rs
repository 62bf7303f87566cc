//! `cargo xtask bench upload` runs this: the upload client beside its peers, side by side in one run.

#![expect(clippy::print_stdout, reason = "a command-line tool talks on standard output")]

mod chromium;
mod client;
mod files;
mod link;
mod machine;
mod rounds;
mod rows;
mod signer;
mod sink;
mod stack;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use sealmark_bench_report::Report;
use tokio::signal::unix::{SignalKind, signal};

use crate::stack::Stack;

/// What the report says first.
const INTRO: &str = "Written by `cargo xtask bench upload`: real Chromium without an automation tool's network hooks, a real file \
                     chosen in the file chooser, everybody in turn within one run, on one machine and against the same store. \
                     Believe the ratios more than the absolutes.";

/// Measures the upload client beside its peers and writes the report.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench upload")]
pub(crate) struct Options {
    /// Only these rows, with commas between
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<rows::Row>,
    /// Only peers whose name contains one of these, with commas between; we always run
    #[arg(long, value_delimiter = ',')]
    peers: Vec<String>,
    /// How often each is measured; medians are reported
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Smaller files and two runs: does it work at all?
    #[arg(long)]
    quick: bool,
    /// The long outages and the 20 GB file too
    #[arg(long)]
    full: bool,
    /// How long the outages last, in minutes; 10 with --full
    #[arg(long)]
    outage_minutes: Option<f64>,
    /// Let the sink check SHA-256 too, as a store does
    #[arg(long)]
    sink_verifies: bool,
    /// Write where the time of our page and its workers goes, as CPU profiles, to this folder
    #[arg(long)]
    profiles: Option<PathBuf>,
    /// Where the report goes; by default bench/upload.md for a whole run, target/bench/upload.md for a part of one
    #[arg(long)]
    out: Option<PathBuf>,
    /// Folder with presign-api
    #[arg(long, env = "BENCH_PROGRAMS")]
    programs: PathBuf,
    /// Folder with the pages
    #[arg(long, env = "BENCH_PAGES")]
    pages: PathBuf,
    /// Folder for what is made on the way
    #[arg(long, env = "BENCH_WORK")]
    work: PathBuf,
}

impl Options {
    pub(crate) fn runs(&self) -> usize {
        if self.quick { self.runs.min(2) } else { self.runs }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    // Whoever stops us gets a clean machine: what runs and what lies in folders ends with the values that hold it.
    let done = tokio::select! {
        done = run(&options) => done,
        stopped = stopped() => stopped,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn stopped() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    bail!("stopped")
}

async fn run(options: &Options) -> Result<()> {
    std::fs::create_dir_all(&options.work)?;
    println!("==> Starting stores, API and Chromium (usually ten seconds)");
    let stack = Stack::start(options.programs.clone(), options.pages.clone(), options.sink_verifies).await?;
    let mut facts = machine::describe(&stack.browser.version().await?, &options.pages)?;
    facts.push(("runs of each".to_owned(), format!("{}, medians reported", options.runs())));
    let mut report =
        Report { title: "Uploading, side by side".to_owned(), intro: INTRO.to_owned(), facts, sections: Vec::new() };
    for row in rows::Row::value_variants() {
        if options.only.is_empty() || options.only.contains(row) {
            println!("==> {}", row.title());
            let section = row.measure(&stack, options).await.with_context(|| row.title())?;
            println!("{section}");
            report.sections.push(section);
        }
    }
    let whole = options.only.is_empty() && options.peers.is_empty() && !options.quick;
    let out = options.out.clone().unwrap_or_else(|| {
        if whole { sealmark_tests::line::root().join("bench/upload.md") } else { options.work.join("upload.md") }
    });
    report.write(&out)?;
    println!("==> The report is {}", out.display());
    Ok(())
}

/// Standard base64, padded, as S3 spells digests.
pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}
