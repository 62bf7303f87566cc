//! A picture as viewers and owners see it: the answer of `GET /v1/media/{id}` and of its event stream.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::{FailureCode, MediaId, UploadId};

/// Where a picture stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum MediaState {
    /// The original is not whole yet.
    Uploading,
    /// The original is stored; a worker will take it.
    Uploaded,
    /// A worker has it.
    Processing,
    /// A version is published.
    Ready,
    /// No version can be made; `failure` says why.
    Failed,
    /// The upload was given up.
    Aborted,
}

impl MediaState {
    const ALL: [Self; 6] =
        [Self::Uploading, Self::Uploaded, Self::Processing, Self::Ready, Self::Failed, Self::Aborted];

    /// The state of this name, as [`Self::as_str`] gives it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    /// The state as stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Uploaded => "uploaded",
            Self::Processing => "processing",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
        }
    }

    /// Whether nothing more will happen by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Ready | Self::Failed | Self::Aborted)
    }
}

/// One rendered output of a picture; immutable once published.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rendition {
    /// Version, counted from 1 for each picture.
    pub version: u32,
    /// SHA-256 of the output's bytes, hex.
    pub digest: String,
    /// Object key in the store.
    pub key: String,
    /// Media type of the output.
    pub content_type: String,
    /// Size of the output in bytes.
    pub size_bytes: u64,
    /// Width in pixels, as shown.
    pub width: u32,
    /// Height in pixels, as shown.
    pub height: u32,
    /// Name of the template that drew the mark.
    pub template: String,
    /// Time that the worker took from taking the job to the swap, in milliseconds.
    pub job_ms: u64,
    /// When it was published, in milliseconds since 1970 UTC.
    pub created_at_ms: i64,
}

/// Why a picture failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Failure {
    /// Stable code; clients translate this.
    pub code: FailureCode,
    /// One English sentence for people who read logs.
    pub message: String,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MediaRecord {
    /// The picture.
    pub media_id: MediaId,
    /// The upload that brought it.
    pub upload_id: UploadId,
    /// Where it stands.
    pub state: MediaState,
    /// The file's name as uploaded.
    pub file_name: String,
    /// Size of the original in bytes.
    pub size_bytes: u64,
    /// When the upload was made, in milliseconds since 1970 UTC.
    pub created_at_ms: i64,
    /// When the original was whole, in milliseconds since 1970 UTC.
    pub uploaded_at_ms: Option<i64>,
    /// The version that viewers get now; its bytes are at `GET /m/{media_id}`.
    pub current: Option<Rendition>,
    /// Why it failed, where it did.
    pub failure: Option<Failure>,
}

/// Answer of `GET /v1/media`: the caller's own pictures, newest first, at most 100.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MediaList {
    /// The pictures.
    pub items: Vec<MediaRecord>,
}
