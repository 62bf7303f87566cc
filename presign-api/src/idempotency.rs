//! The `Idempotency-Key` header: a repeated request is answered as the first was.

use axum::{extract::FromRequestParts, http::request::Parts};
use sealmark_protocol::{CreateUploadRequest, ErrorCode, Sha256Digest};

use crate::problem::ApiError;

/// The request's idempotency key, where it has one: 1 to 128 visible ASCII characters.
///
/// Only creating an upload needs it; the other POSTs change nothing when repeated.
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        checked(value.to_str().unwrap_or_default()).map(|key| Self(Some(key)))
    }
}

/// A key of the right form.
pub(crate) fn checked(key: &str) -> Result<String, ApiError> {
    if (1..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(key.to_owned());
    }
    Err(ApiError::new(ErrorCode::InvalidRequest).because("an idempotency key is 1 to 128 visible ASCII characters"))
}

/// The key together with what tells one request from another under it.
pub(crate) fn of(key: String, request: &CreateUploadRequest) -> sealmark_catalogue::IdempotencyKey {
    let json = serde_json::to_vec(request).unwrap_or_default();
    sealmark_catalogue::IdempotencyKey { key, request_digest: Sha256Digest::of(&json) }
}
