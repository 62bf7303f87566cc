//! A deflate stream read piece by piece, with the places where its symbols begin. Source: RFC 1951.

use super::codes::{Codes, KINDS, LITERAL, LITERALS, LITERALS_MASK, LONG, Long};

/// How far back a match may reach, in bytes.
pub(super) const WINDOW: usize = 1 << 15;

/// What one call makes at most, in bytes; a block without compression has up to 65,535.
const CHUNK: usize = 1 << 17;

/// Longest match, and what a look-up writes more than it has.
const SLACK: usize = 258 + 24;

/// The stream is broken, or too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

/// A literal, or a match: its length less 3 in 8 bits, and its distance less 1 in 15.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token(u32);

const IS_MATCH: u32 = 1 << 31;

impl Token {
    pub(super) const fn literal(byte: u8) -> Self {
        Self(byte as u32)
    }

    pub(super) const fn copy(length: usize, distance: usize) -> Self {
        Self(IS_MATCH | ((length - 3) as u32) << 16 | (distance - 1) as u32)
    }

    /// Length and distance; none of a literal.
    pub(super) const fn reach(self) -> Option<(usize, usize)> {
        if self.0 & IS_MATCH == 0 {
            return None;
        }
        Some(((self.0 >> 16 & 0xff) as usize + 3, (self.0 & 0x7fff) as usize + 1))
    }

    pub(super) const fn byte(self) -> u8 {
        self.0 as u8
    }
}

/// Where a block with codes begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Bit of the stream where its header begins.
    pub(super) from: u64,
    /// Bit where its symbols begin.
    pub(super) to: u64,
    /// Whether it is the last one.
    pub(super) is_final: bool,
}

/// A block without compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stored {
    /// Bit of the stream where its header begins.
    pub(super) from: u64,
    /// Byte where its two lengths begin.
    pub(super) lengths_at: usize,
    /// Bytes of its data.
    pub(super) length: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    /// A header comes next.
    Between,
    Stored {
        left: usize,
    },
    Coded(Header),
    Done,
}

pub(super) struct Inflate<'a> {
    input: &'a [u8],
    at: usize,
    bits: u64,
    count: u32,
    block: Block,
    is_final: bool,
    codes: Box<Codes>,
    /// What was made: up to a window of what is older, and what is new.
    out: Vec<u8>,
    end: usize,
    /// Bytes that were dropped from the front.
    dropped: u64,
    /// Every block without compression so far.
    pub(super) stored: Vec<Stored>,
}

impl<'a> Inflate<'a> {
    /// Of a stream without zlib's header; what stands behind its end is left alone.
    pub(super) fn new(input: &'a [u8]) -> Self {
        Self {
            input,
            at: 0,
            bits: 0,
            count: 0,
            block: Block::Between,
            is_final: false,
            codes: Codes::new(),
            out: vec![0; WINDOW + CHUNK + SLACK],
            end: 0,
            dropped: 0,
            stored: Vec::new(),
        }
    }

    /// Bytes made so far.
    pub(super) fn produced(&self) -> u64 {
        self.dropped + self.end as u64
    }

    /// Bit of the stream that is read next.
    pub(super) fn position(&self) -> u64 {
        self.at as u64 * 8 - u64::from(self.count)
    }

    /// The block whose symbols are being read; none between two, and in one without compression.
    pub(super) fn header(&self) -> Option<Header> {
        match self.block {
            Block::Coded(header) => Some(header),
            _ => None,
        }
    }

    /// Whether the stream could be cut here: a symbol or a block begins.
    pub(super) fn is_boundary(&self) -> bool {
        !matches!(self.block, Block::Stored { left: 1.. })
    }

    pub(super) fn is_done(&self) -> bool {
        self.block == Block::Done
    }

    /// Code and length of the current block's end, as the stream has it.
    pub(super) fn end_code(&self) -> Option<(u32, u32)> {
        self.header().and_then(|_| self.codes.end_code())
    }

    /// What was made from a position on, which must be one of the last window's.
    pub(super) fn made_from(&self, position: u64) -> &[u8] {
        let from = position.saturating_sub(self.dropped);
        usize::try_from(from).ok().and_then(|from| self.out.get(from..self.end)).unwrap_or_default()
    }

