//! Many small files by few requests, and one stream for all their news.

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use sealmark_protocol::{
    CompleteBatchItem, CompleteBatchRequest, CompleteBatchResponse, CompleteOutcome, CreateBatchItem,
    CreateBatchRequest, CreateBatchResponse, CreateOutcome, CreateUploadRequest, ErrorCode, Integrity, MediaList,
    MediaRecord, MediaState, Upload, UploadId,
};
use sealmark_tests::{
    client::{ApiClient, refused},
    line::{Line, Options, sample},
};

use super::forms::small;

fn item(key: &str, request: CreateUploadRequest) -> CreateBatchItem {
    CreateBatchItem { idempotency_key: key.to_owned(), request }
}

async fn create(client: &ApiClient, uploads: Vec<CreateBatchItem>) -> Result<Vec<CreateOutcome>> {
    let answer = client.post::<CreateBatchResponse>("/v1/uploads/batch", &CreateBatchRequest { uploads }).await?;
    Ok(answer.map_err(refused)?.results)
}

async fn complete(client: &ApiClient, ids: &[UploadId]) -> Result<Vec<CompleteOutcome>> {
    let uploads = ids.iter().map(|id| CompleteBatchItem { upload_id: *id, parts: Vec::new() }).collect();
    let path = "/v1/uploads/batch/complete";
    let answer = client.post::<CompleteBatchResponse>(path, &CompleteBatchRequest { uploads }).await?;
    Ok(answer.map_err(refused)?.results)
}

fn made(outcome: &CreateOutcome) -> Result<&Upload> {
    match outcome {
        CreateOutcome::Upload(upload) => Ok(upload),
        CreateOutcome::Problem(problem) => Err(refused(problem.clone())),
    }
}

