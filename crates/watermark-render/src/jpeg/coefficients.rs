//! Every coefficient of a file, read from its scans: for progressive files, and sequential ones of several scans.
//! Source: ITU-T T.81, annexes F and G.

use std::ops::Range;

use super::{
    Refusal,
    bits::{Stuffed, extend},
    frame::{Frame, Process, Scan},
    huffman::Decoder,
    ink::Block,
    look::{Values, ac_values},
    markers::Header,
    scan::{Interval, intervals},
    skip::Cursor,
    token::at_least,
};

/// A component's blocks, with those that fill the last MCUs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plane {
    /// Blocks in a row.
    pub(super) wide: u32,
    pub(super) blocks: Vec<Block>,
}

/// All of a file's coefficients, by component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Coefficients {
    pub(super) planes: Vec<Plane>,
}

/// What is known between two MCUs of a scan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seam {
    /// The next bit.
    pub(super) at: u64,
    /// The last DC of each of the scan's components, as far as the scan has its bits.
    pub(super) dc: [i32; 4],
    /// How many of the following blocks have been ended before.
    pub(super) run: u32,
    /// The code that has ended them.
    pub(super) ended: Ended,
}

/// A code that ends blocks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ended {
    /// Its first bit, and the first after it and the bits that belong to it.
    pub(super) at: u64,
    pub(super) after: u64,
    /// How many blocks it ends.
    pub(super) blocks: u32,
}

/// MCUs that will be marked.
#[derive(Debug, Clone)]
pub(super) struct Marked {
    pub(super) mcus: Range<u32>,
    pub(super) before: Seam,
    pub(super) after: Seam,
}

/// A restart interval, and where it will be marked. Places are counted from its first bit.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) bytes: Range<usize>,
    pub(super) mcus: Range<u32>,
    pub(super) marked: Vec<Marked>,
    /// One past the last bit, without what fills the last byte.
    pub(super) end: u64,
}

/// Where a scan's next block is.
pub(super) struct BlockAt {
    /// Which of the scan's components.
    pub(super) part: usize,
    pub(super) plane: usize,
    pub(super) index: usize,
}

impl Coefficients {
    /// Bytes that the coefficients of a frame take.
    pub(super) fn size_bytes(frame: &Frame) -> u64 {
        let blocks = |c: &super::frame::Component| u64::from(frame.mcus_wide * c.h) * u64::from(frame.mcus_high * c.v);
        frame.components.iter().map(blocks).sum::<u64>() * size_of::<Block>() as u64
    }

    /// Reads all scans.
    pub(super) fn read(bytes: &[u8], header: &Header) -> Result<Self, Refusal> {
        Self::read_with_seams(bytes, header, &[]).map(|(all, _)| all)
    }

