//! Stable error codes, and the RFC 9457 body that carries them.

use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* #[cfg_attr(feature = "serde", serde(rename = $text))] $variant,)*
            /// A code of a newer release.
            #[cfg_attr(feature = "serde", serde(other, rename = "unknown"))]
            Unknown,
        }

        impl $name {
            /// Every code, for documents and for tests.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as stored and sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* Self::Unknown => "unknown" }
            }

            /// Reads a code; one of a newer release becomes `Unknown`.
            pub fn from_code(code: &str) -> Self {
                match code { $($text => Self::$variant,)* _ => Self::Unknown }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
        }
    };
}

codes! {
    /// What a request to the API failed of. Clients match on this, never on a text.
    ErrorCode {
        /// A body, path or header that cannot be read; `detail` says which.
        InvalidRequest = "invalid_request",
        /// No token, or one that does not verify.
        Unauthorized = "unauthorized",
        /// The token was right once; get a new one and repeat.
        TokenExpired = "token_expired",
        /// The token does not allow this.
        Forbidden = "forbidden",
        /// No such path.
        NotFound = "not_found",
        /// The method does not fit the path.
        MethodNotAllowed = "method_not_allowed",
        /// No such upload, or not yours.
        UploadNotFound = "upload_not_found",
        /// No such picture, or not yours.
        MediaNotFound = "media_not_found",
        /// The picture has no version yet.
        NoVersionYet = "no_version_yet",
        /// The upload is already completed or aborted.
        UploadClosed = "upload_closed",
        /// The store does not have every part.
        PartsMissing = "parts_missing",
        /// A part in the store is not the one that the client believes it sent.
        PartMismatch = "part_mismatch",
        /// The object in the store has another size than was announced.
        SizeMismatch = "size_mismatch",
        /// The proof of having the bytes does not fit, or came too late; send them instead.
        ProofRefused = "proof_refused",
        /// The file is empty.
        EmptyFile = "empty_file",
        /// The file is over the limit for this token.
        FileTooLarge = "file_too_large",
        /// The body of the request itself is over its limit.
        BodyTooLarge = "body_too_large",
        /// The same idempotency key came with another request.
        IdempotencyConflict = "idempotency_conflict",
        /// Too many requests; `Retry-After` says when to repeat.
        RateLimited = "rate_limited",
        /// The object store does not answer or refuses for now; repeat later.
        StoreUnavailable = "store_unavailable",
        /// The database does not answer for now; repeat later.
        DatabaseUnavailable = "database_unavailable",
        /// Something that should not happen; the log has it under the request id.
        Internal = "internal",
    }
}

impl ErrorCode {
    /// The HTTP status that goes with the code.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest | Self::EmptyFile => 400,
            Self::Unauthorized | Self::TokenExpired => 401,
            Self::Forbidden => 403,
            Self::NotFound | Self::UploadNotFound | Self::MediaNotFound | Self::NoVersionYet => 404,
            Self::MethodNotAllowed => 405,
            Self::UploadClosed | Self::PartsMissing | Self::PartMismatch | Self::SizeMismatch => 409,
            Self::IdempotencyConflict | Self::ProofRefused => 409,
            Self::FileTooLarge | Self::BodyTooLarge => 413,
            Self::RateLimited => 429,
            Self::StoreUnavailable | Self::DatabaseUnavailable => 503,
            Self::Internal | Self::Unknown => 500,
        }
    }

    /// One English sentence for the problem's `title`.
    pub const fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The request cannot be read.",
            Self::Unauthorized => "A valid bearer token is needed.",
            Self::TokenExpired => "The token has expired.",
            Self::Forbidden => "The token does not allow this.",
            Self::NotFound => "There is nothing at this path.",
            Self::MethodNotAllowed => "The path does not take this method.",
            Self::UploadNotFound => "There is no such upload.",
            Self::MediaNotFound => "There is no such picture.",
            Self::NoVersionYet => "The picture has no version yet.",
            Self::UploadClosed => "The upload is no longer open.",
            Self::PartsMissing => "The store does not have every part.",
            Self::PartMismatch => "A stored part is not the one that was sent.",
            Self::SizeMismatch => "The stored object has another size than announced.",
            Self::ProofRefused => "The proof of having the file's bytes is not accepted.",
            Self::EmptyFile => "The file is empty.",
            Self::FileTooLarge => "The file is too large.",
            Self::BodyTooLarge => "The request's body is too large.",
            Self::IdempotencyConflict => "The idempotency key was used for another request.",
            Self::RateLimited => "Too many requests.",
            Self::StoreUnavailable => "The object store is not available.",
            Self::DatabaseUnavailable => "The database is not available.",
            Self::Internal | Self::Unknown => "Something went wrong on our side.",
        }
    }

    /// Whether the same request may succeed later without any change.
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::RateLimited | Self::StoreUnavailable | Self::DatabaseUnavailable | Self::Internal)
    }
}

codes! {
    /// Why a picture ended without a version.
    FailureCode {
        /// The bytes are no image format that we read.
        UnsupportedFormat = "unsupported_format",
        /// The format is known but the bytes are broken.
        BrokenImage = "broken_image",
        /// More pixels than the limit.
        ImageTooLarge = "image_too_large",
        /// The original is not in the store.
        SourceMissing = "source_missing",
        /// The template cannot draw on this picture.
        TemplateRefused = "template_refused",
        /// The rendered output did not pass verification.
        VerifyFailed = "verify_failed",
        /// The event could not be read.
        UndecodableEvent = "undecodable_event",
        /// Every attempt failed.
        AttemptsExhausted = "attempts_exhausted",
    }
}

/// Body of every error answer: RFC 9457 problem details with our `code` and `request_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `about:blank`-style URI naming the kind of problem; the code in URN form.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub kind: String,
    /// One sentence, the same for every problem of this code.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What exactly was wrong this time; absent on 5xx.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub detail: Option<String>,
    /// Stable code.
    pub code: ErrorCode,
    /// Seconds to wait before the same is asked again; what `Retry-After` says, for one outcome of several has no header.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub retry_after_s: Option<u64>,
    /// Id under which the log has this request.
    #[cfg_attr(feature = "serde", serde(default))]
    pub request_id: String,
}

impl Problem {
    /// A problem of this code.
    pub fn new(code: ErrorCode, detail: Option<String>, request_id: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:sealmark:problem:{code}"),
            title: code.title().to_owned(),
            status: code.status(),
            detail,
            code,
            retry_after_s: None,
            request_id: request_id.into(),
        }
    }
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back_and_newer_ones_are_kept_apart() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_code(code.as_str()), *code);
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert!((400..600).contains(&code.status()));
        }
        assert_eq!(serde_json::from_str::<ErrorCode>("\"of_2031\"").unwrap(), ErrorCode::Unknown);
        assert_eq!(FailureCode::from_code("of_2031"), FailureCode::Unknown);
    }
}
