//! What can go wrong with the store, and the one place where its answers become errors.

use std::{error::Error, fmt::Display};

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

use crate::ConfigMistake;

type Source = Box<dyn Error + Send + Sync>;

/// Why the store did not do what it was asked.
///
/// `operation` is the S3 operation's name and `key` the object's key, or the bucket's name where the operation is on
/// the bucket.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The configuration cannot work.
    #[error("the store's configuration cannot work: {}", list(mistakes))]
    Config {
        /// All that is wrong with it.
        mistakes: Vec<ConfigMistake>,
    },
    /// There is no such object.
    #[error("{operation} {key}: there is no such object")]
    NotFound {
        /// S3 operation.
        operation: &'static str,
        /// Object key.
        key: String,
        /// The store's answer.
        #[source]
        source: Source,
    },
    /// The multipart upload was never created, or it is completed or aborted. Its object may well be there.
    #[error("{operation} {key}: there is no such multipart upload")]
    UploadNotFound {
        /// S3 operation.
        operation: &'static str,
        /// Object key.
        key: String,
        /// The store's answer.
        #[source]
        source: Source,
    },
    /// The bucket is not there.
    #[error("{operation} {key}: there is no such bucket")]
    BucketNotFound {
        /// S3 operation.
        operation: &'static str,
        /// Object key or bucket.
        key: String,
        /// The store's answer.
        #[source]
        source: Source,
    },
    /// Wrong credentials, a clock that is far off, or a policy that forbids it.
    #[error("{operation} {key}: access denied")]
    Denied {
        /// S3 operation.
        operation: &'static str,
        /// Object key or bucket.
        key: String,
        /// The store's answer.
        #[source]
        source: Source,
    },
    /// The bytes that arrived are not those that the checksum names.
    #[error("{operation} {key}: the bytes do not fit their checksum")]
    BadDigest {
        /// S3 operation.
        operation: &'static str,
        /// Object key.
        key: String,
        /// The store's answer, where it was the store that noticed.
        #[source]
        source: Source,
    },
    /// The list of parts names one that the store does not have like this, is out of order, or has too small a part.
    #[error("{operation} {key}: the store does not take this list of parts")]
    PartsRefused {
        /// S3 operation.
        operation: &'static str,
        /// Object key.
        key: String,
        /// The store's answer.
        #[source]
        source: Source,
    },
    /// Somebody else holds the name, or was faster.
    #[error("{operation} {key}: conflict")]
    Conflict {
        /// S3 operation.
        operation: &'static str,
        /// Object key or bucket.
        key: String,
        /// The store's answer.
        #[source]
        source: Source,
    },
    /// The object is larger than the caller is willing to hold in memory.
    #[error("GetObject {key}: more than {limit_bytes} bytes")]
    TooLarge {
        /// Object key.
        key: String,
        /// The limit in bytes.
        limit_bytes: u64,
    },
    /// Only versions are immutable; an original cannot be written this way.
    #[error("{key} is not the key of a version")]
    NotImmutable {
        /// Object key.
        key: String,
    },
    /// A presigned URL cannot be made like this; S3 takes 1 second to 7 days.
    #[error("{operation} {key}: cannot be presigned")]
    Presign {
        /// S3 operation.
        operation: &'static str,
        /// Object key.
        key: String,
        /// What the signer says.
        #[source]
        source: Source,
    },
    /// The store does not know this operation.
    #[error("{operation} {key}: the store does not support this")]
    NotSupported {
        /// S3 operation.
        operation: &'static str,
        /// Object key or bucket.
        key: String,
        /// The store's answer.
        #[source]
        source: Source,
    },
    /// No answer in time, no connection, too many requests, or a fault inside the store.
    #[error("{operation} {key}: the store is not available")]
    Unavailable {
        /// S3 operation.
        operation: &'static str,
        /// Object key or bucket.
        key: String,
        /// What happened.
        #[source]
        source: Source,
    },
    /// The request could not be built, or the store refuses it for another reason.
    #[error("{operation} {key}: refused with status {status:?} and code {code:?}")]
    Refused {
        /// S3 operation.
        operation: &'static str,
        /// Object key or bucket.
        key: String,
        /// HTTP status, where the request was sent.
        status: Option<u16>,
        /// S3 error code, where the store sent one.
        code: Option<String>,
        /// The store's answer.
        #[source]
        source: Source,
    },
}

