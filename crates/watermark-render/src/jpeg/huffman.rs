//! Huffman tables: as the file has them, for reading, for writing, and grown by symbols that they lack.
//! Source: ITU-T T.81, annexes C, F and K.

use super::bits::sized;

/// What a table's symbols mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Class {
    /// Sizes of DC differences.
    Dc,
    /// Runs of zeros and sizes of the coefficients after them.
    Ac,
}

/// A table as it stands in a DHT segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HuffmanSpec {
    /// How many codes there are of each length, 1 to 16.
    pub(super) counts: [u8; 16],
    /// The symbols, by the length of their codes.
    pub(super) symbols: Vec<u8>,
}

impl HuffmanSpec {
    /// Reads counts and symbols; also how many bytes they took. None where they are no table.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let counts: [u8; 16] = bytes.get(..16)?.try_into().ok()?;
        let total = counts.iter().map(|count| usize::from(*count)).sum::<usize>();
        let symbols = bytes.get(16..16 + total)?.to_vec();
        let mut room = 1_u32;
        for count in counts {
            room = (room * 2).checked_sub(u32::from(count))?;
        }
        (total > 0 && total <= 256).then_some((Self { counts, symbols }, 16 + total))
    }

    /// Every symbol with its code and the code's length. Source: T.81, C.2.
    pub(super) fn codes(&self) -> impl Iterator<Item = (u8, u16, u8)> + '_ {
        let lengths = (1_u8..).zip(self.counts).flat_map(|(length, count)| (0..count).map(move |_| length));
        let mut code = 0_u32;
        let mut before = 0_u8;
        self.symbols.iter().zip(lengths).map(move |(symbol, length)| {
            code <<= length - before;
            before = length;
            let this = code as u16;
            code += 1;
            (*symbol, this, length)
        })
    }

    /// The same codes and longer ones for `missing`. None where there is no room for them.
    ///
    /// New codes follow the last one, so no old code changes. The code of all ones stays unused, as the standard has it.
    pub(super) fn extended(&self, missing: &[u8]) -> Option<Self> {
        let (_, last, length) = self.codes().last()?;
        let mut counts = self.counts;
        for new_length in length..=16 {
            let next = (u32::from(last) + 1) << (new_length - length);
            let room = ((1 << new_length) - 1_u32).saturating_sub(next);
            if room as usize >= missing.len() {
                let count = &mut counts[usize::from(new_length) - 1];
                *count = u8::try_from(usize::from(*count) + missing.len()).ok()?;
                let symbols = [&self.symbols, missing].concat();
                return Some(Self { counts, symbols });
            }
        }
        None
    }

    /// The table of shortest codes for symbols that occur so often. Source: T.81, K.2.
    pub(super) fn optimal(frequencies: &[u32; 256]) -> Self {
        // One more symbol, of the least frequency, takes the code of all ones.
        let mut weights: Vec<u64> = frequencies.iter().map(|weight| u64::from(*weight)).chain([1]).collect();
        let mut lengths = [0_usize; 257];
        let mut next: [Option<usize>; 257] = [None; 257];
        loop {
            // Of equal weights the last one, so that the added symbol is among the longest.
            let least = |weights: &[u64], but: Option<usize>| {
                (0..257).rev().filter(|at| weights[*at] > 0 && Some(*at) != but).min_by_key(|at| weights[*at])
            };
            let Some(first) = least(&weights, None) else { break };
            let Some(second) = least(&weights, Some(first)) else { break };
            weights[first] += weights[second];
            weights[second] = 0;
            let mut at = first;
            loop {
                lengths[at] += 1;
                match next[at] {
                    Some(following) => at = following,
                    None => break,
                }
            }
            next[at] = Some(second);
            let mut at = Some(second);
            while let Some(symbol) = at {
                lengths[symbol] += 1;
                at = next[symbol];
            }
        }
        let mut bits = [0_u32; 258];
        lengths.iter().filter(|length| **length > 0).for_each(|length| bits[*length] += 1);
        for long in (17..258).rev() {
            while bits[long] > 0 {
                let shorter = (1..long - 1).rev().find(|length| bits[*length] > 0).unwrap_or(1);
                bits[long] -= 2;
                bits[long - 1] += 1;
                bits[shorter + 1] += 2;
                bits[shorter] -= 1;
            }
        }
        // The added symbol leaves: it has the longest code.
        if let Some(longest) = (1..=16).rev().find(|length| bits[*length] > 0) {
            bits[longest] -= 1;
        }
        let mut symbols: Vec<u8> = (0..=255).filter(|symbol| lengths[usize::from(*symbol)] > 0).collect();
        symbols.sort_by_key(|symbol| lengths[usize::from(*symbol)]);
        let mut counts = [0; 16];
        for (count, bits) in counts.iter_mut().zip(&bits[1..]) {
            *count = *bits as u8;
        }
        Self { counts, symbols }
    }

    /// Appends it as a DHT segment has it, without the byte that names class and slot.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.counts);
        out.extend(&self.symbols);
    }
}

