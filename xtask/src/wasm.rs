//! The browser client: Rust to wasm32, glue by wasm-bindgen as a library, shrunk by wasm-opt, into www/pkg.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::{apt, places, setup, shell};

const TARGET: &str = "wasm32-unknown-unknown";
const MODULE: &str = "sealmark_web_client";

/// Options of `cargo xtask wasm`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Which compiler builds for wasm32
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) toolchain: Toolchain,
    /// Build even when nothing has changed
    #[arg(long)]
    pub(crate) force: bool,
}

/// Which compiler builds for wasm32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Toolchain {
    /// rustup's where it has the target or can get it, else Debian's
    Auto,
    /// The toolchain that runs xtask
    Rustup,
    /// Debian's rustc-web, which brings the standard library's source
    Debian,
}

/// Debian's compiler for the web, and the packages that bring it.
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm"];

/// Which compiler is ready for wasm32 now, without installing anything.
pub(crate) fn ready() -> Option<Toolchain> {
    if rustup_has_target() {
        Some(Toolchain::Rustup)
    } else if DEBIAN_PACKAGES.iter().all(|package| apt::is_installed(package)) && Path::new(DEBIAN_LINKER).exists() {
        Some(Toolchain::Debian)
    } else {
        None
    }
}

fn rustup_has_target() -> bool {
    shell::first_line("rustc", &["--print", "target-libdir", "--target", TARGET])
        .is_some_and(|folder| Path::new(&folder).is_dir())
}

/// Makes a compiler ready for wasm32 and says which.
///
/// # Errors
/// When neither rustup can get the target nor Debian's packages can be installed.
pub(crate) fn prepare(wanted: Toolchain) -> Result<Toolchain> {
    if wanted != Toolchain::Debian {
        if wanted == Toolchain::Auto
            && let Some(toolchain) = ready()
        {
            return Ok(toolchain);
        }
        if rustup_has_target() {
            return Ok(Toolchain::Rustup);
        }
        shell::announce("Getting the wasm32 target by rustup", "usually a few seconds");
        let added = shell::run_quietly(Command::new("rustup").args(["target", "add", TARGET]));
        match added {
            Ok(()) if rustup_has_target() => return Ok(Toolchain::Rustup),
            Ok(()) | Err(_) if wanted == Toolchain::Auto => {
                println!("    rustup cannot download it here; Debian's own compiler for the web will do it.");
            }
            Ok(()) => anyhow::bail!("rustup says it added {TARGET}, but rustc does not find it"),
            Err(error) => return Err(error),
        }
    }
    apt::install(&DEBIAN_PACKAGES, "usually two minutes, 400 MB on disk")?;
    // The compiler's linker is a link to a package's that it does not depend on, by that package's name.
    if !Path::new(DEBIAN_LINKER).exists()
        && let Some(package) = debian_linker_package()
    {
        apt::install(&[&package], "usually a few seconds")?;
    }
    Ok(Toolchain::Debian)
}

/// The linker that Debian's compiler calls.
const DEBIAN_LINKER: &str = "/usr/bin/rust-lld";

/// The package that brings it: `lld-22` where the link leads to `lld-22`.
fn debian_linker_package() -> Option<String> {
    let leads_to = fs::read_link(DEBIAN_LINKER).ok()?;
    Some(leads_to.file_name()?.to_str()?.to_owned())
}

/// Builds www/pkg, unless it is there and nothing that it is made from has changed.
///
/// # Errors
/// When a step fails; what it printed is in the message.
pub(crate) fn build(options: &Options) -> Result<()> {
    let toolchain = prepare(options.toolchain)?;
    let out = places::root().join("www/pkg");
    let stamp = out.join(".built-from");
    let inputs = inputs()?;
    if !options.force && fs::read_to_string(&stamp).is_ok_and(|built| built == inputs) {
        return Ok(());
    }
    setup::optimizer()?;
    let module = compile(toolchain)?;
    // Beside the place where it goes, so that the last step is a rename; its own for each run.
    let work = out.with_file_name(format!(".pkg-{}", std::process::id()));
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work)?;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(&module).web(true)?.typescript(true).omit_default_module_path(false);
    bindgen.generate(&work).context("making the JavaScript glue")?;
    shrink(&work.join(format!("{MODULE}_bg.wasm")))?;
    copy_scripts(&work)?;
    fs::write(work.join(".built-from"), inputs)?;
    // Glue and module of two builds never lie together.
    let old = work.with_extension("old");
    if out.exists() {
        fs::rename(&out, &old)?;
    }
    fs::rename(&work, &out)?;
    let _ = fs::remove_dir_all(&old);
    let size = fs::metadata(out.join(format!("{MODULE}_bg.wasm")))?.len();
    println!("    www/pkg is ready; the module has {} KiB.", size / 1024);
    Ok(())
}

