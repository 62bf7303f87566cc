//! Real Chromium with pages that a row drives, by `tests/browser/faults.mjs`.

use std::{path::Path, process::Stdio};

use anyhow::{Context, Result, bail};
use sealmark_tests::{line::root, process::PATIENCE};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// A browser for the whole table; it ends with the value.
pub(super) struct Chromium {
    // Held so that it is killed when dropped.
    _child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

/// What a user sees of an upload, and what the page knows of it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Shown {
    pub(super) state: String,
    pub(super) code: Option<String>,
    pub(super) text: String,
    pub(super) seen: Vec<String>,
    pub(super) snapshot: Value,
}

impl Shown {
    pub(super) fn number(&self, field: &str) -> u64 {
        self.snapshot[field].as_u64().unwrap_or(0)
    }

    pub(super) fn is_final(&self) -> bool {
        matches!(self.state.as_str(), "ready" | "failed" | "cancelled")
    }
}

/// All pages of a row at one moment.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Seen {
    pub(super) shown: Vec<Shown>,
    /// What must never happen: exceptions, complaints, acknowledged bytes that go down.
    pub(super) wrongs: Vec<String>,
    /// How tokens were asked for.
    pub(super) questions: Vec<Value>,
}

impl Chromium {
    pub(super) fn start(url: &str) -> Result<Self> {
        let mut child = Command::new("node")
            .arg(root().join("tests/browser/faults.mjs"))
            .env("SEALMARK_URL", url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .context("starting node")?;
        let stdin = child.stdin.take().context("no standard input")?;
        let stdout = child.stdout.take().context("no standard output")?;
        Ok(Self { _child: child, stdin, lines: BufReader::new(stdout).lines() })
    }

    /// Does one command, named in `command`.
    pub(super) async fn call(&mut self, command: Value) -> Result<Value> {
        self.stdin.write_all(format!("{command}\n").as_bytes()).await?;
        let line = timeout(PATIENCE, self.lines.next_line()).await;
        let line = line.with_context(|| format!("no answer to {command}"))??.context("the script has ended")?;
        let mut answer: Value = serde_json::from_str(&line).with_context(|| line.clone())?;
        if let Some(error) = answer["error"].as_str() {
            bail!("{command}: {error}");
        }
        Ok(answer["value"].take())
    }

    pub(super) async fn add(&mut self, at: usize, file: &Path, name: Option<&str>) -> Result<()> {
        self.call(json!({ "command": "add", "at": at, "file": file, "name": name })).await?;
        Ok(())
    }

    pub(super) async fn look(&mut self) -> Result<Seen> {
        Ok(serde_json::from_value(self.call(json!({ "command": "look" })).await?)?)
    }
}
