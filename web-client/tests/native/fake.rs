//! An API and a store in this process. The store checks each part's SHA-256 as S3 does.

#![expect(clippy::result_large_err, reason = "handlers answer with a whole response either way")]

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use sealmark_protocol::{
    CompleteRequest, CreateUploadRequest, ErrorCode, GuestToken, MediaRecord, MediaState, PartNumber, Problem,
    Rendition, Sha256Digest, SignPartsRequest, SignPartsResponse, SignedPart, StoredPart, Upload, UploadState,
    plan_parts,
};
use tokio::sync::Notify;

pub(crate) const MEDIA_ID: &str = "00000000-0000-7000-8000-000000000002";
pub(crate) const UPLOAD_ID: &str = "00000000-0000-7000-8000-000000000001";

/// What goes wrong, and how often still.
#[derive(Debug, Default, Clone)]
pub(crate) struct Faults {
    pub(crate) expired_tokens: u32,
    pub(crate) busy_signing: u32,
    pub(crate) expired_urls: u32,
    pub(crate) broken_puts: u32,
    pub(crate) broken_streams: u32,
    /// Parts are taken but never answered.
    pub(crate) stuck_puts: bool,
    pub(crate) failing_picture: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) faults: Faults,
    pub(crate) upload: Option<Upload>,
    pub(crate) parts: BTreeMap<u32, Bytes>,
    pub(crate) digests: BTreeMap<u32, Sha256Digest>,
    pub(crate) idempotency_keys: Vec<String>,
    pub(crate) tokens: u32,
    pub(crate) aborted: bool,
    pub(crate) streams: u32,
    pub(crate) looks: u32,
}

#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) base: String,
    pub(crate) seen: Arc<Mutex<Seen>>,
    pub(crate) put_arrived: Arc<Notify>,
}

impl Fake {
    pub(crate) async fn start(faults: Faults) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            base: format!("http://{}", listener.local_addr().unwrap()),
            seen: Arc::new(Mutex::new(Seen { faults, ..Seen::default() })),
            put_arrived: Arc::default(),
        };
        let app = Router::new()
            .route("/v1/guests", post(guest))
            .route("/v1/uploads", post(create))
            .route("/v1/uploads/{id}", get(fetch).delete(abort))
            .route("/v1/uploads/{id}/parts", post(sign))
            .route("/v1/uploads/{id}/complete", post(complete))
            .route("/v1/media/{id}", get(look))
            .route("/v1/media/{id}/events", get(watch))
            .route("/m/{id}", get(|| async { ([(header::LOCATION, "/store/version")], StatusCode::FOUND) }))
            .route("/store/version", get(|| async { VERSION }))
            .route("/store/part", put(store))
            .layer(DefaultBodyLimit::disable())
            .with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        fake
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap())
    }

    /// The object that the parts make.
    pub(crate) fn object(&self) -> Vec<u8> {
        self.with(|seen| seen.parts.values().flat_map(|part| part.to_vec()).collect())
    }
}

pub(crate) const VERSION: &str = "a marked picture";

fn refuse(code: ErrorCode) -> Response {
    let status = StatusCode::from_u16(code.status()).unwrap();
    (status, [(header::RETRY_AFTER, "0")], Json(Problem::new(code, None, "test"))).into_response()
}

/// Takes one from a count of faults.
fn strikes(count: &mut u32) -> bool {
    let strikes = *count > 0;
    *count = count.saturating_sub(1);
    strikes
}

/// Whether the request carries the newest token.
fn is_allowed(seen: &mut Seen, headers: &HeaderMap) -> Result<(), Response> {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if strikes(&mut seen.faults.expired_tokens) {
        return Err(refuse(ErrorCode::TokenExpired));
    }
    if token == format!("Bearer guest-{}", seen.tokens) || token == "Bearer fixed" {
        Ok(())
    } else {
        Err(refuse(ErrorCode::Unauthorized))
    }
}

async fn guest(State(fake): State<Fake>) -> Json<GuestToken> {
    let number = fake.with(|seen| {
        seen.tokens += 1;
        seen.tokens
    });
    Json(GuestToken { token: format!("guest-{number}"), user_id: "guest-1".parse().unwrap(), expires_at_ms: 0 })
}

async fn create(
    State(fake): State<Fake>,
    headers: HeaderMap,
    Json(request): Json<CreateUploadRequest>,
) -> Result<Json<Upload>, Response> {
    fake.with(|seen| {
        is_allowed(seen, &headers)?;
        seen.idempotency_keys.push(headers["idempotency-key"].to_str().unwrap().to_owned());
        let plan = plan_parts(request.size_bytes, 0).map_err(|_| refuse(ErrorCode::EmptyFile))?;
        let upload = Upload {
            upload_id: UPLOAD_ID.parse().unwrap(),
            media_id: MEDIA_ID.parse().unwrap(),
            state: UploadState::Open,
            file_name: request.file_name,
            size_bytes: plan.size_bytes,
            part_size_bytes: plan.part_size_bytes,
            part_count: plan.part_count,
            created_at_ms: 0,
            parts: Vec::new(),
            integrity: sealmark_protocol::Integrity::default(),
            signed: Vec::new(),
            challenge: None,
        };
        seen.upload = Some(upload.clone());
        Ok(Json(upload))
    })
}

async fn fetch(State(fake): State<Fake>) -> Result<Json<Upload>, Response> {
    fake.with(|seen| {
        let mut upload = seen.upload.clone().ok_or_else(|| refuse(ErrorCode::UploadNotFound))?;
        let part = |(number, bytes): (&u32, &Bytes)| StoredPart {
            number: PartNumber::new(*number).unwrap(),
            size_bytes: bytes.len() as u64,
            etag: format!("\"{number}\""),
        };
        upload.parts = seen.parts.iter().map(part).collect();
        Ok(Json(upload))
    })
}

