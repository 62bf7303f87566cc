//! `POST /v1/uploads/{id}/complete`: makes the object whole, checks it, and tells the worker by the outbox.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use sealmark_catalogue::{CatalogueError, Completion, OutboxEvent, Protocol, Transport, UploadRow, WholeUpload};
use sealmark_protocol::{
    Checksum, CompleteRequest, Envelope, ErrorCode, EventId, Integrity, MediaRecord, MediaUploaded, PartNumber,
    Sha256Digest, StoredPart, UploadId, UploadState,
};
use sealmark_storage::{ObjectHead, StorageError, UploadedPart, whole_crc};
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
    let work = tokio::spawn(async move {
        let checksums = app.catalogue.part_checksums(upload.upload_id, upload.integrity).await?;
        let whole = whole(&app, upload, &request, &checksums, traceparent).await?;
        note_whole(&app, whole).await
    });
    work.await.map_err(|error| ApiError::new(ErrorCode::Internal).caused_by(error))?.map(Json)
}

/// An upload whose object is whole in the store, with what its record will say.
pub(crate) struct Whole {
    upload: UploadRow,
    record: WholeUpload,
}

/// What the parts of an upload were signed with.
pub(crate) type Checksums = BTreeMap<PartNumber, Checksum>;

/// What the store has told of an object when it made it.
pub(crate) struct Made {
    pub(crate) etag: String,
    /// Known where the store has checked it.
    pub(crate) content: Option<Sha256Digest>,
}

