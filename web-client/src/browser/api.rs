//! Calls of the API by fetch.

use gloo_net::http::{Method, RequestBuilder, Response};
use web_sys::{AbortController, RequestCache};

use crate::{answer::Answer, engine::CallError};
use js_sys::JSON;
use wasm_bindgen::JsValue;

/// One request to the API.
pub(super) struct Call {
    method: Method,
    /// Path below the API's base URL, with a slash at its beginning.
    pub(super) path: String,
    /// A JSON text.
    body: Option<JsValue>,
    /// Header `Idempotency-Key`.
    pub(super) idempotency_key: Option<String>,
}

impl Call {
    pub(super) fn new(method: Method, path: String) -> Self {
        Self { method, path, body: None, idempotency_key: None }
    }

    /// With a value as its body.
    pub(super) fn with(self, body: &JsValue) -> Self {
        // Nothing that has no JSON text, such as a cycle or a big integer, is ever put in.
        Self { body: JSON::stringify(body).ok().map(JsValue::from), ..self }
    }

    /// Sends it; dropped before the end, it is broken off.
    pub(super) async fn send(self, api: &str, token: &str) -> Result<Sent, CallError> {
        // Without a controller, in a very old browser, a call cannot be broken off; its outcome is ignored all the same.
        let controller = AbortController::new().ok();
        let signal = controller.as_ref().map(AbortController::signal);
        let guard = Guard(controller);
        let mut request = RequestBuilder::new(&joined(api, &self.path))
            .method(self.method)
            .cache(RequestCache::NoStore)
            .header("authorization", &joined("Bearer ", token))
            .abort_signal(signal.as_ref());
        if let Some(key) = &self.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let request = match self.body {
            Some(body) => request.header("content-type", "application/json").body(body),
            None => request.build(),
        };
        let request = request.map_err(|_| CallError::Network)?;
        let response = request.send().await.map_err(|_| CallError::Network)?;
        Ok(Sent { response, _guard: guard })
    }
}

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

impl Answer {
    /// The API's answer as a value of JavaScript; undefined for an empty one.
    ///
    /// # Errors
    /// As [`Answer::json`].
    pub fn parsed(&self) -> Result<JsValue, CallError> {
        self.empty()?;
        if self.body.is_empty() {
            return Ok(JsValue::UNDEFINED);
        }
        JSON::parse(&self.body).map_err(|_| CallError::BadAnswer)
    }
}

fn joined(begin: &str, end: &str) -> String {
    let mut text = begin.to_owned();
    text.push_str(end);
    text
}
