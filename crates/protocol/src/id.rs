//! Identifiers, each its own type so that one cannot be passed for another.

use std::{fmt, str::FromStr};

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::digest::push_hex;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not a UUID in its hyphenated form.
    #[error("{kind} must be a UUID, got {value:?}")]
    NotUuid {
        /// Which identifier was read.
        kind: &'static str,
        /// What was given, cut to 64 characters.
        value: String,
    },
    /// Not 1 to 64 of `a-z A-Z 0-9 . _ -`, or `.`/`..`, which a path would swallow.
    #[error("{kind} must be 1 to 64 of a-z A-Z 0-9 . _ - and not a dot path, got {value:?}")]
    NotName {
        /// Which identifier was read.
        kind: &'static str,
        /// What was given, cut to 64 characters.
        value: String,
    },
}

fn cut(value: &str) -> String {
    value.chars().take(64).collect()
}

/// Only the hyphenated form: one id has one spelling, in keys as in records.
fn hyphenated(value: &str) -> Option<Uuid> {
    if value.len() != 36 {
        return None;
    }
    let mut bits = 0;
    for (at, letter) in value.bytes().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if letter != b'-' {
                return None;
            }
        } else {
            bits = bits << 4 | u128::from(char::from(letter).to_digit(16)?);
        }
    }
    Some(Uuid::from_u128(bits))
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
        #[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID; services pass a fresh version 7 one, so that ids sort by the time they were made.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }

            /// Reads the hyphenated form; `None` for any other text.
            pub fn from_text(text: &str) -> Option<Self> {
                hyphenated(text).map(Self)
            }

            /// The hyphenated form, 36 characters in lower case.
            pub fn to_text(self) -> String {
                let mut text = String::with_capacity(36);
                for (at, byte) in self.0.as_bytes().iter().enumerate() {
                    if matches!(at, 4 | 6 | 8 | 10) {
                        text.push('-');
                    }
                    push_hex(&mut text, *byte);
                }
                text
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(value: String) -> Result<Self, IdError> {
                value.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(value: &str) -> Result<Self, IdError> {
                hyphenated(value).map(Self).ok_or_else(|| IdError::NotUuid { kind: $kind, value: cut(value) })
            }
        }
    };
}

macro_rules! name_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, example = "acme"))]
        #[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps a name.
            ///
            /// # Errors
            /// [`IdError::NotName`] unless it is 1 to 64 of `a-z A-Z 0-9 . _ -` and not `.` or `..`.
            pub fn new(value: impl Into<String>) -> Result<Self, IdError> {
                let value = value.into();
                let letters = value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
                if letters && (1..=64).contains(&value.len()) && value != "." && value != ".." {
                    Ok(Self(value))
                } else {
                    Err(IdError::NotName { kind: $kind, value: cut(&value) })
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(value: &str) -> Result<Self, IdError> {
                Self::new(value)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(value: String) -> Result<Self, IdError> {
                Self::new(value)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

uuid_id!(
    /// One upload, from creation to completion or abort.
    UploadId,
    "upload id"
);
uuid_id!(
    /// One picture as viewers know it; it outlives the upload that brought it.
    MediaId,
    "media id"
);
uuid_id!(
    /// One event; a redelivery carries the same id.
    EventId,
    "event id"
);
uuid_id!(
    /// One dead letter.
    DeadLetterId,
    "dead letter id"
);
name_id!(
    /// A shop: the unit of isolation for uploads, tokens and limits.
    TenantId,
    "tenant id"
);
name_id!(
    /// A person as the shop names them; unique within a tenant.
    UserId,
    "user id"
);

#[cfg(all(test, feature = "serde"))]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_their_folder_are_refused() {
        for bad in ["", ".", "..", "a/b", "a b", "ä", "x\0", &"a".repeat(65)] {
            assert!(TenantId::new(bad).is_err(), "{bad:?}");
        }
        for good in ["a", "acme", "A.b_c-9", "..."] {
            assert_eq!(TenantId::new(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn a_uuid_has_one_spelling() {
        let id: UploadId = "0192f3c8-7b5e-7d3a-9c1e-000000000001".parse().unwrap();
        assert_eq!(id.to_string(), "0192f3c8-7b5e-7d3a-9c1e-000000000001");
        assert_eq!(id.to_text(), id.to_string());
        assert_eq!(UploadId::from_text(&id.to_text()), Some(id));
        assert!("0192f3c87b5e7d3a9c1e000000000001".parse::<UploadId>().is_err());
        assert!(serde_json::from_str::<UploadId>("\"0192f3c87b5e7d3a9c1e000000000001\"").is_err());
        assert!("{0192f3c8-7b5e-7d3a-9c1e-000000000001}".parse::<UploadId>().is_err());
    }
}
