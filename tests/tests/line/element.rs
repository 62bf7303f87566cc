//! `<sealmark-uploader>` and what is done with files before they are sent, in real Chromium.

use anyhow::{Context, Result, ensure};
use sealmark_tests::{
    browser::Browser,
    line::{Line, root, sample},
};
use serde_json::{Value, json};
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_use_the_element_and_of_five_thousand_files_only_those_in_view_have_rows() -> Result<()> {
    let line = Line::start().await?;
    let files =
        [sample("rocket.jpg"), sample("astronaut.png"), sample("chelsea.png"), root().join("samples/README.md")];
    let files: Vec<_> = files.iter().map(|file| file.as_path()).collect();
    // Nothing of a file comes through, so that each state can be looked at.
    line.browser_store_proxy.allow(0);
    let mut browser = Browser::start("element", &line.url(), &files, line.folder())?;
    browser.expect("stalled").await.with_context(|| line.logs())?;
    browser.expect("online").await?;
    line.browser_store_proxy.open();
    browser.go_on().await?;
    let checked = browser.expect("checked").await.with_context(|| line.logs())?;
    browser.finish().await?;
    let found = checked["found"].as_object().context("nothing checked")?;
    assert_eq!(found.len(), 5 * 4, "five states, two schemes, two languages");
    for (view, violations) in found {
        assert_eq!(violations, &json!([]), "{view}");
    }
    assert_eq!(checked["chinese"], "选择照片");
    let odd = json!({ "options": { "concurrency": 3 }, "text": "Choose a photo", "dropped": ["a.jpg"] });
    assert_eq!(checked["odd"], odd);
    let many = &checked["many"];
    println!("5,000 files: {many}");
    assert_eq!(many["ids"], 5_000);
    ensure!(many["rows"].as_u64().is_some_and(|rows| rows < 40), "only the rows in view exist: {many}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_sniffed_stripped_and_drawn_in_the_browser() -> Result<()> {
    let line = Line::start().await?;
    let (turned, png) = (sample("coffee-turned.jpg"), sample("chelsea.png"));
    let mut browser = Browser::start("prepare", &line.url(), &[&turned, &png], line.folder())?;
    let prepared = browser.expect("prepared").await?;
    browser.finish().await?;
    let drawn = &prepared["drawn"];
    assert_eq!(drawn["shown"], json!([600, 400]), "as shown, not as stored");
    assert_eq!(drawn["thumbnail"], json!([120, 80]));
    assert_eq!(drawn["resized"], json!([300, 200]));
    assert_eq!(drawn["redrawn"], json!([600, 400, false]), "upright, and without what was in it");
    assert_eq!(drawn["header"]["orientation"], 1, "the orientation is applied, not kept");
    assert_eq!(drawn["named"], json!(["a.jpg", 5, "image/jpeg"]), "a later visit knows the file again");
    ensure!(drawn["difference"].as_u64().is_some_and(|most| most < 40), "upright and of the same colours: {drawn}");
    for same in ["strippedIsSame", "withinLimit", "again"] {
        assert_eq!(drawn[same], Value::Bool(true), "{same}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_visit_goes_on_by_the_files_handle_and_two_tabs_send_a_file_once() -> Result<()> {
    const SIZE: u64 = 48 << 20;
    let line = Line::start().await?;
    line.browser_store_proxy.allow(SIZE / 2);
    let photo = sample("rocket.jpg");
    let size = SIZE.to_string();
    let more = [("SEALMARK_SIZE", size.as_str())];
    let mut browser = Browser::start_with("uploader", &line.url(), &[&photo], line.folder(), &more)?;
    browser.expect("sending").await.with_context(|| line.logs())?;
    sealmark_tests::process::wait_for("half of the file to be sent", || async {
        (line.browser_store_proxy.sent_bytes() >= SIZE / 2).then_some(())
    })
    .await?;
    browser.go_on().await?;
    browser.expect("reloaded").await.with_context(|| line.logs())?;
    let before = line.browser_store_proxy.sent_bytes();
    line.browser_store_proxy.open();
    browser.go_on().await?;
    let ready = browser.expect("ready").await.with_context(|| line.logs())?;
    let after = line.browser_store_proxy.sent_bytes() - before;
    println!("{SIZE} bytes; {before} sent before the reload, {after} after it by the kept handle");
    ensure!(ready["resumed_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{ready}");

    let before = line.browser_store_proxy.sent_bytes();
    line.browser_store_proxy.hold();
    browser.go_on().await?;
    browser.expect("waiting").await.with_context(|| line.logs())?;
    line.browser_store_proxy.open();
    let tabs = browser.expect("tabs").await.with_context(|| line.logs())?;
    let sent = line.browser_store_proxy.sent_bytes() - before;
    assert_eq!(tabs["first"], tabs["second"], "both tabs show the same picture");
    ensure!(sent < 2 * 112_525, "{sent} bytes of a file of 112,525 were sent by two tabs");

    let told = browser.expect("told").await.with_context(|| line.logs())?;
    browser.finish().await?;
    assert_eq!(told["directory"], json!(["is_directory"]));
    assert_eq!(told["dropped"], json!(["a.jpg", "b.jpg"]), "a directory is walked, hidden files are left out");
    assert_eq!(told["twice"][0], told["twice"][1], "one picture for both");
    assert_eq!(told["twice"][0][0], "ready");
    assert_eq!(told["asked"], json!([false, true]), "one new token for all");
    assert_eq!(told["renewed"], json!(["ready"]));
    assert_eq!(
        told["broken"].as_array().map(|told| &told[..3]),
        Some(&[json!("failed"), json!("worker_failed"), json!("worker_failed")][..])
    );
    assert_eq!(told["broken"][3]["failed"], 1, "{}", told["broken"]);
    assert_eq!(told["without_database"], "ready");
    assert_eq!(told["unfinished_without_database"], json!([]));
    assert_eq!(told["limits"], json!(["type_refused", "file_too_large", "duplicate", "too_many_files", null]));
    Ok(())
}

#[tokio::test]
async fn what_needs_no_browser_holds_without_one() -> Result<()> {
    let output = Command::new("node")
        .arg("--test")
        .arg(root().join("tests/browser/prepare.test.mjs"))
        .kill_on_drop(true)
        .output()
        .await
        .context("starting node")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    Ok(())
}
