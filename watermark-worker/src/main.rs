//! `watermark-worker`: reads its configuration, builds the consumer, runs it, stops it; and the same renderer for files
//! on the command line.

mod cli;

use std::{num::NonZero, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;
use sealmark_catalogue::Catalogue;
use sealmark_event_bus::{Bus, BusConfig, BusError, CancellationToken, Consumer, ConsumerConfig};
use sealmark_protocol::{Lane, Topic};
use sealmark_storage::Store;
use tokio::signal::unix::{SignalKind, signal};
use watermark_worker::{Config, DeadLetters, InForce, JobLimits, Jobs, Mark, Objects};

/// Pictures are large and soon done with: memory that is handed back to the system after each costs a page fault for every
/// 4 KiB of the next, a fifth of the time that a mark in a corner takes.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How long threads may still run when everything else has stopped.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// The consumer group that all workers share.
const GROUP: &str = "watermark-worker";

#[derive(Parser)]
#[command(
    version,
    about = "Renders marks on uploaded pictures and publishes the versions; renders, checks and explains files",
    after_help = cli::EXIT_CODES
)]
struct Cli {
    /// TOML file of `run`; any value can also be set by a variable such as SEALMARK__WORKER__TEMPLATE
    #[arg(long, env = "SEALMARK_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Take jobs until stopped
    Run,
    /// Mark files and folders of pictures
    Render(cli::render::Options),
    /// Compile templates and print every mistake
    Check(cli::check::Options),
    /// Lay templates out
    Fmt(cli::fmt::Options),
    /// Compare two pictures: how much differs, and where
    Verify(cli::verify::Options),
    /// Say what a picture is, and how a mark comes into it
    Explain(cli::explain::Options),
}

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    match cli.command {
        Command::Render(options) => Ok(cli::render::run(&options)),
        Command::Check(options) => Ok(cli::check::run(&options)),
        Command::Fmt(options) => Ok(cli::fmt::run(&options)),
        Command::Verify(options) => Ok(cli::verify::run(&options)),
        Command::Explain(options) => Ok(cli::explain::run(&options)),
        Command::Run => {
            let config = Config::read(cli.config.as_deref(), sealmark_settings::environment())?;
            config.log.start();
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            let code = runtime.block_on(run(config));
            // A rendering thread cannot be stopped; its job is pending, and another worker takes it over.
            runtime.shutdown_timeout(LAST_WORDS);
            code
        }
    }
}

async fn run(config: Config) -> Result<ExitCode> {
    let stop = CancellationToken::new();
    let signals = tokio::spawn(stop_on_signal(stop.clone()));
    let store = Store::new(&config.store.0)?;
    let mut bucket = config.resources.bucket(&store);
    let objects = match &mut bucket {
        Some(bucket) => bucket.open(&stop).await?,
        None => Some(Objects::default()),
    };
    let Some(objects) = objects else { return Ok(ExitCode::SUCCESS) };
    let in_force = Arc::new(InForce::open(config.worker.places(), objects, config.worker.keys()?)?);
    let catalogue = tokio::select! {
        () = stop.cancelled() => return Ok(ExitCode::SUCCESS),
        catalogue = Catalogue::connect(&config.database.url) => catalogue.context("opening the catalogue")?,
    };
    let bus = Bus::new(BusConfig::new(&config.redis.url))?;
    // One that is away is waited for later; one that would forget events is not worked with.
    if let Err(error @ BusError::Evicts { .. }) = bus.ping().await {
        return Err(error.into());
    }
    let mark = Mark::new(Arc::clone(&in_force), config.worker.max_pixels);
    let limits = JobLimits {
        max_source_bytes: config.worker.max_source_bytes,
        concurrency: config.worker.concurrency,
        deadline: config.worker.job_deadline(),
    };
    let jobs = Jobs::new(catalogue.clone(), store, mark, limits);

    let mut consumer = ConsumerConfig::new(Topic::MediaUploaded, Lane::default(), GROUP);
    consumer.concurrency = NonZero::new(config.worker.jobs()).unwrap_or(NonZero::<usize>::MIN);
    consumer.claim_idle = config.worker.claim_idle();
    consumer.job_deadline = config.worker.job_deadline();
    consumer.max_deliveries = NonZero::new(config.worker.max_deliveries).unwrap_or(NonZero::<u32>::MIN);
    consumer.retry = config.worker.retry();
    consumer.drain_deadline = config.worker.drain();
    tracing::info!(
        consumer = consumer.consumer,
        concurrency = config.worker.concurrency,
        jobs = config.worker.jobs(),
        template = in_force.current().template.name(),
        "watermark-worker takes jobs"
    );

    let watcher = tokio::spawn(Arc::clone(&in_force).watch(stop.clone()));
    let bucket = bucket.map(|bucket| tokio::spawn(bucket.watch(Arc::clone(&in_force), stop.clone())));
    let report = Consumer::new(&bus, consumer, jobs, DeadLetters::new(catalogue.clone())).run(stop.clone()).await;
    stop.cancel();
    let _ = tokio::join!(watcher, signals, futures::future::OptionFuture::from(bucket));
    catalogue.close().await;
    tracing::info!(
        done = report.done,
        failed = report.failed,
        dead_lettered = report.dead_lettered,
        abandoned = report.abandoned,
        "watermark-worker has stopped"
    );
    // 0: all that was taken is done. 3: some jobs were cut off and handed back; another worker takes them over.
    Ok(if report.abandoned == 0 { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

async fn stop_on_signal(stop: CancellationToken) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = stop.cancelled() => {}
    }
    stop.cancel();
}
