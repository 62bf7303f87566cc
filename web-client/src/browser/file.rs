//! Reading and hashing pieces of a `File`, never more of it than asked for.

use js_sys::{ArrayBuffer, Uint8Array};
use sealmark_protocol::Sha256Digest;
use sha2::{Digest, Sha256};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Crypto, File, SubtleCrypto, WorkerGlobalScope};

use crate::{
    engine::ReadError,
    fingerprint::{EDGE_BYTES, fingerprint},
};

/// The browser's own hashing wants the whole part in memory; longer parts are hashed piece by piece, in bytes.
const LONGEST_WHOLE_BYTES: u64 = 64 * 1024 * 1024;
/// Such a piece, in bytes.
const PIECE_BYTES: u64 = 1024 * 1024;

/// The Worker's global scope.
pub(super) fn scope() -> WorkerGlobalScope {
    js_sys::global().unchecked_into()
}

pub(super) fn crypto() -> Option<Crypto> {
    scope().crypto().ok()
}

/// Only secure contexts have it: https and localhost.
fn subtle() -> Option<SubtleCrypto> {
    let subtle = crypto()?.subtle();
    (!subtle.is_undefined()).then_some(subtle)
}

/// A range of the file; nothing is read yet.
pub(super) fn cut(file: &File, offset: u64, length: u64) -> Result<Blob, ReadError> {
    file.slice_with_f64_and_f64(offset as f64, (offset + length) as f64).map_err(|error| unreadable(&error))
}

async fn read(file: &File, offset: u64, length: u64) -> Result<ArrayBuffer, ReadError> {
    let bytes = JsFuture::from(cut(file, offset, length)?.array_buffer()).await.map_err(|error| unreadable(&error))?;
    let bytes: ArrayBuffer = bytes.unchecked_into();
    if u64::from(bytes.byte_length()) == length {
        Ok(bytes)
    } else {
        Err(ReadError { reason: "the file has become shorter".to_owned() })
    }
}

/// The SHA-256 of a range: by the browser where it may, else by our own code.
pub(super) async fn hash(file: &File, offset: u64, length: u64) -> Result<Sha256Digest, ReadError> {
    if let Some(subtle) = subtle()
        && length <= LONGEST_WHOLE_BYTES
    {
        let bytes = read(file, offset, length).await?;
        if let Ok(hashing) = subtle.digest_with_str_and_buffer_source("SHA-256", &bytes)
            && let Ok(digest) = JsFuture::from(hashing).await
        {
            let mut digest_bytes = [0; 32];
            Uint8Array::new(&digest).copy_to(&mut digest_bytes);
            return Ok(Sha256Digest::from_bytes(digest_bytes));
        }
    }
    let mut hasher = Sha256::new();
    let mut done = 0;
    while done < length {
        let piece = (length - done).min(PIECE_BYTES);
        let bytes = read(file, offset + done, piece).await?;
        hasher.update(Uint8Array::new(&bytes).to_vec());
        done += piece;
    }
    Ok(Sha256Digest::from_bytes(hasher.finalize().into()))
}

/// The fingerprint by which a later visit knows the file again.
pub(super) async fn fingerprint_of(file: &File) -> Result<String, ReadError> {
    let size_bytes = size_bytes(file);
    let edge = size_bytes.min(EDGE_BYTES);
    let first = hash(file, 0, edge).await?;
    let last = hash(file, size_bytes - edge, edge).await?;
    Ok(fingerprint(&file.name(), size_bytes, file.last_modified() as i64, &first, &last))
}

pub(super) fn size_bytes(file: &File) -> u64 {
    file.size() as u64
}

/// Whether the file can still be read where a part begins.
pub(super) async fn is_readable(file: &File, offset: u64) -> Result<(), ReadError> {
    read(file, offset, 1).await.map(|_| ())
}

fn unreadable(error: &JsValue) -> ReadError {
    ReadError { reason: words(error) }
}

/// What an exception says.
pub(super) fn words(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => error.message().into(),
        None => error.as_string().unwrap_or_default(),
    }
}
