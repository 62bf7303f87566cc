//! Who calls: by the `Authorization` header, or by the token in the path.

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use sealmark_protocol::ErrorCode;

use crate::{
    app::App,
    auth::{Caller, bearer},
    problem::ApiError,
};

/// The caller of a Companion endpoint; a token in the path comes first.
pub(super) struct CompanionCaller(pub(super) Caller);

impl FromRequestParts<App> for CompanionCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let path = RawPathParams::from_request_parts(parts, app).await.ok();
        let in_path = path.iter().flatten().find(|(name, _)| *name == "token").map(|(_, token)| token);
        let token = in_path.or_else(|| bearer(&parts.headers)).ok_or_else(|| {
            ApiError::new(ErrorCode::Unauthorized)
                .because("send Authorization: Bearer <token>, or use the address /companion/t/<token>")
        })?;
        Caller::of(app, token).map(Self)
    }
}
