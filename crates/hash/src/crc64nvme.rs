//! CRC64NVME, the checksum that S3 keeps of a whole object.

use std::sync::OnceLock;

/// The reflected polynomial of CRC64NVME.
///
/// Source: NVM Express NVM Command Set Specification 1.0, 64b CRC.
const POLYNOMIAL: u64 = 0x9a6c_9329_ac4b_c9b5;

/// The CRC of no bytes, from which the first [`update`] goes on.
pub const EMPTY: u64 = 0;

/// The CRC of more bytes after those of `crc`; sixteen of them at a time.
#[must_use]
#[inline(never)]
pub fn update(crc: u64, bytes: &[u8]) -> u64 {
    let tables = TABLES.get_or_init(tables);
    let at = |table: usize, word: u64, byte: usize| tables[table][(word >> (8 * byte)) as usize & 0xff];
    let (blocks, rest) = bytes.as_chunks::<16>();
    let mut state = !crc;
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
    !state
}

/// The CRC of `a`'s bytes followed by `b`'s, from theirs alone.
///
/// Source: zlib, `crc32_combine`.
#[must_use]
pub const fn combine(a: u64, b: u64, length_of_b_bytes: u64) -> u64 {
    // As many zero bytes after `a` as `b` is long: times x to the power of 8 for each.
    let (mut shift, mut square, mut left) = (1 << 63, 1 << (63 - 8), length_of_b_bytes);
    while left != 0 {
        if left & 1 == 1 {
            shift = product(shift, square);
        }
        square = product(square, square);
        left >>= 1;
    }
    product(a, shift) ^ b
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

    fn bit_by_bit(bytes: &[u8]) -> u64 {
        let mut state = !0;
        for byte in bytes {
            state ^= u64::from(*byte);
            for _ in 0..8 {
                state = times_x(state);
            }
        }
        !state
    }

    #[test]
    fn the_check_value_is_the_catalogues() {
        assert_eq!(update(EMPTY, b"123456789"), 0xae8b_1486_0a79_9888);
    }

    #[test]
    fn zeros_of_any_length_are_joined_without_counting_them() {
        // 5 TiB of zeros, doubled up from one byte of them.
        let mut zeros = update(EMPTY, &[0]);
        let mut length_bytes = 1;
        while length_bytes < 5 << 40 {
            zeros = combine(zeros, zeros, length_bytes);
            length_bytes *= 2;
            if length_bytes == 1 << 20 {
                assert_eq!(zeros, update(EMPTY, &vec![0; 1 << 20]));
            }
        }
        let a = update(EMPTY, b"a");
        let in_two = combine(combine(a, zeros, length_bytes), zeros, length_bytes);
        assert_eq!(in_two, combine(a, combine(zeros, zeros, length_bytes), 2 * length_bytes));
    }

    proptest! {
        #[test]
        fn tables_give_what_the_bits_give_however_the_bytes_come(pieces in vec(vec(any::<u8>(), 0..100), 0..6)) {
            let crc = pieces.iter().fold(EMPTY, |crc, piece| update(crc, piece));
            prop_assert_eq!(crc, bit_by_bit(&pieces.concat()));
        }

        #[test]
        fn parts_join_to_the_whole(parts in vec(vec(any::<u8>(), 0..200), 0..6)) {
            let join = |crc, part: &Vec<u8>| combine(crc, update(EMPTY, part), part.len() as u64);
            prop_assert_eq!(parts.iter().fold(EMPTY, join), update(EMPTY, &parts.concat()));
        }
    }
}
