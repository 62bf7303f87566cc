//! A fresh database for each case, and the values that cases are made of.

use std::sync::Arc;

use anyhow::Result;
use sealmark_catalogue::{
    Catalogue, CreateOutcome, DeadLetter, FencingToken, IdempotencyKey, Job, JobStart, NewRendition, NewUpload,
    OutboxEvent, Protocol, Transport, WholeUpload,
};
use sealmark_protocol::{
    DeadLetterId, Envelope, EventId, EventPayload, FailureCode, Integrity, MediaFailed, MediaId, MediaUploaded,
    MediaWatermarked, Sha256Digest, TenantId, Topic, UploadId, UserId, plan_parts,
};
use sealmark_tests::postgres::Postgres;
use tempfile::TempDir;
use uuid::Uuid;

/// An empty database and what keeps it alive.
pub(crate) struct Database {
    pub(crate) url: String,
    _keep: Keep,
}

enum Keep {
    Folder { _folder: TempDir },
    Server { _server: Arc<Postgres> },
}

impl Database {
    pub(crate) fn sqlite() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("sealmark-catalogue-").tempdir()?;
        let url = format!("sqlite://{}/catalogue.db", folder.path().display());
        Ok(Self { url, _keep: Keep::Folder { _folder: folder } })
    }

    pub(crate) async fn postgres() -> Result<Self> {
        let server = Postgres::shared().await?;
        Ok(Self { url: server.database().await?, _keep: Keep::Server { _server: server } })
    }

    pub(crate) async fn connect(&self) -> Catalogue {
        Catalogue::connect(&self.url).await.unwrap()
    }
}

pub(crate) fn tenant() -> TenantId {
    TenantId::new("acme").unwrap()
}

pub(crate) fn user() -> UserId {
    UserId::new("mia").unwrap()
}

pub(crate) fn new_upload(now_ms: i64) -> NewUpload {
    let media_id = MediaId::from_uuid(Uuid::now_v7());
    NewUpload {
        upload_id: UploadId::from_uuid(Uuid::now_v7()),
        media_id,
        tenant: tenant(),
        user_id: user(),
        source_key: format!("raw/acme/mia/{media_id}"),
        protocol: Protocol::Sealmark,
        transport: Transport::Multipart { store_upload_id: format!("store-{media_id}") },
        integrity: Integrity::Sha256,
        file_name: "Grüße aus Köln.jpg".to_owned(),
        content_type: Some("image/jpeg".to_owned()),
        plan: plan_parts(20_000_000, 8 << 20).unwrap(),
        parts: Vec::new(),
        challenge: None,
        idempotency_key: None,
        look_at_ms: None,
        now_ms,
    }
}

pub(crate) fn with_key(mut new: NewUpload, key: &str, request: &str) -> NewUpload {
    new.idempotency_key =
        Some(IdempotencyKey { key: key.to_owned(), request_digest: Sha256Digest::of(request.as_bytes()) });
    new
}

pub(crate) fn event<T: EventPayload>(media_id: MediaId, payload: &T) -> OutboxEvent {
    let id = EventId::from_uuid(Uuid::now_v7());
    OutboxEvent::of::<T>(Envelope::new(id, "sealmark/test", 1_763_718_000_000, tenant(), media_id, payload))
}

pub(crate) fn uploaded(new: &NewUpload) -> OutboxEvent {
    let payload = MediaUploaded {
        media_id: new.media_id,
        upload_id: new.upload_id,
        user_id: new.user_id.clone(),
        source_key: new.source_key.clone(),
        source_etag: "\"etag-1\"".to_owned(),
        size_bytes: new.plan.size_bytes,
        file_name: new.file_name.clone(),
    };
    event(new.media_id, &payload)
}

/// An upload whose object is whole, with nothing known of its content.
pub(crate) fn whole(upload_id: UploadId, source_etag: &str, size_bytes: u64, event: &OutboxEvent) -> WholeUpload {
    let (source_etag, event) = (source_etag.to_owned(), event.clone());
    WholeUpload { upload_id, source_etag, size_bytes, content: None, event }
}

