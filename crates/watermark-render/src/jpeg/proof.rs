//! Proof that a JPEG has the coefficients of another one outside of some MCUs.
//!
//! Nothing of what splicing found is used. The output is walked through with its own tables, which says where its MCUs
//! begin. Between two touched runs its bits must be the original's bits: the same bits read by the same codes, with the same
//! DC before them, are the same coefficients. Where the output has other codes, and where there are several scans, both are read
//! block by block.

use super::{
    Refusal,
    bits::Stuffed,
    coefficients::Coefficients,
    huffman::HuffmanSpec,
    ink::Block,
    is_spliced,
    lanes::Index,
    markers::Header,
    scan::{Interval, Reader, Walk, intervals},
    touched::Touched,
};

/// What proves to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference {
    /// The output cannot be read.
    Unreadable(Refusal),
    /// The output has another frame, other quantization tables or other scans.
    Structure,
    /// The output has other metadata than it should.
    Metadata,
    /// A coefficient differs in the MCU of this column and row.
    Mcu {
        /// Its column.
        column: u32,
        /// Its row.
        row: u32,
    },
}

/// Proves it for two files, of which `before` can be read.
pub(super) fn prove(
    (before, before_bytes): (&Header, &[u8]),
    (after, after_bytes): (&Header, &[u8]),
    touched: &Touched,
) -> Result<(), Difference> {
    if !is_same_structure(before, after) {
        return Err(Difference::Structure);
    }
    if is_spliced(before) {
        Proof { before, after, before_bytes, after_bytes }.sequential(touched)
    } else {
        all_coefficients((before, before_bytes), (after, after_bytes), touched)
    }
}

/// Whether frame, quantization and scans are the same.
fn is_same_structure(before: &Header, after: &Header) -> bool {
    let frame = |header: &Header| {
        let components: Vec<_> =
            header.frame.components.iter().map(|c| (c.id, c.h, c.v, header.quantization[c.table])).collect();
        (header.frame.process, header.frame.width, header.frame.height, components)
    };
    let scans = |header: &Header| -> Vec<_> {
        let components = |scan: &super::frame::Scan| scan.components.iter().map(|c| c.index).collect::<Vec<_>>();
        let key = |s: &super::frame::Scan| (components(s), s.first, s.last, s.high, s.low, s.restart);
        header.scans.iter().map(key).collect()
    };
    frame(before) == frame(after) && scans(before) == scans(after)
}

fn all_coefficients(
    (before, before_bytes): (&Header, &[u8]),
    (after, after_bytes): (&Header, &[u8]),
    touched: &Touched,
) -> Result<(), Difference> {
    let old = Coefficients::read(before_bytes, before).map_err(Difference::Unreadable)?;
    let new = Coefficients::read(after_bytes, after).map_err(Difference::Unreadable)?;
    let frame = &before.frame;
    let (mut old_blocks, mut new_blocks) = (Vec::new(), Vec::new());
    for row in 0..frame.mcus_high {
        for column in untouched(touched.row(row), frame.mcus_wide) {
            old.mcu(frame, column, row, &mut old_blocks);
            new.mcu(frame, column, row, &mut new_blocks);
            if old_blocks != new_blocks {
                return Err(Difference::Mcu { column, row });
            }
        }
    }
    Ok(())
}

/// The columns of a row that no run holds.
fn untouched(runs: &[(u32, u32)], wide: u32) -> impl Iterator<Item = u32> {
    let starts = std::iter::once(0).chain(runs.iter().map(|(_, to)| *to));
    let ends = runs.iter().map(|(from, _)| *from).chain([wide]);
    starts.zip(ends).flat_map(|(from, to)| from..to)
}

struct Proof<'a> {
    before: &'a Header,
    after: &'a Header,
    before_bytes: &'a [u8],
    after_bytes: &'a [u8],
}

