//! Bits of entropy-coded data, read and written. Source: ITU-T T.81, B.1.1.5 and F.1.2.3.

/// Entropy-coded bytes of one restart interval, without the zeros that are stuffed after each 0xff.
#[derive(Debug, Default)]
pub(super) struct Unstuffed {
    /// The bytes and, so that the last ones can be read eight at a time, [`PAD`] zeros.
    bytes: Vec<u8>,
}

/// Zeros behind the last byte.
const PAD: usize = 16;

impl Unstuffed {
    /// Takes over the bytes of an interval, which holds no marker.
    pub(super) fn fill(&mut self, stuffed: &[u8]) {
        self.bytes.clear();
        self.bytes.reserve(stuffed.len() + PAD);
        let mut from = 0;
        for at in memchr::memchr_iter(0xff, stuffed) {
            if at >= from {
                self.bytes.extend_from_slice(&stuffed[from..=at]);
                // The zero.
                from = at + 2;
            }
        }
        self.bytes.extend_from_slice(stuffed.get(from..).unwrap_or_default());
        self.bytes.resize(self.bytes.len() + PAD, 0);
    }

    pub(super) const fn bits(&self) -> u64 {
        (self.bytes.len() - PAD) as u64 * 8
    }

    /// Whether so many bits are the same from a place in each on.
    pub(super) fn is_equal(&self, at: u64, other: &Self, other_at: u64, count: u64) -> bool {
        if at + count > self.bits() || other_at + count > other.bits() {
            return false;
        }
        let whole = count / 56;
        (0..whole).all(|word| self.window(at + word * 56) >> 8 == other.window(other_at + word * 56) >> 8)
            && (whole * 56..count).all(|bit| self.window(at + bit) >> 63 == other.window(other_at + bit) >> 63)
    }

    /// At least 57 bits from a place on, at the top; zeros behind the end.
    #[inline(always)]
    pub(super) fn window(&self, at: u64) -> u64 {
        match self.bytes.get((at >> 3) as usize..).and_then(|rest| rest.first_chunk()) {
            Some(bytes) => u64::from_be_bytes(*bytes) << (at & 7),
            None => 0,
        }
    }
}

/// Reads the value of a size, which follows its symbol. Source: T.81, F.2.2.1, EXTEND.
#[inline(always)]
pub(super) const fn extend(raw: u32, size: u32) -> i32 {
    if size == 0 {
        0
    } else if raw < 1 << (size - 1) {
        raw as i32 - (1 << size) + 1
    } else {
        raw as i32
    }
}

/// How many bits a value takes, and the bits.
#[inline(always)]
pub(super) const fn sized(value: i32) -> (u32, u32) {
    let size = 32 - value.unsigned_abs().leading_zeros();
    let raw = if value < 0 { value - 1 } else { value } as u32 & ((1 << size) - 1);
    (size, raw)
}