    /// Reads all scans; also, of each scan that runs of its MCUs are given for, what is known where these begin and end. The
    /// runs are in order and do not touch each other.
    pub(super) fn read_with_seams(
        bytes: &[u8],
        header: &Header,
        runs: &[Vec<(u32, u32)>],
    ) -> Result<(Self, Vec<Vec<Piece>>), Refusal> {
        let frame = &header.frame;
        let planes = frame.components.iter().map(|c| {
            let (wide, high) = (frame.mcus_wide * c.h, frame.mcus_high * c.v);
            Plane { wide, blocks: vec![[0; 64]; wide as usize * high as usize] }
        });
        let mut all = Self { planes: planes.collect() };
        check_progress(header)?;
        let mut pieces = Vec::with_capacity(header.scans.len());
        for (number, scan) in header.scans.iter().enumerate() {
            let reader = ScanReader::new(header, scan);
            let is_noted = runs.get(number).is_some();
            let mut runs = runs.get(number).map_or(&[][..], Vec::as_slice);
            let intervals = intervals(bytes, header, scan)?;
            pieces.push(Vec::with_capacity(if is_noted { intervals.len() } else { 0 }));
            for Interval { bytes: range, mcus } in intervals {
                let broken = Refusal::Broken { at: range.start };
                let source = Stuffed::new(&bytes[range.clone()]);
                let mut state = State::new(source);
                let mut piece = Piece { bytes: range, mcus: mcus.clone(), marked: Vec::new(), end: 0 };
                let mut mcu = mcus.start;
                let mut read_to = |state: &mut State<'_>, to: u32| {
                    let from = std::mem::replace(&mut mcu, to);
                    for_each_block(frame, scan, from..to, |at| {
                        let block = &mut all.planes[at.plane].blocks[at.index];
                        reader.read(state, at.part, block).filter(|()| !state.cursor.is_past_end()).ok_or(broken)
                    })
                };
                while let Some((&(from, to), rest)) = runs.split_first().filter(|((from, _), _)| *from < mcus.end) {
                    let (from, end) = (from.max(mcus.start), to.min(mcus.end));
                    read_to(&mut state, from)?;
                    let before = state.seam();
                    read_to(&mut state, end)?;
                    piece.marked.push(Marked { mcus: from..end, before, after: state.seam() });
                    if to > mcus.end {
                        break;
                    }
                    runs = rest;
                }
                read_to(&mut state, mcus.end)?;
                if state.cursor.rest().is_none_or(|rest| rest >= 8) {
                    return Err(broken);
                }
                piece.end = state.cursor.at();
                if is_noted {
                    pieces[number].push(piece);
                }
            }
        }
        Ok((all, pieces))
    }

    /// The blocks of an MCU of all components, in order.
    pub(super) fn mcu(&self, frame: &Frame, column: u32, row: u32, out: &mut Vec<Block>) {
        out.clear();
        self.each_in_mcu(frame, column, row, |plane, index| out.push(self.planes[plane].blocks[index]));
    }

    /// Puts the blocks of an MCU back.
    pub(super) fn set_mcu(&mut self, frame: &Frame, column: u32, row: u32, blocks: &[Block]) {
        let mut places = Vec::with_capacity(blocks.len());
        self.each_in_mcu(frame, column, row, |plane, index| places.push((plane, index)));
        for ((plane, index), block) in places.into_iter().zip(blocks) {
            self.planes[plane].blocks[index] = *block;
        }
    }

    fn each_in_mcu(&self, frame: &Frame, column: u32, row: u32, mut visit: impl FnMut(usize, usize)) {
        for (plane, component) in frame.components.iter().enumerate() {
            for y in row * component.v..(row + 1) * component.v {
                for x in column * component.h..(column + 1) * component.h {
                    visit(plane, y as usize * self.planes[plane].wide as usize + x as usize);
                }
            }
        }
    }
}

/// Visits the blocks of a scan's MCUs, in order, until a visit fails. Source: T.81, A.2.
#[inline(always)]
pub(super) fn for_each_block<E>(
    frame: &Frame,
    scan: &Scan,
    mcus: Range<u32>,
    mut visit: impl FnMut(BlockAt) -> Result<(), E>,
) -> Result<(), E> {
    let (wide, _) = scan.mcus(frame);
    let (mut column, mut row) = (mcus.start % wide, mcus.start / wide);
    let is_single = scan.components.len() == 1;
    for _ in mcus {
        for (part, of) in scan.components.iter().enumerate() {
            let component = &frame.components[of.index];
            let (h, v) = if is_single { (1, 1) } else { (component.h, component.v) };
            let stride = (frame.mcus_wide * component.h) as usize;
            for y in row * v..(row + 1) * v {
                for x in column * h..(column + 1) * h {
                    visit(BlockAt { part, plane: of.index, index: y as usize * stride + x as usize })?;
                }
            }
        }
        column += 1;
        if column == wide {
            (column, row) = (0, row + 1);
        }
    }
    Ok(())
}

