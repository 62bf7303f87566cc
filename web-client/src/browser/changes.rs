//! Telling the page what changed: a new state at once, numbers at most ten times a second.

use std::collections::BTreeMap;

use crate::{engine::Standing, fleet::UploadNumber};

/// Shortest time between two changes of an upload whose state stays the same, in milliseconds.
pub(super) const EVERY_MS: u32 = 100;

#[derive(Debug)]
struct Told {
    state: Standing,
    at_ms: u64,
    is_stale: bool,
}

/// What the page has been told.
#[derive(Debug, Default)]
pub(super) struct Changes {
    told: BTreeMap<UploadNumber, Told>,
}

impl Changes {
    /// Whether the page is to be told now; if not, [`Changes::stale`] has it later.
    pub(super) fn is_due(&mut self, number: UploadNumber, state: Standing, now_ms: u64) -> bool {
        let told = self.told.get_mut(&number);
        if let Some(told) = told
            && told.state == state
            && now_ms < told.at_ms + u64::from(EVERY_MS)
        {
            told.is_stale = true;
            return false;
        }
        self.told.insert(number, Told { state, at_ms: now_ms, is_stale: false });
        true
    }

    /// Uploads of which the page knows an older state of affairs.
    pub(super) fn stale(&self) -> Vec<UploadNumber> {
        self.told.iter().filter(|(_, told)| told.is_stale).map(|(number, _)| *number).collect()
    }
}
