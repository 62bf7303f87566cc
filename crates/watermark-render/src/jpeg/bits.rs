//! Bits of entropy-coded data, read and written. Source: ITU-T T.81, B.1.1.5 and F.1.2.3.

/// Entropy-coded bytes of one restart interval, as the file has them: a zero is stuffed after each 0xff.
///
/// A place in them is told in bits, stuffed zeros included, and never lies between a 0xff and its zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stuffed<'a> {
    bytes: &'a [u8],
}

/// The bits that follow a place, without what is stuffed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// The bits, [`RIGHT`](Self::RIGHT) of them at the top; zeros behind the end of the data.
    pub(super) bits: u64,
    /// With so many taken a stuffed zero is passed.
    pub(super) plain: u32,
}

impl Window {
    /// How many bits are right at least, wherever it is.
    pub(super) const RIGHT: u32 = 49;
}

impl<'a> Stuffed<'a> {
    /// Of an interval's bytes, which hold no marker.
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The end, as a place.
    pub(super) const fn end(&self) -> u64 {
        self.bytes.len() as u64 * 8
    }

    /// How many bits are left from a place on; none where it is past the end.
    pub(super) fn rest(&self, at: u64) -> Option<u64> {
        let stuffed = if self.bytes.ends_with(&[0xff, 0]) { 8 } else { 0 };
        (at <= self.end()).then(|| (self.end() - stuffed).saturating_sub(at))
    }

    /// The first place at or after a byte.
    pub(super) fn place(&self, byte: usize) -> u64 {
        let is_zero = byte > 0 && self.bytes.get(byte - 1) == Some(&0xff);
        (byte + usize::from(is_zero)) as u64 * 8
    }

    /// The bits from a place on.
    #[inline(always)]
    pub(super) fn window(&self, at: u64) -> Window {
        match self.eight(at) {
            Some(word) if !has_ff(word) => Window { bits: word << (at & 7), plain: u32::MAX },
            word => self.window_with_zero(at, word),
        }
    }

    /// The eight bytes from that of a place on.
    #[inline(always)]
    fn eight(&self, at: u64) -> Option<u64> {
        let bytes = self.bytes.get((at >> 3) as usize..)?.first_chunk()?;
        Some(u64::from_be_bytes(*bytes))
    }

    /// A window where something is stuffed, or the end is near.
    #[inline(never)]
    fn window_with_zero(&self, at: u64, word: Option<u64>) -> Window {
        let shift = (at & 7) as u32;
        if let Some(word) = word {
            let plain = 8 * (ff_bits(word).leading_zeros() / 8 + 1);
            let above = !u64::MAX.checked_shr(plain).unwrap_or(0);
            let below = (word << 8) & !above;
            if !has_ff(below) {
                return Window { bits: (word & above | below) << shift, plain: plain - shift };
            }
        }
        let mut place = (at >> 3) as usize;
        let (mut bits, mut plain) = (0, u32::MAX);
        for taken in 1..=8 {
            let byte = self.bytes.get(place).copied().unwrap_or(0);
            bits = bits << 8 | u64::from(byte);
            place += 1;
            if byte == 0xff {
                place += 1;
                plain = plain.min(8 * taken - shift);
            }
        }
        Window { bits: bits << shift, plain }
    }

    /// The place after so many bits, at most [`Window::RIGHT`], of the window at `at`, whose `plain` it is.
    #[inline(always)]
    pub(super) fn after(&self, at: u64, plain: u32, bits: u32) -> u64 {
        if bits < plain { at + u64::from(bits) } else { self.walk(at, bits) }
    }

    /// The place so many bits on.
    #[inline(never)]
    pub(super) fn walk(&self, at: u64, bits: u32) -> u64 {
        let mut place = at >> 3;
        let mut left = (at & 7) + u64::from(bits);
        while left >= 8 {
            let is_stuffed = self.bytes.get(place as usize) == Some(&0xff);
            place += if is_stuffed { 2 } else { 1 };
            left -= 8;
        }
        place * 8 + left
    }

    /// 64 bits from a place on, if nothing is stuffed among them.
    #[inline(always)]
    fn plain_word(&self, at: u64) -> Option<u64> {
        let (high, rest) = self.bytes.get((at >> 3) as usize..)?.split_first_chunk()?;
        let (high, low) = (u64::from_be_bytes(*high), u64::from(*rest.first()?));
        (!has_ff(high)).then_some(high << (at & 7) | (low << (at & 7)) >> 8)
    }

