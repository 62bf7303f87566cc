//! Liveness and readiness.

use axum::{Json, extract::State};
use sealmark_protocol::ErrorCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{app::App, problem::ApiError};

/// Answer of the health checks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`, or `degraded` while Redis is away: uploads work, versions wait.
    status: &'static str,
}

/// Is the process alive?
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Health)))]
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Can it do its work? The database and the store must answer; Redis may be away, for the outbox keeps events.
#[utoipa::path(get, path = "/readyz", tag = "health", responses(
    (status = 200, body = Health),
    (status = 503, body = sealmark_protocol::Problem),
))]
pub(crate) async fn ready(State(app): State<App>) -> Result<Json<Health>, ApiError> {
    app.catalogue.check().await?;
    app.store.check_bucket().await.map_err(|error| ApiError::new(ErrorCode::StoreUnavailable).caused_by(error))?;
    let status = if app.bus.ping().await.is_ok() { "ok" } else { "degraded" };
    Ok(Json(Health { status }))
}
