//! Sections that both services read from the same file.

use std::fmt;

use serde::Deserialize;

use crate::Section;

/// The `[database]` section; `Debug` hides it, for the URL may hold a password.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite:///path/to/file.db` or `postgres://user:password@host/name`.
    pub url: String,
}

/// The `[redis]` section; `Debug` hides it, for the URL may hold a password.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// `redis://host:port`, with user and password where there are any; `rediss://` for TLS.
    pub url: String,
}

impl Section for Database {}
impl Section for Redis {}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Database(<redacted>)")
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redis(<redacted>)")
    }
}
