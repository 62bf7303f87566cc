//! What a look at the next bits says of the codes in them.

use super::{bits::extend, huffman::HuffmanSpec};

/// Bits of a look. One more halves the slow cases and doubles the tables.
pub(super) const LOOK: u32 = 14;

/// By what is looked at.
pub(super) type Looks = [Entry; 1 << LOOK];

/// What a look says: bits to consume in the lowest byte; coefficients to advance in the next one; above them
/// [`NEXT`](Self::NEXT) and [`END`](Self::END); and in the highest twelve bits a DC difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry(pub(super) u32);

impl Entry {
    /// After it comes another table: that of the block's AC, or of the next block's DC.
    pub(super) const NEXT: u32 = 1 << 16;
    /// The block ends.
    pub(super) const END: u32 = 1 << 17;
    /// Nothing is whole within the look: from any place in a block this leads past it.
    pub(super) const SLOW: Self = Self(64 << 8);

    /// A DC difference, which is the first of a block's coefficients.
    const fn of_dc(difference: i32, bits: u32) -> Self {
        Self(bits | 1 << 8 | Self::NEXT | (difference as u32) << 20)
    }

    /// How many bits it is about; none where it is slow.
    #[inline(always)]
    pub(super) const fn bits(self) -> u32 {
        self.0 & 0xff
    }

    /// Coefficients to advance.
    #[inline(always)]
    pub(super) const fn advance(self) -> u32 {
        self.0 >> 8 & 0xff
    }

    /// Whether the block ends within it.
    #[inline(always)]
    pub(super) const fn is_end(self) -> bool {
        self.0 & Self::END != 0
    }

    /// The DC difference.
    #[inline(always)]
    pub(super) const fn difference(self) -> i32 {
        self.0 as i32 >> 20
    }
}

/// Bits of a look at one coefficient: a code and its value.
pub(super) const VALUE_LOOK: u32 = 12;

/// By what is looked at.
pub(super) type Values = [Value; 1 << VALUE_LOOK];

/// A coefficient with its code: bits to consume in the lowest byte, zeros before it in the next four bits, then
/// [`END`](Self::END); and in the upper half its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value(u32);

impl Value {
    const SLOW: Self = Self(0);
    /// No coefficient, but the end of the block.
    const END: u32 = 1 << 12;

    /// How many bits it takes; none where they are more than the look has.
    #[inline(always)]
    pub(super) const fn bits(self) -> u32 {
        self.0 & 0xff
    }

    /// How many zeros are before it.
    #[inline(always)]
    pub(super) const fn run(self) -> usize {
        (self.0 >> 8 & 15) as usize
    }

    #[inline(always)]
    pub(super) const fn is_end(self) -> bool {
        self.0 & Self::END != 0
    }

    /// Its value; of sixteen zeros the last one.
    #[inline(always)]
    pub(super) const fn value(self) -> i16 {
        (self.0 as i32 >> 16) as i16
    }
}

/// What looks say of single AC coefficients.
pub(super) fn ac_values(spec: &HuffmanSpec) -> Box<Values> {
    let mut values = Box::new([Value::SLOW; 1 << VALUE_LOOK]);
    for (symbol, code, length) in spec.codes() {
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        let bits = u32::from(length) + size;
        if bits > VALUE_LOOK || !is_ac_symbol(run, size) {
            continue;
        }
        let first = usize::from(code) << (VALUE_LOOK - u32::from(length));
        let end = if symbol == 0 { Value::END } else { 0 };
        for raw in 0..1_u32 << size {
            let from = first + ((raw as usize) << (VALUE_LOOK - bits));
            let value = Value(bits | run << 8 | end | (extend(raw, size) as u32) << 16);
            values[from..from + (1 << (VALUE_LOOK - bits))].fill(value);
        }
    }
    values
}

/// Whether sequential blocks of 8-bit samples have the symbol: the end, sixteen zeros, or up to 10 bits of a value.
#[inline(always)]
pub(super) const fn is_ac_symbol(run: u32, size: u32) -> bool {
    (size > 0 && size <= 10) || (size == 0 && (run == 0 || run == 15))
}

