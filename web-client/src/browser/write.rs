//! Writing requests for the API: plain objects, made text by the browser's own `JSON.stringify`.

use js_sys::{Array, JSON, Object, Reflect};
use sealmark_protocol::{
    CompleteRequest, CompletedPart, CreateUploadRequest, PartToSign, ProofRequest, SignPartsRequest,
};
use wasm_bindgen::prelude::*;

/// A type that can be sent.
pub trait Write {
    /// Sets its fields.
    fn write(&self, json: &Json);
}

/// The JSON text of a value.
pub fn write(value: &impl Write) -> String {
    // Nothing that has no JSON text, such as a cycle or a big integer, is ever put in.
    JSON::stringify(&object(value)).map(String::from).unwrap_or_default()
}

/// An object in the making.
#[derive(Debug)]
pub struct Json(pub(super) Object);

impl Json {
    pub(super) fn new() -> Self {
        Self(Object::new())
    }

    /// An object that is there already.
    pub(super) fn of(object: &JsValue) -> Self {
        Self(object.clone().unchecked_into())
    }

    pub(super) fn set(&self, name: &str, value: &JsValue) {
        // Only a frozen or exotic object refuses, and this one is our own.
        let _ = Reflect::set(&self.0, &JsValue::from_str(name), value);
    }

    pub(super) fn text(&self, name: &str, value: &str) {
        self.set(name, &JsValue::from_str(value));
    }

    /// Sizes and offsets end at 5 TiB, far below where doubles have gaps.
    fn number(&self, name: &str, value: u64) {
        self.set(name, &JsValue::from_f64(value as f64));
    }

    fn list<T: Write>(&self, name: &str, items: &[T]) {
        let array = Array::new();
        for item in items {
            array.push(&object(item));
        }
        self.set(name, &array);
    }
}

/// The value as a plain object.
pub fn object(value: &impl Write) -> JsValue {
    let json = Json::new();
    value.write(&json);
    json.0.into()
}

impl Write for PartToSign {
    fn write(&self, json: &Json) {
        json.number("number", self.number.get().into());
        if let Some(sha256) = &self.sha256 {
            json.text("sha256", &sha256.to_base64());
        }
        if let Some(crc) = self.crc64nvme {
            json.text("crc64nvme", &crc.to_base64());
        }
    }
}

impl Write for SignPartsRequest {
    fn write(&self, json: &Json) {
        json.list("parts", &self.parts);
    }
}

impl Write for CreateUploadRequest {
    fn write(&self, json: &Json) {
        json.text("file_name", &self.file_name);
        json.number("size_bytes", self.size_bytes);
        if let Some(content_type) = &self.content_type {
            json.text("content_type", content_type);
        }
        if let Some(part_size_bytes) = self.part_size_bytes {
            json.number("part_size_bytes", part_size_bytes);
        }
        json.text("integrity", self.integrity.as_str());
        json.set("form", &JsValue::from_bool(self.form));
        if let Some(content) = &self.content {
            json.text("content", &content.to_base64());
        }
        json.list("sign", &self.sign);
    }
}

impl Write for CompletedPart {
    fn write(&self, json: &Json) {
        json.number("number", self.number.get().into());
        json.text("etag", &self.etag);
    }
}

impl Write for CompleteRequest {
    fn write(&self, json: &Json) {
        json.list("parts", &self.parts);
    }
}

impl Write for ProofRequest {
    fn write(&self, json: &Json) {
        json.text("sha256", &self.sha256.to_base64());
    }
}
