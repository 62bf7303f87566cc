//! What lies below a prefix: all pages, every name, and read as it was listed.

use anyhow::{Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use sealmark_storage::{KeyPrefix, StorageError};
use sealmark_tests::bucket::Bucket;

use crate::suite::Suite;

pub(crate) async fn all_pages(suite: &Suite<'_>) -> Result<()> {
    let (bucket, prefix): (_, KeyPrefix) = (Bucket::new(&suite.config), "pages/".parse()?);
    // A page has at most 1,000.
    let names: Vec<String> = (0..1_020).map(|number| format!("in/{number:04}.png")).collect();
    let put = |name: String| {
        let bucket = bucket.clone();
        async move { bucket.put(&format!("pages/{name}"), name).await }
    };
    let written = stream::iter(names.clone()).map(put);
    written.buffer_unordered(16).try_collect::<()>().await?;
    // The prefix is a folder's name, not the beginning of one.
    bucket.put("pages2/other.png", "x").await?;

    let found = suite.store.list(&prefix, 2_000).await?;
    ensure!(found.iter().map(|listed| &listed.name).eq(&names), "{} of {} names", found.len(), names.len());
    ensure!(found.iter().all(|listed| listed.size_bytes == 11 && listed.etag.starts_with('"')), "{:?}", found[0]);
    let first = suite.store.list(&prefix, 10).await?;
    ensure!((11..=1_000).contains(&first.len()), "{} names, where more than 10 are enough", first.len());
    ensure!(suite.store.list(&"nothing/".parse()?, 10).await?.is_empty(), "something below nothing");
    Ok(())
}

pub(crate) async fn every_name(suite: &Suite<'_>) -> Result<()> {
    let (bucket, prefix): (_, KeyPrefix) = (Bucket::new(&suite.config), "names ü/".parse()?);
    let names = ["100%.png", "a b.png", "a+b.png", "a%2Bb.png", "q?&=#.png", "ü/é.png"];
    for name in names {
        bucket.put(&format!("{prefix}{name}"), name).await?;
    }
    let found = suite.store.list(&prefix, 100).await?;
    let mut listed: Vec<&str> = found.iter().map(|listed| listed.name.as_str()).filter(|n| !n.ends_with('/')).collect();
    let mut wanted = names.to_vec();
    listed.sort_unstable();
    wanted.sort_unstable();
    ensure!(listed == wanted, "{listed:?}");
    for listed in found.iter().filter(|listed| !listed.name.ends_with('/')) {
        let bytes = suite.store.get_listed(&prefix, listed, 100).await?;
        ensure!(bytes == listed.name, "{}: {bytes:?}", listed.name);
    }
    Ok(())
}

pub(crate) async fn as_it_was_listed(suite: &Suite<'_>) -> Result<()> {
    let (bucket, prefix): (_, KeyPrefix) = (Bucket::new(&suite.config), "changes/".parse()?);
    bucket.put("changes/a.svg", "one").await?;
    let before = suite.store.list(&prefix, 10).await?.remove(0);
    ensure!(suite.store.list(&prefix, 10).await?[0] == before, "the same object has another etag");
    bucket.put("changes/a.svg", "two").await?;
    let stale = suite.store.get_listed(&prefix, &before, 10).await;
    ensure!(matches!(stale, Err(StorageError::Conflict { .. })), "{stale:?}");
    let now = suite.store.list(&prefix, 10).await?.remove(0);
    ensure!(now.etag != before.etag, "{now:?}");
    let over = suite.store.get_listed(&prefix, &now, 2).await;
    ensure!(matches!(over, Err(StorageError::TooLarge { .. })), "{over:?}");
    bucket.delete("changes/a.svg").await?;
    ensure!(suite.store.list(&prefix, 10).await?.is_empty(), "it is still there");
    let gone = suite.store.get_listed(&prefix, &now, 10).await;
    ensure!(matches!(gone, Err(StorageError::NotFound { .. })), "{gone:?}");
    Ok(())
}
