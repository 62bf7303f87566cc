//! The same coefficients with other codes, several at a time.
//!
//! Where a file's table lacks a symbol and has no room for one more code, it gets a new table, and what is not touched
//! has to be written with it, too. As in passing over blocks, a look at the next bits says what all the codes that are
//! whole within them become.

use super::{
    bits::{BitWriter, Unstuffed},
    huffman::{Encoder, HuffmanSpec},
    scan::Reader,
    skip::{AcTable, Cursor, DcTable, LOOK, Looked, after_symbol},
};

/// What the codes in a look become.
#[derive(Debug, Clone, Copy)]
struct Entry {
    looked: Looked,
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
        let (_, ac_encoders) = encoders.split_at(reader.dc.len());
        let ac = reader.ac.iter().zip(ac_encoders).map(|(table, encoder)| entries(table, encoder)).collect();
        Self { reader, encoders, ac }
    }

    /// Writes so many MCUs from a bit on; none where the data is broken.
    pub(super) fn recode(&self, source: &Unstuffed, from: u64, mcus: u32, writer: &mut BitWriter<'_>) -> Option<()> {
        let mut cursor = Cursor::new(source, from);
        for _ in 0..mcus {
            for place in &self.reader.places {
                let (dc_encoder, ac_encoder) = self.reader.token_tables(place);
                recode_dc(&mut cursor, &self.reader.dc[place.dc], &self.encoders[dc_encoder], writer)?;
                let table = &self.reader.ac[place.ac];
                self.recode_ac(&mut cursor, table, &self.ac[place.ac], &self.encoders[ac_encoder], writer)?;
            }
            if cursor.is_past_end() {
                return None;
            }
        }
        Some(())
    }

    fn recode_ac(
        &self,
        cursor: &mut Cursor<'_>,
        table: &AcTable,
        entries: &[Entry; 1 << LOOK],
        encoder: &Encoder,
        writer: &mut BitWriter<'_>,
    ) -> Option<()> {
        let mut at = 1;
        loop {
            let entry = entries[cursor.look()];
            match entry.looked.after(at) {
                Some((next, is_end)) => {
                    cursor.skip(entry.looked.bits());
                    writer.put(entry.bits, u32::from(entry.count));
                    if is_end {
                        return Some(());
                    }
                    at = next;
                }
                None => {
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
    }
}

fn recode_dc(cursor: &mut Cursor<'_>, table: &DcTable, encoder: &Encoder, writer: &mut BitWriter<'_>) -> Option<()> {
    let (size, raw) = super::bits::sized(cursor.dc(table)?);
    put(writer, encoder, size as u8, size, raw)
}

fn put(writer: &mut BitWriter<'_>, encoder: &Encoder, symbol: u8, size: u32, raw: u32) -> Option<()> {
    let (code, length) = encoder.code(symbol);
    writer.put(u32::from(code) << size | raw, u32::from(length) + size);
    (length > 0).then_some(())
}

fn entries(table: &AcTable, encoder: &Encoder) -> Box<[Entry; 1 << LOOK]> {
    let mut entries = Box::new([Entry { looked: Looked::SLOW, bits: 0, count: 0 }; 1 << LOOK]);
    for (look, entry) in entries.iter_mut().enumerate() {
        let (mut bits, mut count) = (0_u64, 0);
        let looked = Looked::at((look as u64) << (64 - LOOK), &table.decoder, |symbol, size, raw| {
            let (code, length) = encoder.code(symbol);
            let more = u32::from(length) + size;
            let is_room = length > 0 && count + more <= 32;
            if is_room {
                bits = bits << more | u64::from(u32::from(code) << size | raw);
                count += more;
            }
            is_room
        });
        *entry = Entry { looked, bits: bits as u32, count: count as u8 };
    }
    entries
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