/// What looks say of DC differences.
pub(super) fn dc_looks(spec: &HuffmanSpec) -> Box<Looks> {
    let mut looks = slow();
    for (size, code, length) in spec.codes() {
        let (size, length) = (u32::from(size), u32::from(length));
        // 11 bits are the most that 8-bit samples need.
        if size > 11 || length + size > LOOK {
            continue;
        }
        let rest = LOOK - length - size;
        let first = usize::from(code) << (LOOK - length);
        for raw in 0..1_u32 << size {
            let from = first + ((raw as usize) << rest);
            looks[from..from + (1 << rest)].fill(Entry::of_dc(extend(raw, size), length + size));
        }
    }
    looks
}

/// What looks say of AC coefficients.
pub(super) fn ac_looks(spec: &HuffmanSpec, scratch: &mut Vec<Entry>) -> Box<Looks> {
    // Of looks at fewer bits first, the narrower before the wider, each at its number of bits as a power of two: behind
    // the first code of a look there is a narrower one.
    scratch.clear();
    scratch.resize(1 << LOOK, Entry(0));
    let mut looks = slow();
    for width in 1..=LOOK {
        let (narrower, own) = scratch.split_at_mut(1 << width);
        let own = if width == LOOK { &mut looks[..] } else { &mut own[..1 << width] };
        fill(spec, width, narrower, own);
    }
    looks
}

/// Fills the table of looks at so many bits.
fn fill(spec: &HuffmanSpec, width: u32, narrower: &[Entry], own: &mut [Entry]) {
    let nothing = if width == LOOK { Entry::SLOW } else { Entry(0) };
    own.fill(nothing);
    for (symbol, code, length) in spec.codes() {
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        let bits = u32::from(length) + size;
        if bits > width || !is_ac_symbol(run, size) {
            continue;
        }
        let from = usize::from(code) << (width - u32::from(length));
        let own = &mut own[from..from + (1 << (width - u32::from(length)))];
        if symbol == 0 {
            own.fill(Entry(bits | Entry::NEXT | Entry::END));
            continue;
        }
        let first = bits | (run + 1) << 8;
        let rest = 1 << (width - bits);
        if rest == 1 {
            own.fill(Entry(first));
            continue;
        }
        let narrower = &narrower[rest..2 * rest];
        for own in own.chunks_exact_mut(rest) {
            for (entry, further) in own.iter_mut().zip(narrower) {
                // What leads past the block is left to the next look.
                let both = first + further.0;
                *entry = Entry(if both >> 8 & 0xff < 64 { both } else { first });
            }
        }
    }
}

fn slow() -> Box<Looks> {
    Box::new([Entry::SLOW; 1 << LOOK])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jpeg::huffman::Decoder;

    /// As many codes of each length as the standard's table for luma has, and symbols of every kind.
    fn spec() -> HuffmanSpec {
        let counts = [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125];
        let all = (0..=255_u8).filter(|symbol| is_ac_symbol(u32::from(symbol >> 4), u32::from(symbol & 15)));
        let mut symbols: Vec<u8> = all.collect();
        symbols.sort_by_key(|symbol| (u32::from(*symbol & 15) + u32::from(*symbol >> 4) * 2, *symbol));
        HuffmanSpec { counts, symbols }
    }

    #[test]
    fn a_look_says_what_reading_symbol_by_symbol_does() {
        let spec = spec();
        let decoder = Decoder::new(&spec);
        let looks = ac_looks(&spec, &mut Vec::new());
        for (look, entry) in looks.iter().enumerate() {
            let window = (look as u64) << (64 - LOOK);
            let (mut used, mut advance, mut is_end) = (0, 0, false);
            while let Some((symbol, length)) = decoder.symbol(window << used).filter(|_| !is_end) {
                let bits = length + u32::from(symbol & 15);
                if used + bits > LOOK {
                    break;
                }
                used += bits;
                is_end = symbol == 0;
                advance += if is_end { 0 } else { u32::from(symbol >> 4) + 1 };
            }
            let expected = if used == 0 { (0, 64, false) } else { (used, advance, is_end) };
            assert_eq!((entry.bits(), entry.advance(), entry.is_end()), expected, "{look:014b}");
        }
    }

    #[test]
    fn a_look_does_not_lead_past_a_block() {
        // The code 0 is sixteen zeros.
        let spec = HuffmanSpec { counts: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], symbols: vec![0xf0] };
        let entry = ac_looks(&spec, &mut Vec::new())[0];
        assert_eq!((entry.bits(), entry.advance()), (2, 32));
    }
}
