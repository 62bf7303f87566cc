//! The word that SHA-256 counts in: one of 32 bits, or four of them side by side.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use std::arch::wasm32 as simd;

/// What the rounds need of a word; additions wrap.
pub(super) trait Word: Copy {
    fn splat(value: u32) -> Self;
    fn add(self, other: Self) -> Self;
    fn xor(self, other: Self) -> Self;
    fn and(self, other: Self) -> Self;
    fn shift_left(self, bits: u32) -> Self;
    fn shift_right(self, bits: u32) -> Self;
}

impl Word for u32 {
    #[inline(always)]
    fn splat(value: u32) -> Self {
        value
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self ^ other
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self & other
    }

    #[inline(always)]
    fn shift_left(self, bits: u32) -> Self {
        self << bits
    }

    #[inline(always)]
    fn shift_right(self, bits: u32) -> Self {
        self >> bits
    }
}

/// Four words, one of each lane.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[derive(Clone, Copy)]
pub(super) struct Four(simd::v128);

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
impl Four {
    #[inline(always)]
    pub(super) fn from_lanes([a, b, c, d]: [u32; 4]) -> Self {
        Self(simd::u32x4(a, b, c, d))
    }

    #[inline(always)]
    pub(super) fn to_lanes(self) -> [u32; 4] {
        use simd::u32x4_extract_lane as lane;
        [lane::<0>(self.0), lane::<1>(self.0), lane::<2>(self.0), lane::<3>(self.0)]
    }

    /// Four words of each lane's block, big-endian in bytes, as four of these.
    #[inline(always)]
    pub(super) fn from_blocks(rows: [&[u8; 16]; 4]) -> [Self; 4] {
        use simd::{i8x16_shuffle, i32x4_shuffle as shuffle};
        let half = |row: &[u8; 16], at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&row[at..at + 8]);
            u64::from_le_bytes(bytes)
        };
        let [a, b, c, d] = rows.map(|row| {
            let row = simd::u64x2(half(row, 0), half(row, 8));
            i8x16_shuffle::<3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12>(row, row)
        });
        let [ab_low, ab_high] = [shuffle::<0, 4, 1, 5>(a, b), shuffle::<2, 6, 3, 7>(a, b)];
        let [cd_low, cd_high] = [shuffle::<0, 4, 1, 5>(c, d), shuffle::<2, 6, 3, 7>(c, d)];
        [
            Self(shuffle::<0, 1, 4, 5>(ab_low, cd_low)),
            Self(shuffle::<2, 3, 6, 7>(ab_low, cd_low)),
            Self(shuffle::<0, 1, 4, 5>(ab_high, cd_high)),
            Self(shuffle::<2, 3, 6, 7>(ab_high, cd_high)),
        ]
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
impl Word for Four {
    #[inline(always)]
    fn splat(value: u32) -> Self {
        Self(simd::u32x4_splat(value))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(simd::u32x4_add(self.0, other.0))
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(simd::v128_xor(self.0, other.0))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(simd::v128_and(self.0, other.0))
    }

    #[inline(always)]
    fn shift_left(self, bits: u32) -> Self {
        Self(simd::u32x4_shl(self.0, bits))
    }

    #[inline(always)]
    fn shift_right(self, bits: u32) -> Self {
        Self(simd::u32x4_shr(self.0, bits))
    }
}

/// Four words, one of each lane; the compiler makes SIMD of it where the machine has any.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[derive(Clone, Copy)]
pub(super) struct Four([u32; 4]);

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
impl Four {
    pub(super) const fn from_lanes(lanes: [u32; 4]) -> Self {
        Self(lanes)
    }

    pub(super) const fn to_lanes(self) -> [u32; 4] {
        self.0
    }

    /// Four words of each lane's block, big-endian in bytes, as four of these.
    #[inline(always)]
    pub(super) fn from_blocks(rows: [&[u8; 16]; 4]) -> [Self; 4] {
        std::array::from_fn(|word| {
            Self(rows.map(|row| {
                let mut bytes = [0; 4];
                bytes.copy_from_slice(&row[4 * word..4 * word + 4]);
                u32::from_be_bytes(bytes)
            }))
        })
    }

    #[inline(always)]
    fn each(self, other: Self, what: impl Fn(u32, u32) -> u32) -> Self {
        Self(std::array::from_fn(|lane| what(self.0[lane], other.0[lane])))
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
impl Word for Four {
    #[inline(always)]
    fn splat(value: u32) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.each(other, u32::wrapping_add)
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self.each(other, |a, b| a ^ b)
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self.each(other, |a, b| a & b)
    }

    #[inline(always)]
    fn shift_left(self, bits: u32) -> Self {
        Self(self.0.map(|word| word << bits))
    }

    #[inline(always)]
    fn shift_right(self, bits: u32) -> Self {
        Self(self.0.map(|word| word >> bits))
    }
}
