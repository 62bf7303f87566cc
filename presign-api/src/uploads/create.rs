//! `POST /v1/uploads`: may this caller upload this file? If so, begin.

use axum::{Json, extract::State, http::StatusCode};
use sealmark_catalogue::CatalogueError;
use sealmark_protocol::{CreateUploadRequest, ErrorCode, PartPlan, PlanError, Upload, plan_parts};

use super::begin::{Asked, begin};
use crate::{app::App, auth::Caller, idempotency::IdempotencyKey, problem::ApiError, request::Body};

/// Part size where the client has no wish, in bytes.
const PART_BYTES: u64 = 8 * 1024 * 1024;
/// Longest file name that is kept, in characters.
const NAME_CHARS: usize = 1_000;
/// Longest media type that is taken, in bytes.
const CONTENT_TYPE_BYTES: usize = 127;

/// Begin an upload: the answer says how the file is to be cut, and has the parts signed that were asked for with it.
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
        (status = 429, description = "`Retry-After` says when to repeat", body = sealmark_protocol::Problem),
    ))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    IdempotencyKey(key): IdempotencyKey,
    Body(request): Body<CreateUploadRequest>,
) -> Result<(StatusCode, Json<Upload>), ApiError> {
    let asked = Asked { key: key.map(|key| crate::idempotency::of(key, &request)), request };
    let begun = begin(&app, &caller, vec![asked]).await.pop().unwrap_or(Err(ApiError::new(ErrorCode::Internal)))?;
    Ok((if begun.fresh { StatusCode::CREATED } else { StatusCode::OK }, Json(begun.upload)))
}

pub(super) fn plan(app: &App, caller: &Caller, request: &CreateUploadRequest) -> Result<PartPlan, ApiError> {
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

pub(super) fn conflict(error: CatalogueError) -> ApiError {
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
