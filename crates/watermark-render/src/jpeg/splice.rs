//! A mark into a sequential scan, without decoding what it does not touch.
//!
//! The walk passes over untouched MCUs without reading their coefficients, and notes only from which bit to which they
//! are to be copied. Touched MCUs are read, marked and turned into tokens. So is the one MCU after each run of them: its
//! DC is written as the difference to the block before it, which has changed. Only when all tokens are known are codes
//! chosen for them: the file's own, with longer ones for what its tables lack.

use super::{
    Refusal,
    bits::{BitWriter, Stuffed},
    huffman::{Encoder, HuffmanSpec},
    ink::{Block, Inker},
    lanes::Index,
    markers::Header,
    recode::{Recoder, with_room},
    scan::{Interval, Reader, Walk, intervals},
    token::{Counts, Token, sequential, write},
    touched::Touched,
};

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

/// A mark on its way into the only scan of a sequential file.
#[derive(Debug)]
pub(super) struct Splice<'a> {
    bytes: &'a [u8],
    /// MCUs in a row.
    wide: u32,
    reader: Reader,
    /// Those of one MCU.
    blocks: Vec<Block>,
    tokens: Vec<Token>,
    pieces: Vec<Piece>,
    /// The reader's tables as they are now.
    specs: Vec<HuffmanSpec>,
    codes: Codes,
}

impl<'a> Splice<'a> {
    /// Marks the scan, as far as its tokens and codes.
    pub(super) fn new(
        bytes: &'a [u8],
        header: &Header,
        touched: &Touched,
        inker: &mut Inker<'_>,
    ) -> Result<Self, Refusal> {
        let [scan] = &header.scans[..] else { return Err(Refusal::Broken { at: 0 }) };
        let reader = Reader::new(header, scan)?;
        let wide = scan.mcus(&header.frame).0;
        let mut splice = Self {
            bytes,
            wide,
            blocks: vec![[0; 64]; reader.places.len()],
            reader,
            tokens: Vec::new(),
            pieces: Vec::new(),
            specs: Vec::new(),
            codes: Codes::Own,
        };
        splice.plan(&intervals(bytes, header, scan)?, &touched.runs(wide), inker)?;
        splice.choose_codes(header);
        Ok(splice)
    }

    /// The tables that the scan is coded with now: which of [`Header::tables`], and what it is.
    pub(super) fn tables(&self) -> Vec<(usize, &HuffmanSpec)> {
        self.reader.origins.iter().copied().zip(&self.specs).collect()
    }

    /// Where the codes are from.
    pub(super) const fn codes(&self) -> Codes {
        self.codes
    }

    fn choose_codes(&mut self, header: &Header) {
        let mut counts = Counts::new(self.reader.tables.len());
        self.tokens.iter().for_each(|token| counts.count(token.table(), token.symbol));
        for (at, table) in self.reader.origins.iter().enumerate() {
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
            self.codes = self.codes.max(found);
            self.specs.push(spec);
        }
    }

    /// Decides what each interval becomes.
    fn plan(&mut self, intervals: &[Interval], runs: &[(u32, u32)], inker: &mut Inker<'_>) -> Result<(), Refusal> {
        self.pieces.reserve(intervals.len());
        let mut next = 0;
        for interval in intervals {
            while runs.get(next).is_some_and(|(_, to)| *to <= interval.mcus.start) {
                next += 1;
            }
            let ahead = runs[next..].iter().take_while(|(from, _)| *from < interval.mcus.end);
            let mine: Vec<(u32, u32)> =
                ahead.map(|(from, to)| ((*from).max(interval.mcus.start), (*to).min(interval.mcus.end))).collect();
            let steps = if mine.is_empty() { None } else { Some(self.steps(interval, &mine, inker)?) };
            self.pieces.push(Piece { interval: interval.clone(), steps });
        }
        Ok(())
    }

    /// What an interval with touched MCUs becomes.
    fn steps(&mut self, interval: &Interval, runs: &[(u32, u32)], inker: &mut Inker<'_>) -> Result<Vec<Step>, Refusal> {
        let Self { bytes, wide, reader, blocks, tokens, .. } = self;
        let source = Stuffed::new(&bytes[interval.bytes.clone()]);
        let reader = &*reader;
        let broken = Refusal::Broken { at: interval.bytes.start };
        let reached: u32 = runs.iter().map(|(from, to)| to - from).sum();
        let count = interval.mcus.end - interval.mcus.start;
        // Where most of it must be read there is nothing to leap over.
        let index = if reached < count / 2 { Index::build(reader, source, count) } else { None };
        let mut walk = Walk::new(reader, source, index.as_ref());
        let mut steps = Vec::new();
        let mut mcu = interval.mcus.start;
        // The DC that a reader of the output has seen last.
        let mut written = [0; 4];
        for (index, &(from, to)) in runs.iter().enumerate() {
            if mcu < from {
                let start = walk.cursor.at();
                walk.pass(from - mcu).ok_or(broken)?;
                steps.push(Step::Copy(start, walk.cursor.at(), from - mcu));
                written = walk.dc;
            }
            let first = tokens.len();
            for mcu in from..to {
                walk.read(blocks).ok_or(broken)?;
                inker.mark(mcu % *wide, mcu / *wide, blocks);
                tokenize(reader, blocks, &mut written, tokens)?;
            }
            mcu = to;
            let is_followed = mcu < interval.mcus.end && runs.get(index + 1).is_none_or(|(from, _)| *from > mcu);
            if is_followed {
                walk.read(blocks).ok_or(broken)?;
                tokenize(reader, blocks, &mut written, tokens)?;
                mcu += 1;
            }
            steps.push(Step::Tokens(first, tokens.len()));
        }
        let start = walk.cursor.at();
        let rest = interval.mcus.end - mcu;
        walk.pass(rest).ok_or(broken)?;
        steps.push(Step::Copy(start, walk.cursor.at(), rest));
        walk.is_at_end().then_some(steps).ok_or(broken)
    }

    /// Appends the entropy-coded data with restart markers.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) -> Result<(), Refusal> {
        let encoders: Vec<Encoder> = self.specs.iter().map(Encoder::new).collect();
        let borrowed: Vec<&Encoder> = encoders.iter().collect();
        let pieces = std::mem::take(&mut self.pieces);
        let recoder = (self.codes == Codes::New).then(|| Recoder::new(&self.reader, &encoders));
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
            let source = Stuffed::new(&self.bytes[bytes.clone()]);
            let mut writer = BitWriter::new(out);
            for step in steps {
                match (*step, &recoder) {
                    (Step::Copy(from, _, mcus), Some(recoder)) => {
                        recoder.recode(source, from, mcus, &mut writer).ok_or(Refusal::Broken { at: bytes.start })?
                    }
                    (Step::Copy(from, to, _), None) => writer.copy(&source, from, to),
                    (Step::Tokens(from, to), _) => write(&mut writer, &self.tokens[from..to], &borrowed)?,
                }
            }
            writer.finish();
        }
        Ok(())
    }
}

/// Turns an MCU's blocks into tokens; `written` is the last DC of each component in the output.
fn tokenize(reader: &Reader, blocks: &[Block], written: &mut [i32; 4], tokens: &mut Vec<Token>) -> Result<(), Refusal> {
    for (place, block) in reader.places.iter().zip(blocks) {
        let before = &mut written[place.component & 3];
        sequential(tokens, place.dc, place.ac, *before, block)?;
        *before = i32::from(block[0]);
    }
    Ok(())
}
