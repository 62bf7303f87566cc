//! Options, and the whole run in order: upload, wait for the versions, download, report.

use std::{
    collections::HashMap,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use clap::{Args, Parser, ValueEnum};
use sealmark_protocol::Integrity;
use sealmark_web_client::{
    engine::{Limits, Snapshot, Standing},
    fleet::UploadNumber,
    native::{Config, TokenSource, Uploads},
};

use crate::{
    bars::Bars,
    download::Downloads,
    report::{Row, write_json, write_table},
};

/// Status of a run that the user broke off, as shells have it for SIGINT.
const INTERRUPTED: u8 = 130;

/// Upload photographs and wait for their marked versions.
///
/// Files are cut into parts that go straight into the object store. Interrupted parts are repeated; Ctrl-C cancels
/// what is still being sent. Ends with status 0 when every photo has its version, 1 when any has not.
#[derive(Debug, Parser)]
#[command(name = "sealmark-upload", version, after_help = EXAMPLES)]
struct Options {
    /// Address of the Sealmark API, for instance http://127.0.0.1:8080
    #[arg(long, env = "SEALMARK_API", value_name = "URL")]
    api: String,
    #[command(flatten)]
    access: Access,
    /// Save each marked version here, as NAME.v1.jpg and so on
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON object a photo and line, instead of a table
    #[arg(long)]
    json: bool,
    /// Parts that are sent at the same time, 1 to 8; by default as many as the link bears
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=8), value_name = "N")]
    concurrency: Option<u8>,
    /// How the store checks the bytes
    #[arg(long, value_enum, default_value = "sha256", value_name = "KIND")]
    integrity: Check,
    /// Hash each file first and do not send what the tenant already has; only with sha256
    #[arg(long)]
    instant: bool,
    /// Keep trying for this long without any success, in seconds
    #[arg(long, default_value_t = 3_600, value_name = "SECONDS")]
    patience: u64,
    /// Photographs to upload
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Check {
    /// SHA-256 of each part
    Sha256,
    /// CRC64NVME of each part and of the whole object
    Crc64nvme,
    /// Only the length
    None,
}

impl From<Check> for Integrity {
    fn from(check: Check) -> Self {
        match check {
            Check::Sha256 => Self::Sha256,
            Check::Crc64nvme => Self::Crc64nvme,
            Check::None => Self::None,
        }
    }
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Access {
    /// Bearer token to upload with
    #[arg(long, env = "SEALMARK_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// Upload as a guest, where the server takes guests
    #[arg(long)]
    guest: bool,
}

const EXAMPLES: &str = "Examples:
  sealmark-upload --api http://127.0.0.1:8080 --guest photo.jpg
  SEALMARK_TOKEN=… sealmark-upload --api https://pictures.example --out marked *.jpg";

pub(crate) fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.context("starting").and_then(|runtime| runtime.block_on(run(options))) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "sealmark-upload: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let token = match options.access.token {
        Some(token) if !options.access.guest => TokenSource::Fixed(token),
        _ => TokenSource::Guest,
    };
    let mut config = Config::new(options.api, token);
    config.limits = Limits {
        concurrency: options.concurrency.map(usize::from),
        integrity: options.integrity.into(),
        instant: options.instant,
        patience_ms: options.patience * 1_000,
        ..Limits::default()
    };
    let mut uploads = Uploads::new(config)?;
    if let Some(folder) = &options.out {
        std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    // A file that cannot be opened is reported with the others at the end; the rest is not held up by it.
    let added: Vec<(PathBuf, Result<UploadNumber, _>)> =
        options.files.into_iter().map(|path| (path.clone(), uploads.add(&path))).collect();

    let bars = Bars::new();
    let (interrupt, interrupted) = tokio::sync::watch::channel(false);
    let stop = async move {
        if tokio::signal::ctrl_c().await.is_err() {
            return std::future::pending().await;
        }
        let _ = interrupt.send(true);
        tokio::spawn(async {
            // The second time, the user does not want to wait for the server either.
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(INTERRUPTED.into());
            }
        });
    };
    uploads.run(|snapshot| bars.show(snapshot), stop).await;
    bars.finish();

    let snapshots: HashMap<String, Snapshot> =
        uploads.snapshots().into_iter().map(|snapshot| (snapshot.id.clone(), snapshot)).collect();
    let mut downloads = options.out.map(|folder| Downloads::new(uploads.api().clone(), folder));
    let mut rows = Vec::new();
    for (path, added) in added {
        let mut row = match added {
            Ok(number) => Row::of(&path, snapshots.get(&number.0.to_string()), uploads.record(number)),
            Err(error) => Row::unopened(&path, &error),
        };
        if let (Some(downloads), Some(media)) = (&mut downloads, &row.media)
            && row.state == Standing::Ready
        {
            match downloads.save(&path, media).await {
                Ok(saved) => row.saved_to = Some(saved),
                Err(error) => row.fail(format!("{error:#}")),
            }
        }
        rows.push(row);
    }
    let mut stdout = io::stdout().lock();
    if options.json { write_json(&mut stdout, &rows) } else { write_table(&mut stdout, &rows) }
        .context("writing the report")?;

    let failed = rows.iter().filter(|row| row.error.is_some() || row.state != Standing::Ready).count();
    if *interrupted.borrow() {
        writeln!(io::stderr(), "sealmark-upload: interrupted")?;
        return Ok(ExitCode::from(INTERRUPTED));
    }
    if failed > 0 {
        for row in rows.iter().filter(|row| row.error.is_some()) {
            writeln!(io::stderr(), "sealmark-upload: {}: {}", row.file, row.error.as_deref().unwrap_or_default())?;
        }
        writeln!(io::stderr(), "sealmark-upload: {failed} of {} failed", rows.len())?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
