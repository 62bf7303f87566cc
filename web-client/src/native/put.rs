//! One part to the store.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use futures::StreamExt;
use reqwest::{Body, header};
use sealmark_protocol::SignedPart;

use super::{Api, LocalFile, api};
use crate::engine::{PutError, ReadError};

/// PUTs a range of the file; `on_progress` hears how many bytes of it the connection has taken.
pub(super) async fn put(
    api: &Api,
    file: &LocalFile,
    request: &SignedPart,
    offset: u64,
    length: u64,
    on_progress: impl Fn(u64) + Send + Sync + 'static,
) -> Result<Option<String>, PutError> {
    // The client wraps what the stream says into its own error; what matters is kept beside it.
    let unreadable = Arc::new(OnceLock::new());
    let seen = Arc::clone(&unreadable);
    let mut sent = 0;
    let bytes = file.bytes(offset, length).inspect(move |piece| match piece {
        Ok(piece) => {
            sent += piece.len() as u64;
            on_progress(sent);
        }
        Err(error) => remember(&seen, error),
    });
    let mut put = api.http().put(&request.url).header(header::CONTENT_LENGTH, length);
    for (name, value) in &request.headers {
        put = put.header(name, value);
    }
    let outcome = put.body(Body::wrap_stream(bytes)).send().await;
    if let Some(reason) = unreadable.get() {
        return Err(PutError::Read(ReadError { reason: reason.clone() }));
    }
    let response = outcome.map_err(|_| PutError::Network)?;
    let etag = response.headers().get(header::ETAG).and_then(|value| value.to_str().ok()).map(str::to_owned);
    api::read(response).await.map_err(|_| PutError::Network)?.part(etag)
}

fn remember(seen: &OnceLock<String>, error: &io::Error) {
    let _ = seen.set(error.to_string());
}
