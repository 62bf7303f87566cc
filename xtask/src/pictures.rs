//! `cargo xtask pictures`: what the documents show, made anew from a real run.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use anyhow::{Context, Result};

use crate::{dev, places, ready, setup, shell, stack, wasm};

const BEGIN: &str = "<!-- made by `cargo xtask pictures`: demo -->\n";
const END: &str = "<!-- end -->";

/// Draws the template reference's pictures, runs the line in a folder of its own, takes the page's pictures and puts the demo's output into the README.
///
/// # Errors
/// When a step fails.
pub(crate) fn run() -> Result<()> {
    setup::run(setup::Purpose::Test)?;
    wasm::build(&wasm::Options::default())?;
    let programs = stack::build(false)?;
    let root = places::root();
    shell::announce("Drawing the pictures of docs/templates.md", "usually a minute");
    shell::run(
        Command::new("cargo")
            .args(["test", "--locked", "-p", "sealmark-watermark-render", "--test", "gallery"])
            .env("SEALMARK_UPDATE_GOLDENS", "1"),
    )?;
    let data = places::target().join("pictures");
    let _ = fs::remove_dir_all(&data);
    fs::create_dir_all(&data)?;
    let mut stack = stack::start(&data, ready::free_port()?, programs, &Arc::default())?;

    shell::announce("Taking the pages' pictures", "usually ten seconds");
    let samples = root.join("samples");
    let photos = ["rocket.jpg", "coffee-turned.jpg", "astronaut.png"].map(|name| samples.join(name));
    for (script, photos) in [("screenshot.mjs", &photos[..]), ("studio_screenshot.mjs", &[])] {
        shell::run(
            Command::new("node")
                .arg(root.join("tests/browser").join(script))
                .arg(root.join("docs/pictures"))
                .args(photos)
                .env("SEALMARK_URL", &stack.url)
                .env("SEALMARK_OUT", &data)
                .stdin(Stdio::null()),
        )?;
    }
    let table = dev::upload_samples(&stack, &data.join("out"))?;
    stack.children.stop();
    put_into_readme(&root.join("README.md"), &table)
}

fn put_into_readme(readme: &Path, table: &str) -> Result<()> {
    let text = fs::read_to_string(readme)?;
    let (before, rest) = text.split_once(BEGIN).context("README.md has no place for the demo's output")?;
    let (_, after) = rest.split_once(END).context("the place for the demo's output has no end")?;
    let made = format!("{before}{BEGIN}```console\n$ cargo xtask dev --demo\n{table}```\n{END}{after}");
    fs::write(readme, made)?;
    Ok(())
}
