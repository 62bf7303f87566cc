//! The stream with marks in it: what lies between them is copied.

use simd_adler32::Adler32;

use super::{
    Shape,
    bits::BitWriter,
    deflate, filter,
    inflate::{Broken, Inflate, Token, WINDOW},
    rows::Rows,
    with_pixels,
};
use crate::Stamp;

/// More than one symbol can make: so far before a mark the copying ends.
const MARGIN: u64 = 300;

/// Rows whose filtered bytes may change, from one to before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Region {
    first: u32,
    end: u32,
}

/// The rows of the marks, and for each group of them the one below, whose filter looks up.
fn regions(shape: &Shape, stamps: &[Stamp]) -> Vec<Region> {
    let touched = stamps.iter().flat_map(|stamp| stamp.touched(shape.width, shape.height));
    let mut all: Vec<Region> =
        touched.map(|rect| Region { first: rect.y, end: rect.bottom().saturating_add(1).min(shape.height) }).collect();
    all.sort_by_key(|region| region.first);
    let mut merged: Vec<Region> = Vec::new();
    for region in all {
        match merged.last_mut() {
            // Those whose windows overlap are one; the rows between them stay what they are.
            Some(last) if u64::from(region.first) * shape.stride() <= behind(shape, last) + 2 * MARGIN => {
                last.end = last.end.max(region.end);
            }
            _ => merged.push(region),
        }
    }
    merged
}

/// Where no match can reach a region any more.
fn behind(shape: &Shape, region: &Region) -> u64 {
    (u64::from(region.end) * shape.stride() + WINDOW as u64).min(shape.packed_bytes())
}

/// Puts marks into a zlib stream of filtered rows.
pub(super) fn mark(zlib: &[u8], shape: &Shape, stamps: &[Stamp]) -> Result<Vec<u8>, Broken> {
    let (head, stream) = zlib.split_at_checked(2).ok_or(Broken)?;
    let mut bytes = Vec::with_capacity(zlib.len() + zlib.len() / 16);
    bytes.extend_from_slice(head);
    let mut splicer = Splicer {
        stream,
        shape,
        stamps,
        inflate: Inflate::new(stream),
        rows: Rows::new(shape),
        writer: BitWriter::behind(bytes),
        copied: 0,
        stored: 0,
        resumed: None,
        old_sum: Adler32::new(),
        new_sum: Adler32::new(),
    };
    let regions = regions(shape, stamps);
    let mut rest = &regions[..];
    while let Some(region) = rest.first() {
        splicer.pass_over(*region)?;
        splicer.cut();
        let done = splicer.code_again(rest)?;
        rest = rest.get(done..).unwrap_or_default();
    }
    splicer.finish()
}

struct Splicer<'a> {
    stream: &'a [u8],
    shape: &'a Shape,
    stamps: &'a [Stamp],
    inflate: Inflate<'a>,
    rows: Rows<'a>,
    writer: BitWriter,
    /// Bit of the stream up to which all is written.
    copied: u64,
    /// How many of the blocks without compression were written, or are not to be.
    stored: usize,
    /// A block's header that was written again: where it begins in the stream, and in the output.
    resumed: Option<(u64, u64)>,
    old_sum: Adler32,
    new_sum: Adler32,
}

