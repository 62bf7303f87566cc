//! A real PostgreSQL server.

use std::{
    collections::HashSet,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use anyhow::{Context, Result, bail, ensure};
use nix::{
    sys::signal::Signal,
    unistd::{Uid, User},
};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::process::{Process, free_port, wait_for};

/// The server that tests share, as long as one of them holds it.
static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());

/// A PostgreSQL server of its own: own folder, free loopback port, password login, everything durable as in production.
#[derive(Debug)]
pub struct Postgres {
    // Before the folder: the server must be gone when its files are removed.
    server: Option<Process>,
    folder: TempDir,
    programs: PathBuf,
    account: Option<User>,
    port: u16,
    password: String,
}

impl Postgres {
    /// Makes a fresh data folder and starts a server on it.
    ///
    /// `initdb` refuses root, so that a test run by root runs the server as the user `postgres`.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start; the message shows its last words.
    pub async fn start() -> Result<Self> {
        let account = if Uid::effective().is_root() {
            Some(User::from_name("postgres")?.context("there is no user postgres to run PostgreSQL as")?)
        } else {
            None
        };
        let mut postgres = Self {
            server: None,
            folder: tempfile::Builder::new().prefix("sealmark-pg-").tempdir()?,
            programs: programs()?,
            account,
            port: free_port()?,
            password: Uuid::now_v7().simple().to_string(),
        };
        postgres.initdb()?;
        postgres.start_again().await?;
        Ok(postgres)
    }

    /// The server that the tests of this binary share; it ends with the last of them.
    ///
    /// # Errors
    /// As for [`Postgres::start`].
    pub async fn shared() -> Result<Arc<Self>> {
        if let Some(running) = SHARED.lock().unwrap_or_else(PoisonError::into_inner).upgrade() {
            return Ok(running);
        }
        // Started outside the lock, which no await may hold; of two that start at once the later one gives way.
        let started = Arc::new(Self::start().await?);
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return Ok(running);
        }
        *shared = Arc::downgrade(&started);
        Ok(started)
    }

    /// Makes an empty database and returns its URL, which holds the password.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn database(&self) -> Result<String> {
        let name = format!("t{}", Uuid::now_v7().simple());
        let mut connection = PgConnection::connect(&self.url("postgres")).await?;
        // The name is ours, and no placeholder can stand for one.
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await?;
        connection.close().await?;
        Ok(self.url(&name))
    }

    /// Stops the server in order ("fast shutdown": clients are cut off, everything is written).
    ///
    /// # Errors
    /// When it is not running or does not stop.
    pub fn stop(&mut self) -> Result<()> {
        let mut server = self.server.take().context("PostgreSQL is not running")?;
        server.signal(Signal::SIGINT)?;
        server.stop()?;
        Ok(())
    }

    /// Kills the server as a crash would, and waits until none of its processes is left.
    ///
    /// # Errors
    /// When it is not running, or a process stays.
    pub async fn crash(&mut self) -> Result<()> {
        let mut server = self.server.take().context("PostgreSQL is not running")?;
        let backends = children_of(server.pid())?;
        server.crash();
        // They see that their parent is gone and end; a new server refuses to start before that.
        wait_for("PostgreSQL's own processes to end", || {
            let ended = backends.iter().all(|pid| !is_alive(*pid));
            async move { ended.then_some(()) }
        })
        .await
    }

    /// Starts the server on the same folder and port, and waits until it answers.
    ///
    /// # Errors
    /// When it runs already or does not start; the message shows its last words.
    pub async fn start_again(&mut self) -> Result<()> {
        ensure!(self.server.is_none(), "PostgreSQL runs already");
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.path("data")).arg("-k").arg(self.folder.path()).args([
            "-p",
            &self.port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "max_connections=200",
        ]);
        let mut server = Process::start("postgres", command, self.path("postgres.log"))?;
        let url = self.url("postgres");
        let answer = wait_for("PostgreSQL to answer", || {
            let running = server.check();
            let url = &url;
            async move {
                match running {
                    Ok(()) => PgConnection::connect(url).await.ok().map(Ok),
                    Err(ended) => Some(Err(ended)),
                }
            }
        })
        .await;
        answer.with_context(|| server.log_tail(4_000))??.close().await?;
        self.server = Some(server);
        Ok(())
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://sealmark:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path()).env_remove("LC_ALL").env("LANG", "C.UTF-8").env_remove("PGDATA");
        if let Some(account) = &self.account {
            command.uid(account.uid.as_raw()).gid(account.gid.as_raw());
        }
        command
    }

    fn initdb(&self) -> Result<()> {
        let password = self.path("password");
        std::fs::write(&password, &self.password)?;
        if let Some(account) = &self.account {
            for path in [self.folder.path(), &password] {
                chown(path, Some(account.uid.as_raw()), Some(account.gid.as_raw()))?;
            }
        }
        // --no-sync concerns only initdb's own files; the server syncs.
        let output = self
            .command("initdb")
            .args(["--username=sealmark", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .arg(format!("--pwfile={}", password.display()))
            .arg("-D")
            .arg(self.path("data"))
            .output()?;
        if !output.status.success() {
            bail!("initdb: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // "Immediate shutdown": it ends its own processes and then itself, without writing what nobody will read.
            let _ = server.signal(Signal::SIGQUIT);
            let _ = server.stop();
        }
    }
}

/// Where Debian keeps the programs of the newest PostgreSQL, or wherever `SEALMARK_POSTGRES_BIN` says.
fn programs() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("SEALMARK_POSTGRES_BIN") {
        return Ok(folder.into());
    }
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .max_by_key(|path| version(path))
        .map(|path| path.join("bin"))
        .filter(|folder| folder.join("initdb").is_file())
        .context("PostgreSQL is not installed: run `cargo xtask setup`")
}

fn children_of(pid: u32) -> Result<HashSet<u32>> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    Ok(children.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect())
}

/// Whether a process still runs; one that has ended and waits for its parent does not.
fn is_alive(pid: u32) -> bool {
    // The state follows the name in brackets: proc(5), /proc/pid/stat.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}
