//! Calls of the API by reqwest.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, header};
use serde::Serialize;

use super::NativeError;
use crate::{answer::Answer, engine::CallError};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The API at one address, and the client that also talks to the store.
#[derive(Debug, Clone)]
pub struct Api {
    http: Client,
    base: String,
}

impl Api {
    /// The API at this base URL, as `https://pictures.example` or `http://127.0.0.1:8080/sealmark`.
    ///
    /// # Errors
    /// [`NativeError::ApiUrl`] for anything but http and https; [`NativeError::HttpClient`] when no client can be made.
    pub fn new(base: &str) -> Result<Self, NativeError> {
        let is_web = url::Url::parse(base).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_web {
            return Err(NativeError::ApiUrl { api: base.to_owned() });
        }
        // Another part of the process may have chosen before; whichever is there will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().connect_timeout(CONNECT_TIMEOUT).build();
        let http = http.map_err(|source| NativeError::HttpClient { source })?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned() })
    }

    /// The client itself, for requests to the store.
    pub const fn http(&self) -> &Client {
        &self.http
    }

    /// The URL of a path that begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A request to the API, with a token where there is one.
    pub(super) fn request(&self, method: Method, path: &str, token: Option<&str>) -> RequestBuilder {
        let request = self.http.request(method, self.url(path));
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// The same with a JSON body.
    pub(super) fn post(&self, path: &str, token: &str, body: &impl Serialize) -> RequestBuilder {
        self.request(Method::POST, path, Some(token)).json(body)
    }
}

/// Sends a request and reads its whole answer.
pub(super) async fn answer(request: RequestBuilder) -> Result<Answer, CallError> {
    let response = request.send().await.map_err(|_| CallError::Network)?;
    read(response).await.map_err(|_| CallError::Network)
}

pub(super) async fn read(response: Response) -> Result<Answer, reqwest::Error> {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = retry_after.map(str::to_owned);
    Ok(Answer { status, retry_after, body: response.text().await? })
}
