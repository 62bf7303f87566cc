//! Passing over blocks: how long each is and how its DC changes, without its coefficients.
//!
//! A look at the next [`LOOK`] bits says at once how many bits and how many coefficients the codes take that are whole
//! within them, three or four of them most of the time. What is rare (a code that is longer, a block that is full to
//! its last coefficient) is read symbol by symbol.

use super::{
    bits::{Unstuffed, extend},
    huffman::{Decoder, HuffmanSpec},
};

/// Bits of a look. One more halves the slow cases and doubles the table; 14 was fastest on pictures of 12 megapixels.
pub(super) const LOOK: u32 = 14;
/// Bits of a look at a DC difference: code and value together.
const DC_LOOK: u32 = 13;

/// What a look says: bits to consume in the lowest byte; above it coefficients to advance, with [`END`](Self::END).
#[derive(Debug, Clone, Copy)]
pub(super) struct Looked(u16);

impl Looked {
    /// The block ends within it.
    const END: u32 = 128;
    /// Nothing is whole within the look: added to any place in a block this is past the block, and not its end.
    pub(super) const SLOW: Self = Self(64 << 8);

    /// What the bits at the top of `window` say. `take` hears of each symbol with the size and bits of its value, and
    /// may refuse it; then it is as if it were not whole.
    pub(super) fn at(window: u64, decoder: &Decoder, mut take: impl FnMut(u8, u32, u32) -> bool) -> Self {
        let (mut used, mut advance) = (0, 0);
        while let Some((symbol, length)) = decoder.symbol(window << used) {
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            let is_whole = used + length + size <= LOOK && is_ac_symbol(run, size);
            // The end is no coefficient.
            let further = if symbol == 0 { advance } else { advance + run + 1 };
            let raw = (window << (used + length)).checked_shr(64 - size).unwrap_or(0) as u32;
            if !is_whole || further > 63 || !take(symbol, size, raw) {
                break;
            }
            used += length + size;
            advance = further;
            if symbol == 0 {
                return Self((used | (advance | Self::END) << 8) as u16);
            }
        }
        if used == 0 { Self::SLOW } else { Self((used | advance << 8) as u16) }
    }

    /// Bits, coefficients to advance, and whether the block ends; none where nothing is whole.
    pub(super) fn parts(self) -> Option<(u32, u32, bool)> {
        let advance = u32::from(self.0 >> 8);
        (self.bits() > 0).then_some((self.bits(), advance & 63, advance & Self::END != 0))
    }

    /// How many bits it is about.
    #[inline(always)]
    pub(super) const fn bits(self) -> u32 {
        (self.0 & 0xff) as u32
    }

    /// The place after it in the block, and whether the block ends; none where it must be read symbol by symbol.
    #[inline(always)]
    pub(super) const fn after(self, at: u32) -> Option<(u32, bool)> {
        let next = at + (self.0 >> 8) as u32;
        if next < 64 {
            Some((next, false))
        } else if Self::END <= next && next < Self::END + 64 {
            Some((next, true))
        } else {
            None
        }
    }
}

/// How to pass over AC coefficients.
#[derive(Debug)]
pub(super) struct AcTable {
    pub(super) looks: Box<[Looked; 1 << LOOK]>,
    pub(super) decoder: Decoder,
}

impl AcTable {
    pub(super) fn new(spec: &HuffmanSpec) -> Self {
        let decoder = Decoder::new(spec);
        let mut looks = Box::new([Looked::SLOW; 1 << LOOK]);
        for (look, looked) in looks.iter_mut().enumerate() {
            *looked = Looked::at((look as u64) << (64 - LOOK), &decoder, |_, _, _| true);
        }
        Self { looks, decoder }
    }
}

/// Whether sequential blocks of 8-bit samples have the symbol: the end, sixteen zeros, or up to 10 bits of a value.
#[inline(always)]
const fn is_ac_symbol(run: u32, size: u32) -> bool {
    (size > 0 && size <= 10) || (size == 0 && (run == 0 || run == 15))
}

/// The place after an AC symbol, and whether the block ends; none where it is past the block.
pub(super) const fn after_symbol(at: u32, symbol: u8) -> Option<(u32, bool)> {
    if symbol == 0 {
        return Some((at, true));
    }
    let next = at + (symbol >> 4) as u32 + 1;
    if next > 64 { None } else { Some((next, next == 64)) }
}

/// How to read DC differences.
#[derive(Debug)]
pub(super) struct DcTable {
    /// By look: the difference above, the bits of code and value in the lowest byte; 0 bits where they are longer.
    looks: Box<[i32; 1 << DC_LOOK]>,
    decoder: Decoder,
}

impl DcTable {
    pub(super) fn new(spec: &HuffmanSpec) -> Self {
        let decoder = Decoder::new(spec);
        let mut looks = Box::new([0; 1 << DC_LOOK]);
        for (look, entry) in looks.iter_mut().enumerate() {
            let window = (look as u64) << (64 - DC_LOOK);
            if let Some((difference, used)) = read_dc(&decoder, window).filter(|(_, used)| *used <= DC_LOOK) {
                *entry = difference << 8 | used as i32;
            }
        }
        Self { looks, decoder }
    }

    /// The difference at the top of `window`, and its bits with those of its code; none where they are more than so many.
    pub(super) fn whole(&self, window: u64, most: u32) -> Option<(i32, u32)> {
        read_dc(&self.decoder, window).filter(|(_, used)| *used <= most)
    }
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

/// A place in unstuffed data, with the bits that follow it at hand.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    source: &'a Unstuffed,
    /// The next bit.
    pub(super) at: u64,
    window: u64,
    /// How many bits of the window are right.
    right: u32,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(source: &'a Unstuffed, at: u64) -> Self {
        Self { source, at, window: source.window(at), right: 57 }
    }

