//! `presign-api`: reads its configuration, builds the service, runs it, stops it.

#![expect(clippy::print_stdout, reason = "token and openapi print their result")]

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result, anyhow};
use clap::{Parser, Subcommand};
use presign_api::{App, Arrivals, Claims, Config, Relay, Sweeper, Tokens};
use sealmark_catalogue::Catalogue;
use sealmark_event_bus::{Bus, BusConfig, BusError, CancellationToken, Publisher, PublisherConfig};
use sealmark_protocol::{TenantId, UserId};
use sealmark_storage::{RuleOutcome, Store};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};

/// Requests under way may take this long to end when the service is stopped.
const DRAIN: Duration = Duration::from_secs(20);

#[derive(Parser)]
#[command(version, about = "Signs uploads, keeps the catalogue, and says where a picture is")]
struct Cli {
    /// TOML file; any value can also be set by a variable such as SEALMARK__STORE__BUCKET
    #[arg(long, env = "SEALMARK_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service
    Serve,
    /// Create the bucket where it is missing, and let pages of the configured origins upload to it
    BucketSetup,
    /// Print a bearer token, as the shop's back end would make it
    Token {
        /// Shop
        #[arg(long)]
        tenant: TenantId,
        /// Person
        #[arg(long)]
        user: UserId,
        /// Largest file in bytes
        #[arg(long)]
        max_bytes: Option<u64>,
        /// How long the token works, in seconds
        #[arg(long, default_value_t = 3_600)]
        ttl_s: u64,
    },
    /// Print the OpenAPI document
    Openapi,
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    if let Command::Openapi = cli.command {
        println!("{}", serde_json::to_string_pretty(&presign_api::openapi())?);
        return Ok(());
    }
    let config = Config::read(cli.config.as_deref(), sealmark_settings::environment())?;
    config.log.start();
    match cli.command {
        Command::Serve => serve(config).await,
        Command::BucketSetup => {
            let store = Store::new(&config.store.0)?;
            let done = store.setup_bucket(&config.page_origins()).await.context("setting up the bucket")?;
            let rule = |outcome| match outcome {
                RuleOutcome::Applied => "set",
                RuleOutcome::AlreadyThere => "there already",
                RuleOutcome::NotSupported => "the store has none for a bucket; see its own settings",
            };
            println!("bucket {}: {}", store.bucket(), if done.created { "created" } else { "there already" });
            println!("  browsers may upload from {}: {}", config.page_origins().join(", "), rule(done.cors));
            println!("  parts of uploads that are never completed are dropped: {}", rule(done.abort_incomplete));
            Ok(())
        }
        Command::Token { tenant, user, max_bytes, ttl_s } => {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
            let claims = Claims { tenant, sub: user, exp: now + ttl_s, max_bytes, guest: false };
            println!("{}", Tokens::new(&config.auth.token_secret).sign(&claims)?);
            Ok(())
        }
        Command::Openapi => Ok(()),
    }
}

async fn serve(config: Config) -> Result<()> {
    let stop = CancellationToken::new();
    let catalogue = Catalogue::connect(&config.database.url).await.context("opening the catalogue")?;
    let store = Store::new(&config.store.0)?;
    let bus = Bus::new(BusConfig::new(&config.redis.url))?;
    // One that is away is waited for later; one that would forget events is not worked with.
    if let Err(error @ BusError::Evicts { .. }) = bus.ping().await {
        return Err(error.into());
    }
    let relay = Relay::new(catalogue.clone(), Publisher::new(bus.clone(), PublisherConfig::default()));
    let listener =
        TcpListener::bind(config.http.listen).await.with_context(|| format!("listening on {}", config.http.listen))?;
    let app = App::new(config, catalogue.clone(), store, bus, relay.clone(), stop.clone());

    let sweeper = Sweeper::new(app.clone());
    let arrivals = Arrivals::new(app.clone());

    let mut tasks = JoinSet::new();
    tasks.spawn(relay.run(stop.clone()));
    tasks.spawn(sweeper.run(stop.clone()));
    tasks.spawn(arrivals.run(stop.clone()));
    let news = app.clone();
    tasks.spawn(async move { news.follow_news().await });
    tasks.spawn(stop_on_signal(stop.clone()));
    tracing::info!(address = %listener.local_addr()?, "presign-api listens");

    let ended = stop.clone();
    let server =
        axum::serve(listener, presign_api::router(app)).with_graceful_shutdown(async move { ended.cancelled().await });
    let drained = async {
        stop.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    // None of them ends by itself but by the stop: one that panicked must not leave a service behind that looks alive.
    let broken = async {
        while let Some(ended) = tasks.join_next().await {
            if !stop.is_cancelled() {
                return ended.err().map_or_else(|| anyhow!("a task ended by itself"), anyhow::Error::new);
            }
        }
        std::future::pending().await
    };
    tokio::select! {
        result = server => result.context("serving")?,
        () = drained => tracing::warn!("requests were still under way after {DRAIN:?}; they are cut off"),
        error = broken => return Err(error.context("a background task has ended")),
    }
    stop.cancel();
    while tasks.join_next().await.is_some() {}
    catalogue.close().await;
    tracing::info!("presign-api has stopped");
    Ok(())
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