/// Bits that are looked up at once when one symbol is read.
const LOOK: u32 = 12;

/// A table for reading one symbol at a time.
#[derive(Debug)]
pub(super) struct Decoder {
    /// By the next bits: symbol and length of the code; length 0 where it is longer.
    short: Box<[(u8, u8); 1 << LOOK]>,
    /// By length: one past the largest code, left-aligned in 16 bits.
    limits: [u32; 17],
    /// By length: what to add to a code to have its place among the symbols.
    offsets: [i32; 17],
    symbols: [u8; 256],
}

impl Decoder {
    pub(super) fn new(spec: &HuffmanSpec) -> Self {
        let mut short = Box::new([(0, 0); 1 << LOOK]);
        let mut limits = [0; 17];
        let mut offsets = [0; 17];
        let mut symbols = [0; 256];
        for (place, (symbol, code, length)) in spec.codes().enumerate() {
            symbols[place] = symbol;
            let (wide, bits) = (u32::from(code), u32::from(length));
            limits[usize::from(length)] = (wide + 1) << (16 - bits);
            offsets[usize::from(length)] = place as i32 - i32::from(code);
            if bits <= LOOK {
                let from = (wide << (LOOK - bits)) as usize;
                short[from..from + (1 << (LOOK - bits))].fill((symbol, length));
            }
        }
        Self { short, limits, offsets, symbols }
    }

    /// The symbol at the top of `window`, and the length of its code; none where no code fits.
    #[inline]
    pub(super) fn symbol(&self, window: u64) -> Option<(u8, u32)> {
        let (symbol, length) = self.short[(window >> (64 - LOOK)) as usize];
        if length > 0 {
            return Some((symbol, u32::from(length)));
        }
        let code = (window >> 48) as u32;
        let length = (LOOK + 1..=16).find(|length| code < self.limits[*length as usize])?;
        let place = (code >> (16 - length)) as i32 + self.offsets[length as usize];
        Some((*self.symbols.get(place as usize)?, length))
    }
}

/// A table for writing.
#[derive(Debug, Clone)]
pub(super) struct Encoder {
    /// By symbol: code and length; length 0 where there is none.
    codes: [(u16, u8); 256],
    /// Of each run of zeros and each value of up to 5 bits: code and value together, above 8 bits of their length.
    values: Box<[u32; 16 << SMALL_BITS]>,
}

/// Values of an [`Encoder`] that are at hand, with their sign: most coefficients are small.
const SMALL_BITS: u32 = 6;

impl Encoder {
    pub(super) fn new(spec: &HuffmanSpec) -> Self {
        let mut codes = [(0, 0); 256];
        for (symbol, code, length) in spec.codes() {
            codes[usize::from(symbol)] = (code, length);
        }
        let mut values = Box::new([0; 16 << SMALL_BITS]);
        for run in 0..16 {
            for value in -31..=31 {
                let (size, raw) = sized(value);
                let (code, length) = codes[(run << 4 | size) as usize];
                let entry = (u32::from(code) << size | raw) << 8 | (u32::from(length) + size);
                values[Self::place(run, value)] = entry;
            }
        }
        Self { codes, values }
    }

