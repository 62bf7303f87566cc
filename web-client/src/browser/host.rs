//! What `js/worker.js` does for the driver: it knows the page, the database of records and the other tabs.

use wasm_bindgen::prelude::*;
use web_sys::File;

#[wasm_bindgen]
extern "C" {
    /// The object that `js/worker.js` passes in.
    pub type Host;

    /// Tells the page how an upload stands: an object with the fields of a `Snapshot`.
    #[wasm_bindgen(method)]
    pub(super) fn change(this: &Host, snapshot: &JsValue);

    /// A bearer token other than the refused one.
    #[wasm_bindgen(method, catch)]
    pub(super) async fn token(this: &Host, refused: Option<String>) -> Result<JsValue, JsValue>;

    /// The file as it is to be sent; an exception's `code` says why it is not.
    #[wasm_bindgen(method, catch)]
    pub(super) async fn prepare(this: &Host, id: &str, file: &File) -> Result<JsValue, JsValue>;

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
