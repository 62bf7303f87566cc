//! One part to the store, by XMLHttpRequest: fetch does not tell how many bytes have left.

use js_sys::Promise;
use sealmark_protocol::SignedPart;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, FormData, ProgressEvent, XmlHttpRequest};

use super::file;
use crate::{answer::Answer, engine::PutError};

/// Breaks the request off on drop; one that is over is not touched by it.
struct Guard {
    xhr: XmlHttpRequest,
    // Must live as long as the browser may call it.
    _on_progress: Closure<dyn FnMut(ProgressEvent)>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.xhr.set_onloadend(None);
        if let Ok(upload) = self.xhr.upload() {
            upload.set_onprogress(None);
        }
        let _ = self.xhr.abort();
    }
}

/// Sends a range of the file as the request says. `on_progress` hears how many bytes of it have left, but for a form.
///
/// The browser's own process reads the range: handing it bytes of ours, though they are read and hashed already, blocks
/// the Worker for 45 ms a part of 8 MiB.
pub(super) async fn put(
    source: &File,
    request: &SignedPart,
    offset: u64,
    length: u64,
    on_progress: impl Fn(u64) + 'static,
) -> Result<Option<String>, PutError> {
    let xhr = XmlHttpRequest::new().map_err(|_| PutError::Network)?;
    let on_progress = Closure::new(move |event: ProgressEvent| on_progress(event.loaded() as u64));
    let guard = Guard { xhr, _on_progress: on_progress };
    let xhr = &guard.xhr;
    let blob = file::cut(source, offset, length)?;
    let is_form = !request.fields.is_empty();
    let sent = Promise::new(&mut |resolve, reject| {
        xhr.set_onloadend(Some(&resolve));
        let begun = xhr.open_with_async(if is_form { "POST" } else { "PUT" }, &request.url, true).and_then(|()| {
            for (name, value) in &request.headers {
                xhr.set_request_header(name, value)?;
            }
            if is_form {
                // Listening to a form's progress would cost it a preflight request, which is what it is there to save.
                let form = FormData::new()?;
                for (name, value) in &request.fields {
                    form.append_with_str(name, value)?;
                }
                form.append_with_blob("file", &blob)?;
                return xhr.send_with_opt_form_data(Some(&form));
            }
            xhr.upload()?.set_onprogress(Some(guard._on_progress.as_ref().unchecked_ref()));
            xhr.send_with_opt_blob(Some(&blob))
        });
        if begun.is_err() {
            let _ = reject.call0(&JsValue::UNDEFINED);
        }
    });
    JsFuture::from(sent).await.map_err(|_| PutError::Network)?;
    let status = xhr.status().unwrap_or(0);
    if status == 0 {
        // A file that was changed or taken away looks like a broken network from here.
        file::is_readable(source, offset).await?;
        return Err(PutError::Network);
    }
    let header = |name| xhr.get_response_header(name).ok().flatten();
    // Where the store does not let us see the etag, its own list of parts will do for completing.
    let body = xhr.response_text().ok().flatten().unwrap_or_default();
    let retry_after = if status < 400 { None } else { header("retry-after") };
    Answer { status, retry_after, body }.part(header("etag"))
}
