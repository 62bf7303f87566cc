//! What a page or a terminal shows of an upload.

use sealmark_protocol::{MediaId, UploadId};

use super::{Engine, State, UploadFailure, parts::Parts};

/// Where an upload stands, in a user's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(not(target_arch = "wasm32"), derive(serde::Serialize), serde(rename_all = "snake_case"))]
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
    /// The word as sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Uploading => "uploading",
            Self::Paused => "paused",
            Self::Offline => "offline",
            Self::Waiting => "waiting",
            Self::Completing => "completing",
            Self::Processing => "processing",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more happens by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Ready | Self::Failed | Self::Cancelled)
    }
}

/// One upload at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(serde::Serialize))]
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
    /// Whether the tenant had the content already, so that nothing was sent.
    pub instant: bool,
    /// When it was added, in milliseconds since 1970 UTC.
    pub started_at_ms: u64,
    /// Time from then until now, or until it ended, in milliseconds.
    pub elapsed_ms: u64,
}

impl Engine {
    pub(super) fn standing(&self) -> Standing {
        match &self.state {
            State::Ready => Standing::Ready,
            State::Failed(_) | State::Leaving(_) => Standing::Failed,
            State::Cancelling { .. } | State::Cancelled => Standing::Cancelled,
            _ if self.paused => Standing::Paused,
            _ if !self.online => Standing::Offline,
            State::Idle => Standing::Preparing,
            _ if self.is_waiting() => Standing::Waiting,
            State::Identifying | State::Hashing | State::Creating | State::Fetching(_) | State::Proving(_) => {
                Standing::Preparing
            }
            State::Sending => Standing::Uploading,
            State::Completing => Standing::Completing,
            State::Watching(_) => Standing::Processing,
        }
    }

    /// Whether nothing is under way and the next attempt is due later.
    fn is_waiting(&self) -> bool {
        let due_later = self.call.is_waiting(self.now_ms) || self.parts_are_waiting();
        // A picture is being made whether or not we hear of it at the moment.
        due_later && !self.call.is_out() && self.parts_are_still() && !matches!(self.state, State::Watching(_))
    }

    /// The upload as it stands; `id` is the name that the client gave it.
    pub fn snapshot(&self, id: &str) -> Snapshot {
        let sending = self.parts.as_ref().map_or(0, Parts::sending_bytes);
        let stored = self.parts.as_ref().map_or(0, Parts::stored_bytes);
        let state = self.standing();
        let moving = state == Standing::Uploading;
        Snapshot {
            id: id.to_owned(),
            file_name: self.source.file_name.clone(),
            size_bytes: self.source.size_bytes,
            state,
            sent_bytes: self.acknowledged_bytes.max(stored + sending),
            acknowledged_bytes: self.acknowledged_bytes,
            speed_bytes_per_s: if moving { self.pace.bytes_per_s() } else { 0 },
            remaining_s: self
                .pace
                .remaining_s(self.source.size_bytes.saturating_sub(stored + sending))
                .filter(|_| moving),
            resumed_bytes: self.resumed_bytes,
            upload_id: self.known.map(|known| known.upload_id),
            media_id: self.whole.or(self.known.map(|known| known.media_id)),
            error: if let State::Failed(failure) | State::Leaving(failure) = &self.state {
                Some(failure.clone())
            } else {
                None
            },
            instant: self.is_instant,
            started_at_ms: self.started_at_ms,
            elapsed_ms: self.ended_at_ms.unwrap_or(self.now_ms).saturating_sub(self.started_at_ms),
        }
    }
}
