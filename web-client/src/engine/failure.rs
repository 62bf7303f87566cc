//! Why an upload failed, by stable code.

use std::fmt;

use sealmark_protocol::{ErrorCode, FailureCode};

use super::{CallError, ReadError};

/// Stable code of a failed upload; as text it is the API's, the picture's or one of the client's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The API's word.
    Api(ErrorCode),
    /// What became of the picture.
    Media(FailureCode),
    /// `network`: no answer, again and again.
    Network,
    /// `store_refused`: the object store refuses a part for a reason that no repeat mends.
    StoreRefused,
    /// `file_changed`: the file's bytes changed while it was being sent.
    FileChanged,
    /// `clock_skew`: the server's clock and the store's differ by more than signatures bear.
    ClockSkew,
    /// `file_unreadable`: the file cannot be read any more.
    FileUnreadable,
    /// `no_token`: the page has no token to give.
    NoToken,
    /// `bad_answer`: the API's answer is not what it promises.
    BadAnswer,
}

impl Code {
    /// The code with which preparing a file refuses it; `FileUnreadable` for any other word.
    pub fn of_preparing(code: &str) -> Self {
        match code {
            "broken_image" => Self::Media(FailureCode::BrokenImage),
            _ => Self::FileUnreadable,
        }
    }

    /// The code as text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api(code) => code.as_str(),
            Self::Media(code) => code.as_str(),
            Self::Network => "network",
            Self::StoreRefused => "store_refused",
            Self::FileChanged => "file_changed",
            Self::ClockSkew => "clock_skew",
            Self::FileUnreadable => "file_unreadable",
            Self::NoToken => "no_token",
            Self::BadAnswer => "bad_answer",
        }
    }

    /// Whether the upload on the server is of no use any more, so that only a new one helps.
    pub(super) const fn spends_upload(self) -> bool {
        matches!(
            self,
            Self::FileChanged
                | Self::Api(
                    ErrorCode::UploadNotFound
                        | ErrorCode::MediaNotFound
                        | ErrorCode::UploadClosed
                        | ErrorCode::PartsMissing
                        | ErrorCode::PartMismatch
                        | ErrorCode::SizeMismatch
                        | ErrorCode::IdempotencyConflict
                )
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Why an upload failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(not(target_arch = "wasm32"), derive(serde::Serialize))]
#[error("{message} ({code})")]
pub struct UploadFailure {
    /// Stable code; pages translate this.
    pub code: Code,
    /// One English sentence for people who read logs.
    pub message: String,
}

impl UploadFailure {
    /// A failure with its code and an English sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<CallError> for UploadFailure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Network => Self::new(Code::Network, "the server did not answer"),
            CallError::Refused { code, message, .. } => Self::new(Code::Api(code), message),
            CallError::BadAnswer => Self::new(Code::BadAnswer, "the server's answer could not be read"),
        }
    }
}

impl From<ReadError> for UploadFailure {
    fn from(error: ReadError) -> Self {
        Self::new(if error.changed { Code::FileChanged } else { Code::FileUnreadable }, error.reason)
    }
}
