//! Events: CloudEvents 1.0 in JSON, and the topics that they travel on.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{EventId, FailureCode, MediaId, TenantId, UploadId, UserId};

/// What a stream of events is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// An original is whole in the store.
    MediaUploaded,
    /// A new version is published.
    MediaWatermarked,
    /// A picture ended without a version.
    MediaFailed,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 3] = [Self::MediaUploaded, Self::MediaWatermarked, Self::MediaFailed];

    /// The topic's name, for example `media.uploaded`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MediaUploaded => "media.uploaded",
            Self::MediaWatermarked => "media.watermarked",
            Self::MediaFailed => "media.failed",
        }
    }

    /// Redis key of the topic's stream for a lane; the hash tag keeps all keys of a topic in one cluster slot.
    pub fn stream_key(self, lane: Lane) -> String {
        format!("sealmark:{{{}}}:{}", self.as_str(), lane.as_str())
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Topic {
    type Err = EventError;
    fn from_str(name: &str) -> Result<Self, EventError> {
        Self::ALL
            .into_iter()
            .find(|topic| topic.as_str() == name)
            .ok_or_else(|| EventError::UnknownTopic { name: name.chars().take(64).collect() })
    }
}

/// Urgency of an event; one stream for each topic and lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lane {
    /// The lane of everything that nobody asked to hurry.
    #[default]
    Medium,
}

impl Lane {
    /// The lane's name in keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Medium => "medium",
        }
    }
}

/// Why an event cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// Not JSON, or a required attribute is missing or of the wrong kind.
    #[error("the envelope is not a CloudEvents 1.0 JSON object")]
    Envelope {
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
    /// The envelope is right but its data are not those of its type.
    #[error("the data of event {id} are not those of {kind}")]
    Data {
        /// Event.
        id: EventId,
        /// Type that was expected.
        kind: &'static str,
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
    /// Another type, or a major version that we do not know.
    #[error("event {id} is of type {found:?}, not {kind}")]
    Type {
        /// Event.
        id: EventId,
        /// Type that was expected.
        kind: &'static str,
        /// Type that came.
        found: String,
    },
    /// No topic of this name.
    #[error("there is no topic {name:?}")]
    UnknownTopic {
        /// What was asked for, cut to 64 characters.
        name: String,
    },
}

/// A payload that knows its topic and its versioned type.
pub trait EventPayload: Serialize + DeserializeOwned {
    /// Where it travels.
    const TOPIC: Topic;
    /// CloudEvents `type`, ending in its major version.
    const TYPE: &'static str;
}

/// A CloudEvents 1.0 envelope; attributes that we do not know are kept and passed on.
///
/// Source: CloudEvents 1.0, JSON event format; Distributed Tracing extension for `traceparent`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Always `1.0`.
    pub specversion: String,
    /// The event; a redelivery carries the same id.
    pub id: EventId,
    /// Who says so, for example `sealmark/presign-api`.
    pub source: String,
    /// What happened, for example `sealmark.media.uploaded.v1`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The picture.
    pub subject: String,
    /// When, RFC 3339 in UTC.
    pub time: String,
    /// The shop.
    pub tenant: TenantId,
    /// W3C trace context of the request that began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The payload.
    pub data: Value,
    /// Attributes that this release does not know.
    #[serde(flatten)]
    pub extensions: Map<String, Value>,
}

