//! What a page or a terminal shows of an upload.

use sealmark_protocol::{MediaId, MediaRecord, UploadId};
use serde::Serialize;

use super::UploadFailure;

/// Where an upload stands, in a user's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Waiting for its turn, or asking the server.
    Preparing,
    /// Bytes travel.
    Uploading,
    /// The user wanted a break.
    Paused,
    /// The network is gone.
    Offline,
    /// Something failed; the next attempt comes by itself.
    Waiting,
    /// Every part is stored; the store puts the object together.
    Completing,
    /// The object is whole; its picture is being made.
    Processing,
    /// The picture has its version.
    Ready,
    /// Over, and `error` says why.
    Failed,
    /// Given up by the user.
    Cancelled,
}

impl Standing {
    /// Whether nothing more happens by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Ready | Self::Failed | Self::Cancelled)
    }
}

/// One upload at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Number that the client gave the upload, as text.
    pub id: String,
    /// The file's name.
    pub file_name: String,
    /// Size of the file in bytes.
    pub size_bytes: u64,
    /// Where it stands.
    pub state: Standing,
    /// Bytes acknowledged or on their way.
    pub sent_bytes: u64,
    /// Bytes that the store has; never goes down for one upload id.
    pub acknowledged_bytes: u64,
    /// Smoothed speed, bytes a second.
    pub speed_bytes_per_s: u64,
    /// Seconds until the last byte at that speed; `None` while nothing moves.
    pub remaining_s: Option<u64>,
    /// Bytes that the store had from an earlier visit.
    pub resumed_bytes: u64,
    /// The upload, once the server knows it.
    pub upload_id: Option<UploadId>,
    /// The picture, once the server knows it.
    pub media_id: Option<MediaId>,
    /// Why it failed.
    pub error: Option<UploadFailure>,
    /// The picture's record, once the object is whole.
    pub media: Option<MediaRecord>,
    /// When it was added, in milliseconds since 1970 UTC.
    pub started_at_ms: u64,
    /// Time from then until now, or until it ended, in milliseconds.
    pub elapsed_ms: u64,
}
