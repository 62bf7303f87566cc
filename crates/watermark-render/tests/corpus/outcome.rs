//! Which way each picture goes, and which way it should.

use std::{collections::BTreeMap, env, fmt::Write, fs, path::PathBuf};

use sealmark_watermark_render::{Method, Reason, RenderError};

use crate::{marking::Marked, ways};

/// The way of a picture with a template: `spliced Own`, `encoded Arithmetic`, `failed BrokenImage`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Way(String);

impl Way {
    pub(crate) fn of(method: Method) -> Self {
        Self(match method {
            Method::Spliced(codes) => format!("spliced {codes:?}"),
            Method::Rewritten(codes) => format!("rewritten {codes:?}"),
            Method::Encoded(Reason::Refused(refusal)) => format!("encoded {}", variant(&format!("{refusal:?}"))),
            Method::Encoded(reason) => format!("encoded, {reason:?}"),
        })
    }

    pub(crate) fn failed(error: &RenderError) -> Self {
        // What a decoder says of it does not matter.
        Self(match error {
            RenderError::VerifyFailed { failure } => format!("failed verification: {failure}"),
            RenderError::UnsupportedFormat { found } => format!("failed UnsupportedFormat: {found}"),
            error => format!("failed {}", variant(&format!("{error:?}"))),
        })
    }

    /// Whether the coefficients are kept.
    pub(crate) fn is_kept(&self) -> bool {
        matches!(self.word(), "spliced" | "rewritten")
    }

    fn word(&self) -> &str {
        self.0.split(' ').next().unwrap_or_default()
    }
}

/// The name of a variant, without its fields.
fn variant(debug: &str) -> &str {
    debug.split([' ', '(']).next().unwrap_or_default()
}

/// The ways of all pictures.
pub(crate) struct Table {
    /// By name: the ways with each template.
    rows: BTreeMap<String, String>,
    /// Makers, ways, and how often.
    counts: BTreeMap<(String, Way), u32>,
}

impl Table {
    pub(crate) fn of(marked: &[Marked]) -> Self {
        let mut rows = BTreeMap::new();
        let mut counts = BTreeMap::new();
        for (name, ways) in ways(marked) {
            let words: Vec<&str> = ways.iter().map(|way| &*way.0).collect();
            rows.insert(name.to_owned(), words.join(", "));
            for way in ways {
                let maker = name.split('/').next().unwrap_or_default().to_owned();
                *counts.entry((maker, way.clone())).or_default() += 1;
            }
        }
        Self { rows, counts }
    }

    /// How many pictures of which maker go which way.
    pub(crate) fn summary(&self) -> String {
        let mut out = format!("{} pictures with two templates each\n", self.rows.len());
        for ((maker, way), count) in &self.counts {
            writeln!(out, "{maker:<20} {:<36} {count:>4}", way.0).unwrap();
        }
        out
    }

    /// Compares with the committed table, or writes it; and with what no table may change. A line for each mistake.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        for (maker, way) in self.counts.keys() {
            let is_wrong = way.0.contains("verification") || way.0.contains("MissingSymbol");
            if is_wrong || !(way.is_kept() || is_odd(maker)) {
                mistakes.push(format!("a picture of {maker} goes the way of: {}", way.0));
            }
        }
        for word in ["spliced Own", "spliced Added", "spliced New", "rewritten Own", "rewritten Added", "rewritten New"]
        {
            if !self.counts.keys().any(|(_, way)| way.0 == word) {
                mistakes.push(format!("no picture is {word}"));
            }
        }

        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/expected.txt");
        if env::var_os("SEALMARK_UPDATE_CORPUS").is_some() {
            let lines: Vec<String> = self.rows.iter().map(|(name, ways)| format!("{name}: {ways}\n")).collect();
            fs::write(&path, lines.concat()).unwrap();
            return mistakes;
        }
        let text = fs::read_to_string(&path).unwrap();
        let mut expected: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once(": ")).collect();
        if env::var_os("SEALMARK_CORPUS_FULL").is_none() {
            // Of pictures that only the larger sweep takes.
            expected.retain(|name, _| self.rows.contains_key(*name) || !LARGE.contains(name));
        }
        for (name, ways) in self.rows.iter().filter(|(name, ways)| expected.get(&***name) != Some(&&***ways)) {
            mistakes.push(format!("{name} is {ways}, not {}", expected.get(&**name).unwrap_or(&"expected")));
        }
        let gone = expected.keys().filter(|name| !self.rows.contains_key(**name));
        mistakes.extend(gone.map(|name| format!("{name} is gone")));
        mistakes
    }
}

/// Pictures over [`crate::LARGE_BYTES`].
const LARGE: [&str; 3] = ["from-image/test", "from-pillow/fujifilm-mpo", "from-pillow/xmp_test"];

/// Whether the maker's pictures may be refused for what they are.
fn is_odd(maker: &str) -> bool {
    maker == "broken" || maker == "rare" || maker.starts_with("from-")
}