impl StorageError {
    /// Whether the same call may succeed later without any change.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// Turns any failure of the SDK into ours, by status and code; never by a message's text.
    ///
    /// Source: Amazon S3 API, error responses.
    pub(crate) fn from_sdk<E>(operation: &'static str, key: &impl Display, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let key = key.to_string();
        let status = error.raw_response().map(|response| response.status().as_u16());
        let code = error.as_service_error().and_then(|error| error.code()).map(str::to_owned);
        let kind = match &error {
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => Kind::Unavailable,
            // A user error is a request that this client cannot send at all, such as an unknown scheme.
            SdkError::DispatchFailure(failure) if failure.is_user() => Kind::Refused,
            SdkError::DispatchFailure(_) => Kind::Unavailable,
            SdkError::ServiceError(_) => classify(status, code.as_deref(), operation.starts_with("Head")),
            _ => Kind::Refused,
        };
        let source: Source = Box::new(error);
        match kind {
            Kind::NotFound => Self::NotFound { operation, key, source },
            Kind::UploadNotFound => Self::UploadNotFound { operation, key, source },
            Kind::BucketNotFound => Self::BucketNotFound { operation, key, source },
            Kind::Denied => Self::Denied { operation, key, source },
            Kind::BadDigest => Self::BadDigest { operation, key, source },
            Kind::PartsRefused => Self::PartsRefused { operation, key, source },
            Kind::Conflict => Self::Conflict { operation, key, source },
            Kind::NotSupported => Self::NotSupported { operation, key, source },
            Kind::Unavailable => Self::Unavailable { operation, key, source },
            Kind::Refused => Self::Refused { operation, key, status, code, source },
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    NotFound,
    UploadNotFound,
    BucketNotFound,
    Denied,
    BadDigest,
    PartsRefused,
    Conflict,
    NotSupported,
    Unavailable,
    Refused,
}

/// What a status and a code mean. The code goes first, for stores agree on it more than on the status.
fn classify(status: Option<u16>, code: Option<&str>, is_head: bool) -> Kind {
    match (status.unwrap_or(0), code.unwrap_or_default()) {
        (_, "NoSuchUpload") => Kind::UploadNotFound,
        (_, "NoSuchBucket") => Kind::BucketNotFound,
        (_, "BadDigest" | "InvalidDigest" | "XAmzContentSHA256Mismatch" | "XAmzContentChecksumMismatch") => {
            Kind::BadDigest
        }
        (_, "InvalidPart" | "InvalidPartOrder" | "EntityTooSmall") => Kind::PartsRefused,
        (_, "NotImplemented") | (501, _) => Kind::NotSupported,
        // S3 sends RequestTimeout with 400: the body came too slowly.
        (_, "RequestTimeout" | "SlowDown") | (408 | 429 | 500..=599, _) => Kind::Unavailable,
        // A HEAD has no body, so no code. Anybody else who says 404 without one is not the store: a proxy before it.
        (404, "") if !is_head => Kind::Unavailable,
        (404, _) => Kind::NotFound,
        (401 | 403, _) => Kind::Denied,
        (409 | 412, _) => Kind::Conflict,
        _ => Kind::Refused,
    }
}

fn list(mistakes: &[ConfigMistake]) -> String {
    mistakes.iter().map(ConfigMistake::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_code_say_what_happened() {
        for (status, code, kind) in [
            (404, "NoSuchKey", Kind::NotFound),
            (404, "", Kind::NotFound),
            (404, "NoSuchUpload", Kind::UploadNotFound),
            (404, "NoSuchBucket", Kind::BucketNotFound),
            (403, "SignatureDoesNotMatch", Kind::Denied),
            (400, "BadDigest", Kind::BadDigest),
            (400, "InvalidPart", Kind::PartsRefused),
            (409, "ConditionalRequestConflict", Kind::Conflict),
            (412, "PreconditionFailed", Kind::Conflict),
            (501, "NotImplemented", Kind::NotSupported),
            (503, "SlowDown", Kind::Unavailable),
            (400, "RequestTimeout", Kind::Unavailable),
            (502, "", Kind::Unavailable),
            (400, "InvalidArgument", Kind::Refused),
        ] {
            assert_eq!(
                classify(Some(status), Some(code).filter(|code| !code.is_empty()), true),
                kind,
                "{status} {code}"
            );
        }
        // Not a word of the store: a proxy before it has lost its way.
        assert_eq!(classify(Some(404), None, false), Kind::Unavailable);
        assert_eq!(classify(Some(404), Some("NoSuchKey"), false), Kind::NotFound);
    }
}
