//! The same coefficients with other codes, several at a time.
//!
//! Where a file's table lacks a symbol and has no room for one more code, it gets a new table, and what is not touched
//! has to be written with it, too. As in passing over blocks, a look at the next bits says what all the codes that are
//! whole within them become.

use super::{
    bits::{BitWriter, Stuffed},
    huffman::{Encoder, HuffmanSpec},
    look::{self, LOOK},
    scan::Reader,
    skip::{Cursor, Table, after_symbol},
};

/// What the codes in a look become.
#[derive(Debug, Clone, Copy)]
struct Entry {
    looked: look::Entry,
    bits: u32,
    count: u8,
}

/// New codes for a scan.
#[derive(Debug)]
pub(super) struct Recoder<'a> {
    reader: &'a Reader,
    encoders: &'a [Encoder],
    ac: Vec<Box<[Entry; 1 << LOOK]>>,
}

impl<'a> Recoder<'a> {
    /// `encoders` are for the reader's tables, DC and then AC, and have every symbol of them.
    pub(super) fn new(reader: &'a Reader, encoders: &'a [Encoder]) -> Self {
        let tables = reader.tables.iter().zip(encoders).skip(reader.dc_count);
        let ac = tables.map(|(table, encoder)| entries(table, encoder)).collect();
        Self { reader, encoders, ac }
    }

    /// Writes so many MCUs from a bit on; none where the data is broken.
    pub(super) fn recode(&self, source: Stuffed<'_>, from: u64, mcus: u32, writer: &mut BitWriter<'_>) -> Option<()> {
        let mut cursor = Cursor::new(source, from);
        for _ in 0..mcus {
            for place in &self.reader.places {
                let Self { reader, encoders, ac } = self;
                recode_dc(&mut cursor, &reader.tables[place.dc], &encoders[place.dc], writer)?;
                let entries = &ac[place.ac - reader.dc_count];
                recode_ac(&mut cursor, &reader.tables[place.ac], entries, &encoders[place.ac], writer)?;
            }
            if cursor.is_past_end() {
                return None;
            }
        }
        Some(())
    }
}

fn recode_ac(
    cursor: &mut Cursor<'_>,
    table: &Table,
    entries: &[Entry; 1 << LOOK],
    encoder: &Encoder,
    writer: &mut BitWriter<'_>,
) -> Option<()> {
    let mut at = 1;
    loop {
        let entry = entries[cursor.look()];
        let next = at + entry.looked.advance();
        if next < 64 {
            cursor.skip(entry.looked.bits());
            writer.put(entry.bits, u32::from(entry.count));
            if entry.looked.is_end() {
                return Some(());
            }
            at = next;
        } else {
            let (symbol, size, raw) = cursor.ac(table)?;
            put(writer, encoder, symbol, size, raw)?;
            let (next, is_end) = after_symbol(at, symbol)?;
            if is_end {
                return Some(());
            }
            at = next;
        }
    }
}

fn recode_dc(cursor: &mut Cursor<'_>, table: &Table, encoder: &Encoder, writer: &mut BitWriter<'_>) -> Option<()> {
    let (size, raw) = super::bits::sized(cursor.dc(table)?);
    put(writer, encoder, size as u8, size, raw)
}

fn put(writer: &mut BitWriter<'_>, encoder: &Encoder, symbol: u8, size: u32, raw: u32) -> Option<()> {
    let (code, length) = encoder.code(symbol);
    writer.put(u32::from(code) << size | raw, u32::from(length) + size);
    (length > 0).then_some(())
}

fn entries(table: &Table, encoder: &Encoder) -> Box<[Entry; 1 << LOOK]> {
    let mut entries = Box::new([Entry { looked: look::Entry::SLOW, bits: 0, count: 0 }; 1 << LOOK]);
    for (at, (entry, looked)) in entries.iter_mut().zip(table.looks.iter()).enumerate() {
        if let Some((bits, count)) = recoded((at as u64) << (64 - LOOK), looked.bits(), table, encoder) {
            *entry = Entry { looked: *looked, bits, count };
        }
    }
    entries
}

/// What the first bits of a window become; none where they are none, or become too many.
fn recoded(mut window: u64, mut left: u32, table: &Table, encoder: &Encoder) -> Option<(u32, u8)> {
    let (mut bits, mut count) = (0_u64, 0);
    while left > 0 {
        let (symbol, length) = table.decoder.symbol(window)?;
        let size = u32::from(symbol & 15);
        let raw = (window << length).checked_shr(64 - size).unwrap_or(0);
        let (code, new_length) = encoder.code(symbol);
        let more = u32::from(new_length) + size;
        count += more;
        if new_length == 0 || count > 32 {
            return None;
        }
        bits = bits << more | u64::from(code) << size | raw;
        window <<= length + size;
        left = left.checked_sub(length + size)?;
    }
    (count > 0).then_some((bits as u32, count as u8))
}

/// The table for all symbols of `spec` and `missing`, with codes about as long as they were.
pub(super) fn with_room(spec: &HuffmanSpec, missing: &[u8]) -> HuffmanSpec {
    let mut frequencies = [0; 256];
    for (symbol, _, length) in spec.codes() {
        frequencies[usize::from(symbol)] = 1 << (16 - length);
    }
    missing.iter().for_each(|symbol| frequencies[usize::from(*symbol)] = 1);
    HuffmanSpec::optimal(&frequencies)
}
