//! `cargo xtask bench render` runs this for its row of the worker: JPEGs from the store to published versions, beside what
//! rendering and verifying the same pictures in memory does, turn by turn.

#![expect(clippy::print_stdout, reason = "a command-line tool talks on standard output")]

mod alone;
mod processes;
mod round;

use std::{fs, num::NonZero, path::PathBuf, thread};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use sealmark_tests::line::{Line, Options, root};
use serde::Serialize;

/// Measures the worker in the whole line.
#[derive(Debug, Parser)]
struct Cli {
    /// A JPEG, of which every upload is a copy with a number in it
    picture: PathBuf,
    /// Where the figures go, as JSON
    out: PathBuf,
    /// Uploads in a round
    #[arg(long, default_value_t = 300)]
    pictures: usize,
    /// Rounds
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// PostgreSQL instead of SQLite
    #[arg(long)]
    postgres: bool,
    /// Jobs under way at once; the worker's own default where it is not given
    #[arg(long)]
    jobs: Option<usize>,
}

/// Everything that was measured.
#[derive(Debug, Serialize)]
struct Figures {
    /// Threads that rendered, and processors that all processes of the line shared.
    cores: usize,
    /// Uploads in a round.
    pictures: usize,
    /// Of each, in bytes.
    source_bytes: usize,
    rounds: Vec<Round>,
}

/// One turn of both.
#[derive(Debug, Serialize)]
struct Round {
    alone: Turn,
    line: Turn,
}

/// What a turn came to.
#[derive(Debug, Serialize)]
struct Turn {
    /// Pictures a second.
    rate: f64,
    /// CPU time a picture, user and system, of each process.
    cpu_ms: Vec<(String, f64)>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    let picture = fs::read(&cli.picture).with_context(|| cli.picture.display().to_string())?;
    ensure!(picture.starts_with(&[0xff, 0xd8]), "{} is no JPEG", cli.picture.display());
    let template = root().join("templates/catalogue.seal");
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let renderer = alone::Renderer::new(&fs::read_to_string(template)?)?;
    let mut settings = vec![("log", "filter", "\"info\"".to_owned()), ("sweeper", "interval_s", "15".to_owned())];
    settings.push(("worker", "concurrency", cores.to_string()));
    settings.extend(cli.jobs.map(|jobs| ("worker", "jobs", jobs.to_string())));
    settings.push(("worker", "claim_idle_ms", "10000".to_owned()));
    let options = Options { postgres: cli.postgres, settings, workers: 0, proxied: false, ..Options::default() };
    let mut line = Line::start_with(options).await?;
    let mut figures = Figures { cores, pictures: cli.pictures, source_bytes: picture.len(), rounds: Vec::new() };
    for run in 0..cli.runs.max(1) {
        let first = run * cli.pictures;
        let pictures: Vec<Vec<u8>> = (first..first + cli.pictures).map(|number| numbered(&picture, number)).collect();
        let round = Round { alone: renderer.turn(&pictures, cores)?, line: round::turn(&mut line, &pictures).await? };
        println!(
            "    {:.0} pictures a second alone, {:.0} in the line: {:.0}%",
            round.alone.rate,
            round.line.rate,
            round.line.rate / round.alone.rate * 100.0
        );
        figures.rounds.push(round);
    }
    fs::write(&cli.out, serde_json::to_vec_pretty(&figures)?)?;
    Ok(())
}

/// The picture with a comment behind its first marker: other bytes, which no store and no catalogue takes for known ones,
/// and the same work.
fn numbered(jpeg: &[u8], number: usize) -> Vec<u8> {
    let text = format!("{number:08}");
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xff, 0xfe, 0, 2 + text.len() as u8]);
    bytes.extend(text.as_bytes());
    bytes.extend(&jpeg[2..]);
    bytes
}
