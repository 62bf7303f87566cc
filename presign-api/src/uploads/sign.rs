//! `POST /v1/uploads/{id}/parts`: presigned requests for parts whose bytes are known by their checksums.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use sealmark_catalogue::UploadRow;
use sealmark_protocol::{
    Checksum, ErrorCode, Integrity, PartNumber, PartPlan, PartToSign, SignPartsRequest, SignPartsResponse, SignedPart,
    UploadId,
};

use super::{begin::ttl, find_open, in_store};
use crate::{
    app::{App, now_ms},
    auth::Caller,
    problem::ApiError,
    request::{Body, Path},
};

/// Most parts in one call.
pub(crate) const BATCH: usize = 100;

/// Sign parts: PUT each part's bytes to its URL with its headers, or send the form where there are fields.
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
pub(crate) async fn sign_more(
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
    let checked = checked(&request.parts, upload.plan, upload.integrity)?;
    let parts = sign(&app, &upload, &checked).await?;
    // Kept before a URL leaves the house: completing needs every checksum, and not every store tells them.
    app.catalogue.record_part_checksums(id, &checked).await?;
    Ok(Json(SignPartsResponse { parts }))
}

/// Parts of this plan with the one checksum that the upload asks for.
pub(crate) fn checked(
    parts: &[PartToSign],
    plan: PartPlan,
    integrity: Integrity,
) -> Result<Vec<(PartNumber, Checksum)>, ApiError> {
    let checksum = |part: &PartToSign| {
        if plan.range(part.number).is_none() {
            return Err(ApiError::new(ErrorCode::InvalidRequest)
                .because(format!("part {} of an upload of {} parts", part.number, plan.part_count)));
        }
        let checksum = part.checksum(integrity).ok_or_else(|| unfitting(part, integrity))?;
        Ok((part.number, checksum))
    };
    parts.iter().map(checksum).collect()
}

/// Signs parts that are [`checked`]; nothing is sent or recorded.
pub(crate) async fn sign(
    app: &App,
    upload: &UploadRow,
    parts: &[(PartNumber, Checksum)],
) -> Result<Vec<SignedPart>, ApiError> {
    let (key, store_upload) = in_store(upload);
    let mut signed = Vec::with_capacity(parts.len());
    for (number, checksum) in parts {
        let (_, size_bytes) = upload.plan.range(*number).unwrap_or_default();
        let (url, headers, fields, expires_at_ms) = match &store_upload {
            Some(store_upload) => {
                let part = app.store.presign_part(&key, store_upload, *number, size_bytes, checksum, ttl(app)).await?;
                (part.url, part.headers, BTreeMap::new(), part.expires_at_ms)
            }
            None => {
                let content_type = upload.content_type.as_deref();
                let form = app.store.presign_form(&key, content_type, size_bytes..=size_bytes, checksum, ttl(app))?;
                (form.url, BTreeMap::new(), form.fields, form.expires_at_ms)
            }
        };
        signed.push(SignedPart {
            number: *number,
            url: url.into_string(),
            headers,
            fields,
            expires_at_ms,
            expires_in_ms: u64::try_from(expires_at_ms - now_ms()).unwrap_or(0),
        });
    }
    Ok(signed)
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