/// Checks that each coefficient comes once, and is then refined a bit at a time to its last: what is written again by the
/// same scans is only then the same, and has room for a mark.
fn check_progress(header: &Header) -> Result<(), Refusal> {
    // By component and coefficient: the lowest bit that is known.
    let mut known = vec![[None; 64]; header.frame.components.len()];
    for scan in &header.scans {
        let (range, low) = match header.frame.process {
            Process::Sequential => (0..=63, 0),
            Process::Progressive => (usize::from(scan.first)..=usize::from(scan.last), scan.low),
        };
        for part in &scan.components {
            for bit in &mut known[part.index][range.clone()] {
                let is_next = match header.frame.process {
                    Process::Progressive if scan.high > 0 => *bit == Some(scan.high),
                    _ => bit.is_none(),
                };
                if !is_next {
                    return Err(Refusal::Broken { at: scan.entropy.start });
                }
                *bit = Some(low);
            }
        }
    }
    let has_all = known.iter().flatten().all(|bit| *bit == Some(0));
    if has_all { Ok(()) } else { Err(Refusal::Incomplete) }
}

/// Reads the blocks of one scan.
struct ScanReader<'a> {
    scan: &'a Scan,
    process: Process,
    dc: Vec<Option<Decoder>>,
    ac: Vec<Option<Decoder>>,
    values: Vec<Option<Box<Values>>>,
}

/// Where the reading of an interval is.
struct State<'a> {
    cursor: Cursor<'a>,
    dc: [i32; 4],
    /// Blocks that are still to be ended.
    run: u32,
    /// The code that has ended them.
    ended: Ended,
}

impl<'a> State<'a> {
    fn new(source: Stuffed<'a>) -> Self {
        Self { cursor: Cursor::new(source, 0), dc: [0; 4], run: 0, ended: Ended::default() }
    }

    fn seam(&self) -> Seam {
        Seam { at: self.cursor.at(), dc: self.dc, run: self.run, ended: self.ended }
    }

    /// Reads how many blocks end, this one included; `before` is where the code for it begins.
    #[inline(always)]
    fn end_blocks(&mut self, before: &Cursor<'_>, size: u8) -> u32 {
        let blocks = (1 << size) + self.cursor.bits(u32::from(size));
        if blocks > 1 {
            self.ended = Ended { at: before.at(), after: self.cursor.at(), blocks };
        }
        blocks
    }
}

impl<'a> ScanReader<'a> {
    fn new(header: &Header, scan: &'a Scan) -> Self {
        let decoder = |table: Option<usize>| table.map(|at| Decoder::new(&header.tables[at].spec));
        Self {
            scan,
            process: header.frame.process,
            dc: scan.components.iter().map(|part| decoder(part.dc)).collect(),
            ac: scan.components.iter().map(|part| decoder(part.ac)).collect(),
            values: scan.components.iter().map(|part| part.ac.map(|at| ac_values(&header.tables[at].spec))).collect(),
        }
    }

    fn read(&self, state: &mut State<'_>, part: usize, block: &mut Block) -> Option<()> {
        match (self.process, self.scan.first, self.scan.high) {
            (Process::Sequential, ..) => {
                self.dc_first(state, part, block)?;
                self.ac_sequential(state, part, block)
            }
            (_, 0, 0) => self.dc_first(state, part, block),
            (_, 0, _) => {
                block[0] |= (state.cursor.bits(1) as i16) << self.scan.low;
                Some(())
            }
            (_, _, 0) => self.ac_first(state, part, block),
            _ => self.ac_refined(state, part, block),
        }
    }

    fn dc_first(&self, state: &mut State<'_>, part: usize, block: &mut Block) -> Option<()> {
        let size = u32::from(state.cursor.symbol(self.dc[part].as_ref()?)?);
        if size > 11 {
            return None;
        }
        let before = &mut state.dc[part & 3];
        *before = before.wrapping_add(extend(state.cursor.bits(size), size));
        let low = if self.process == Process::Sequential { 0 } else { self.scan.low };
        block[0] = i16::try_from(before.checked_mul(1 << low)?).ok()?;
        Some(())
    }

