//! Telling the page what changed: a new state at once, numbers at most ten times a second.

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::engine::{Snapshot, Standing};

/// Shortest time between two changes of an upload whose state stays the same, in milliseconds.
pub(super) const EVERY_MS: u32 = 100;

/// What the page has been told of one upload.
#[derive(Debug, Default)]
pub(super) struct Told {
    state: Option<Standing>,
    at_ms: u64,
    /// Whether the page knows an older state of affairs.
    pub(super) is_stale: bool,
}

impl Told {
    /// Whether the page is to be told now; if not, it is to be told later.
    pub(super) fn is_due(&mut self, state: Standing, now_ms: u64) -> bool {
        self.is_stale = self.state == Some(state) && now_ms < self.at_ms + u64::from(EVERY_MS);
        if !self.is_stale {
            self.state = Some(state);
            self.at_ms = now_ms;
        }
        !self.is_stale
    }
}

/// The object that the page gets; `media` is the picture's record as the API sent it.
pub(super) fn object(snapshot: &Snapshot, media: &JsValue) -> JsValue {
    let object = Object::new();
    let set = |to: &Object, name: &str, value: JsValue| {
        // A plain object of our own refuses nothing.
        let _ = Reflect::set(to, &name.into(), &value);
    };
    let text = |value: Option<String>| value.map_or(JsValue::NULL, JsValue::from);
    for (name, number) in [
        ("size_bytes", snapshot.size_bytes),
        ("sent_bytes", snapshot.sent_bytes),
        ("acknowledged_bytes", snapshot.acknowledged_bytes),
        ("speed_bytes_per_s", snapshot.speed_bytes_per_s),
        ("resumed_bytes", snapshot.resumed_bytes),
        ("started_at_ms", snapshot.started_at_ms),
        ("elapsed_ms", snapshot.elapsed_ms),
    ] {
        set(&object, name, (number as f64).into());
    }
    set(&object, "id", snapshot.id.as_str().into());
    set(&object, "file_name", snapshot.file_name.as_str().into());
    set(&object, "state", snapshot.state.as_str().into());
    set(&object, "remaining_s", snapshot.remaining_s.map_or(JsValue::NULL, |seconds| (seconds as f64).into()));
    set(&object, "upload_id", text(snapshot.upload_id.map(|id| id.to_text())));
    set(&object, "media_id", text(snapshot.media_id.map(|id| id.to_text())));
    set(&object, "instant", snapshot.instant.into());
    let error = snapshot.error.as_ref().map_or(JsValue::NULL, |failure| {
        let error = Object::new();
        set(&error, "code", failure.code.as_str().into());
        set(&error, "message", failure.message.as_str().into());
        error.into()
    });
    set(&object, "error", error);
    set(&object, "media", media.clone());
    object.into()
}
