//! The page in real Chromium, through the real line.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use sealmark_protocol::{ErrorCode, FailureCode, MediaId};
use sealmark_tests::{
    browser::Browser,
    line::{Line, root, sample},
    process::wait_for,
};
use serde_json::{Value, json};

fn media_id(said: &Value) -> Result<MediaId> {
    Ok(said["media_id"].as_str().context("no media id")?.parse()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_from_the_page_to_its_version_and_still_there_later() -> Result<()> {
    let line = Line::start().await?;
    let photo = sample("astronaut.png");
    let mut browser = Browser::start("upload", &line.url(), &[&photo], line.folder())?;
    let ready = browser.expect("ready").await.with_context(|| line.logs())?;
    assert_eq!((&ready["pixels"]["width"], &ready["pixels"]["height"]), (&json!(512), &json!(512)));
    let text = ready["text"].as_str().unwrap_or_default();
    ensure!(text.contains("astronaut.png"), "the card names the file: {text}");
    let kept = browser.expect("kept").await.with_context(|| line.logs())?;
    assert_eq!(kept["pixels"]["width"], 512);
    browser.finish().await?;
    let record = line.catalogue().await?.media(media_id(&ready)?).await?.context("no record")?;
    assert_eq!(record.current.map(|current| current.version), Some(1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_in_the_middle_goes_on_where_it_was() -> Result<()> {
    const SIZE: u64 = 96 << 20;
    let line = Line::start().await?;
    let mut bytes = std::fs::read(sample("rocket.jpg"))?;
    bytes.resize(SIZE as usize, 0xa5);
    let file = line.folder().join("large.jpg");
    std::fs::write(&file, bytes)?;
    // The link to the store stalls after half of the file, so the reload surely comes in the middle.
    line.browser_store_proxy.allow(SIZE / 2);
    let mut browser = Browser::start("reload", &line.url(), &[&file], line.folder())?;
    browser.expect("uploading").await.with_context(|| line.logs())?;
    wait_for("half of the file to be sent", || async {
        (line.browser_store_proxy.sent_bytes() >= SIZE / 2).then_some(())
    })
    .await?;
    browser.go_on().await?;
    browser.expect("reloaded").await?;
    let before = line.browser_store_proxy.sent_bytes();
    line.browser_store_proxy.open();
    browser.go_on().await?;
    let ready = browser.expect("ready").await.with_context(|| line.logs())?;
    browser.finish().await?;
    let after = line.browser_store_proxy.sent_bytes() - before;
    println!("{SIZE} bytes; {before} sent before the reload, {after} after it");
    // Half of it was there but for the parts in flight: at most six of 8 MiB.
    ensure!(after <= SIZE / 2 + (6 << 23) + (1 << 20), "{after} of {SIZE} bytes were sent after the reload");

    let catalogue = line.catalogue().await?;
    let record = catalogue.media(media_id(&ready)?).await?.context("no record")?;
    assert_eq!(record.current.map(|current| current.version), Some(1));
    assert_eq!(record.size_bytes, SIZE);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_fails_clearly_in_both_languages() -> Result<()> {
    let line = Line::start().await?;
    let file = line.folder().join("notes.jpg");
    std::fs::copy(root().join("samples/README.md"), &file)?;
    let mut browser = Browser::start("failure", &line.url(), &[&file], line.folder())?;
    let failed = browser.expect("failed").await.with_context(|| line.logs())?;
    browser.finish().await?;
    assert_eq!(failed["code"], "unsupported_format");
    let (english, chinese) = (failed["english"].as_str().unwrap_or(""), failed["chinese"].as_str().unwrap_or(""));
    ensure!(english.len() > 20 && chinese.chars().any(|letter| letter > '\u{4e00}'), "{english} / {chinese}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_use_the_page() -> Result<()> {
    let line = Line::start().await?;
    let photo = sample("rocket.jpg");
    let mut browser = Browser::start("accessibility", &line.url(), &[&photo], line.folder())?;
    let checked = browser.expect("checked").await.with_context(|| line.logs())?;
    browser.finish().await?;
    for (view, violations) in checked["found"].as_object().context("nothing checked")? {
        assert_eq!(violations, &json!([]), "{view}");
    }
    Ok(())
}

#[test]
fn both_languages_say_everything() -> Result<()> {
    let clients_own =
        ["network", "store_refused", "file_changed", "file_unreadable", "no_token", "bad_answer", "worker_failed"];
    let codes: Vec<&str> = ErrorCode::ALL
        .iter()
        .map(|code| code.as_str())
        .chain(FailureCode::ALL.iter().map(|code| code.as_str()))
        .chain(clients_own)
        .collect();
    let mut node = Command::new("node")
        .arg(root().join("tests/browser/languages.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .context("starting node")?;
    node.stdin.take().context("no standard input")?.write_all(codes.join("\n").as_bytes())?;
    let output = node.wait_with_output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    Ok(())
}
