//! Coefficients as symbols and values, before they have codes.

use super::{
    Refusal,
    bits::{BitWriter, sized},
    huffman::{Class, Encoder, HuffmanSpec},
    ink::Block,
    look::is_ac_symbol,
};

/// A symbol of one of a scan's tables, and the bits that follow its code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) raw: u16,
    pub(super) symbol: u8,
    /// How many bits of `raw`, and above them which table.
    size_table: u8,
}

impl Token {
    /// The table of bits that follow no symbol.
    const NO_TABLE: usize = 15;

    /// Up to 15 bits of `raw`, tables 0 to 14.
    pub(super) const fn new(table: usize, symbol: u8, raw: u32, size: u32) -> Self {
        Self { raw: raw as u16, symbol, size_table: (table as u8) << 4 | size as u8 }
    }

    /// Up to 15 bits without a symbol before them.
    pub(super) const fn bits(raw: u32, size: u32) -> Self {
        Self::new(Self::NO_TABLE, 0, raw, size)
    }

    /// The end of so many blocks of a progressive scan, 1 to 32,767.
    pub(super) const fn end_of_blocks(table: usize, blocks: u32) -> Self {
        let size = blocks.ilog2();
        Self::new(table, (size << 4) as u8, blocks - (1 << size), size)
    }

    pub(super) const fn size(self) -> u32 {
        (self.size_table & 15) as u32
    }

    pub(super) const fn table(self) -> usize {
        (self.size_table >> 4) as usize
    }
}

/// Appends a block of a sequential scan. Source: T.81, F.1.2.
pub(super) fn sequential(
    out: &mut Vec<Token>,
    dc_table: usize,
    ac_table: usize,
    dc_before: i32,
    block: &Block,
) -> Result<(), Refusal> {
    let (size, raw) = sized(i32::from(block[0]) - dc_before);
    if size > 11 {
        return Err(Refusal::OutOfRange);
    }
    out.push(Token::new(dc_table, size as u8, raw, size));
    let mut left = at_least(block, 1) & !1;
    let mut next = 1;
    while left != 0 {
        let at = left.trailing_zeros();
        left &= left - 1;
        let mut zeros = at - next;
        while zeros > 15 {
            out.push(Token::new(ac_table, 0xf0, 0, 0));
            zeros -= 16;
        }
        let (size, raw) = sized(i32::from(block[at as usize & 63]));
        if size > 10 {
            return Err(Refusal::OutOfRange);
        }
        out.push(Token::new(ac_table, (zeros << 4) as u8 | size as u8, raw, size));
        next = at + 1;
    }
    if next < 64 {
        out.push(Token::new(ac_table, 0, 0, 0));
    }
    Ok(())
}

/// Writes a block of a sequential scan at once, with tables that have [every symbol](is_complete) of one.
#[inline]
pub(super) fn write_block(
    writer: &mut BitWriter<'_>,
    dc: &Encoder,
    ac: &Encoder,
    dc_before: i32,
    block: &Block,
) -> Result<(), Refusal> {
    let BitWriter { out, pending } = writer;
    let mut now = *pending;
    let (size, raw) = sized(i32::from(block[0]) - dc_before);
    if size > 11 {
        return Err(Refusal::OutOfRange);
    }
    let (code, length) = dc.code(size as u8);
    now.put(out, u32::from(code) << size | raw, u32::from(length) + size);
    let mut left = at_least(block, 1) & !1;
    let mut next = 1;
    while left != 0 {
        let at = left.trailing_zeros();
        left &= left - 1;
        let value = i32::from(block[at as usize & 63]);
        let mut zeros = at - next;
        next = at + 1;
        if let Some((bits, length)) = ac.value(zeros, value) {
            now.put(out, bits, length);
            continue;
        }
        while zeros > 15 {
            let (code, length) = ac.code(0xf0);
            now.put(out, u32::from(code), u32::from(length));
            zeros -= 16;
        }
        let (size, raw) = sized(value);
        if size > 10 {
            return Err(Refusal::OutOfRange);
        }
        let (code, length) = ac.code((zeros << 4) as u8 | size as u8);
        now.put(out, u32::from(code) << size | raw, u32::from(length) + size);
    }
    if next < 64 {
        let (code, length) = ac.code(0);
        now.put(out, u32::from(code), u32::from(length));
    }
    *pending = now;
    Ok(())
}

/// Whether a table has every symbol that blocks of a sequential scan need.
pub(super) fn is_complete(spec: &HuffmanSpec, class: Class) -> bool {
    let mut has = [false; 256];
    spec.symbols.iter().for_each(|symbol| has[usize::from(*symbol)] = true);
    match class {
        Class::Dc => has[..=11].iter().all(|has| *has),
        Class::Ac => (0..=255_u8)
            .filter(|symbol| is_ac_symbol(u32::from(symbol >> 4), u32::from(symbol & 15)))
            .all(|symbol| has[usize::from(symbol)]),
    }
}

/// A bit for each coefficient whose size is so much at least.
#[inline(always)]
pub(super) fn at_least(block: &Block, least: u16) -> u64 {
    let flags: [u8; 64] = std::array::from_fn(|at| u8::from(block[at].unsigned_abs() >= least));
    let (octets, _) = flags.as_chunks::<8>();
    octets.iter().rev().fold(0, |mask, octet| {
        // The product's highest byte has the lowest bit of each byte, in order.
        mask << 8 | u64::from_le_bytes(*octet).wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

/// How often each table needs each symbol.
#[derive(Debug)]
pub(super) struct Counts {
    tables: Vec<[u32; 256]>,
}

impl Counts {
    pub(super) fn new(tables: usize) -> Self {
        Self { tables: vec![[0; 256]; tables] }
    }

    pub(super) fn count(&mut self, table: usize, symbol: u8) {
        self.tables[table][usize::from(symbol)] += 1;
    }

    /// Symbols that a table needs and lacks, the most frequent first.
    pub(super) fn missing(&self, table: usize, spec: &HuffmanSpec) -> Vec<u8> {
        let counts = &self.tables[table];
        let mut lacks = counts.map(|count| count > 0);
        spec.symbols.iter().for_each(|symbol| lacks[usize::from(*symbol)] = false);
        let mut missing: Vec<u8> = (0..=255_u8).filter(|symbol| lacks[usize::from(*symbol)]).collect();
        missing.sort_by_key(|symbol| std::cmp::Reverse(counts[usize::from(*symbol)]));
        missing
    }

    /// The table of shortest codes for what is needed.
    pub(super) fn optimal(&self, table: usize) -> HuffmanSpec {
        HuffmanSpec::optimal(&self.tables[table])
    }
}

/// Writes tokens with the codes of their tables, which have every symbol.
pub(super) fn write(writer: &mut BitWriter<'_>, tokens: &[Token], encoders: &[&Encoder]) -> Result<(), Refusal> {
    for token in tokens {
        let size = token.size();
        let (code, length) = match encoders.get(token.table()) {
            Some(encoder) => encoder.code(token.symbol),
            None => {
                writer.put(u32::from(token.raw), size);
                continue;
            }
        };
        if length == 0 {
            return Err(Refusal::MissingSymbol);
        }
        writer.put(u32::from(code) << size | u32::from(token.raw), u32::from(length) + size);
    }
    Ok(())
}

/// The class of a DHT segment's table, as its byte has it.
pub(super) const fn class_bits(class: Class) -> u8 {
    match class {
        Class::Dc => 0x00,
        Class::Ac => 0x10,
    }
}