    /// Makes bytes until there are this many, or a few more, or the stream ends, or enough for one call. Does not enter
    /// a block without compression that reaches over `limit`; its front is a boundary.
    pub(super) fn advance(
        &mut self,
        until: u64,
        limit: u64,
        mut tokens: Option<&mut Vec<Token>>,
    ) -> Result<(), Broken> {
        self.slide();
        let room = WINDOW + CHUNK;
        let until = usize::try_from(until.saturating_sub(self.dropped)).unwrap_or(usize::MAX).min(room);
        // One without compression is no place to stop in.
        while self.end < until || (!self.is_boundary() && self.end < room) {
            match self.block {
                Block::Done => break,
                Block::Between => {
                    if !self.begin(limit)? {
                        break;
                    }
                }
                Block::Stored { left } => {
                    let length = left.min(room - self.end);
                    let data = self.input.get(self.at..self.at + length).ok_or(Broken)?;
                    self.out[self.end..self.end + length].copy_from_slice(data);
                    if let Some(tokens) = &mut tokens {
                        tokens.extend(data.iter().map(|byte| Token::literal(*byte)));
                    }
                    self.at += length;
                    self.end += length;
                    self.block = if left == length { self.after() } else { Block::Stored { left: left - length } };
                }
                Block::Coded(_) => match &mut tokens {
                    None => self.symbols::<false>(until, &mut Vec::new())?,
                    Some(tokens) => self.symbols::<true>(until, tokens)?,
                },
            }
            if self.position() > self.input.len() as u64 * 8 {
                return Err(Broken);
            }
        }
        Ok(())
    }

    /// Keeps one window.
    fn slide(&mut self) {
        if let Some(from) = self.end.checked_sub(WINDOW).filter(|from| *from > 0) {
            self.out.copy_within(from..self.end, 0);
            self.dropped += from as u64;
            self.end = WINDOW;
        }
    }

    fn after(&self) -> Block {
        if self.is_final { Block::Done } else { Block::Between }
    }

    /// Reads a header; false if the block is not to be entered.
    fn begin(&mut self, limit: u64) -> Result<bool, Broken> {
        let before = (self.at, self.bits, self.count, self.is_final);
        let from = self.position();
        self.refill();
        self.is_final = self.take(1) == 1;
        match self.take(2) {
            0 => {
                let lengths_at = usize::try_from(self.position().div_ceil(8)).map_err(|_| Broken)?;
                let [a, b, c, d] = *self.input.get(lengths_at..).and_then(|rest| rest.first_chunk()).ok_or(Broken)?;
                let length = u16::from_le_bytes([a, b]);
                if length != !u16::from_le_bytes([c, d]) {
                    return Err(Broken);
                }
                let length = usize::from(length);
                if self.produced() + length as u64 > limit {
                    (self.at, self.bits, self.count, self.is_final) = before;
                    return Ok(false);
                }
                (self.at, self.bits, self.count) = (lengths_at + 4, 0, 0);
                self.stored.push(Stored { from, lengths_at, length });
                self.block = if length == 0 { self.after() } else { Block::Stored { left: length } };
            }
            1 => {
                self.codes.fixed().ok_or(Broken)?;
                self.block = Block::Coded(Header { from, to: self.position(), is_final: self.is_final });
            }
            2 => {
                self.read_codes()?;
                self.block = Block::Coded(Header { from, to: self.position(), is_final: self.is_final });
            }
            _ => return Err(Broken),
        }
        Ok(true)
    }

    /// Source: RFC 1951, 3.2.7.
    fn read_codes(&mut self) -> Result<(), Broken> {
        const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        let literals = self.take(5) as usize + 257;
        let distances = self.take(5) as usize + 1;
        let lengths = self.take(4) as usize + 4;
        if literals > 286 || distances > 30 {
            return Err(Broken);
        }
        let mut sizes = [0_u8; 19];
        for at in &ORDER[..lengths] {
            self.refill();
            sizes[*at] = self.take(3) as u8;
        }
        let code = Long::new(&sizes).ok_or(Broken)?;
        let mut sizes = [0_u8; 286 + 30];
        let mut at = 0;
        while at < literals + distances {
            self.refill();
            let (symbol, size) = code.find(self.bits).ok_or(Broken)?;
            self.skip(size);
            let (size, times) = match symbol {
                0..16 => (symbol as u8, 1),
                16 => (*sizes.get(at.checked_sub(1).ok_or(Broken)?).ok_or(Broken)?, 3 + self.take(2)),
                17 => (0, 3 + self.take(3)),
                _ => (0, 11 + self.take(7)),
            };
            let end = at + times as usize;
            if end > literals + distances {
                return Err(Broken);
            }
            sizes[at..end].fill(size);
            at = end;
        }
        let (literals, distances) = sizes[..at].split_at(literals);
        self.codes.set(literals, distances).ok_or(Broken)
    }

    #[inline(always)]
    fn refill(&mut self) {
        refill(self.input, &mut self.at, &mut self.bits, &mut self.count);
    }

    fn take(&mut self, count: u32) -> u32 {
        let value = (self.bits & ((1 << count) - 1)) as u32;
        self.skip(count);
        value
    }

    fn skip(&mut self, count: u32) {
        self.bits >>= count;
        self.count -= count;
    }