    /// Whether the bits from a place up to another are those that `other` has from a place on; then the place after
    /// those.
    pub(super) fn same_as(&self, from: u64, to: u64, other: &Self, other_from: u64) -> Option<u64> {
        let (mut at, mut there) = (from, other_from);
        while at < to {
            if at & 7 == 0 && there & 7 == 0 {
                let (start, count) = ((at >> 3) as usize, ((to - at) >> 3) as usize);
                let mine = self.bytes.get(start..start + count)?;
                let theirs = other.bytes.get((there >> 3) as usize..)?.get(..count)?;
                if mine != theirs {
                    return None;
                }
                at += count as u64 * 8;
                there = other.place((there >> 3) as usize + count);
                if count > 0 {
                    continue;
                }
            }
            let is_long = at & 7 != there & 7 && at + 64 <= to;
            if let (true, Some(mine), Some(theirs)) = (is_long, self.plain_word(at), other.plain_word(there)) {
                if mine != theirs {
                    return None;
                }
                (at, there) = (at + 64, there + 64);
                continue;
            }
            // Up to the end of a byte, at most.
            let count = (8 - (at & 7)).min(to - at) as u32;
            let (mine, theirs) = (self.window(at), other.window(there));
            if (mine.bits ^ theirs.bits) >> (64 - count) != 0 || other.rest(there)? < u64::from(count) {
                return None;
            }
            at = self.after(at, mine.plain, count);
            there = other.after(there, theirs.plain, count);
        }
        (at == to).then_some(there)
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
    // No branch on the sign: nobody foresees it.
    let sign = value >> 31;
    let magnitude = ((value ^ sign) - sign) as u32;
    let size = 31 - (magnitude << 1 | 1).leading_zeros();
    let raw = (value + sign) as u32 & ((1 << size) - 1);
    (size, raw)
}

/// Writes bits, and stuffs a zero after each 0xff.
#[derive(Debug)]
pub(super) struct BitWriter<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) pending: Pending,
}

/// Bits that are not written yet. By itself, it stays in registers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    /// At the bottom.
    bits: u64,
    /// How many: under 32 between calls.
    count: u32,
}

impl Pending {
    /// Appends the lowest `count` bits of `bits`, at most 32.
    #[inline(always)]
    pub(super) fn put(&mut self, out: &mut Vec<u8>, bits: u32, count: u32) {
        self.bits = self.bits << count | u64::from(bits);
        self.count += count;
        if self.count >= 32 {
            self.count -= 32;
            whole(out, (self.bits >> self.count) as u32);
        }
    }
}

#[inline(always)]
fn whole(out: &mut Vec<u8>, word: u32) {
    if has_ff(u64::from(word)) {
        with_zeros(out, word);
    } else {
        out.extend_from_slice(&word.to_be_bytes());
    }
}

#[inline(never)]
fn with_zeros(out: &mut Vec<u8>, word: u32) {
    word.to_be_bytes().into_iter().for_each(|byte| stuff(out, byte));
}

#[inline]
fn stuff(out: &mut Vec<u8>, byte: u8) {
    out.push(byte);
    if byte == 0xff {
        out.push(0);
    }
}

impl<'a> BitWriter<'a> {
    pub(super) const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, pending: Pending { bits: 0, count: 0 } }
    }

    /// Appends the lowest `count` bits of `bits`, at most 32.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        self.pending.put(self.out, bits, count);
    }

    /// Appends the bits of `source` from one place to another.
    pub(super) fn copy(&mut self, source: &Stuffed<'_>, from: u64, to: u64) {
        let mut at = from;
        // Up to whole bytes of the output.
        while at < to && !self.pending.count.is_multiple_of(8) {
            self.some(source, &mut at, 1);
        }
        if at < to {
            self.flush_bytes();
        }
        if at & 7 == 0 {
            // What is stuffed stays where it is.
            self.out.extend_from_slice(source.bytes.get((at >> 3) as usize..(to >> 3) as usize).unwrap_or_default());
            at = at.max(to & !7);
        }
        while at + 64 <= to {
            match source.plain_word(at) {
                Some(word) => {
                    if has_ff(word) {
                        word.to_be_bytes().into_iter().for_each(|byte| stuff(self.out, byte));
                    } else {
                        self.out.extend_from_slice(&word.to_be_bytes());
                    }
                    at += 64;
                }
                // At most a zero is stuffed after each of them.
                None => (0..4).for_each(|_| self.some(source, &mut at, 8)),
            }
        }
        while at < to {
            self.some(source, &mut at, 1);
        }
        self.flush_bytes();
    }

    /// Appends up to 32 bits.
    #[inline]
    fn some(&mut self, source: &Stuffed<'_>, at: &mut u64, count: u32) {
        let window = source.window(*at);
        self.put((window.bits >> (64 - count)) as u32, count);
        *at = source.after(*at, window.plain, count);
    }

    /// Writes what is pending, which is whole bytes.
    fn flush_bytes(&mut self) {
        while self.pending.count >= 8 {
            self.pending.count -= 8;
            stuff(self.out, (self.pending.bits >> self.pending.count) as u8);
        }
    }

    /// Fills the last byte with ones and writes it. Source: T.81, F.1.2.3.
    pub(super) fn finish(mut self) {
        let rest = (8 - self.pending.count % 8) % 8;
        self.put((1 << rest) - 1, rest);
        self.flush_bytes();
    }
}

