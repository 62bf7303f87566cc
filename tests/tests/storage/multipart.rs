//! Multipart uploads through presigned URLs.

use anyhow::{Result, ensure};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use sealmark_protocol::{Checksum, Crc64Nvme, Integrity, PartNumber, Sha256Digest};
use sealmark_storage::{ObjectKey, StorageError, StoreUploadId, UploadedPart};

use crate::{
    server::Repeat,
    suite::{MIB, Suite, TTL, noise, raw_key},
};

async fn three_parts(suite: &Suite<'_>) -> Result<(ObjectKey, StoreUploadId, Vec<UploadedPart>, Bytes)> {
    let key = raw_key();
    let upload = suite.store.create(&key, Some("image/jpeg"), Integrity::Sha256).await?;
    let bytes = noise(1, 10 * MIB + 123);
    let mut sent = Vec::new();
    for (number, range) in [(3, 10 * MIB..bytes.len()), (1, 0..5 * MIB), (2, 5 * MIB..10 * MIB)] {
        sent.push(suite.send_part(&key, &upload, number, &bytes.slice(range)).await?);
    }
    Ok((key, upload, sent, bytes))
}

pub(crate) async fn roundtrip(suite: &Suite<'_>) -> Result<()> {
    let (key, upload, sent, bytes) = three_parts(suite).await?;

    let listed = suite.store.list_parts(&key, &upload).await?;
    let shown: Vec<_> = listed.iter().map(|part| (part.number.get(), part.size_bytes)).collect();
    ensure!(shown == [(1, 5 << 20), (2, 5 << 20), (3, 123)], "{listed:?}");
    for part in &sent {
        ensure!(listed.iter().any(|seen| seen.number == part.number && seen.etag == part.etag), "{listed:?} {sent:?}");
    }
    ensure!(suite.store.head(&key).await?.is_none(), "an open upload shows an object");

    let etag = suite.store.complete(&key, &upload, &sent).await?;
    let head = suite.store.head(&key).await?;
    let head = head.ok_or_else(|| anyhow::anyhow!("a completed upload shows no object"))?;
    ensure!(head.size_bytes == bytes.len() as u64 && head.content_type == "image/jpeg", "{head:?}");
    ensure!(head.etag == etag, "{head:?} but complete answered {etag}");
    let read = suite.store.get(&key, Some(&etag), head.size_bytes).await?;
    ensure!(Sha256Digest::of(&read) == Sha256Digest::of(&bytes), "other bytes came back");
    let digests: Vec<u8> = bytes.chunks(5 * MIB).flat_map(|part| *Sha256Digest::of(part).as_bytes()).collect();
    ensure!(head.checksum == Checksum::None, "{head:?}");
    ensure!(head.parts_sha256 == Some(Sha256Digest::of(&digests)), "{head:?}");

    let copy = raw_key();
    let copied = suite.store.copy(&key, &etag, &copy, None).await?;
    let head = suite.store.head(&copy).await?;
    ensure!(head.as_ref().is_some_and(|head| head.etag == copied), "{head:?} but the copy answered {copied}");

    let gone = suite.store.list_parts(&key, &upload).await;
    ensure!(matches!(gone, Err(StorageError::UploadNotFound { .. })), "{gone:?}");
    Ok(())
}

pub(crate) async fn complete_twice(suite: &Suite<'_>) -> Result<()> {
    let (key, upload, sent, bytes) = three_parts(suite).await?;
    let first = suite.store.complete(&key, &upload, &sent).await?;
    match (suite.store.complete(&key, &upload, &sent).await, &suite.guarantees.complete_twice) {
        (Ok(second), Repeat::SameEtag) => ensure!(first == second, "{first} then {second}"),
        (Err(StorageError::UploadNotFound { .. }), Repeat::UploadNotFound) => {}
        (answer, expected) => anyhow::bail!("{answer:?} where {expected:?} was declared"),
    }
    let head = suite.store.head(&key).await?;
    ensure!(head.as_ref().is_some_and(|head| head.size_bytes == bytes.len() as u64), "{head:?}");
    Ok(())
}

pub(crate) async fn abort_twice(suite: &Suite<'_>) -> Result<()> {
    let key = raw_key();
    let upload = suite.store.create(&key, None, Integrity::Sha256).await?;
    let bytes = noise(2, 1000);
    let signed = suite.presign(&key, &upload, 2, &bytes).await?;
    let part = suite.send_part(&key, &upload, 1, &bytes).await?;
    suite.store.abort(&key, &upload).await?;
    suite.store.abort(&key, &upload).await?;
    suite.store.abort(&key, &StoreUploadId::new("never-created")).await?;

    let late = suite.put(&signed, bytes).await?.status();
    ensure!(late == 404, "a part after the abort answered {late}");
    let completed = suite.store.complete(&key, &upload, &[part]).await;
    ensure!(matches!(completed, Err(StorageError::UploadNotFound { .. })), "{completed:?}");
    ensure!(suite.store.head(&key).await?.is_none(), "an aborted upload left an object");
    Ok(())
}

pub(crate) async fn all_pages_of_parts(suite: &Suite<'_>) -> Result<()> {
    // A page has 1,000 parts at most.
    const COUNT: u32 = 1_003;
    let key = raw_key();
    let upload = suite.store.create(&key, None, Integrity::Sha256).await?;
    let bytes = Bytes::from_static(b"x");
    stream::iter(1..=COUNT)
        .map(|number| suite.send_part(&key, &upload, number, &bytes))
        .buffer_unordered(16)
        .try_collect::<Vec<_>>()
        .await?;
    let numbers: Vec<u32> = suite.store.list_parts(&key, &upload).await?.iter().map(|part| part.number.get()).collect();
    ensure!(numbers == (1..=COUNT).collect::<Vec<_>>(), "{} parts are listed", numbers.len());
    suite.store.abort(&key, &upload).await?;
    Ok(())
}

