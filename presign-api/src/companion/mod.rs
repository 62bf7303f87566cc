//! `/companion`: the endpoints that `@uppy/aws-s3` expects of a Companion, under the limits of `/v1/uploads`.
//!
//! Uppy announces no size, so the limit is held by the number of parts, by a form's length, and by what the store has on
//! completion. Uppy's version 6 sends no header of its own, so the token may stand in the path.
//!
//! Source: the requests that `@uppy/aws-s3` 5.1 and 6.3 make; their answers are those of `@uppy/companion`.

mod abort;
mod arrivals;
mod caller;
mod complete;
mod create;
mod params;
mod parts;
mod sign;
mod sts;

use std::borrow::Cow;

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, header},
    middleware::{self, Next},
    response::Response,
    routing::{any, get, post},
};
use sealmark_catalogue::{Protocol, UploadRow};
use sealmark_protocol::{ErrorCode, Problem, UploadId, UploadState};
use serde::{Deserialize, Serialize};

pub use arrivals::Arrivals;

use crate::{
    app::{App, unknown},
    auth::Caller,
    problem::ApiError,
    uploads::{closed, find_of},
};

/// Where the endpoints are.
const ROOT: &str = "/companion";
/// The same with the caller's token in the path.
const WITH_TOKEN: &str = "/companion/t/";

pub(crate) fn routes() -> Router<App> {
    let endpoints = Router::new()
        .route("/s3/multipart", post(create::create))
        .route("/s3/multipart/{upload_id}", get(parts::list).delete(abort::abort))
        .route("/s3/multipart/{upload_id}/batch", get(sign::batch))
        .route("/s3/multipart/{upload_id}/complete", post(complete::complete))
        .route("/s3/multipart/{upload_id}/{number}", get(sign::one))
        .route("/s3/params", get(params::params))
        .route("/s3/sts", get(sts::refuse))
        // Here and not only for the whole service: this answer is to be as private as the others.
        .method_not_allowed_fallback(|| async { ApiError::new(ErrorCode::MethodNotAllowed) });
    Router::new()
        .nest("/companion/t/{token}", endpoints.clone())
        .nest(ROOT, endpoints)
        .route("/companion/{*rest}", any(unknown))
        .layer(middleware::from_fn(private))
}

/// Answers hold credentials, and so may the address: neither is kept, nor told to whomever a page asks next.
async fn private(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Whether a path is one of these endpoints'.
pub(crate) fn is_under(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A path as the log may have it.
pub(crate) fn without_token(path: &str) -> Cow<'_, str> {
    match path.strip_prefix(WITH_TOKEN) {
        Some(rest) => {
            let rest = rest.find('/').map_or("", |end| &rest[end..]);
            Cow::Owned(format!("{WITH_TOKEN}<token>{rest}"))
        }
        None => Cow::Borrowed(path),
    }
}

/// A problem's body for Uppy, which shows `message` to the user and names `requestId` in its log.
pub(crate) fn refusal(problem: &Problem) -> serde_json::Result<Vec<u8>> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Refusal<'a> {
        #[serde(flatten)]
        problem: &'a Problem,
        message: String,
        #[serde(rename = "requestId")]
        id: &'a str,
    }
    let message = match &problem.detail {
        Some(detail) => format!("{}: {detail}.", problem.title.trim_end_matches('.')),
        None => problem.title.clone(),
    };
    serde_json::to_vec(&Refusal { problem, message, id: &problem.request_id })
}

/// The upload in a path.
#[derive(Deserialize)]
struct OfUpload {
    upload_id: String,
}

/// The object's key in a query, as the creation's answer had it.
#[derive(Deserialize)]
struct Key {
    key: String,
}

/// The caller's own upload under its own key, in any state; anything else is not there.
async fn find(app: &App, caller: &Caller, of: &OfUpload, key: &Key) -> Result<UploadRow, ApiError> {
    let unknown = || ApiError::new(ErrorCode::UploadNotFound);
    let id: UploadId = of.upload_id.parse().map_err(|_| unknown())?;
    let upload = find_of(app, caller, id, Protocol::Companion).await?;
    if upload.source_key == key.key { Ok(upload) } else { Err(unknown()) }
}

/// The same, if it still takes parts.
async fn find_open(app: &App, caller: &Caller, of: &OfUpload, key: &Key) -> Result<UploadRow, ApiError> {
    let upload = find(app, caller, of, key).await?;
    match upload.state {
        UploadState::Open => Ok(upload),
        state => Err(closed(state)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_log_has_a_token() {
        assert_eq!(without_token("/companion/t/eyJ.x.y/s3/params"), "/companion/t/<token>/s3/params");
        assert_eq!(without_token("/companion/t/eyJ.x.y"), "/companion/t/<token>");
        assert_eq!(without_token("/companion/s3/params"), "/companion/s3/params");
    }

    #[test]
    fn a_refusal_says_to_people_what_is_wrong() {
        let problem = Problem::new(ErrorCode::FileTooLarge, Some("the limit is 5 bytes".to_owned()), "r-1");
        let body: serde_json::Value = serde_json::from_slice(&refusal(&problem).unwrap()).unwrap();
        assert_eq!(body["message"], "The file is too large: the limit is 5 bytes.");
        assert_eq!((&body["code"], &body["requestId"]), (&"file_too_large".into(), &"r-1".into()));
    }

    #[test]
    fn only_paths_of_ours_get_our_form() {
        assert!(is_under("/companion") && is_under("/companion/s3/params"));
        assert!(!is_under("/companions") && !is_under("/v1/companion"));
    }
}
