//! What `js/worker.js` does for the driver: it knows the page, the database of records and the other tabs.

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, File};

#[wasm_bindgen]
extern "C" {
    /// The object that `js/worker.js` passes in.
    #[derive(Clone)]
    pub type Host;

    /// Tells the page how an upload stands. `numbers` are a snapshot's bytes (size, sent, acknowledged), speed, resumed
    /// bytes, and its times (start, elapsed).
    #[wasm_bindgen(method)]
    pub(super) fn change(
        this: &Host,
        id: &str,
        state: &str,
        numbers: &[f64],
        remaining_s: Option<f64>,
        upload_id: Option<String>,
        media_id: Option<String>,
        error_code: Option<String>,
        error_message: Option<String>,
        instant: bool,
        media: &JsValue,
    );

    /// A bearer token other than the refused one.
    #[wasm_bindgen(method, catch)]
    pub(super) async fn token(this: &Host, refused: Option<String>) -> Result<JsValue, JsValue>;

    /// The file as it is to be sent; an exception's `code` says why it is not.
    #[wasm_bindgen(method, catch)]
    pub(super) async fn prepare(this: &Host, file: &File) -> Result<JsValue, JsValue>;

    /// The bytes of a blob, in a buffer that wants to be given back.
    #[wasm_bindgen(method)]
    pub(super) fn read(this: &Host, blob: &Blob) -> Promise;

    /// Gives bytes of `read` back, which are not looked at any more.
    #[wasm_bindgen(method)]
    pub(super) fn give(this: &Host, bytes: &Uint8Array);

    /// Waits until no other tab sends this file; then `upload_id` of an upload that was begun for it, `media_id` of the
    /// picture that another tab has made of it meanwhile, or undefined.
    #[wasm_bindgen(method, catch)]
    pub(super) async fn recall(this: &Host, fingerprint: &str, id: &str) -> Result<JsValue, JsValue>;

    /// Keeps a record of an upload, so that a later visit can go on with it.
    #[wasm_bindgen(method)]
    pub(super) fn remember(this: &Host, fingerprint: &str, upload_id: &str, acknowledged_bytes: f64, id: &str);

    /// Drops that record, and lets other tabs know what became of the file.
    #[wasm_bindgen(method)]
    pub(super) fn forget(this: &Host, fingerprint: &str, id: &str, media_id: Option<String>);
}
