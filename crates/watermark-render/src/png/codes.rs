//! Deflate's prefix codes: several literals at one look. Source: RFC 1951, 3.2.

/// Bits of a look-up.
pub(super) const LITERAL_BITS: u32 = 12;
pub(super) const LITERALS_MASK: u64 = (1 << LITERAL_BITS) - 1;
const DISTANCE_BITS: u32 = 9;

/// An entry with one to three literals: their number in bits 4 and 5, the bits of all in 0 to 3, they in 8 to 31.
pub(super) const LITERALS: u32 = 0x30;
/// Where no literal is: what kind of entry.
pub(super) const KINDS: u32 = 0xc0;
/// A code that is longer than a look, or none.
pub(super) const LONG: u32 = 0x40;
/// A single literal with a long code: the number of bits in 0 to 3, it in 16 to 31.
pub(super) const LITERAL: u32 = 0xc0;
/// A length or a distance: bits of the code in 0 to 3, extra bits in 8 to 11, its base in 16 to 31. A length of 0 is the
/// end of the block.
const BASE: u32 = 0x80;

/// The symbol at the end of a block.
pub(super) const END: u32 = 256;

/// Base and extra bits of the length symbols from 257 on. Source: RFC 1951, 3.2.5.
pub(super) const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];

/// Base and extra bits of the distance symbols. Source: RFC 1951, 3.2.5.
pub(super) const DISTANCES: [(u16, u8); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];

/// Longest code, in bits.
pub(super) const MAX_BITS: usize = 15;

/// A code by its lengths, read bit by bit.
#[derive(Debug, Clone, Default)]
pub(super) struct Long {
    counts: [u16; MAX_BITS + 1],
    symbols: Vec<u16>,
}

impl Long {
    /// None where more codes are promised than there can be, or fewer than there must be; a single one may be alone.
    pub(super) fn new(sizes: &[u8]) -> Option<Self> {
        let mut counts = [0_u16; MAX_BITS + 1];
        for size in sizes {
            *counts.get_mut(usize::from(*size))? += 1;
        }
        counts[0] = 0;
        let used: u32 = (1..=MAX_BITS).map(|size| u32::from(counts[size]) << (MAX_BITS - size)).sum();
        let number: u16 = counts.iter().sum();
        if used > 1 << MAX_BITS || (used < 1 << MAX_BITS && number > 1) {
            return None;
        }
        let mut next = [0_usize; MAX_BITS + 2];
        for size in 1..=MAX_BITS {
            next[size + 1] = next[size] + usize::from(counts[size]);
        }
        let mut symbols = vec![0; usize::from(number)];
        for (symbol, size) in sizes.iter().enumerate().filter(|(_, size)| **size > 0) {
            let place = &mut next[usize::from(*size)];
            symbols[*place] = symbol as u16;
            *place += 1;
        }
        Some(Self { counts, symbols })
    }

