//! `GET /v1/media` and `GET /v1/media/{id}`.

use axum::{Json, extract::State};
use sealmark_protocol::{ErrorCode, MediaId, MediaList, MediaRecord};

use crate::{app::App, auth::Caller, problem::ApiError, request::Path};

/// Most pictures in one list.
const LIST_LIMIT: u32 = 100;

/// The caller's own pictures, newest first, at most 100.
#[utoipa::path(get, path = "/v1/media", tag = "media", security(("token" = [])),
    responses((status = 200, body = MediaList)))]
pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<MediaList>, ApiError> {
    let items = app.catalogue.list_media(&caller.tenant, &caller.user, LIST_LIMIT).await?;
    Ok(Json(MediaList { items }))
}

/// One picture of the caller's.
#[utoipa::path(get, path = "/v1/media/{id}", tag = "media", security(("token" = [])),
    params(("id" = String, Path, description = "media id")),
    responses((status = 200, body = MediaRecord), (status = 404, body = sealmark_protocol::Problem)))]
pub(crate) async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<MediaId>,
) -> Result<Json<MediaRecord>, ApiError> {
    read(&app, &caller, id).await.map(Json)
}

/// The record, where the caller owns it.
pub(crate) async fn read(app: &App, caller: &Caller, id: MediaId) -> Result<MediaRecord, ApiError> {
    app.catalogue
        .media_of_owner(&caller.tenant, &caller.user, id)
        .await?
        .ok_or_else(|| ApiError::new(ErrorCode::MediaNotFound))
}
