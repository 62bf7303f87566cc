//! `watermark-worker fmt`: templates laid out in one way.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use sealmark_watermark_dsl::{fmt, render_diagnostics};

use super::{SOME_FAILED, say, write_whole};

const EXAMPLES: &str = "\
Examples:
  watermark-worker fmt templates/*.seal
  watermark-worker fmt --check templates/*.seal
  watermark-worker fmt --stdin < shop.seal

A file that is laid out already is not written. Its meaning never changes, and comments stay.
Exit code 0: done; 1: a file has mistakes or cannot be written, or with --check one would change;
2: the command line makes no sense.";

/// Options of `fmt`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Template files; they are changed in place
    #[arg(required_unless_present = "stdin")]
    templates: Vec<PathBuf>,
    /// Change nothing, and name the files that would change
    #[arg(long)]
    check: bool,
    /// Read a template from standard input and print it
    #[arg(long, conflicts_with = "templates")]
    stdin: bool,
}

/// Lays templates out.
pub(crate) fn run(options: &Options) -> ExitCode {
    let mut is_done = true;
    if options.stdin {
        is_done = stdin(options.check).unwrap_or_else(failed);
    }
    for path in &options.templates {
        is_done &= file(path, options.check).unwrap_or_else(failed);
    }
    if is_done { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) }
}

fn failed(error: anyhow::Error) -> bool {
    eprintln!("{error:#}");
    false
}

/// Lays a file out; whether there is nothing left to do.
fn file(path: &Path, is_check: bool) -> Result<bool> {
    let name = path.display().to_string();
    let text = fs::read(path).with_context(|| format!("{name} cannot be read"))?;
    let text = String::from_utf8(text).map_err(|_| anyhow!("{name} is not UTF-8 text"))?;
    let formatted = formatted(&text, &name)?;
    if formatted == text {
        return Ok(true);
    }
    if is_check {
        say(&format!("{name} would change"));
        return Ok(false);
    }
    // What a link leads to is changed, and the link stays.
    let target = fs::canonicalize(path).with_context(|| format!("finding {name}"))?;
    write_whole(&target, formatted.as_bytes(), true).with_context(|| format!("{name} cannot be written"))?;
    say(&format!("{name} is laid out"));
    Ok(true)
}

fn stdin(is_check: bool) -> Result<bool> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
    let formatted = formatted(&text, "<stdin>")?;
    if is_check {
        return Ok(formatted == text);
    }
    io::stdout().write_all(formatted.as_bytes()).context("standard output cannot be written")?;
    Ok(true)
}

fn formatted(text: &str, name: &str) -> Result<String> {
    fmt(text).map_err(|mistakes| {
        let report = render_diagnostics(text, name, &mistakes);
        anyhow!("the template {name} has mistakes:\n{}", report.trim_end())
    })
}
