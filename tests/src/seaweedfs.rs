//! A real SeaweedFS: master, volume, filer and S3 in one process, as `cargo xtask dev` runs it.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    net::TcpListener,
    path::Path,
    process::Command,
};

use anyhow::{Context, Result};
use sealmark_storage::{StorageError, Store, StoreConfig};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::process::{Process, tool, wait_for};

const ACCESS_KEY: &str = "sealmark-test";
const SECRET_KEY: &str = "sealmark-test-secret";
/// Attempts to start, each on other ports: between the look and the bind somebody else may take one.
const ATTEMPTS: usize = 5;

/// Ports in the order of their offset from the first.
const PORT_FLAGS: [&str; 5] = ["-s3.port", "-master.port", "-volume.port", "-filer.port", "-admin.port"];
/// SeaweedFS serves gRPC this far above each port, and its maintenance worker looks for it nowhere else.
const GRPC_OFFSET: u16 = 10_000;

/// A SeaweedFS with a folder of its own, reached on loopback only; gone with the value.
#[derive(Debug)]
pub struct SeaweedFs {
    // Dropped before the folder that it writes to.
    process: Process,
    port: u16,
    folder: TempDir,
}

impl SeaweedFs {
    /// Starts one on free ports and waits until it answers a signed S3 request.
    ///
    /// # Errors
    /// When `weed` is not installed or does not come up; the message shows its log.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("sealmark-seaweedfs-").tempdir()?;
        let identities = serde_json::json!({ "identities": [{
            "name": "admin",
            "credentials": [{ "accessKey": ACCESS_KEY, "secretKey": SECRET_KEY }],
            "actions": ["Admin", "Read", "List", "Tagging", "Write"],
        }]});
        std::fs::write(folder.path().join("s3.json"), identities.to_string())?;
        std::fs::create_dir(folder.path().join("data"))?;
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let port = free_ports()?;
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

    /// Starts it again on the same ports with the same folder.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_again(&mut self) -> Result<()> {
        self.process = launch(self.folder.path(), self.port).await?;
        Ok(())
    }
}

impl Drop for SeaweedFs {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("SeaweedFS said last:\n{}", self.process.log_tail(4_000));
        }
        self.process.crash();
        // It leaves its sockets outside its folder when it is killed.
        for (offset, name) in (0..).zip(["s3", "master", "volume", "filer", "admin"]) {
            let port = self.port + offset;
            let _ = std::fs::remove_file(format!("/tmp/seaweedfs-{name}-{port}.sock"));
            let _ = std::fs::remove_file(format!("/tmp/seaweedfs-{name}-grpc-{}.sock", port + GRPC_OFFSET));
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
    let mut command = Command::new(tool("SEALMARK_WEED", "weed")?);
    command.current_dir(folder).args(["-logtostderr=true", "mini", "-dir=data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]);
    command.args((0..).zip(PORT_FLAGS).map(|(offset, flag): (u16, _)| format!("{flag}={}", port + offset)));
    command.args(["-s3.config=s3.json", "-s3.autoCreateBucket=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]);
    command.args(["-webdav=false", "-admin.ui=false", "-master.telemetry=false", "-volume.preStopSeconds=0"]);
    // With its old state the master holds an election first. The volumes may knock before it is over, and then try
    // again only after five seconds, in which S3 answers but every object fails.
    command.arg("-master.resumeState=false");
    // Every bucket takes a volume or more; small ones leave room for many buckets on a small disk.
    command.arg("-master.volumeSizeLimitMB=64");
    let mut process = Process::start("SeaweedFS", command, folder.join("log"))?;
    let store = Store::new(&config(port))?;
    answers(&mut process, port, &store).await?;
    wait_for("SeaweedFS's volumes", || async { has_volumes(port + 1).await.ok()?.then_some(()) }).await?;
    Ok(process)
}

/// Whether the master on this port knows a volume server yet.
async fn has_volumes(port: u16) -> Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"GET /dir/status HTTP/1.0\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.contains("\"DataNodes\":[{"))
}

/// Waits until a store takes a signed request; also how the other stores are waited for.
pub(crate) async fn answers(process: &mut Process, port: u16, store: &Store) -> Result<()> {
    wait_for("the store's S3 port", || {
        let ended = process.check().err();
        async move {
            if let Some(error) = ended {
                return Some(Err(error));
            }
            // The port first: the client itself would pause between its attempts.
            TcpStream::connect(("127.0.0.1", port)).await.ok()?;
            match store.check_bucket().await {
                Ok(()) | Err(StorageError::BucketNotFound { .. }) => Some(Ok(())),
                Err(_) => None,
            }
        }
    })
    .await?
}

/// The first of five ports in a row that are free, as are their gRPC ports, all below those that the system hands out
/// to outgoing connections: a crash must not lose them to somebody else.
fn free_ports() -> Result<u16> {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    // The standard library's only randomness; it must differ between processes, nothing more.
    let start = RandomState::new().build_hasher().finish();
    (0..500)
        .map(|step| 12_000 + ((start.wrapping_add(step) % 2_000) * 5) as u16)
        .find(|port| (*port..port + 5).all(|port| is_free(port) && is_free(port + GRPC_OFFSET)))
        .context("no five free ports in a row on loopback")
}
