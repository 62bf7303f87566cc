//! How much of the package travels to a visitor.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use super::files;

/// Prints each piece of a package and their sum, as a server sends them under gzip.
///
/// # Errors
/// When a file cannot be read, or there is no `gzip`.
pub(super) fn print(package: &Path) -> Result<()> {
    let mut pieces = Vec::new();
    for path in files(package)? {
        if path.extension().is_some_and(|extension| extension == "js" || extension == "wasm") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            pieces.push((name, fs::metadata(&path)?.len(), gzip_bytes(&path)?));
        }
    }
    pieces.sort_by_key(|(_, _, gzip_bytes)| std::cmp::Reverse(*gzip_bytes));
    let sum = |of: fn(&(String, u64, u64)) -> u64| pieces.iter().map(of).sum();
    pieces.push(("in all".to_owned(), sum(|piece| piece.1), sum(|piece| piece.2)));
    println!("    {:<34} {:>9} {:>9}", "", "bytes", "gzip -9");
    for (name, bytes, gzip_bytes) in pieces {
        println!("    {name:<34} {bytes:>9} {gzip_bytes:>9}");
    }
    Ok(())
}

/// Size of a file under `gzip -9`.
///
/// # Errors
/// As [`print`].
pub(crate) fn gzip_bytes(path: &Path) -> Result<u64> {
    let input = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let output =
        Command::new("gzip").arg("-9").stdin(input).stderr(Stdio::inherit()).output().context("running gzip")?;
    ensure!(output.status.success(), "gzip ended with {}", output.status);
    Ok(output.stdout.len() as u64)
}
