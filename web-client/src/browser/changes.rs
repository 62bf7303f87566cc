//! Telling the page what changed: a new state at once, numbers at most ten times a second.

use wasm_bindgen::JsValue;

use super::Host;
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

/// Tells it; `media` is the picture's record as the API sent it. Field by field, for names that are set on an object would
/// be made of bytes each time.
pub(super) fn tell(host: &Host, snapshot: &Snapshot, media: &JsValue) {
    let numbers = [
        snapshot.size_bytes,
        snapshot.sent_bytes,
        snapshot.acknowledged_bytes,
        snapshot.speed_bytes_per_s,
        snapshot.resumed_bytes,
        snapshot.started_at_ms,
        snapshot.elapsed_ms,
    ]
    .map(|number| number as f64);
    let error = snapshot.error.as_ref();
    host.change(
        &snapshot.id,
        snapshot.state.as_str(),
        &numbers,
        snapshot.remaining_s.map(|seconds| seconds as f64),
        snapshot.upload_id.map(|id| id.to_text()),
        snapshot.media_id.map(|id| id.to_text()),
        error.map(|failure| failure.code.as_str().to_owned()),
        error.map(|failure| failure.message.clone()),
        snapshot.instant,
        media,
    );
}
