//! The npm package of the browser client: scripts bundled and minified by esbuild, the module, types and licences.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, ensure};

use crate::{places, setup, shell, wasm};

/// Scripts of the package that pages or the Worker load, and what each leaves to another of them.
const ENTRIES: [(&str, Option<&str>); 4] =
    [("index", None), ("worker", None), ("prepare", None), ("element", Some("./index.js"))];
const TYPES: [&str; 3] = ["index.d.ts", "prepare.d.ts", "element.d.ts"];
const MODULE: &str = "sealmark_web_client_bg.wasm";
const LICENSES: [&str; 3] = ["LICENSE", "LICENSE-MIT", "LICENSE-APACHE"];

/// Builds the client and packs it into `target/package`.
///
/// # Errors
/// When a step fails; what it printed is in the message.
pub(crate) fn run() -> Result<()> {
    wasm::build_one(wasm::Module::Client, &wasm::Options::default())?;
    let tarball = pack()?;
    println!("    {} is ready.", tarball.display());
    Ok(())
}

/// Packs what lies in www/pkg.
fn pack() -> Result<PathBuf> {
    setup::optimizer()?;
    let out = places::target().join("package");
    let folder = out.join("contents");
    let _ = fs::remove_dir_all(&out);
    fs::create_dir_all(&folder)?;
    for (name, leaves) in ENTRIES {
        bundle(name, leaves, &folder)?;
    }
    let (scripts, package) = (places::root().join("web-client/js"), places::root().join("web-client/package"));
    for name in TYPES {
        fs::copy(scripts.join(name), folder.join(name))?;
    }
    fs::copy(places::root().join("www/pkg").join(MODULE), folder.join(MODULE))?;
    for name in LICENSES {
        fs::copy(places::root().join(name), folder.join(name))?;
    }
    fs::copy(package.join("README.md"), folder.join("README.md"))?;
    let manifest = fs::read_to_string(package.join("package.json"))?;
    ensure!(manifest.contains(r#""version": "0.0.0""#), "package.json has no place for the version");
    let version = env!("CARGO_PKG_VERSION");
    fs::write(folder.join("package.json"), manifest.replace(r#""0.0.0""#, &format!("{version:?}")))?;
    sizes(&folder)?;
    shell::run_quietly(
        Command::new("npm").args(["pack", "--ignore-scripts", "--pack-destination"]).arg(&out).current_dir(&folder),
    )?;
    let tarball = out.join(format!("sealmark-web-client-{version}.tgz"));
    ensure!(tarball.is_file(), "npm pack made no {}", tarball.display());
    Ok(tarball)
}

fn bundle(name: &str, leaves: Option<&str>, folder: &Path) -> Result<()> {
    let mut command = Command::new("node");
    command
        .arg(places::root().join("xtask/tools/node_modules/esbuild/bin/esbuild"))
        .arg(places::root().join(format!("www/pkg/{name}.js")))
        .args(["--bundle", "--minify", "--format=esm", "--target=es2022", "--charset=utf8", "--log-level=warning"])
        .arg(format!("--outfile={}", folder.join(format!("{name}.js")).display()));
    if let Some(other) = leaves {
        command.arg(format!("--external:{other}"));
    }
    shell::run_quietly(&mut command)?;
    if name == "worker" { keep_apart(&folder.join("worker.js")) } else { Ok(()) }
}

/// Tells bundlers to leave the Worker's one `import(url)` alone; esbuild drops the comments that said so.
fn keep_apart(script: &Path) -> Result<()> {
    let text = fs::read_to_string(script)?;
    ensure!(text.matches("import(").count() == 1, "{} imports more than prepare.js", script.display());
    fs::write(script, text.replace("import(", "import(/* @vite-ignore */ /* webpackIgnore: true */ "))?;
    Ok(())
}

/// Says what a visitor loads, as servers send it: gzip.
fn sizes(folder: &Path) -> Result<()> {
    let of = |names: &[&str]| -> Result<u64> {
        names.iter().map(|name| wasm::gzip_bytes(&folder.join(name))).sum::<Result<u64>>()
    };
    let uploader = of(&["index.js", "worker.js", MODULE])?;
    let element = uploader + of(&["element.js"])?;
    let rows = [
        ("index.js, the page's part", of(&["index.js"])?),
        ("worker.js", of(&["worker.js"])?),
        (MODULE, of(&[MODULE])?),
        ("uploader in all", uploader),
        ("with <sealmark-uploader>", element),
        ("prepare.js, where an option asks for it", of(&["prepare.js"])?),
    ];
    println!("    gzip:");
    for (what, bytes) in rows {
        println!("    {:>6.1} KB  {what}", bytes as f64 / 1000.0);
    }
    Ok(())
}
