//! Checksums of parts: SHA-256 or CRC64NVME, the two that the store checks for us.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::{DigestError, Integrity, Sha256Digest};

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

/// The reflected polynomial of CRC64NVME.
///
/// Source: NVM Express NVM Command Set Specification 1.0, 64b CRC.
const POLYNOMIAL: u64 = 0x9a6c_9329_ac4b_c9b5;

/// A CRC64NVME; JSON and S3 headers carry its 8 bytes, most significant first, as padded standard base64.
///
/// Source: S3 API, header `x-amz-checksum-crc64nvme`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "rosUhgp5mIg="))]
#[serde(try_from = "String", into = "String")]
pub struct Crc64Nvme(u64);

impl Crc64Nvme {
    /// Hashes bytes that are already in memory.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Crc64NvmeHasher::default();
        hasher.update(bytes);
        hasher.finish()
    }

    /// Wraps a value that some other hasher produced.
    pub const fn from_value(value: u64) -> Self {
        Self(value)
    }

    /// The value.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// Padded standard base64, 12 characters.
    pub fn to_base64(self) -> String {
        STANDARD.encode(self.0.to_be_bytes())
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
        let bytes = STANDARD.decode(value).map_err(|_| DigestError)?;
        Ok(Self(u64::from_be_bytes(bytes.try_into().map_err(|_| DigestError)?)))
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
        Self(!0)
    }
}

impl Crc64NvmeHasher {
    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 ^= u64::from(*byte);
            for _ in 0..8 {
                self.0 = (self.0 >> 1) ^ (POLYNOMIAL & (self.0 & 1).wrapping_neg());
            }
        }
    }

    /// The CRC of all that came.
    pub const fn finish(self) -> Crc64Nvme {
        Crc64Nvme(!self.0)
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
    }
}
