//! `POST /s3/multipart/{uploadId}/complete?key=`: makes the object whole, if it is within the limit.

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::HeaderMap};
use sealmark_catalogue::UploadRow;
use sealmark_protocol::{Checksum, ErrorCode, PartNumber, StoredPart, UploadState};
use sealmark_storage::{StorageError, UploadedPart};
use serde::{Deserialize, Serialize};

use super::{Key, OfUpload, caller::CompanionCaller, find};
use crate::{
    app::App,
    problem::ApiError,
    request::{Body, Path, Query},
    trace::TraceParent,
    uploads::{abort::give_up, closed, complete::note, create::too_large, in_store},
};

#[derive(Deserialize)]
pub(super) struct Parts {
    parts: Vec<Part>,
}

/// A part as the client believes it stored; its etag comes with quotes from version 5 and without from version 6.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Part {
    part_number: PartNumber,
    #[serde(rename = "ETag")]
    etag: String,
}

#[derive(Serialize)]
pub(super) struct Completed {
    location: String,
    key: String,
    bucket: String,
}

/// A repeat answers the same and changes nothing.
pub(super) async fn complete(
    State(app): State<App>,
    CompanionCaller(caller): CompanionCaller,
    Path(of): Path<OfUpload>,
    Query(key): Query<Key>,
    TraceParent(traceparent): TraceParent,
    headers: HeaderMap,
    Body(Parts { parts }): Body<Parts>,
) -> Result<Json<Completed>, ApiError> {
    let upload = find(&app, &caller, &of, &key).await?;
    let location = format!("{}/m/{}", origin(&headers), upload.media_id);
    let answer = Json(Completed { location, key: key.key, bucket: app.store.bucket().to_owned() });
    match upload.state {
        UploadState::Open => {}
        UploadState::Completed => return Ok(answer),
        UploadState::Aborted => return Err(closed(upload.state)),
    }
    // On a task of its own: a client that hangs up now must not leave an object that is whole without its record.
    let work = tokio::spawn(async move { make_whole(&app, upload, &parts, traceparent).await });
    work.await.map_err(|error| ApiError::new(ErrorCode::Internal).caused_by(error))??;
    Ok(answer)
}

async fn make_whole(app: &App, upload: UploadRow, parts: &[Part], traceparent: Option<String>) -> Result<(), ApiError> {
    let (key, Some(store_upload)) = in_store(&upload) else {
        return Err(ApiError::new(ErrorCode::InvalidRequest).because("the upload is a form"));
    };
    match app.store.list_parts(&key, &store_upload).await {
        Ok(stored) => {
            let parts = named_parts(parts, &stored)?;
            let size_bytes: u64 = parts.iter().map(|part| part.size_bytes).sum();
            if size_bytes == 0 || size_bytes > upload.plan.size_bytes {
                give_up(app, &upload).await?;
                return Err(match size_bytes {
                    0 => ApiError::new(ErrorCode::EmptyFile),
                    _ => too_large(upload.plan.size_bytes),
                });
            }
            match app.store.complete(&key, &store_upload, &parts).await {
                Ok(_) | Err(StorageError::UploadNotFound { .. }) => {}
                Err(StorageError::PartsRefused { .. } | StorageError::BadDigest { .. }) => {
                    return Err(ApiError::new(ErrorCode::PartMismatch).because("the store refuses the parts"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        // The store has completed it already, by a request whose answer was lost or by one at the same time.
        Err(StorageError::UploadNotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    note(app, upload, traceparent).await.map(drop)
}

/// The parts that the client names, with the sizes that the store has them in.
fn named_parts(named: &[Part], stored: &[StoredPart]) -> Result<Vec<UploadedPart>, ApiError> {
    let stored: BTreeMap<PartNumber, &StoredPart> = stored.iter().map(|part| (part.number, part)).collect();
    let mut parts = BTreeMap::new();
    for Part { part_number: number, etag } in named {
        let Some(found) = stored.get(number) else {
            return Err(ApiError::new(ErrorCode::PartsMissing).because(format!("part {number}")));
        };
        // The store decides whether the etag is one of the part's: it may hold several copies, and lists any of them.
        let etag = format!("\"{}\"", etag.trim_matches('"'));
        let part = UploadedPart { number: *number, etag, size_bytes: found.size_bytes, checksum: Checksum::None };
        if parts.insert(*number, part).is_some() {
            return Err(ApiError::new(ErrorCode::InvalidRequest).because(format!("part {number} is named twice")));
        }
    }
    if parts.is_empty() {
        return Err(ApiError::new(ErrorCode::InvalidRequest).because("no parts"));
    }
    Ok(parts.into_values().collect())
}

/// Where the client reached us, by its own words: what it is told goes to nobody else.
fn origin(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = if text("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    let is_host = |host: &&str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    text("host").filter(is_host).map_or_else(String::new, |host| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_where_the_client_reached_us() {
        let headers = |host: &str, scheme: &str| {
            [("host", host), ("x-forwarded-proto", scheme)]
                .into_iter()
                .filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)))
                .collect::<HeaderMap>()
        };
        assert_eq!(origin(&headers("pictures.example", "https")), "https://pictures.example");
        assert_eq!(origin(&headers("[::1]:8080", "gopher")), "http://[::1]:8080");
        assert_eq!(origin(&headers("a/b@c", "https")), "");
    }
}
