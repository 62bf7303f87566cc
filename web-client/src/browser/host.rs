//! What `js/worker.js` does for the driver: it knows the page and the database of records.

use wasm_bindgen::prelude::*;
use web_sys::File;

#[wasm_bindgen]
extern "C" {
    /// The object that `js/worker.js` passes in.
    pub type Host;

    /// Tells the page how an upload stands: a `Snapshot` as JSON.
    #[wasm_bindgen(method)]
    pub(super) fn change(this: &Host, snapshot: &str);

    /// A bearer token other than the refused one.
    #[wasm_bindgen(method, catch)]
    pub(super) async fn token(this: &Host, refused: Option<String>) -> Result<JsValue, JsValue>;

    /// The upload that an earlier visit began for this file, or undefined.
    #[wasm_bindgen(method, catch)]
    pub(super) async fn recall(this: &Host, fingerprint: &str) -> Result<JsValue, JsValue>;

    /// Keeps a record of an upload, so that a later visit can go on with it.
    #[wasm_bindgen(method)]
    pub(super) fn remember(this: &Host, fingerprint: &str, upload_id: &str, acknowledged_bytes: f64, file: &File);

    /// Drops that record.
    #[wasm_bindgen(method)]
    pub(super) fn forget(this: &Host, fingerprint: &str);
}
