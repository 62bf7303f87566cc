//! SHA-256 digests, spelled as S3 spells them (base64) and as people do (hex).

use std::{fmt, str::FromStr};

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::base64;

/// Why a text is not a SHA-256 digest or a CRC64NVME.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 is 32 bytes in base64, a CRC64NVME 8")]
pub struct DigestError;

/// Two digits of lower-case hex.
pub(crate) fn push_hex(text: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
    }
}

/// A SHA-256 digest; JSON and S3 headers carry it as padded standard base64.
///
/// Source: S3 API, header `x-amz-checksum-sha256`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Sha256Digest([u8; 32]);

impl Sha256Digest {
    /// Hashes bytes that are already in memory.
    pub fn of(bytes: &[u8]) -> Self {
        #[cfg(not(target_arch = "wasm32"))]
        return Self(<sha2::Sha256 as sha2::Digest>::digest(bytes).into());
        #[cfg(target_arch = "wasm32")]
        return Self(sealmark_hash::sha256(bytes));
    }

    /// Wraps 32 bytes that some other hasher produced.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Padded standard base64, 44 characters.
    pub fn to_base64(&self) -> String {
        base64::encode(&self.0)
    }

    /// Lower-case hex, 64 characters.
    pub fn to_hex(&self) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.0 {
            push_hex(&mut text, byte);
        }
        text
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_base64())
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256Digest({})", self.to_hex())
    }
}

impl FromStr for Sha256Digest {
    type Err = DigestError;
    fn from_str(value: &str) -> Result<Self, DigestError> {
        base64::decode(value).map(Self).ok_or(DigestError)
    }
}

impl TryFrom<String> for Sha256Digest {
    type Error = DigestError;
    fn try_from(value: String) -> Result<Self, DigestError> {
        value.parse()
    }
}

impl From<Sha256Digest> for String {
    fn from(digest: Sha256Digest) -> String {
        digest.to_base64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_digest_is_the_known_one() {
        let digest = Sha256Digest::of(b"");
        assert_eq!(digest.to_base64(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(digest.to_hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(digest.to_base64().parse(), Ok(digest));
        assert!("AAAA".parse::<Sha256Digest>().is_err());
    }
}
