//! One part to the store.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use futures::StreamExt;
use reqwest::{
    Body, header,
    multipart::{self, Form},
};
use sealmark_protocol::SignedPart;

use super::{Api, LocalFile, api, local_file::read_error};
use crate::engine::{PutError, ReadError};

/// PUTs a range of the file, or POSTs it as the form that the request describes; `on_progress` hears how many bytes of it the connection has taken.
pub(super) async fn put(
    api: &Api,
    file: &LocalFile,
    request: &SignedPart,
    offset: u64,
    length: u64,
    on_progress: impl Fn(u64) + Send + Sync + 'static,
) -> Result<Option<String>, PutError> {
    // The client wraps what the stream says into its own error; what matters is kept beside it.
    let unreadable: Arc<OnceLock<ReadError>> = Arc::default();
    let seen = Arc::clone(&unreadable);
    let mut sent = 0;
    let bytes = file.bytes(offset, length).inspect(move |piece| match piece {
        Ok(piece) => {
            sent += piece.len() as u64;
            on_progress(sent);
        }
        Err(error) => remember(&seen, error),
    });
    let body = Body::wrap_stream(bytes);
    let mut outgoing = if request.fields.is_empty() {
        api.http().put(&request.url).header(header::CONTENT_LENGTH, length).body(body)
    } else {
        let mut form = Form::new();
        for (name, value) in &request.fields {
            form = form.text(name.clone(), value.clone());
        }
        api.http().post(&request.url).multipart(form.part("file", multipart::Part::stream_with_length(body, length)))
    };
    for (name, value) in &request.headers {
        outgoing = outgoing.header(name, value);
    }
    let outcome = outgoing.send().await;
    if let Some(error) = unreadable.get() {
        return Err(PutError::Read(error.clone()));
    }
    let response = outcome.map_err(|_| PutError::Network)?;
    let etag = response.headers().get(header::ETAG).and_then(|value| value.to_str().ok()).map(str::to_owned);
    api::read(response).await.map_err(|_| PutError::Network)?.part(etag)
}

fn remember(seen: &OnceLock<ReadError>, error: &io::Error) {
    let _ = seen.set(read_error(error));
}
