//! A mark into a sequential scan, without decoding what it does not touch.
//!
//! The walk passes over untouched MCUs without reading their coefficients, and notes only from which bit to which they
//! are to be copied. Touched MCUs are read, marked and turned into tokens. So is the one MCU after each run of them: its
//! DC is written as the difference to the block before it, which has changed. Only when all tokens are known are codes
//! chosen for them: the file's own, with longer ones for what its tables lack.

use std::ops::Range;

use super::{
    Refusal,
    bits::{BitWriter, Stuffed},
    huffman::{Encoder, HuffmanSpec},
    ink::{Block, Inker},
    lanes::Index,
    markers::Header,
    recode::{Recoder, with_room},
    scan::{Interval, Place, Reader, Walk, intervals},
    token::{Counts, Token, is_complete, sequential, write, write_block},
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

/// What to write next.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The bits from the one to the other, which are so many MCUs.
    Copy(u64, u64, u32),
    /// The tokens from the one to the other.
    Tokens(usize, usize),
}

/// Takes what an interval becomes.
trait Sink {
    /// The MCUs between two places, which are so many.
    fn copy(&mut self, source: &Stuffed<'_>, from: u64, to: u64, mcus: u32);

    /// A block, after a DC.
    fn block(&mut self, place: &Place, dc_before: i32, block: &Block) -> Result<(), Refusal>;
}

/// Keeps it for later.
struct Plan<'a> {
    steps: Vec<Step>,
    /// Tokens that no step has yet begin here.
    first: usize,
    tokens: &'a mut Vec<Token>,
}

impl Plan<'_> {
    fn end_tokens(&mut self) {
        if self.first < self.tokens.len() {
            self.steps.push(Step::Tokens(self.first, self.tokens.len()));
            self.first = self.tokens.len();
        }
    }
}

impl Sink for Plan<'_> {
    fn copy(&mut self, _source: &Stuffed<'_>, from: u64, to: u64, mcus: u32) {
        self.end_tokens();
        self.steps.push(Step::Copy(from, to, mcus));
    }

    fn block(&mut self, place: &Place, dc_before: i32, block: &Block) -> Result<(), Refusal> {
        sequential(self.tokens, place.dc, place.ac, dc_before, block)
    }
}

/// Writes it at once.
struct Direct<'a> {
    writer: BitWriter<'a>,
    encoders: &'a [Encoder],
}

impl Sink for Direct<'_> {
    fn copy(&mut self, source: &Stuffed<'_>, from: u64, to: u64, _mcus: u32) {
        self.writer.copy(source, from, to);
    }

    #[inline]
    fn block(&mut self, place: &Place, dc_before: i32, block: &Block) -> Result<(), Refusal> {
        write_block(&mut self.writer, &self.encoders[place.dc], &self.encoders[place.ac], dc_before, block)
    }
}

/// A mark on its way into the only scan of a sequential file.
#[derive(Debug)]
pub(super) struct Splice<'a> {
    bytes: &'a [u8],
    /// MCUs in a row.
    wide: u32,
    reader: Reader,
    intervals: Vec<Interval>,
    /// Touched MCUs, from and to.
    runs: Vec<(u32, u32)>,
    /// Whether the tables have every code, so that nothing is planned.
    is_complete: bool,
    tokens: Vec<Token>,
    /// What each interval becomes; none where it stays as it is.
    plans: Vec<Option<Vec<Step>>>,
    /// The reader's tables as they are now.
    specs: Vec<HuffmanSpec>,
    codes: Codes,
}

