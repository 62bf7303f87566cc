//! Following a picture's event stream: by fetch, for an `EventSource` cannot send a token.

use gloo_net::http::Method;
use js_sys::Uint8Array;
use sealmark_protocol::MediaRecord;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, ReadableStreamReadResult};

use super::api::Call;
use crate::{engine::CallError, sse::SseParser};

/// What comes over the stream.
pub(super) enum News {
    /// The record of now.
    Record(Box<MediaRecord>),
    /// Something else; the stream lives.
    Alive,
}

/// Follows the stream until it ends.
pub(super) async fn watch(path: String, api: &str, token: &str, tell: impl Fn(News)) -> Result<(), CallError> {
    let sent = Call::new(Method::GET, path).send(api, token).await?;
    if !sent.response.ok() {
        return sent.answer().await?.empty();
    }
    let stream = sent.response.body().ok_or(CallError::BadAnswer)?;
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let mut parser = SseParser::default();
    loop {
        let piece = JsFuture::from(reader.read()).await.map_err(|_| CallError::Network)?;
        let piece: ReadableStreamReadResult = piece.unchecked_into();
        if piece.get_done() != Some(false) {
            return Ok(());
        }
        tell(News::Alive);
        for event in parser.push(&Uint8Array::new(&piece.get_value()).to_vec()) {
            if event.event == "media" {
                let record = serde_json::from_str(&event.data).map_err(|_| CallError::BadAnswer)?;
                tell(News::Record(Box::new(record)));
            }
        }
    }
}
