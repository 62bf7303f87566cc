//! Fonts and pictures from the bucket: taken over as a whole while the worker runs, beside those of its folders.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use sealmark_tests::{
    bucket::Bucket,
    line::{Line, Options, root},
    process::wait_for,
};

use super::resources::{logo, on_the_command_line, said, version, write};

const SHOP: &str = r#"template "shop" {
  image "in/logo.svg" { scale = 20%w  anchor = top_left  opacity = 100% }
  text "{tenant}" { font = "Noto Sans"  size = 5%h  opacity = 100% }
}"#;

const LOGO: &str = "marks/assets/in/logo.svg";
const IN_FORCE: &str = "the change is in force";
const STAYS: &str = "what was before the change stays in force";

fn font() -> Result<Vec<u8>> {
    Ok(fs::read(root().join("crates/watermark-render/tests/fonts/NotoSans-Bold.ttf"))?)
}

/// A line without a worker, whose workers look below `marks/` every second.
async fn line(folder: &Path) -> Result<(Line, Bucket)> {
    write(&folder.join("shop.seal"), SHOP)?;
    fs::create_dir_all(folder.join("assets"))?;
    let path = |name: &str| format!("{:?}", folder.join(name).display().to_string());
    let settings = vec![
        ("worker", "template", path("shop.seal")),
        ("worker", "assets", path("assets")),
        ("resources", "prefix", "\"marks/\"".to_owned()),
        ("resources", "interval_s", "1".to_owned()),
        ("resources", "max_objects", "8".to_owned()),
        ("resources", "max_object_bytes", "10000".to_owned()),
        ("resources", "max_total_bytes", "15000".to_owned()),
    ];
    let line = Line::start_with(Options { settings, workers: 0, ..Options::default() }).await?;
    let bucket = Bucket::new(&line.store_config());
    Ok((line, bucket))
}

fn logs(line: &mut Line) -> String {
    line.workers().iter().filter_map(|worker| fs::read_to_string(worker.log()).ok()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn resources_of_the_bucket_are_taken_over_as_a_whole() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (mut line, bucket) = line(folder.path()).await?;
    bucket.put("marks/fonts/bold.ttf", font()?).await?;
    bucket.put(LOGO, logo("#f00")).await?;
    bucket.put("marks/logo.png", "in no folder").await?;
    bucket.put("marks/readme.txt", "no picture").await?;
    line.start_worker()?;
    let red = version(&line, "eco").await?;
    let below = |name: &str| folder.path().join("copy").join(name);
    write(&below("assets/in/logo.svg"), &logo("#f00"))?;
    fs::create_dir_all(below("fonts"))?;
    fs::write(below("fonts/bold.ttf"), font()?)?;
    let arguments = ["--template", "shop.seal", "--fonts", "copy/fonts", "--assets", "copy/assets"];
    assert_eq!(on_the_command_line(folder.path(), &arguments).await?, red, "what lies in folders gives the same bytes");

    bucket.put(LOGO, logo("#0f0")).await?;
    said(&mut line, IN_FORCE, 1).await?;
    let green = version(&line, "eco").await?;
    ensure!(green != red, "the logo has changed");

    let acme = version(&line, "acme").await?;
    bucket.put("marks/tenants/acme/assets/in/logo.svg", logo("#00f")).await?;
    said(&mut line, IN_FORCE, 2).await?;
    ensure!(version(&line, "acme").await? != acme, "acme has its own logo");
    assert_eq!(version(&line, "eco").await?, green, "the others have not");

    bucket.put(LOGO, "<svg").await?;
    said(&mut line, STAYS, 1).await?;
    said(&mut line, "/marks/assets/in/logo.svg cannot be used", 1).await?;
    assert_eq!(version(&line, "eco").await?, green, "a broken one changes nothing");
    bucket.put("marks/assets/large.png", vec![0; 10_001]).await?;
    said(&mut line, "/marks/assets/large.png has 10001 bytes; at most 10000 are read", 1).await?;
    bucket.put("marks/assets/large.png", vec![0; 9_000]).await?;
    said(&mut line, "bytes; at most 15000 are read", 1).await?;
    bucket.delete("marks/assets/large.png").await?;
    for number in 0..8 {
        bucket.put(&format!("marks/{number}.txt"), "").await?;
    }
    said(&mut line, "/marks/ are more than 8 objects", 1).await?;
    assert_eq!(version(&line, "eco").await?, green, "neither does one that is too large, nor too many");
    for number in 0..8 {
        bucket.delete(&format!("marks/{number}.txt")).await?;
    }

    bucket.put(LOGO, logo("#f00")).await?;
    said(&mut line, IN_FORCE, 3).await?;
    assert_eq!(version(&line, "eco").await?, red, "the same objects, the same bytes");
    write(&folder.path().join("assets/in/logo.svg"), &logo("#ff0"))?;
    said(&mut line, IN_FORCE, 4).await?;
    ensure!(![red, green].contains(&version(&line, "eco").await?), "the folder goes before the bucket");

    let logs = logs(&mut line);
    ensure!(
        logs.contains("new=2 all=2") && logs.contains("new=1 all=2"),
        "what is the same is not fetched again:\n{logs}"
    );
    for code in ["broken_resource", "too_large", "too_many"] {
        ensure!(logs.contains(&format!("code=\"{code}\"")), "no code {code}:\n{logs}");
    }
    assert_eq!(logs.matches("an object is ignored: it lies neither in fonts/").count(), 1, "{logs}");
    assert_eq!(logs.matches(STAYS).count(), 4, "what is broken is one report:\n{logs}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn resources_of_a_bucket_that_is_away_are_waited_for() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (mut line, bucket) = line(folder.path()).await?;
    bucket.put("marks/fonts/bold.ttf", font()?).await?;
    bucket.put(LOGO, logo("#f00")).await?;

    line.worker_store_proxy.cut();
    line.start_worker()?;
    said(&mut line, "the worker waits for the store", 1).await?;
    let mut worker = line.workers().pop().context("no worker")?;
    assert_eq!(worker.stop()?, Some(0), "one that waits can be stopped");

    line.start_worker()?;
    said(&mut line, "the worker waits for the store", 2).await?;
    line.worker_store_proxy.open();
    let red = version(&line, "eco").await?;

    line.worker_store_proxy.cut();
    said(&mut line, STAYS, 1).await?;
    bucket.put(LOGO, logo("#0f0")).await?;
    line.worker_store_proxy.open();
    said(&mut line, IN_FORCE, 1).await?;
    ensure!(version(&line, "eco").await? != red, "the logo has changed");
    let logs = logs(&mut line);
    assert_eq!(logs.matches("can be had again").count(), 2, "{logs}");

    bucket.put("marks/assets/large.png", vec![0; 10_001]).await?;
    line.workers().clear();
    line.start_worker()?;
    // Nothing that waiting would mend.
    wait_for("the worker to give up", || {
        let gone = line.workers().iter_mut().any(|worker| worker.check().is_err());
        async move { gone.then_some(()) }
    })
    .await?;
    said(&mut line, "large.png has 10001 bytes", 1).await
}
