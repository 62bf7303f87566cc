//! The corpus of JPEGs that marks are proven on: made by many encoders, once, into the cache.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;
use clap::Args;

use crate::{apt, digest::digest, places, python, setup, shell};

/// Options of `cargo xtask corpus`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The few large pictures, too
    #[arg(long)]
    full: bool,
    /// Write anew which way each picture goes; look at the difference before you commit it
    #[arg(long)]
    update: bool,
}

/// What the tests on the corpus are told, as variables.
#[derive(Debug)]
pub(crate) struct Corpus {
    /// The pictures, in a folder for each maker.
    pictures: PathBuf,
    /// The Python packages that compare them.
    python: PathBuf,
}

impl Corpus {
    /// The pictures of up to so many bytes.
    pub(crate) fn small(&self, most: u64) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for folder in fs::read_dir(&self.pictures)? {
            let folder = folder?.path();
            if !folder.is_dir() {
                continue;
            }
            for file in fs::read_dir(folder)? {
                let file = file?;
                if file.metadata()?.is_file() && file.metadata()?.len() <= most {
                    files.push(file.path());
                }
            }
        }
        files.sort();
        Ok(files)
    }

    /// The variables.
    pub(crate) fn variables(&self) -> [(&'static str, &Path); 2] {
        [("SEALMARK_CORPUS", &self.pictures), ("SEALMARK_CORPUS_PYTHON", &self.python)]
    }
}

/// Makes the corpus and runs its test alone.
///
/// # Errors
/// When set-up, build or a test fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    let corpus = prepare()?;
    shell::announce("Marking the corpus and comparing coefficients", "usually half a minute");
    let mut command = Command::new("cargo");
    command.args([
        "test",
        "--locked",
        "--package",
        "sealmark-watermark-render",
        "--test",
        "corpus",
        "--",
        "--nocapture",
    ]);
    command.envs(corpus.variables()).current_dir(places::root());
    if options.full || options.update {
        command.env("SEALMARK_CORPUS_FULL", "1");
    }
    if options.update {
        command.env("SEALMARK_UPDATE_CORPUS", "1");
    }
    shell::run(&mut command)
}

/// Makes the corpus, unless this checkout's is there.
///
/// # Errors
/// When an encoder cannot be installed or fails.
pub(crate) fn prepare() -> Result<Corpus> {
    let tools = places::root().join("xtask/tools/corpus");
    programs()?;
    let python = python::packages(&python::Packages {
        requirements: &tools.join("requirements.txt"),
        cache: "corpus-python",
        what: "Pillow, NumPy, jpeglib and ffmpeg",
        usually: "half a minute, 60 MB",
        from_source: None,
    })?;
    let samples = places::root().join("samples");
    let pictures = places::cache().join(format!("corpus-{}", digest(&[&tools, &samples])?));
    if !pictures.is_dir() {
        make(&tools, &samples, &python, &pictures)?;
    }
    Ok(Corpus { pictures, python })
}

fn make(tools: &Path, samples: &Path, python: &Path, pictures: &Path) -> Result<()> {
    setup::npm_ci(tools, "sharp, which has mozjpeg")?;
    let pillow = pillow_source(&tools.join("pillow.txt"))?;
    let libjpeg = libjpeg_source()?;
    shell::announce("Making the corpus of JPEGs", "usually half a minute, once");
    let encoder = tools.join("encoder/Cargo.toml");
    let target = places::target().join("corpus-encoder");
    shell::run_quietly(
        Command::new("cargo")
            .args(["build", "--quiet", "--locked", "--release", "--manifest-path"])
            .arg(&encoder)
            .arg("--target-dir")
            .arg(&target)
            // Outside of the workspace, whose settings are not for it.
            .current_dir(tools.join("encoder")),
    )?;
    let work = setup::tempdir(&places::cache(), "corpus-new")?;
    let mut command = Command::new("python3");
    command.arg("-B").arg(tools.join("make.py")).arg(&work).arg(samples).env("PYTHONPATH", python);
    command.arg("--encoder").arg(target.join("release/corpus-encoder"));
    command.arg("--convert").arg(setup::imagemagick()?);
    for (name, folder) in crate_folders(&encoder)? {
        command.arg("--crate").arg(pair(&name, Path::new(&folder)));
    }
    command.arg("--archive").arg(pair("pillow", &pillow)).arg("--archive").arg(pair("libjpeg-turbo", &libjpeg));
    shell::run_quietly(&mut command)?;
    if fs::rename(&work, pictures).is_err() {
        // Another run was first, with the same pictures.
        fs::remove_dir_all(&work)?;
    }
    Ok(())
}

