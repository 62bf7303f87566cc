//! What happened, as the driver tells it to the engine.

use sealmark_protocol::{Checksum, ErrorCode, MediaId, SignPartsResponse, Upload, UploadId};

use super::{
    Ticket, UploadFailure,
    backoff::{Trouble, is_transient},
};
use crate::news::MediaNews;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// It is this upload's turn.
    Start,
    /// The user wants a break.
    Pause,
    /// The user wants to go on.
    Resume,
    /// The user gives the upload up.
    Cancel,
    /// The user wants another try after a failure.
    Retry,
    /// The network is gone, as the system says.
    Offline,
    /// The network is back, as the system says.
    Online,
    /// The API is asked at another address from now on.
    Moved,
    /// The time asked for has come; coming early or twice does no harm.
    Woken,
    /// A token is there, or `Err` with why there is none.
    Token {
        /// Number of the work.
        ticket: Ticket,
        /// Its outcome.
        outcome: Result<(), String>,
    },
    /// The file is ready, or why it never will be.
    Identified {
        /// Number of the work.
        ticket: Ticket,
        /// Its outcome.
        outcome: Result<Identity, UploadFailure>,
    },
    /// The answer to a creation.
    Created {
        /// Number of the work.
        ticket: Ticket,
        /// Its outcome.
        outcome: Result<Upload, CallError>,
    },
    /// The answer to asking where the upload stands.
    Fetched {
        /// Number of the work.
        ticket: Ticket,
        /// Its outcome.
        outcome: Result<Upload, CallError>,
    },
    /// A part is read and hashed, or the file cannot be read.
    Hashed {
        /// Number of the work.
        ticket: Ticket,
        /// Its outcome.
        outcome: Result<Checksum, ReadError>,
    },
    /// The answer to a proof of having the bytes.
    Proved {
        /// Number of the work.
        ticket: Ticket,
        /// Its outcome.
        outcome: Result<MediaNews, CallError>,
    },
    /// The answer to a batch of parts to sign.
    Signed {
        /// Number of the work.
        ticket: Ticket,
        /// Its outcome.
        outcome: Result<SignPartsResponse, CallError>,
    },
    /// This many bytes of a part are on their way.
    Progress {
        /// Number of the work.
        ticket: Ticket,
        /// Bytes of this part so far.
        sent_bytes: u64,
    },
    /// The store's answer to a part: its etag where it can be seen.
    Put {
        /// Number of the work.
        ticket: Ticket,
        /// Its outcome.
        outcome: Result<Option<String>, PutError>,
    },
    /// The answer to a completion.
    Completed {
        /// Number of the work.
        ticket: Ticket,
        /// Its outcome.
        outcome: Result<MediaNews, CallError>,
    },
    /// A record came over the stream.
    Media {
        /// Number of the work.
        ticket: Ticket,
        /// The record of now.
        news: MediaNews,
    },
    /// The stream of records lives.
    Heartbeat {
        /// Number of the work.
        ticket: Ticket,
    },
    /// The answer to one look at the picture.
    Looked {
        /// Number of the work.
        ticket: Ticket,
        /// Its outcome.
        outcome: Result<MediaNews, CallError>,
    },
    /// The stream of records is over; `Ok` where the server ended it in good order.
    WatchEnded {
        /// Number of the work.
        ticket: Ticket,
        /// Its outcome.
        outcome: Result<(), CallError>,
    },
    /// The answer to giving up.
    Aborted {
        /// Number of the work.
        ticket: Ticket,
        /// Its outcome.
        outcome: Result<(), CallError>,
    },
}

impl Event {
    /// Number of the work that is over with this event; `None` where work goes on or there was none.
    pub const fn ended(&self) -> Option<Ticket> {
        match self {
            Self::Token { ticket, .. }
            | Self::Identified { ticket, .. }
            | Self::Proved { ticket, .. }
            | Self::Created { ticket, .. }
            | Self::Fetched { ticket, .. }
            | Self::Hashed { ticket, .. }
            | Self::Signed { ticket, .. }
            | Self::Put { ticket, .. }
            | Self::Completed { ticket, .. }
            | Self::Looked { ticket, .. }
            | Self::WatchEnded { ticket, .. }
            | Self::Aborted { ticket, .. } => Some(*ticket),
            _ => None,
        }
    }
}

/// A file that is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The file's name; preparing may have changed it.
    pub file_name: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its media type as the system believes it.
    pub content_type: Option<String>,
    /// An upload of the same file from an earlier visit, to go on with.
    pub resume: Option<UploadId>,
    /// The picture that another tab has made of the file while this one waited for it.
    pub made: Option<MediaId>,
}

/// Why a call of the API brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No answer came.
    #[error("the server did not answer")]
    Network,
    /// The API refused.
    #[error("{message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Stable code; `Unknown` where the answer was not the API's own.
        code: ErrorCode,
        /// One sentence of the API.
        message: String,
        /// Header `Retry-After`, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// A success whose body is not what the API promises.
    #[error("the server's answer could not be read")]
    BadAnswer,
}

impl CallError {
    /// Whether the same call may succeed later without any change.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Network => true,
            Self::Refused { status, .. } => is_transient(*status),
            Self::BadAnswer => false,
        }
    }

    pub(super) const fn trouble(&self) -> Trouble {
        match self {
            Self::Refused { status, .. } => Trouble::of_status(*status),
            Self::Network | Self::BadAnswer => Trouble::Network,
        }
    }
}

/// Why a part was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PutError {
    /// No answer came.
    #[error("the store did not answer")]
    Network,
    /// The store refused.
    #[error("the store refused a part with status {status} ({code})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Element `Code` of the store's answer, empty where there is none.
        ///
        /// Source: Amazon S3 API, error responses.
        code: String,
        /// Header `Retry-After`, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// The file could not be read while sending.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The file cannot be read (any more): moved, changed, unplugged or forbidden.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the file cannot be read: {reason}")]
pub struct ReadError {
    /// Whether the file is still there, but with other bytes than before.
    pub changed: bool,
    /// What the system says.
    pub reason: String,
}
