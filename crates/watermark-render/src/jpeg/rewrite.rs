//! Coefficients back into scans like those that they came from: what no mark touches is copied bit for bit.
//!
//! A progressive scan may end many blocks with one code. Where such a run reaches into marked blocks it is cut: a new
//! code ends the blocks before them, and another one those behind them. The bits that refine ended blocks follow their code
//! block by block, so they are copied as they are.

use super::{
    Refusal,
    bits::{BitWriter, Stuffed},
    coefficients::{Coefficients, Marked, Piece, for_each_block},
    frame::{Process, Scan},
    huffman::{Encoder, HuffmanSpec},
    markers::Header,
    scan_writer::{ScanWriter, Slots},
    splice::Codes,
    token::{Counts, Token, write},
    touched::{Touched, merge},
};

/// The MCUs of a scan that are coded anew where so many are touched: where DCs are told as differences, the next one as well.
pub(super) fn runs(header: &Header, scan: &Scan, touched: &Touched) -> Vec<(u32, u32)> {
    let mut runs = touched.runs_of(&header.frame, scan);
    // What a sequential scan says of coefficients and bits means nothing.
    let has_differences = header.frame.process == Process::Sequential || (scan.first == 0 && scan.high == 0);
    if has_differences {
        let (wide, high) = scan.mcus(&header.frame);
        runs.iter_mut().for_each(|(_, to)| *to = (*to + 1).min(wide * high));
        merge(&mut runs);
    }
    runs
}

/// About how many bytes are needed for writing scans anew, above those of the coefficients.
pub(super) fn size_bytes(header: &Header, runs: &[Vec<(u32, u32)>]) -> u64 {
    let each = |count: usize, bytes: usize| count as u64 * bytes as u64;
    let of_interval = size_of::<Piece>() + size_of::<Vec<Step>>() + size_of::<Step>() + 32;
    let of_run = 2 * size_of::<Marked>() + 8 * size_of::<Step>();
    let scans = header.scans.iter().zip(runs);
    scans.map(|(scan, runs)| each(scan.restarts.len() + 1, of_interval) + each(runs.len(), of_run)).sum()
}

/// Scans with a mark on them.
#[derive(Debug)]
pub(super) struct Rewritten<'a> {
    bytes: &'a [u8],
    scans: Vec<Marks>,
    /// Each of [`Header::tables`] as it is now.
    pub(super) specs: Vec<HuffmanSpec>,
    encoders: Vec<Encoder>,
    pub(super) codes: Codes,
}

/// What a scan becomes.
#[derive(Debug)]
struct Marks {
    tokens: Vec<Token>,
    /// Of each restart interval, what to write.
    intervals: Vec<Vec<Step>>,
    /// Where the bits of each interval are.
    pieces: Vec<Piece>,
    /// Which of [`Header::tables`] a token's table is.
    tables: Vec<usize>,
    /// Whether every block is written anew.
    is_whole: bool,
}

/// What to write next.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The bits from the one to the other.
    Copy(u64, u64),
    /// The tokens from the one to the other.
    Tokens(usize, usize),
}

/// Writes marked blocks anew with the file's own tables, which get longer codes for what they lack. A scan with a table
/// that has no room for one gets a new table, and is written anew from its first block to its last.
pub(super) fn rewrite<'a>(
    bytes: &'a [u8],
    header: &Header,
    coefficients: &Coefficients,
    pieces: Vec<Vec<Piece>>,
) -> Result<Rewritten<'a>, Refusal> {
    let marks = header.scans.iter().zip(pieces).map(|(scan, pieces)| Marks::new(header, scan, pieces, coefficients));
    let mut scans: Vec<Marks> = marks.collect::<Result<_, _>>()?;
    loop {
        // A table may serve several scans.
        let mut counts = Counts::new(header.tables.len());
        for scan in &scans {
            for token in &scan.tokens {
                if let Some(table) = scan.tables.get(token.table()) {
                    counts.count(*table, token.symbol);
                }
            }
        }
        let mut codes = Codes::Own;
        let mut specs: Vec<HuffmanSpec> = Vec::with_capacity(header.tables.len());
        let mut is_done = true;
        for (at, table) in header.tables.iter().enumerate() {
            let missing = counts.missing(at, &table.spec);
            let (spec, found) = if missing.is_empty() {
                (table.spec.clone(), Codes::Own)
            } else if let Some(extended) = table.spec.extended(&missing) {
                (extended, Codes::Added)
            } else {
                for (scan, marks) in header.scans.iter().zip(&mut scans) {
                    if marks.tables.contains(&at) && !marks.is_whole {
                        marks.write_whole(header, scan, coefficients)?;
                        is_done = false;
                    }
                }
                (counts.optimal(at), Codes::New)
            };
            codes = codes.max(found);
            specs.push(spec);
        }
        // What is written anew may need other codes, of other tables too.
        if is_done {
            let encoders = specs.iter().map(Encoder::new).collect();
            return Ok(Rewritten { bytes, scans, specs, encoders, codes });
        }
    }
}

