//! `POST /v1/uploads/{id}/complete`: makes the object whole, checks it, and tells the worker by the outbox.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use sealmark_catalogue::{CatalogueError, OutboxEvent, Protocol, UploadRow};
use sealmark_protocol::{
    Checksum, CompleteRequest, Envelope, ErrorCode, EventId, Integrity, MediaRecord, MediaUploaded, PartNumber,
    StoredPart, UploadId, UploadState,
};
use sealmark_storage::{ObjectHead, StorageError, UploadedPart};
use uuid::Uuid;

use super::{abort::give_up, closed, create::too_large, find, in_store};
use crate::{
    app::{App, now_ms},
    auth::Caller,
    media::record,
    problem::ApiError,
    request::{Body, Path},
    trace::TraceParent,
};

/// Most missing parts that an error names.
const NAMED: usize = 20;

/// Complete an upload. A repeat answers with the picture as it is and changes nothing.
///
/// The store's own list of parts is the truth. Etags that the client sends with it must be ones that the store has.
#[utoipa::path(post, path = "/v1/uploads/{id}/complete", tag = "uploads", security(("token" = [])),
    params(("id" = String, Path, description = "upload id")),
    request_body = CompleteRequest,
    responses(
        (status = 200, body = MediaRecord),
        (status = 404, body = sealmark_protocol::Problem),
        (status = 409, body = sealmark_protocol::Problem),
        (status = 503, body = sealmark_protocol::Problem),
    ))]
pub(crate) async fn complete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<UploadId>,
    TraceParent(traceparent): TraceParent,
    Body(request): Body<CompleteRequest>,
) -> Result<Json<MediaRecord>, ApiError> {
    let upload = find(&app, &caller, id).await?;
    match upload.state {
        UploadState::Open => {}
        UploadState::Completed => return record::read(&app, &caller, upload.media_id).await.map(Json),
        UploadState::Aborted => return Err(closed(upload.state)),
    }
    // On a task of its own: a client that hangs up now must not leave an object that is whole without its record.
    let work = tokio::spawn(async move { make_whole(&app, upload, &request, traceparent).await });
    work.await.map_err(|error| ApiError::new(ErrorCode::Internal).caused_by(error))?.map(Json)
}

