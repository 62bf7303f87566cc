//! One turn of the line: uploads first, then a worker that takes their events.

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use sealmark_event_bus::{Bus, BusConfig};
use sealmark_protocol::{
    Checksum, CreateUploadRequest, Lane, MediaId, MediaState, PartNumber, PartToSign, Sha256Digest, Topic, Upload,
};
use sealmark_tests::{
    client::{ApiClient, refused},
    line::Line,
    process::wait_for,
};

use crate::{Turn, processes};

/// Uploads at once.
const AT_ONCE: usize = 4;
/// The group of the workers.
const GROUP: &str = "watermark-worker";

/// Uploads the pictures, starts a worker, and waits until the last version is published. The time runs from the first job
/// taken to the last version published, by the catalogue.
///
/// # Errors
/// When anything in the line fails.
pub(crate) async fn turn(line: &mut Line, pictures: &[Vec<u8>]) -> Result<Turn> {
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("bench", "bench")?);
    let ids: Vec<MediaId> =
        stream::iter(pictures).map(|picture| upload(&client, picture)).buffer_unordered(AT_ONCE).try_collect().await?;
    let catalogue = line.catalogue().await?;
    let bus = Bus::new(BusConfig::new(line.redis.url()))?;
    let waiting = async |count: u64| {
        wait_for("the stream of uploads", || async {
            let stats = bus.stats(Topic::MediaUploaded, Lane::default(), GROUP).await.ok()?;
            (stats.length == count).then_some(())
        })
        .await
    };
    waiting(pictures.len() as u64).await?;

    line.start_worker()?;
    let before = cpu(line)?;
    waiting(0).await.with_context(|| line.logs())?;
    let after = cpu(line)?;
    let mut worker = line.workers().pop().context("the worker is gone")?;
    ensure!(worker.stop()? == Some(0), "the worker did not end well:\n{}", worker.log_tail(4_000));

    let (mut first, mut last) = (i64::MAX, 0);
    for id in ids {
        let record = catalogue.media(id).await?.context("a picture without a record")?;
        ensure!(record.state == MediaState::Ready, "{record:?}");
        let version = record.current.context("no version")?;
        first = first.min(version.created_at_ms - version.job_ms as i64);
        last = last.max(version.created_at_ms);
    }
    let count = pictures.len() as f64;
    let cpu_ms = after.into_iter().zip(before).map(|((name, after), (_, before))| (name, (after - before) / count));
    Ok(Turn { rate: count / ((last - first) as f64 / 1_000.0), cpu_ms: cpu_ms.collect() })
}

fn cpu(line: &Line) -> Result<Vec<(String, f64)>> {
    line.processes().into_iter().map(|(name, pid)| Ok((name.to_owned(), processes::cpu_ms(pid)?))).collect()
}

/// Sends a file as the page does: signed with its creation, by one request to the store.
async fn upload(client: &ApiClient, bytes: &[u8]) -> Result<MediaId> {
    let checksum = Checksum::Sha256(Sha256Digest::of(bytes));
    let request = CreateUploadRequest {
        form: true,
        sign: vec![PartToSign::new(PartNumber::new(1).context("1 is a part's number")?, checksum)],
        content_type: Some("image/jpeg".to_owned()),
        ..CreateUploadRequest::new("photo.jpg", bytes.len() as u64)
    };
    let upload: Upload = client.post("/v1/uploads", &request).await?.map_err(refused)?;
    let signed = upload.signed.first().context("nothing was signed")?;
    let answer = client.send(signed, bytes.to_vec()).await?;
    ensure!(answer.status().is_success(), "the store answers {}", answer.status());
    Ok(client.complete(&upload).await?.map_err(refused)?.media_id)
}
