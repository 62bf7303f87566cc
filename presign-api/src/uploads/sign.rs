//! `POST /v1/uploads/{id}/parts`: presigned URLs for parts whose bytes are known by their digests.

use std::time::Duration;

use axum::{Json, extract::State};
use sealmark_protocol::{ErrorCode, SignPartsRequest, SignPartsResponse, SignedPart, UploadId};

use super::{find_open, in_store};
use crate::{
    app::App,
    auth::Caller,
    problem::ApiError,
    request::{Body, Path},
};

/// Most parts in one call.
const BATCH: usize = 100;

/// Sign parts: PUT each part's bytes to its URL with its headers.
///
/// The digest is part of the signature, so the store refuses any other bytes.
#[utoipa::path(post, path = "/v1/uploads/{id}/parts", tag = "uploads", security(("token" = [])),
    params(("id" = String, Path, description = "upload id")),
    request_body = SignPartsRequest,
    responses(
        (status = 200, body = SignPartsResponse),
        (status = 400, body = sealmark_protocol::Problem),
        (status = 404, body = sealmark_protocol::Problem),
        (status = 409, body = sealmark_protocol::Problem),
    ))]
pub(crate) async fn sign(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<UploadId>,
    Body(request): Body<SignPartsRequest>,
) -> Result<Json<SignPartsResponse>, ApiError> {
    if !(1..=BATCH).contains(&request.parts.len()) {
        return Err(ApiError::new(ErrorCode::InvalidRequest)
            .because(format!("1 to {BATCH} parts a call, got {}", request.parts.len())));
    }
    let upload = find_open(&app, &caller, id).await?;
    let (key, store_upload) = in_store(&upload);
    let ttl = Duration::from_secs(app.config.policy.part_url_ttl_s);
    let mut parts = Vec::with_capacity(request.parts.len());
    for part in &request.parts {
        let (_, size_bytes) = upload.plan.range(part.number).ok_or_else(|| {
            ApiError::new(ErrorCode::InvalidRequest)
                .because(format!("part {} of an upload of {} parts", part.number, upload.plan.part_count))
        })?;
        let sha256 = part.sha256.ok_or_else(|| ApiError::new(ErrorCode::InvalidRequest).because("no sha256"))?;
        let signed = app.store.presign_part(&key, &store_upload, part.number, size_bytes, &sha256, ttl).await?;
        parts.push(SignedPart {
            number: part.number,
            url: signed.url.into_string(),
            headers: signed.headers,
            fields: std::collections::BTreeMap::new(),
            expires_at_ms: signed.expires_at_ms,
            expires_in_ms: ttl.as_millis() as u64,
        });
    }
    // Kept before a URL leaves the house: completing needs every digest, and not every store tells them.
    let digests: Vec<_> = request.parts.iter().filter_map(|part| Some((part.number, part.sha256?))).collect();
    app.catalogue.record_part_digests(id, &digests).await?;
    Ok(Json(SignPartsResponse { parts }))
}
