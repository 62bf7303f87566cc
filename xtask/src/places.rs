//! Where things lie: the checkout, and the cache outside it for tools that take minutes to get.

use std::{env, path::PathBuf};

/// The workspace's top folder.
pub(crate) fn root() -> PathBuf {
    // xtask is built inside the workspace that it serves; its manifest lies one level below the top.
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map(PathBuf::from).unwrap_or(manifest)
}

/// Cargo's target folder, absolute.
pub(crate) fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty()) {
        // Relative to where cargo was called, which is where xtask runs.
        Some(folder) => env::current_dir().unwrap_or_else(|_| root()).join(folder),
        None => root().join("target"),
    }
}

/// Tools kept outside the repository, so that a fresh clone does not get them again.
pub(crate) fn cache() -> PathBuf {
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    cache.unwrap_or_else(|| home.join(".cache")).join("sealmark")
}

/// Programs of the cache.
pub(crate) fn bin() -> PathBuf {
    cache().join("bin")
}

/// First file of this name in `PATH`.
pub(crate) fn in_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// First of these paths that exists.
pub(crate) fn first_existing(paths: &[&str]) -> Option<PathBuf> {
    paths.iter().map(PathBuf::from).find(|path| path.exists())
}

/// The newest PostgreSQL's server programs, as Debian lays them.
pub(crate) fn postgres_bin() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").is_file())
        .collect();
    found.sort();
    found.pop()
}
