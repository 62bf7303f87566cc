//! `POST /v1/uploads`: may this caller upload this file? If so, begin.

use axum::{Json, extract::State, http::StatusCode};
use sealmark_catalogue::{CatalogueError, CreateOutcome, NewUpload, Protocol, Transport};
use sealmark_protocol::{CreateUploadRequest, ErrorCode, MediaId, PartPlan, PlanError, Upload, UploadId, plan_parts};
use sealmark_storage::ObjectKey;
use uuid::Uuid;

use crate::{
    app::{App, now_ms},
    auth::Caller,
    idempotency::IdempotencyKey,
    problem::ApiError,
    request::Body,
};

/// Part size where the client has no wish, in bytes.
const PART_BYTES: u64 = 8 * 1024 * 1024;
/// Longest file name that is kept, in characters.
const NAME_CHARS: usize = 1_000;
/// Longest media type that is taken, in bytes.
const CONTENT_TYPE_BYTES: usize = 127;

/// Begin an upload: the answer says how the file is to be cut.
///
/// With an `Idempotency-Key` a repeat answers with the upload that the first one began.
#[utoipa::path(post, path = "/v1/uploads", tag = "uploads", security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible ASCII characters")),
    request_body = CreateUploadRequest,
    responses(
        (status = 201, body = Upload),
        (status = 200, description = "begun before under this idempotency key", body = Upload),
        (status = 400, body = sealmark_protocol::Problem),
        (status = 401, body = sealmark_protocol::Problem),
        (status = 409, body = sealmark_protocol::Problem),
        (status = 413, body = sealmark_protocol::Problem),
    ))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    IdempotencyKey(key): IdempotencyKey,
    Body(request): Body<CreateUploadRequest>,
) -> Result<(StatusCode, Json<Upload>), ApiError> {
    let plan = plan(&app, &caller, &request)?;
    let idempotency_key = key.map(|key| crate::idempotency::of(key, &request));
    if let Some(key) = &idempotency_key
        && let Some(known) =
            app.catalogue.find_by_idempotency_key(&caller.tenant, &caller.user, key).await.map_err(conflict)?
    {
        return Ok((StatusCode::OK, Json(known.to_upload())));
    }

    let media_id = MediaId::from_uuid(Uuid::now_v7());
    let source = ObjectKey::Raw { tenant: caller.tenant.clone(), user: caller.user.clone(), media_id };
    let content_type = request.content_type.as_deref().filter(|text| is_media_type(text));
    let store_upload_id = app.store.create(&source, content_type, request.integrity).await?;
    let new = NewUpload {
        upload_id: UploadId::from_uuid(Uuid::now_v7()),
        media_id,
        tenant: caller.tenant,
        user_id: caller.user,
        source_key: source.to_string(),
        protocol: Protocol::Sealmark,
        transport: Transport::Multipart { store_upload_id: store_upload_id.to_string() },
        integrity: request.integrity,
        file_name: file_name(&request.file_name),
        content_type: content_type.map(str::to_owned),
        plan,
        parts: Vec::new(),
        idempotency_key,
        look_at_ms: None,
        now_ms: now_ms(),
    };
    match app.catalogue.create_upload(&new).await.map_err(conflict)? {
        CreateOutcome::Created(row) => Ok((StatusCode::CREATED, Json(row.to_upload()))),
        CreateOutcome::Existing(row) => {
            if row.transport != new.transport {
                // Two equal requests at once: the other one's multipart upload is used, ours is nobody's.
                app.store.abort(&source, &store_upload_id).await?;
            }
            Ok((StatusCode::OK, Json(row.to_upload())))
        }
    }
}

fn plan(app: &App, caller: &Caller, request: &CreateUploadRequest) -> Result<PartPlan, ApiError> {
    let limit_bytes = limit_bytes(app, caller);
    if request.size_bytes > limit_bytes {
        return Err(too_large(limit_bytes));
    }
    plan_parts(request.size_bytes, request.part_size_bytes.unwrap_or(PART_BYTES)).map_err(|error| {
        let code = match error {
            PlanError::Empty => ErrorCode::EmptyFile,
            PlanError::TooLarge { .. } => ErrorCode::FileTooLarge,
            PlanError::PartNumber { .. } => ErrorCode::InvalidRequest,
        };
        ApiError::new(code).because(error.to_string())
    })
}

/// The largest file that this caller may send.
pub(crate) fn limit_bytes(app: &App, caller: &Caller) -> u64 {
    app.config.policy.max_file_bytes.min(caller.max_bytes.unwrap_or(u64::MAX))
}

pub(crate) fn too_large(limit_bytes: u64) -> ApiError {
    ApiError::new(ErrorCode::FileTooLarge).because(format!("the limit is {limit_bytes} bytes"))
}

fn conflict(error: CatalogueError) -> ApiError {
    match error {
        CatalogueError::IdempotencyConflict { .. } => ApiError::new(ErrorCode::IdempotencyConflict),
        error => error.into(),
    }
}

/// The name as it is shown later: without control characters, and no longer than anybody reads.
pub(crate) fn file_name(name: &str) -> String {
    let name: String = name.chars().filter(|letter| !letter.is_control()).take(NAME_CHARS).collect();
    let name = name.trim();
    if name.is_empty() { "photo".to_owned() } else { name.to_owned() }
}

/// Whether a text has the form `type/subtype`, so that it can be a header's value.
pub(crate) fn is_media_type(text: &str) -> bool {
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.len() <= CONTENT_TYPE_BYTES && text.split_once('/').is_some_and(|(kind, subtype)| word(kind) && word(subtype))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_never_trusted() {
        assert_eq!(file_name("a\r\nb\0.jpg"), "ab.jpg");
        assert_eq!(file_name(" \u{7} "), "photo");
        assert_eq!(file_name(&"é".repeat(2_000)).chars().count(), 1_000);
        assert_eq!(file_name("../../etc/passwd"), "../../etc/passwd");
    }

    #[test]
    fn a_media_type_fits_into_a_header() {
        assert!(is_media_type("image/svg+xml"));
        for bad in ["", "image", "image/", "image/jpeg; x=y", "a/b\r\nx: y", "image/jp g"] {
            assert!(!is_media_type(bad), "{bad:?}");
        }
    }
}
