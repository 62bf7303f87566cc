//! `cargo xtask fuzz`: mutated JPEGs, pictures and templates, with a sanitizer watching.

use std::{ffi::OsString, fs, path::Path, process::Command};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::{corpus, places, setup, shell};

/// Longest time for one input, in seconds.
const TIMEOUT_S: &str = "20";
/// Most memory that one input may take, in MiB.
const MEMORY_MB: &str = "2048";
/// Pictures larger than this teach a fuzzer little, in bytes.
const MAX_SEED_BYTES: u64 = 6 * 1024;

/// Options of `cargo xtask fuzz`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// What to feed; without one, each in turn
    target: Option<Target>,
    /// How long for each
    #[arg(long, default_value_t = 10)]
    minutes: u32,
}

/// What is fed with mutated bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// Bytes as a JPEG, whose mark must verify
    Jpeg,
    /// Bytes as a picture of any format
    Picture,
    /// Text as a template
    Template,
}

impl Target {
    const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Picture => "picture",
            Self::Template => "template",
        }
    }
}

/// Builds the targets and feeds them; an input that fails stays in `fuzz/artifacts`.
///
/// # Errors
/// When the fuzzer cannot be built, and when it finds something.
pub(crate) fn run(options: &Options) -> Result<()> {
    let fuzz = setup::cargo_fuzz()?;
    let targets = options.target.map_or_else(|| Target::value_variants().to_vec(), |target| vec![target]);
    let seconds = format!("-max_total_time={}", options.minutes.saturating_mul(60));
    for target in targets {
        let folder = places::target().join("fuzz").join(target.name());
        let (found, seeds) = (folder.join("found"), folder.join("seeds"));
        fs::create_dir_all(&found)?;
        fs::create_dir_all(&seeds)?;
        gather(target, &seeds)?;
        shell::announce(&format!("Feeding {}", target.name()), &format!("{} minutes", options.minutes));
        let arguments: [OsString; 6] =
            ["run".into(), "-O".into(), target.name().into(), found.into(), seeds.into(), "--".into()];
        shell::run(
            Command::new(&fuzz)
                .args(arguments)
                .args([&seconds, &format!("-timeout={TIMEOUT_S}"), &format!("-rss_limit_mb={MEMORY_MB}")])
                // The sanitizer is behind a flag of nightly compilers, which the stable one has as well.
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_DIR", places::target().join("fuzz-build"))
                .current_dir(places::root()),
        )?;
    }
    Ok(())
}

/// Puts what is known to be right into the folder of seeds.
fn gather(target: Target, seeds: &Path) -> Result<()> {
    if target == Target::Template {
        let text = fs::read_to_string(places::root().join("docs/templates.md")).context("reading docs/templates.md")?;
        for (number, block) in text.split("```seal\n").skip(1).filter_map(|rest| rest.split("```").next()).enumerate() {
            fs::write(seeds.join(format!("{number}.seal")), block)?;
        }
        return Ok(());
    }
    for file in corpus::prepare()?.small(MAX_SEED_BYTES)? {
        let bytes = fs::read(&file)?;
        // The target puts the first two bytes of a JPEG there itself.
        let bytes = if target == Target::Jpeg { bytes.get(2..).unwrap_or_default() } else { &bytes };
        fs::write(seeds.join(file.file_name().context("a file without a name")?), bytes)?;
    }
    if target == Target::Picture {
        // The corpus has JPEGs alone.
        let tests = places::root().join("crates/watermark-render/tests/files");
        for folder in [tests.join("formats"), tests] {
            for entry in fs::read_dir(folder)? {
                let (file, size) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?.len())))?;
                if file.is_file() && size <= MAX_SEED_BYTES {
                    fs::copy(&file, seeds.join(file.file_name().context("a file without a name")?))?;
                }
            }
        }
    }
    Ok(())
}
