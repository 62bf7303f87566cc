//! What the engine hears of a picture; the whole record is the page's affair.

use sealmark_protocol::{Failure, MediaId, MediaRecord, MediaState};

/// How a picture stands: the few fields of its [`MediaRecord`] that an upload's end depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaNews {
    /// The picture.
    pub media_id: MediaId,
    /// Where it stands.
    pub state: MediaState,
    /// Why it failed, where it did.
    pub failure: Option<Failure>,
}

impl From<&MediaRecord> for MediaNews {
    fn from(record: &MediaRecord) -> Self {
        Self { media_id: record.media_id, state: record.state, failure: record.failure.clone() }
    }
}
