//! The service as a value: what every handler shares, and the routes.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, Method, header},
    middleware,
    routing::get,
};
use sealmark_catalogue::Catalogue;
use sealmark_event_bus::{Bus, CancellationToken};
use sealmark_protocol::ErrorCode;
use sealmark_storage::Store;
use tower_http::{catch_panic::CatchPanicLayer, cors::CorsLayer};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    auth::Tokens, companion, config::Config, guests, health, hub::Hub, limits::Creations, media, page, problem,
    problem::ApiError, relay::Relay, uploads,
};

/// Who our events say they come from.
pub(crate) const SOURCE: &str = "sealmark/presign-api";
/// Largest body of a request, in bytes: 10,000 parts to complete with take about 700,000.
const BODY_LIMIT: usize = 1024 * 1024;

/// What every handler shares; cloning is cheap.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) config: Arc<Config>,
    pub(crate) catalogue: Catalogue,
    pub(crate) store: Store,
    pub(crate) bus: Bus,
    pub(crate) relay: Relay,
    pub(crate) hub: Hub,
    pub(crate) tokens: Tokens,
    pub(crate) creations: Creations,
    pub(crate) stop: CancellationToken,
}

impl App {
    /// Puts the service together; nothing runs yet.
    pub fn new(
        config: Config,
        catalogue: Catalogue,
        store: Store,
        bus: Bus,
        relay: Relay,
        stop: CancellationToken,
    ) -> Self {
        let tokens = Tokens::new(&config.auth.token_secret);
        let creations = Creations::new(config.policy.creations_per_minute);
        let hub = Hub::new(catalogue.clone());
        Self { config: Arc::new(config), catalogue, store, bus, relay, hub, tokens, creations, stop }
    }

    /// Follows the bus for those who wait for news, until stopped.
    pub async fn follow_news(&self) {
        self.hub.clone().follow(self.bus.clone(), self.stop.clone()).await;
    }
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Sealmark presign-api", description = "Resumable uploads straight into S3, and marked versions back."),
    modifiers(&BearerToken),
    tags(
        (name = "uploads", description = "One file from the browser to the store"),
        (name = "media", description = "Pictures and their versions"),
        (name = "tokens", description = "Who may upload"),
        (name = "health", description = "For the operator"),
    )
)]
struct Document;

struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(uploads::create::create))
        .routes(routes!(uploads::batch::create))
        .routes(routes!(uploads::batch::complete))
        .routes(routes!(uploads::status::status, uploads::abort::abort))
        .routes(routes!(uploads::sign::sign_more))
        .routes(routes!(uploads::challenge::prove))
        .routes(routes!(uploads::complete::complete))
        .routes(routes!(media::record::list))
        .routes(routes!(media::record::get))
        .routes(routes!(media::events::follow))
        .routes(routes!(media::all_events::follow))
        .routes(routes!(media::content::current))
        .routes(routes!(guests::create))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
}

/// The OpenAPI 3.1 document, made from the code.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().split_for_parts().1
}

/// The whole service.
pub fn router(app: App) -> Router {
    let (routes, document) = documented().split_for_parts();
    let origins = app.config.http.origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    let cors = CorsLayer::new()
        .allow_origin(origins.collect::<Vec<_>>())
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("traceparent"),
        ])
        .expose_headers([HeaderName::from_static(problem::REQUEST_ID), header::RETRY_AFTER]);
    let www = app.config.http.www.clone();
    let store = app.config.store.0.object_origin();
    let api = routes
        .route("/v1/openapi.json", get(move || async move { Json(document) }))
        .merge(companion::routes())
        .route("/v1/{*rest}", get(unknown).post(unknown).delete(unknown).put(unknown).patch(unknown))
        .method_not_allowed_fallback(|| async { ApiError::new(ErrorCode::MethodNotAllowed) })
        .with_state(app);
    match www {
        Some(www) => api.merge(page::routes(&www, &store)),
        None => api.fallback(unknown),
    }
    .layer(cors)
    .layer(CatchPanicLayer::custom(panicked))
    .layer(DefaultBodyLimit::max(BODY_LIMIT))
    .layer(middleware::from_fn(problem::layer))
}

pub(crate) async fn unknown() -> ApiError {
    ApiError::new(ErrorCode::NotFound)
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    let message = panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default();
    axum::response::IntoResponse::into_response(
        ApiError::new(ErrorCode::Internal).caused_by(format!("a handler panicked: {message}")),
    )
}

/// Now, in milliseconds since 1970 UTC.
pub(crate) fn now_ms() -> i64 {
    // A clock before 1970 is read as 1970.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
