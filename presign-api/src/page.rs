//! The upload page: files of one folder, with the headers that keep a page honest.

use std::path::Path;

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, header},
    middleware::{self, Next},
    response::Response,
};
use tower_http::services::ServeDir;

/// Serves the folder at `/`. The page may fetch from and show pictures of `store`, and nothing else from elsewhere.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(www: &Path, store: &str) -> Router<S> {
    let policy = format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; worker-src 'self'; \
         img-src 'self' blob: data: {store}; connect-src 'self' {store}; object-src 'none'; base-uri 'none'; \
         frame-ancestors 'none'; form-action 'none'"
    );
    // The store's address was parsed as a URL, so it fits into a header.
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'self'"));
    Router::new().fallback_service(ServeDir::new(www)).layer(middleware::from_fn(
        move |request: Request, next: Next| {
            let policy = policy.clone();
            async move { with_headers(next.run(request).await, policy) }
        },
    ))
}

fn with_headers(mut response: Response, policy: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    // Revalidated at each visit: a page and a module of two releases must not meet.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