/// Writes bits, and stuffs a zero after each 0xff.
#[derive(Debug)]
pub(super) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Bits that are not written yet, at the bottom.
    pending: u64,
    /// How many: under 32 between calls.
    count: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, pending: 0, count: 0 }
    }

    /// Appends the lowest `count` bits of `bits`, at most 32.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        self.pending = self.pending << count | u64::from(bits);
        self.count += count;
        if self.count >= 32 {
            self.count -= 32;
            self.whole((self.pending >> self.count) as u32);
        }
    }

    #[inline(always)]
    fn whole(&mut self, word: u32) {
        let bytes = word.to_be_bytes();
        if has_ff(u64::from(word)) {
            bytes.into_iter().for_each(|byte| self.byte(byte));
        } else {
            self.out.extend_from_slice(&bytes);
        }
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        self.out.push(byte);
        if byte == 0xff {
            self.out.push(0);
        }
    }

    /// Appends the bits of `source` from `from` to `to`.
    pub(super) fn copy(&mut self, source: &Unstuffed, from: u64, to: u64) {
        let mut at = from;
        // Up to whole bytes of the output.
        let first = u64::from(8 - self.count % 8) % 8;
        self.some(source, &mut at, first.min(to.saturating_sub(from)));
        if at < to {
            self.flush_bytes();
        }
        let shift = at & 7;
        while at + 64 <= to {
            let place = (at >> 3) as usize;
            let Some((high, rest)) = source.bytes.get(place..).and_then(|rest| rest.split_first_chunk()) else { break };
            let low = rest.first().map_or(0, |byte| u64::from(*byte));
            let word = u64::from_be_bytes(*high) << shift | (low << shift) >> 8;
            if has_ff(word) {
                word.to_be_bytes().into_iter().for_each(|byte| self.byte(byte));
            } else {
                self.out.extend_from_slice(&word.to_be_bytes());
            }
            at += 64;
        }
        while at < to {
            let count = (to - at).min(32);
            self.some(source, &mut at, count);
        }
    }

    /// Appends up to 32 bits.
    fn some(&mut self, source: &Unstuffed, at: &mut u64, count: u64) {
        if count > 0 {
            self.put((source.window(*at) >> (64 - count)) as u32, count as u32);
            *at += count;
        }
    }

    /// Writes what is pending, which is whole bytes.
    fn flush_bytes(&mut self) {
        while self.count >= 8 {
            self.count -= 8;
            self.byte((self.pending >> self.count) as u8);
        }
    }

    /// Fills the last byte with ones and writes it. Source: T.81, F.1.2.3.
    pub(super) fn finish(mut self) {
        let rest = (8 - self.count % 8) % 8;
        self.put((1 << rest) - 1, rest);
        self.flush_bytes();
    }
}

/// Whether a byte of the word is 0xff.
#[inline(always)]
const fn has_ff(word: u64) -> bool {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    (!word).wrapping_sub(LOW) & word & HIGH != 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_and_their_bits_are_each_others_inverse() {
        for value in -2_047..=2_047 {
            let (size, raw) = sized(value);
            assert_eq!(extend(raw, size), value);
        }
        assert_eq!(sized(0), (0, 0));
        assert_eq!((sized(-1), sized(1), sized(-3)), ((1, 0), (1, 1), (2, 0)));
    }

    proptest! {
        #[test]
        fn what_is_copied_in_pieces_is_the_same(
            bytes in prop::collection::vec(prop_oneof![Just(0xff_u8), any::<u8>()], 0..200),
            cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_u32..20), 0..6),
        ) {
            let stuffed: Vec<u8> =
                bytes.iter().flat_map(|byte| if *byte == 0xff { vec![0xff, 0] } else { vec![*byte] }).collect();
            let mut source = Unstuffed::default();
            source.fill(&stuffed);
            prop_assert_eq!(source.bits(), bytes.len() as u64 * 8);
            // The bits themselves, with ones put in at the cuts.
            let mut cuts: Vec<(u64, u32)> =
                cuts.iter().map(|(at, ones)| (at.index(bytes.len() * 8 + 1) as u64, *ones)).collect();
            cuts.sort_unstable();
            let mut expected = Vec::new();
            let mut out = Vec::new();
            let mut writer = BitWriter::new(&mut out);
            let mut from = 0;
            let bit = |at: u64| bytes[(at / 8) as usize] >> (7 - at % 8) & 1;
            for (at, ones) in cuts {
                writer.copy(&source, from, at);
                writer.put((1 << ones) - 1, ones);
                expected.extend((from..at).map(bit));
                expected.extend(std::iter::repeat_n(1, ones as usize));
                from = at;
            }
            writer.copy(&source, from, source.bits());
            expected.extend((from..source.bits()).map(bit));
            writer.finish();
            expected.resize(expected.len().div_ceil(8) * 8, 1);
            let mut written = Unstuffed::default();
            written.fill(&out);
            let got: Vec<u8> = (0..written.bits()).map(|at| (written.window(at) >> 63) as u8).collect();
            prop_assert_eq!(got, expected);
            prop_assert!(!out.windows(2).any(|pair| pair[0] == 0xff && pair[1] != 0));
        }
    }
}
