//! Real Chromium, driven by a script of `tests/browser`; script and test speak line by line.

use std::{ffi::OsStr, path::Path, process::Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::{line::root, process::PATIENCE};

/// A running script of `tests/browser`, spoken to line by line; it ends when it is dropped.
pub struct Script {
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Script {
    /// Starts a script for the page at `url`, with arguments and more of an environment.
    ///
    /// # Errors
    /// When node cannot be started.
    pub fn start(name: &str, url: &str, arguments: &[&Path], more: &[(&str, &OsStr)]) -> Result<Self> {
        let mut child = Command::new("node")
            .arg(root().join("tests/browser").join(format!("{name}.mjs")))
            .args(arguments)
            .env("SEALMARK_URL", url)
            .envs(more.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .context("starting node")?;
        let stdin = child.stdin.take().context("no standard input")?;
        let stdout = child.stdout.take().context("no standard output")?;
        Ok(Self { child, stdin, lines: BufReader::new(stdout).lines() })
    }

    /// Says one line.
    ///
    /// # Errors
    /// When the script has ended.
    pub async fn say(&mut self, line: &str) -> Result<()> {
        self.stdin.write_all(format!("{line}\n").as_bytes()).await?;
        Ok(self.stdin.flush().await?)
    }

    /// What it says next; `None` when it has ended.
    ///
    /// # Errors
    /// When it says nothing for long.
    pub async fn next_line(&mut self) -> Result<Option<String>> {
        let line = timeout(PATIENCE, self.lines.next_line()).await.context("the script says nothing")?;
        Ok(line?)
    }
}

/// A script that runs a scenario step by step in a browser of its own.
pub struct Browser {
    name: String,
    script: Script,
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
        let mut environment = vec![("SEALMARK_OUT", out.as_os_str())];
        environment.extend(more.iter().map(|(name, value)| (*name, OsStr::new(value))));
        let running = Script::start(script, url, files, &environment)?;
        Ok(Self { name: script.to_owned(), script: running, seen: Vec::new() })
    }

    /// Waits until the script says `step`, and returns what it says with it.
    ///
    /// # Errors
    /// When the script ends first or says nothing for long; the message has everything that it said.
    pub async fn expect(&mut self, step: &str) -> Result<Value> {
        loop {
            let line = match self.script.next_line().await {
                Ok(Some(line)) => line,
                Ok(None) => bail!("{} ended before it came to {step}; it said:\n{}", self.name, self.seen.join("\n")),
                Err(error) => {
                    bail!("{} does not come to {step}: {error}; it said:\n{}", self.name, self.seen.join("\n"))
                }
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
        self.script.say("go").await
    }

    /// Waits for the script's end.
    ///
    /// # Errors
    /// When it fails; the message has everything that it said.
    pub async fn finish(mut self) -> Result<()> {
        while let Ok(Some(line)) = self.script.next_line().await {
            self.seen.push(line);
        }
        let status = timeout(PATIENCE, self.script.child.wait()).await.context("the script does not end")??;
        if !status.success() {
            bail!("{} ended with {status}; it said:\n{}", self.name, self.seen.join("\n"));
        }
        Ok(())
    }
}