fn refusal(outcome: &CompleteOutcome) -> Option<ErrorCode> {
    match outcome {
        CompleteOutcome::Media(_) => None,
        CompleteOutcome::Problem(problem) => Some(problem.code),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_files_by_four_requests() -> Result<()> {
    for postgres in [false, true] {
        let line = Line::start_with(Options { workers: 0, postgres, ..Options::default() }).await?;
        let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
        let bytes = |index: usize| vec![index as u8; 2_000 + index];
        let items = || (0..100).map(|index| item(&format!("k{index}"), small(&bytes(index), Integrity::Sha256, true)));
        let made_at_first = create(&client, items().collect()).await?;
        let uploads: Vec<&Upload> = made_at_first.iter().map(made).collect::<Result<_>>()?;
        // A repeat, as after a lost answer, is the same uploads with fresh signatures.
        let again = create(&client, items().collect()).await?;
        for (first, again) in uploads.iter().zip(&again) {
            let again = made(again)?;
            ensure!(first.upload_id == again.upload_id && again.signed.len() == 1);
        }
        stream::iter(uploads.iter().enumerate().skip(1))
            .map(async |(index, upload)| {
                anyhow::Ok(client.send(&upload.signed[0], bytes(index)).await?.error_for_status()?)
            })
            .buffer_unordered(8)
            .try_collect::<Vec<_>>()
            .await?;
        let mut ids: Vec<UploadId> = uploads.iter().map(|upload| upload.upload_id).collect();
        ids[99] = uuid::Uuid::now_v7().to_string().parse()?;
        for _ in 0..2 {
            let outcomes = complete(&client, &ids).await?;
            ensure!(outcomes.len() == 100);
            ensure!(refusal(&outcomes[0]) == Some(ErrorCode::PartsMissing), "{:?}", outcomes[0]);
            ensure!(refusal(&outcomes[99]) == Some(ErrorCode::UploadNotFound), "{:?}", outcomes[99]);
            for (outcome, upload) in outcomes.iter().zip(&uploads).take(99).skip(1) {
                let CompleteOutcome::Media(media) = outcome else { anyhow::bail!("{outcome:?}") };
                ensure!(media.media_id == upload.media_id && media.state == MediaState::Uploaded);
            }
        }

        // By ids, in the order asked; strangers' and unknown ones are left out.
        let unknown = uuid::Uuid::now_v7();
        let path = format!("/v1/media?ids={},{unknown},{}", uploads[5].media_id, uploads[3].media_id);
        let list: MediaList = client.get(&path).await?.map_err(refused)?;
        let listed: Vec<_> = list.items.iter().map(|media| media.media_id).collect();
        ensure!(listed == [uploads[5].media_id, uploads[3].media_id], "{listed:?}");
        let stranger = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "v")?);
        ensure!(stranger.get::<MediaList>(&path).await?.map_err(refused)?.items.is_empty());
        let foreign = complete(&stranger, &ids[..1]).await?;
        ensure!(refusal(&foreign[0]) == Some(ErrorCode::UploadNotFound));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_file_of_a_batch_hinders_no_other() -> Result<()> {
    let line = Line::start_with(Options { workers: 0, ..Options::default() }).await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let good = || small(b"good", Integrity::Sha256, true);
    let outcomes = create(
        &client,
        vec![
            item("a", good()),
            item("b", CreateUploadRequest::new("empty.jpg", 0)),
            item("c", CreateUploadRequest::new("large.jpg", 1 << 40)),
            item("d", CreateUploadRequest { sign: small(b"x", Integrity::None, true).sign, ..good() }),
            item("e", CreateUploadRequest::new("parts.jpg", 6_000_000)),
        ],
    )
    .await?;
    let codes: Vec<Option<ErrorCode>> = outcomes
        .iter()
        .map(|outcome| match outcome {
            CreateOutcome::Upload(_) => None,
            CreateOutcome::Problem(problem) => Some(problem.code),
        })
        .collect();
    let expected =
        [None, Some(ErrorCode::EmptyFile), Some(ErrorCode::FileTooLarge), Some(ErrorCode::InvalidRequest), None];
    ensure!(codes == expected, "{codes:?}");
    let CreateOutcome::Problem(problem) = &outcomes[1] else { anyhow::bail!("no problem") };
    ensure!(!problem.request_id.is_empty());
    // The same key with another request, and a key twice.
    let conflict = create(&client, vec![item("a", small(b"other", Integrity::Sha256, true))]).await?;
    ensure!(matches!(&conflict[0], CreateOutcome::Problem(problem) if problem.code == ErrorCode::IdempotencyConflict));

    let many = |count: usize| (0..count).map(|index| item(&format!("m{index}"), good())).collect::<Vec<_>>();
    for uploads in [Vec::new(), many(101), vec![item("x", good()), item("x", good())], vec![item("", good())]] {
        let answer = client.post::<CreateBatchResponse>("/v1/uploads/batch", &CreateBatchRequest { uploads }).await?;
        ensure!(answer.expect_err("refused").code == ErrorCode::InvalidRequest);
    }
    let ids = (0..101).map(|_| uuid::Uuid::now_v7().to_string()).collect::<Vec<_>>();
    for path in [format!("/v1/media?ids={}", ids.join(",")), "/v1/media?ids=".to_owned(), "/v1/media?ids=x".to_owned()]
    {
        let problem = client.get::<MediaList>(&path).await?.expect_err("refused");
        ensure!(problem.code == ErrorCode::InvalidRequest, "{path}: {problem:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refused_file_says_how_long_to_wait() -> Result<()> {
    let line = Line::start_with(Options {
        settings: vec![("policy", "creations_per_minute", "1".to_owned())],
        workers: 0,
        ..Options::default()
    })
    .await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let items = ["a", "b"].map(|key| item(key, small(key.as_bytes(), Integrity::Sha256, true)));
    let outcomes = create(&client, items.to_vec()).await?;
    made(&outcomes[0])?;
    let CreateOutcome::Problem(problem) = &outcomes[1] else { anyhow::bail!("{:?}", outcomes[1]) };
    ensure!(problem.code == ErrorCode::RateLimited, "{problem:?}");
    ensure!(problem.retry_after_s.is_some_and(|seconds| (1..=60).contains(&seconds)), "{problem:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_stream_tells_of_all_pictures_and_ends_with_the_service() -> Result<()> {
    let mut line = Line::start().await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let stranger = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "v")?);
    let bytes = std::fs::read(sample("rocket.jpg"))?;
    let before = client.upload("before.jpg", &bytes).await?;
    let catalogue = line.catalogue().await?;
    line.wait_for_media(&catalogue, before.media_id, "the version", |media| media.state.is_final()).await?;

    let stream = client.request(reqwest::Method::GET, "/v1/media/events").send().await?.error_for_status()?;
    ensure!(stream.headers()["content-type"] == "text/event-stream");
    let mut news = stream.bytes_stream();
    let foreign = stranger.upload("foreign.jpg", &bytes).await?;
    let mut expected = std::collections::HashSet::new();
    for name in ["a.jpg", "b.jpg", "c.jpg"] {
        expected.insert(client.upload(name, &bytes).await?.media_id);
    }
    let mut text = String::new();
    while !expected.is_empty() {
        let more = news.next().await.context("the stream ended")??;
        text.push_str(&String::from_utf8_lossy(&more));
        while let Some((event, rest)) = text.split_once("\n\n") {
            if let Some(data) = event.split_once("data: ").map(|(_, data)| data) {
                ensure!(event.contains("event: media"), "{event}");
                let media: MediaRecord = serde_json::from_str(data)?;
                ensure!(media.media_id != foreign.media_id && media.media_id != before.media_id, "{media:?}");
                if media.state == MediaState::Ready {
                    expected.remove(&media.media_id);
                }
            }
            text = rest.to_owned();
        }
    }
    line.stop_api()?;
    while let Some(Ok(_)) = news.next().await {}
    Ok(())
}
