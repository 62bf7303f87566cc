//! Calls of the API by fetch.

use gloo_net::http::{Method, RequestBuilder, Response};
use serde::Serialize;
use web_sys::{AbortController, RequestCache};

use crate::{answer::Answer, engine::CallError};

/// One request that is broken off when it is dropped.
pub(super) struct Call {
    controller: Option<AbortController>,
    request: RequestBuilder,
}

impl Call {
    pub(super) fn new(method: Method, url: &str, token: &str) -> Self {
        // Without a controller, in a very old browser, a call cannot be broken off; its outcome is ignored all the same.
        let controller = AbortController::new().ok();
        let signal = controller.as_ref().map(AbortController::signal);
        let request = RequestBuilder::new(url)
            .method(method)
            .cache(RequestCache::NoStore)
            .header("authorization", &format!("Bearer {token}"))
            .abort_signal(signal.as_ref());
        Self { controller, request }
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Sends it, with a JSON body where there is one; the answer's body is still to be read.
    pub(super) async fn send(self, body: Option<&impl Serialize>) -> Result<Sent, CallError> {
        let guard = Guard(self.controller);
        let response = match body {
            Some(body) => match self.request.json(body) {
                Ok(request) => request.send().await,
                Err(error) => Err(error),
            },
            None => self.request.send().await,
        };
        Ok(Sent { response: response.map_err(|_| CallError::Network)?, _guard: guard })
    }

    /// Sends it and reads the whole answer.
    pub(super) async fn answer(self, body: Option<&impl Serialize>) -> Result<Answer, CallError> {
        self.send(body).await?.answer().await
    }
}

/// No body.
pub(super) const EMPTY: Option<&()> = None;

/// An answer whose body is still to be read.
pub(super) struct Sent {
    pub(super) response: Response,
    _guard: Guard,
}

impl Sent {
    pub(super) async fn answer(self) -> Result<Answer, CallError> {
        let status = self.response.status();
        let retry_after = self.response.headers().get("retry-after");
        let body = self.response.text().await.map_err(|_| CallError::Network)?;
        Ok(Answer { status, retry_after, body })
    }
}

/// Breaks the request off on drop; a request that is over is not touched by it.
struct Guard(Option<AbortController>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}
