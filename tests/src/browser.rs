//! Real Chromium, driven by a script of `tests/browser`; script and test speak line by line.

use std::{path::Path, process::Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::{line::root, process::PATIENCE};

/// A running script with its own browser; both end when it is dropped.
pub struct Browser {
    script: String,
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    seen: Vec<String>,
}

impl Browser {
    /// Starts a script on a page. Screenshots of a failure go to `out`.
    ///
    /// # Errors
    /// When node cannot be started.
    pub fn start(script: &str, url: &str, files: &[&Path], out: &Path) -> Result<Self> {
        Self::start_with(script, url, files, out, &[])
    }

    /// Starts a script that is told more by its environment.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(script: &str, url: &str, files: &[&Path], out: &Path, more: &[(&str, &str)]) -> Result<Self> {
        let mut child = Command::new("node")
            .arg(root().join("tests/browser").join(format!("{script}.mjs")))
            .args(files)
            .env("SEALMARK_URL", url)
            .env("SEALMARK_OUT", out)
            .envs(more.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .context("starting node")?;
        let stdin = child.stdin.take().context("no standard input")?;
        let stdout = child.stdout.take().context("no standard output")?;
        Ok(Self { script: script.to_owned(), child, stdin, lines: BufReader::new(stdout).lines(), seen: Vec::new() })
    }

    /// Waits until the script says `step`, and returns what it says with it.
    ///
    /// # Errors
    /// When the script ends first or says nothing for long; the message has everything that it said.
    pub async fn expect(&mut self, step: &str) -> Result<Value> {
        loop {
            let line = match timeout(PATIENCE, self.lines.next_line()).await {
                Ok(Ok(Some(line))) => line,
                Ok(_) => bail!("{} ended before it came to {step}; it said:\n{}", self.script, self.seen.join("\n")),
                Err(_) => bail!("{} does not come to {step}; it said:\n{}", self.script, self.seen.join("\n")),
            };
            self.seen.push(line.clone());
            if let Ok(Value::Object(mut said)) = serde_json::from_str(&line)
                && said.get("step").and_then(Value::as_str) == Some(step)
            {
                said.remove("step");
                return Ok(Value::Object(said));
            }
        }
    }

    /// Lets the script go on from where it waits.
    ///
    /// # Errors
    /// When the script has ended.
    pub async fn go_on(&mut self) -> Result<()> {
        self.stdin.write_all(b"go\n").await?;
        Ok(self.stdin.flush().await?)
    }

    /// Waits for the script's end.
    ///
    /// # Errors
    /// When it fails; the message has everything that it said.
    pub async fn finish(mut self) -> Result<()> {
        while let Ok(Ok(Some(line))) = timeout(PATIENCE, self.lines.next_line()).await {
            self.seen.push(line);
        }
        let status = timeout(PATIENCE, self.child.wait()).await.context("the script does not end")??;
        if !status.success() {
            bail!("{} ended with {status}; it said:\n{}", self.script, self.seen.join("\n"));
        }
        Ok(())
    }
}
