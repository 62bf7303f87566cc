//! Passing over blocks: how long each is and how its DC changes, without its coefficients.
//!
//! A look at the next [`LOOK`] bits says at once how many bits and how many coefficients the codes take that are whole
//! within them, three or four of them most of the time. What is rare (a code that is longer, a block that is full to
//! its last coefficient) is read symbol by symbol.

use super::{
    bits::{Stuffed, Window, extend},
    huffman::{Decoder, HuffmanSpec},
    look::{Entry, LOOK, Looks, VALUE_LOOK, Values, ac_looks, ac_values, dc_looks, is_ac_symbol},
};

/// How to pass over coefficients of one kind, and to read them.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) looks: Box<Looks>,
    /// Of AC coefficients.
    values: Option<Box<Values>>,
    pub(super) decoder: Decoder,
}

impl Table {
    /// For DC differences.
    pub(super) fn dc(spec: &HuffmanSpec) -> Self {
        Self { looks: dc_looks(spec), values: None, decoder: Decoder::new(spec) }
    }

    /// For AC coefficients; `scratch` is for the tables of a scan to share.
    pub(super) fn ac(spec: &HuffmanSpec, scratch: &mut Vec<Entry>) -> Self {
        Self { looks: ac_looks(spec, scratch), values: Some(ac_values(spec)), decoder: Decoder::new(spec) }
    }
}

/// The place after an AC symbol, and whether the block ends; none where it is past the block.
pub(super) const fn after_symbol(at: u32, symbol: u8) -> Option<(u32, bool)> {
    if symbol == 0 {
        return Some((at, true));
    }
    let next = at + (symbol >> 4) as u32 + 1;
    if next > 64 { None } else { Some((next, next == 64)) }
}

/// The difference at the top of `window`, and its bits with those of its code.
fn read_dc(decoder: &Decoder, window: u64) -> Option<(i32, u32)> {
    let (size, length) = decoder.symbol(window)?;
    let size = u32::from(size);
    // 11 bits are the most that 8-bit samples need.
    if size > 11 {
        return None;
    }
    let raw = ((window << length) >> 32) as u32;
    let value = if size == 0 { 0 } else { extend(raw >> (32 - size), size) };
    Some((value, length + size))
}

