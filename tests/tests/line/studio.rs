//! The template studio in real Chromium, under the API's own headers.

use std::fs;

use anyhow::{Context, Result, ensure};
use sealmark_tests::{
    browser::Browser,
    line::{Line, program, sample},
};
use serde_json::json;
use tokio::process::Command;

/// As `fmt` lays it out.
const TEMPLATE: &str = r#"template "own" {
  text "© {tenant} · {user_id}\n{image.name}" { size = 6%min  anchor = bottom_left  plate = #0008 }
}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_written_mended_and_shown_as_the_worker_draws_it() -> Result<()> {
    let line = Line::start().await?;
    // Stored on its side, so that a mark that lies wrongly is seen.
    let photo = sample("coffee-turned.jpg");
    let template = line.folder().join("own.seal");
    fs::write(&template, TEMPLATE)?;
    let out = line.folder().join("marked");
    let mut worker = Command::new(program("watermark-worker")?);
    worker.args(["render", "--set", "user_id=ada", "--set", "tenant=acme"]);
    worker.arg("--template").arg(&template).arg(&photo).arg("--out").arg(&out);
    let rendered = worker.output().await?;
    ensure!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));

    let files = [photo.as_path(), &out.join("coffee-turned.jpg"), &template];
    let mut browser = Browser::start("studio", &line.url(), &files, line.folder())?;
    let done = browser.expect("done").await.with_context(|| line.logs())?;
    browser.finish().await?;

    assert_eq!(done["uploadPage"], json!([]), "the upload page loads what is the studio's");
    ensure!(done["module"].as_array().is_some_and(|found| !found.is_empty()), "{}", done["module"]);

    let told = &done["told"];
    let text = told["text"].as_str().unwrap_or_default();
    ensure!(text.contains("E0007") && text.contains("did you mean `bottom_right`?"), "{text}");
    ensure!(told["listed"].as_str().is_some_and(|listed| listed.contains("6:15")), "{told}");
    assert_eq!((&told["count"], &told["isInvalid"]), (&json!("1 mistake"), &json!("true")));
    assert_eq!(told["underlined"], json!(["bottom_righ"]));
    assert_eq!((&told["line"]["number"], &told["canBeSaved"]), (&json!("6"), &json!(false)));
    let below = told["line"]["below"].as_f64().context("no place")?;
    ensure!((0.0..30.0).contains(&below), "the message is {below} px below its line");

    let mended = &done["mended"];
    ensure!(mended["text"].as_str().is_some_and(|text| text.contains("= bottom_right\n")), "{mended}");
    assert_eq!((&mended["isGone"], &mended["same"]), (&json!(true), &json!({ "most": 0, "count": 0 })));
    assert_eq!(done["redone"], mended["text"]);
    ensure!(done["moved"]["count"].as_u64() > Some(1_000), "{}", done["moved"]);
    ensure!(done["held"]["count"].as_u64() > Some(1_000), "{}", done["held"]);
    assert_eq!((&done["indented"], &done["left"]), (&json!("    "), &json!(true)));

    let own = &done["own"];
    assert_eq!((&own["sameBytes"], &own["name"]), (&json!(true), &json!("coffee-turned-own.jpg")));
    ensure!(own["difference"]["most"].as_u64() <= Some(1), "{own}");
    for part in ["spliced in", "600", "stored turned (6)"] {
        ensure!(own["facts"].as_str().is_some_and(|facts| facts.contains(part)), "{part}: {own}");
    }
    let named = done["named"].to_string();
    ensure!(named.contains("tags.sale") && named.contains("key.trace"), "{named}");
    assert_eq!(done["files"], json!([["logo.svg", "good"], ["mark.png", "good"], ["none.ttf", "broken"]]));
    let examples = done["examples"].as_object().context("no examples")?;
    ensure!(examples.len() >= 5 && examples.values().all(|state| state == "right"), "{examples:?}");
    for (view, violations) in done["found"].as_object().context("nothing checked")? {
        assert_eq!(violations, &json!([]), "{view}");
    }
    ensure!(done["chinese"].as_str().is_some_and(|title| title.starts_with("模板")), "{}", done["chinese"]);
    assert_eq!(done["sent"], json!([]), "the photograph, or something else, left the device");
    assert_eq!(done["kept"], "template \"t\" { image \"mark.png\" { } }");
    Ok(())
}
