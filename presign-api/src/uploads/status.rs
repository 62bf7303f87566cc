//! `GET /v1/uploads/{id}`: where an upload stands, by the store's own list.

use axum::{Json, extract::State};
use sealmark_protocol::{Upload, UploadId, UploadState};
use sealmark_storage::StorageError;

use super::{complete::note, find, in_store};
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
        upload.parts = match app.store.list_parts(&key, &store_upload).await {
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