impl Proof<'_> {
    fn sequential(&self, touched: &Touched) -> Result<(), Difference> {
        let (old_scan, new_scan) = (&self.before.scans[0], &self.after.scans[0]);
        let old_reader = Reader::new(self.before, old_scan).map_err(Difference::Unreadable)?;
        let new_reader = Reader::new(self.after, new_scan).map_err(Difference::Unreadable)?;
        let old_intervals = intervals(self.before_bytes, self.before, old_scan).map_err(Difference::Unreadable)?;
        let new_intervals = intervals(self.after_bytes, self.after, new_scan).map_err(Difference::Unreadable)?;
        let has_same_codes = self.has_same_codes();
        let wide = old_scan.mcus(&self.before.frame).0;
        let runs = touched.runs(wide);
        let mut next = 0;
        for (old, new) in old_intervals.iter().zip(&new_intervals) {
            while runs.get(next).is_some_and(|(_, to)| *to <= old.mcus.start) {
                next += 1;
            }
            let mine: Vec<(u32, u32)> = runs[next..]
                .iter()
                .take_while(|(from, _)| *from < old.mcus.end)
                .map(|(from, to)| ((*from).max(old.mcus.start), (*to).min(old.mcus.end)))
                .collect();
            let (old_data, new_data) = (&self.before_bytes[old.bytes.clone()], &self.after_bytes[new.bytes.clone()]);
            if mine.is_empty() && has_same_codes && old_data == new_data {
                continue;
            }
            let (old_source, new_source) = (Stuffed::new(old_data), Stuffed::new(new_data));
            let index = {
                // Where each run begins, and where it ends.
                let goals = 2 * mine.len();
                Index::build(&new_reader, new_source, new.mcus.end - new.mcus.start, goals)
            };
            let mut pair = Pair {
                old: Walk::new(&old_reader, old_source, None),
                new: Walk::new(&new_reader, new_source, index.as_ref()),
                old_source,
                new_source,
                has_same_codes,
                old_blocks: vec![[0; 64]; old_reader.places.len()],
                new_blocks: vec![[0; 64]; new_reader.places.len()],
                wide,
            };
            pair.interval(old, &mine)?;
        }
        Ok(())
    }

    /// Whether every code of the original means the same in the output.
    fn has_same_codes(&self) -> bool {
        let includes = |old: &HuffmanSpec, new: &HuffmanSpec| old.codes().all(|code| new.codes().any(|c| c == code));
        let tables = |header: &Header| -> Vec<usize> {
            header.scans[0].components.iter().flat_map(|part| [part.dc, part.ac]).flatten().collect()
        };
        let (old, new) = (tables(self.before), tables(self.after));
        old.len() == new.len()
            && old
                .iter()
                .zip(&new)
                .all(|(old, new)| includes(&self.before.tables[*old].spec, &self.after.tables[*new].spec))
    }
}

/// The same interval in both files.
struct Pair<'a> {
    old: Walk<'a>,
    new: Walk<'a>,
    old_source: Stuffed<'a>,
    new_source: Stuffed<'a>,
    has_same_codes: bool,
    old_blocks: Vec<Block>,
    new_blocks: Vec<Block>,
    wide: u32,
}

impl Pair<'_> {
    fn interval(&mut self, interval: &Interval, runs: &[(u32, u32)]) -> Result<(), Difference> {
        let mut mcu = interval.mcus.start;
        for &(from, to) in runs.iter().chain([&(interval.mcus.end, interval.mcus.end)]) {
            self.equal(mcu, from)?;
            let count = to - from;
            self.old.pass(count).ok_or(self.at(from))?;
            self.new.pass(count).ok_or(self.at(from))?;
            mcu = to;
        }
        let is_whole = self.old.is_at_end() && self.new.is_at_end();
        if is_whole { Ok(()) } else { Err(self.at(interval.mcus.end - 1)) }
    }

    const fn at(&self, mcu: u32) -> Difference {
        Difference::Mcu { column: mcu % self.wide, row: mcu / self.wide }
    }

    /// Proves that the MCUs from the one to the other are equal.
    fn equal(&mut self, from: u32, to: u32) -> Result<(), Difference> {
        if from >= to {
            return Ok(());
        }
        // The first one may have other bits for the same DC.
        self.equal_blocks(from)?;
        if !self.has_same_codes {
            return (from + 1..to).try_for_each(|mcu| self.equal_blocks(mcu));
        }
        let (old, new) = (self.old.cursor.at(), self.new.cursor.at());
        let (before, count) = (self.new.clone(), to - from - 1);
        self.new.pass(count).ok_or(self.at(from))?;
        if let Some(end) = self.new_source.same_as(new, self.new.cursor.at(), &self.old_source, old) {
            // Not walked, for these are the same bits and the same codes, from the same DC on.
            self.old.follow(end, &self.new);
            return Ok(());
        }
        // Other bits may still be the same coefficients, and if not, somebody will want to know where.
        self.new = before;
        (from + 1..to).try_for_each(|mcu| self.equal_blocks(mcu))
    }

    fn equal_blocks(&mut self, mcu: u32) -> Result<(), Difference> {
        let is_read = self.old.read(&mut self.old_blocks).and_then(|()| self.new.read(&mut self.new_blocks));
        if is_read.is_some() && self.old_blocks == self.new_blocks { Ok(()) } else { Err(self.at(mcu)) }
    }
}
