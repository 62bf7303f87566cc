//! Where a native program's bearer token comes from.

use std::{fmt, sync::Arc};

use reqwest::Method;
use sealmark_protocol::GuestToken;
use tokio::sync::Mutex;

use super::{Api, api};

/// Where the bearer token comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// Given by the user; it cannot be renewed.
    Fixed(String),
    /// A guest token, asked for and renewed as needed.
    Guest,
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fixed(_) => "Fixed(<redacted>)",
            Self::Guest => "Guest",
        })
    }
}

/// The token that all uploads of a program share.
#[derive(Clone)]
pub(super) struct Tokens {
    api: Api,
    source: TokenSource,
    /// Held while a token is asked for, so that several uploads do not become several guests.
    current: Arc<Mutex<Option<String>>>,
}

impl Tokens {
    pub(super) fn new(api: Api, source: TokenSource) -> Self {
        Self { api, source, current: Arc::default() }
    }

    /// A token other than the one that was refused.
    ///
    /// # Errors
    /// One sentence that says why there is none.
    pub(super) async fn get(&self, refused: Option<String>) -> Result<String, String> {
        if let TokenSource::Fixed(token) = &self.source {
            return match refused {
                None => Ok(token.clone()),
                Some(_) => Err("the token was refused".to_owned()),
            };
        }
        let mut current = self.current.lock().await;
        if let Some(token) = current.as_ref()
            && refused.as_ref() != Some(token)
        {
            return Ok(token.clone());
        }
        // Shown the old token, the API keeps the guest's name.
        let request = self.api.request(Method::POST, "/v1/guests", current.as_deref());
        let guest = api::answer(request).await.and_then(|answer| answer.json::<GuestToken>());
        let guest = guest.map_err(|error| format!("no guest token: {error}"))?;
        *current = Some(guest.token.clone());
        Ok(guest.token)
    }
}
