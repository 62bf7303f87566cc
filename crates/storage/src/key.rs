//! Every key that Sealmark writes, with its content type and cache rule.

use std::{fmt, str::FromStr};

use sealmark_protocol::{IdError, MediaId, Sha256Digest, TenantId, UserId};

/// Content type of an object whose bytes nobody has looked at yet.
const UNKNOWN_BYTES: &str = "application/octet-stream";

/// Why a text is not one of our keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Neither `raw/{tenant}/{user}/{media_id}` nor `media/{media_id}/v{n}-{digest}.{ext}`.
    #[error("{key:?} is no object key of ours")]
    Shape {
        /// What was given, cut to 200 characters.
        key: String,
    },
    /// The shape is right, but one of its ids is not.
    #[error("{key:?} carries a bad id")]
    Id {
        /// What was given, cut to 200 characters.
        key: String,
        /// Which id, and why.
        #[source]
        source: IdError,
    },
    /// The version is not a plain decimal number from 1 to 4,294,967,295.
    #[error("{key:?} carries a bad version")]
    Version {
        /// What was given, cut to 200 characters.
        key: String,
    },
    /// The digest is not 64 lower-case hex digits.
    #[error("{key:?} carries a bad digest")]
    Digest {
        /// What was given, cut to 200 characters.
        key: String,
    },
    /// No format that we publish has this extension.
    #[error("{key:?} carries an unknown extension")]
    Extension {
        /// What was given, cut to 200 characters.
        key: String,
    },
}

/// File extension of a published version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extension {
    /// JPEG, `jpg`.
    Jpg,
    /// PNG, `png`.
    Png,
    /// WebP, `webp`.
    WebP,
    /// GIF, `gif`.
    Gif,
}

impl Extension {
    /// Every extension.
    pub const ALL: [Self; 4] = [Self::Jpg, Self::Png, Self::WebP, Self::Gif];

    /// The extension without its dot.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Gif => "gif",
        }
    }

    /// Media type of the bytes.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
        }
    }
}

/// Where an object lies in the bucket.
///
/// The text form is the key itself and reads back; every key has exactly one spelling, and none can leave its folder,
/// for ids hold neither slashes nor dot paths.
///
/// ```
/// use sealmark_storage::ObjectKey;
/// let key: ObjectKey = "raw/acme/u-7/0192f3c8-7b5e-7d3a-9c1e-000000000001".parse()?;
/// assert!(matches!(key, ObjectKey::Raw { .. }));
/// assert!("raw/acme/../0192f3c8-7b5e-7d3a-9c1e-000000000001".parse::<ObjectKey>().is_err());
/// # Ok::<(), sealmark_storage::KeyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ObjectKey {
    /// An original as it was uploaded: `raw/{tenant}/{user}/{media_id}`. Private; viewers never see it.
    Raw {
        /// The shop.
        tenant: TenantId,
        /// Who uploaded it.
        user: UserId,
        /// The picture.
        media_id: MediaId,
    },
    /// A published version: `media/{media_id}/v{n}-{digest}.{ext}`. Written once, never changed.
    Version {
        /// The picture.
        media_id: MediaId,
        /// Version, counted from 1 for each picture.
        version: u32,
        /// SHA-256 of the version's bytes; lower-case hex in the key.
        digest: Sha256Digest,
        /// Format of the bytes.
        extension: Extension,
    },
}

impl ObjectKey {
    /// The picture that the object belongs to.
    pub const fn media_id(&self) -> MediaId {
        match self {
            Self::Raw { media_id, .. } | Self::Version { media_id, .. } => *media_id,
        }
    }

    /// Content type to store the object with.
    ///
    /// An original is bytes that nobody has looked at: what its sender announced is kept only where it names an image
    /// that cannot carry a script, and is `application/octet-stream` otherwise. A version's type is its extension's.
    pub fn content_type<'a>(&self, announced: Option<&'a str>) -> &'a str {
        match self {
            Self::Raw { .. } => announced.filter(|value| is_passive_image(value)).unwrap_or(UNKNOWN_BYTES),
            Self::Version { extension, .. } => extension.content_type(),
        }
    }

    /// `Cache-Control` to store the object with.
    pub const fn cache_control(&self) -> &'static str {
        match self {
            Self::Raw { .. } => "private, no-store",
            Self::Version { .. } => "public, max-age=31536000, immutable",
        }
    }
}

/// Whether a media type is `image/` and one plain token, and not SVG, which is a document with scripts.
fn is_passive_image(value: &str) -> bool {
    let Some(subtype) = value.strip_prefix("image/") else { return false };
    let token = subtype.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    token && (1..=40).contains(&subtype.len()) && !subtype.to_ascii_lowercase().contains("svg")
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw { tenant, user, media_id } => write!(f, "raw/{tenant}/{user}/{media_id}"),
            Self::Version { media_id, version, digest, extension } => {
                write!(f, "media/{media_id}/v{version}-{}.{}", digest.to_hex(), extension.as_str())
            }
        }
    }
}

