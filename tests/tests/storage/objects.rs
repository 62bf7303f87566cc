//! Whole objects: written once, read within limits, shown to those who hold a URL.

use anyhow::{Context, Result, ensure};
use sealmark_storage::{ObjectKey, StorageError};

use crate::suite::{Suite, TTL, noise, raw_key, version_key};

pub(crate) async fn write_once(suite: &Suite<'_>) -> Result<()> {
    let bytes = noise(11, 300_000);
    let key = suite.publish(&bytes).await?;
    let first = suite.store.head(&key).await?.context("the version is not there")?;
    suite.store.put_immutable(&key, bytes.clone()).await?;
    let second = suite.store.head(&key).await?.context("the version is gone")?;
    ensure!(first == second, "{first:?} became {second:?}");
    ensure!(first.size_bytes == 300_000 && first.content_type == "image/jpeg", "{first:?}");

    let wrong = suite.store.put_immutable(&key, noise(12, 300_000)).await;
    ensure!(matches!(wrong, Err(StorageError::BadDigest { .. })), "{wrong:?}");
    ensure!(suite.store.get(&key, None, 300_000).await? == bytes, "other bytes got in under the digest");
    let raw = suite.store.put_immutable(&raw_key(), bytes).await;
    ensure!(matches!(raw, Err(StorageError::NotImmutable { .. })), "{raw:?}");
    Ok(())
}

pub(crate) async fn limits(suite: &Suite<'_>) -> Result<()> {
    let bytes = noise(13, 200_000);
    let key = suite.publish(&bytes).await?;
    ensure!(suite.store.get(&key, None, 200_000).await? == bytes, "other bytes came back");
    let stale = suite.store.get(&key, Some("\"00000000000000000000000000000000\""), 200_000).await;
    ensure!(matches!(stale, Err(StorageError::Conflict { .. })), "an object of another etag: {stale:?}");
    let over = suite.store.get(&key, None, 199_999).await;
    ensure!(matches!(over, Err(StorageError::TooLarge { limit_bytes: 199_999, .. })), "{over:?}");
    let empty = suite.publish(&noise(0, 0)).await?;
    ensure!(suite.store.get(&empty, None, 0).await?.is_empty(), "nothing came back as something");
    Ok(())
}

pub(crate) async fn missing(suite: &Suite<'_>) -> Result<()> {
    for key in [raw_key(), version_key(b"nothing")] {
        ensure!(suite.store.head(&key).await?.is_none(), "{key} is there");
        let read = suite.store.get(&key, None, 10).await;
        ensure!(matches!(read, Err(StorageError::NotFound { .. })), "{read:?}");
        suite.store.delete(&key).await?;
    }
    let key: ObjectKey = suite.publish(&noise(14, 10)).await?;
    suite.store.delete(&key).await?;
    suite.store.delete(&key).await?;
    ensure!(suite.store.head(&key).await?.is_none(), "{key} is still there");
    Ok(())
}

pub(crate) async fn presigned_get(suite: &Suite<'_>) -> Result<()> {
    let bytes = noise(15, 1000);
    let key = suite.publish(&bytes).await?;
    let signed = suite.store.presign_get(&key, TTL, Some("K\u{e4}se \"1\"*.jpg")).await?;
    ensure!(signed.headers.is_empty(), "a link cannot send headers: {signed:?}");
    let answer = suite.http.get(signed.url.as_str()).send().await?;
    ensure!(answer.status() == 200, "{}", answer.status());
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("content-disposition", "inline; filename*=UTF-8''K%C3%A4se%20%221%22%2A.jpg"),
    ] {
        let seen = answer.headers().get(name).and_then(|value| value.to_str().ok());
        ensure!(seen == Some(value), "{name} is {seen:?}");
    }
    ensure!(answer.bytes().await? == bytes, "other bytes came back");
    let renamed = signed.url.as_str().replace("inline", "attachment");
    let status = suite.http.get(renamed).send().await?.status();
    ensure!(status == 403, "another disposition answered {status}");
    Ok(())
}