fn compile(toolchain: Toolchain) -> Result<PathBuf> {
    match toolchain {
        Toolchain::Debian => shell::announce(
            "Compiling the browser client by Debian's compiler, standard library included",
            "usually two minutes the first time",
        ),
        Toolchain::Auto | Toolchain::Rustup => {
            shell::announce("Compiling the browser client", "usually half a minute the first time");
        }
    }
    shell::run(cargo(toolchain, "build").args(["--package", "sealmark-web-client", "--lib"]))?;
    Ok(places::target().join("wasm").join(TARGET).join("wasm-release").join(format!("{MODULE}.wasm")))
}

/// Builds the crates that promise to be pure for wasm32, and lints the browser's half of the client, which a native
/// build never sees.
///
/// # Errors
/// When one does not build, or clippy has a warning (where the compiler brings clippy: rustup's does).
pub(crate) fn check() -> Result<()> {
    let toolchain = prepare(Toolchain::Auto)?;
    let mut build = cargo(toolchain, "build");
    for package in ["sealmark-protocol", "sealmark-watermark-dsl", "sealmark-watermark-render"] {
        build.args(["--package", package]);
    }
    shell::run(&mut build)?;
    if toolchain == Toolchain::Debian {
        return Ok(());
    }
    let mut clippy = cargo(toolchain, "clippy");
    shell::run(clippy.args(["--package", "sealmark-web-client", "--lib", "--", "--deny", "warnings"]))
}

/// A cargo command for wasm32 in a target folder of its own, for two compilers in one would undo each other's work.
fn cargo(toolchain: Toolchain, what: &str) -> Command {
    let mut command = match toolchain {
        Toolchain::Debian => {
            let mut command = Command::new("/usr/bin/cargo");
            command.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
            // Variables of the rustup proxy that runs xtask would lead Debian's cargo back to rustup's compiler.
            for variable in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER", "RUSTDOC"] {
                command.env_remove(variable);
            }
            command
        }
        Toolchain::Auto | Toolchain::Rustup => Command::new("cargo"),
    };
    command
        .arg(what)
        .args(["--quiet", "--locked", "--target", TARGET, "--profile", "wasm-release", "--target-dir"])
        .arg(places::target().join("wasm"))
        .current_dir(places::root());
    if toolchain == Toolchain::Debian {
        command.arg("-Zbuild-std=std,panic_abort");
    }
    command
}

fn shrink(module: &Path) -> Result<()> {
    let optimizer = places::root().join("xtask/tools/node_modules/binaryen/bin/wasm-opt");
    let shrunk = module.with_extension("opt");
    shell::run_quietly(
        Command::new("node")
            .arg(optimizer)
            .args(["-Os", "--enable-bulk-memory", "--enable-nontrapping-float-to-int", "--enable-sign-ext"])
            .args(["--enable-mutable-globals", "--enable-reference-types", "--enable-multivalue", "--enable-simd"])
            .arg(module)
            .arg("-o")
            .arg(&shrunk),
    )?;
    fs::rename(shrunk, module)?;
    Ok(())
}

fn copy_scripts(out: &Path) -> Result<()> {
    for script in files(&places::root().join("web-client/js"))? {
        if let Some(name) = script.file_name() {
            fs::copy(&script, out.join(name))?;
        }
    }
    Ok(())
}

/// A digest of everything that the package is made from.
fn inputs() -> Result<String> {
    let root = places::root();
    let mut paths = vec![root.join("Cargo.toml"), root.join("Cargo.lock")];
    for folder in ["web-client", "crates/protocol", "xtask"] {
        paths.extend(files(&root.join(folder))?);
    }
    paths.sort();
    let mut hasher = Sha256::new();
    for path in paths {
        let bytes = fs::read(&path)?;
        hasher.update(path.strip_prefix(&root).unwrap_or(&path).as_os_str().as_encoded_bytes());
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
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
