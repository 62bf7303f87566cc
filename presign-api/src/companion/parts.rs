//! `GET /s3/multipart/{uploadId}?key=`: the parts that the store has, for a client that goes on.

use axum::{Json, extract::State};
use sealmark_protocol::{PartNumber, UploadState};
use sealmark_storage::StorageError;
use serde::Serialize;

use super::{Key, OfUpload, caller::CompanionCaller, find_open};
use crate::{
    app::App,
    problem::ApiError,
    request::{Path, Query},
    uploads::{closed, in_store},
};

/// A part as S3's ListParts calls its fields.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Part {
    part_number: PartNumber,
    #[serde(rename = "ETag")]
    etag: String,
    size: u64,
}

pub(super) async fn list(
    State(app): State<App>,
    CompanionCaller(caller): CompanionCaller,
    Path(of): Path<OfUpload>,
    Query(key): Query<Key>,
) -> Result<Json<Vec<Part>>, ApiError> {
    let upload = find_open(&app, &caller, &of, &key).await?;
    let (object, store_upload) = in_store(&upload);
    let Some(store_upload) = store_upload else { return Ok(Json(Vec::new())) };
    let parts = match app.store.list_parts(&object, &store_upload).await {
        Ok(parts) => parts,
        // Completed by a request whose end is not recorded yet; to complete once more records it.
        Err(StorageError::UploadNotFound { .. }) => return Err(closed(UploadState::Completed)),
        Err(error) => return Err(error.into()),
    };
    let parts = parts.into_iter().map(|part| Part { part_number: part.number, etag: part.etag, size: part.size_bytes });
    Ok(Json(parts.collect()))
}
