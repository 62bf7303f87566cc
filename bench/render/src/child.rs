//! A peer's process, driven as [`crate::protocol`] says.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child as Process, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::spec::Spec;

/// What one or more repetitions cost.
#[derive(Debug, Deserialize)]
pub(crate) struct Cost {
    /// User and system time of each, in milliseconds.
    pub(crate) cpu_ms: Vec<f64>,
    /// Size of the last output.
    pub(crate) bytes: u64,
}

/// A running peer. Dropped, it ends.
#[derive(Debug)]
pub(crate) struct Child {
    process: Process,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    errors: PathBuf,
}

impl Child {
    /// Starts a program that takes the file of a spec as its last argument.
    ///
    /// # Errors
    /// When it cannot be started or the folder cannot be written.
    pub(crate) fn start(mut command: Command, spec: &Spec, folder: &Path, name: &str) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let file = folder.join(format!("{name}.json"));
        fs::write(&file, serde_json::to_vec_pretty(spec)?)?;
        let errors = folder.join(format!("{name}.stderr"));
        command.arg(file).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(&errors)?);
        // One thread, whatever a peer would do by itself.
        for name in ["OMP_NUM_THREADS", "VIPS_CONCURRENCY", "UV_THREADPOOL_SIZE", "MAGICK_THREAD_LIMIT"] {
            command.env(name, "1");
        }
        let mut process = command.spawn().with_context(|| format!("starting {command:?}"))?;
        let (orders, answers) = (process.stdin.take(), process.stdout.take());
        let answers = BufReader::new(answers.context("a child without output")?);
        Ok(Self { process, orders, answers, errors })
    }

    /// Does the work so many times.
    ///
    /// # Errors
    /// What the peer says, or that it has ended.
    pub(crate) fn run(&mut self, times: usize) -> Result<Cost> {
        Ok(serde_json::from_value(self.order(&format!("run {times}"))?)?)
    }

    /// Writes the last output to a file.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(crate) fn save(&mut self, path: &Path) -> Result<()> {
        self.order(&format!("save {}", path.display())).map(drop)
    }

    /// The most memory that the process has held, in bytes.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(crate) fn peak_bytes(&mut self) -> Result<u64> {
        let answer = self.order("memory")?;
        answer["peak_kib"].as_u64().map(|kib| kib * 1024).context("no number")
    }

    fn order(&mut self, order: &str) -> Result<serde_json::Value> {
        if let Some(orders) = &mut self.orders {
            // One that has ended says why on standard error.
            let _ = writeln!(orders, "{order}").and_then(|()| orders.flush());
        }
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        if line.is_empty() {
            let errors = fs::read_to_string(&self.errors).unwrap_or_default();
            let last = errors.lines().rfind(|line| !line.trim().is_empty());
            bail!("it has ended: {}", last.unwrap_or("without a word"));
        }
        let answer: serde_json::Value = serde_json::from_str(&line).with_context(|| line.clone())?;
        match answer["error"].as_str() {
            Some(error) => bail!("{error}"),
            None => Ok(answer),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // The end of its input ends it; one that hangs is killed.
        drop(self.orders.take());
        for _ in 0..200 {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
