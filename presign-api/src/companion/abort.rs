//! `DELETE /s3/multipart/{uploadId}?key=`: gives an upload up.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::{Key, OfUpload, caller::CompanionCaller, find};
use crate::{
    app::App,
    problem::ApiError,
    request::{Path, Query},
    uploads::abort::give_up,
};

pub(super) async fn abort(
    State(app): State<App>,
    CompanionCaller(caller): CompanionCaller,
    Path(of): Path<OfUpload>,
    Query(key): Query<Key>,
) -> Result<Json<Value>, ApiError> {
    give_up(&app, &find(&app, &caller, &of, &key).await?).await?;
    Ok(Json(json!({})))
}
