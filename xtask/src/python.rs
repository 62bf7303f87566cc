//! Packages of Python in a folder of the cache, without a virtual environment.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::{digest::digest, places, setup, shell};

/// What is wanted.
#[derive(Debug)]
pub(crate) struct Packages<'a> {
    /// Every package with its digests, as pip checks them.
    pub(crate) requirements: &'a Path,
    /// What the folder is called, before a digest of the requirements.
    pub(crate) cache: &'static str,
    /// What is announced.
    pub(crate) what: &'static str,
    /// How long it usually takes, and its size.
    pub(crate) usually: &'static str,
    /// A package that comes as source; all others come built.
    pub(crate) from_source: Option<&'static str>,
}

/// Gets packages from PyPI, once, and returns the folder for `PYTHONPATH`.
///
/// # Errors
/// When pip cannot be installed or fails.
pub(crate) fn packages(wanted: &Packages<'_>) -> Result<PathBuf> {
    let folder = places::cache().join(format!("{}-{}", wanted.cache, digest(&[wanted.requirements])?));
    if folder.is_dir() {
        return Ok(folder);
    }
    setup::pip()?;
    shell::announce(&format!("Getting {} from PyPI", wanted.what), &format!("usually {}", wanted.usually));
    let work = setup::tempdir(&places::cache(), &format!("{}-new", wanted.cache))?;
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes"]);
    command.arg("--only-binary=:all:");
    if let Some(package) = wanted.from_source {
        command.arg(format!("--no-binary={package}"));
    }
    command.args(["--no-compile", "--target"]).arg(&work).arg("--requirement").arg(wanted.requirements);
    shell::run_quietly(&mut command)?;
    fs::rename(work, &folder)?;
    Ok(folder)
}
