//! `GET /v1/uploads/{id}`: where an upload stands, by the store's own list.

use axum::{Json, extract::State};
use sealmark_catalogue::UploadRow;
use sealmark_protocol::{StoredPart, Upload, UploadId, UploadState};
use sealmark_storage::{ObjectHead, StorageError};

use super::{
    complete::{is_as_signed, note},
    find, in_store,
};
use crate::{app::App, auth::Caller, problem::ApiError, request::Path};

/// Where an upload stands: a client that was cut off sends only what the store does not have.
#[utoipa::path(get, path = "/v1/uploads/{id}", tag = "uploads", security(("token" = [])),
    params(("id" = String, Path, description = "upload id")),
    responses((status = 200, body = Upload), (status = 404, body = sealmark_protocol::Problem)))]
pub(crate) async fn status(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<UploadId>,
) -> Result<Json<Upload>, ApiError> {
    let row = find(&app, &caller, id).await?;
    let mut upload = row.to_upload();
    if upload.state == UploadState::Open {
        let (key, store_upload) = in_store(&row);
        let listed = match &store_upload {
            Some(store_upload) => app.store.list_parts(&key, store_upload).await,
            None => Ok(sent_form(&app, &row).await?),
        };
        upload.parts = match listed {
            Ok(parts) => parts,
            Err(StorageError::UploadNotFound { .. }) => {
                // The store has completed it, and we were cut off before we could note it.
                note(&app, row, None).await?;
                upload.state = UploadState::Completed;
                Vec::new()
            }
            Err(error) => return Err(error.into()),
        };
    }
    Ok(Json(upload))
}

/// The one part of a form: its object, where it is there in the announced size and as it was signed.
async fn sent_form(app: &App, row: &UploadRow) -> Result<Vec<StoredPart>, ApiError> {
    let (key, _) = in_store(row);
    let Some(object) = app.store.head(&key).await? else { return Ok(Vec::new()) };
    let checksums = app.catalogue.part_checksums(row.upload_id, row.integrity).await?;
    let object =
        Some(object).filter(|object| object.size_bytes == row.plan.size_bytes && is_as_signed(row, object, &checksums));
    let part = |object: ObjectHead| {
        row.plan.numbers().next().map(|number| StoredPart { number, size_bytes: object.size_bytes, etag: object.etag })
    };
    Ok(object.and_then(part).into_iter().collect())
}
