//! Reading pieces of a `File`, never more of it than asked for.

use js_sys::{ArrayBuffer, Uint8Array};
use sealmark_protocol::{Challenge, Sha256Digest};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Crypto, DomException, File, WorkerGlobalScope};

use super::hash;
use crate::{
    engine::ReadError,
    fingerprint::{EDGE_BYTES, fingerprint},
};

/// The Worker's global scope.
pub(super) fn scope() -> WorkerGlobalScope {
    js_sys::global().unchecked_into()
}

pub(super) fn crypto() -> Option<Crypto> {
    scope().crypto().ok()
}

/// A range of the file; nothing is read yet.
pub(super) fn cut(file: &File, offset: u64, length: u64) -> Result<Blob, ReadError> {
    // Cutting asks the system how the file is, and waits for it; most files are sent as a whole.
    if offset == 0 && length == size_bytes(file) {
        return Ok(file.clone().into());
    }
    file.slice_with_f64_and_f64(offset as f64, (offset + length) as f64).map_err(|error| unreadable(&error))
}

/// The bytes of a range.
pub(super) async fn read(file: &File, offset: u64, length: u64) -> Result<ArrayBuffer, ReadError> {
    let bytes = JsFuture::from(cut(file, offset, length)?.array_buffer()).await.map_err(|error| unreadable(&error))?;
    let bytes: ArrayBuffer = bytes.unchecked_into();
    if u64::from(bytes.byte_length()) == length {
        Ok(bytes)
    } else {
        Err(ReadError { changed: true, reason: "the file has become shorter".to_owned() })
    }
}

/// The fingerprint by which a later visit knows the file again; the digest of all of it too, where it is short.
pub(super) async fn fingerprint_of(file: &File) -> Result<(String, Option<Sha256Digest>), ReadError> {
    let size_bytes = size_bytes(file);
    let edge = size_bytes.min(EDGE_BYTES);
    let bytes = read(file, 0, edge).await?;
    let first = hash::sha256(&bytes).await;
    let is_short = size_bytes <= EDGE_BYTES;
    let last = if is_short { first } else { hash::sha256(&read(file, size_bytes - edge, edge).await?).await };
    let fingerprint = fingerprint(&file.name(), size_bytes, file.last_modified() as i64, &first, &last);
    Ok((fingerprint, is_short.then_some(first)))
}

/// The answer to a challenge: SHA-256 over the nonce and the ranges.
pub(super) async fn prove(file: &File, challenge: &Challenge) -> Result<Sha256Digest, ReadError> {
    let mut bytes = challenge.nonce.clone().into_bytes();
    for range in &challenge.ranges {
        bytes.extend(Uint8Array::new(&read(file, range.offset, range.length).await?.into()).to_vec());
    }
    Ok(Sha256Digest::of(&bytes))
}

pub(super) fn size_bytes(file: &File) -> u64 {
    file.size() as u64
}

/// Whether the file can still be read where a part begins.
pub(super) async fn is_readable(file: &File, offset: u64) -> Result<(), ReadError> {
    read(file, offset, 1).await.map(|_| ())
}

/// Source: File API, 7.1: a file that changed since it was chosen is a `NotReadableError`, one that is gone a
/// `NotFoundError`.
pub(super) fn unreadable(error: &JsValue) -> ReadError {
    let changed = error.dyn_ref::<DomException>().is_some_and(|error| error.name() == "NotReadableError");
    ReadError { changed, reason: words(error) }
}

/// What an exception says.
pub(super) fn words(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => error.message().into(),
        None => error.as_string().unwrap_or_default(),
    }
}
