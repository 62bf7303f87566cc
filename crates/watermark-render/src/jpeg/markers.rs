//! The segments of a JPEG: everything but the entropy-coded data. Source: ITU-T T.81, annex B.

use std::ops::Range;

use super::{
    Refusal,
    frame::{Component, Frame, Process, Scan, ScanComponent},
    huffman::{Class, HuffmanSpec},
};

pub(super) const SOI: u8 = 0xd8;
pub(super) const EOI: u8 = 0xd9;
pub(super) const SOS: u8 = 0xda;
pub(super) const DQT: u8 = 0xdb;
pub(super) const DHT: u8 = 0xc4;
pub(super) const DRI: u8 = 0xdd;
pub(super) const APP0: u8 = 0xe0;
pub(super) const APP1: u8 = 0xe1;
pub(super) const APP2: u8 = 0xe2;
pub(super) const APP13: u8 = 0xed;
pub(super) const APP14: u8 = 0xee;
pub(super) const APP15: u8 = 0xef;
pub(super) const COM: u8 = 0xfe;

/// Most scans of one file; the standard allows a progressive file with about a thousand, and no encoder makes 100.
const MAX_SCANS: usize = 128;

/// Most Huffman tables of one file: more than all its scans could use.
const MAX_TABLES: usize = 8 * MAX_SCANS;

/// A segment with a marker and a length.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) marker: u8,
    /// What follows the length.
    pub(super) payload: Range<usize>,
}

/// A Huffman table where the file defines it.
#[derive(Debug, Clone)]
pub(super) struct TableAt {
    /// Which of [`Header::parts`].
    pub(super) part: usize,
    pub(super) class: Class,
    /// 0 to 3.
    pub(super) slot: u8,
    pub(super) spec: HuffmanSpec,
}

/// A piece of the file, in its order.
#[derive(Debug, Clone)]
pub(super) enum Part {
    /// A segment before, between and after scans.
    Segment(Segment),
    /// The header of a scan and its data: which of [`Header::scans`].
    Scan(Segment, usize),
}

/// A JPEG, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) parts: Vec<Part>,
    pub(super) frame: Frame,
    /// Quantization tables by slot, in zigzag order.
    pub(super) quantization: [Option<[u16; 64]>; 4],
    pub(super) tables: Vec<TableAt>,
    pub(super) scans: Vec<Scan>,
}

impl Header {
    /// Takes a file apart, up to its end-of-image marker; what follows that is not looked at.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        Parser::new(bytes).parse()
    }

    /// The segments before the first scan's data.
    pub(super) fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.parts.iter().filter_map(|part| match part {
            Part::Segment(segment) => Some(segment),
            Part::Scan(..) => None,
        })
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    parts: Vec<Part>,
    frame: Option<Frame>,
    quantization: [Option<[u16; 64]>; 4],
    tables: Vec<TableAt>,
    /// The table in force: DC slots, then AC slots.
    in_force: [Option<usize>; 8],
    restart: u32,
    scans: Vec<Scan>,
}

