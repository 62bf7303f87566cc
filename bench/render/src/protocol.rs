//! How a peer in Rust is driven: a line on standard input says what to do, a line on standard output what it cost.
//!
//! - `run N`: the work so many times; `{"cpu_ms": [...], "bytes": …}`, user and system time of all threads.
//! - `save PATH`: writes the last output; `{}`.
//! - `memory`: what the process has held at most so far, after one `run 1` in a fresh one; `{"peak_kib": …}`.
//!
//! A failure is `{"error": "…"}`. The end of standard input ends the process.

use std::{
    fs,
    io::{BufRead, Write, stdin, stdout},
};

use anyhow::{Context, Result};
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeValLike,
};
use serde_json::{Value, json};

/// Whose time and memory count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "shared by two programs, of which one starts no others")]
pub(crate) enum Whose {
    /// This process.
    Own,
    /// The processes that it starts and waits for.
    Children,
}

/// Obeys until standard input ends.
///
/// # Errors
/// When standard input or output break.
pub(crate) fn serve(whose: Whose, mut work: impl FnMut() -> Result<Vec<u8>>) -> Result<()> {
    let mut last = Vec::new();
    for line in stdin().lock().lines() {
        let answer = obey(&line?, whose, &mut work, &mut last).unwrap_or_else(|e| json!({ "error": format!("{e:#}") }));
        let mut out = stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn obey(line: &str, whose: Whose, work: &mut impl FnMut() -> Result<Vec<u8>>, last: &mut Vec<u8>) -> Result<Value> {
    match line.split_once(' ').unwrap_or((line, "")) {
        ("run", times) => {
            let mut cpu_ms = Vec::new();
            for _ in 0..times.parse()? {
                // What is left of the one before is not this one's cost.
                *last = Vec::new();
                let before = used_us(whose)?;
                *last = work()?;
                cpu_ms.push((used_us(whose)? - before) as f64 / 1000.0);
            }
            Ok(json!({ "cpu_ms": cpu_ms, "bytes": last.len() }))
        }
        ("save", path) => {
            fs::write(path, last).with_context(|| path.to_owned())?;
            Ok(json!({}))
        }
        ("memory", _) => Ok(json!({ "peak_kib": peak_kib(whose)? })),
        _ => anyhow::bail!("not understood: {line}"),
    }
}

fn used_us(whose: Whose) -> Result<i64> {
    let usage = getrusage(match whose {
        Whose::Own => UsageWho::RUSAGE_SELF,
        Whose::Children => UsageWho::RUSAGE_CHILDREN,
    })?;
    Ok(usage.user_time().num_microseconds() + usage.system_time().num_microseconds())
}

fn peak_kib(whose: Whose) -> Result<i64> {
    if whose == Whose::Children {
        return Ok(getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss());
    }
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
