//! The report: what the table asks for beside what was reached.

use std::{
    fmt::{self, Write},
    fs,
    path::Path,
};

use anyhow::Result;

use crate::{machine::Machine, rounds::Measured};

/// What was to be reached, and whether it was.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) wanted: String,
    pub(crate) reached: String,
    pub(crate) met: bool,
}

impl Target {
    /// At least so much.
    pub(crate) fn at_least(what: impl Into<String>, wanted: f64, reached: Option<f64>) -> Self {
        Self {
            what: what.into(),
            wanted: format!("≥ {wanted:.2}"),
            reached: reached.map_or("not measured".to_owned(), |reached| format!("{reached:.2}")),
            met: reached.is_some_and(|reached| reached >= wanted),
        }
    }

    /// At most so much, in some unit.
    pub(crate) fn at_most(what: impl Into<String>, wanted: f64, unit: &str, reached: Option<f64>) -> Self {
        Self {
            what: what.into(),
            wanted: format!("≤ {wanted:.0} {unit}"),
            reached: reached.map_or("not measured".to_owned(), |reached| format!("{reached:.1} {unit}")),
            met: reached.is_some_and(|reached| reached <= wanted),
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) what: String,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) lines: Vec<Vec<String>>,
    pub(crate) notes: Vec<String>,
    pub(crate) targets: Vec<Target>,
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
        }
    }

    /// Notes each client that failed.
    pub(crate) fn note_failures(&mut self, measured: &[Measured]) {
        for one in measured {
            if let Some(failure) = one.failure() {
                self.notes.push(format!("{}: {failure}", one.client.name()));
            }
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
#[derive(Debug)]
pub(crate) struct Report {
    machine: Machine,
    sections: Vec<Section>,
}

impl Report {
    /// An empty one.
    pub(crate) fn new(machine: Machine) -> Self {
        Self { machine, sections: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn add(&mut self, section: Section) {
        self.sections.push(section);
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write(&self, out: &Path, runs: usize) -> Result<()> {
        let mut text = String::from("# Uploading, side by side\n\n");
        text.push_str(
            "Written by `cargo xtask bench upload`: real Chromium without an automation tool's network hooks, a real file \
             chosen in the file chooser, everybody in turn within one run, on one machine and against the same store. \
             Believe the ratios more than the absolutes.\n\n",
        );
        for (name, value) in &self.machine.lines {
            writeln!(text, "- {name}: {value}")?;
        }
        writeln!(text, "- runs of each: {runs}, medians reported\n")?;
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
        if let Some(folder) = out.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(out, text)?;
        Ok(())
    }
}
