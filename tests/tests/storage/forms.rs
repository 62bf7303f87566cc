//! Forms (POST policies): one object, exactly these bytes, nothing else and not for long.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Result, ensure};
use bytes::Bytes;
use sealmark_protocol::{ByteRange, Checksum, Crc64Nvme, Sha256Digest};
use sealmark_storage::{PresignedForm, StorageError};
use sealmark_tests::{client::form_body, process::wait_for};

use crate::suite::{ORIGIN, Suite, TTL, noise, raw_key};

const TYPE: Option<&str> = Some("image/jpeg");

async fn post(suite: &Suite<'_>, form: &PresignedForm, bytes: &Bytes) -> Result<u16> {
    post_fields(suite, form.url.as_str(), &form.fields, bytes).await
}

async fn post_fields(suite: &Suite<'_>, url: &str, fields: &BTreeMap<String, String>, bytes: &Bytes) -> Result<u16> {
    let (kind, body) = form_body(fields, bytes);
    Ok(suite.http.post(url).header("content-type", kind).body(body).send().await?.status().as_u16())
}

fn checksums(bytes: &[u8]) -> [Checksum; 2] {
    [Checksum::Sha256(Sha256Digest::of(bytes)), Checksum::Crc64nvme(Crc64Nvme::of(bytes))]
}

pub(crate) async fn the_signed_bytes_and_no_others(suite: &Suite<'_>) -> Result<()> {
    let bytes = noise(30, 70_000);
    let mut changed = bytes.to_vec();
    changed[69_999] ^= 1;
    let changed = Bytes::from(changed);
    for checksum in checksums(&bytes) {
        let key = raw_key();
        let form = suite.store.presign_form(&key, TYPE, 70_000..=70_000, &checksum, TTL)?;
        let status = post(suite, &form, &changed).await?;
        ensure!(status == 400, "{checksum:?}: a changed byte answered {status}");
        for field in ["x-amz-checksum-sha256", "x-amz-checksum-crc64nvme"] {
            let Some(signed) = form.fields.get(field) else { continue };
            let other = checksums(&changed).map(|other| match other {
                Checksum::Sha256(sha256) => sha256.to_base64(),
                Checksum::Crc64nvme(crc) => crc.to_base64(),
                Checksum::None => String::new(),
            });
            for replacement in [None, other.iter().find(|text| text.len() == signed.len())] {
                let mut fields = form.fields.clone();
                fields.remove(field);
                fields.extend(replacement.map(|text| (field.to_owned(), text.clone())));
                let status = post_fields(suite, form.url.as_str(), &fields, &changed).await?;
                ensure!(status == 403, "{field} as {replacement:?} answered {status}");
            }
        }
        ensure!(suite.store.head(&key).await?.is_none(), "a refused form left an object");

        // As a browser sends it: without asking first, but it reads the answer only where the store allows that.
        let (kind, body) = form_body(&form.fields, &bytes);
        let sent = suite.http.post(form.url.as_str()).header("content-type", kind).header("origin", ORIGIN).body(body);
        let answer = sent.send().await?;
        ensure!(answer.status() == 201, "{checksum:?}: the form itself answered {}", answer.status());
        let allowed = answer.headers().get("access-control-allow-origin").and_then(|value| value.to_str().ok());
        ensure!(matches!(allowed, Some(ORIGIN | "*")), "{:?}", answer.headers());
        let head = suite.store.head(&key).await?;
        let head = head.ok_or_else(|| anyhow::anyhow!("a form left no object"))?;
        ensure!((head.size_bytes, head.content_type.as_str()) == (70_000, "image/jpeg"), "{head:?}");
        // What completion leans on: the store tells the checksum that it has verified.
        ensure!(head.checksum == checksum, "{head:?}");
        ensure!(suite.store.get(&key, None, 70_000).await? == bytes, "other bytes came back");
    }
    Ok(())
}