fn pair(name: &str, path: &Path) -> OsString {
    let mut pair = OsString::from(format!("{name}="));
    pair.push(path);
    pair
}

/// cjpeg, jpegtran, djpeg, ImageMagick and Node.js.
fn programs() -> Result<()> {
    if ["cjpeg", "djpeg", "jpegtran"].iter().any(|program| places::in_path(program).is_none()) {
        apt::install(&["libjpeg-turbo-progs"], "usually a few seconds")?;
    }
    setup::imagemagick()?;
    setup::node()
}

/// Pillow's source, which has its test pictures; checked by digest.
fn pillow_source(requirement: &Path) -> Result<PathBuf> {
    let folder = places::cache().join(format!("corpus-pillow-{}", digest(&[requirement])?));
    if !folder.is_dir() {
        shell::announce("Getting Pillow's test pictures from PyPI", "usually ten seconds, 47 MB");
        let work = setup::tempdir(&places::cache(), "corpus-pillow-new")?;
        shell::run_quietly(
            Command::new("python3")
                .args(["-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"])
                .args(["--require-hashes", "--no-binary=:all:", "--dest"])
                .arg(&work)
                .arg("--requirement")
                .arg(requirement),
        )?;
        fs::rename(work, &folder)?;
    }
    setup::only_file(&folder, "gz")
}

/// libjpeg-turbo's source of Debian 12, which has its test pictures; checked by apt-get, whose own lists stay as they
/// are.
fn libjpeg_source() -> Result<PathBuf> {
    let folder = places::cache().join("corpus-libjpeg-bookworm");
    if !folder.is_dir() {
        shell::announce("Getting libjpeg-turbo's test pictures from Debian", "usually ten seconds, 12 MB");
        let work = setup::tempdir(&places::cache(), "corpus-libjpeg-new")?;
        let lists = work.join("lists");
        fs::create_dir_all(lists.join("partial"))?;
        fs::write(work.join("sources.list"), "deb-src http://deb.debian.org/debian bookworm main\n")?;
        let apt_get = |arguments: &[&str]| {
            let mut command = Command::new("apt-get");
            command.arg("-qq");
            for (name, path) in [
                ("Dir::Etc::SourceList", work.join("sources.list")),
                ("Dir::Etc::SourceParts", PathBuf::from("/dev/null")),
                ("Dir::State::Lists", lists.clone()),
                ("Dir::Cache", work.join("cache")),
            ] {
                command.arg("-o").arg(pair(name, &path));
            }
            // The folder is ours, and its user may not be able to reach it.
            command.args(["-o", "APT::Sandbox::User=root"]).args(arguments).current_dir(&work);
            shell::run_quietly(&mut command)
        };
        apt_get(&["update"])?;
        apt_get(&["source", "--tar-only", "libjpeg-turbo"])?;
        let archive = setup::only_file(&work, "gz")?;
        fs::create_dir_all(&folder)?;
        fs::rename(&archive, folder.join("libjpeg-turbo.tar.gz"))?;
        fs::remove_dir_all(work)?;
    }
    setup::only_file(&folder, "gz")
}

/// Where cargo has unpacked the crates whose pictures are taken.
fn crate_folders(manifest: &Path) -> Result<Vec<(String, String)>> {
    let described = shell::output(
        Command::new("cargo").args(["metadata", "--locked", "--format-version=1", "--manifest-path"]).arg(manifest),
    )?;
    let described: serde_json::Value = serde_json::from_str(&described)?;
    let mut folders = Vec::new();
    for package in described["packages"].as_array().into_iter().flatten() {
        let (name, manifest) = (package["name"].as_str(), package["manifest_path"].as_str());
        if let (Some(name @ ("image" | "jpeg-decoder" | "kamadak-exif")), Some(manifest)) = (name, manifest) {
            folders.push((name.to_owned(), manifest.trim_end_matches("/Cargo.toml").to_owned()));
        }
    }
    Ok(folders)
}