/// Whether a byte of the word is 0xff.
#[inline(always)]
const fn has_ff(word: u64) -> bool {
    (!word).wrapping_sub(LOW) & word & HIGH != 0
}

/// The highest bit of each byte that is 0xff.
const fn ff_bits(word: u64) -> u64 {
    // A byte without its highest bit, and one more: none carries into the next.
    ((word & !HIGH) + LOW) & word & HIGH
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

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
            let stuffed = stuffed(&bytes);
            let source = Stuffed::new(&stuffed);
            // The bits themselves, with ones put in at the cuts.
            let mut cuts: Vec<(usize, u32)> =
                cuts.iter().map(|(at, ones)| (at.index(bytes.len() * 8 + 1), *ones)).collect();
            cuts.sort_unstable();
            let mut expected = Vec::new();
            let mut out = Vec::new();
            let mut writer = BitWriter::new(&mut out);
            let (mut from, mut place) = (0, 0);
            let bit = |at: usize| bytes[at / 8] >> (7 - at % 8) & 1;
            for (at, ones) in cuts {
                let to = source.walk(place, (at - from) as u32);
                writer.copy(&source, place, to);
                writer.put((1 << ones) - 1, ones);
                expected.extend((from..at).map(bit));
                expected.extend(std::iter::repeat_n(1, ones as usize));
                (from, place) = (at, to);
            }
            writer.copy(&source, place, source.end());
            expected.extend((from..bytes.len() * 8).map(bit));
            writer.finish();
            expected.resize(expected.len().div_ceil(8) * 8, 1);
            prop_assert_eq!(bits(&Stuffed::new(&out), 0), expected);
            prop_assert!(!out.windows(2).any(|pair| pair[0] == 0xff && pair[1] != 0));
        }

        #[test]
        fn the_same_bits_are_found_in_other_places(
            bytes in prop::collection::vec(prop_oneof![Just(0xff_u8), any::<u8>()], 1..80),
            ones in 0_u32..20,
            (from, length, wrong) in any::<(prop::sample::Index, prop::sample::Index, prop::sample::Index)>(),
        ) {
            let here = stuffed(&bytes);
            let source = Stuffed::new(&here);
            let from = from.index(bytes.len() * 8);
            let length = length.index(bytes.len() * 8 - from + 1) as u32;
            let from = source.walk(0, from as u32);
            let to = source.walk(from, length);
            let mut out = Vec::new();
            let mut writer = BitWriter::new(&mut out);
            writer.put((1 << ones) - 1, ones);
            writer.copy(&source, from, to);
            writer.put(0, 1);
            writer.finish();
            let other = Stuffed::new(&out);
            let start = other.walk(0, ones);
            prop_assert_eq!(source.same_as(from, to, &other, start), Some(other.walk(start, length)));
            if length > 0 {
                let mut bits = bits(&other, 0);
                bits[ones as usize + wrong.index(length as usize)] ^= 1;
                let changed: Vec<u8> = bits.chunks(8).map(|b| b.iter().fold(0, |byte, bit| byte << 1 | bit)).collect();
                let changed = stuffed(&changed);
                let changed = Stuffed::new(&changed);
                prop_assert_eq!(source.same_as(from, to, &changed, changed.walk(0, ones)), None);
            }
        }
    }

    fn stuffed(bytes: &[u8]) -> Vec<u8> {
        bytes.iter().flat_map(|byte| if *byte == 0xff { vec![0xff, 0] } else { vec![*byte] }).collect()
    }

    /// All bits, as windows show them.
    fn bits(source: &Stuffed<'_>, from: u64) -> Vec<u8> {
        let (mut at, mut bits) = (from, Vec::new());
        while let Some(1..) = source.rest(at) {
            let window = source.window(at);
            let count = Window::RIGHT.min(source.rest(at).map_or(0, |rest| rest as u32));
            let first = (0..count)
                .take_while(|bit| source.rest(source.after(at, window.plain, *bit)).is_some_and(|rest| rest > 0));
            let count = first.count() as u32;
            bits.extend((0..count).map(|bit| (window.bits >> (63 - bit) & 1) as u8));
            assert_eq!(source.after(at, window.plain, count), source.walk(at, count));
            at = source.after(at, window.plain, count);
        }
        bits
    }
}