    /// The symbol that the next bits stand for, and how many these are.
    pub(super) fn find(&self, mut bits: u64) -> Option<(u32, u32)> {
        let (mut code, mut first, mut index) = (0_usize, 0_usize, 0_usize);
        for size in 1..=MAX_BITS {
            code |= (bits & 1) as usize;
            bits >>= 1;
            let count = usize::from(self.counts[size]);
            if code < first + count {
                return Some((self.symbols.get(index + code - first).copied()?.into(), size as u32));
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }

    /// Every symbol with its code as the stream has it, first bit lowest, and its length.
    fn all(&self) -> impl Iterator<Item = (u16, u32, u32)> {
        let mut code = 0_u32;
        let mut symbols = self.symbols.iter();
        (1..=MAX_BITS as u32)
            .flat_map(move |size| {
                code <<= 1;
                let count = u32::from(self.counts[size as usize]);
                let from = code;
                code += count;
                (from..from + count).map(move |code| (code.reverse_bits() >> (32 - size), size)).collect::<Vec<_>>()
            })
            .filter_map(move |(code, size)| Some((*symbols.next()?, code, size)))
    }
}

/// A block's codes.
pub(super) struct Codes {
    pub(super) literals: [u32; 1 << LITERAL_BITS],
    pub(super) distances: [u32; 1 << DISTANCE_BITS],
    pub(super) long_literals: Long,
    pub(super) long_distances: Long,
    end: Option<(u32, u32)>,
}

impl Codes {
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            literals: [LONG; 1 << LITERAL_BITS],
            distances: [LONG; 1 << DISTANCE_BITS],
            long_literals: Long::default(),
            long_distances: Long::default(),
            end: None,
        })
    }

    /// Code and length of the end of a block.
    pub(super) fn end_code(&self) -> Option<(u32, u32)> {
        self.end
    }

    /// The entry of a literal or a length whose code is longer than a look.
    #[cold]
    pub(super) fn long_literal(&self, bits: u64) -> Option<u32> {
        let (symbol, size) = self.long_literals.find(bits)?;
        let entry = if symbol < END { LITERAL | size | symbol << 16 } else { length_entry(symbol, size) };
        (entry != LONG).then_some(entry)
    }

    /// The entry of a distance whose code is longer than a look.
    #[cold]
    pub(super) fn long_distance(&self, bits: u64) -> Option<u32> {
        let (symbol, size) = self.long_distances.find(bits)?;
        Some(distance_entry(symbol, size)).filter(|entry| *entry != LONG)
    }

    /// The codes that need no telling. Source: RFC 1951, 3.2.6.
    pub(super) fn fixed(&mut self) -> Option<()> {
        let size = |symbol: usize| match symbol {
            0..144 => 8,
            144..256 => 9,
            256..280 => 7,
            _ => 8,
        };
        self.set(&std::array::from_fn::<u8, 288, _>(size), &[5; 32])
    }

    /// Codes of these lengths.
    pub(super) fn set(&mut self, literals: &[u8], distances: &[u8]) -> Option<()> {
        self.long_literals = Long::new(literals)?;
        self.long_distances = Long::new(distances)?;
        self.end = None;
        self.literals.fill(LONG);
        for (symbol, code, size) in self.long_literals.all() {
            let symbol = u32::from(symbol);
            if symbol == END {
                self.end = Some((code, size));
            }
            if size <= LITERAL_BITS {
                let entry = if symbol < END { size | 1 << 4 | symbol << 8 } else { length_entry(symbol, size) };
                spread(&mut self.literals, code, size, entry);
            }
        }
        self.end?;
        join(&mut self.literals);
        self.distances.fill(LONG);
        for (symbol, code, size) in self.long_distances.all() {
            if size <= DISTANCE_BITS {
                spread(&mut self.distances, code, size, distance_entry(symbol.into(), size));
            }
        }
        Some(())
    }
}

/// A symbol that stands for no length is taken for a code that there is not.
fn length_entry(symbol: u32, size: u32) -> u32 {
    if symbol == END {
        return BASE | size;
    }
    LENGTHS.get((symbol - END - 1) as usize).map_or(LONG, |base| base_entry(*base, size))
}

fn distance_entry(symbol: u32, size: u32) -> u32 {
    DISTANCES.get(symbol as usize).map_or(LONG, |base| base_entry(*base, size))
}

fn base_entry((base, extra): (u16, u8), size: u32) -> u32 {
    BASE | size | u32::from(extra) << 8 | u32::from(base) << 16
}

fn spread(table: &mut [u32], code: u32, size: u32, entry: u32) {
    table.iter_mut().skip(code as usize).step_by(1 << size).for_each(|place| *place = entry);
}

/// Puts the literals that follow within a look into its entry.
fn join(table: &mut [u32; 1 << LITERAL_BITS]) {
    // What follows is at a lower index, so from the top down it is still single; twice makes three.
    for at in (0..table.len()).rev() {
        let mut entry = table[at];
        if entry & LITERALS == 0 {
            continue;
        }
        while entry >> 4 & 3 < 3 {
            let (size, number) = (entry & 15, entry >> 4 & 3);
            let next = table[at >> size];
            let next_size = next & 15;
            if next & LITERALS != 1 << 4 || size + next_size > LITERAL_BITS {
                break;
            }
            entry = (size + next_size) | (number + 1) << 4 | entry & !0xff | (next >> 8 & 0xff) << (8 + 8 * number);
        }
        table[at] = entry;
    }
}