    const fn place(run: u32, value: i32) -> usize {
        (run << SMALL_BITS | (value & ((1 << SMALL_BITS) - 1)) as u32) as usize
    }

    /// Bits and length of an AC coefficient after up to 15 zeros; none where it has more than 5 bits. The table must have
    /// its symbol.
    #[inline(always)]
    pub(super) const fn value(&self, run: u32, value: i32) -> Option<(u32, u32)> {
        if run > 15 || value < -31 || value > 31 {
            return None;
        }
        let entry = self.values[Self::place(run, value)];
        Some((entry >> 8, entry & 0xff))
    }

    /// Code and length; length 0 where the table lacks the symbol.
    #[inline]
    pub(super) const fn code(&self, symbol: u8) -> (u16, u8) {
        self.codes[symbol as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(lengths: &[(u8, u8)]) -> HuffmanSpec {
        let mut counts = [0; 16];
        lengths.iter().for_each(|(_, length)| counts[usize::from(*length) - 1] += 1);
        HuffmanSpec { counts, symbols: lengths.iter().map(|(symbol, _)| *symbol).collect() }
    }

    #[test]
    fn each_code_reads_back_as_its_symbol() {
        let spec = spec(&[(7, 1), (3, 3), (250, 10), (9, 11), (0, 16)]);
        let (decoder, encoder) = (Decoder::new(&spec), Encoder::new(&spec));
        for (symbol, code, length) in spec.codes() {
            assert_eq!(encoder.code(symbol), (code, length));
            let window = u64::from(code) << (64 - u32::from(length));
            assert_eq!(decoder.symbol(window), Some((symbol, u32::from(length))));
        }
        assert_eq!(decoder.symbol(u64::MAX), None);
    }

    #[test]
    fn symbols_are_added_without_changing_a_code() {
        let before = spec(&[(1, 1), (2, 2), (3, 3)]);
        let after = before.extended(&[8, 9, 10, 11]).unwrap();
        let old: Vec<_> = before.codes().collect();
        let new: Vec<_> = after.codes().collect();
        assert_eq!(new[..3], old);
        // 111 is the free prefix; of the eight codes with three more bits the last is all ones.
        assert_eq!(new[3..], [(8, 0b111_000, 6), (9, 0b111_001, 6), (10, 0b111_010, 6), (11, 0b111_011, 6)]);
        assert!(HuffmanSpec::read(&[&after.counts[..], &after.symbols].concat()).is_some());
    }

    #[test]
    fn without_room_nothing_is_added() {
        let mut full: Vec<(u8, u8)> = (1..=15).map(|length| (length, length)).collect();
        full.push((16, 16));
        assert_eq!(spec(&full).extended(&[99]), None);
    }

    #[test]
    fn the_shortest_codes_obey_the_longest_length() {
        let mut frequencies = [0; 256];
        for (power, weight) in frequencies.iter_mut().take(30).enumerate() {
            *weight = 1 << power;
        }
        let spec = HuffmanSpec::optimal(&frequencies);
        assert_eq!(spec.symbols.len(), 30);
        assert!(HuffmanSpec::read(&[&spec.counts[..], &spec.symbols].concat()).is_some());
        let shortest = spec.codes().next().unwrap();
        assert_eq!((shortest.0, shortest.2), (29, 1));
        assert!(spec.codes().all(|(_, code, length)| u32::from(code) + 1 < 1 << length), "all ones is used");
        let one = HuffmanSpec::optimal(&std::array::from_fn(|symbol| u32::from(symbol == 5)));
        assert_eq!(one.codes().collect::<Vec<_>>(), [(5, 0, 1)]);
    }
}
