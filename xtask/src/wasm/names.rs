//! Short names between a module and its glue: bindgen's own carry hashes, which no compression makes smaller.

use std::{collections::HashMap, fs, path::Path};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// What wasm-opt tells of the names that it changed.
#[derive(Deserialize)]
struct Told {
    /// Module, name and new name.
    imports: Vec<(String, String, String)>,
    /// Name and new name.
    exports: Vec<(String, String)>,
}

/// Makes the glue of a module use the names that wasm-opt gave it.
///
/// # Errors
/// When what was told cannot be read, or the glue is not as bindgen writes it.
pub(super) fn shorten(module: &Path, told: &str) -> Result<()> {
    let told: Told = serde_json::from_str(told).context("reading the names that wasm-opt gave")?;
    let stem = module.file_stem().unwrap_or_default().to_string_lossy();
    let glue = module.with_file_name(format!("{}.js", stem.trim_end_matches("_bg")));
    let mut text = fs::read_to_string(&glue).with_context(|| format!("reading {}", glue.display()))?;
    // Optimizing gives all of the glue's one module the name "a".
    let from = told.imports.first().map(|(module, ..)| format!("{module:?}: import0")).unwrap_or_default();
    ensure!(text.matches(&from).count() == 1, "the glue of {} has no {from}", module.display());
    text = text.replace(&from, "\"a\": import0");
    let imports = told.imports.iter().map(|(_, name, short)| (name.as_str(), short.as_str())).collect();
    let exports = told.exports.iter().map(|(name, short)| (name.as_str(), short.as_str())).collect();
    fs::write(&glue, renamed(&text, &imports, &exports)).with_context(|| format!("writing {}", glue.display()))
}

/// The glue with new names: those of imports where the functions are listed (`name:`), those of exports where they are
/// called (`wasm.name`).
fn renamed(text: &str, imports: &HashMap<&str, &str>, exports: &HashMap<&str, &str>) -> String {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '$');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(is_letter) {
        out.push_str(&rest[..begin]);
        rest = &rest[begin..];
        let (word, after) = rest.split_at(rest.find(|letter| !is_letter(letter)).unwrap_or(rest.len()));
        let called = if out.ends_with("wasm.") { exports.get(word) } else { None };
        let listed = if after.starts_with(':') { imports.get(word) } else { None };
        out.push_str(called.or(listed).unwrap_or(&word));
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_renamed_and_nothing_else() {
        let (imports, exports) = ([("__wbg_a_1", "$")].into(), [("memory", "m"), ("add", "b")].into());
        let glue = |text| renamed(text, &imports, &exports);
        assert_eq!(glue("__wbg_a_1: f(wasm.memory.buffer)"), "$: f(wasm.m.buffer)");
        assert_eq!(glue("add(wasm.adder, memory); wasm.add()"), "add(wasm.adder, memory); wasm.b()");
    }
}