async fn make_whole(
    app: &App,
    upload: UploadRow,
    request: &CompleteRequest,
    traceparent: Option<String>,
) -> Result<MediaRecord, ApiError> {
    let (key, store_upload) = in_store(&upload);
    let Some(store_upload) = store_upload else { return note(app, upload, traceparent).await };
    match app.store.list_parts(&key, &store_upload).await {
        Ok(stored) => {
            let parts = checked_parts(app, &upload, request, &stored).await?;
            match app.store.complete(&key, &store_upload, &parts).await {
                Ok(_) | Err(StorageError::UploadNotFound { .. }) => {}
                Err(StorageError::PartsRefused { .. } | StorageError::BadDigest { .. }) => {
                    return Err(ApiError::new(ErrorCode::PartMismatch).because("the store refuses the parts"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        // The store has completed it already, by a request whose answer was lost or by one at the same time.
        Err(StorageError::UploadNotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    note(app, upload, traceparent).await
}

/// Notes an upload as completed whose object is whole in the store, and tells the worker by the outbox.
pub(crate) async fn note(app: &App, upload: UploadRow, traceparent: Option<String>) -> Result<MediaRecord, ApiError> {
    let (key, _) = in_store(&upload);
    let Some(object) = app.store.head(&key).await? else {
        // Neither parts nor object: aborted by the store's own lifecycle, say.
        return Err(ApiError::new(ErrorCode::UploadClosed).because("the store no longer has the upload"));
    };
    match upload.protocol {
        Protocol::Sealmark if object.size_bytes != upload.plan.size_bytes => {
            return Err(ApiError::new(ErrorCode::SizeMismatch)
                .because(format!("{} bytes stored, {} announced", object.size_bytes, upload.plan.size_bytes)));
        }
        // Announced to nobody, so the limit could not be held before.
        Protocol::Companion if object.size_bytes > upload.plan.size_bytes => {
            give_up(app, &upload).await?;
            app.store.delete(&key).await?;
            return Err(too_large(upload.plan.size_bytes));
        }
        Protocol::Sealmark | Protocol::Companion => {}
    }
    let event = event(&upload, &object, traceparent);
    match app.catalogue.complete_upload(upload.upload_id, &object.etag, object.size_bytes, &event, now_ms()).await {
        Ok(completion) => {
            app.relay.call();
            Ok(completion.media)
        }
        Err(CatalogueError::UploadAborted { .. }) => {
            // Aborted while we completed: the object must not stay, for no record will ever name it.
            app.store.delete(&key).await?;
            Err(closed(UploadState::Aborted))
        }
        Err(error) => Err(error.into()),
    }
}

fn event(upload: &UploadRow, object: &ObjectHead, traceparent: Option<String>) -> OutboxEvent {
    let payload = MediaUploaded {
        media_id: upload.media_id,
        upload_id: upload.upload_id,
        user_id: upload.user_id.clone(),
        source_key: upload.source_key.clone(),
        source_etag: object.etag.clone(),
        size_bytes: object.size_bytes,
        file_name: upload.file_name.clone(),
    };
    let id = EventId::from_uuid(Uuid::now_v7());
    let mut envelope =
        Envelope::new(id, crate::app::SOURCE, now_ms(), upload.tenant.clone(), upload.media_id, &payload);
    envelope.traceparent = traceparent;
    OutboxEvent::of::<MediaUploaded>(envelope)
}

/// Every part with its etag and the checksum that was signed, if the store has all of them in the planned sizes.
async fn checked_parts(
    app: &App,
    upload: &UploadRow,
    request: &CompleteRequest,
    stored: &[StoredPart],
) -> Result<Vec<UploadedPart>, ApiError> {
    let stored: BTreeMap<PartNumber, &StoredPart> = stored.iter().map(|part| (part.number, part)).collect();
    let missing: Vec<String> = upload
        .plan
        .numbers()
        .filter(|number| !stored.contains_key(number))
        .take(NAMED)
        .map(|number| number.to_string())
        .collect();
    if !missing.is_empty() {
        return Err(ApiError::new(ErrorCode::PartsMissing).because(format!("parts {}", missing.join(", "))));
    }
    // Of a part that was sent twice some stores list either copy. The etag that the client was answered with says which
    // one it means, and the store refuses one that it does not have.
    let seen: BTreeMap<PartNumber, &str> = request.parts.iter().map(|part| (part.number, part.etag.as_str())).collect();
    let checksums = app.catalogue.part_checksums(upload.upload_id, upload.integrity).await?;
    upload
        .plan
        .numbers()
        .map(|number| {
            let (Some((_, size_bytes)), Some(part)) = (upload.plan.range(number), stored.get(&number)) else {
                return Err(ApiError::new(ErrorCode::PartsMissing).because(format!("part {number}")));
            };
            if part.size_bytes != size_bytes {
                return Err(ApiError::new(ErrorCode::PartMismatch)
                    .because(format!("part {number} has {} bytes, planned {size_bytes}", part.size_bytes)));
            }
            let checksum = match (upload.integrity, checksums.get(&number)) {
                (Integrity::None, _) => Checksum::None,
                (_, Some(checksum)) => *checksum,
                (_, None) => {
                    return Err(
                        ApiError::new(ErrorCode::PartMismatch).because(format!("part {number} was never signed"))
                    );
                }
            };
            let etag = seen.get(&number).copied().unwrap_or(&part.etag).to_owned();
            Ok(UploadedPart { number, etag, size_bytes, checksum })
        })
        .collect()
}
