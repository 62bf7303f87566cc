//! `cargo xtask bench render`: the renderer beside its peers.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::{apt, places, python, setup, shell, wasm};

/// Sets up the peers, builds with optimization what is measured, and measures.
///
/// # Errors
/// When the renderer or the peers in Rust cannot be built, or the bench ends with an error. A peer that cannot be
/// installed is left out, and the report says so.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let folder = places::root().join("bench/render");
    optional("sharp", setup::node().and_then(|()| setup::npm_ci(&folder, "sharp")));
    let python = optional(
        "Pillow and libvips",
        python::packages(&python::Packages {
            requirements: &folder.join("requirements.txt"),
            cache: "bench-render-python",
            what: "Pillow and libvips",
            usually: "ten seconds, 30 MB",
            // It is Python alone.
            from_source: Some("pyvips"),
        }),
    );
    let convert = optional("ImageMagick", setup::imagemagick());
    let turbo = optional("libjpeg-turbo", apt::install(&["cmake", "nasm"], "usually a few seconds, 25 MB")).is_some();
    let studio = || wasm::build_one(wasm::Module::Studio, &wasm::Options::default()).and_then(|()| setup::browser());
    let browser = optional("The preview in Chromium", studio()).map(|()| places::root().join("tests/browser"));
    let peers = peers(&folder.join("peers"), turbo)?;
    shell::announce("Building the renderer with optimization", "usually two minutes the first time");
    shell::run(
        Command::new("cargo")
            .args(["build", "--quiet", "--locked", "--release", "-p", "sealmark-bench-render"])
            .current_dir(places::root()),
    )?;
    let mut command = Command::new(places::target().join("release/bench-render"));
    command.env("BENCH_WORK", places::target().join("bench/render"));
    command.env("BENCH_REPORT", places::root().join("bench/render.md"));
    command.env("BENCH_SAMPLES", places::root().join("samples"));
    command.env("BENCH_FONT", places::root().join("crates/watermark-render/fonts/DejaVuSans.ttf"));
    command.env("BENCH_RENDER", folder).env("BENCH_PEERS", peers).env("BENCH_TURBO", turbo.to_string());
    command.env("BENCH_WWW", places::root().join("www"));
    let worker = if wants(arguments, "worker") { Some(worker()?) } else { None };
    let found =
        [("BENCH_PYTHON", python), ("BENCH_CONVERT", convert), ("BENCH_BROWSER", browser), ("BENCH_WORKER", worker)];
    for (name, found) in found {
        match found {
            Some(path) => command.env(name, path),
            None => command.env_remove(name),
        };
    }
    shell::run(command.args(arguments))
}

/// Whether the bench will come to this row: it has services to be built and installed, which the others do not need.
fn wants(arguments: &[String], row: &str) -> bool {
    let mut arguments = arguments.iter();
    let mut only = None;
    while let Some(argument) = arguments.next() {
        match argument.split_once('=') {
            Some(("--only", rows)) => only = Some(rows),
            _ if argument == "--only" => only = arguments.next().map(String::as_str),
            _ => {}
        }
    }
    only.is_none_or(|rows| rows.split(',').any(|name| name == row))
}

/// The whole line with optimization, and who measures it.
fn worker() -> Result<PathBuf> {
    setup::run(setup::Purpose::Demo)?;
    shell::announce("Building the services with optimization", "usually ten minutes the first time");
    shell::run(
        Command::new("cargo")
            .args(["build", "--quiet", "--locked", "--release", "--bins"])
            .args(["-p", "presign-api", "-p", "watermark-worker", "-p", "sealmark-bench-worker"])
            .current_dir(places::root()),
    )?;
    Ok(places::target().join("release/bench-worker"))
}

/// What cannot be had here is said and left out.
fn optional<T>(what: &str, found: Result<T>) -> Option<T> {
    found.map_err(|error| println!("    {what} cannot be measured here: {error:#}")).ok()
}

/// The peers in Rust, with a lock file and a target folder of their own.
fn peers(folder: &Path, turbo: bool) -> Result<PathBuf> {
    shell::announce("Building the peers in Rust with optimization", "usually two minutes the first time");
    let target = places::target().join("bench-peers");
    let mut command = Command::new("cargo");
    command.args(["build", "--quiet", "--locked", "--release", "--target-dir"]).arg(&target);
    if turbo {
        command.args(["--features", "turbo"]);
    }
    shell::run_quietly(command.current_dir(folder))?;
    Ok(target.join("release/bench-render-peers"))
}
