//! Entries of a stream as Redis sends them.

use std::{fmt, str::FromStr};

use redis::Value;

use crate::BusError;

/// Field of an entry that holds the event, as CloudEvents JSON.
pub(crate) const EVENT_FIELD: &str = "event";

/// Id of a stream entry: Redis's clock when it was added, in milliseconds since 1970 UTC, and a number within that.
///
/// Source: Redis Streams, entry ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId {
    milliseconds: u64,
    sequence: u64,
}

impl EntryId {
    /// Before every entry.
    pub(crate) const ZERO: Self = Self { milliseconds: 0, sequence: 0 };

    /// When the entry was added, by Redis's clock, in milliseconds since 1970 UTC.
    pub const fn added_at_ms(&self) -> i64 {
        self.milliseconds as i64
    }

    pub(crate) fn from_value(operation: &'static str, value: &Value) -> Result<Self, BusError> {
        let text = text(value).and_then(|bytes| std::str::from_utf8(bytes).ok());
        text.and_then(|text| text.parse().ok()).ok_or(BusError::Answer { operation })
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.milliseconds, self.sequence)
    }
}

/// Not two numbers with a dash between them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an entry id is two numbers with a dash between them")]
pub struct EntryIdError;

impl FromStr for EntryId {
    type Err = EntryIdError;
    fn from_str(text: &str) -> Result<Self, EntryIdError> {
        let (milliseconds, sequence) = text.split_once('-').ok_or(EntryIdError)?;
        let number = |digits: &str| digits.parse().map_err(|_| EntryIdError);
        Ok(Self { milliseconds: number(milliseconds)?, sequence: number(sequence)? })
    }
}

/// One entry: its fields are bytes, for anybody may have added anything.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: EntryId,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Entry {
    /// The event's JSON, where the entry has one.
    pub(crate) fn event(&self) -> Option<&[u8]> {
        self.fields.iter().find(|(name, _)| name == EVENT_FIELD.as_bytes()).map(|(_, value)| value.as_slice())
    }

    /// What a dead letter keeps: the event, or every field as `name=value` lines where there is none.
    pub(crate) fn payload(&self) -> Vec<u8> {
        match self.event() {
            Some(event) => event.to_vec(),
            None => self
                .fields
                .iter()
                .map(|(name, value)| [name, value].map(Vec::as_slice).join(&b'='))
                .collect::<Vec<_>>()
                .join(&b'\n'),
        }
    }

    /// Reads a list of entries: the answer of XRANGE.
    pub(crate) fn list(operation: &'static str, value: &Value) -> Result<Vec<Self>, BusError> {
        let entries = array(value).ok_or(BusError::Answer { operation })?;
        // Before Redis 7, some commands answer nil for an entry that was deleted meanwhile.
        entries.iter().filter(|entry| **entry != Value::Nil).map(|entry| Self::one(operation, entry)).collect()
    }

    /// Reads the answer of XREAD and XREADGROUP for one stream; nil means that nothing came in time.
    pub(crate) fn of_one_stream(operation: &'static str, value: &Value) -> Result<Vec<Self>, BusError> {
        match value {
            Value::Nil => Ok(Vec::new()),
            Value::Map(streams) => streams.first().map_or(Ok(Vec::new()), |(_, list)| Self::list(operation, list)),
            _ => match array(value).map(|streams| streams.first().and_then(array)) {
                Some(Some([_, list])) => Self::list(operation, list),
                _ => Err(BusError::Answer { operation }),
            },
        }
    }

    pub(crate) fn one(operation: &'static str, value: &Value) -> Result<Self, BusError> {
        let Some([id, fields]) = array(value) else { return Err(BusError::Answer { operation }) };
        let id = EntryId::from_value(operation, id)?;
        let fields = array(fields).ok_or(BusError::Answer { operation })?;
        let bytes = |value| text(value).unwrap_or_default().to_vec();
        Ok(Self { id, fields: fields.chunks_exact(2).map(|pair| (bytes(&pair[0]), bytes(&pair[1]))).collect() })
    }
}

/// The values of an array reply.
pub(crate) fn array(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(values) => Some(values),
        _ => None,
    }
}

fn text(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.as_bytes()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(bytes: &[u8]) -> Value {
        Value::BulkString(bytes.to_vec())
    }

    fn entry(fields: &[&[u8]]) -> Value {
        Value::Array(vec![bulk(b"7-2"), Value::Array(fields.iter().map(|field| bulk(field)).collect())])
    }

    #[test]
    fn a_field_name_that_is_not_text_does_not_stop_the_reader() {
        let streams = Value::Array(vec![Value::Array(vec![
            bulk(b"key"),
            Value::Array(vec![entry(&[b"\xff\xfe", b"x", b"y", b"\0"]), Value::Nil, entry(&[b"event", b"{}"])]),
        ])]);
        let entries = Entry::of_one_stream("a test", &streams).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].event(), None);
        assert_eq!(entries[0].payload(), b"\xff\xfe=x\ny=\0");
        assert_eq!(entries[1].payload(), b"{}");
        assert_eq!(entries[1].id.to_string(), "7-2");
        assert!(Entry::of_one_stream("a test", &Value::Nil).unwrap().is_empty());
        assert!(Entry::of_one_stream("a test", &Value::Int(1)).is_err());
    }

    #[test]
    fn ids_sort_as_redis_sorts_them() {
        let id = |text: &str| text.parse::<EntryId>().unwrap();
        assert!(id("9-10") > id("9-9"));
        assert!(id("10-0") > id("9-9"));
        assert_eq!(id("1763718000000-0").added_at_ms(), 1_763_718_000_000);
        assert!("7".parse::<EntryId>().is_err());
    }
}
