//! Following a picture's event stream.

use futures::StreamExt;
use reqwest::{Method, header};
use sealmark_protocol::{MediaId, MediaRecord};

use super::{Api, api};
use crate::{engine::CallError, sse::SseParser};

/// What comes over the stream.
pub(super) enum Heard {
    /// The record of now.
    Record(Box<MediaRecord>),
    /// Something else; the stream lives.
    Alive,
}

/// Follows the stream until it ends.
pub(super) async fn watch(
    api: &Api,
    token: &str,
    media_id: MediaId,
    mut tell: impl FnMut(Heard),
) -> Result<(), CallError> {
    let path = format!("/v1/media/{media_id}/events");
    let request = api.request(Method::GET, &path, Some(token)).header(header::ACCEPT, "text/event-stream");
    let response = request.send().await.map_err(|_| CallError::Network)?;
    if !response.status().is_success() {
        return api::read(response).await.map_err(|_| CallError::Network)?.empty();
    }
    let mut parser = SseParser::default();
    let mut bytes = response.bytes_stream();
    while let Some(piece) = bytes.next().await {
        tell(Heard::Alive);
        for event in parser.push(&piece.map_err(|_| CallError::Network)?) {
            // One that cannot be read, as of a state that only a newer server knows, says nothing of the next.
            if event.event == "media"
                && let Ok(record) = serde_json::from_str(&event.data)
            {
                tell(Heard::Record(Box::new(record)));
            }
        }
    }
    Ok(())
}