async fn abort(State(fake): State<Fake>, headers: HeaderMap) -> Result<StatusCode, Response> {
    fake.with(|seen| {
        is_allowed(seen, &headers)?;
        seen.aborted = true;
        Ok(StatusCode::NO_CONTENT)
    })
}

async fn sign(
    State(fake): State<Fake>,
    headers: HeaderMap,
    Json(request): Json<SignPartsRequest>,
) -> Result<Json<SignPartsResponse>, Response> {
    fake.with(|seen| {
        is_allowed(seen, &headers)?;
        if strikes(&mut seen.faults.busy_signing) {
            return Err(refuse(ErrorCode::StoreUnavailable));
        }
        let mut parts = Vec::new();
        for part in request.parts {
            let sha256 = part.sha256.unwrap();
            seen.digests.insert(part.number.get(), sha256);
            parts.push(SignedPart {
                number: part.number,
                url: format!("{}/store/part?number={}", fake.base, part.number),
                headers: BTreeMap::from([("x-amz-checksum-sha256".into(), sha256.to_base64())]),
                fields: BTreeMap::new(),
                expires_at_ms: 0,
                expires_in_ms: 3_600_000,
            });
        }
        Ok(Json(SignPartsResponse { parts }))
    })
}

async fn store(
    State(fake): State<Fake>,
    Query(query): Query<BTreeMap<String, u32>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let number = query["number"];
    assert_eq!(headers[header::CONTENT_LENGTH].to_str().unwrap(), body.len().to_string());
    fake.put_arrived.notify_one();
    if fake.with(|seen| seen.faults.stuck_puts) {
        return std::future::pending().await;
    }
    let refuse =
        |status: StatusCode, code: &str| (status, format!("<Error><Code>{code}</Code></Error>")).into_response();
    fake.with(|seen| {
        if strikes(&mut seen.faults.expired_urls) {
            return refuse(StatusCode::FORBIDDEN, "AccessDenied");
        }
        if strikes(&mut seen.faults.broken_puts) {
            return refuse(StatusCode::INTERNAL_SERVER_ERROR, "InternalError");
        }
        let announced = headers["x-amz-checksum-sha256"].to_str().unwrap();
        if announced != Sha256Digest::of(&body).to_base64() || announced != seen.digests[&number].to_base64() {
            return refuse(StatusCode::BAD_REQUEST, "XAmzContentChecksumMismatch");
        }
        seen.parts.insert(number, body);
        ([(header::ETAG, format!("\"{number}\""))], "").into_response()
    })
}

fn record(seen: &Seen, state: MediaState) -> MediaRecord {
    let upload = seen.upload.as_ref().unwrap();
    let current = Rendition {
        version: 1,
        digest: Sha256Digest::of(VERSION.as_bytes()).to_hex(),
        key: format!("media/{MEDIA_ID}/v1-{}.jpg", Sha256Digest::of(VERSION.as_bytes()).to_hex()),
        content_type: "image/jpeg".into(),
        size_bytes: VERSION.len() as u64,
        width: 1,
        height: 1,
        template: "test".into(),
        job_ms: 1,
        created_at_ms: 0,
    };
    let failure = sealmark_protocol::Failure {
        code: sealmark_protocol::FailureCode::BrokenImage,
        message: "it is broken".into(),
    };
    MediaRecord {
        media_id: upload.media_id,
        upload_id: upload.upload_id,
        state,
        file_name: upload.file_name.clone(),
        size_bytes: upload.size_bytes,
        created_at_ms: 0,
        uploaded_at_ms: Some(0),
        current: (state == MediaState::Ready).then_some(current),
        failure: (state == MediaState::Failed).then_some(failure),
    }
}

fn last_record(seen: &Seen) -> MediaRecord {
    record(seen, if seen.faults.failing_picture { MediaState::Failed } else { MediaState::Ready })
}

async fn complete(
    State(fake): State<Fake>,
    headers: HeaderMap,
    Json(request): Json<CompleteRequest>,
) -> Result<Json<MediaRecord>, Response> {
    fake.with(|seen| {
        is_allowed(seen, &headers)?;
        let mine: Vec<String> = seen.parts.keys().map(|number| format!("\"{number}\"")).collect();
        let theirs: Vec<String> = request.parts.into_iter().map(|part| part.etag).collect();
        assert_eq!(mine, theirs);
        Ok(Json(record(seen, MediaState::Uploaded)))
    })
}

async fn look(
    State(fake): State<Fake>,
    headers: HeaderMap,
    Path(_): Path<String>,
) -> Result<Json<MediaRecord>, Response> {
    fake.with(|seen| {
        is_allowed(seen, &headers)?;
        seen.looks += 1;
        Ok(Json(last_record(seen)))
    })
}

async fn watch(State(fake): State<Fake>, headers: HeaderMap) -> Result<Response, Response> {
    let pieces = fake.with(|seen| {
        is_allowed(seen, &headers)?;
        seen.streams += 1;
        if strikes(&mut seen.faults.broken_streams) {
            return Ok(vec![": beat\n\n".to_owned()]);
        }
        let event =
            |record: MediaRecord| format!("event: media\ndata: {}\n\n", serde_json::to_string(&record).unwrap());
        // A state of which this release knows nothing.
        let newer = event(record(seen, MediaState::Processing)).replace("processing", "of_2031");
        Ok(vec![newer, event(record(seen, MediaState::Processing)), ": beat\n\n".to_owned(), event(last_record(seen))])
    })?;
    let pieces = futures::stream::iter(pieces.into_iter().map(Ok::<_, Infallible>));
    Ok(([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(pieces)).into_response())
}