/// Makes the object whole, if all of it is there as it was signed.
pub(crate) async fn whole(
    app: &App,
    upload: UploadRow,
    request: &CompleteRequest,
    checksums: &Checksums,
    traceparent: Option<String>,
) -> Result<Whole, ApiError> {
    let (key, store_upload) = in_store(&upload);
    let Some(store_upload) = store_upload else { return of_form(app, upload, checksums, traceparent).await };
    let made = match app.store.list_parts(&key, &store_upload).await {
        Ok(stored) => {
            let parts = checked_parts(&upload, request, &stored, checksums)?;
            match app.store.complete(&key, &store_upload, &parts).await {
                Ok(etag) => Some(Made { etag, content: content(parts.iter().map(|part| part.checksum)) }),
                Err(StorageError::UploadNotFound { .. }) => None,
                Err(StorageError::PartsRefused { .. } | StorageError::BadDigest { .. }) => {
                    return Err(ApiError::new(ErrorCode::PartMismatch).because("the store refuses the parts"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        // The store has completed it already, by a request whose answer was lost or by one at the same time. With what
        // checksums is not known, so nothing is claimed of the content.
        Err(StorageError::UploadNotFound { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    of_object(app, upload, made, checksums, traceparent).await
}

/// SHA-256 over the SHA-256 digests of all parts, where they have some.
fn content(checksums: impl Iterator<Item = Checksum>) -> Option<Sha256Digest> {
    let mut digests = Vec::new();
    for checksum in checksums {
        let Checksum::Sha256(sha256) = checksum else { return None };
        digests.extend_from_slice(sha256.as_bytes());
    }
    Some(Sha256Digest::of(&digests))
}

/// A form's object, if the store says that it has checked the bytes that were signed: without that word a store that
/// does not look at the field would let any bytes through.
async fn of_form(
    app: &App,
    upload: UploadRow,
    checksums: &Checksums,
    traceparent: Option<String>,
) -> Result<Whole, ApiError> {
    let Some(object) = app.store.head(&in_store(&upload).0).await? else {
        return Err(ApiError::new(ErrorCode::PartsMissing).because("part 1"));
    };
    within_limit(app, &upload, &object).await?;
    let checked = is_as_signed(&upload, &object, checksums);
    if !checked {
        return Err(ApiError::new(ErrorCode::PartMismatch)
            .because("the store has other bytes than were signed, or cannot tell that they are those"));
    }
    let content = content(std::iter::once(object.checksum));
    with_object(upload, &object, content, traceparent)
}

/// Whether a form's object has the checksum that was signed; one without integrity has none to compare.
pub(crate) fn is_as_signed(upload: &UploadRow, object: &ObjectHead, checksums: &Checksums) -> bool {
    let signed = upload.plan.numbers().next().and_then(|first| checksums.get(&first));
    upload.integrity == Integrity::None || signed == Some(&object.checksum)
}

/// A copy of content that is known.
pub(crate) async fn of_copy(
    app: &App,
    upload: UploadRow,
    made: Made,
    traceparent: Option<String>,
) -> Result<Whole, ApiError> {
    // What parts may have been signed with says nothing of a copy.
    of_object(app, upload, Some(made), &Checksums::new(), traceparent).await
}

/// An object that is whole; `made` is what the store has told of it, if it was made just now.
async fn of_object(
    app: &App,
    upload: UploadRow,
    made: Option<Made>,
    checksums: &Checksums,
    traceparent: Option<String>,
) -> Result<Whole, ApiError> {
    let Some(object) = app.store.head(&in_store(&upload).0).await? else {
        // Neither parts nor object: aborted by the store's own lifecycle, say.
        return Err(ApiError::new(ErrorCode::UploadClosed).because("the store no longer has the upload"));
    };
    within_limit(app, &upload, &object).await?;
    // Between two calls to the store anybody with a form for this key, or a proof, may have put something else there.
    if let Some(made) = &made
        && made.etag != object.etag
    {
        return Err(ApiError::new(ErrorCode::PartMismatch).because("the object was replaced in this moment"));
    }
    if !is_of_parts(&upload, &object, checksums) {
        return Err(ApiError::new(ErrorCode::PartMismatch).because("the store has other bytes than were signed"));
    }
    with_object(upload, &object, made.and_then(|made| made.content), traceparent)
}

/// Whether an object's checksum is that of the parts as they were signed, as far as the store tells one.
fn is_of_parts(upload: &UploadRow, object: &ObjectHead, checksums: &Checksums) -> bool {
    let signed = |number| Some((*checksums.get(&number)?, upload.plan.range(number)?.1));
    let Some(signed) = upload.plan.numbers().map(signed).collect::<Option<Vec<_>>>() else { return true };
    match object.checksum {
        Checksum::Crc64nvme(told) => whole_crc(signed).is_none_or(|crc| crc == told),
        Checksum::Sha256(told) => !matches!(signed[..], [(Checksum::Sha256(sha256), _)] if sha256 != told),
        Checksum::None => {
            let content = content(signed.into_iter().map(|(checksum, _)| checksum));
            object.parts_sha256.zip(content).is_none_or(|(told, ours)| told == ours)
        }
    }
}

/// Gives an upload up whose object is over the limit: Uppy announces no size, so it could not be held before.
async fn within_limit(app: &App, upload: &UploadRow, object: &ObjectHead) -> Result<(), ApiError> {
    if upload.protocol == Protocol::Companion && object.size_bytes > upload.plan.size_bytes {
        give_up(app, upload).await?;
        return Err(too_large(upload.plan.size_bytes));
    }
    Ok(())
}

fn with_object(
    upload: UploadRow,
    object: &ObjectHead,
    content: Option<Sha256Digest>,
    traceparent: Option<String>,
) -> Result<Whole, ApiError> {
    if upload.protocol == Protocol::Sealmark && object.size_bytes != upload.plan.size_bytes {
        return Err(ApiError::new(ErrorCode::SizeMismatch)
            .because(format!("{} bytes stored, {} announced", object.size_bytes, upload.plan.size_bytes)));
    }
    let record = WholeUpload {
        upload_id: upload.upload_id,
        source_etag: object.etag.clone(),
        size_bytes: object.size_bytes,
        content,
        event: event(&upload, object, traceparent),
    };
    Ok(Whole { upload, record })
}

/// Notes an upload as completed that the store has completed before, and tells the worker by the outbox.
pub(crate) async fn note(app: &App, upload: UploadRow, traceparent: Option<String>) -> Result<MediaRecord, ApiError> {
    let checksums = app.catalogue.part_checksums(upload.upload_id, upload.integrity).await?;
    let whole = match upload.transport {
        Transport::Multipart { .. } => of_object(app, upload, None, &checksums, traceparent).await?,
        Transport::Form => of_form(app, upload, &checksums, traceparent).await?,
    };
    note_whole(app, whole).await
}

/// Notes an upload as completed whose object is whole in the store, and tells the worker by the outbox.
pub(crate) async fn note_whole(app: &App, whole: Whole) -> Result<MediaRecord, ApiError> {
    let outcome = app.catalogue.complete_upload(&whole.record, now_ms()).await;
    noted(app, &whole.upload, outcome).await
}

/// The same for several, in one transaction; the outcomes in their order.
pub(crate) async fn note_all(app: &App, all: Vec<Whole>) -> Vec<Result<MediaRecord, ApiError>> {
    if all.is_empty() {
        return Vec::new();
    }
    let (uploads, records): (Vec<_>, Vec<_>) = all.into_iter().map(|whole| (whole.upload, whole.record)).unzip();
    match app.catalogue.complete_uploads(&records, now_ms()).await {
        Ok(outcomes) => {
            let mut noted_all = Vec::with_capacity(outcomes.len());
            for (upload, outcome) in uploads.iter().zip(outcomes) {
                noted_all.push(noted(app, upload, outcome).await);
            }
            noted_all
        }
        Err(error) => {
            let error = ApiError::from(error);
            let code = error.code();
            let others = (1..uploads.len()).map(|_| Err(ApiError::new(code)));
            others.chain([Err(error)]).collect()
        }
    }
}

async fn noted(
    app: &App,
    upload: &UploadRow,
    outcome: Result<Completion, CatalogueError>,
) -> Result<MediaRecord, ApiError> {
    match outcome {
        Ok(completion) => {
            app.relay.call();
            Ok(completion.media)
        }
        Err(CatalogueError::UploadAborted { .. }) => {
            // Aborted while we completed: the object must not stay, for no record will ever name it.
            app.store.delete(&in_store(upload).0).await?;
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
fn checked_parts(
    upload: &UploadRow,
    request: &CompleteRequest,
    stored: &[StoredPart],
    checksums: &Checksums,
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
