//! When to tell the page what changed: a new state at once, numbers at most ten times a second.

use crate::engine::Standing;

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
