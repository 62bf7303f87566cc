//! One row of an issue's table.

use std::fmt;

use serde::Serialize;

use crate::Target;

/// One row of an issue's table: what was done, a table of those who did it, and the targets.
///
/// `M` is what was measured, where a program wants to read it as well.
#[derive(Debug, Clone, Serialize)]
pub struct Section<M = ()> {
    /// Its heading.
    pub title: String,
    /// What was done, in sentences.
    pub what: String,
    /// Headings of the table.
    pub columns: Vec<&'static str>,
    /// The table.
    pub lines: Vec<Vec<String>>,
    /// What there is to say beside it.
    pub notes: Vec<String>,
    /// What was to be reached.
    pub targets: Vec<Target>,
    /// What the lines are made of.
    pub measured: Vec<M>,
}

impl<M> Section<M> {
    /// An empty one.
    pub fn new(title: impl Into<String>, what: impl Into<String>, columns: &[&'static str]) -> Self {
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

impl<M> fmt::Display for Section<M> {
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
        for Target { what, wanted, reached, met } in &self.targets {
            writeln!(f, "- {} {what}: {reached} (target {wanted})", if *met { "reached:" } else { "**missed:**" })?;
        }
        Ok(())
    }
}