impl<'a> Parser<'a> {
    const fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 2,
            parts: Vec::new(),
            frame: None,
            quantization: [None; 4],
            tables: Vec::new(),
            in_force: [None; 8],
            restart: 0,
            scans: Vec::new(),
        }
    }

    fn parse(mut self) -> Result<Header, Refusal> {
        if !self.bytes.starts_with(&[0xff, SOI]) {
            return Err(Refusal::Broken { at: 0 });
        }
        loop {
            let marker = self.marker()?;
            if marker == EOI {
                break;
            }
            let segment = self.segment(marker)?;
            let payload = &self.bytes[segment.payload.clone()];
            match marker {
                DQT => self.quantization(payload, segment.payload.start)?,
                DHT => self.huffman(payload, segment.payload.start)?,
                DRI => {
                    let [high, low] = payload else { return Err(self.broken()) };
                    self.restart = u32::from(u16::from_be_bytes([*high, *low]));
                }
                0xc0..=0xc2 if self.frame.is_some() => return Err(self.broken()),
                0xc0 | 0xc1 => self.frame = Some(self.frame(payload, Process::Sequential)?),
                0xc2 => self.frame = Some(self.frame(payload, Process::Progressive)?),
                0xc3 | 0xc5..=0xc7 | 0xcb | 0xcd..=0xcf => return Err(Refusal::Lossless),
                0xc9 | 0xca | 0xcc => return Err(Refusal::Arithmetic),
                // A height that comes after the scan, and hierarchical files.
                0xdc | 0xde | 0xdf => return Err(Refusal::Hierarchical),
                SOS => {
                    let scan = self.scan(payload)?;
                    self.at = scan.entropy.end;
                    self.parts.push(Part::Scan(segment, self.scans.len()));
                    self.scans.push(scan);
                    if self.scans.len() > MAX_SCANS {
                        return Err(Refusal::TooManyScans);
                    }
                    continue;
                }
                _ => {}
            }
            self.parts.push(Part::Segment(segment));
        }
        let frame = self.frame.ok_or(Refusal::Broken { at: self.at })?;
        if self.scans.is_empty() {
            return Err(Refusal::Broken { at: self.at });
        }
        Ok(Header { parts: self.parts, frame, quantization: self.quantization, tables: self.tables, scans: self.scans })
    }

    const fn broken(&self) -> Refusal {
        Refusal::Broken { at: self.at }
    }

    /// The next marker. Fill bytes may precede it; anything else between segments is a mistake.
    fn marker(&mut self) -> Result<u8, Refusal> {
        if self.bytes.get(self.at) != Some(&0xff) {
            return Err(self.broken());
        }
        while self.bytes.get(self.at) == Some(&0xff) {
            self.at += 1;
        }
        let marker = *self.bytes.get(self.at).ok_or_else(|| self.broken())?;
        self.at += 1;
        match marker {
            0x00..=0xbf | 0xd0..=0xd8 => Err(self.broken()),
            marker => Ok(marker),
        }
    }

    fn segment(&mut self, marker: u8) -> Result<Segment, Refusal> {
        let length = match self.bytes.get(self.at..self.at + 2) {
            Some(&[high, low]) => usize::from(u16::from_be_bytes([high, low])),
            _ => return Err(self.broken()),
        };
        let payload = self.at + 2..self.at + length;
        if length < 2 || payload.end > self.bytes.len() {
            return Err(self.broken());
        }
        self.at = payload.end;
        Ok(Segment { marker, payload })
    }

    fn quantization(&mut self, mut payload: &[u8], at: usize) -> Result<(), Refusal> {
        let broken = Refusal::Broken { at };
        while let [kind, rest @ ..] = payload {
            let (is_wide, slot) = (kind >> 4, usize::from(kind & 15));
            let size = match is_wide {
                0 => 64,
                1 => 128,
                _ => return Err(broken),
            };
            if slot > 3 || rest.len() < size {
                return Err(broken);
            }
            let (values, rest) = rest.split_at(size);
            let mut table = [0; 64];
            for (index, value) in table.iter_mut().enumerate() {
                *value = match is_wide {
                    0 => u16::from(values[index]),
                    _ => u16::from_be_bytes([values[2 * index], values[2 * index + 1]]),
                };
            }
            if table.contains(&0) {
                return Err(broken);
            }
            // A table that changes while scans are under way would mean another thing for each of them.
            if !self.scans.is_empty() && self.quantization[slot].is_some_and(|before| before != table) {
                return Err(Refusal::ChangingTables);
            }
            self.quantization[slot] = Some(table);
            payload = rest;
        }
        Ok(())
    }

    fn huffman(&mut self, mut payload: &[u8], at: usize) -> Result<(), Refusal> {
        while let [kind, rest @ ..] = payload {
            let (class, slot) = match kind {
                0..=3 => (Class::Dc, *kind),
                0x10..=0x13 => (Class::Ac, kind & 15),
                _ => return Err(Refusal::Broken { at }),
            };
            let (spec, used) = HuffmanSpec::read(rest).ok_or(Refusal::Broken { at })?;
            let force = usize::from(slot) + if class == Class::Ac { 4 } else { 0 };
            if self.tables.len() == MAX_TABLES {
                return Err(Refusal::Broken { at });
            }
            self.in_force[force] = Some(self.tables.len());
            self.tables.push(TableAt { part: self.parts.len(), class, slot, spec });
            payload = &rest[used..];
        }
        Ok(())
    }

    fn frame(&self, payload: &[u8], process: Process) -> Result<Frame, Refusal> {
        let broken = self.broken();
        let &[depth, h1, h0, w1, w0, count, ref rest @ ..] = payload else { return Err(broken) };
        if depth == 12 {
            return Err(Refusal::TwelveBits);
        }
        let (width, height) = (u32::from(u16::from_be_bytes([w1, w0])), u32::from(u16::from_be_bytes([h1, h0])));
        let count = usize::from(count);
        if depth != 8 || width == 0 || height == 0 || rest.len() != 3 * count {
            return Err(broken);
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(Refusal::Components { count });
        }
        let parts = rest.chunks_exact(3);
        let tables: Vec<(u8, usize)> = parts.clone().map(|part| (part[0], usize::from(part[2]))).collect();
        let factors: Vec<(u32, u32)> = parts.map(|part| (u32::from(part[1] >> 4), u32::from(part[1] & 15))).collect();
        let in_range = |factor: u32| (1..=4).contains(&factor);
        if !factors.iter().all(|(h, v)| in_range(*h) && in_range(*v)) || tables.iter().any(|(_, table)| *table > 3) {
            return Err(broken);
        }
        // The factors of a single component say nothing: its blocks come one by one.
        let factors = if count == 1 { vec![(1, 1)] } else { factors };
        let h_max = factors.iter().map(|(h, _)| *h).max().unwrap_or(1);
        let v_max = factors.iter().map(|(_, v)| *v).max().unwrap_or(1);
        if factors.iter().any(|(h, v)| h_max % h != 0 || v_max % v != 0) {
            return Err(Refusal::Sampling);
        }
        let blocks = |side: u32, factor: u32, max: u32| (side * factor).div_ceil(8 * max);
        let components = factors.iter().zip(&tables).map(|(&(h, v), &(id, table))| Component {
            id,
            h,
            v,
            table,
            blocks_wide: blocks(width, h, h_max),
            blocks_high: blocks(height, v, v_max),
        });
        Ok(Frame {
            process,
            width,
            height,
            components: components.collect(),
            h_max,
            v_max,
            mcus_wide: width.div_ceil(8 * h_max),
            mcus_high: height.div_ceil(8 * v_max),
        })
    }

    fn scan(&self, payload: &[u8]) -> Result<Scan, Refusal> {
        let broken = || self.broken();
        let frame = self.frame.as_ref().ok_or_else(broken)?;
        let (&count, rest) = payload.split_first().ok_or_else(broken)?;
        let count = usize::from(count);
        if !(1..=4).contains(&count) || rest.len() != 2 * count + 3 {
            return Err(broken());
        }
        let (selectors, spectrum) = rest.split_at(2 * count);
        let (first, last, high, low) = (spectrum[0], spectrum[1], spectrum[2] >> 4, spectrum[2] & 15);
        let is_right = match frame.process {
            // Some writers leave 0, 0 here; sequential scans always hold everything.
            Process::Sequential => true,
            Process::Progressive => {
                let is_dc = first == 0 && last == 0;
                let is_ac = first >= 1 && first <= last && last <= 63 && count == 1;
                (is_dc || is_ac) && low <= 13 && (high == 0 || high == low + 1)
            }
        };
        if !is_right {
            return Err(broken());
        }
        let mut components: Vec<ScanComponent> = Vec::with_capacity(count);
        for pair in selectors.chunks_exact(2) {
            let index = frame.components.iter().position(|c| c.id == pair[0]).ok_or_else(broken)?;
            let in_order = components.last().is_none_or(|before| before.index < index);
            let (dc, ac) = (usize::from(pair[1] >> 4), usize::from(pair[1] & 15));
            if !in_order || dc > 3 || ac > 3 || self.quantization[frame.components[index].table].is_none() {
                return Err(broken());
            }
            let (needs_dc, needs_ac) = match frame.process {
                Process::Sequential => (true, true),
                Process::Progressive => (first == 0 && high == 0, first > 0),
            };
            let (dc, ac) = (self.in_force[dc].filter(|_| needs_dc), self.in_force[4 + ac].filter(|_| needs_ac));
            if (needs_dc && dc.is_none()) || (needs_ac && ac.is_none()) {
                return Err(broken());
            }
            components.push(ScanComponent { index, dc, ac });
        }
        let (length, mut restarts) = entropy_length(&self.bytes[self.at..]).ok_or_else(broken)?;
        if !restarts.is_empty() && self.restart == 0 {
            return Err(broken());
        }
        restarts.iter_mut().for_each(|at| *at += self.at);
        let entropy = self.at..self.at + length;
        Ok(Scan { components, first, last, high, low, restart: self.restart, restarts, entropy })
    }
}

/// Bytes up to the marker that ends the scan, and where restart markers are among them. None where there is no end,
/// and where bytes fill the space before a restart.
fn entropy_length(bytes: &[u8]) -> Option<(usize, Vec<usize>)> {
    let mut restarts = Vec::new();
    let mut skip = 0;
    for at in memchr::memchr_iter(0xff, bytes) {
        if at < skip {
            continue;
        }
        skip = at + 2;
        match *bytes.get(at + 1)? {
            0x00 => {}
            0xd0..=0xd7 => restarts.push(at),
            0xff => {
                // Fill bytes.
                let marker = bytes[at..].iter().find(|byte| **byte != 0xff)?;
                return (!matches!(marker, 0x00 | 0xd0..=0xd7)).then_some((at, restarts));
            }
            _ => return Some((at, restarts)),
        }
    }
    None
}
