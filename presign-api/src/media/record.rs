//! `GET /v1/media` and `GET /v1/media/{id}`.

use axum::{Json, extract::State};
use sealmark_protocol::{ErrorCode, MediaId, MediaList, MediaRecord};

use crate::{
    app::App,
    auth::Caller,
    problem::ApiError,
    request::{Path, Query},
};

/// Most pictures in one list.
const LIST_LIMIT: u32 = 100;

/// What a list may ask for.
#[derive(serde::Deserialize)]
pub(crate) struct Wanted {
    /// Ids with commas between.
    ids: Option<String>,
}

/// The caller's own pictures: those of `ids`, at most 100, or else the newest 100.
///
/// Of `ids` those that are not there, or not the caller's, are left out; the others come in the order asked.
#[utoipa::path(get, path = "/v1/media", tag = "media", security(("token" = [])),
    params(("ids" = Option<String>, Query, description = "media ids with commas between, at most 100")),
    responses((status = 200, body = MediaList), (status = 400, body = sealmark_protocol::Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<MediaList>, ApiError> {
    let Some(ids) = wanted.ids else {
        let items = app.catalogue.list_media(&caller.tenant, &caller.user, LIST_LIMIT).await?;
        return Ok(Json(MediaList { items }));
    };
    let invalid = |why: String| ApiError::new(ErrorCode::InvalidRequest).because(why);
    let ids: Vec<MediaId> = ids
        .split(',')
        .take(LIST_LIMIT as usize + 1)
        .map(|id| id.parse().map_err(|error| invalid(format!("ids: {error}"))))
        .collect::<Result<_, _>>()?;
    if ids.len() > LIST_LIMIT as usize {
        return Err(invalid(format!("at most {LIST_LIMIT} ids")));
    }
    let mut items = app.catalogue.media_of_owner_by_ids(&caller.tenant, &caller.user, &ids).await?;
    items.sort_by_key(|media| ids.iter().position(|id| *id == media.media_id));
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
