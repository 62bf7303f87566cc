//! `POST /v1/uploads/{id}/parts`: presigned URLs for parts whose bytes are known by their checksums.

use std::time::Duration;

use axum::{Json, extract::State};
use sealmark_protocol::{ErrorCode, Integrity, PartToSign, SignPartsRequest, SignPartsResponse, SignedPart, UploadId};

use super::{find_open, in_store};
use crate::{
    app::{App, now_ms},
    auth::Caller,
    problem::ApiError,
    request::{Body, Path},
};

/// Most parts in one call.
const BATCH: usize = 100;

/// Sign parts: PUT each part's bytes to its URL with its headers.
///
/// The checksum is part of the signature, so the store refuses any other bytes.
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
    let Some(store_upload) = store_upload else {
        return Err(ApiError::new(ErrorCode::InvalidRequest).because("the upload is a form"));
    };
    let ttl = Duration::from_secs(app.config.policy.part_url_ttl_s);
    let mut parts = Vec::with_capacity(request.parts.len());
    let mut checksums = Vec::with_capacity(request.parts.len());
    for part in &request.parts {
        let (_, size_bytes) = upload.plan.range(part.number).ok_or_else(|| {
            ApiError::new(ErrorCode::InvalidRequest)
                .because(format!("part {} of an upload of {} parts", part.number, upload.plan.part_count))
        })?;
        let checksum = part.checksum(upload.integrity).ok_or_else(|| unfitting(part, upload.integrity))?;
        let signed = app.store.presign_part(&key, &store_upload, part.number, size_bytes, &checksum, ttl).await?;
        checksums.push((part.number, checksum));
        parts.push(SignedPart {
            number: part.number,
            url: signed.url.into_string(),
            headers: signed.headers,
            fields: std::collections::BTreeMap::new(),
            expires_at_ms: signed.expires_at_ms,
            expires_in_ms: u64::try_from(signed.expires_at_ms - now_ms()).unwrap_or(0),
        });
    }
    // Kept before a URL leaves the house: completing needs every checksum, and not every store tells them.
    app.catalogue.record_part_checksums(id, &checksums).await?;
    Ok(Json(SignPartsResponse { parts }))
}

/// A part whose checksum is not the one that its upload asks for.
fn unfitting(part: &PartToSign, integrity: Integrity) -> ApiError {
    let wanted = match integrity {
        Integrity::Sha256 => "a sha256 and nothing else",
        Integrity::Crc64nvme => "a crc64nvme and nothing else",
        Integrity::None => "no checksum",
    };
    ApiError::new(ErrorCode::InvalidRequest).because(format!("part {} needs {wanted}", part.number))
}
