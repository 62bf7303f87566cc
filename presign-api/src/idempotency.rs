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
        match value.to_str() {
            Ok(key) if (1..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Ok(Self(Some(key.to_owned())))
            }
            _ => Err(ApiError::new(ErrorCode::InvalidRequest)
                .because("Idempotency-Key is 1 to 128 visible ASCII characters")),
        }
    }
}

/// The key together with what tells one request from another under it.
pub(crate) fn of(key: String, request: &CreateUploadRequest) -> sealmark_catalogue::IdempotencyKey {
    let json = serde_json::to_vec(request).unwrap_or_default();
    sealmark_catalogue::IdempotencyKey { key, request_digest: Sha256Digest::of(&json) }
}