impl<'a> Splice<'a> {
    /// Marks the scan, as far as its codes.
    pub(super) fn new(
        bytes: &'a [u8],
        header: &Header,
        touched: &Touched,
        inker: &mut Inker<'_>,
    ) -> Result<Self, Refusal> {
        let [scan] = &header.scans[..] else { return Err(Refusal::Broken { at: 0 }) };
        let reader = Reader::new(header, scan)?;
        let wide = scan.mcus(&header.frame).0;
        let tables = || reader.origins.iter().map(|at| &header.tables[*at]);
        let mut splice = Self {
            bytes,
            wide,
            intervals: intervals(bytes, header, scan)?,
            runs: touched.runs(wide),
            is_complete: tables().all(|table| is_complete(&table.spec, table.class)),
            tokens: Vec::new(),
            plans: Vec::new(),
            specs: tables().map(|table| table.spec.clone()).collect(),
            codes: Codes::Own,
            reader,
        };
        if !splice.is_complete {
            splice.plan(inker)?;
            splice.choose_codes();
        }
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

    fn choose_codes(&mut self) {
        let mut counts = Counts::new(self.reader.tables.len());
        self.tokens.iter().for_each(|token| counts.count(token.table(), token.symbol));
        for (at, spec) in self.specs.iter_mut().enumerate() {
            let missing = counts.missing(at, spec);
            if missing.is_empty() {
                continue;
            }
            let found;
            (*spec, found) = match spec.extended(&missing) {
                Some(extended) => (extended, Codes::Added),
                None => (with_room(spec, &missing), Codes::New),
            };
            self.codes = self.codes.max(found);
        }
    }

    /// Decides what each interval becomes.
    fn plan(&mut self, inker: &mut Inker<'_>) -> Result<(), Refusal> {
        let mut tokens = Vec::new();
        self.plans.reserve(self.intervals.len());
        for interval in &self.intervals {
            let runs = self.runs_in(interval);
            let steps = if runs.is_empty() {
                None
            } else {
                let mut plan = Plan { steps: Vec::new(), first: tokens.len(), tokens: &mut tokens };
                self.mark(interval, &runs, inker, &mut plan)?;
                plan.end_tokens();
                Some(plan.steps)
            };
            self.plans.push(steps);
        }
        self.tokens = tokens;
        Ok(())
    }

    /// The touched MCUs of an interval.
    fn runs_in(&self, interval: &Interval) -> Vec<(u32, u32)> {
        let Range { start, end } = interval.mcus;
        let first = self.runs.partition_point(|(_, to)| *to <= start);
        let mine = self.runs[first..].iter().take_while(|(from, _)| *from < end);
        mine.map(|(from, to)| ((*from).max(start), (*to).min(end))).collect()
    }

    /// What an interval with touched MCUs becomes.
    fn mark(
        &self,
        interval: &Interval,
        runs: &[(u32, u32)],
        inker: &mut Inker<'_>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal> {
        let Self { bytes, wide, reader, .. } = self;
        let source = Stuffed::new(&bytes[interval.bytes.clone()]);
        let mut blocks = vec![[0; 64]; reader.places.len()];
        let broken = Refusal::Broken { at: interval.bytes.start };
        let reached: u32 = runs.iter().map(|(from, to)| to - from).sum();
        let count = interval.mcus.end - interval.mcus.start;
        // Where most of it must be read there is nothing to leap over.
        let index = if reached < count / 2 { Index::build(reader, source, count, runs.len()) } else { None };
        let mut walk = Walk::new(reader, source, index.as_ref());
        let mut mcu = interval.mcus.start;
        // The DC that a reader of the output has seen last.
        let mut written = [0; 4];
        for (index, &(from, to)) in runs.iter().enumerate() {
            if mcu < from {
                let start = walk.cursor.at();
                walk.pass(from - mcu).ok_or(broken)?;
                sink.copy(&source, start, walk.cursor.at(), from - mcu);
                written = walk.dc;
            }
            for mcu in from..to {
                walk.read(&mut blocks).ok_or(broken)?;
                inker.mark(mcu % wide, mcu / wide, &mut blocks);
                put(reader, &blocks, &mut written, sink)?;
            }
            mcu = to;
            let is_followed = mcu < interval.mcus.end && runs.get(index + 1).is_none_or(|(from, _)| *from > mcu);
            if is_followed {
                walk.read(&mut blocks).ok_or(broken)?;
                put(reader, &blocks, &mut written, sink)?;
                mcu += 1;
            }
        }
        let start = walk.cursor.at();
        let rest = interval.mcus.end - mcu;
        walk.pass(rest).ok_or(broken)?;
        sink.copy(&source, start, walk.cursor.at(), rest);
        walk.is_at_end().then_some(()).ok_or(broken)
    }

    /// Appends the entropy-coded data with restart markers.
    pub(super) fn write(&mut self, inker: &mut Inker<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
        let encoders: Vec<Encoder> = self.specs.iter().map(Encoder::new).collect();
        let recoder = (self.codes == Codes::New).then(|| Recoder::new(&self.reader, &encoders));
        for (number, interval) in self.intervals.iter().enumerate() {
            if number > 0 {
                out.extend([0xff, 0xd0 | (number - 1) as u8 & 7]);
            }
            let runs = if self.is_complete { self.runs_in(interval) } else { Vec::new() };
            if !runs.is_empty() {
                let mut direct = Direct { writer: BitWriter::new(out), encoders: &encoders };
                self.mark(interval, &runs, inker, &mut direct)?;
                direct.writer.finish();
                continue;
            }
            let all = [Step::Copy(0, 0, interval.mcus.end - interval.mcus.start)];
            match (self.plans.get(number).and_then(Option::as_ref), &recoder) {
                (Some(steps), _) => self.follow(interval, steps, &encoders, recoder.as_ref(), out)?,
                (None, Some(_)) => self.follow(interval, &all, &encoders, recoder.as_ref(), out)?,
                (None, None) => out.extend_from_slice(&self.bytes[interval.bytes.clone()]),
            }
        }
        Ok(())
    }

    /// Writes an interval as it was planned.
    fn follow(
        &self,
        interval: &Interval,
        steps: &[Step],
        encoders: &[Encoder],
        recoder: Option<&Recoder<'_>>,
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let source = Stuffed::new(&self.bytes[interval.bytes.clone()]);
        let borrowed: Vec<&Encoder> = encoders.iter().collect();
        let mut writer = BitWriter::new(out);
        for step in steps {
            match (*step, recoder) {
                (Step::Copy(from, _, mcus), Some(recoder)) => recoder
                    .recode(source, from, mcus, &mut writer)
                    .ok_or(Refusal::Broken { at: interval.bytes.start })?,
                (Step::Copy(from, to, _), None) => writer.copy(&source, from, to),
                (Step::Tokens(from, to), _) => write(&mut writer, &self.tokens[from..to], &borrowed)?,
            }
        }
        writer.finish();
        Ok(())
    }
}

/// Gives an MCU's blocks away; `written` is the last DC of each component in the output.
#[inline]
fn put(reader: &Reader, blocks: &[Block], written: &mut [i32; 4], sink: &mut impl Sink) -> Result<(), Refusal> {
    for (place, block) in reader.places.iter().zip(blocks) {
        let before = &mut written[place.component & 3];
        sink.block(place, *before, block)?;
        *before = i32::from(block[0]);
    }
    Ok(())
}
