//! From columns to typed values and back.

use sealmark_protocol::Topic;
use serde::{
    Deserialize,
    de::value::{Error as WordError, StrDeserializer},
};
use sqlx::{Row, any::AnyRow};

use crate::CatalogueError;

/// Typed reading of a row's columns.
pub(crate) trait Columns {
    /// A text.
    fn text(&self, column: &'static str) -> Result<String, CatalogueError>;
    /// A text, or NULL.
    fn maybe_text(&self, column: &'static str) -> Result<Option<String>, CatalogueError>;
    /// A signed number: a time or a token.
    fn time(&self, column: &'static str) -> Result<i64, CatalogueError>;
    /// A time, or NULL.
    fn maybe_time(&self, column: &'static str) -> Result<Option<i64>, CatalogueError>;
    /// An id, a state or a code, read as its JSON form is.
    fn word<T: for<'de> Deserialize<'de>>(&self, column: &'static str) -> Result<T, CatalogueError>;
    /// An id or a code, or NULL.
    fn maybe_word<T: for<'de> Deserialize<'de>>(&self, column: &'static str) -> Result<Option<T>, CatalogueError>;
    /// A number of a narrower type.
    fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, CatalogueError>;
    /// A topic.
    fn topic(&self, column: &'static str) -> Result<Topic, CatalogueError>;
}

impl Columns for AnyRow {
    fn text(&self, column: &'static str) -> Result<String, CatalogueError> {
        Ok(self.try_get(column)?)
    }

    fn maybe_text(&self, column: &'static str) -> Result<Option<String>, CatalogueError> {
        Ok(self.try_get(column)?)
    }

    fn time(&self, column: &'static str) -> Result<i64, CatalogueError> {
        Ok(self.try_get(column)?)
    }

    fn maybe_time(&self, column: &'static str) -> Result<Option<i64>, CatalogueError> {
        Ok(self.try_get(column)?)
    }

    fn word<T: for<'de> Deserialize<'de>>(&self, column: &'static str) -> Result<T, CatalogueError> {
        let text = self.text(column)?;
        T::deserialize(StrDeserializer::<WordError>::new(&text)).map_err(|_| unreadable(column, &text))
    }

    fn maybe_word<T: for<'de> Deserialize<'de>>(&self, column: &'static str) -> Result<Option<T>, CatalogueError> {
        if self.maybe_text(column)?.is_none() { Ok(None) } else { self.word(column).map(Some) }
    }

    fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, CatalogueError> {
        let number = self.time(column)?;
        T::try_from(number).map_err(|_| unreadable(column, &number.to_string()))
    }

    fn topic(&self, column: &'static str) -> Result<Topic, CatalogueError> {
        let text = self.text(column)?;
        text.parse().map_err(|_| unreadable(column, &text))
    }
}

/// The error for a column whose value this release does not know.
pub(crate) fn unreadable(column: &'static str, value: &str) -> CatalogueError {
    CatalogueError::Unreadable { column, value: value.chars().take(64).collect() }
}

/// A size as the database keeps it; no real size comes near the limit of 2^63.
pub(crate) fn bigint(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A text from outside without the one character that PostgreSQL cannot keep (and SQLite can, so that a file's name would
/// decide whether a database takes it).
pub(crate) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// `$2, $3, $4` for (2, 3).
pub(crate) fn placeholders(first: usize, count: usize) -> String {
    (first..first + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

/// `($1, $2), ($3, $4)` for 2 rows of 2 columns.
pub(crate) fn rows_of_placeholders(rows: usize, columns: usize) -> String {
    (0..rows).map(|row| format!("({})", placeholders(row * columns + 1, columns))).collect::<Vec<_>>().join(", ")
}
