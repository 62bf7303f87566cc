//! The compilers that build for wasm32: rustup's or Debian's, each with a standard library made small where it can be.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;
use clap::ValueEnum;

use crate::{apt, places, shell};

pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// Which compiler builds for wasm32.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Toolchain {
    /// rustup's where it has the target or can get it, else Debian's
    #[default]
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

/// What the module may take for granted, and how much of the standard library it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Build {
    pub(super) toolchain: Toolchain,
    /// 128-bit SIMD, which every browser has had since March 2023.
    pub(super) simd: bool,
    /// Whether the standard library is built too: for size, and with panics that only stop the module.
    pub(super) std: bool,
}

impl Build {
    /// As it is shipped: with SIMD, and with a small standard library where its source can be had.
    pub(super) fn shipped(toolchain: Toolchain) -> Self {
        Self { toolchain, simd: true, std: toolchain == Toolchain::Debian || standard_library() }
    }

    /// With the standard library as it comes, where it comes at all.
    pub(super) fn plain(toolchain: Toolchain) -> Self {
        Self { toolchain, simd: true, std: toolchain == Toolchain::Debian }
    }

    /// A cargo command in a target folder of its own, for two compilers in one would undo each other's work.
    pub(super) fn cargo(self, what: &str) -> Command {
        let mut command = match self.toolchain {
            Toolchain::Debian => {
                let mut command = Command::new("/usr/bin/cargo");
                command.env("RUSTC", "/usr/bin/rustc");
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
        let mut flags = Vec::new();
        if self.simd {
            flags.push("-Ctarget-feature=+simd128");
        }
        if self.std {
            // A panic's message would cost a fifth of the module, and nobody would see it.
            flags.extend(["-Zunstable-options", "-Cpanic=immediate-abort"]);
            command
                .env("RUSTC_BOOTSTRAP", "1")
                .args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]);
        }
        command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
        command
    }

    /// Where a package's module lies once built.
    pub(super) fn module(self, package: &str) -> PathBuf {
        let file = format!("{}.wasm", package.replace('-', "_"));
        places::target().join("wasm").join(TARGET).join("wasm-release").join(file)
    }
}

/// Whether rustup's standard library can be built here: its source is there or can be got, and so can the crates
/// that it is made from. Without it the module is a fifth larger and works the same.
fn standard_library() -> bool {
    let Some(sysroot) = shell::first_line("rustc", &["--print", "sysroot"]) else { return false };
    let manifest = Path::new(&sysroot).join("lib/rustlib/src/rust/library/Cargo.toml");
    if !manifest.exists() && shell::run_quietly(Command::new("rustup").args(["component", "add", "rust-src"])).is_err()
    {
        println!("    rustup cannot download rust-src here; the module carries the standard library as it comes.");
        return false;
    }
    let mut fetch = Command::new("cargo");
    fetch.args(["fetch", "--quiet", "--locked", "--target", TARGET, "--manifest-path"]).arg(manifest);
    let is_there = shell::run_quietly(fetch.env("RUSTC_BOOTSTRAP", "1")).is_ok();
    if !is_there {
        println!("    The standard library's own crates cannot be had; the module carries it as it comes.");
    }
    is_there
}
