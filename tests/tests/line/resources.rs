//! Fonts, pictures, keys and included templates of a running worker, and what happens when one of them changes.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use sealmark_protocol::MediaState;
use sealmark_tests::{
    client::ApiClient,
    line::{Line, Options, program, root, sample},
    process::wait_for,
};

const KEY: &str = "000102030405060708090a0b0c0d0e0f";

const SHOP: &str = r#"template "shop" {
  include "brand"
  text "{tenant} {hmac(key.trace, user_id):.8}" { font = "Noto Sans"  size = 5%h  opacity = 100% }
}"#;

const BRAND: &str = r#"template "brand" { image "in/logo.svg" { scale = 20%w  anchor = top_left  opacity = 100% } }"#;

pub(super) fn logo(color: &str) -> String {
    let path = format!(r#"<path fill="{color}" d="M0 0h20v20H0z"/>"#);
    format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">{path}</svg>"#)
}

pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(path.parent().context("no folder")?)?;
    // As editors do it: the worker never sees half of a file.
    let draft = path.with_extension("draft");
    fs::write(&draft, text)?;
    Ok(fs::rename(draft, path)?)
}

/// Uploads the photo as a tenant's user; the digest of its version.
pub(super) async fn version(line: &Line, tenant: &str) -> Result<String> {
    let client = ApiClient::new(line.http.clone(), line.url(), line.token(tenant, "u-7")?);
    let uploaded = client.upload("rocket.jpg", &fs::read(sample("rocket.jpg"))?).await?;
    let catalogue = line.catalogue().await?;
    let record = line.wait_for_media(&catalogue, uploaded.media_id, "the version", |record| record.state.is_final());
    let record = record.await?;
    ensure!(record.state == MediaState::Ready, "{record:?}\n{}", line.logs());
    Ok(record.current.context("no version")?.digest)
}

/// Waits until the worker has said something so often.
pub(super) async fn said(line: &mut Line, what: &str, times: usize) -> Result<()> {
    let logs: Vec<_> = line.workers().iter().map(|worker| worker.log().to_owned()).collect();
    wait_for(what, || {
        let text: String = logs.iter().filter_map(|log| fs::read_to_string(log).ok()).collect();
        async move { (text.matches(what).count() >= times).then_some(()) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tenant_gets_its_own_and_changes_are_taken_over_as_a_whole() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    write(&path("templates/shop.seal"), SHOP)?;
    write(&path("templates/brand.seal"), BRAND)?;
    write(&path("assets/in/logo.svg"), &logo("#f00"))?;
    write(&path("tenants/acme/assets/in/logo.svg"), &logo("#00f"))?;
    fs::create_dir_all(path("fonts"))?;
    fs::copy(root().join("crates/watermark-render/tests/fonts/NotoSans-Bold.ttf"), path("fonts/bold.ttf"))?;
    let setting = |key, name: &str| ("worker", key, format!("{:?}", path(name).display().to_string()));
    let settings = vec![
        setting("template", "templates/shop.seal"),
        setting("fonts", "fonts"),
        setting("assets", "assets"),
        setting("tenants", "tenants"),
        ("worker", "keys", format!("{{ trace = {KEY:?} }}")),
    ];
    let mut line = Line::start_with(Options { settings, ..Options::default() }).await?;

    let (acme, eco) = (version(&line, "acme").await?, version(&line, "eco").await?);
    ensure!(acme != eco, "two tenants, two logos");
    assert_eq!(version(&line, "eco").await?, eco, "the same again");
    let key = format!("trace={KEY}");
    let arguments = ["--template", "templates/shop.seal", "--fonts", "fonts", "--assets", "assets", "--key", &key];
    assert_eq!(on_the_command_line(folder.path(), &arguments).await?, eco, "the command line renders the same bytes");

    write(&path("assets/in/logo.svg"), &logo("#0f0"))?;
    said(&mut line, "the change is in force", 1).await?;
    let green = version(&line, "eco").await?;
    ensure!(green != eco, "the shared logo has changed");
    assert_eq!(version(&line, "acme").await?, acme, "acme's own has not");

    write(&path("templates/brand.seal"), "template \"brand\" { image \"gone.png\" { } }")?;
    said(&mut line, "what was before the change stays in force", 1).await?;
    said(&mut line, "there is no picture `gone.png`", 1).await?;
    assert_eq!(version(&line, "eco").await?, green);

    write(&path("templates/brand.seal"), "template \"brand\" { }")?;
    said(&mut line, "the change is in force", 2).await?;
    ensure!(version(&line, "eco").await? != green, "the logo is gone");

    let logs: String = line.workers().iter().filter_map(|worker| fs::read_to_string(worker.log()).ok()).collect();
    assert_eq!(logs.matches("stays in force").count(), 1, "a broken edit is one report:\n{logs}");
    ensure!(!logs.contains(KEY), "the log shows a key");
    Ok(())
}

/// The digest of what `watermark-worker render` makes of the same photo for eco's user, with more arguments, in a folder.
pub(super) async fn on_the_command_line(folder: &Path, arguments: &[&str]) -> Result<String> {
    let output = tokio::process::Command::new(program("watermark-worker")?)
        .args(["render", "--set", "user_id=u-7", "--set", "tenant=eco", "--out", "out"])
        .args(arguments)
        .arg(sample("rocket.jpg"))
        .current_dir(folder)
        .output()
        .await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let bytes = fs::read(folder.join("out/rocket.jpg"))?;
    Ok(sealmark_protocol::Sha256Digest::of(&bytes).to_hex())
}
