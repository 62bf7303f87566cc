//! `cargo xtask bench render` runs this: the renderer beside its peers, side by side in one run.

#![expect(clippy::print_stdout, reason = "a command-line tool talks on standard output")]

mod agreement;
mod child;
mod machine;
mod magick;
mod marks;
mod ours;
mod peer;
mod preview;
#[path = "protocol.rs"]
mod protocol;
mod rounds;
mod rows;
mod spec;
mod worker;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use mimalloc::MiMalloc;
use sealmark_bench_report::Report;

use crate::{
    peer::Tools,
    protocol::{Whose, serve},
    rounds::Measured,
    spec::Spec,
};

/// As in the worker.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What the report says first.
const INTRO: &str = "Written by `cargo xtask bench render`: everybody in a process of their own, in turn within one run, one thread each. \
                     Measured is CPU time, user and system, of the process and all its threads, from the bytes of the original in memory \
                     to the bytes of the output in memory, after a first time that does not count. All draw the same mark in the \
                     same place: *mark* says how much of our change of the pixels below a peer makes, and how well the two \
                     correlate. ÷ is a peer's time by ours. Believe the ratios more than the absolutes.";

/// Measures the renderer beside its peers and writes the report.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench render", args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    work: Option<Work>,
    #[command(flatten)]
    options: Options,
}

/// What the processes do that the bench starts.
#[derive(Debug, Subcommand)]
enum Work {
    /// Be measured, as a file says
    #[command(hide = true)]
    Work {
        /// What to do
        spec: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only these rows, with commas between
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<rows::Row>,
    /// Only peers whose name contains one of these, with commas between; we always run
    #[arg(long, value_delimiter = ',')]
    peers: Vec<String>,
    /// Rounds, in each of which everybody has a turn; 7, or 21 with --full
    #[arg(long)]
    runs: Option<usize>,
    /// More rounds, and the slow peers in every row
    #[arg(long)]
    full: bool,
    /// Where the report goes; by default bench/render.md for a whole run, target/bench/render/render.md for a part
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    tools: Tools,
}

impl Options {
    pub(crate) fn runs(&self) -> usize {
        self.runs.unwrap_or(if self.full { 21 } else { 7 }).max(1)
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.work {
        Some(Work::Work { spec }) => work(spec),
        None => run(&cli.options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn work(spec: &Path) -> Result<()> {
    let spec: Spec = serde_json::from_slice(&fs::read(spec).context("reading what to do")?)?;
    match spec.peer.as_str() {
        peer::MAGICK => serve(Whose::Children, magick::work(&spec)?),
        peer::VERIFY => serve(Whose::Own, ours::verifying(&spec)?),
        peer::OURS => serve(Whose::Own, ours::rendering(&spec)?),
        other => bail!("no peer of this name here: {other}"),
    }
}

fn run(options: &Options) -> Result<()> {
    let pictures = options.tools.work.join("pictures");
    println!("==> Making the pictures (usually ten seconds)");
    options.tools.make_pictures(&pictures)?;
    let mut facts = machine::describe(&options.tools);
    let rounds = "in each of which short work is done up to ten times; medians reported";
    facts.push(("rounds".to_owned(), format!("{}, {rounds}", options.runs())));
    let mut report: Report<Measured> =
        Report { title: "Rendering, side by side".to_owned(), intro: INTRO.to_owned(), facts, sections: Vec::new() };
    for row in rows::Row::value_variants() {
        if options.only.is_empty() || options.only.contains(row) {
            println!("==> {}", row.title());
            let section = row.measure(&pictures, options).with_context(|| row.title())?;
            println!("{section}");
            report.sections.push(section);
        }
    }
    let whole = options.only.is_empty() && options.peers.is_empty();
    let beside = options.tools.work.join("render.md");
    let out = match (&options.out, whole) {
        (Some(out), _) => out,
        (None, true) => &options.tools.report,
        (None, false) => &beside,
    };
    report.write(out)?;
    fs::write(options.tools.work.join("render.json"), serde_json::to_vec_pretty(&report)?)?;
    println!("==> The report is {}", out.display());
    Ok(())
}