pub(crate) async fn a_part_sent_again(suite: &Suite<'_>) -> Result<()> {
    let key = raw_key();
    let upload = suite.store.create(&key, None, Integrity::Sha256).await?;
    let (old, new) = (noise(3, 5_000), noise(4, 5_000));
    let replaced = suite.send_part(&key, &upload, 1, &old).await?;
    suite.send_part(&key, &upload, 1, &new).await?;
    let part = suite.send_part(&key, &upload, 1, &new).await?;

    let listed = suite.store.list_parts(&key, &upload).await?;
    ensure!(listed.len() == 1 && listed[0].size_bytes == 5_000, "{listed:?}");
    ensure!(listed[0].etag == part.etag || !suite.guarantees.forgets_replaced_parts, "{listed:?}");
    // Whatever the store keeps: our record of the digest decides which bytes become the object.
    let stale = UploadedPart { etag: replaced.etag, ..part.clone() };
    let answer = suite.store.complete(&key, &upload, &[stale]).await;
    let refused = matches!(answer, Err(StorageError::PartsRefused { .. } | StorageError::BadDigest { .. }));
    ensure!(refused, "the replaced part: {answer:?}");
    suite.store.complete(&key, &upload, &[part]).await?;
    ensure!(suite.store.get(&key, None, 5_000).await? == new, "other bytes came back");
    Ok(())
}

pub(crate) async fn wrong_lists_of_parts(suite: &Suite<'_>) -> Result<()> {
    let key = raw_key();
    let upload = suite.store.create(&key, None, Integrity::Sha256).await?;
    let first = suite.send_part(&key, &upload, 1, &noise(5, 1000)).await?;
    let second = suite.send_part(&key, &upload, 2, &noise(6, 1000)).await?;
    let absent = UploadedPart { number: 3.try_into()?, ..second.clone() };
    let other_etag = UploadedPart { etag: "\"00000000000000000000000000000000\"".into(), ..first.clone() };
    let other_sha256 = UploadedPart { checksum: Checksum::Sha256(Sha256Digest::of(b"other")), ..first.clone() };
    let refused = |answer: &Result<String, StorageError>| matches!(answer, Err(StorageError::PartsRefused { .. }));

    for (what, list) in [("a part that is absent", vec![first.clone(), absent]), ("another etag", vec![other_etag])] {
        let answer = suite.store.complete(&key, &upload, &list).await;
        ensure!(refused(&answer), "{what}: {answer:?}");
    }
    let answer = suite.store.complete(&key, &upload, &[]).await;
    ensure!(answer.as_ref().is_err_and(|error| !error.is_transient()), "an empty list: {answer:?}");
    let answer = suite.store.complete(&key, &upload, &[other_sha256]).await;
    ensure!(answer.is_err() == suite.guarantees.checks_sha256_at_completion, "another SHA-256: {answer:?}");
    let answer = suite.store.complete(&key, &upload, &[first, second]).await;
    ensure!(refused(&answer) == suite.guarantees.refuses_small_parts, "small parts: {answer:?}");
    Ok(())
}

/// CRC64NVME of parts and object, and no checksum at all: the same way, and for the CRC the same refusals.
pub(crate) async fn other_kinds_of_checksum(suite: &Suite<'_>) -> Result<()> {
    let bytes = noise(7, 5 * MIB + 123);
    let crc = |bytes: &[u8]| Checksum::Crc64nvme(Crc64Nvme::of(bytes));
    for integrity in [Integrity::Crc64nvme, Integrity::None] {
        let key = raw_key();
        let upload = suite.store.create(&key, None, integrity).await?;
        let mut sent = Vec::new();
        for (number, range) in [(2, 5 * MIB..bytes.len()), (1, 0..5 * MIB)] {
            let part = bytes.slice(range);
            let checksum = if integrity == Integrity::None { Checksum::None } else { crc(&part) };
            sent.push(suite.send_part_under(&key, &upload, number, &part, checksum).await?);
        }
        if integrity == Integrity::Crc64nvme {
            let number = PartNumber::new(1)?;
            let signed = suite.store.presign_part(&key, &upload, number, 4, &crc(b"abcd"), TTL).await?;
            let changed = suite.put(&signed, "abce").await?.status();
            ensure!(changed == 400, "other bytes under a signed CRC answered {changed}");
            let wrong = sent.iter().map(|part| UploadedPart { checksum: crc(b"x"), ..part.clone() });
            let answer = suite.store.complete(&key, &upload, &wrong.collect::<Vec<_>>()).await;
            ensure!(answer.is_err(), "CRCs of other bytes: {answer:?}");
        }
        suite.store.complete(&key, &upload, &sent).await?;
        let head = suite.store.head(&key).await?;
        let told = if integrity == Integrity::None { Checksum::None } else { crc(&bytes) };
        ensure!(head.as_ref().is_some_and(|head| head.checksum == told), "{integrity:?}: {head:?}");
        ensure!(
            suite.store.get(&key, None, bytes.len() as u64).await? == bytes,
            "{integrity:?}: other bytes came back"
        );
    }
    Ok(())
}
