//! Everybody in turn, round by round, so that the machine's noise hits all alike.

use std::path::{Path, PathBuf};

use anyhow::Result;
use sealmark_bench_report::median;
use serde::Serialize;

use crate::{Options, child::Child, peer, spec::Spec};

/// A row of the report, with all that was measured for it.
pub(crate) type Section = sealmark_bench_report::Section<Measured>;

/// One who is measured.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The name in the table.
    pub(crate) name: String,
    pub(crate) spec: Spec,
}

/// All that was measured of one.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) spec: Spec,
    /// Of each repetition, in milliseconds.
    pub(crate) cpu_ms: Vec<f64>,
    /// Size of the output.
    pub(crate) bytes: u64,
    /// Most memory of each fresh process, where that was asked for.
    pub(crate) peak_bytes: Vec<u64>,
    /// The output.
    pub(crate) output: PathBuf,
    /// Why nothing was measured.
    pub(crate) failure: Option<String>,
}

impl Measured {
    fn new(entry: Entry, folder: &Path) -> Self {
        let output = folder.join(file_name(&entry.name)).with_extension(&entry.spec.format);
        let Entry { name, spec } = entry;
        Self { name, spec, cpu_ms: Vec::new(), bytes: 0, peak_bytes: Vec::new(), output, failure: None }
    }

    /// The median time, in milliseconds.
    pub(crate) fn median_ms(&self) -> Option<f64> {
        median(self.cpu_ms.iter().copied())
    }

    /// The median of the peaks, in bytes.
    pub(crate) fn peak(&self) -> Option<f64> {
        median(self.peak_bytes.iter().map(|bytes| *bytes as f64))
    }
}

/// Measures CPU time in so many rounds, after one that warms up.
pub(crate) fn times(entries: Vec<Entry>, folder: &Path, options: &Options) -> Vec<Measured> {
    let mut all: Vec<(Measured, Option<Running>)> = wanted(entries, options)
        .map(|entry| {
            let mut measured = Measured::new(entry, folder);
            let running = Running::start(&measured, folder, options);
            let running = running.map_err(|error| measured.failure = Some(format!("{error:#}"))).ok();
            (measured, running)
        })
        .collect();
    let count = all.len();
    for round in 0..options.runs() {
        // Nobody is always the first, nor always behind the same one.
        for place in 0..count {
            let (measured, running) = &mut all[if round % 2 == 0 { place } else { count - 1 - place }];
            let Some(child) = running else { continue };
            match child.child.run(child.repetitions) {
                Ok(cost) => measured.cpu_ms.extend(cost.cpu_ms),
                Err(error) => {
                    measured.failure = Some(format!("{error:#}"));
                    *running = None;
                }
            }
        }
    }
    for (measured, running) in &mut all {
        let Some(running) = running else { continue };
        measured.bytes = running.bytes;
        if let Err(error) = running.child.save(&measured.output) {
            measured.failure = Some(format!("{error:#}"));
        }
        let ms = measured.median_ms().unwrap_or_default();
        println!("    {}: {ms:.1} ms, {} times", measured.name, measured.cpu_ms.len());
    }
    all.into_iter().map(|(measured, _)| measured).collect()
}

/// Measures the memory of fresh processes that do the work once.
pub(crate) fn peaks(entries: Vec<Entry>, folder: &Path, options: &Options) -> Vec<Measured> {
    wanted(entries, options)
        .map(|entry| {
            let mut measured = Measured::new(entry, folder);
            for _ in 0..3 {
                if let Err(error) = peak(&mut measured, folder, options) {
                    measured.failure = Some(format!("{error:#}"));
                    break;
                }
            }
            measured
        })
        .collect()
}

fn peak(measured: &mut Measured, folder: &Path, options: &Options) -> Result<()> {
    let command = options.tools.command(&measured.spec.peer)?;
    let mut child = Child::start(command, &measured.spec, folder, &file_name(&measured.name))?;
    measured.bytes = child.run(1)?.bytes;
    measured.peak_bytes.push(child.peak_bytes()?);
    Ok(())
}

fn wanted(entries: Vec<Entry>, options: &Options) -> impl Iterator<Item = Entry> {
    entries.into_iter().filter(|entry| {
        [peer::OURS, peer::VERIFY].contains(&entry.spec.peer.as_str())
            || options.peers.is_empty()
            || options.peers.iter().any(|peer| entry.name.to_lowercase().contains(&peer.to_lowercase()))
    })
}

struct Running {
    child: Child,
    /// In one turn. What takes few milliseconds is done more often, for its single times are the least sure.
    repetitions: usize,
    bytes: u64,
}

impl Running {
    fn start(measured: &Measured, folder: &Path, options: &Options) -> Result<Self> {
        let command = options.tools.command(&measured.spec.peer)?;
        let mut child = Child::start(command, &measured.spec, folder, &file_name(&measured.name))?;
        let first = child.run(1)?;
        let ms = first.cpu_ms.first().copied().unwrap_or_default().max(0.1);
        Ok(Self { child, repetitions: (100.0 / ms).clamp(1.0, 10.0) as usize, bytes: first.bytes })
    }
}

fn file_name(name: &str) -> String {
    let keep = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    name.chars().map(keep).collect()
}