impl Splicer<'_> {
    /// Reads on to a little before a region, or to the front of the block without compression that it begins in.
    fn pass_over(&mut self, region: Region) -> Result<(), Broken> {
        let start = u64::from(region.first) * self.shape.stride();
        loop {
            let before = self.inflate.produced();
            if self.inflate.is_boundary() && before + MARGIN >= start {
                return Ok(());
            }
            self.inflate.advance(start.saturating_sub(MARGIN), start, None)?;
            let made = self.inflate.made_from(before);
            if made.is_empty() && self.inflate.is_boundary() {
                return Ok(());
            }
            self.old_sum.write(made);
            self.new_sum.write(made);
            self.rows.pass(made)?;
        }
    }

    /// Copies what was read and not yet written.
    fn copy(&mut self, to: u64) {
        while let Some(block) = self.inflate.stored.get(self.stored).filter(|block| block.from < to) {
            self.stored += 1;
            if block.from < self.copied {
                continue;
            }
            // Its data begins at a byte, in the output another one.
            self.writer.copy(self.stream, self.copied, block.from + 3);
            self.writer.align();
            let end = block.lengths_at + 4 + block.length;
            self.writer.extend(self.stream.get(block.lengths_at..end).unwrap_or_default());
            self.copied = end as u64 * 8;
        }
        self.writer.copy(self.stream, self.copied, to);
        self.copied = self.copied.max(to);
    }

    /// Writes what was read, and ends the block there.
    fn cut(&mut self) {
        if let Some(header) = self.inflate.header() {
            let at = match self.resumed {
                Some((from, at)) if from == header.from => at,
                _ => {
                    self.copy(header.from);
                    self.writer.position()
                }
            };
            self.copy(self.inflate.position());
            if header.is_final {
                self.writer.clear(at);
            }
            if let Some((code, size)) = self.inflate.end_code() {
                self.writer.put(code.into(), size);
            }
        } else {
            self.copy(self.inflate.position());
        }
    }

    /// Codes the first region, and the window behind it, again; and with it all those that begin before a symbol does
    /// behind that. Returns how many.
    fn code_again(&mut self, regions: &[Region]) -> Result<usize, Broken> {
        let start = self.inflate.produced();
        let mut fresh = Fresh::new(self.inflate.made_from(start.saturating_sub(WINDOW as u64)));
        let mut above: Option<Vec<u8>> = None;
        // Regions that the rows have come to the end of, and those that the stream has come to.
        let (mut passed, mut done) = (0, 1);
        loop {
            let before = self.inflate.produced();
            let has_begun = |region: &&Region| u64::from(region.first) * self.shape.stride() < before;
            done = done.max(regions.iter().take_while(has_begun).count());
            let end = regions.get(done - 1).map_or(0, |region| behind(self.shape, region));
            if self.inflate.is_done() || before >= end && self.inflate.is_boundary() {
                break;
            }
            self.inflate.advance(end, u64::MAX, Some(&mut fresh.tokens))?;
            let mut made = self.inflate.made_from(before);
            if made.is_empty() && !self.inflate.is_done() {
                return Err(Broken);
            }
            self.old_sum.write(made);
            let known = fresh.bytes.len();
            while !made.is_empty() {
                let y = self.rows.y;
                if y >= self.shape.height {
                    return Err(Broken);
                }
                passed += regions[passed..].iter().take_while(|region| region.end <= y).count();
                let may_change = regions.get(passed).is_some_and(|region| region.first <= y);
                let mut row = Vec::new();
                let taken = self.rows.take(made, |whole| row.extend_from_slice(whole))?;
                if !may_change {
                    fresh.bytes.extend_from_slice(&made[..taken]);
                }
                made = &made[taken..];
                if may_change && self.rows.y > y {
                    above = self.redraw(y, &row, above, &mut fresh.bytes)?;
                }
            }
            self.new_sum.write(&fresh.bytes[known..]);
            fresh.code(&mut self.writer);
        }
        if !fresh.finish(&mut self.writer) {
            return Err(Broken);
        }
        self.copied = self.inflate.position();
        self.stored = self.inflate.stored.len();
        if self.inflate.is_done() {
            deflate::end(&mut self.writer);
        } else if let Some(header) = self.inflate.header() {
            self.resumed = Some((header.from, self.writer.position()));
            self.writer.copy(self.stream, header.from, header.to);
        }
        Ok(done)
    }

    /// Appends a row's filtered bytes with the marks in it. `above` is the marked row above, if marks changed it; returned
    /// is this one, on the same terms.
    fn redraw(
        &self,
        y: u32,
        filtered: &[u8],
        above: Option<Vec<u8>>,
        to: &mut Vec<u8>,
    ) -> Result<Option<Vec<u8>>, Broken> {
        let (kind, _) = filtered.split_first().ok_or(Broken)?;
        // The row has just become the one above.
        let plain = self.rows.above();
        let mut drawn = plain.to_vec();
        with_pixels(self.shape, &mut drawn, |pixels| {
            self.stamps.iter().for_each(|stamp| stamp.blend_onto_rows(pixels, y));
        })
        .ok_or(Broken)?;
        let is_drawn = drawn != plain;
        match (above, is_drawn) {
            (None, false) => to.extend_from_slice(filtered),
            (above, _) => {
                let above = match above {
                    Some(above) => above,
                    None => self.rows.before_last().to_vec(),
                };
                to.push(*kind);
                filter::apply(*kind, self.shape.pixel_bytes(), &above, &drawn, to);
            }
        }
        Ok(is_drawn.then_some(drawn))
    }

    /// Reads to the end, copies it, and writes the sum.
    fn finish(mut self) -> Result<Vec<u8>, Broken> {
        while !self.inflate.is_done() {
            let before = self.inflate.produced();
            self.inflate.advance(u64::MAX, u64::MAX, None)?;
            let made = self.inflate.made_from(before);
            self.old_sum.write(made);
            self.new_sum.write(made);
            if self.inflate.produced() > self.shape.packed_bytes() {
                return Err(Broken);
            }
        }
        let end = self.inflate.position();
        let sum_at = usize::try_from(end.div_ceil(8)).map_err(|_| Broken)?;
        let sum = self.stream.get(sum_at..).and_then(|rest| rest.first_chunk()).ok_or(Broken)?;
        let is_right = u32::from_be_bytes(*sum) == self.old_sum.finish();
        if self.inflate.produced() != self.shape.packed_bytes() || !is_right {
            return Err(Broken);
        }
        self.copy(end);
        let mut bytes = self.writer.into_bytes();
        bytes.extend(self.new_sum.finish().to_be_bytes());
        Ok(bytes)
    }
}

