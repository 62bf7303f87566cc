//! Things break in the middle; the picture still ends with exactly one version.

use anyhow::{Context, Result, ensure};
use nix::sys::signal::Signal;
use redis::AsyncCommands;
use sealmark_catalogue::{Catalogue, Transport};
use sealmark_protocol::{
    ErrorCode, FailureCode, Integrity, Lane, MediaId, MediaState, PartToSign, SignPartsRequest, SignPartsResponse,
    Topic, Upload, UploadState,
};
use sealmark_storage::{StoreUploadId, UploadedPart};
use sealmark_tests::{
    client::{ApiClient, refused},
    line::{Line, Options, sample},
    process::wait_for,
};

use super::forms::{checksum, create, object, one, reconfigure, small};

async fn client(line: &Line) -> Result<ApiClient> {
    Ok(ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?))
}

/// The picture is ready with version 1, no other was ever made, and nothing is left to do.
async fn exactly_one_version(line: &Line, catalogue: &Catalogue, media_id: MediaId) -> Result<()> {
    let record = line.wait_for_media(catalogue, media_id, "the version", |record| record.state.is_final()).await?;
    assert_eq!(record.state, MediaState::Ready, "{record:?}\n{}", line.logs());
    assert_eq!(record.current.as_ref().map(|current| current.version), Some(1));
    let stream = Topic::MediaUploaded.stream_key(Lane::default());
    wait_for("the stream to be worked off", || async {
        let mut redis = line.redis.connection().await.ok()?;
        let left: usize = redis.xlen(&stream).await.ok()?;
        let waiting = catalogue.outbox_backlog(0).await.ok()?.count;
        (left == 0 && waiting == 0).then_some(())
    })
    .await
    .with_context(|| line.logs())?;
    let record = catalogue.media(media_id).await?.context("no record")?;
    assert_eq!(record.current.map(|current| current.version), Some(1), "a repeat made another version");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_in_the_middle_of_its_job() -> Result<()> {
    let mut line = Line::start().await?;
    let catalogue = line.catalogue().await?;
    let client = client(&line).await?;
    // The job hangs where the worker fetches the original, so the kill surely comes in its middle.
    line.worker_store_proxy.hold();
    let media = client.upload("rocket.jpg", &std::fs::read(sample("rocket.jpg"))?).await?;
    line.wait_for_media(&catalogue, media.media_id, "the job to begin", |record| {
        record.state == MediaState::Processing
    })
    .await?;
    for worker in line.workers() {
        worker.crash();
    }
    line.workers().clear();
    line.worker_store_proxy.open();
    line.start_worker()?;
    exactly_one_version(&line, &catalogue, media.media_id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_sleeps_through_the_takeover_changes_nothing() -> Result<()> {
    let mut line = Line::start().await?;
    let catalogue = line.catalogue().await?;
    let client = client(&line).await?;
    line.worker_store_proxy.hold();
    let media = client.upload("rocket.jpg", &std::fs::read(sample("rocket.jpg"))?).await?;
    line.wait_for_media(&catalogue, media.media_id, "the job to begin", |record| {
        record.state == MediaState::Processing
    })
    .await?;
    line.workers()[0].signal(Signal::SIGSTOP)?;
    line.worker_store_proxy.open();
    line.start_worker()?;
    line.wait_for_media(&catalogue, media.media_id, "the other worker", |record| record.state.is_final()).await?;
    // The first one wakes up in the middle of a job that is no longer its own.
    line.workers()[0].signal(Signal::SIGCONT)?;
    wait_for("the sleeper to see that it is late", || {
        let log = line.workers()[0].log_tail(100_000);
        async move { log.contains("another consumer has claimed").then_some(()) }
    })
    .await
    .with_context(|| line.logs())?;
    exactly_one_version(&line, &catalogue, media.media_id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_jobs_at_once_make_one_version() -> Result<()> {
    let mut line = Line::start().await?;
    let catalogue = line.catalogue().await?;
    let client = client(&line).await?;
    line.worker_store_proxy.hold();
    let media = client.upload("rocket.jpg", &std::fs::read(sample("rocket.jpg"))?).await?;
    line.wait_for_media(&catalogue, media.media_id, "the first job to begin", |record| {
        record.state == MediaState::Processing
    })
    .await?;
    deliver_again(&line).await?;
    // The second entry waits while the first one's job has the picture.
    wait_for("the second entry to wait", || {
        let log = line.workers()[0].log_tail(100_000);
        async move { log.contains("another worker has taken the job over").then_some(()) }
    })
    .await
    .with_context(|| line.logs())?;
    line.worker_store_proxy.open();
    exactly_one_version(&line, &catalogue, media.media_id).await
}

/// Puts every entry of the stream there once more, behind the bus's own check for repeats; how many there are now.
async fn deliver_again(line: &Line) -> Result<usize> {
    let stream = Topic::MediaUploaded.stream_key(Lane::default());
    let mut redis = line.redis.connection().await?;
    let entries: redis::streams::StreamRangeReply = redis.xrange_all(&stream).await?;
    for entry in entries.ids {
        let fields: Vec<(String, Vec<u8>)> = entry
            .map
            .into_iter()
            .map(|(name, value)| Ok((name, redis::from_redis_value(value)?)))
            .collect::<Result<_>>()?;
        let _: String = redis.xadd(&stream, "*", &fields).await?;
    }
    Ok(redis.xlen(&stream).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_delivered_twice() -> Result<()> {
    let mut line = Line::start_with(Options { workers: 0, ..Options::default() }).await?;
    let catalogue = line.catalogue().await?;
    let client = client(&line).await?;
    let photo = std::fs::read(sample("rocket.jpg"))?;
    let mut ids = Vec::new();
    for index in 0..6 {
        ids.push(client.upload(&format!("{index}.jpg"), &photo).await?.media_id);
    }
    let stream = Topic::MediaUploaded.stream_key(Lane::default());
    let redis = line.redis.connection().await?;
    wait_for("all events to be on the stream", || {
        let (mut redis, stream) = (redis.clone(), stream.clone());
        async move { (redis.xlen::<_, usize>(&stream).await.ok()? == 6).then_some(()) }
    })
    .await?;
    assert_eq!(deliver_again(&line).await?, 12);
    line.start_worker()?;
    line.start_worker()?;
    for id in ids {
        exactly_one_version(&line, &catalogue, id).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_killed_and_started_again() -> Result<()> {
    let mut line = Line::start().await?;
    let catalogue = line.catalogue().await?;
    let client = client(&line).await?;
    let photo = std::fs::read(sample("rocket.jpg"))?;
    let before = client.upload("before.jpg", &photo).await?;
    line.redis.crash();
    // Uploads go on without Redis; the outbox keeps their events.
    let during = client.upload("during.jpg", &photo).await?;
    ensure!(catalogue.outbox_backlog(0).await?.count >= 1, "the event waits in the outbox");
    line.redis.start_again().await?;
    let after = client.upload("after.jpg", &photo).await?;
    for media in [before, during, after] {
        exactly_one_version(&line, &catalogue, media.media_id).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_store_makes_no_dead_letter() -> Result<()> {
    // Two deliveries are all that a picture has: an outage that counted would bury it.
    let settings = vec![("worker", "max_deliveries", "2".to_owned())];
    let mut line = Line::start_with(Options { settings, ..Options::default() }).await?;
    let catalogue = line.catalogue().await?;
    let client = client(&line).await?;
    line.worker_store_proxy.cut();
    let media = client.upload("rocket.jpg", &std::fs::read(sample("rocket.jpg"))?).await?;
    wait_for("several attempts in vain", || {
        let log = line.workers()[0].log_tail(1_000_000);
        async move { (log.matches("the entry waits for what it needs").count() >= 4).then_some(()) }
    })
    .await
    .with_context(|| line.logs())?;
    line.worker_store_proxy.open();
    exactly_one_version(&line, &catalogue, media.media_id).await?;
    assert_eq!(catalogue.dead_letters(10).await?, []);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sweeper_notes_what_a_dead_api_completed() -> Result<()> {
    let settings = vec![("sweeper", "abandoned_after_s", "1".to_owned())];
    let line = Line::start_with(Options { settings, ..Options::default() }).await?;
    let catalogue = line.catalogue().await?;
    let client = client(&line).await?;
    let photo = std::fs::read(sample("rocket.jpg"))?;
    let upload = client.create("rocket.jpg", photo.len() as u64).await?.map_err(refused)?;
    client.send_all(&upload, &photo).await?;
    line.complete_behind_the_api(&catalogue, &upload).await?;
    // Nobody asks again; the sweeper finds the object whole.
    exactly_one_version(&line, &catalogue, upload.media_id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_loses_everything_it_had() -> Result<()> {
    let settings = vec![("sweeper", "stuck_after_s", "2".to_owned())];
    let mut line = Line::start_with(Options { workers: 0, settings, ..Options::default() }).await?;
    let catalogue = line.catalogue().await?;
    let client = client(&line).await?;
    let media = client.upload("rocket.jpg", &std::fs::read(sample("rocket.jpg"))?).await?;
    wait_for("the event to leave the outbox", || async {
        (catalogue.outbox_backlog(0).await.ok()?.count == 0).then_some(())
    })
    .await?;
    line.redis.wipe().await?;
    line.start_worker()?;
    exactly_one_version(&line, &catalogue, media.media_id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_killed_between_the_store_and_its_record() -> Result<()> {
    let mut line = Line::start().await?;
    let catalogue = line.catalogue().await?;
    let client = client(&line).await?;
    let photo = std::fs::read(sample("rocket.jpg"))?;
    let upload = client.create("rocket.jpg", photo.len() as u64).await?.map_err(refused)?;
    client.send_all(&upload, &photo).await?;
    // As a crash leaves it: the store has completed the upload, the record does not know.
    line.complete_behind_the_api(&catalogue, &upload).await?;
    line.crash_api();
    line.start_api().await?;
    let media = client.complete(&upload).await?.map_err(refused)?;
    exactly_one_version(&line, &catalogue, media.media_id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_worker_hands_nothing_back_half_done() -> Result<()> {
    let mut line = Line::start().await?;
    let catalogue = line.catalogue().await?;
    let client = client(&line).await?;
    let photo = std::fs::read(sample("hubble_deep_field.jpg"))?;
    let mut ids = Vec::new();
    for index in 0..4 {
        ids.push(client.upload(&format!("{index}.jpg"), &photo).await?.media_id);
    }
    let code = line.workers()[0].stop()?;
    assert_eq!(code, Some(0), "{}", line.logs());
    line.workers().clear();
    line.start_worker()?;
    for id in ids {
        exactly_one_version(&line, &catalogue, id).await?;
    }
    Ok(())
}

/// A completion whose answer was lost is taken up later: not with other bytes than those that were signed last.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_store_completed_is_compared_with_what_was_signed() -> Result<()> {
    let settings = vec![("sweeper", "abandoned_after_s", "86400".to_owned())];
    let mut line = Line::start_with(Options { settings, workers: 0, ..Options::default() }).await?;
    let client = client(&line).await?;
    let (old, new) = (vec![1; 5_000], vec![2; 5_000]);
    let catalogue = line.catalogue().await?;
    let mut whole = Vec::new();
    for integrity in [Integrity::Sha256, Integrity::Crc64nvme] {
        let upload = create(&client, &small(&old, integrity, false)).await?;
        let sent = client.send(&upload.signed[0], old.clone()).await?.error_for_status()?;
        let etag = sent.headers()["etag"].to_str()?.to_owned();
        let parts = vec![PartToSign::new(one(), checksum(integrity, &new))];
        let path = format!("/v1/uploads/{}/parts", upload.upload_id);
        client.post::<SignPartsResponse>(&path, &SignPartsRequest { parts }).await?.map_err(refused)?;

        let open = catalogue.open_uploads(i64::MAX, 10).await?;
        let row = open.into_iter().find(|row| row.upload_id == upload.upload_id).context("no such upload")?;
        let Transport::Multipart { store_upload_id } = row.transport else { anyhow::bail!("a form") };
        let (store, key) = object(&line, &upload)?;
        let part = UploadedPart { number: one(), etag, size_bytes: 5_000, checksum: checksum(integrity, &old) };
        store.complete(&key, &StoreUploadId::new(store_upload_id), &[part]).await?;
        for _ in 0..2 {
            let problem = client.complete(&upload).await?.expect_err("other bytes");
            ensure!(problem.code == ErrorCode::PartMismatch, "{integrity:?}: {problem:?}");
        }
        whole.push(upload);
    }
    // Nobody can ever complete these: they are given up like any other.
    reconfigure(&mut line, "abandoned_after_s = 86400", "abandoned_after_s = 1").await?;
    for upload in whole {
        let (store, key) = object(&line, &upload)?;
        wait_for("the sweeper", || async { matches!(store.head(&key).await, Ok(None)).then_some(()) }).await?;
        let status: Upload = client.get(&format!("/v1/uploads/{}", upload.upload_id)).await?.map_err(refused)?;
        ensure!(status.state == UploadState::Aborted, "{status:?}");
    }
    Ok(())
}

/// The forms of a file that was signed anew both work for a while, also when the upload is over.
#[tokio::test(flavor = "multi_thread")]
async fn an_original_that_was_changed_is_not_marked() -> Result<()> {
    let mut line = Line::start_with(Options { workers: 0, ..Options::default() }).await?;
    let (catalogue, client) = (line.catalogue().await?, client(&line).await?);
    let photo = std::fs::read(sample("rocket.jpg"))?;
    // What follows a photo's end changes nothing that is seen.
    let [first, second] = [1, 2].map(|end| [&photo[..], &[end]].concat());
    let upload = create(&client, &small(&first, Integrity::Sha256, true)).await?;
    let parts = vec![PartToSign::new(one(), checksum(Integrity::Sha256, &second))];
    let path = format!("/v1/uploads/{}/parts", upload.upload_id);
    let again: SignPartsResponse = client.post(&path, &SignPartsRequest { parts }).await?.map_err(refused)?;
    client.send(&again.parts[0], second).await?.error_for_status()?;
    let media = client.complete(&upload).await?.map_err(refused)?;
    client.send(&upload.signed[0], first).await?.error_for_status()?;
    line.start_worker()?;
    let media =
        line.wait_for_media(&catalogue, media.media_id, "the job's end", |media| media.state.is_final()).await?;
    assert_eq!(media.failure.map(|failure| failure.code), Some(FailureCode::SourceMissing));
    assert_eq!(catalogue.dead_letters(10).await?.len(), 1);
    Ok(())
}
