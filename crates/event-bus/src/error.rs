//! What can go wrong between us and Redis.

use std::{error::Error, time::Duration};

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Code of our own for a connection to a server that evicts.
pub(crate) const EVICTS: &str = "EVICTS";

/// Why Redis did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The URL names no Redis server.
    #[error("the Redis URL cannot be used")]
    Url {
        /// What the client library says.
        source: RedisError,
    },
    /// The connection broke, or Redis is loading, failing over or not able to write for now.
    #[error("Redis is not available for {operation}")]
    Unavailable {
        /// What was asked.
        operation: &'static str,
        /// What the client library says.
        source: RedisError,
    },
    /// No answer in time; whether the command was carried out is not known.
    #[error("Redis did not answer {operation} within {limit:?}")]
    Timeout {
        /// What was asked.
        operation: &'static str,
        /// Time that was allowed.
        limit: Duration,
    },
    /// Redis is at its memory limit.
    #[error("Redis has no memory left for {operation}")]
    Full {
        /// What was asked.
        operation: &'static str,
        /// What the client library says.
        source: RedisError,
    },
    /// The stream or its consumer group does not exist, because Redis lost its data or nobody made it yet.
    #[error("the consumer group that {operation} needs does not exist")]
    NoGroup {
        /// What was asked.
        operation: &'static str,
        /// What the client library says.
        source: RedisError,
    },
    /// Redis forgets keys when its memory is full, and with them events. Nothing is trusted to it.
    #[error("Redis may forget events: its maxmemory-policy is {policy}, and must be noeviction")]
    Evicts {
        /// The policy in force.
        policy: String,
    },
    /// Redis understood and said no: no permission, or a key of another type. Repeating does not help.
    #[error("Redis refused {operation}")]
    Refused {
        /// What was asked.
        operation: &'static str,
        /// What the client library says.
        source: RedisError,
    },
    /// The answer is not of the expected shape.
    #[error("Redis answered {operation} in a form that we do not know")]
    Answer {
        /// What was asked.
        operation: &'static str,
    },
}

impl BusError {
    /// Whether the same call may succeed later without any change.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::Timeout { .. } | Self::Full { .. } | Self::NoGroup { .. } => true,
            Self::Url { .. } | Self::Evicts { .. } | Self::Refused { .. } | Self::Answer { .. } => false,
        }
    }

    /// Whether the connection is of no more use: broken, or an answer still under way that nobody waits for.
    pub(crate) const fn spoils_connection(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Timeout { .. })
    }

    /// The one place where the client library's errors become ours.
    pub(crate) fn from_redis(operation: &'static str, source: RedisError) -> Self {
        use ServerErrorKind as Server;
        match source.kind() {
            // A reply that cannot be parsed means that the stream of replies is out of step.
            ErrorKind::Io | ErrorKind::Parse => Self::Unavailable { operation, source },
            ErrorKind::Server(
                Server::BusyLoading | Server::TryAgain | Server::ClusterDown | Server::MasterDown | Server::ReadOnly,
            ) => Self::Unavailable { operation, source },
            ErrorKind::UnexpectedReturnType => Self::Answer { operation },
            _ => match source.code() {
                Some(EVICTS) => Self::Evicts { policy: source.detail().unwrap_or_default().to_owned() },
                // UNBLOCKED: the stream vanished under a blocked read.
                Some("NOGROUP" | "UNBLOCKED") => Self::NoGroup { operation, source },
                Some("OOM") => Self::Full { operation, source },
                Some("MISCONF" | "BUSY" | "NOREPLICAS") => Self::Unavailable { operation, source },
                _ => Self::Refused { operation, source },
            },
        }
    }
}

/// An error and its causes in one line, at most 1,000 characters.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text.chars().take(1_000).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(code: &str) -> BusError {
        BusError::from_redis("a test", redis::make_extension_error(code.to_owned(), None))
    }

    #[test]
    fn what_may_pass_by_itself_is_transient() {
        let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert!(BusError::from_redis("a test", broken.into()).spoils_connection());
        assert!(matches!(server("NOGROUP"), BusError::NoGroup { .. }));
        for code in ["NOGROUP", "OOM", "MISCONF", "BUSY"] {
            assert!(server(code).is_transient(), "{code}");
        }
        for code in ["WRONGTYPE", "NOAUTH", "BUSYGROUP"] {
            assert!(!server(code).is_transient(), "{code}");
        }
    }

    #[test]
    fn a_chain_names_every_cause() {
        let error = server("OOM");
        assert!(chain(&error).starts_with("Redis has no memory left for a test: "), "{}", chain(&error));
    }
}