impl Envelope {
    /// Wraps a payload; id and time come from the caller, for this crate has no clock.
    pub fn new<T: EventPayload>(
        id: EventId,
        source: &str,
        time_ms: i64,
        tenant: TenantId,
        media_id: MediaId,
        payload: &T,
    ) -> Self {
        Self {
            specversion: "1.0".to_owned(),
            id,
            source: source.to_owned(),
            kind: T::TYPE.to_owned(),
            subject: media_id.to_string(),
            time: jiff::Timestamp::from_millisecond(time_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string(),
            tenant,
            traceparent: None,
            // Our payloads are plain structs of strings and numbers: serializing them cannot fail.
            data: serde_json::to_value(payload).unwrap_or(Value::Null),
            extensions: Map::new(),
        }
    }

    /// Reads an envelope.
    ///
    /// # Errors
    /// [`EventError::Envelope`] when it is not JSON or a required attribute is missing.
    pub fn from_json(json: &[u8]) -> Result<Self, EventError> {
        serde_json::from_slice(json).map_err(|source| EventError::Envelope { source })
    }

    /// The envelope as one line of JSON.
    pub fn to_json(&self) -> String {
        // Strings, numbers and maps with text keys: serializing cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads the payload as the type that the caller handles.
    ///
    /// # Errors
    /// [`EventError::Type`] for another type, [`EventError::Data`] for a payload that does not fit it.
    pub fn payload<T: EventPayload>(&self) -> Result<T, EventError> {
        if self.kind != T::TYPE {
            return Err(EventError::Type { id: self.id, kind: T::TYPE, found: self.kind.chars().take(64).collect() });
        }
        T::deserialize(&self.data).map_err(|source| EventError::Data { id: self.id, kind: T::TYPE, source })
    }
}

/// Payload of `media.uploaded`: an original is whole in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaUploaded {
    /// The picture.
    pub media_id: MediaId,
    /// The upload that brought it.
    pub upload_id: UploadId,
    /// Who uploaded it.
    pub user_id: UserId,
    /// Object key of the original.
    pub source_key: String,
    /// The store's etag of the original.
    pub source_etag: String,
    /// Size of the original in bytes.
    pub size_bytes: u64,
    /// The file's name as uploaded.
    pub file_name: String,
}

impl EventPayload for MediaUploaded {
    const TOPIC: Topic = Topic::MediaUploaded;
    const TYPE: &'static str = "sealmark.media.uploaded.v1";
}

/// Payload of `media.watermarked`: a new version is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaWatermarked {
    /// The picture.
    pub media_id: MediaId,
    /// The version that viewers now get.
    pub version: u32,
    /// SHA-256 of the version's bytes, hex.
    pub digest: String,
    /// Object key of the version.
    pub key: String,
}

impl EventPayload for MediaWatermarked {
    const TOPIC: Topic = Topic::MediaWatermarked;
    const TYPE: &'static str = "sealmark.media.watermarked.v1";
}

/// Payload of `media.failed`: a picture ended without a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaFailed {
    /// The picture.
    pub media_id: MediaId,
    /// Stable code.
    pub code: FailureCode,
    /// One English sentence.
    pub message: String,
}

impl EventPayload for MediaFailed {
    const TOPIC: Topic = Topic::MediaFailed;
    const TYPE: &'static str = "sealmark.media.failed.v1";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope {
        let media_id: MediaId = "0192f3c8-7b5e-7d3a-9c1e-000000000002".parse().unwrap();
        Envelope::new(
            EventId::from_uuid(media_id.as_uuid()),
            "sealmark/test",
            1_763_718_000_000,
            TenantId::new("acme").unwrap(),
            media_id,
            &MediaWatermarked { media_id, version: 1, digest: "ab".into(), key: "media/x".into() },
        )
    }

    #[test]
    fn unknown_attributes_pass_through() {
        let mut json: Value = serde_json::from_str(&envelope().to_json()).unwrap();
        json["partitionkey"] = "p1".into();
        json["data"]["new_field"] = 7.into();
        let read = Envelope::from_json(json.to_string().as_bytes()).unwrap();
        assert_eq!(read.extensions["partitionkey"], "p1");
        assert_eq!(read.payload::<MediaWatermarked>().unwrap().version, 1);
        assert_eq!(serde_json::from_str::<Value>(&read.to_json()).unwrap(), json);
    }

    #[test]
    fn a_missing_attribute_and_another_type_are_told_apart() {
        let mut json: Value = serde_json::from_str(&envelope().to_json()).unwrap();
        assert!(matches!(
            envelope().payload::<MediaFailed>(),
            Err(EventError::Type { kind: "sealmark.media.failed.v1", .. })
        ));
        json.as_object_mut().unwrap().remove("tenant");
        assert!(matches!(Envelope::from_json(json.to_string().as_bytes()), Err(EventError::Envelope { .. })));
    }

    #[test]
    fn keys_carry_a_hash_tag() {
        assert_eq!(Topic::MediaUploaded.stream_key(Lane::Medium), "sealmark:{media.uploaded}:medium");
    }
}
