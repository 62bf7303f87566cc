//! Checksums of parts: SHA-256 or CRC64NVME, the two that the store checks for us.

use std::{fmt, str::FromStr};

use sealmark_hash::crc64nvme;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::{DigestError, Integrity, Sha256Digest, base64};

/// What a part's bytes hash to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// SHA-256.
    Sha256(Sha256Digest),
    /// CRC64NVME.
    Crc64nvme(Crc64Nvme),
    /// Nothing but the length is checked.
    None,
}

impl Checksum {
    /// Which choice it belongs to.
    pub const fn integrity(&self) -> Integrity {
        match self {
            Self::Sha256(_) => Integrity::Sha256,
            Self::Crc64nvme(_) => Integrity::Crc64nvme,
            Self::None => Integrity::None,
        }
    }
}

/// A CRC64NVME; JSON and S3 headers carry its 8 bytes, most significant first, as padded standard base64.
///
/// Source: S3 API, header `x-amz-checksum-crc64nvme`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "rosUhgp5mIg="))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Crc64Nvme(u64);

impl Crc64Nvme {
    /// Hashes bytes that are already in memory.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Crc64NvmeHasher::default();
        hasher.update(bytes);
        hasher.finish()
    }

    /// The value.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The CRC of `a`'s bytes followed by `b`'s, from theirs alone; S3 joins those of parts into the object's like this.
    #[must_use]
    pub const fn combine(a: Self, b: Self, length_of_b_bytes: u64) -> Self {
        Self(crc64nvme::combine(a.0, b.0, length_of_b_bytes))
    }

    /// Padded standard base64, 12 characters.
    pub fn to_base64(self) -> String {
        base64::encode(&self.0.to_be_bytes())
    }
}

impl fmt::Display for Crc64Nvme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_base64())
    }
}

impl fmt::Debug for Crc64Nvme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crc64Nvme({:016x})", self.0)
    }
}

impl FromStr for Crc64Nvme {
    type Err = DigestError;
    fn from_str(value: &str) -> Result<Self, DigestError> {
        base64::decode(value).map(|bytes| Self(u64::from_be_bytes(bytes))).ok_or(DigestError)
    }
}

impl TryFrom<String> for Crc64Nvme {
    type Error = DigestError;
    fn try_from(value: String) -> Result<Self, DigestError> {
        value.parse()
    }
}

impl From<Crc64Nvme> for String {
    fn from(crc: Crc64Nvme) -> String {
        crc.to_base64()
    }
}

/// Hashes bytes as they come.
#[derive(Debug, Clone)]
pub struct Crc64NvmeHasher(u64);

impl Default for Crc64NvmeHasher {
    fn default() -> Self {
        Self(crc64nvme::EMPTY)
    }
}

impl Crc64NvmeHasher {
    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0 = crc64nvme::update(self.0, bytes);
    }

    /// The CRC of all that came.
    pub const fn finish(self) -> Crc64Nvme {
        Crc64Nvme(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_is_the_catalogues() {
        let crc = Crc64Nvme::of(b"123456789");
        assert_eq!(crc.value(), 0xae8b_1486_0a79_9888);
        assert_eq!(crc.to_base64().parse(), Ok(crc));
        assert!("AAAA".parse::<Crc64Nvme>().is_err());
        assert_eq!(Crc64Nvme::combine(Crc64Nvme::of(b"12345"), Crc64Nvme::of(b"6789"), 4), crc);
    }
}
