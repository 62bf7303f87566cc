//! What came of it, for people and as JSON.

use std::{collections::BTreeMap, fmt};

use serde_json::json;

use super::picture::{Failed, Marked};
use crate::cli::{counted, grouped, verify::rectangles};

/// All pictures together.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) failed: u64,
    pub(super) wall_ms: u64,
    done: u64,
    left_out: u64,
    threads: usize,
    bytes_before: u64,
    bytes: u64,
    methods: BTreeMap<String, u64>,
}

impl Summary {
    pub(super) const fn new(threads: usize, left_out: u64) -> Self {
        let methods = BTreeMap::new();
        Self { failed: 0, wall_ms: 0, done: 0, left_out, threads, bytes_before: 0, bytes: 0, methods }
    }

    pub(super) fn count(&mut self, result: &Result<Marked, Failed>) {
        match result {
            Ok(marked) => {
                self.done += 1;
                self.bytes_before += marked.bytes_before;
                self.bytes += marked.bytes;
                *self.methods.entry(marked.method.to_string()).or_default() += 1;
            }
            Err(_) => self.failed += 1,
        }
    }

    pub(super) fn to_json(&self) -> String {
        json!({ "summary": {
            "done": self.done,
            "failed": self.failed,
            "left_out": self.left_out,
            "bytes_before": self.bytes_before,
            "bytes": self.bytes,
            "methods": self.methods,
            "threads": self.threads,
            "wall_ms": self.wall_ms,
        }})
        .to_string()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pictures = counted(self.done, "picture", "pictures");
        let threads = counted(self.threads as u64, "thread", "threads");
        write!(f, "{pictures} marked in {:.2} s by {threads}", self.wall_ms as f64 / 1_000.0)?;
        write!(f, ", {} bytes from {}", grouped(self.bytes), grouped(self.bytes_before))?;
        for (method, count) in &self.methods {
            write!(f, "\n  {} {method}", grouped(*count))?;
        }
        if self.left_out > 0 {
            write!(f, "\n{} no pictures, left out", counted(self.left_out, "file is", "files are"))?;
        }
        if self.failed > 0 {
            write!(f, "\n{} failed", grouped(self.failed))?;
        }
        Ok(())
    }
}

/// A picture as one line of JSON.
pub(super) fn line(result: &Result<Marked, Failed>) -> String {
    match result {
        Ok(marked) => json!({
            "file": marked.source.display().to_string(),
            "out": marked.target.display().to_string(),
            "bytes_before": marked.bytes_before,
            "bytes": marked.bytes,
            "width": marked.width,
            "height": marked.height,
            "method": marked.method.to_string(),
            "touched": rectangles(&marked.touched),
            "missing_glyphs": marked.missing_glyphs,
            "ms": marked.ms,
        })
        .to_string(),
        Err(failed) => json!({ "file": failed.source.display().to_string(), "error": failed.message }).to_string(),
    }
}
