//! The API as a back-end engineer meets it: every refusal has its code, every repeat its answer.

use anyhow::{Context, Result};
use reqwest::{Method, StatusCode};
use sealmark_protocol::{
    Checksum, CompleteRequest, CompletedPart, CreateUploadRequest, ErrorCode, GuestToken, MediaList, MediaRecord,
    MediaState, PartToSign, Sha256Digest, SignPartsRequest, SignPartsResponse, Upload, UploadState,
};
use sealmark_tests::{
    client::{ApiClient, refused},
    line::{Line, Options, sample},
    process::wait_for,
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

fn code<T: std::fmt::Debug>(answer: Result<T, sealmark_protocol::Problem>) -> ErrorCode {
    answer.expect_err("a refusal was expected").code
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_by_hand_and_every_repeat_of_it() -> Result<()> {
    let line = Line::start().await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u-7")?);
    let bytes = std::fs::read(sample("rocket.jpg"))?;

    let upload = client.create("rocket.jpg", bytes.len() as u64).await?.map_err(refused)?;
    assert_eq!((upload.state, upload.part_count), (UploadState::Open, 1));
    assert_eq!(code(client.complete(&upload).await?), ErrorCode::PartsMissing);
    client.send_all(&upload, &bytes).await?;
    let status: Upload = client.get(&format!("/v1/uploads/{}", upload.upload_id)).await?.map_err(refused)?;
    assert_eq!(status.parts.len(), 1);
    assert_eq!(status.parts[0].size_bytes, bytes.len() as u64);

    // An etag that the store does not have is refused; the right one completes; repeats change nothing.
    let path = format!("/v1/uploads/{}/complete", upload.upload_id);
    let with = |etag: &str| CompleteRequest {
        parts: vec![CompletedPart { number: status.parts[0].number, etag: etag.to_owned() }],
    };
    assert_eq!(code(client.post::<MediaRecord>(&path, &with("\"x\"")).await?), ErrorCode::PartMismatch);
    let media: MediaRecord = client.post(&path, &with(&status.parts[0].etag)).await?.map_err(refused)?;
    assert_eq!(media.media_id, upload.media_id);
    for _ in 0..3 {
        assert_eq!(client.complete(&upload).await?.map_err(refused)?.media_id, upload.media_id);
    }
    let aborted = client.request(Method::DELETE, &format!("/v1/uploads/{}", upload.upload_id)).send().await?;
    assert_eq!(aborted.status(), StatusCode::CONFLICT);

    let catalogue = line.catalogue().await?;
    let record =
        line.wait_for_media(&catalogue, media.media_id, "the version", |record| record.state.is_final()).await?;
    assert_eq!(record.state, MediaState::Ready, "{record:?}");
    let current = record.current.context("no version")?;
    assert_eq!(current.version, 1);

    // Viewers are led to the version and get just its bytes.
    let shown = line.http.get(format!("{}/m/{}", line.url(), media.media_id)).send().await?;
    assert_eq!(shown.status(), StatusCode::OK);
    assert_eq!(shown.headers()["content-type"], "image/jpeg");
    assert_eq!(shown.headers()["cache-control"], "public, max-age=31536000, immutable");
    let shown = shown.bytes().await?;
    assert_eq!(sha256_hex(&shown), current.digest);

    // Nobody gets the original, and only the owner the record.
    let store = line.store_config();
    let raw = format!("{}/{}/raw/acme/u-7/{}", store.endpoint, store.bucket, media.media_id);
    assert_eq!(line.http.get(raw).send().await?.status(), StatusCode::FORBIDDEN);
    for (tenant, user) in [("acme", "u-8"), ("other", "u-7")] {
        let stranger = ApiClient::new(line.http.clone(), line.url(), line.token(tenant, user)?);
        assert_eq!(
            code(stranger.get::<MediaRecord>(&format!("/v1/media/{}", media.media_id)).await?),
            ErrorCode::MediaNotFound
        );
        assert_eq!(
            code(stranger.get::<Upload>(&format!("/v1/uploads/{}", upload.upload_id)).await?),
            ErrorCode::UploadNotFound
        );
        assert!(stranger.get::<MediaList>("/v1/media").await?.map_err(refused)?.items.is_empty());
    }
    assert_eq!(client.get::<MediaList>("/v1/media").await?.map_err(refused)?.items.len(), 1);
    Ok(())
}

fn sha256_hex(bytes: &[u8]) -> String {
    Sha256Digest::of(bytes).to_hex()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_says_why_by_its_code() -> Result<()> {
    let line = Line::start_with(Options {
        settings: vec![("policy", "max_file_bytes", "20000000".to_owned())],
        workers: 0,
        ..Options::default()
    })
    .await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);

    assert_eq!(code(client.create("a.jpg", 0).await?), ErrorCode::EmptyFile);
    assert_eq!(code(client.create("a.jpg", 20_000_001).await?), ErrorCode::FileTooLarge);
    assert_eq!(code(client.get::<Value>("/v1/nothing").await?), ErrorCode::NotFound);
    assert_eq!(code(client.get::<Value>("/v1/uploads/not-an-id").await?), ErrorCode::InvalidRequest);
    assert_eq!(code(client.post::<Value>("/v1/uploads", &"no object").await?), ErrorCode::InvalidRequest);
    assert_eq!(code(client.post::<Value>("/v1/uploads", &"x".repeat(1_100_000)).await?), ErrorCode::BodyTooLarge);
    assert_eq!(code(client.post::<Value>("/v1/media", &()).await?), ErrorCode::MethodNotAllowed);

    let nobody = ApiClient::new(line.http.clone(), line.url(), "not a token");
    assert_eq!(code(nobody.get::<MediaList>("/v1/media").await?), ErrorCode::Unauthorized);
    let late = ApiClient::new(line.http.clone(), line.url(), line.token_until("acme", "u", 1_000_000)?);
    assert_eq!(code(late.get::<MediaList>("/v1/media").await?), ErrorCode::TokenExpired);

    let upload = client.create("a.jpg", 11 << 20).await?.map_err(refused)?;
    assert_eq!(upload.part_count, 3);
    let sign = format!("/v1/uploads/{}/parts", upload.upload_id);
    let digest = Sha256Digest::of(b"x");
    let parts = |numbers: &[u32]| -> Result<SignPartsRequest> {
        let parts = numbers.iter().map(|number| Ok(PartToSign::new((*number).try_into()?, Checksum::Sha256(digest))));
        Ok(SignPartsRequest { parts: parts.collect::<Result<_>>()? })
    };
    assert_eq!(code(client.post::<SignPartsResponse>(&sign, &parts(&[4])?).await?), ErrorCode::InvalidRequest);
    assert_eq!(code(client.post::<SignPartsResponse>(&sign, &parts(&[])?).await?), ErrorCode::InvalidRequest);
    assert_eq!(code(client.post::<SignPartsResponse>(&sign, &parts(&[1; 101])?).await?), ErrorCode::InvalidRequest);

    // Aborted: the same answer each time, and nothing more may be done with it.
    let path = format!("/v1/uploads/{}", upload.upload_id);
    for _ in 0..2 {
        assert_eq!(client.request(Method::DELETE, &path).send().await?.status(), StatusCode::NO_CONTENT);
    }
    assert_eq!(code(client.complete(&upload).await?), ErrorCode::UploadClosed);
    assert_eq!(code(client.post::<SignPartsResponse>(&sign, &parts(&[1])?).await?), ErrorCode::UploadClosed);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_bytes_and_old_urls_are_refused_by_the_store() -> Result<()> {
    let line = Line::start_with(Options {
        settings: vec![("policy", "part_url_ttl_s", "10".to_owned())],
        workers: 0,
        ..Options::default()
    })
    .await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let upload = client.create("a.jpg", 3_000_000).await?.map_err(refused)?;
    let bytes = vec![7; 3_000_000];
    let mut other = bytes.clone();
    other[1_500_000] ^= 1;

    let signed = client.sign(&upload, 1, &bytes).await?;
    let refusal = client.put(&signed, other.clone()).await?;
    assert_eq!(refusal.status(), StatusCode::BAD_REQUEST, "{:?}", refusal.text().await);
    // Nor may the client claim another digest than the signed one.
    let mut claimed = client.sign(&upload, 1, &bytes).await?;
    claimed.headers.insert("x-amz-checksum-sha256".to_owned(), Sha256Digest::of(&other).to_base64());
    assert_eq!(client.put(&claimed, other).await?.status(), StatusCode::FORBIDDEN);

    let signed = client.sign(&upload, 1, &bytes).await?;
    assert_eq!(client.put(&signed, bytes.clone()).await?.status(), StatusCode::OK);
    // The very URL that worked is refused once its time is over.
    wait_for("the URL to expire", || async {
        let status = client.put(&signed, bytes.clone()).await.map(|answer| answer.status());
        matches!(status, Ok(StatusCode::FORBIDDEN)).then_some(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_under_one_key_is_one_upload() -> Result<()> {
    let line = Line::start_with(Options { workers: 0, ..Options::default() }).await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let request = |size_bytes| CreateUploadRequest::new("a.jpg", size_bytes);
    let create = async |size: u64, key: &str| -> Result<(StatusCode, Value)> {
        let asked = client.request(Method::POST, "/v1/uploads").header("idempotency-key", key).json(&request(size));
        let answer = asked.send().await?;
        Ok((answer.status(), answer.json().await?))
    };
    let at_once = futures::future::try_join_all((0..8).map(|_| create(1_000, "key-1"))).await?;
    assert_eq!(at_once.iter().filter(|(status, _)| *status == StatusCode::CREATED).count(), 1);
    assert!(at_once.iter().all(|(_, upload)| upload["upload_id"] == at_once[0].1["upload_id"]));
    assert_eq!(create(2_000, "key-1").await?.1["code"], "idempotency_conflict");
    assert_eq!(create(1_000, "key-2").await?.0, StatusCode::CREATED);
    assert_eq!(create(1_000, &"k".repeat(129)).await?.1["code"], "invalid_request");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_keep_their_name() -> Result<()> {
    let line = Line::start_with(Options { workers: 0, ..Options::default() }).await?;
    let ask = async |token: Option<&str>| -> Result<GuestToken> {
        let request = line.http.post(format!("{}/v1/guests", line.url()));
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        Ok(request.send().await?.error_for_status()?.json().await?)
    };
    let first = ask(None).await?;
    let again = ask(Some(&first.token)).await?;
    assert_eq!(first.user_id, again.user_id);
    assert_ne!(ask(None).await?.user_id, first.user_id);
    // A token of the shop's own people makes nobody a guest under that name.
    assert_ne!(ask(Some(&line.token("guests", "admin")?)).await?.user_id.as_str(), "admin");
    let client = ApiClient::new(line.http.clone(), line.url(), again.token);
    assert!(client.create("a.jpg", 10).await?.is_ok());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_documents_itself_and_the_page_is_strict() -> Result<()> {
    let line = Line::start_with(Options { workers: 0, ..Options::default() }).await?;
    let document: Value = line.http.get(format!("{}/v1/openapi.json", line.url())).send().await?.json().await?;
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    for path in [
        "/v1/uploads",
        "/v1/uploads/{id}",
        "/v1/uploads/{id}/parts",
        "/v1/uploads/{id}/complete",
        "/v1/uploads/{id}/proof",
        "/v1/uploads/batch",
        "/v1/uploads/batch/complete",
        "/v1/media/events",
        "/v1/media",
        "/v1/media/{id}",
        "/v1/media/{id}/events",
        "/m/{id}",
        "/v1/guests",
        "/healthz",
        "/readyz",
    ] {
        assert!(document["paths"][path].is_object(), "{path} is not in the document");
    }
    let page = line.http.get(line.url()).send().await?;
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()["content-security-policy"].to_str()?;
    assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe-inline"), "{policy}");
    for path in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/..%2fCargo.toml", "//../Cargo.toml", "/img/../../Cargo.toml"]
    {
        // As bytes: a client's URL parser would take the dots out before they are sent.
        let mut stream = TcpStream::connect(("127.0.0.1", line.api_proxy.port())).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        assert!(answer.starts_with("HTTP/1.1 4"), "{path}: {answer}");
    }
    Ok(())
}