/// A place in entropy-coded data, with the bits that follow it at hand.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    source: Stuffed<'a>,
    /// Where the window was taken.
    base: u64,
    /// What it says of stuffed zeros.
    plain: u32,
    /// What is left of it, at the top.
    bits: u64,
    /// How many are gone.
    used: u32,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(source: Stuffed<'a>, at: u64) -> Self {
        let window = source.window(at);
        Self { source, base: at, plain: window.plain, bits: window.bits, used: 0 }
    }

    /// The place of the next bit.
    #[inline(always)]
    pub(super) fn at(&self) -> u64 {
        self.source.after(self.base, self.plain, self.used)
    }

    /// How many bits are left; none where it is past the end.
    pub(super) fn rest(&self) -> Option<u64> {
        self.source.rest(self.at())
    }

    pub(super) fn is_past_end(&self) -> bool {
        // Where the window begins is a first, cheap answer.
        self.base + 128 > self.source.end() && self.at() > self.source.end()
    }

    /// Goes to another place.
    pub(super) fn jump(&mut self, at: u64) {
        *self = Self::new(self.source, at);
    }

    #[inline(always)]
    fn need(&mut self, bits: u32) {
        if self.used + bits > Window::RIGHT {
            self.refill();
        }
    }

    #[inline(always)]
    fn refill(&mut self) {
        self.base = self.at();
        let window = self.source.window(self.base);
        (self.bits, self.plain, self.used) = (window.bits, window.plain, 0);
    }

    #[inline(always)]
    fn consume(&mut self, bits: u32) {
        self.bits <<= bits;
        self.used += bits;
    }

    /// Reads a DC difference; none where no code fits.
    #[inline(always)]
    pub(super) fn dc(&mut self, table: &Table) -> Option<i32> {
        let entry = table.looks[self.look()];
        if entry.bits() > 0 {
            self.consume(entry.bits());
            return Some(entry.difference());
        }
        self.need(32);
        let (difference, used) = read_dc(&table.decoder, self.bits)?;
        self.consume(used);
        Some(difference)
    }

    /// The next [`LOOK`] bits.
    #[inline(always)]
    pub(super) fn look(&mut self) -> usize {
        self.need(LOOK);
        (self.bits >> (64 - LOOK)) as usize
    }

    /// Passes over what was looked at.
    #[inline(always)]
    pub(super) fn skip(&mut self, bits: u32) {
        self.consume(bits);
    }

    /// Passes over a block's AC coefficients; none where no code fits or they are too many.
    #[inline(always)]
    pub(super) fn pass_ac(&mut self, table: &Table) -> Option<()> {
        let mut at = 1;
        loop {
            let entry = table.looks[self.look()];
            let next = at + entry.advance();
            if next < 64 {
                self.consume(entry.bits());
                if entry.is_end() {
                    return Some(());
                }
                at = next;
            } else {
                let (symbol, ..) = self.ac(table)?;
                let (next, is_end) = after_symbol(at, symbol)?;
                if is_end {
                    return Some(());
                }
                at = next;
            }
        }
    }

    /// Reads one AC symbol, and size and bits of its value.
    #[inline]
    pub(super) fn ac(&mut self, table: &Table) -> Option<(u8, u32, u32)> {
        self.need(32);
        let (symbol, length) = table.decoder.symbol(self.bits)?;
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        if !is_ac_symbol(run, size) {
            return None;
        }
        let raw = (self.bits << length).checked_shr(64 - size).unwrap_or(0) as u32;
        self.consume(length + size);
        Some((symbol, size, raw))
    }

    /// Reads a block's AC coefficients into their places, in zigzag order.
    #[inline(always)]
    pub(super) fn read_ac(&mut self, table: &Table, block: &mut [i16; 64]) -> Option<()> {
        let values = table.values.as_deref()?;
        let mut at = 1;
        loop {
            // Bits for four looks, whether they are needed or not: nobody foresees when they would be.
            self.refill();
            let mut is_slow = false;
            for _ in 0..Window::RIGHT / VALUE_LOOK {
                let found = values[(self.bits >> (64 - VALUE_LOOK)) as usize];
                if found.bits() == 0 {
                    is_slow = true;
                    break;
                }
                self.consume(found.bits());
                if found.is_end() {
                    return Some(());
                }
                at += found.run();
                *block.get_mut(at)? = found.value();
                at += 1;
                if at == 64 {
                    return Some(());
                }
            }
            if is_slow {
                let (symbol, size, raw) = self.ac(table)?;
                if symbol == 0 {
                    return Some(());
                }
                at += usize::from(symbol >> 4);
                *block.get_mut(at)? = extend(raw, size) as i16;
                at += 1;
                if at == 64 {
                    return Some(());
                }
            }
        }
    }

    /// Reads a coefficient: the zeros before it, and its value. None where it is none, or too long to be looked up; then
    /// nothing is read.
    #[inline(always)]
    pub(super) fn coefficient(&mut self, values: &Values) -> Option<(usize, i16)> {
        self.need(VALUE_LOOK);
        let found = values[(self.bits >> (64 - VALUE_LOOK)) as usize];
        if found.bits() == 0 || found.is_end() {
            return None;
        }
        self.consume(found.bits());
        Some((found.run(), found.value()))
    }

    /// Reads one symbol without what follows it.
    #[inline(always)]
    pub(super) fn symbol(&mut self, decoder: &Decoder) -> Option<u8> {
        self.need(16);
        let (symbol, length) = decoder.symbol(self.bits)?;
        self.consume(length);
        Some(symbol)
    }

    /// Reads so many bits, at most 16.
    #[inline(always)]
    pub(super) fn bits(&mut self, count: u32) -> u32 {
        self.need(count);
        let bits = self.bits.checked_shr(64 - count).unwrap_or(0) as u32;
        self.consume(count);
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes 0 (end), 10 (run 0, size 1), 110 (run 15, size 0), 1110 (run 2, size 9).
    fn table() -> Table {
        let spec = HuffmanSpec {
            counts: [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            symbols: vec![0x00, 0x01, 0xf0, 0x29],
        };
        Table::ac(&spec, &mut Vec::new())
    }

    fn stuffed(bits: &str) -> Vec<u8> {
        let padded = format!("{bits:0<width$}", width = bits.len().div_ceil(8) * 8);
        let bytes = padded.as_bytes().chunks(8).map(|b| b.iter().fold(0, |n, bit| n << 1 | (bit - b'0')));
        bytes.flat_map(|b| if b == 255 { vec![255, 0] } else { vec![b] }).collect()
    }

    #[test]
    fn passing_over_a_block_ends_where_reading_it_does() {
        let table = table();
        for codes in ["0", "1010", "1101101100", "1110111111111 0", "1110000000000 101 100 110 0", &"101".repeat(63)] {
            let bits = codes.replace(' ', "");
            let bytes = stuffed(&format!("{bits}1011011"));
            let source = Stuffed::new(&bytes);
            let (mut passing, mut reading) = (Cursor::new(source, 0), Cursor::new(source, 0));
            let mut block = [0; 64];
            let read = reading.read_ac(&table, &mut block);
            assert_eq!(passing.pass_ac(&table), read, "{codes}");
            if read.is_some() {
                assert_eq!(passing.at(), reading.at(), "{codes}");
            }
        }
    }

    #[test]
    fn too_many_coefficients_are_a_mistake() {
        let table = table();
        let many = stuffed(&"110".repeat(5));
        let many = Stuffed::new(&many);
        assert_eq!(Cursor::new(many, 0).pass_ac(&table), None);
        assert_eq!(Cursor::new(many, 0).read_ac(&table, &mut [0; 64]), None);
        let none = stuffed("1111");
        assert_eq!(Cursor::new(Stuffed::new(&none), 0).pass_ac(&table), None);
    }
}
