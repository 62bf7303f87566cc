//! The bucket: set up, open to browsers, closed to strangers.

use anyhow::{Result, ensure};
use bytes::Bytes;
use reqwest::Method;
use sealmark_protocol::Integrity;
use sealmark_storage::{RuleOutcome, StorageError, Store, StoreConfig};
use sealmark_tests::process::wait_for;

use crate::suite::{ORIGIN, Suite, noise, raw_key};

fn after_the_first_time(outcome: RuleOutcome) -> RuleOutcome {
    match outcome {
        RuleOutcome::Applied => RuleOutcome::AlreadyThere,
        other => other,
    }
}

pub(crate) async fn set_up_twice(suite: &Suite<'_>) -> Result<()> {
    let again = suite.store.setup_bucket(&[ORIGIN.to_owned()]).await?;
    ensure!(!again.created, "{again:?}");
    ensure!(again.cors == after_the_first_time(suite.guarantees.cors_rules), "{again:?}");
    ensure!(again.abort_incomplete == after_the_first_time(suite.guarantees.abort_rules), "{again:?}");
    suite.store.check_bucket().await?;
    let without = suite.store.setup_bucket(&[]).await;
    ensure!(matches!(without, Err(StorageError::Config { .. })), "{without:?}");
    Ok(())
}

/// Asks as a browser asks before it sends a part.
async fn preflight(suite: &Suite<'_>, url: &str, origin: &str) -> Result<reqwest::Response> {
    Ok(suite
        .http
        .request(Method::OPTIONS, url)
        .header("origin", origin)
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "x-amz-checksum-sha256")
        .send()
        .await?)
}

/// Whether a header lists a word, or everything.
fn lists(answer: &reqwest::Response, header: &str, word: &str) -> bool {
    let values = answer.headers().get_all(header).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|value| value == "*" || value.eq_ignore_ascii_case(word))
}

pub(crate) async fn browsers_are_answered(suite: &Suite<'_>) -> Result<()> {
    let key = raw_key();
    let upload = suite.store.create(&key, None, Integrity::Sha256).await?;
    let bytes = noise(30, 5_000);
    let signed = suite.presign(&key, &upload, 1, &bytes).await?;
    let url = signed.url.as_str();

    let asked = preflight(suite, url, ORIGIN).await?;
    ensure!(asked.status().is_success(), "the preflight answered {}", asked.status());
    ensure!(lists(&asked, "access-control-allow-origin", ORIGIN), "{:?}", asked.headers());
    ensure!(lists(&asked, "access-control-allow-methods", "PUT"), "{:?}", asked.headers());
    ensure!(lists(&asked, "access-control-allow-headers", "x-amz-checksum-sha256"), "{:?}", asked.headers());

    let mut request = suite.http.put(url).header("origin", ORIGIN).body(bytes);
    for (name, value) in &signed.headers {
        request = request.header(name, value);
    }
    let sent = request.send().await?;
    ensure!(sent.status() == 200, "the part answered {}", sent.status());
    ensure!(lists(&sent, "access-control-allow-origin", ORIGIN), "{:?}", sent.headers());
    ensure!(lists(&sent, "access-control-expose-headers", "etag"), "{:?}", sent.headers());

    let stranger = preflight(suite, url, "https://stranger.example").await?;
    let refused = !lists(&stranger, "access-control-allow-origin", "https://stranger.example");
    ensure!(refused == suite.guarantees.refuses_other_origins, "{} {:?}", stranger.status(), stranger.headers());
    Ok(())
}

pub(crate) async fn other_origins_replace_the_old(suite: &Suite<'_>) -> Result<()> {
    if suite.guarantees.cors_rules == RuleOutcome::NotSupported {
        // Every origin is answered, whatever we ask for: `browsers_are_answered` has checked that.
        return Ok(());
    }
    const NEW_ORIGIN: &str = "https://new.example";
    let url = format!("{}/{}/{}", suite.config.endpoint, suite.config.bucket, raw_key());
    for (old, new) in [(ORIGIN, NEW_ORIGIN), (NEW_ORIGIN, ORIGIN)] {
        suite.store.setup_bucket(&[new.to_owned()]).await?;
        // A store may keep the rules that it last read for a moment.
        wait_for("the new rule to hold", || async {
            let (new_one, old_one) = (preflight(suite, &url, new).await.ok()?, preflight(suite, &url, old).await.ok()?);
            let allowed = |answer, origin| lists(answer, "access-control-allow-origin", origin);
            (allowed(&new_one, new) && !allowed(&old_one, old)).then_some(())
        })
        .await?;
    }
    Ok(())
}

pub(crate) async fn strangers_get_nothing(suite: &Suite<'_>) -> Result<()> {
    let key = suite.publish(&Bytes::from_static(b"not for strangers")).await?;
    let bucket = format!("{}/{}", suite.config.endpoint, suite.config.bucket);
    let object = format!("{bucket}/{key}");
    for (method, url) in [
        (Method::GET, &object),
        (Method::HEAD, &object),
        (Method::PUT, &object),
        (Method::DELETE, &object),
        (Method::GET, &bucket),
        (Method::GET, &format!("{bucket}?uploads")),
        (Method::GET, &format!("{bucket}?list-type=2&prefix=raw/")),
    ] {
        let answer = suite.http.request(method.clone(), url).send().await?;
        ensure!(answer.status() == 403, "{method} {url} answered {}", answer.status());
    }
    ensure!(suite.store.head(&key).await?.is_some(), "a stranger deleted the object");
    Ok(())
}

pub(crate) async fn missing_and_denied(suite: &Suite<'_>) -> Result<()> {
    let nowhere = Store::new(&StoreConfig { bucket: "sealmark-nowhere".to_owned(), ..suite.config.clone() })?;
    let checked = nowhere.check_bucket().await;
    ensure!(matches!(checked, Err(StorageError::BucketNotFound { .. })), "{checked:?}");
    let created = nowhere.create(&raw_key(), None, Integrity::Sha256).await;
    ensure!(matches!(created, Err(StorageError::BucketNotFound { .. })), "{created:?}");

    let listed = nowhere.list(&"resources/".parse()?, 1).await;
    ensure!(matches!(listed, Err(StorageError::BucketNotFound { .. })), "{listed:?}");

    let stranger = Store::new(&StoreConfig { secret_key: "not-the-secret".to_owned(), ..suite.config.clone() })?;
    for denied in [
        stranger.check_bucket().await.err(),
        stranger.head(&raw_key()).await.err(),
        stranger.get(&raw_key(), None, 1).await.err(),
        stranger.create(&raw_key(), None, Integrity::Sha256).await.err(),
        stranger.list(&"resources/".parse()?, 1).await.err(),
    ] {
        ensure!(matches!(denied, Some(StorageError::Denied { .. })), "{denied:?}");
    }
    Ok(())
}
