//! The packed npm package, used from outside of the workspace.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use sealmark_tests::{
    browser::Browser,
    line::{Line, Options, program, root, sample},
    process::free_port,
};
use tokio::process::Command;

/// What `cargo xtask package` made; its folder is beside that of the programs.
fn tarball() -> Result<PathBuf> {
    let target = program("presign-api")?.ancestors().nth(2).context("no target folder")?.to_owned();
    let folder = target.join("package");
    let packed = fs::read_dir(&folder).with_context(|| format!("{}: run `cargo xtask package`", folder.display()))?;
    let mut files = packed.filter_map(|entry| Some(entry.ok()?.path()));
    files.find(|path| path.extension().is_some_and(|end| end == "tgz")).context("no packed package")
}

async fn npm(folder: &Path, arguments: &[&str]) -> Result<()> {
    let output = Command::new("npm").args(arguments).current_dir(folder).kill_on_drop(true).output().await?;
    ensure!(
        output.status.success(),
        "npm {arguments:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// The samples as they are in the repository, without what a run has left there.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        if path.is_file() {
            fs::copy(&path, to.join(name))?;
        } else if name != "node_modules" && name != "dist" {
            copy(&path, &to.join(name))?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sample_is_built_from_the_packed_package_and_takes_a_photo_to_its_version() -> Result<()> {
    let outside = tempfile::Builder::new().prefix("sealmark-samples-").tempdir()?;
    let samples = outside.path().join("samples");
    copy(&root().join("web-client/package/samples"), &samples)?;
    npm(&samples, &["ci", "--ignore-scripts"]).await?;
    let packed = tarball()?.display().to_string();
    npm(&samples, &["install", "--no-save", "--ignore-scripts", &packed]).await?;
    // Types first: `tsc --strict` over the samples and over what they do not use.
    npm(&samples, &["run", "check"]).await?;
    npm(&samples, &["run", "build"]).await?;

    let origin = format!("http://127.0.0.1:{}", free_port()?);
    let settings = vec![("http", "origins", format!("[{origin:?}]"))];
    let line = Line::start_with(Options { settings, ..Options::default() }).await?;
    let (photo, text) = (sample("rocket.jpg"), root().join("samples/README.md"));
    let environment = [("SEALMARK_API", &*line.url()), ("SEALMARK_START", "about:blank")];
    let files = [samples.as_path(), &photo, &text];
    let mut browser = Browser::start_with("package", &origin, &files, line.folder(), &environment)?;
    let done = browser.expect("done").await.with_context(|| line.logs())?;
    browser.finish().await?;
    for name in ["plain", "react", "vue"] {
        assert_eq!(done[name]["ready"], 1, "{done}");
    }
    Ok(())
}

#[test]
fn the_readme_shows_the_samples_own_code() -> Result<()> {
    let package = root().join("web-client/package");
    let readme = fs::read_to_string(package.join("README.md"))?;
    let mut shown = 0;
    for rest in readme.split("<!-- samples/").skip(1) {
        let (name, rest) = rest.split_once(" -->\n```").context("a mark without a block")?;
        let (_, code) = rest.split_once('\n').context("no language")?;
        let (code, _) = code.split_once("```").context("a block without an end")?;
        assert_eq!(code, fs::read_to_string(package.join("samples").join(name))?, "{name}");
        shown += 1;
    }
    assert_eq!(shown, 5);
    Ok(())
}
