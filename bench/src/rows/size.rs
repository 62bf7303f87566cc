//! What a visitor downloads.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result};
use sealmark_bench_report::{Section, Target};

use super::Row;
use crate::Options;

/// # Errors
/// When the package has not been built.
pub(super) fn measure(row: Row, options: &Options) -> Result<Section> {
    let package = options.pages.join("pkg");
    let mut section = Section::new(
        row.title(),
        "Everything that the script loads by itself, each file by `gzip -9`, in bytes as shipped; what is imported only \
         when asked for does not count.",
        &["file", "bytes", "gzip"],
    );
    let mut counted = BTreeSet::new();
    let mut total = 0;
    let mut wanted = vec![("uploader with wasm and glue", "index.js", 45.0)];
    if package.join("element.js").is_file() {
        wanted.push(("with the element and its styles", "element.js", 70.0));
    }
    for (what, entry, limit_kb) in wanted {
        for name in reached(&package, entry)? {
            if counted.insert(name.clone()) {
                let bytes = fs::read(package.join(&name))?;
                let small = gzip(&bytes)?;
                total += small;
                section.lines.push(vec![name, bytes.len().to_string(), small.to_string()]);
            }
        }
        section.targets.push(Target::at_most(what, limit_kb, "KB", Some(total as f64 / 1000.0)));
    }
    Ok(section)
}

/// Files that a script loads without being asked: its imports, its worker, its module.
fn reached(package: &Path, entry: &str) -> Result<Vec<String>> {
    let mut found = vec![entry.to_owned()];
    let mut next = 0;
    while let Some(name) = found.get(next).cloned() {
        next += 1;
        if !name.ends_with(".js") {
            continue;
        }
        let text = fs::read_to_string(package.join(&name)).with_context(|| format!("reading {name}"))?;
        for quote in ['\'', '"'] {
            let pieces: Vec<&str> = text.split(quote).collect();
            for pair in pieces.windows(2) {
                let (before, file) = (pair[0].trim_end(), pair[1].trim_start_matches("./"));
                // An address that is merely passed on, and `import(…)`, are loaded when somebody asks.
                let loaded = ["from", "import", "Worker(new URL("].iter().any(|end| before.ends_with(end))
                    || file.ends_with(".wasm");
                if loaded && package.join(file).is_file() && !found.iter().any(|known| known == file) {
                    found.push(file.to_owned());
                }
            }
        }
    }
    Ok(found)
}

fn gzip(bytes: &[u8]) -> Result<usize> {
    let mut child = Command::new("gzip").arg("-9c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().context("no standard input")?;
    let bytes = bytes.to_vec();
    // On a thread of its own: both pipes may fill up.
    let writing = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output()?;
    writing.join().map_err(|_| anyhow::anyhow!("writing to gzip panicked"))??;
    Ok(output.stdout.len())
}