pub(crate) async fn nothing_but_what_is_signed(suite: &Suite<'_>) -> Result<()> {
    let (key, other_key, bytes) = (raw_key(), raw_key(), noise(31, 1_000));
    let form = suite.store.presign_form(&key, TYPE, 1_000..=1_000, &Checksum::None, TTL)?;
    for (what, body) in [("one byte less", bytes.slice(1..)), ("one byte more", [&bytes[..], b"x"].concat().into())] {
        let status = post(suite, &form, &body).await?;
        ensure!(status == 400, "{what} answered {status}");
    }
    let swapped = |name: &str, value: &str| {
        let mut fields = form.fields.clone();
        fields.insert(name.to_owned(), value.to_owned());
        fields
    };
    let without = |name: &str| {
        let mut fields = form.fields.clone();
        fields.remove(name);
        fields
    };
    for (what, fields) in [
        ("another key", swapped("key", &other_key.to_string())),
        ("a key by the file's name", swapped("key", "raw/${filename}")),
        ("another type", swapped("content-type", "text/html")),
        ("another cache rule", swapped("cache-control", "public")),
        ("metadata that was not signed", swapped("x-amz-meta-a", "b")),
        ("a forged signature", swapped("x-amz-signature", &"0".repeat(64))),
        ("no signature", without("x-amz-signature")),
        ("no policy", without("policy")),
    ] {
        let status = post_fields(suite, form.url.as_str(), &fields, &bytes).await?;
        ensure!((400..500).contains(&status), "{what} answered {status}");
    }
    ensure!(suite.store.head(&key).await?.is_none(), "a refused form left an object");
    ensure!(suite.store.head(&other_key).await?.is_none(), "a form wrote to another key");
    let status = post(suite, &form, &bytes).await?;
    ensure!(status == 201, "the form itself answered {status}");
    Ok(())
}

pub(crate) async fn not_for_long(suite: &Suite<'_>) -> Result<()> {
    let bytes = noise(32, 100);
    let checksum = Checksum::Sha256(Sha256Digest::of(&bytes));
    let form = suite.store.presign_form(&raw_key(), TYPE, 100..=100, &checksum, Duration::from_secs(1))?;
    let (form, bytes) = (&form, &bytes);
    wait_for("the form to expire", || async { matches!(post(suite, form, bytes).await, Ok(403)).then_some(()) }).await
}

/// What an instant upload leans on: ranges and copies of exactly the object that was recorded.
pub(crate) async fn ranges_and_copies(suite: &Suite<'_>) -> Result<()> {
    let (from, to, bytes) = (raw_key(), raw_key(), noise(33, 50_000));
    let checksum = Checksum::Sha256(Sha256Digest::of(&bytes));
    let form = suite.store.presign_form(&from, TYPE, 50_000..=50_000, &checksum, TTL)?;
    ensure!(post(suite, &form, &bytes).await? == 201, "the form is refused");
    let etag = suite.store.head(&from).await?.map(|head| head.etag).unwrap_or_default();
    let range = ByteRange { offset: 1_234, length: 4_096 };
    let read = suite.store.get_range(&from, &etag, range).await?;
    ensure!(read == bytes.slice(1_234..1_234 + 4_096), "another range came back");
    let past = suite.store.get_range(&from, &etag, ByteRange { offset: 49_999, length: 2 }).await;
    ensure!(matches!(past, Err(StorageError::Conflict { .. })), "a range past the end: {past:?}");
    let other = "\"00000000000000000000000000000000\"";
    let stale = suite.store.get_range(&from, other, range).await;
    ensure!(matches!(stale, Err(StorageError::Conflict { .. })), "a range of another etag: {stale:?}");
    let stale = suite.store.copy(&from, other, &to, TYPE).await;
    ensure!(matches!(stale, Err(StorageError::Conflict { .. })), "a copy of another etag: {stale:?}");
    let missing = suite.store.copy(&raw_key(), &etag, &to, TYPE).await;
    ensure!(matches!(missing, Err(StorageError::NotFound { .. })), "a copy of nothing: {missing:?}");
    ensure!(suite.store.head(&to).await?.is_none(), "a refused copy left an object");
    let copied = suite.store.copy(&from, &etag, &to, Some("image/png")).await?;
    let head = suite.store.head(&to).await?;
    ensure!(head.as_ref().is_some_and(|head| head.content_type == "image/png"), "{head:?}");
    // By its etag alone does a completion know the copy from what anybody else puts there.
    ensure!(head.as_ref().is_some_and(|head| head.etag == copied), "{head:?} but the copy answered {copied}");
    ensure!(suite.store.get(&to, None, 50_000).await? == bytes, "other bytes were copied");
    Ok(())
}
