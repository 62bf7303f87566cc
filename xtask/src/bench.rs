//! `cargo xtask bench`: the upload client beside its peers; the renderer is in [`crate::bench_render`].

use std::{fs, path::Path, process::Command};

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::{bench_render, places, setup, shell, wasm};

/// What can be measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// The upload client beside Uppy, tus and plain fetch; writes bench/upload.md
    Upload(Options),
    /// The renderer beside sharp, libvips, Pillow, ImageMagick and others; writes bench/render.md
    Render(Options),
}

/// Options of `cargo xtask bench upload` and `render`.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    /// Handed on; `--help` behind the name lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Sets up, builds with optimization what is measured, and measures.
///
/// # Errors
/// When something cannot be installed or built, or the bench ends with an error.
pub(crate) fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Upload(options) => upload(options),
        Bench::Render(options) => bench_render::run(&options.arguments),
    }
}

fn upload(options: &Options) -> Result<()> {
    let folder = places::root().join("bench/upload");
    setup::run(setup::Purpose::Dev)?;
    setup::browser()?;
    setup::npm_ci(&folder, "the peers")?;
    setup::npm_ci(&folder.join("uppy5"), "Uppy 5")?;
    wasm::build_one(wasm::Module::Client, &wasm::Options::default())?;
    wasm::build_bench(true)?;
    let modules = wasm::build_bench(false)?;
    shell::announce("Building presign-api and the bench with optimization", "usually ten minutes the first time");
    shell::run(
        Command::new("cargo")
            .args(["build", "--quiet", "--locked", "--release", "-p", "presign-api", "-p", "sealmark-bench", "--bins"])
            .current_dir(places::root()),
    )?;
    let work = places::target().join("bench");
    let pages = work.join("pages");
    let _ = fs::remove_dir_all(&pages);
    shell::run_quietly(Command::new("node").arg(folder.join("build.mjs")).arg(&pages))?;
    copy(&places::root().join("www/pkg"), &pages.join("pkg"))?;
    copy(&modules, &pages.join("module"))?;
    let mut command = Command::new(places::target().join("release/bench-upload"));
    command.env("BENCH_PROGRAMS", places::target().join("release")).env("BENCH_PAGES", pages).env("BENCH_WORK", work);
    command.env("SEALMARK_WEED", places::bin().join("weed"));
    shell::run(command.args(&options.arguments))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