pub(crate) fn watermarked(media_id: MediaId, version: u32) -> OutboxEvent {
    event(media_id, &MediaWatermarked { media_id, version, digest: "00".to_owned(), key: "media/x".to_owned() })
}

pub(crate) fn failed(media_id: MediaId) -> OutboxEvent {
    event(media_id, &MediaFailed { media_id, code: FailureCode::BrokenImage, message: "broken".to_owned() })
}

/// A rendition whose bytes and inputs are named by two texts.
pub(crate) fn rendition(media_id: MediaId, version: u32, bytes: &str, render_key: &str) -> NewRendition {
    let digest = Sha256Digest::of(bytes.as_bytes());
    NewRendition {
        version,
        digest,
        key: format!("media/{media_id}/v{version}-{}.jpg", digest.to_hex()),
        content_type: "image/jpeg".to_owned(),
        size_bytes: 123_456,
        width: 4_000,
        height: 3_000,
        template: "catalogue".to_owned(),
        render_key: render_key.to_owned(),
        method: "spliced, with its own codes".to_owned(),
        job_ms: 321,
    }
}

pub(crate) fn dead_letter(media_id: MediaId, event_id: &str) -> DeadLetter {
    DeadLetter {
        dead_letter_id: DeadLetterId::from_uuid(Uuid::now_v7()),
        event_id: event_id.to_owned(),
        topic: Topic::MediaUploaded,
        tenant: Some(tenant()),
        media_id: Some(media_id),
        code: FailureCode::BrokenImage,
        message: "The JPEG ends in the middle of a scan.".to_owned(),
        body: "{\"specversion\":\"1.0\"}".to_owned(),
        deliveries: 1,
        created_at_ms: 900,
    }
}

/// An upload that is recorded and open.
pub(crate) async fn open(catalogue: &Catalogue, now_ms: i64) -> NewUpload {
    let new = new_upload(now_ms);
    assert!(matches!(catalogue.create_upload(&new).await.unwrap(), CreateOutcome::Created(_)));
    new
}

/// An upload that is completed.
pub(crate) async fn completed(catalogue: &Catalogue, now_ms: i64) -> NewUpload {
    let new = open(catalogue, now_ms).await;
    let size = new.plan.size_bytes;
    let done =
        catalogue.complete_upload(&whole(new.upload_id, "\"etag-1\"", size, &uploaded(&new)), now_ms).await.unwrap();
    assert!(!done.repeated);
    new
}

/// A picture that a worker has taken.
pub(crate) async fn taken(catalogue: &Catalogue, media_id: MediaId) -> Job {
    begin(catalogue, media_id, 500).await.taken().expect("the picture can be taken")
}

/// Asks for a picture on behalf of one and the same entry.
pub(crate) async fn begin(catalogue: &Catalogue, media_id: MediaId, now_ms: i64) -> JobStart {
    catalogue.begin_job(media_id, "1-0", 0, now_ms).await.unwrap()
}

/// The events that wait on a topic.
pub(crate) async fn waiting(catalogue: &Catalogue, topic: Topic) -> Vec<OutboxEvent> {
    let mut batch = catalogue.outbox_batch(1_000).await.unwrap();
    batch.retain(|event| event.topic == topic);
    batch
}

/// Marks everything as sent.
pub(crate) async fn relay_all(catalogue: &Catalogue, now_ms: i64) {
    let ids: Vec<_> = catalogue.outbox_batch(1_000).await.unwrap().iter().map(|event| event.envelope.id).collect();
    catalogue.mark_published(&ids, now_ms).await.unwrap();
}

/// Publishes and expects it to work.
pub(crate) async fn publish(catalogue: &Catalogue, media_id: MediaId, token: FencingToken, new: &NewRendition) {
    use sealmark_catalogue::PublishOutcome;
    let event = watermarked(media_id, new.version);
    let outcome = catalogue.publish_version(media_id, token, new, &event, 700).await.unwrap();
    assert!(matches!(outcome, PublishOutcome::Published(_)), "{outcome:?}");
}
