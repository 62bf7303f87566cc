//! Reading the API's answers: the browser's own `JSON.parse`, then field by field, for a parser of our own would be a
//! third of the module.

use js_sys::{Array, JSON, Number, Object, Reflect};
use sealmark_protocol::{
    ByteRange, Challenge, ErrorCode, Failure, FailureCode, Integrity, MediaId, MediaState, PartNumber, Problem,
    SignPartsResponse, SignedPart, StoredPart, Texts, Upload, UploadId, UploadState,
};
use wasm_bindgen::prelude::*;

use super::record::{Record, Records};
use crate::{engine::CallError, news::MediaNews};

/// A type that a JSON text may hold.
///
/// `None` where a field is missing or of another kind; fields that this release does not know are passed over, and
/// those that an older server does not send have their defaults.
pub trait Read: Sized {
    /// Reads a parsed JSON value.
    fn read(json: &JsValue) -> Option<Self>;
}

/// Reads a JSON text; `None` where it is none, or not a `T`.
pub fn read<T: Read>(text: &str) -> Option<T> {
    T::read(&JSON::parse(text).ok()?)
}

/// A field; undefined where there is none, and where `json` is no object.
pub(super) fn field(json: &JsValue, name: &str) -> JsValue {
    Reflect::get(json, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

fn text(json: &JsValue, name: &str) -> Option<String> {
    field(json, name).as_string()
}

/// A whole number that JavaScript can hold exactly.
fn whole(json: &JsValue, name: &str) -> Option<i64> {
    let value = field(json, name);
    Number::is_safe_integer(&value).then(|| value.as_f64()).flatten().map(|number| number as i64)
}

fn count(json: &JsValue, name: &str) -> Option<u64> {
    whole(json, name)?.try_into().ok()
}

fn small(json: &JsValue, name: &str) -> Option<u32> {
    whole(json, name)?.try_into().ok()
}

fn number(json: &JsValue) -> Option<PartNumber> {
    PartNumber::new(small(json, "number")?).ok()
}

fn upload_id(json: &JsValue) -> Option<UploadId> {
    UploadId::from_text(&text(json, "upload_id")?)
}

fn media_id(json: &JsValue) -> Option<MediaId> {
    MediaId::from_text(&text(json, "media_id")?)
}

/// A refusal that is an outcome in an answer.
pub(super) fn problem(json: &JsValue) -> Option<CallError> {
    let Problem { status, code, detail, title, retry_after_s, .. } = Problem::read(json)?;
    let retry_after_ms = retry_after_s.map(|seconds| seconds * 1_000);
    Some(CallError::Refused { status, code, message: detail.unwrap_or(title), retry_after_ms })
}

fn all<T: Read>(json: &JsValue) -> Option<Vec<T>> {
    if !Array::is_array(json) {
        return None;
    }
    let json: &Array = json.unchecked_ref();
    let mut items = Vec::new();
    for index in 0..json.length() {
        items.push(T::read(&json.get(index))?);
    }
    Some(items)
}

/// A list that may be left out.
fn list<T: Read>(json: &JsValue, name: &str) -> Option<Vec<T>> {
    let value = field(json, name);
    if value.is_undefined() { Some(Vec::new()) } else { all(&value) }
}

/// A value that may be left out.
fn optional<T: Read>(json: &JsValue, name: &str) -> Option<Option<T>> {
    let value = field(json, name);
    if value.is_undefined() || value.is_null() { Some(None) } else { T::read(&value).map(Some) }
}

/// An object that may be left out, of texts only.
fn texts(json: &JsValue, name: &str) -> Option<Texts> {
    let value = field(json, name);
    if value.is_undefined() {
        return Some(Texts::new());
    }
    let entries = Object::entries(value.dyn_ref()?);
    let mut texts = Texts::new();
    for index in 0..entries.length() {
        let entry = entries.get(index);
        texts.extend([(text(&entry, "0")?, text(&entry, "1")?)]);
    }
    Some(texts)
}

impl Read for StoredPart {
    fn read(json: &JsValue) -> Option<Self> {
        Some(Self { number: number(json)?, size_bytes: count(json, "size_bytes")?, etag: text(json, "etag")? })
    }
}

impl Read for SignedPart {
    fn read(json: &JsValue) -> Option<Self> {
        Some(Self {
            number: number(json)?,
            url: text(json, "url")?,
            headers: texts(json, "headers")?,
            fields: texts(json, "fields")?,
            expires_at_ms: whole(json, "expires_at_ms")?,
            expires_in_ms: count(json, "expires_in_ms").unwrap_or_default(),
        })
    }
}

impl Read for SignPartsResponse {
    fn read(json: &JsValue) -> Option<Self> {
        Some(Self { parts: all(&field(json, "parts"))? })
    }
}

impl Read for ByteRange {
    fn read(json: &JsValue) -> Option<Self> {
        Some(Self { offset: count(json, "offset")?, length: count(json, "length")? })
    }
}

impl Read for Challenge {
    fn read(json: &JsValue) -> Option<Self> {
        Some(Self { nonce: text(json, "nonce")?, ranges: all(&field(json, "ranges"))? })
    }
}

impl Read for Upload {
    fn read(json: &JsValue) -> Option<Self> {
        Some(Self {
            upload_id: upload_id(json)?,
            media_id: media_id(json)?,
            state: UploadState::from_name(&text(json, "state")?)?,
            file_name: text(json, "file_name")?,
            size_bytes: count(json, "size_bytes")?,
            part_size_bytes: count(json, "part_size_bytes")?,
            part_count: small(json, "part_count")?,
            created_at_ms: whole(json, "created_at_ms")?,
            parts: list(json, "parts")?,
            integrity: match text(json, "integrity") {
                Some(name) => Integrity::from_name(&name)?,
                None => Integrity::default(),
            },
            signed: list(json, "signed")?,
            challenge: optional(json, "challenge")?,
        })
    }
}

impl Read for Problem {
    fn read(json: &JsValue) -> Option<Self> {
        Some(Self {
            kind: text(json, "type")?,
            title: text(json, "title")?,
            status: small(json, "status")?.try_into().ok()?,
            detail: text(json, "detail"),
            code: ErrorCode::from_code(&text(json, "code")?),
            request_id: text(json, "request_id").unwrap_or_default(),
            retry_after_s: count(json, "retry_after_s"),
        })
    }
}

impl Read for Failure {
    fn read(json: &JsValue) -> Option<Self> {
        Some(Self { code: FailureCode::from_code(&text(json, "code")?), message: text(json, "message")? })
    }
}

impl Read for MediaNews {
    fn read(json: &JsValue) -> Option<Self> {
        Some(Self {
            media_id: media_id(json)?,
            state: MediaState::from_name(&text(json, "state")?)?,
            failure: optional(json, "failure")?,
        })
    }
}

impl Read for Record {
    fn read(json: &JsValue) -> Option<Self> {
        Some(Self { news: MediaNews::read(json)?, upload_id: upload_id(json)?, object: json.clone() })
    }
}

impl Read for Records {
    fn read(json: &JsValue) -> Option<Self> {
        let items = field(json, "items");
        let items: &Array = items.dyn_ref()?;
        // One that cannot be read, as of a state that only a newer server knows, says nothing of the others.
        Some(Self { items: items.iter().filter_map(|item| Record::read(&item)).collect() })
    }
}
