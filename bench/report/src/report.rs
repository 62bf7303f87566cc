//! The report: what the table asks for beside what was reached.

use std::{
    fmt::{self, Write},
    fs,
    path::Path,
};

use anyhow::Result;
use serde::Serialize;

use crate::{Section, Target};

/// The whole report.
#[derive(Debug, Clone, Serialize)]
pub struct Report<M = ()> {
    /// Its heading.
    pub title: String,
    /// How it was measured, in sentences.
    pub intro: String,
    /// The machine, the versions and the like: names and values.
    pub facts: Vec<(String, String)>,
    /// The rows.
    pub sections: Vec<Section<M>>,
}

impl<M> Report<M> {
    /// Writes it for people, into a folder that is made where it is missing.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, out: &Path) -> Result<()> {
        let mut text = String::new();
        write!(text, "{self}")?;
        if let Some(folder) = out.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(out, text)?)
    }
}

impl<M> fmt::Display for Report<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# {}\n\n{}\n", self.title, self.intro)?;
        for (name, value) in &self.facts {
            writeln!(f, "- {name}: {value}")?;
        }
        writeln!(f, "\n## Targets\n\n| case | what | target | reached | |\n| --- | --- | --- | --- | --- |")?;
        for section in &self.sections {
            for Target { what, wanted, reached, met } in &section.targets {
                let mark = if *met { "yes" } else { "**no**" };
                writeln!(f, "| {} | {what} | {wanted} | {reached} | {mark} |", section.title)?;
            }
        }
        writeln!(f, "\n## Rows")?;
        for section in &self.sections {
            write!(f, "\n{section}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_its_facts_all_targets_and_then_the_rows() {
        let mut section: Section = Section::new("Large", "One file.", &["client", "MB/s"]);
        section.lines.push(vec!["Sealmark".to_owned(), "100".to_owned()]);
        section.notes.push("Uppy: 1 of 3 runs failed".to_owned());
        section.targets.push(Target::at_least("ours ÷ Uppy", 1.3, "", Some(1.5)));
        section.targets.push(Target::at_most("blocked", 50.0, "ms", Some(142.6)));
        let report = Report {
            title: "Uploading, side by side".to_owned(),
            intro: "Believe the ratios.".to_owned(),
            facts: vec![("runs".to_owned(), "3".to_owned())],
            sections: vec![section, Section::new("Empty", "Nothing to say.", &["who"])],
        };
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("in/report.md");
        report.write(&out).unwrap();
        insta::assert_snapshot!(fs::read_to_string(out).unwrap(), @"
        # Uploading, side by side

        Believe the ratios.

        - runs: 3

        ## Targets

        | case | what | target | reached | |
        | --- | --- | --- | --- | --- |
        | Large | ours ÷ Uppy | ≥ 1.3 | 1.50 | yes |
        | Large | blocked | ≤ 50 ms | 142.6 ms | **no** |

        ## Rows

        ### Large

        One file.

        | client | MB/s |
        | --- | --- |
        | Sealmark | 100 |

        - Uppy: 1 of 3 runs failed

        - reached: ours ÷ Uppy: 1.50 (target ≥ 1.3)
        - **missed:** blocked: 142.6 ms (target ≤ 50 ms)

        ### Empty

        Nothing to say.
        ");
    }
}
