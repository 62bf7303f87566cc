//! `cargo xtask test`: sets up, builds, and runs every test.

use std::{env, process::Command};

use anyhow::{Result, bail};
use clap::Args;

use crate::{corpus, package, places, setup, shell, wasm};

/// Options of `cargo xtask test`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only tests whose name contains this
    filter: Option<String>,
    /// Only this package
    #[arg(short, long)]
    package: Option<String>,
    /// Show what passing tests print
    #[arg(long)]
    nocapture: bool,
}

/// Runs the tests.
///
/// # Errors
/// When set-up, build or a test fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    setup::run(setup::Purpose::Test)?;
    package::run()?;
    wasm::build_one(wasm::Module::Studio, &wasm::Options::default())?;
    let module = wasm::build_bench(true)?;
    let minio = places::bin().join("minio").exists();
    if !minio {
        if env::var_os("CI").is_some() {
            bail!("CI runs both stores, and MinIO is missing: install a newer Go");
        }
        println!(
            "\n*** SKIPPED: every test on MinIO, for there is no Go that can build it. SeaweedFS is tested. ***\n"
        );
    }
    shell::announce("Building the services that the tests start", "usually five minutes the first time");
    shell::run(
        Command::new("cargo")
            .args(["build", "--quiet", "--locked", "--workspace", "--bins"])
            .current_dir(places::root()),
    )?;
    shell::announce("Running the tests", "usually a few minutes");
    let mut command = Command::new("cargo");
    // One run tells all that is wrong.
    command.args(["test", "--locked", "--no-fail-fast"]).current_dir(places::root());
    match &options.package {
        Some(package) => command.args(["--package", package]),
        None => command.arg("--workspace"),
    };
    command.env("SEALMARK_BIN", places::target().join("debug"));
    command.env("SEALMARK_BENCH_MODULE", module);
    command.envs(corpus::prepare()?.variables());
    command.env("SEALMARK_WEED", places::bin().join("weed"));
    if minio {
        command.env("SEALMARK_MINIO", places::bin().join("minio"));
    } else {
        command.env("SEALMARK_SKIP_MINIO", "1");
    }
    command.arg("--");
    command.args(options.filter.as_deref());
    if options.nocapture {
        command.arg("--nocapture");
    }
    shell::run(&mut command)
}
