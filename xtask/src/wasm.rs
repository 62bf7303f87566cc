//! The page's wasm modules: Rust to wasm32, glue by wasm-bindgen as a library, shrunk by wasm-opt, into www.

mod modules;
mod names;
mod sizes;
mod toolchain;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use clap::Args;
use wasm_bindgen_cli_support::Bindgen;

use self::toolchain::Build;
pub(crate) use self::toolchain::{Toolchain, prepare, ready};
pub(crate) use self::{modules::Module, sizes::gzip_bytes};
use crate::{places, setup, shell};

/// Measures and checks parts of the client in the browser itself.
const BENCH_PACKAGE: &str = "sealmark-bench-module";

/// Options of `cargo xtask wasm`.
#[derive(Debug, Default, Args)]
pub(crate) struct Options {
    /// Which compiler builds for wasm32
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) toolchain: Toolchain,
    /// Build even when nothing has changed
    #[arg(long)]
    pub(crate) force: bool,
}

/// Builds every module of the page, unless it is there and nothing that it is made from has changed.
///
/// # Errors
/// When a step fails; what it printed is in the message.
pub(crate) fn build(options: &Options) -> Result<()> {
    Module::ALL.iter().try_for_each(|module| build_one(*module, options))
}

/// Builds one module into its folder.
///
/// # Errors
/// As [`build`].
pub(crate) fn build_one(module: Module, options: &Options) -> Result<()> {
    let toolchain = prepare(options.toolchain)?;
    let out = module.folder();
    let stamp = out.join(".built-from");
    let inputs = module.inputs()?;
    if !options.force && fs::read_to_string(&stamp).is_ok_and(|built| built == inputs) {
        return Ok(());
    }
    setup::optimizer()?;
    let compiled = compile(Build::shipped(toolchain), module.package())?;
    // Beside the place where it goes, so that the last step is a rename; its own for each run.
    let work = out.with_file_name(format!(".{}-{}", module.name(), std::process::id()));
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work)?;
    bind(&compiled, &work, module.passes())?;
    copy_scripts(module.scripts().as_deref(), &work)?;
    minify(&work)?;
    fs::write(work.join(".built-from"), inputs)?;
    // Glue and module of two builds never lie together.
    let old = work.with_extension("old");
    if out.exists() {
        fs::rename(&out, &old)?;
    }
    fs::rename(&work, &out)?;
    let _ = fs::remove_dir_all(&old);
    println!("    www/{} is ready:", module.name());
    sizes::print(&out)
}

/// Builds the module that measures and checks, with or without SIMD, into `target/bench-module/{simd,plain}`.
///
/// # Errors
/// As [`build`].
pub(crate) fn build_bench(simd: bool) -> Result<PathBuf> {
    let shipped = Build::shipped(prepare(Toolchain::Auto)?);
    setup::optimizer()?;
    let out = places::target().join("bench-module");
    // The one without is only compared with, by hashing alone: the standard library may be any.
    let (name, build) =
        if simd { ("simd", shipped) } else { ("plain", Build { simd, ..Build::plain(shipped.toolchain) }) };
    let folder = out.join(name);
    fs::create_dir_all(&folder)?;
    bind(&compile(build, BENCH_PACKAGE)?, &folder, Module::Client.passes())?;
    Ok(out)
}

fn compile(build: Build, package: &str) -> Result<PathBuf> {
    let usually = if build.std { "usually two minutes the first time" } else { "usually half a minute the first time" };
    shell::announce(&format!("Compiling {package} for wasm32"), usually);
    let mut command = build.cargo("build");
    if package == BENCH_PACKAGE {
        // What we compare ourselves with is built for speed.
        for crate_name in ["sha2@0.11", "sha2@0.10"] {
            let speed = format!("profile.wasm-release.package.\"{crate_name}\".opt-level=3");
            command.args(["--config", &speed]);
        }
    }
    shell::run(command.args(["--package", package, "--lib"]))?;
    Ok(build.module(package))
}

/// Makes the JavaScript glue of a module and shrinks it.
fn bind(module: &Path, out: &Path, passes: &[&str]) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).web(true)?.typescript(false).omit_default_module_path(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.generate(out).context("making the JavaScript glue")?;
    for file in files(out)? {
        if file.extension().is_some_and(|extension| extension == "wasm") {
            names::shorten(&file, &shrink(&file, passes)?)?;
        }
    }
    Ok(())
}

/// Builds the crates that promise to be pure for wasm32, and lints the browser's half of the client, which a native
/// build never sees.
///
/// # Errors
/// When one does not build, or clippy has a warning (where the compiler brings clippy: rustup's does).
pub(crate) fn check() -> Result<()> {
    let toolchain = prepare(Toolchain::Auto)?;
    // Clippy and the pure crates need no standard library of our own.
    let checked = Build::plain(toolchain);
    let mut build = checked.cargo("build");
    for package in ["sealmark-hash", "sealmark-protocol", "sealmark-watermark-dsl", "sealmark-watermark-render"] {
        build.args(["--package", package]);
    }
    shell::run(&mut build)?;
    if toolchain == Toolchain::Debian {
        return Ok(());
    }
    let mut clippy = checked.cargo("clippy");
    for package in Module::ALL.iter().map(|module| module.package()).chain([BENCH_PACKAGE]) {
        clippy.args(["--package", package]);
    }
    shell::run(clippy.args(["--lib", "--", "--deny", "warnings"]))
}

/// What the module uses beyond the first WebAssembly.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-simd",
];

/// Makes a module smaller in place; what it calls and what it offers gets names of a letter or two, which are told.
fn shrink(module: &Path, passes: &[&str]) -> Result<String> {
    let strip = ["--strip-debug", "--strip-producers", "--strip-target-features"];
    optimize(module, &[passes, &strip].concat())?;
    // For itself, for it tells the names again on each of the passes above.
    optimize(module, &["--minify-imports-and-exports-and-modules"])
}

fn optimize(module: &Path, passes: &[&str]) -> Result<String> {
    let optimizer = places::root().join("xtask/tools/node_modules/binaryen/bin/wasm-opt");
    let out = module.with_extension("opt");
    let mut command = Command::new("node");
    command.arg(optimizer).args(FEATURES).args(passes).arg(module).arg("-o").arg(&out);
    let told = shell::output(&mut command)?;
    fs::rename(out, module)?;
    Ok(told)
}

fn copy_scripts(from: Option<&Path>, out: &Path) -> Result<()> {
    for script in from.map(files).transpose()?.unwrap_or_default() {
        if let Some(name) = script.file_name() {
            fs::copy(&script, out.join(name))?;
        }
    }
    Ok(())
}

/// Shortens the glue and the scripts in place; they stay apart, for a Worker loads its own.
fn minify(out: &Path) -> Result<()> {
    let scripts = files(out)?.into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "js"));
    shell::run_quietly(
        Command::new("node")
            .arg(places::root().join("xtask/tools/node_modules/esbuild/bin/esbuild"))
            .args(scripts)
            .args(["--minify", "--format=esm", "--target=es2022", "--charset=utf8", "--log-level=error"])
            .args(["--allow-overwrite", "--legal-comments=none"])
            .arg(format!("--outdir={}", out.display()))
            .current_dir(out),
    )
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "node_modules") {
                found.extend(files(&path)?);
            }
        } else {
            found.push(path);
        }
    }
    Ok(found)
}