/// New bytes, and the tokens that once made the old ones.
struct Fresh {
    /// With a window of what is older in front.
    bytes: Vec<u8>,
    tokens: Vec<Token>,
    /// How many bytes have tokens in `block`, or are written.
    coded: usize,
    block: Vec<Token>,
}

impl Fresh {
    fn new(window: &[u8]) -> Self {
        Self { bytes: window.to_vec(), tokens: Vec::new(), coded: window.len(), block: Vec::new() }
    }

    /// Codes all tokens whose bytes are known.
    fn code(&mut self, writer: &mut BitWriter) {
        let mut used = 0;
        for token in &self.tokens {
            let at = self.coded;
            match token.reach() {
                None => {
                    let Some(byte) = self.bytes.get(at) else { break };
                    self.block.push(Token::literal(*byte));
                    self.coded += 1;
                }
                Some((length, distance)) => {
                    let Some(bytes) = self.bytes.get(at..at + length) else { break };
                    let source = at.checked_sub(distance).and_then(|from| self.bytes.get(from..from + length));
                    if source == Some(bytes) {
                        self.block.push(*token);
                    } else {
                        plainly(&self.bytes, at, length, &mut self.block);
                    }
                    self.coded += length;
                }
            }
            used += 1;
            if self.block.len() >= deflate::BLOCK_TOKENS {
                deflate::block(writer, &self.block);
                self.block.clear();
            }
        }
        self.tokens.drain(..used);
        if let Some(old) = self.coded.checked_sub(WINDOW).filter(|old| *old > 4 * WINDOW) {
            self.bytes.drain(..old);
            self.coded -= old;
        }
    }

    /// Writes what is left; false if there are tokens without bytes.
    fn finish(mut self, writer: &mut BitWriter) -> bool {
        self.code(writer);
        if !self.block.is_empty() {
            deflate::block(writer, &self.block);
        }
        self.tokens.is_empty() && self.coded == self.bytes.len()
    }
}

/// Bytes as literals, and runs of the same byte.
fn plainly(bytes: &[u8], from: usize, length: usize, tokens: &mut Vec<Token>) {
    const LEAST: usize = 4;
    let mut rest = bytes.get(from..from + length).unwrap_or_default();
    let mut last = from.checked_sub(1).and_then(|at| bytes.get(at));
    while let Some(byte) = rest.first() {
        let run = if last == Some(byte) { rest.iter().take(258).take_while(|other| *other == byte).count() } else { 0 };
        let taken = if run >= LEAST {
            tokens.push(Token::copy(run, 1));
            run
        } else {
            tokens.push(Token::literal(*byte));
            1
        };
        last = Some(byte);
        rest = &rest[taken..];
    }
}