impl Rewritten<'_> {
    /// Appends the entropy-coded data of a scan, with restart markers.
    pub(super) fn write(&self, scan: usize, out: &mut Vec<u8>) -> Result<(), Refusal> {
        let marks = &self.scans[scan];
        let mine: Vec<&Encoder> = marks.tables.iter().map(|table| &self.encoders[*table]).collect();
        for (number, (steps, piece)) in marks.intervals.iter().zip(&marks.pieces).enumerate() {
            if number > 0 {
                out.extend([0xff, 0xd0 | (number - 1) as u8 & 7]);
            }
            let source = Stuffed::new(&self.bytes[piece.bytes.clone()]);
            let mut writer = BitWriter::new(out);
            for step in steps {
                match *step {
                    Step::Copy(from, to) => writer.copy(&source, from, to),
                    Step::Tokens(from, to) => write(&mut writer, &marks.tokens[from..to], &mine)?,
                }
            }
            writer.finish();
        }
        Ok(())
    }
}

impl Marks {
    fn new(header: &Header, scan: &Scan, pieces: Vec<Piece>, coefficients: &Coefficients) -> Result<Self, Refusal> {
        let (slots, tables) = tables(scan);
        let mut marking = Marking { header, scan, coefficients, slots: &slots, writer: ScanWriter::new(scan) };
        let intervals = pieces.iter().map(|piece| marking.piece(piece)).collect::<Result<_, _>>()?;
        Ok(Self { tokens: marking.writer.out, intervals, pieces, tables, is_whole: false })
    }

    fn write_whole(&mut self, header: &Header, scan: &Scan, coefficients: &Coefficients) -> Result<(), Refusal> {
        let (slots, _) = tables(scan);
        let mut marking = Marking { header, scan, coefficients, slots: &slots, writer: ScanWriter::new(scan) };
        self.intervals.clear();
        for piece in &self.pieces {
            let step = marking.blocks(piece.mcus.clone(), [0; 4])?;
            self.intervals.push(vec![step]);
        }
        (self.tokens, self.is_whole) = (marking.writer.out, true);
        Ok(())
    }
}

/// Which of its tables each component of a scan has, and which of [`Header::tables`] they are.
fn tables(scan: &Scan) -> (Vec<Slots>, Vec<usize>) {
    let mut tables = Vec::new();
    let mut slot = |table: Option<usize>| {
        table.map_or(0, |table| {
            tables.iter().position(|known| *known == table).unwrap_or_else(|| {
                tables.push(table);
                tables.len() - 1
            })
        })
    };
    let slots = scan.components.iter().map(|part| (slot(part.dc), slot(part.ac))).collect();
    (slots, tables)
}

/// A scan on its way to tokens.
struct Marking<'a> {
    header: &'a Header,
    scan: &'a Scan,
    coefficients: &'a Coefficients,
    slots: &'a [Slots],
    writer: ScanWriter<'a>,
}

impl Marking<'_> {
    /// What an interval becomes.
    fn piece(&mut self, piece: &Piece) -> Result<Vec<Step>, Refusal> {
        let mut steps = Vec::with_capacity(if piece.marked.is_empty() { 1 } else { 4 * piece.marked.len() + 2 });
        // Up to here all is written; and so many blocks from here on were ended by a code that is not copied.
        let (mut at, mut open) = (0, 0);
        let mut left = piece.mcus.end - piece.mcus.start;
        for marked in &piece.marked {
            let seam = &marked.before;
            let mut copy_to = seam.at;
            if seam.run == 0 || seam.ended.at >= at {
                // Something was coded since: all that were ended before are behind.
                steps.extend(self.end_of(open));
                open = 0;
                if seam.run > 0 {
                    // The code reaches into what is marked: another one in its place ends what is before.
                    steps.push(Step::Copy(at, seam.ended.at));
                    open = seam.ended.blocks;
                    (at, copy_to) = (seam.ended.after, seam.at);
                }
            }
            steps.extend(self.end_of(open - seam.run.min(open)));
            steps.push(Step::Copy(at, copy_to));
            steps.push(self.blocks(marked.mcus.clone(), seam.dc)?);
            (at, open) = (marked.after.at, marked.after.run);
            left = piece.mcus.end - marked.mcus.end;
        }
        // A code may end more blocks than there are; written where none is left, it would be one too many.
        steps.extend(self.end_of(open.min(left)));
        steps.push(Step::Copy(at, piece.end));
        Ok(steps)
    }

    /// A code that ends so many blocks; none for none.
    fn end_of(&mut self, blocks: u32) -> Option<Step> {
        let &[(_, ac)] = self.slots else { return None };
        let first = self.writer.out.len();
        (blocks > 0).then(|| {
            self.writer.out.push(Token::end_of_blocks(ac, blocks));
            Step::Tokens(first, first + 1)
        })
    }

    /// The blocks of MCUs, with nothing open before and behind.
    fn blocks(&mut self, mcus: std::ops::Range<u32>, dc: [i32; 4]) -> Result<Step, Refusal> {
        let first = self.writer.out.len();
        self.writer.dc = dc;
        for_each_block(&self.header.frame, self.scan, mcus, |at| {
            let block = &self.coefficients.planes[at.plane].blocks[at.index];
            self.writer.block(self.header.frame.process, at.part, self.slots[at.part], block)
        })?;
        if let [(_, ac)] = self.slots {
            self.writer.end_run(*ac);
        }
        Ok(Step::Tokens(first, self.writer.out.len()))
    }
}

#[cfg(test)]
mod tests;
