//! `GET /s3/multipart/{uploadId}/{n}?key=` and `…/batch?key=&partNumbers=1,2`: presigned URLs for parts of any bytes.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use sealmark_catalogue::UploadRow;
use sealmark_protocol::{ErrorCode, PartNumber};
use serde::{Deserialize, Serialize};

use super::{Key, OfUpload, caller::CompanionCaller, find_open};
use crate::{
    app::App,
    problem::ApiError,
    request::{Path, Query},
    uploads::{begin::ttl, create::too_large, in_store, sign::BATCH},
};

#[derive(Deserialize)]
pub(super) struct OfPart {
    #[serde(flatten)]
    upload: OfUpload,
    number: String,
}

#[derive(Deserialize)]
pub(super) struct Batch {
    #[serde(flatten)]
    key: Key,
    #[serde(rename = "partNumbers")]
    numbers: String,
}

#[derive(Serialize)]
pub(super) struct Signed {
    url: String,
    /// Seconds.
    expires: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignedBatch {
    presigned_urls: BTreeMap<PartNumber, String>,
}

pub(super) async fn one(
    State(app): State<App>,
    CompanionCaller(caller): CompanionCaller,
    Path(of): Path<OfPart>,
    Query(key): Query<Key>,
) -> Result<Json<Signed>, ApiError> {
    let upload = find_open(&app, &caller, &of.upload, &key).await?;
    let url = sign(&app, &upload, number(&of.number)?).await?;
    Ok(Json(Signed { url, expires: app.config.policy.part_url_ttl_s }))
}

pub(super) async fn batch(
    State(app): State<App>,
    CompanionCaller(caller): CompanionCaller,
    Path(of): Path<OfUpload>,
    Query(asked): Query<Batch>,
) -> Result<Json<SignedBatch>, ApiError> {
    let upload = find_open(&app, &caller, &of, &asked.key).await?;
    let numbers: Vec<&str> = asked.numbers.split(',').collect();
    if numbers.len() > BATCH {
        return Err(ApiError::new(ErrorCode::InvalidRequest)
            .because(format!("1 to {BATCH} parts a call, got {}", numbers.len())));
    }
    let mut presigned_urls = BTreeMap::new();
    for text in numbers {
        let number = number(text)?;
        presigned_urls.insert(number, sign(&app, &upload, number).await?);
    }
    Ok(Json(SignedBatch { presigned_urls }))
}

async fn sign(app: &App, upload: &UploadRow, number: PartNumber) -> Result<String, ApiError> {
    if number.get() > upload.plan.part_count {
        // The parts before it are at least of S3's minimum, so this one would begin beyond the limit.
        return Err(too_large(upload.plan.size_bytes));
    }
    let (key, Some(store_upload)) = in_store(upload) else {
        return Err(ApiError::new(ErrorCode::InvalidRequest).because("the upload is a form"));
    };
    let signed = app.store.presign_unannounced_part(&key, &store_upload, number, ttl(app)).await?;
    Ok(signed.url.into_string())
}

fn number(text: &str) -> Result<PartNumber, ApiError> {
    let number = text.parse().ok().and_then(|number| PartNumber::new(number).ok());
    number.ok_or_else(|| ApiError::new(ErrorCode::InvalidRequest).because("a part number is 1 to 10000"))
}
