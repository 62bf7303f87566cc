//! The report: what the table asks for beside what was reached.

use std::{
    fmt::{self, Write},
    fs,
    path::Path,
};

use anyhow::Result;
use serde::Serialize;

use crate::rounds::Measured;

/// What was to be reached, and whether it was.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) wanted: String,
    pub(crate) reached: String,
    pub(crate) met: bool,
}

impl Target {
    /// At least so much.
    pub(crate) fn at_least(what: impl Into<String>, wanted: f64, reached: Option<f64>) -> Self {
        Self::new(what, format!("≥ {wanted}"), reached, |reached| reached >= wanted)
    }

    /// At most so much.
    pub(crate) fn at_most(what: impl Into<String>, wanted: f64, reached: Option<f64>) -> Self {
        Self::new(what, format!("≤ {wanted}"), reached, |reached| reached <= wanted)
    }

    fn new(what: impl Into<String>, wanted: String, reached: Option<f64>, is_met: impl Fn(f64) -> bool) -> Self {
        Self {
            what: what.into(),
            wanted,
            reached: reached.map_or("not measured".to_owned(), |reached| format!("{reached:.2}")),
            met: reached.is_some_and(is_met),
        }
    }
}

/// One row of the table.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) what: String,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) lines: Vec<Vec<String>>,
    pub(crate) notes: Vec<String>,
    pub(crate) targets: Vec<Target>,
    /// What the lines are made of.
    pub(crate) measured: Vec<Measured>,
}

impl Section {
    /// An empty one.
    pub(crate) fn new(title: impl Into<String>, what: impl Into<String>, columns: &[&'static str]) -> Self {
        Self {
            title: title.into(),
            what: what.into(),
            columns: columns.to_vec(),
            lines: Vec::new(),
            notes: Vec::new(),
            targets: Vec::new(),
            measured: Vec::new(),
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### {}\n\n{}\n", self.title, self.what)?;
        if !self.lines.is_empty() {
            writeln!(f, "| {} |", self.columns.join(" | "))?;
            writeln!(f, "|{}", " --- |".repeat(self.columns.len()))?;
            for line in &self.lines {
                writeln!(f, "| {} |", line.join(" | "))?;
            }
            writeln!(f)?;
        }
        for note in &self.notes {
            writeln!(f, "- {note}")?;
        }
        if !self.notes.is_empty() {
            writeln!(f)?;
        }
        for target in &self.targets {
            let Target { what, wanted, reached, met } = target;
            writeln!(f, "- {} {what}: {reached} (target {wanted})", if *met { "reached:" } else { "**missed:**" })?;
        }
        Ok(())
    }
}

/// The whole report.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: Vec<(String, String)>,
    sections: Vec<Section>,
}

impl Report {
    /// An empty one.
    pub(crate) fn new(machine: Vec<(String, String)>) -> Self {
        Self { machine, sections: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn add(&mut self, section: Section) {
        self.sections.push(section);
    }

    /// Writes it for people and for programs.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn write(&self, out: &Path, json: &Path, runs: usize) -> Result<()> {
        let mut text = String::from("# Rendering, side by side\n\n");
        text.push_str(
            "Written by `cargo xtask bench render`: everybody in a process of their own, in turn within one run, one thread each. \
             Measured is CPU time, user and system, of the process and all its threads, from the bytes of the original in memory \
             to the bytes of the output in memory, after a first time that does not count. All draw the same mark in the \
             same place: *mark* says how much of our change of the pixels below a peer makes, and how well the two \
             correlate. ÷ is a peer's time by ours. Believe the ratios more than the absolutes.\n\n",
        );
        for (name, value) in &self.machine {
            writeln!(text, "- {name}: {value}")?;
        }
        writeln!(text, "- rounds: {runs}, in each of which short work is done up to ten times; medians reported\n")?;
        writeln!(text, "## Targets\n\n| case | what | target | reached | |\n| --- | --- | --- | --- | --- |")?;
        for section in &self.sections {
            for Target { what, wanted, reached, met } in &section.targets {
                let mark = if *met { "yes" } else { "**no**" };
                writeln!(text, "| {} | {what} | {wanted} | {reached} | {mark} |", section.title)?;
            }
        }
        text.push_str("\n## Rows\n");
        for section in &self.sections {
            write!(text, "\n{section}")?;
        }
        for file in [out, json] {
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder)?;
            }
        }
        fs::write(out, text)?;
        fs::write(json, serde_json::to_vec_pretty(self)?)?;
        Ok(())
    }
}
