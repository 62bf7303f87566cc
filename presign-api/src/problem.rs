//! Errors on the wire: RFC 9457 problem details with a stable code and the request's id.

use std::error::Error;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    middleware::Next,
    response::IntoResponse,
};
use sealmark_catalogue::CatalogueError;
use sealmark_protocol::{ErrorCode, Problem};
use sealmark_storage::StorageError;

use crate::companion;

/// Seconds that a client waits after a 503 before it asks again.
const RETRY_AFTER_S: u64 = 2;

/// An error on its way out; the [`layer`] gives it its body.
#[derive(Debug)]
pub(crate) struct ApiError {
    code: ErrorCode,
    detail: Option<String>,
    cause: Option<Box<dyn Error + Send + Sync>>,
    retry_after_s: Option<u64>,
}

impl ApiError {
    pub(crate) fn new(code: ErrorCode) -> Self {
        Self { code, detail: None, cause: None, retry_after_s: None }
    }

    /// Adds what exactly was wrong, for the client to read; never on 5xx.
    pub(crate) fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds how long the client shall wait before it asks again, in seconds.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The code.
    pub(crate) fn code(&self) -> ErrorCode {
        self.code
    }

    /// The error as one outcome of several, logged where it is ours.
    pub(crate) fn into_problem(self, request_id: &str) -> Problem {
        if self.code.status() >= 500 {
            tracing::error!(request.id = %request_id, code = %self.code, cause = causes(&self), "one of several failed");
        }
        problem(&self, request_id)
    }

    /// Adds the cause, for the log only.
    pub(crate) fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        let code = if error.is_transient() { ErrorCode::StoreUnavailable } else { ErrorCode::Internal };
        Self::new(code).caused_by(error)
    }
}

impl From<CatalogueError> for ApiError {
    fn from(error: CatalogueError) -> Self {
        let code = if error.is_transient() { ErrorCode::DatabaseUnavailable } else { ErrorCode::Internal };
        Self::new(code).caused_by(error)
    }
}

/// What travels from a handler to the layer, for only the layer knows the request.
#[derive(Clone)]
struct Seed(std::sync::Arc<ApiError>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response<Body> {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if self.code == ErrorCode::BodyTooLarge {
            // The rest of the body is not read, so the connection is closed: who is not told may send on it again.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response.extensions_mut().insert(Seed(std::sync::Arc::new(self)));
        response
    }
}

/// Header that names a request, taken from the client where it sends one.
pub(crate) const REQUEST_ID: &str = "x-request-id";

/// Writes the body of every error, logs those of ours with their causes, and names the request in the answer.
pub(crate) async fn layer(mut request: Request, next: Next) -> Response<Body> {
    let id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()))
        .map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned);
    if let Ok(value) = HeaderValue::from_str(&id) {
        request.headers_mut().insert(REQUEST_ID, value);
    }
    let (method, path) = (request.method().clone(), companion::without_token(request.uri().path()).into_owned());
    let mut response = next.run(request).await;
    if let Some(Seed(error)) = response.extensions_mut().remove::<Seed>() {
        if response.status().is_server_error() {
            tracing::error!(request.id = %id, %method, path, code = %error.code, cause = causes(&error), "request failed");
        }
        response = render(&error, &id, companion::is_under(&path), response);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The id that the layer has given a request.
pub(crate) fn request_id(headers: &HeaderMap) -> String {
    headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn problem(error: &ApiError, id: &str) -> Problem {
    // A 5xx never quotes a cause: what is inside is nobody's business outside.
    let detail = error.detail.clone().filter(|_| error.code.status() < 500);
    let waits = (error.code.status() == 503).then_some(RETRY_AFTER_S);
    Problem { retry_after_s: error.retry_after_s.or(waits), ..Problem::new(error.code, detail, id) }
}

fn render(error: &ApiError, id: &str, for_companion: bool, mut response: Response<Body>) -> Response<Body> {
    let problem = problem(error, id);
    let body = if for_companion { companion::refusal(&problem) } else { serde_json::to_vec(&problem) };
    *response.body_mut() = Body::from(body.unwrap_or_default());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.remove(header::CONTENT_LENGTH);
    if problem.status == 401 {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = problem.retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn causes(error: &ApiError) -> String {
    let mut text = String::new();
    let mut next: Option<&dyn Error> = error.cause.as_deref().map(|cause| cause as &dyn Error);
    while let Some(cause) = next {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
