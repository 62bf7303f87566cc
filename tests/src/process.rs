//! Child processes that never outlive their test.

use std::{
    fs::File,
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// Longest that any condition is waited for; a slow machine needs it, a healthy one never does.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A loopback port that was free a moment ago.
///
/// # Errors
/// When the system has no free port.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Waits until a condition gives a value, looking every 20 ms, at most [`PATIENCE`].
///
/// # Errors
/// Names `what` when the time is over.
pub async fn wait_for<T, F>(what: &str, mut condition: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Option<T>>,
{
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(value) = condition().await {
            return Ok(value);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("gave up after {PATIENCE:?} waiting for {what}")
}

/// Finds a program: the environment variable first, then the cache that `cargo xtask setup` fills, then `PATH`.
///
/// # Errors
/// When it is nowhere; the message names the command that installs it.
pub fn tool(variable: &str, name: &str) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Ok(path.into());
    }
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let cached = home.join(".cache/sealmark/bin").join(name);
    if cached.exists() {
        return Ok(cached);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .with_context(|| format!("{name} is not installed: run `cargo xtask setup`"))
}

/// A running program with its output in a file; killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program, standard output and error appended to `log`. It stays in our process group, so that Ctrl-C on the
    /// tests ends it with them.
    ///
    /// # Errors
    /// When the program cannot be started or the log cannot be opened.
    pub fn start(name: &str, mut command: Command, log: impl Into<PathBuf>) -> Result<Self> {
        let log = log.into();
        let mut out = File::options().create(true).append(true).open(&log)?;
        writeln!(out, "--- {command:?}")?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .with_context(|| format!("starting {name}: {command:?}"))?;
        Ok(Self { name: name.to_owned(), child, log })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where its output goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The last `bytes` of its output, for the message of a failure.
    pub fn log_tail(&self, bytes: usize) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&text[text.len().saturating_sub(bytes)..]).into_owned()
    }

    /// Sends a signal, for example `SIGSTOP`.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill(Pid::from_raw(self.child.id() as i32), signal).with_context(|| format!("{signal} to {}", self.name))
    }

    /// Whether it still runs; an ended one is an error that shows its output.
    ///
    /// # Errors
    /// When it has ended.
    pub fn check(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("{} ended with {status}; its last words:\n{}", self.name, self.log_tail(4_000));
        }
        Ok(())
    }

    /// Kills it as a crash would (`SIGKILL`) and waits until it is gone.
    pub fn crash(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to stop (`SIGTERM`) and waits for the end; its exit code.
    ///
    /// # Errors
    /// When it does not end within [`PATIENCE`].
    pub fn stop(&mut self) -> Result<Option<i32>> {
        self.signal(Signal::SIGTERM)?;
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.code());
            }
            if begun.elapsed() > PATIENCE {
                bail!("{} does not stop; its last words:\n{}", self.name, self.log_tail(4_000));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.crash();
    }
}
