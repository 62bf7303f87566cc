//! Objects that others put down below a prefix: listed and read, never written.

use std::{fmt, str::FromStr};

use aws_sdk_s3::types::EncodingType;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, de};

use crate::{StorageError, Store};

/// What uploads and versions lie below; [`ObjectKey`](crate::ObjectKey) alone spells those keys.
const OURS: [&str; 2] = ["raw/", "media/"];

/// Why a text is not a prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{prefix:?} is no prefix: it is up to 200 bytes, ends with a slash, has no empty folder, no `.` and no `..` in it, and \
     is not of `raw/` or `media/`, where originals and versions are"
)]
pub struct PrefixError {
    /// What was given, cut to 200 characters.
    pub prefix: String,
}

/// A folder of the bucket that others put objects into, such as `resources/`.
///
/// ```
/// use sealmark_storage::KeyPrefix;
/// let prefix: KeyPrefix = "shop/resources/".parse()?;
/// assert!("raw/".parse::<KeyPrefix>().is_err() && "a/../b/".parse::<KeyPrefix>().is_err());
/// # Ok::<(), sealmark_storage::PrefixError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPrefix(String);

impl FromStr for KeyPrefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let is_folder = |name: &str| !matches!(name, "" | "." | "..") && !name.contains(char::is_control);
        let is_prefix = text.len() <= 200
            && text.strip_suffix('/').is_some_and(|folders| folders.split('/').all(is_folder))
            && !OURS.iter().any(|ours| text.starts_with(ours));
        if is_prefix {
            Ok(Self(text.to_owned()))
        } else {
            Err(PrefixError { prefix: text.chars().take(200).collect() })
        }
    }
}

impl<'de> Deserialize<'de> for KeyPrefix {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for KeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An object below a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name within the prefix: whatever its writer called it, slashes and all.
    pub name: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// The store's etag, opaque, quotes kept.
    pub etag: String,
}

impl Store {
    /// Everything below a prefix, sorted by name, on as many pages as it takes. Once more than `at_most` were found it
    /// asks for no further page: whoever gets more than `at_most` has not got all.
    ///
    /// # Errors
    /// [`StorageError::BucketNotFound`], [`StorageError::Denied`], [`StorageError::Unavailable`].
    ///
    /// Source: S3 API, ListObjectsV2.
    pub async fn list(&self, prefix: &KeyPrefix, at_most: usize) -> Result<Vec<Listed>, StorageError> {
        let operation = "ListObjectsV2";
        let missing = |field: &str| StorageError::Unavailable {
            operation,
            key: prefix.to_string(),
            source: format!("no {field} in the answer").into(),
        };
        let mut pages = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(&prefix.0)
            // A key may hold characters that XML has no spelling for.
            .encoding_type(EncodingType::Url)
            .into_paginator()
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| StorageError::from_sdk(operation, prefix, error))?;
            let is_encoded = page.encoding_type == Some(EncodingType::Url);
            for object in page.contents.unwrap_or_default() {
                let key = object.key.ok_or_else(|| missing("Key"))?;
                let key = if is_encoded { decoded(&key).ok_or_else(|| missing("UTF-8 key"))? } else { key };
                // A store that sends something else has no say about it.
                let Some(name) = key.strip_prefix(&prefix.0) else { continue };
                let size = object.size.and_then(|size| u64::try_from(size).ok());
                found.push(Listed {
                    name: name.to_owned(),
                    size_bytes: size.ok_or_else(|| missing("Size"))?,
                    etag: object.e_tag.ok_or_else(|| missing("ETag"))?,
                });
            }
            if found.len() > at_most {
                break;
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Reads an object that was listed, at most `limit_bytes`, if it is still the one with that etag.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_listed(
        &self,
        prefix: &KeyPrefix,
        listed: &Listed,
        limit_bytes: u64,
    ) -> Result<Bytes, StorageError> {
        self.read(&format!("{prefix}{}", listed.name), Some(&listed.etag), limit_bytes).await
    }
}

/// A key as it is: S3 writes a space as `+`, and a plus with its number.
fn decoded(key: &str) -> Option<String> {
    let spaced = key.replace('+', " ");
    Some(percent_decode_str(&spaced).decode_utf8().ok()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_folder_of_its_own() {
        for right in ["resources/", "shop/marks/", "ü/"] {
            assert_eq!(right.parse::<KeyPrefix>().unwrap().to_string(), right);
        }
        let long = format!("{}/", "a".repeat(200));
        for wrong in ["", "/", "resources", "/resources/", "a//b/", "../", "a/./b/", "raw/", "media/x/", "a\n/", &long]
        {
            assert!(wrong.parse::<KeyPrefix>().is_err(), "{wrong:?}");
        }
        let read: Result<KeyPrefix, _> = serde_json::from_str("\"raw/acme/\"");
        assert!(read.unwrap_err().to_string().contains("where originals and versions are"));
    }

    #[test]
    fn keys_are_decoded_as_s3_encodes_them() {
        assert_eq!(decoded("a+b%2Bc/%C3%BC%25.png").unwrap(), "a b+c/ü%.png");
        assert_eq!(decoded("%ff"), None);
    }
}