    /// Reads symbols until there are so many bytes, or the block ends.
    fn symbols<const ARE_KEPT: bool>(&mut self, until: usize, tokens: &mut Vec<Token>) -> Result<(), Broken> {
        let (input, codes) = (self.input, &*self.codes);
        let (mut at, mut bits, mut count, mut end) = (self.at, self.bits, self.count, self.end);
        let out = &mut self.out[..];
        let mut is_over = false;
        while end < until {
            refill(input, &mut at, &mut bits, &mut count);
            let look = |bits: u64| codes.literals[(bits & LITERALS_MASK) as usize];
            let mut entry = look(bits);
            // Four looks of at most `LITERAL_BITS` bits are in a refill.
            let mut pairs = 0;
            while entry & LITERALS != 0 && pairs < 2 {
                bits >>= entry & 15;
                count -= entry & 15;
                let mut number = (entry >> 4 & 3) as usize;
                let mut literals = u64::from(entry >> 8);
                let next = look(bits);
                if next & LITERALS != 0 {
                    bits >>= next & 15;
                    count -= next & 15;
                    literals |= u64::from(next >> 8) << (8 * number);
                    number += (next >> 4 & 3) as usize;
                    entry = look(bits);
                    pairs += 1;
                } else {
                    entry = next;
                }
                let literals = literals.to_le_bytes();
                let Some(place) = out.get_mut(end..end + 8) else { return Err(Broken) };
                place.copy_from_slice(&literals);
                if ARE_KEPT {
                    tokens.extend(literals[..number.min(8)].iter().map(|byte| Token::literal(*byte)));
                }
                end += number;
            }
            if entry & LITERALS != 0 {
                continue;
            }
            refill(input, &mut at, &mut bits, &mut count);
            if entry & KINDS == LONG {
                entry = codes.long_literal(bits).ok_or(Broken)?;
            }
            bits >>= entry & 15;
            count -= entry & 15;
            if entry & KINDS == LITERAL {
                let Some(place) = out.get_mut(end) else { return Err(Broken) };
                *place = (entry >> 16) as u8;
                end += 1;
                if ARE_KEPT {
                    tokens.push(Token::literal((entry >> 16) as u8));
                }
                continue;
            }
            let extra = entry >> 8 & 15;
            let length = (entry >> 16) as usize + (bits & ((1 << extra) - 1)) as usize;
            if length == 0 {
                is_over = true;
                break;
            }
            bits >>= extra;
            count -= extra;
            let mut entry = codes.distances[(bits & 0x1ff) as usize];
            if entry & KINDS == LONG {
                entry = codes.long_distance(bits).ok_or(Broken)?;
            }
            bits >>= entry & 15;
            count -= entry & 15;
            let extra = entry >> 8 & 15;
            let distance = (entry >> 16) as usize + (bits & ((1 << extra) - 1)) as usize;
            bits >>= extra;
            count -= extra;
            let from = end.checked_sub(distance).ok_or(Broken)?;
            copy(out, from, end, length).ok_or(Broken)?;
            end += length;
            if ARE_KEPT {
                tokens.push(Token::copy(length, distance));
            }
        }
        (self.at, self.bits, self.count, self.end) = (at, bits, count, end);
        if is_over {
            self.block = self.after();
        }
        Ok(())
    }
}

/// Copies a match; behind it some bytes may be changed.
#[inline(always)]
fn copy(out: &mut [u8], from: usize, to: usize, length: usize) -> Option<()> {
    let distance = to - from;
    if distance >= 8 {
        // Eight at a time, as a match that reaches into itself is meant to be.
        let mut done = 0;
        while done < length {
            let eight: [u8; 8] = *out.get(from + done..)?.first_chunk()?;
            *out.get_mut(to + done..)?.first_chunk_mut()? = eight;
            done += 8;
        }
    } else if distance == 1 {
        let byte = *out.get(from)?;
        out.get_mut(to..to + length)?.fill(byte);
    } else {
        for at in 0..length {
            *out.get_mut(to + at)? = *out.get(from + at)?;
        }
    }
    Some(())
}

/// Leaves at least 56 bits. What is behind the end reads as zeros.
#[inline(always)]
fn refill(input: &[u8], at: &mut usize, bits: &mut u64, count: &mut u32) {
    if let Some(next) = input.get(*at..*at + 8).and_then(|next| next.first_chunk()) {
        *bits |= u64::from_le_bytes(*next) << *count;
        *at += ((63 - *count) >> 3) as usize;
        *count |= 56;
    } else {
        while *count <= 55 {
            *bits |= u64::from(input.get(*at).copied().unwrap_or(0)) << *count;
            *at += 1;
            *count += 8;
        }
    }
}
