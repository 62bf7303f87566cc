//! Guests: people without an account, where the operator lets them upload.

use axum::{Json, extract::State, http::HeaderMap};
use sealmark_protocol::{ErrorCode, GuestToken, UserId};
use uuid::Uuid;

use crate::{
    app::{App, now_ms},
    auth::{Claims, bearer},
    problem::ApiError,
};

/// A guest may go on under the same name for this long after a token has expired, in milliseconds: 30 days.
const RENEWABLE_MS: i64 = 30 * 24 * 3_600 * 1_000;

/// Give a guest a token.
///
/// A guest who sends an older guest token as `Authorization` keeps the name in it, so that their uploads stay theirs.
#[utoipa::path(post, path = "/v1/guests", tag = "tokens", responses(
    (status = 200, body = GuestToken),
    (status = 403, description = "guests are not allowed here", body = sealmark_protocol::Problem),
))]
pub(crate) async fn create(State(app): State<App>, headers: HeaderMap) -> Result<Json<GuestToken>, ApiError> {
    let Some(tenant) = app.config.auth.guest_tenant.clone() else {
        return Err(ApiError::new(ErrorCode::Forbidden).because("guests may not upload here"));
    };
    let now_ms = now_ms();
    // Only a token that we made for a guest is renewed: a name alone makes nobody one.
    let known = bearer(&headers)
        .and_then(|token| app.tokens.verify_expired(token).ok())
        .filter(|claims| claims.guest && claims.tenant == tenant)
        .filter(|claims| (claims.exp as i64).saturating_mul(1_000).saturating_add(RENEWABLE_MS) > now_ms);
    let user_id = match known {
        Some(claims) => claims.sub,
        None => UserId::new(format!("guest-{}", &Uuid::new_v4().simple().to_string()[..16]))
            .map_err(|error| ApiError::new(ErrorCode::Internal).caused_by(error))?,
    };
    let expires_at_ms = now_ms + (app.config.auth.guest_token_ttl_s as i64) * 1_000;
    let claims =
        Claims { tenant, sub: user_id.clone(), exp: (expires_at_ms / 1_000) as u64, max_bytes: None, guest: true };
    let token = app.tokens.sign(&claims).map_err(|error| ApiError::new(ErrorCode::Internal).caused_by(error))?;
    Ok(Json(GuestToken { token, user_id, expires_at_ms }))
}
