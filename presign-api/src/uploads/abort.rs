//! `DELETE /v1/uploads/{id}`: gives an upload up.

use axum::{extract::State, http::StatusCode};
use sealmark_catalogue::{CatalogueError, UploadRow};
use sealmark_protocol::{UploadId, UploadState};
use sealmark_storage::StorageError;

use super::{closed, find, in_store};
use crate::{
    app::{App, now_ms},
    auth::Caller,
    problem::ApiError,
    request::Path,
};

/// Abort an upload: its parts are removed. A repeat changes nothing; a completed one cannot be aborted.
#[utoipa::path(delete, path = "/v1/uploads/{id}", tag = "uploads", security(("token" = [])),
    params(("id" = String, Path, description = "upload id")),
    responses(
        (status = 204),
        (status = 404, body = sealmark_protocol::Problem),
        (status = 409, body = sealmark_protocol::Problem),
    ))]
pub(crate) async fn abort(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<UploadId>,
) -> Result<StatusCode, ApiError> {
    give_up(&app, &find(&app, &caller, id).await?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Aborts an upload, here and in the store; a repeat changes nothing.
///
/// What is on its way meanwhile may still arrive: the sweeper removes it once nothing more can come.
pub(crate) async fn give_up(app: &App, upload: &UploadRow) -> Result<(), ApiError> {
    // The record first: from then on no complete call can win, whatever becomes of the store's answer.
    match app.catalogue.abort_upload(upload.upload_id, now_ms()).await {
        Ok(_) => {}
        Err(CatalogueError::UploadCompleted { .. }) => return Err(closed(UploadState::Completed)),
        Err(error) => return Err(error.into()),
    }
    Ok(remove(app, upload).await?)
}

/// Removes what the store has of an aborted upload: its parts, and the object that a completion or a copy may have left
/// there before it could be noted.
pub(crate) async fn remove(app: &App, upload: &UploadRow) -> Result<(), StorageError> {
    let (key, store_upload) = in_store(upload);
    if let Some(store_upload) = store_upload {
        app.store.abort(&key, &store_upload).await?;
    }
    app.store.delete(&key).await
}
