//! What may go wrong, and whether trying again can help.

use sealmark_protocol::{MediaId, UploadId};
use sqlx::{migrate::MigrateError, postgres::PgDatabaseError, sqlite::SqliteError};

/// Why the catalogue did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The database does not answer, is busy, or is short of something; the same call may succeed later.
    ///
    /// A write may have been done all the same when the connection broke while it was committed: repeat it.
    #[error("the database is not available")]
    Unavailable {
        /// What the driver says.
        #[source]
        source: sqlx::Error,
    },
    /// The database refuses; trying again does not help.
    #[error("the database refused")]
    Refused {
        /// What the driver says.
        #[source]
        source: sqlx::Error,
    },
    /// The URL names no database that we can use: neither `sqlite:` with a file nor `postgres:`.
    #[error("a catalogue is a sqlite: URL with a file or a postgres: URL, got scheme {scheme:?}")]
    UnsupportedUrl {
        /// The scheme only, for the rest may hold a password.
        scheme: String,
    },
    /// The schema cannot be brought up to date, for example because a newer release has changed it.
    #[error("the schema cannot be brought up to date")]
    Migration {
        /// What the migrator says.
        #[source]
        source: MigrateError,
    },
    /// A stored value is not one that this release knows.
    #[error("column {column} holds {value:?}, which this release cannot read")]
    Unreadable {
        /// Column.
        column: &'static str,
        /// What it holds, cut to 64 characters.
        value: String,
    },
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for upload {upload_id} with another request")]
    IdempotencyConflict {
        /// The upload that the key belongs to.
        upload_id: UploadId,
    },
    /// The ids of a new upload belong to another one.
    #[error("the ids of upload {upload_id} are taken")]
    IdTaken {
        /// The id that was asked for.
        upload_id: UploadId,
    },
    /// There is no such upload.
    #[error("there is no upload {upload_id}")]
    UploadNotFound {
        /// What was asked for.
        upload_id: UploadId,
    },
    /// The upload was aborted, so it cannot be completed.
    #[error("upload {upload_id} was aborted")]
    UploadAborted {
        /// The upload.
        upload_id: UploadId,
    },
    /// The upload was completed, so it cannot be aborted.
    #[error("upload {upload_id} was completed")]
    UploadCompleted {
        /// The upload.
        upload_id: UploadId,
    },
    /// There is no such picture.
    #[error("there is no picture {media_id}")]
    MediaNotFound {
        /// What was asked for.
        media_id: MediaId,
    },
}

impl CatalogueError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// The one place where a driver's error becomes ours.
impl From<sqlx::Error> for CatalogueError {
    fn from(source: sqlx::Error) -> Self {
        let transient = match &source {
            // A protocol error is what a server killed in mid-sentence looks like.
            sqlx::Error::Io(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => true,
            sqlx::Error::Database(error) => {
                if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
                    is_transient_sqlstate(error.code())
                } else {
                    error.try_downcast_ref::<SqliteError>().is_some() && is_transient_sqlite(error.code().as_deref())
                }
            }
            _ => false,
        };
        if transient { Self::Unavailable { source } } else { Self::Refused { source } }
    }
}

impl From<MigrateError> for CatalogueError {
    fn from(source: MigrateError) -> Self {
        match source {
            MigrateError::Execute(source) => source.into(),
            MigrateError::ExecuteMigration(source, version) => match Self::from(source) {
                Self::Refused { source } => Self::Migration { source: MigrateError::ExecuteMigration(source, version) },
                transient => transient,
            },
            source => Self::Migration { source },
        }
    }
}

/// PostgreSQL, appendix A "Error Codes": connection trouble (08), rolled back for another (40), out of resources (53),
/// lock not available (55P03), cancelled or shutting down (57), read-only after a failover (25006), system errors (58).
fn is_transient_sqlstate(code: &str) -> bool {
    matches!(&code[..code.len().min(2)], "08" | "40" | "53" | "57" | "58") || matches!(code, "55P03" | "25006")
}

/// SQLite, "Result and Error Codes": BUSY (5), LOCKED (6), NOMEM (7), IOERR (10), FULL (13), CANTOPEN (14) and
/// PROTOCOL (15), each with its extended codes, which keep the primary code in the low byte.
fn is_transient_sqlite(code: Option<&str>) -> bool {
    let code: Option<u32> = code.and_then(|code| code.parse().ok());
    code.is_some_and(|code| matches!(code & 0xff, 5 | 6 | 7 | 10 | 13 | 14 | 15))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_transient() {
        for code in ["08006", "40001", "40P01", "53300", "55P03", "57P01", "57P03", "58030", "25006"] {
            assert!(is_transient_sqlstate(code), "{code}");
        }
        for code in ["22021", "23505", "42601", "25001", ""] {
            assert!(!is_transient_sqlstate(code), "{code}");
        }
        for code in ["5", "6", "517", "261", "13", "778"] {
            assert!(is_transient_sqlite(Some(code)), "{code}");
        }
        for code in ["1", "2067", "787", "11", "x"] {
            assert!(!is_transient_sqlite(Some(code)), "{code}");
        }
        assert!(CatalogueError::from(sqlx::Error::PoolTimedOut).is_transient());
        assert!(!CatalogueError::from(sqlx::Error::RowNotFound).is_transient());
    }
}
