//! A Redis server of one test: Debian's `redis-server` with its data in a folder of its own.

use std::process::Command;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use redis::{AsyncConnectionConfig, Client, InfoDict, aio::MultiplexedConnection};
use tempfile::TempDir;

use crate::process::{Process, free_port, tool, wait_for};

/// A running Redis: append-only file on, written through each second unless told otherwise, and no eviction.
#[derive(Debug)]
pub struct RedisServer {
    // Before the folder, so that the process ends before its data go.
    process: Process,
    folder: TempDir,
    port: u16,
    arguments: Vec<String>,
}

impl RedisServer {
    /// Starts an empty server and waits until it answers.
    ///
    /// # Errors
    /// When `redis-server` is not installed, or ends, or does not answer.
    pub async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// As [`Self::start`], with further arguments, for example `["--appendfsync", "always"]`; they win over ours.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(arguments: &[&str]) -> Result<Self> {
        let mut folder = tempfile::Builder::new().prefix("sealmark-redis-").tempdir()?;
        let mut arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let mut attempts = 0;
        loop {
            let port = free_port()?;
            let process = launch(&folder, port, &arguments)?;
            let mut server = Self { process, folder, port, arguments };
            match server.answers().await {
                // Tests start side by side: another may have got the same port, and been faster.
                Err(_) if attempts < 5 && server.process.log_tail(4_000).contains("Address already in use") => {
                    attempts += 1;
                    Self { folder, arguments, .. } = server;
                }
                answers => return answers.map(|()| server),
            }
        }
    }

    /// Its URL, without a password.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// A connection for looking behind the back of the code under test; it does not reconnect.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn connection(&self) -> Result<MultiplexedConnection> {
        // No limit on an answer: the tests stop the server for as long as they like.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        Ok(Client::open(self.url())?.get_multiplexed_async_connection_with_config(&config).await?)
    }

    /// Ends it as a power cut would end the process (`SIGKILL`); its folder stays.
    pub fn crash(&mut self) {
        self.process.crash();
    }

    /// Starts it again on the same port and folder after [`Self::crash`], and waits until it answers.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_again(&mut self) -> Result<()> {
        self.process = launch(&self.folder, self.port, &self.arguments)?;
        self.answers().await
    }

    /// Sends it a signal: `SIGSTOP` for a stall, `SIGCONT` for its end.
    ///
    /// # Errors
    /// When it does not run.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        self.process.signal(signal)
    }

    /// Deletes all of its data (`FLUSHALL`).
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn wipe(&self) -> Result<()> {
        Ok(redis::cmd("FLUSHALL").query_async(&mut self.connection().await?).await?)
    }

    /// The end of its log, for the message of a failure.
    pub fn log_tail(&self) -> String {
        self.process.log_tail(4_000)
    }

    async fn answers(&mut self) -> Result<()> {
        let client = Client::open(self.url())?;
        let process = &mut self.process;
        wait_for("redis-server to answer", || {
            let ended = process.check().err();
            let (client, pid) = (client.clone(), process.pid());
            async move {
                match ended {
                    Some(error) => Some(Err(error)),
                    None => (process_id(&client).await.ok() == Some(pid)).then_some(Ok(())),
                }
            }
        })
        .await?
        .context("starting redis-server")
    }
}

/// Process id of whoever answers on the port: another test's server may. While Redis still reads its append-only file
/// it answers the PING with an error.
async fn process_id(client: &Client) -> Result<u32> {
    let mut connection = client.get_multiplexed_async_connection().await?;
    let _: () = redis::cmd("PING").query_async(&mut connection).await?;
    let server: InfoDict = redis::cmd("INFO").arg("server").query_async(&mut connection).await?;
    server.get("process_id").context("INFO names no process id")
}

fn launch(folder: &TempDir, port: u16, arguments: &[String]) -> Result<Process> {
    let mut command = Command::new(tool("SEALMARK_REDIS", "redis-server")?);
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string()]).arg("--dir").arg(folder.path());
    command.args([
        "--appendonly",
        "yes",
        "--appendfsync",
        "everysec",
        "--save",
        "",
        "--maxmemory-policy",
        "noeviction",
    ]);
    command.args(arguments);
    Process::start("redis-server", command, folder.path().join("redis.log"))
}
