//! `cargo xtask dev`: the whole line on this machine.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::{
    places, ready, setup, shell,
    stack::{self, Stack},
    wasm,
};

/// Options of `cargo xtask dev`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Upload the sample photos by the native client, print a table and stop
    #[arg(long)]
    demo: bool,
    /// Build with optimization: slower to build, faster to run
    #[arg(long)]
    release: bool,
    /// Port of the page and the API; another free one is taken where it is in use
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Where uploads, records and logs are kept
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// Where --demo writes the versions
    #[arg(long, default_value = "data/demo")]
    out: PathBuf,
    /// Which compiler builds the browser client
    #[arg(long, value_enum, default_value = "auto")]
    wasm_toolchain: wasm::Toolchain,
}

/// Sets up, starts, and waits for Ctrl-C; or runs the demo and stops.
///
/// # Errors
/// When set-up fails, a part does not start or ends by itself, or the demo does.
pub(crate) fn run(options: &Options) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // A second Ctrl-C does not wait for us.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    setup::run(if options.demo { setup::Purpose::Demo } else { setup::Purpose::Dev })?;
    if !options.demo {
        wasm::build(&wasm::Options { toolchain: options.wasm_toolchain, force: false })?;
    }
    let programs = stack::build(options.release)?;
    let data = absolute(&options.data)?;
    fs::create_dir_all(&data)?;
    let port = if ready::is_free(options.port) { options.port } else { ready::free_port()? };
    let mut stack = stack::start(&data, port, programs, &stop)?;
    if options.demo {
        return demo(&mut stack, options);
    }
    println!(
        "\n    Sealmark runs at  {}\n\n    Logs and data: {}. Ctrl-C stops everything.\n",
        stack.url,
        data.display()
    );
    while !stop.load(Ordering::Relaxed) {
        stack.children.check()?;
        thread::sleep(Duration::from_millis(100));
    }
    println!("\n==> Stopping");
    stack.children.stop();
    println!("    Everything has stopped. What was uploaded is kept in {}.", data.display());
    Ok(())
}

fn demo(stack: &mut Stack, options: &Options) -> Result<()> {
    let out = absolute(&options.out)?;
    let table = upload_samples(stack, &out)?;
    stack.children.stop();
    println!("\n{table}\n    The versions are in {}.", out.display());
    Ok(())
}

/// Uploads the sample photos by the native client, waits for the versions, writes them to a folder, and returns the
/// table that the client prints.
///
/// # Errors
/// When a photo gets no version.
pub(crate) fn upload_samples(stack: &Stack, out: &Path) -> Result<String> {
    let mut photos: Vec<PathBuf> = fs::read_dir(places::root().join("samples"))?
        .filter_map(|entry| Some(PathBuf::from("samples").join(entry.ok()?.file_name())))
        .filter(|path| path.extension().is_some_and(|extension| extension != "md"))
        .collect();
    photos.sort();
    if photos.is_empty() {
        bail!("there are no photos in samples/");
    }
    let token = Command::new(stack.programs.join("presign-api"))
        .arg("--config")
        .arg(&stack.config)
        .args(["token", "--tenant", "demo", "--user", "demo"])
        .output()
        .context("making a token")?;
    if !token.status.success() {
        bail!("presign-api token failed:\n{}", String::from_utf8_lossy(&token.stderr));
    }
    shell::announce(&format!("Uploading {} sample photos by the native client", photos.len()), "usually five seconds");
    let done = Command::new(stack.programs.join("sealmark-upload"))
        .args(["--api", &stack.url, "--out"])
        .arg(out)
        .args(&photos)
        .current_dir(places::root())
        // Not as an argument: those are there for every process to read.
        .env("SEALMARK_TOKEN", String::from_utf8_lossy(&token.stdout).trim())
        // Its progress and its complaints are for the terminal, its table is for us.
        .stderr(Stdio::inherit())
        .output()
        .context("starting sealmark-upload")?;
    let table = String::from_utf8_lossy(&done.stdout).into_owned();
    if !done.status.success() {
        bail!("sealmark-upload ended with {}:\n{table}", done.status);
    }
    Ok(table)
}

fn absolute(path: &Path) -> Result<PathBuf> {
    Ok(env::current_dir()?.join(path))
}
