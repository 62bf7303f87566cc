//! A mark into a sequential scan, without decoding what it does not touch.
//!
//! The walk passes over untouched MCUs without reading their coefficients, and notes only from which bit to which they
//! are to be copied. Touched MCUs are read, marked and turned into tokens. So is the one MCU after each run of them: its
//! DC is written as the difference to the block before it, which has changed. Only when all tokens are known are codes
//! chosen for them: the file's own, with longer ones for what its tables lack.

use super::{
    Refusal,
    bits::{BitWriter, Unstuffed},
    huffman::{Encoder, HuffmanSpec},
    ink::{Block, Inker, Touched},
    markers::Header,
    recode::{Recoder, with_room},
    scan::{Interval, Reader, Walk, intervals},
    token::{Counts, Token, sequential, write},
};

/// A scan with its mark.
#[derive(Debug)]
pub(super) struct Spliced {
    /// Entropy-coded data with restart markers.
    pub(super) entropy: Vec<u8>,
    /// The tables that it is coded with: which of [`Header::tables`], and what it is now.
    pub(super) tables: Vec<(usize, HuffmanSpec)>,
    /// How the codes were found.
    pub(super) codes: Codes,
}

/// Where the codes of a marked scan are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Codes {
    /// The file's tables had them all.
    Own,
    /// Longer codes were added to the file's tables.
    Added,
    /// There was no room: the whole scan got new codes.
    New,
}

/// What an interval becomes.
#[derive(Debug)]
struct Piece {
    interval: Interval,
    /// None where it stays as it is.
    steps: Option<Vec<Step>>,
}

/// What to write next.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The bits from the one to the other, which are so many MCUs.
    Copy(u64, u64, u32),
    /// The tokens from the one to the other.
    Tokens(usize, usize),
}

/// Marks the only scan of a sequential file.
pub(super) fn splice(
    bytes: &[u8],
    header: &Header,
    touched: &Touched,
    inker: &mut Inker<'_>,
) -> Result<Spliced, Refusal> {
    let [scan] = &header.scans[..] else { return Err(Refusal::Broken { at: 0 }) };
    let reader = Reader::new(header, scan)?;
    let mut work = Work {
        bytes,
        wide: scan.mcus(&header.frame).0,
        reader: &reader,
        runs: touched.runs(scan.mcus(&header.frame).0),
        blocks: vec![[0; 64]; reader.places.len()],
        source: Unstuffed::default(),
        filled: None,
        tokens: Vec::new(),
    };
    let intervals = intervals(bytes, header, scan)?;

    let pieces = work.plan(&intervals, inker)?;
    let mut counts = Counts::new(reader.tables.len());
    work.tokens.iter().for_each(|token| counts.count(token.table(), token.symbol));
    let mut codes = Codes::Own;
    let mut tables = Vec::with_capacity(reader.tables.len());
    for (at, table) in reader.tables.iter().enumerate() {
        let spec = &header.tables[*table].spec;
        let missing = counts.missing(at, spec);
        let (spec, found) = if missing.is_empty() {
            (spec.clone(), Codes::Own)
        } else {
            match spec.extended(&missing) {
                Some(extended) => (extended, Codes::Added),
                None => (with_room(spec, &missing), Codes::New),
            }
        };
        codes = codes.max(found);
        tables.push(spec);
    }
    let entropy = work.write(&pieces, &tables, codes, scan.entropy.len())?;
    Ok(Spliced { entropy, tables: reader.tables.iter().copied().zip(tables).collect(), codes })
}

struct Work<'a> {
    bytes: &'a [u8],
    /// MCUs in a row.
    wide: u32,
    reader: &'a Reader,
    runs: Vec<(u32, u32)>,
    /// Those of one MCU.
    blocks: Vec<Block>,
    source: Unstuffed,
    /// Where the interval begins that `source` holds.
    filled: Option<usize>,
    tokens: Vec<Token>,
}

