//! Checksums of parts: SHA-256 or CRC64NVME, the two that the store checks for us.

use std::{fmt, str::FromStr, sync::OnceLock};

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

/// The reflected polynomial of CRC64NVME.
///
/// Source: NVM Express NVM Command Set Specification 1.0, 64b CRC.
const POLYNOMIAL: u64 = 0x9a6c_9329_ac4b_c9b5;

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

    /// Wraps a value that some other hasher produced.
    pub const fn from_value(value: u64) -> Self {
        Self(value)
    }

    /// The value.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The CRC of `a`'s bytes followed by `b`'s, from theirs alone; S3 joins those of parts into the object's like this.
    ///
    /// Source: zlib, `crc32_combine`.
    #[must_use]
    pub const fn combine(a: Self, b: Self, length_of_b_bytes: u64) -> Self {
        // As many zero bytes after `a` as `b` is long: times x to the power of 8 for each.
        let (mut shift, mut square, mut left) = (1 << 63, 1 << (63 - 8), length_of_b_bytes);
        while left != 0 {
            if left & 1 == 1 {
                shift = product(shift, square);
            }
            square = product(square, square);
            left >>= 1;
        }
        Self(product(a.0, shift) ^ b.0)
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

/// Hashes bytes as they come, sixteen at a time.
#[derive(Debug, Clone)]
pub struct Crc64NvmeHasher {
    state: u64,
    tables: &'static Tables,
}

impl Default for Crc64NvmeHasher {
    fn default() -> Self {
        Self { state: !0, tables: TABLES.get_or_init(tables) }
    }
}

impl Crc64NvmeHasher {
    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let tables = self.tables;
        let at = |table: usize, word: u64, byte: usize| tables[table][(word >> (8 * byte)) as usize & 0xff];
        let (blocks, rest) = bytes.as_chunks::<16>();
        let mut state = self.state;
        for block in blocks {
            let [low, high] = [half(block, 0) ^ state, half(block, 8)];
            state = at(15, low, 0) ^ at(14, low, 1) ^ at(13, low, 2) ^ at(12, low, 3);
            state ^= at(11, low, 4) ^ at(10, low, 5) ^ at(9, low, 6) ^ at(8, low, 7);
            state ^= at(7, high, 0) ^ at(6, high, 1) ^ at(5, high, 2) ^ at(4, high, 3);
            state ^= at(3, high, 4) ^ at(2, high, 5) ^ at(1, high, 6) ^ at(0, high, 7);
        }
        for byte in rest {
            state = tables[0][(state as u8 ^ byte) as usize] ^ (state >> 8);
        }
        self.state = state;
    }

    /// The CRC of all that came.
    pub const fn finish(self) -> Crc64Nvme {
        Crc64Nvme(!self.state)
    }
}

fn half(block: &[u8; 16], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&block[at..at + 8]);
    u64::from_le_bytes(bytes)
}

/// What each value of a byte does to the state when 0 to 15 more bytes follow it; 32 KiB.
///
/// Source: Kounavis and Berry, "Novel Table Lookup-Based Algorithms for High-Performance CRC Generation" (2008).
type Tables = [[u64; 256]; 16];

/// Made when first used: in the browser's module they would travel with every page.
static TABLES: OnceLock<Box<Tables>> = OnceLock::new();

fn tables() -> Box<Tables> {
    let mut tables = Box::new([[0; 256]; 16]);
    for byte in 0..256 {
        let mut state = byte as u64;
        for _ in 0..8 {
            state = times_x(state);
        }
        tables[0][byte] = state;
    }
    for table in 1..16 {
        for byte in 0..256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = tables[0][before as usize & 0xff] ^ (before >> 8);
        }
    }
    tables
}

/// A polynomial times x, modulo the CRC's; the highest bit is the coefficient of 1.
const fn times_x(polynomial: u64) -> u64 {
    (polynomial >> 1) ^ (POLYNOMIAL & (polynomial & 1).wrapping_neg())
}

/// The product of two polynomials, modulo the CRC's.
const fn product(mut a: u64, mut b: u64) -> u64 {
    let mut sum = 0;
    while a != 0 {
        sum ^= b & ((a as i64) >> 63) as u64;
        a <<= 1;
        b = times_x(b);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn bit_by_bit(bytes: &[u8]) -> Crc64Nvme {
        let mut state = !0;
        for byte in bytes {
            state ^= u64::from(*byte);
            for _ in 0..8 {
                state = times_x(state);
            }
        }
        Crc64Nvme(!state)
    }

    #[test]
    fn the_check_value_is_the_catalogues() {
        let crc = Crc64Nvme::of(b"123456789");
        assert_eq!(crc.value(), 0xae8b_1486_0a79_9888);
        assert_eq!(crc.to_base64().parse(), Ok(crc));
        assert!("AAAA".parse::<Crc64Nvme>().is_err());
    }

    #[test]
    fn zeros_of_any_length_are_joined_without_counting_them() {
        // 5 TiB of zeros, doubled up from one byte of them.
        let mut zeros = Crc64Nvme::of(&[0]);
        let mut length_bytes = 1;
        while length_bytes < 5 << 40 {
            zeros = Crc64Nvme::combine(zeros, zeros, length_bytes);
            length_bytes *= 2;
            if length_bytes == 1 << 20 {
                assert_eq!(zeros, Crc64Nvme::of(&vec![0; 1 << 20]));
            }
        }
        let a = Crc64Nvme::of(b"a");
        let in_two = Crc64Nvme::combine(Crc64Nvme::combine(a, zeros, length_bytes), zeros, length_bytes);
        let both = Crc64Nvme::combine(zeros, zeros, length_bytes);
        assert_eq!(in_two, Crc64Nvme::combine(a, both, 2 * length_bytes));
    }

    proptest! {
        #[test]
        fn tables_give_what_the_bits_give_however_the_bytes_come(bytes in vec(any::<u8>(), 0..300), cuts in vec(0..300_usize, 0..5)) {
            let mut hasher = Crc64NvmeHasher::default();
            let mut rest = bytes.as_slice();
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                hasher.update(piece);
                rest = after;
            }
            hasher.update(rest);
            prop_assert_eq!(hasher.finish(), bit_by_bit(&bytes));
        }

        #[test]
        fn parts_join_to_the_whole(parts in vec(vec(any::<u8>(), 0..200), 0..6)) {
            let joined = parts.iter().fold(Crc64Nvme::of(b""), |crc, part| {
                Crc64Nvme::combine(crc, Crc64Nvme::of(part), part.len() as u64)
            });
            prop_assert_eq!(joined, Crc64Nvme::of(&parts.concat()));
        }
    }
}