    fn ac_sequential(&self, state: &mut State<'_>, part: usize, block: &mut Block) -> Option<()> {
        let decoder = self.ac[part].as_ref()?;
        let mut at = 1;
        while at < 64 {
            let symbol = state.cursor.symbol(decoder)?;
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            match (run, size) {
                (0, 0) => return Some(()),
                (15, 0) | (_, 1..=10) => {}
                _ => return None,
            }
            at += run;
            *block.get_mut(at)? = extend(state.cursor.bits(size), size) as i16;
            at += 1;
        }
        Some(())
    }

    fn ac_first(&self, state: &mut State<'_>, part: usize, block: &mut Block) -> Option<()> {
        if state.run > 0 {
            state.run -= 1;
            return Some(());
        }
        let decoder = self.ac[part].as_ref()?;
        let last = usize::from(self.scan.last);
        let mut at = usize::from(self.scan.first);
        let values = self.values[part].as_deref()?;
        while at <= last {
            if let Some((zeros, value)) = state.cursor.coefficient(values) {
                at += zeros;
                if at > last {
                    return None;
                }
                block[at] = i16::try_from(i32::from(value) << self.scan.low).ok()?;
                at += 1;
                continue;
            }
            let before = state.cursor.clone();
            let symbol = state.cursor.symbol(decoder)?;
            let (run, size) = (symbol >> 4, u32::from(symbol & 15));
            match (run, size) {
                (0..15, 0) => {
                    state.run = state.end_blocks(&before, run) - 1;
                    return Some(());
                }
                (15, 0) => at += 16,
                (_, 1..=10) => {
                    at += usize::from(run);
                    if at > last {
                        return None;
                    }
                    let value = extend(state.cursor.bits(size), size);
                    block[at] = i16::try_from(value.checked_mul(1 << self.scan.low)?).ok()?;
                    at += 1;
                }
                _ => return None,
            }
        }
        (at == last + 1).then_some(())
    }

    fn ac_refined(&self, state: &mut State<'_>, part: usize, block: &mut Block) -> Option<()> {
        let bit = 1_i16 << self.scan.low;
        let last = usize::from(self.scan.last);
        let mut at = usize::from(self.scan.first);
        let known = at_least(block, 1);
        let band = u64::MAX >> (63 - last) & u64::MAX << at;
        if state.run == 0 {
            let decoder = self.ac[part].as_ref()?;
            while at <= last {
                let before = state.cursor.clone();
                let symbol = state.cursor.symbol(decoder)?;
                let (run, size) = (symbol >> 4, symbol & 15);
                let new = match (run, size) {
                    (0..15, 0) => {
                        // This block is the first of the run.
                        state.run = state.end_blocks(&before, run);
                        break;
                    }
                    (15, 0) => None,
                    (_, 1) => Some(if state.cursor.bits(1) == 1 { bit } else { -bit }),
                    _ => return None,
                };
                // The place of the zero behind so many; coefficients before it that are not zero get their bits.
                let mut zeros = !known & band & u64::MAX << at;
                for _ in 0..run {
                    zeros &= zeros.wrapping_sub(1);
                }
                if zeros == 0 {
                    return None;
                }
                let place = zeros.trailing_zeros() as usize;
                refine(&mut state.cursor, block, known & band & u64::MAX << at & !(u64::MAX << place), bit)?;
                if let Some(new) = new {
                    block[place] = new;
                }
                at = place + 1;
            }
        }
        if state.run > 0 {
            state.run -= 1;
            if at < 64 {
                refine(&mut state.cursor, block, known & band & u64::MAX << at, bit)?;
            }
        }
        Some(())
    }
}

/// Reads the next bit of the coefficients of a mask, which are known to be none of zero. None where one becomes too large.
#[inline(always)]
fn refine(cursor: &mut Cursor<'_>, block: &mut Block, mut mask: u64, bit: i16) -> Option<()> {
    while mask != 0 {
        let at = mask.trailing_zeros() as usize;
        mask &= mask - 1;
        let coefficient = &mut block[at];
        // No branch: nobody foresees these bits.
        let is_more = cursor.bits(1) as i16 & i16::from(*coefficient & bit == 0);
        *coefficient = coefficient.checked_add(is_more * bit * coefficient.signum())?;
    }
    Some(())
}