impl Work<'_> {
    /// Decides what each interval becomes.
    fn plan(&mut self, intervals: &[Interval], inker: &mut Inker<'_>) -> Result<Vec<Piece>, Refusal> {
        let runs = std::mem::take(&mut self.runs);
        let mut pieces = Vec::with_capacity(intervals.len());
        let mut next = 0;
        for interval in intervals {
            while runs.get(next).is_some_and(|(_, to)| *to <= interval.mcus.start) {
                next += 1;
            }
            let ahead = runs[next..].iter().take_while(|(from, _)| *from < interval.mcus.end);
            let mine: Vec<(u32, u32)> =
                ahead.map(|(from, to)| ((*from).max(interval.mcus.start), (*to).min(interval.mcus.end))).collect();
            let steps = if mine.is_empty() {
                None
            } else {
                self.fill(interval);
                let source = std::mem::take(&mut self.source);
                let steps = self.steps(&source, interval, &mine, inker);
                self.source = source;
                Some(steps?)
            };
            pieces.push(Piece { interval: interval.clone(), steps });
        }
        self.runs = runs;
        Ok(pieces)
    }

    fn fill(&mut self, interval: &Interval) {
        if self.filled != Some(interval.bytes.start) {
            self.source.fill(&self.bytes[interval.bytes.clone()]);
            self.filled = Some(interval.bytes.start);
        }
    }

    /// What an interval with touched MCUs becomes.
    fn steps(
        &mut self,
        source: &Unstuffed,
        interval: &Interval,
        runs: &[(u32, u32)],
        inker: &mut Inker<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let broken = Refusal::Broken { at: interval.bytes.start };
        let mut walk = Walk::new(self.reader, source);
        let mut steps = Vec::new();
        let mut mcu = interval.mcus.start;
        // The DC that a reader of the output has seen last.
        let mut written = [0; 4];
        for (index, &(from, to)) in runs.iter().enumerate() {
            if mcu < from {
                let start = walk.cursor.at;
                walk.pass(from - mcu).ok_or(broken)?;
                steps.push(Step::Copy(start, walk.cursor.at, from - mcu));
                written = walk.dc;
            }
            let first = self.tokens.len();
            for mcu in from..to {
                walk.read(&mut self.blocks).ok_or(broken)?;
                inker.mark(mcu % self.wide, mcu / self.wide, &mut self.blocks);
                self.tokenize(&mut written)?;
            }
            mcu = to;
            let is_followed = mcu < interval.mcus.end && runs.get(index + 1).is_none_or(|(from, _)| *from > mcu);
            if is_followed {
                walk.read(&mut self.blocks).ok_or(broken)?;
                self.tokenize(&mut written)?;
                mcu += 1;
            }
            steps.push(Step::Tokens(first, self.tokens.len()));
        }
        let start = walk.cursor.at;
        let rest = interval.mcus.end - mcu;
        walk.pass(rest).ok_or(broken)?;
        steps.push(Step::Copy(start, walk.cursor.at, rest));
        walk.is_at_end(source).then_some(steps).ok_or(broken)
    }

    /// Turns the MCU's blocks into tokens.
    fn tokenize(&mut self, written: &mut [i32; 4]) -> Result<(), Refusal> {
        for (place, block) in self.reader.places.iter().zip(&self.blocks) {
            let (dc, ac) = self.reader.token_tables(place);
            let before = &mut written[place.component & 3];
            sequential(&mut self.tokens, dc, ac, *before, block)?;
            *before = i32::from(block[0]);
        }
        Ok(())
    }

    fn write(
        &mut self,
        pieces: &[Piece],
        tables: &[HuffmanSpec],
        codes: Codes,
        size: usize,
    ) -> Result<Vec<u8>, Refusal> {
        let encoders: Vec<Encoder> = tables.iter().map(Encoder::new).collect();
        let borrowed: Vec<&Encoder> = encoders.iter().collect();
        let recoder = (codes == Codes::New).then(|| Recoder::new(self.reader, &encoders));
        let mut out = Vec::with_capacity(size + size / 16 + 4_096);
        for (number, piece) in pieces.iter().enumerate() {
            let Interval { bytes, mcus } = &piece.interval;
            if number > 0 {
                out.extend([0xff, 0xd0 | (number - 1) as u8 & 7]);
            }
            let whole = [Step::Copy(0, 0, mcus.end - mcus.start)];
            let steps = match (&piece.steps, &recoder) {
                (Some(steps), _) => &steps[..],
                (None, Some(_)) => &whole,
                (None, None) => {
                    out.extend_from_slice(&self.bytes[bytes.clone()]);
                    continue;
                }
            };
            self.fill(&piece.interval);
            let mut writer = BitWriter::new(&mut out);
            for step in steps {
                match (*step, &recoder) {
                    (Step::Copy(from, _, mcus), Some(recoder)) => recoder
                        .recode(&self.source, from, mcus, &mut writer)
                        .ok_or(Refusal::Broken { at: bytes.start })?,
                    (Step::Copy(from, to, _), None) => writer.copy(&self.source, from, to),
                    (Step::Tokens(from, to), _) => write(&mut writer, &self.tokens[from..to], &borrowed)?,
                }
            }
            writer.finish();
        }
        Ok(out)
    }
}
