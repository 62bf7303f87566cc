//! Bearer tokens: JSON Web Tokens (RFC 7519) signed by HS256, made by the shop's back end or, for guests, by us.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use sealmark_protocol::{ErrorCode, TenantId, UserId};
use serde::{Deserialize, Serialize};

use crate::{app::App, problem::ApiError};

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The shop.
    pub tenant: TenantId,
    /// The person, as the shop names them.
    pub sub: UserId,
    /// When the token stops working, in seconds since 1970 UTC.
    pub exp: u64,
    /// Largest file in bytes, where it is less than the service's own limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// Whether we made it for a guest, who may then renew it; a shop's back end leaves it out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guest: bool,
}

/// Makes and checks tokens.
#[derive(Clone)]
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(<redacted>)")
    }
}

/// Why a token is refused.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Past its `exp`, with the clock a minute off at most.
    #[error("the token has expired")]
    Expired,
    /// Not a token of ours: signature, algorithm or claims are wrong.
    #[error("the token does not verify")]
    Invalid {
        /// What the check says.
        #[source]
        source: jsonwebtoken::errors::Error,
    },
}

impl Tokens {
    /// Uses a shared secret of at least 32 characters, as the configuration's check demands.
    pub fn new(secret: &str) -> Self {
        Self {
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
        }
    }

    /// Makes a token.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] when the claims cannot be serialized.
    pub fn sign(&self, claims: &Claims) -> Result<String, TokenError> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.encoding)
            .map_err(|source| TokenError::Invalid { source })
    }

    /// Checks a token.
    ///
    /// # Errors
    /// [`TokenError::Expired`] and [`TokenError::Invalid`].
    pub fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        self.decode(token, true)
    }

    /// Checks everything but the expiry: who a guest was, when they ask to go on.
    ///
    /// # Errors
    /// [`TokenError::Invalid`].
    pub(crate) fn verify_expired(&self, token: &str) -> Result<Claims, TokenError> {
        self.decode(token, false)
    }

    fn decode(&self, token: &str, check_expiry: bool) -> Result<Claims, TokenError> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = check_expiry;
        validation.validate_aud = false;
        match jsonwebtoken::decode(token, &self.decoding, &validation) {
            Ok(data) => Ok(data.claims),
            Err(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => Err(TokenError::Expired),
            Err(source) => Err(TokenError::Invalid { source }),
        }
    }
}

/// Who calls, from the `Authorization` header.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) tenant: TenantId,
    pub(crate) user: UserId,
    pub(crate) max_bytes: Option<u64>,
}

/// The bearer token of a request, where it has one.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(axum::http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers)
            .ok_or_else(|| ApiError::new(ErrorCode::Unauthorized).because("send Authorization: Bearer <token>"))?;
        Self::of(app, token)
    }
}

impl Caller {
    /// Who a token stands for.
    pub(crate) fn of(app: &App, token: &str) -> Result<Self, ApiError> {
        match app.tokens.verify(token) {
            Ok(claims) => Ok(Self { tenant: claims.tenant, user: claims.sub, max_bytes: claims.max_bytes }),
            Err(TokenError::Expired) => Err(ApiError::new(ErrorCode::TokenExpired)),
            Err(error @ TokenError::Invalid { .. }) => {
                Err(ApiError::new(ErrorCode::Unauthorized).because(error.to_string()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(exp: u64) -> Claims {
        Claims {
            tenant: TenantId::new("acme").unwrap(),
            sub: UserId::new("7").unwrap(),
            exp,
            max_bytes: None,
            guest: false,
        }
    }

    #[test]
    fn tokens_of_another_key_of_no_key_and_of_yesterday_are_refused() {
        let tokens = Tokens::new(&"k".repeat(32));
        let good = tokens.sign(&claims(4_000_000_000)).unwrap();
        assert_eq!(tokens.verify(&good).unwrap(), claims(4_000_000_000));
        assert!(matches!(Tokens::new(&"x".repeat(32)).verify(&good), Err(TokenError::Invalid { .. })));
        let old = tokens.sign(&claims(1_000_000)).unwrap();
        assert!(matches!(tokens.verify(&old), Err(TokenError::Expired)));
        assert_eq!(tokens.verify_expired(&old).unwrap().sub.as_str(), "7");
        // {"alg":"none"} with the same claims.
        let body = good.split('.').nth(1).unwrap();
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.");
        assert!(matches!(tokens.verify(&unsigned), Err(TokenError::Invalid { .. })));
        assert!(matches!(tokens.verify_expired(&unsigned), Err(TokenError::Invalid { .. })));
    }
}
