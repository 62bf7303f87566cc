//! `GET /m/{id}`: sends viewers to the current version.

use std::time::Duration;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use sealmark_protocol::{ErrorCode, MediaId};
use sealmark_storage::ObjectKey;

use crate::{app::App, problem::ApiError, request::Path};

/// The current version of a picture, by a redirect to the store.
///
/// Open to everybody who has the link; never leads to an original.
#[utoipa::path(get, path = "/m/{id}", tag = "media",
    params(("id" = String, Path, description = "media id")),
    responses(
        (status = 302, description = "to the current version's bytes, by a URL that works for a while"),
        (status = 404, body = sealmark_protocol::Problem),
    ))]
pub(crate) async fn current(State(app): State<App>, Path(id): Path<MediaId>) -> Result<Response, ApiError> {
    let record = app.catalogue.media(id).await?.ok_or_else(|| ApiError::new(ErrorCode::MediaNotFound))?;
    let version = record.current.ok_or_else(|| ApiError::new(ErrorCode::NoVersionYet))?;
    let key: ObjectKey = version.key.parse().map_err(|error| ApiError::new(ErrorCode::Internal).caused_by(error))?;
    if !matches!(key, ObjectKey::Version { .. }) {
        return Err(ApiError::new(ErrorCode::Internal).caused_by("a rendition's key is not that of a version"));
    }
    let ttl = Duration::from_secs(app.config.policy.content_url_ttl_s);
    let signed = app.store.presign_get(&key, ttl, None).await?;
    let headers = [
        (header::LOCATION, signed.url.into_string()),
        // The next version must be seen at once, so the redirect is asked for each time; what it leads to stays the same
        // URL for a while, and is cached.
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, format!("\"{}\"", version.digest)),
    ];
    Ok((StatusCode::FOUND, headers).into_response())
}
