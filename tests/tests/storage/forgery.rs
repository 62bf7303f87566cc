//! What must not be done with a presigned URL.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::stream;
use reqwest::Body;
use sealmark_protocol::{Checksum, Integrity, PartNumber, Sha256Digest};
use sealmark_storage::{ObjectKey, PresignedRequest, Store, StoreConfig, StoreUploadId};
use sealmark_tests::process::wait_for;

use crate::{
    raw_http,
    suite::{ORIGIN, Suite, TTL, noise, raw_key},
};

/// Sends a PUT with this URL and these headers; the status.
async fn put(suite: &Suite<'_>, url: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Result<u16> {
    let mut request = suite.http.put(url).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Ok(request.send().await?.status().as_u16())
}

fn swapped(url: &str, from: &str, to: &str) -> Result<String> {
    ensure!(url.contains(from), "no {from} in the URL");
    Ok(url.replace(from, to))
}

fn forged(url: &str) -> Result<String> {
    let (rest, signature) = url.split_once("X-Amz-Signature=").context("no signature in the URL")?;
    let other = if signature.starts_with('0') { '1' } else { '0' };
    Ok(format!("{rest}X-Amz-Signature={other}{}", &signature[1..]))
}

pub(crate) async fn only_the_signed_part(suite: &Suite<'_>) -> Result<()> {
    let (key, other_key) = (raw_key(), raw_key());
    let upload = suite.store.create(&key, None, Integrity::Sha256).await?;
    let other_upload = suite.store.create(&key, None, Integrity::Sha256).await?;
    let (bytes, other) = (noise(7, 70_000), noise(8, 70_000));
    let sha256 = Sha256Digest::of(&bytes);
    let signed = suite.presign(&key, &upload, 1, &bytes).await?;
    let url = signed.url.as_str();
    let (checksum, other_checksum) = (sha256.to_base64(), Sha256Digest::of(&other).to_base64());
    let right = [("x-amz-checksum-sha256", checksum.as_str())];
    let longer = suite
        .store
        .presign_part(&key, &upload, PartNumber::new(1)?, 70_001, &Checksum::Sha256(sha256), TTL)
        .await?
        .url
        .into_string();
    let chunked = Body::wrap_stream(stream::iter([Ok::<_, std::io::Error>(bytes.clone())]));

    let answers = [
        ("other bytes of the same length", put(suite, url, &right, other.clone()).await?),
        (
            "other bytes with their own checksum",
            put(suite, url, &[("x-amz-checksum-sha256", &other_checksum)], other).await?,
        ),
        ("no checksum header", put(suite, url, &[], bytes.clone()).await?),
        ("a length that was not signed", put(suite, &longer, &right, bytes.clone()).await?),
        ("no length at all", put(suite, url, &right, chunked).await?),
        ("a forged signature", put(suite, &forged(url)?, &right, bytes.clone()).await?),
        ("another part", put(suite, &swapped(url, "partNumber=1", "partNumber=2")?, &right, bytes.clone()).await?),
        (
            "another key",
            put(
                suite,
                &swapped(url, &key.media_id().to_string(), &other_key.media_id().to_string())?,
                &right,
                bytes.clone(),
            )
            .await?,
        ),
        (
            "another upload",
            put(suite, &swapped(url, upload.as_str(), other_upload.as_str())?, &right, bytes.clone()).await?,
        ),
        (
            "a longer life",
            put(suite, &swapped(url, "X-Amz-Expires=600", "X-Amz-Expires=6000")?, &right, bytes.clone()).await?,
        ),
        ("another method", suite.http.delete(url).send().await?.status().as_u16()),
    ];
    for (what, status) in answers {
        ensure!((400..500).contains(&status), "{what} answered {status}");
    }
    for upload in [&upload, &other_upload] {
        let listed = suite.store.list_parts(&key, upload).await?;
        ensure!(listed.is_empty(), "one of the forgeries left a part: {listed:?}");
    }
    // And the same URL, used as it was meant, works.
    ensure!(put(suite, url, &right, bytes).await? == 200, "the URL itself is broken");
    Ok(())
}

async fn presign_for(
    suite: &Suite<'_>,
    key: &ObjectKey,
    upload: &StoreUploadId,
    bytes: &[u8],
    ttl: Duration,
) -> Result<PresignedRequest> {
    let sha256 = Sha256Digest::of(bytes);
    Ok(suite
        .store
        .presign_part(key, upload, PartNumber::new(1)?, bytes.len() as u64, &Checksum::Sha256(sha256), ttl)
        .await?)
}

pub(crate) async fn an_expired_url(suite: &Suite<'_>) -> Result<()> {
    let key = raw_key();
    let upload = suite.store.create(&key, None, Integrity::Sha256).await?;
    let bytes = noise(9, 100);
    // The shortest life that this machine can still use once: signatures count whole seconds, so the first second may
    // be over before the request arrives.
    let mut worked = None;
    for seconds in [1, 2, 4, 8, 16] {
        let signed = presign_for(suite, &key, &upload, &bytes, Duration::from_secs(seconds)).await?;
        if suite.put(&signed, bytes.clone()).await?.status() == 200 {
            worked = Some(signed);
            break;
        }
    }
    let signed = worked.context("no URL worked, however long it lived")?;
    wait_for("the URL to expire", || async {
        let answer = suite.put(&signed, bytes.clone()).await.ok()?;
        (answer.status() == 403).then_some(())
    })
    .await
}

pub(crate) async fn paths_out_of_the_bucket(suite: &Suite<'_>) -> Result<()> {
    const SECRET: &str = "these bytes are of another bucket";
    let other = StoreConfig { bucket: "sealmark-other".to_owned(), ..suite.config.clone() };
    let other_store = Store::new(&other)?;
    other_store.setup_bucket(&[ORIGIN.to_owned()]).await?;
    let bytes = bytes::Bytes::from_static(SECRET.as_bytes());
    let hidden = crate::suite::version_key(&bytes);
    other_store.put_immutable(&hidden, bytes.clone()).await?;
    let open = suite.publish(&noise(10, 10)).await?;

    let signed = suite.store.presign_get(&open, TTL, None).await?;
    let query = signed.url.as_str().split_once('?').context("no query")?.1;
    let (here, there) = (&suite.config.bucket, &other.bucket);
    for path in [
        format!("/{here}/../{there}/{hidden}"),
        format!("/{here}/..%2F{there}/{hidden}"),
        format!("/{here}/..%2f{there}%2f{}", hidden.to_string().replace('/', "%2f")),
        format!("/{here}/%2e%2e/{there}/{hidden}"),
        format!("/{here}/%252e%252e/{there}/{hidden}"),
        format!("/{here}/{open}/../../../../{there}/{hidden}"),
        format!("//{there}/{hidden}"),
        format!("/{here}/..\\{there}\\{hidden}"),
        format!("/{there}/{hidden}"),
    ] {
        for target in [path.clone(), format!("{path}?{query}")] {
            let answer = raw_http::get(&suite.config.endpoint, &target).await?;
            ensure!(!answer.text.contains(SECRET), "{path} leads out of the bucket: {}", answer.text);
            // A redirect to the cleaned path is fine: that path is not signed for either.
            ensure!(answer.status >= 300, "{path} answered {}", answer.status);
        }
    }
    Ok(())
}