    pub(super) fn is_past_end(&self) -> bool {
        self.at > self.source.bits()
    }

    /// Goes to another place.
    pub(super) fn jump(&mut self, at: u64) {
        (self.at, self.window, self.right) = (at, self.source.window(at), 57);
    }

    #[inline(always)]
    fn need(&mut self, bits: u32) {
        if self.right < bits {
            self.window = self.source.window(self.at);
            self.right = 57;
        }
    }

    #[inline(always)]
    fn consume(&mut self, bits: u32) {
        self.window <<= bits;
        self.right -= bits;
        self.at += u64::from(bits);
    }

    /// Reads a DC difference; none where no code fits.
    #[inline(always)]
    pub(super) fn dc(&mut self, table: &DcTable) -> Option<i32> {
        self.need(DC_LOOK);
        let entry = table.looks[(self.window >> (64 - DC_LOOK)) as usize];
        let used = entry as u32 & 0xff;
        if used > 0 {
            self.consume(used);
            return Some(entry >> 8);
        }
        self.need(32);
        let (difference, used) = read_dc(&table.decoder, self.window)?;
        self.consume(used);
        Some(difference)
    }

    /// The next [`LOOK`] bits.
    #[inline(always)]
    pub(super) fn look(&mut self) -> usize {
        self.need(LOOK);
        (self.window >> (64 - LOOK)) as usize
    }

    /// Passes over what was looked at.
    #[inline(always)]
    pub(super) fn skip(&mut self, bits: u32) {
        self.consume(bits);
    }

    /// Passes over a block's AC coefficients; none where no code fits or they are too many.
    #[inline(always)]
    pub(super) fn pass_ac(&mut self, table: &AcTable) -> Option<()> {
        let mut at = 1;
        loop {
            let looked = table.looks[self.look()];
            match looked.after(at) {
                Some((next, is_end)) => {
                    self.consume(looked.bits());
                    if is_end {
                        return Some(());
                    }
                    at = next;
                }
                None => {
                    let (symbol, ..) = self.ac(table)?;
                    let (next, is_end) = after_symbol(at, symbol)?;
                    if is_end {
                        return Some(());
                    }
                    at = next;
                }
            }
        }
    }

    /// Reads one AC symbol, and size and bits of its value.
    #[inline]
    pub(super) fn ac(&mut self, table: &AcTable) -> Option<(u8, u32, u32)> {
        self.need(32);
        let (symbol, length) = table.decoder.symbol(self.window)?;
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        if !is_ac_symbol(run, size) {
            return None;
        }
        let raw = (self.window << length).checked_shr(64 - size).unwrap_or(0) as u32;
        self.consume(length + size);
        Some((symbol, size, raw))
    }

    /// Reads a block's AC coefficients into their places, in zigzag order.
    pub(super) fn read_ac(&mut self, table: &AcTable, block: &mut [i16; 64]) -> Option<()> {
        let mut at = 1;
        while at < 64 {
            let (symbol, size, raw) = self.ac(table)?;
            if symbol == 0 {
                return Some(());
            }
            at += usize::from(symbol >> 4);
            *block.get_mut(at)? = extend(raw, size) as i16;
            at += 1;
        }
        Some(())
    }

    /// Reads one symbol without what follows it.
    #[inline]
    pub(super) fn symbol(&mut self, decoder: &Decoder) -> Option<u8> {
        self.need(16);
        let (symbol, length) = decoder.symbol(self.window)?;
        self.consume(length);
        Some(symbol)
    }

    /// Reads so many bits, at most 16.
    #[inline]
    pub(super) fn bits(&mut self, count: u32) -> u32 {
        self.need(count);
        let bits = self.window.checked_shr(64 - count).unwrap_or(0) as u32;
        self.consume(count);
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes 0 (end), 10 (run 0, size 1), 110 (run 15, size 0), 1110 (run 2, size 9).
    fn table() -> AcTable {
        AcTable::new(&HuffmanSpec {
            counts: [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            symbols: vec![0x00, 0x01, 0xf0, 0x29],
        })
    }

    fn source(bits: &str) -> Unstuffed {
        let padded = format!("{bits:0<width$}", width = bits.len().div_ceil(8) * 8);
        let bytes: Vec<u8> =
            padded.as_bytes().chunks(8).map(|b| b.iter().fold(0, |n, bit| n << 1 | (bit - b'0'))).collect();
        let mut source = Unstuffed::default();
        source.fill(&bytes.iter().flat_map(|b| if *b == 255 { vec![255, 0] } else { vec![*b] }).collect::<Vec<_>>());
        source
    }

    #[test]
    fn passing_over_a_block_ends_where_reading_it_does() {
        let table = table();
        for codes in ["0", "1010", "1101101100", "1110111111111 0", "1110000000000 101 100 110 0", &"101".repeat(63)] {
            let bits = codes.replace(' ', "");
            let source = source(&format!("{bits}1011011"));
            let (mut passing, mut reading) = (Cursor::new(&source, 0), Cursor::new(&source, 0));
            let mut block = [0; 64];
            let read = reading.read_ac(&table, &mut block);
            assert_eq!(passing.pass_ac(&table), read, "{codes}");
            if read.is_some() {
                assert_eq!(passing.at, reading.at, "{codes}");
            }
        }
    }

    #[test]
    fn too_many_coefficients_are_a_mistake() {
        let table = table();
        let many = source(&"110".repeat(5));
        assert_eq!(Cursor::new(&many, 0).pass_ac(&table), None);
        assert_eq!(Cursor::new(&many, 0).read_ac(&table, &mut [0; 64]), None);
        let none = source("1111");
        assert_eq!(Cursor::new(&none, 0).pass_ac(&table), None);
    }
}
