//! Real Chromium with pages that a row drives, by `tests/browser/faults.mjs`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use sealmark_tests::browser::Script;
use serde::Deserialize;
use serde_json::{Value, json};

/// A browser for the whole table; it ends with the value.
pub(super) struct Chromium(Script);

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
        Ok(Self(Script::start("faults", url, &[], &[])?))
    }

    /// Does one command, named in `command`.
    pub(super) async fn call(&mut self, command: Value) -> Result<Value> {
        self.0.say(&command.to_string()).await?;
        let line = self.0.next_line().await.with_context(|| format!("no answer to {command}"))?;
        let line = line.context("the script has ended")?;
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
