//! What files hold, as a short name for a folder of the cache.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The digest of files and folders, with their names, as hex; long enough for a name.
///
/// # Errors
/// When one cannot be read.
pub(crate) fn digest(paths: &[&Path]) -> Result<String> {
    let mut hasher = Sha256::new();
    for path in paths {
        hash(path, &mut hasher)?;
    }
    Ok(hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

fn hash(path: &Path, hasher: &mut Sha256) -> Result<()> {
    let reading = || format!("reading {}", path.display());
    if path.is_dir() {
        let entries = fs::read_dir(path).with_context(reading)?;
        let mut entries: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        entries.retain(|entry| !["node_modules", "target", "__pycache__"].iter().any(|made| entry.ends_with(made)));
        entries.sort();
        return entries.iter().try_for_each(|entry| hash(entry, hasher));
    }
    let bytes = fs::read(path).with_context(reading)?;
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    for part in [name, &bytes] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    Ok(())
}
