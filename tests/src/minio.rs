//! A real MinIO: the store that most self-hosted installations have.

use std::{path::Path, process::Command};

use anyhow::{Context, Result};
use sealmark_storage::{Store, StoreConfig};
use tempfile::TempDir;

use crate::{
    process::{Process, free_port, tool},
    seaweedfs::answers,
};

const ACCESS_KEY: &str = "sealmark-test";
const SECRET_KEY: &str = "sealmark-test-secret";
/// Attempts to start, each on another port: between the look and the bind somebody else may take it.
const ATTEMPTS: usize = 5;

/// A MinIO with a folder of its own, reached on loopback only; gone with the value.
#[derive(Debug)]
pub struct Minio {
    // Dropped before the folder that it writes to.
    process: Process,
    port: u16,
    folder: TempDir,
}

impl Minio {
    /// Starts one on a free port and waits until it answers a signed S3 request.
    ///
    /// # Errors
    /// When `minio` is not installed or does not come up; the message shows its log.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("sealmark-minio-").tempdir()?;
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let port = free_port()?;
            match launch(folder.path(), port).await {
                Ok(process) => return Ok(Self { process, port, folder }),
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("no attempt was made")?)
    }

    /// How to reach it.
    pub fn store_config(&self) -> StoreConfig {
        config(self.port)
    }

    /// Its process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Kills it as a crash would.
    pub fn crash(&mut self) {
        self.process.crash();
    }

    /// Starts it again on the same port with the same folder.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_again(&mut self) -> Result<()> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            match launch(self.folder.path(), self.port).await {
                Ok(process) => {
                    self.process = process;
                    return Ok(());
                }
                // Its port is one that outgoing connections get: whoever has it now gives it back soon.
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("no attempt was made")?)
    }
}

impl Drop for Minio {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("MinIO said last:\n{}", self.process.log_tail(4_000));
        }
    }
}

fn config(port: u16) -> StoreConfig {
    StoreConfig {
        endpoint: format!("http://127.0.0.1:{port}"),
        public_endpoint: None,
        region: "us-east-1".to_owned(),
        bucket: "sealmark-test".to_owned(),
        access_key: ACCESS_KEY.to_owned(),
        secret_key: SECRET_KEY.to_owned(),
        path_style: true,
    }
}

async fn launch(folder: &Path, port: u16) -> Result<Process> {
    let mut command = Command::new(tool("SEALMARK_MINIO", "minio")?);
    command
        .current_dir(folder)
        .env("MINIO_ROOT_USER", ACCESS_KEY)
        .env("MINIO_ROOT_PASSWORD", SECRET_KEY)
        .env("MINIO_BROWSER", "off")
        .env("MINIO_UPDATE", "off")
        .args(["server", "--quiet", "--certs-dir", "certs", "--address"])
        .arg(format!("127.0.0.1:{port}"))
        .arg("objects");
    let mut process = Process::start("MinIO", command, folder.join("log"))?;
    let store = Store::new(&config(port))?;
    answers(&mut process, port, &store).await?;
    Ok(process)
}

/// Whether tests on MinIO are left out, by `SEALMARK_SKIP_MINIO=1`, which `cargo xtask test` sets where there is no Go
/// to build it; says so loudly.
pub fn skipped(test: &str) -> bool {
    let skip = std::env::var_os("SEALMARK_SKIP_MINIO").is_some_and(|value| value == "1");
    if skip {
        eprintln!("\n!!! SKIPPED: {test}. SEALMARK_SKIP_MINIO=1, nothing was tested on MinIO. !!!\n");
    }
    skip
}
