//! Answers that hold a picture's record: the engine gets the news in it, the page the object as it came.

use sealmark_protocol::UploadId;
use wasm_bindgen::JsValue;

use crate::news::MediaNews;

/// A `MediaRecord`.
#[derive(Debug, Clone)]
pub struct Record {
    /// What the engine wants to know.
    pub news: MediaNews,
    /// The upload that brought the picture.
    pub upload_id: UploadId,
    /// All of it, as an object of JavaScript.
    pub object: JsValue,
}

/// A `MediaList`.
#[derive(Debug, Clone)]
pub struct Records {
    /// Those of the pictures that can be read.
    pub items: Vec<Record>,
}