impl FromStr for ObjectKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let key = || text.chars().take(200).collect::<String>();
        let id = |source| KeyError::Id { key: key(), source };
        let folders: Vec<&str> = text.splitn(5, '/').collect();
        let read = match folders[..] {
            ["raw", tenant, user, media_id] => Self::Raw {
                tenant: tenant.parse().map_err(id)?,
                user: user.parse().map_err(id)?,
                media_id: media_id.parse().map_err(id)?,
            },
            ["media", media_id, name] => {
                let (version, rest) = name
                    .strip_prefix('v')
                    .and_then(|name| name.split_once('-'))
                    .ok_or_else(|| KeyError::Shape { key: key() })?;
                let (digest, extension) = rest.split_once('.').ok_or_else(|| KeyError::Shape { key: key() })?;
                Self::Version {
                    media_id: media_id.parse().map_err(id)?,
                    version: read_version(version).ok_or_else(|| KeyError::Version { key: key() })?,
                    digest: read_hex(digest).ok_or_else(|| KeyError::Digest { key: key() })?,
                    extension: Extension::ALL
                        .into_iter()
                        .find(|known| known.as_str() == extension)
                        .ok_or_else(|| KeyError::Extension { key: key() })?,
                }
            }
            _ => return Err(KeyError::Shape { key: key() }),
        };
        // A UUID in capitals would read as the same id: one object must not have two names.
        if read.to_string() == text { Ok(read) } else { Err(KeyError::Shape { key: key() }) }
    }
}

fn read_version(digits: &str) -> Option<u32> {
    // `parse` would take `+7` and `007` too.
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| plain)
}

fn read_hex(text: &str) -> Option<Sha256Digest> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(Sha256Digest::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MEDIA: &str = "0192f3c8-7b5e-7d3a-9c1e-0000000000ab";
    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_key_reads_back_and_knows_its_rules() {
        let raw: ObjectKey = format!("raw/acme/u.7/{MEDIA}").parse().unwrap();
        assert_eq!(raw.to_string(), format!("raw/acme/u.7/{MEDIA}"));
        assert_eq!(raw.cache_control(), "private, no-store");

        let version: ObjectKey = format!("media/{MEDIA}/v12-{HEX}.jpg").parse().unwrap();
        assert_eq!(
            version,
            ObjectKey::Version {
                media_id: MEDIA.parse().unwrap(),
                version: 12,
                digest: Sha256Digest::of(b""),
                extension: Extension::Jpg
            }
        );
        assert_eq!(version.to_string(), format!("media/{MEDIA}/v12-{HEX}.jpg"));
        assert_eq!(version.content_type(Some("text/html")), "image/jpeg");
        assert_eq!(version.cache_control(), "public, max-age=31536000, immutable");
        assert_eq!(version.media_id(), raw.media_id());
    }

    #[test]
    fn an_announced_type_is_kept_only_where_it_is_harmless() {
        let raw: ObjectKey = format!("raw/acme/u/{MEDIA}").parse().unwrap();
        for (announced, stored) in [
            (Some("image/heic"), "image/heic"),
            (Some("image/vnd.microsoft.icon"), "image/vnd.microsoft.icon"),
            (Some("image/svg+xml"), UNKNOWN_BYTES),
            (Some("image/SVG"), UNKNOWN_BYTES),
            (Some("image/"), UNKNOWN_BYTES),
            (Some("image/png\r\nx: y"), UNKNOWN_BYTES),
            (Some("text/html"), UNKNOWN_BYTES),
            (None, UNKNOWN_BYTES),
        ] {
            assert_eq!(raw.content_type(announced), stored, "{announced:?}");
        }
    }

    #[test]
    fn what_is_not_a_key_is_refused_by_its_fault() {
        let reason = |text: &str| match text.parse::<ObjectKey>().unwrap_err() {
            KeyError::Shape { .. } => "shape",
            KeyError::Id { .. } => "id",
            KeyError::Version { .. } => "version",
            KeyError::Digest { .. } => "digest",
            KeyError::Extension { .. } => "extension",
        };
        for (text, fault) in [
            (String::new(), "shape"),
            (format!("/raw/acme/u/{MEDIA}"), "shape"),
            (format!("raw/acme/u/{MEDIA}/x"), "shape"),
            (format!("raw/acme/u/{}", MEDIA.to_uppercase()), "shape"),
            (format!("raw/../u/{MEDIA}"), "id"),
            (format!("raw/acme/..%2F/{MEDIA}"), "id"),
            (format!("raw//u/{MEDIA}"), "id"),
            ("raw/acme/u/1".to_owned(), "id"),
            (format!("media/{MEDIA}/v0-{HEX}.jpg"), "version"),
            (format!("media/{MEDIA}/v01-{HEX}.jpg"), "version"),
            (format!("media/{MEDIA}/v+1-{HEX}.jpg"), "version"),
            (format!("media/{MEDIA}/v4294967296-{HEX}.jpg"), "version"),
            (format!("media/{MEDIA}/1-{HEX}.jpg"), "shape"),
            (format!("media/{MEDIA}/v1-{}.jpg", HEX.to_uppercase()), "digest"),
            (format!("media/{MEDIA}/v1-{}.jpg", &HEX[1..]), "digest"),
            (format!("media/{MEDIA}/v1-{HEX}.svg"), "extension"),
            (format!("media/{MEDIA}/v1-{HEX}"), "shape"),
        ] {
            assert_eq!(reason(&text), fault, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_key_reads_back(
            tenant in "[a-zA-Z0-9._-]{3,64}",
            user in "[a-zA-Z0-9._-]{3,64}",
            version in 1..=u32::MAX,
            bytes: [u8; 32],
        ) {
            let media_id: MediaId = MEDIA.parse().unwrap();
            let raw = ObjectKey::Raw {
                tenant: TenantId::new(tenant).unwrap(), user: UserId::new(user).unwrap(), media_id };
            prop_assert_eq!(raw.to_string().parse(), Ok(raw));
            for extension in Extension::ALL {
                let digest = Sha256Digest::from_bytes(bytes);
                let key = ObjectKey::Version { media_id, version, digest, extension };
                prop_assert_eq!(key.to_string().parse(), Ok(key));
            }
        }

        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = text.parse::<ObjectKey>();
        }
    }
}
