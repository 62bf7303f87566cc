//! Where the MCUs of a long interval begin, found by reading it at several places at once.
//!
//! Each code must be read to know where the next one begins, so a reader spends most of its time waiting for its own last step.
//! Here several readers take turns, each with a piece of the data, and wait together. The first one begins at the
//! beginning. The others begin somewhere, most likely in the middle of a code, and read nonsense at first; but codes
//! of different lengths fall into step with the true ones before long. When a reader comes to the end of its piece
//! it goes on until it begins an MCU where the next reader began one, too: from there on both would read the same, so
//! the next reader was right, and only its count of MCUs and its DCs have to be moved. Source: Klein and Wiseman, "Parallel
//! Huffman decoding with applications to JPEG files", The Computer Journal 46, 2003.

use super::{
    bits::Unstuffed,
    scan::Reader,
    skip::{Cursor, LOOK, Looked},
};

/// Readers that take turns.
const LANES: usize = 4;
/// Data that is read by one reader in less time than the tables take to be made, in bits.
const LEAST_BITS: u64 = 1 << 20;
/// MCUs between two places where DCs are noted.
const STEP: usize = 16;

/// One step of a reader: bits to consume in the lowest 7; [`Entry::NEXT`]; coefficients to advance in the next byte, 64
/// where it must be read symbol by symbol; and the DC difference above them.
#[derive(Debug, Clone, Copy)]
struct Entry(u32);

impl Entry {
    /// After it comes the next table: that of the block's AC, or of the next block's DC.
    const NEXT: u32 = 7;
    const SLOW: Self = Self(64 << 8);
    /// Coefficients that a block may have got before its last one.
    const MOST: u32 = 62;

    fn dc(difference: i32, bits: u32) -> Self {
        Self(bits | 1 << Self::NEXT | (difference as u32) << 16)
    }

    fn ac(looked: Looked) -> Self {
        match looked.parts() {
            None => Self::SLOW,
            Some((bits, advance, is_end)) => Self(bits | u32::from(is_end) << Self::NEXT | advance << 8),
        }
    }
}

/// A place in an interval's data.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waypoint {
    /// The MCU that begins here.
    pub(super) mcu: u32,
    /// Its first bit.
    pub(super) at: u64,
    /// The DCs before it.
    pub(super) dc: [i32; 4],
}

/// Places of MCUs, in order.
#[derive(Debug)]
pub(super) struct Index {
    waypoints: Vec<Waypoint>,
}

impl Index {
    /// Reads an interval of so many MCUs. None where that is not worth it, and where the data is broken.
    pub(super) fn build(reader: &Reader, source: &Unstuffed, mcus: u32) -> Option<Self> {
        let bits = source.bits();
        if !(LEAST_BITS..u64::from(u32::MAX)).contains(&bits) {
            return None;
        }
        let tables = Tables::new(reader);
        let piece = bits / LANES as u64;
        let mut lanes: [Lane; LANES] = std::array::from_fn(|lane| {
            let lane = lane as u64;
            Lane::new(lane * piece, (lane + 1) * piece, mcus as usize / LANES + 64)
        });
        tables.read_all(source, &mut lanes)?;
        let mut waypoints = Vec::with_capacity(mcus as usize / STEP + LANES);
        // Of the reader that was right last: its MCU that is the first of its own, its number, and what to add to its DCs.
        let (mut from, mut first, mut base) = (0, 0, [0; 4]);
        let mut rest = lanes.into_iter().peekable();
        while let Some(mut lane) = rest.next() {
            let met = match rest.peek() {
                Some(next) => Some(tables.meet(source, &mut lane, next)?),
                None => None,
            };
            let noted = lane.dcs.iter().enumerate().map(|(step, dc)| (step * STEP, dc));
            waypoints.extend(noted.filter(|(local, _)| (from..lane.starts.len() - 1).contains(local)).map(
                |(local, dc)| Waypoint {
                    mcu: first + (local - from) as u32,
                    at: u64::from(lane.starts[local]),
                    dc: std::array::from_fn(|part| dc[part].wrapping_add(base[part])),
                },
            ));
            if let Some((local, there)) = met {
                first += (lane.starts.len() - 1 - from) as u32;
                base = std::array::from_fn(|part| base[part].wrapping_add(lane.dc[part]).wrapping_sub(there[part]));
                from = local;
            }
        }
        Some(Self { waypoints })
    }

    /// The last place that is known at or before an MCU; none before the first.
    pub(super) fn before(&self, mcu: u32) -> Option<Waypoint> {
        let after = self.waypoints.partition_point(|waypoint| waypoint.mcu <= mcu);
        self.waypoints.get(after.checked_sub(1)?).copied()
    }
}

/// A reader with its piece.
#[derive(Debug)]
struct Lane {
    /// The next bit.
    at: u64,
    /// Where its piece ends.
    to: u64,
    /// AC coefficients of the block so far.
    place: u32,
    /// Twice the block's number in its MCU; one more after its DC.
    state: usize,
    dc: [i32; 4],
    /// The first bit of each MCU so far, and of the one that is being read.
    starts: Vec<u32>,
    /// The DCs before each [`STEP`]th of them.
    dcs: Vec<[i32; 4]>,
}

impl Lane {
    fn new(from: u64, to: u64, mcus: usize) -> Self {
        let mut starts = Vec::with_capacity(mcus);
        starts.push(from as u32);
        Self { at: from, to, place: 0, state: 0, dc: [0; 4], starts, dcs: vec![[0; 4]] }
    }

    /// Begins anew, one bit on.
    fn restart(&mut self) {
        self.at += 1;
        (self.place, self.state, self.dc) = (0, 0, [0; 4]);
        self.starts.clear();
        self.starts.push(self.at as u32);
        self.dcs.clear();
        self.dcs.push([0; 4]);
    }

    /// Notes the beginning of an MCU.
    #[inline(always)]
    fn note(&mut self) {
        self.state = 0;
        if self.starts.len().is_multiple_of(STEP) {
            self.dcs.push(self.dc);
        }
        self.starts.push(self.at as u32);
    }
}

/// What a step of any reader needs.
struct Tables<'a> {
    reader: &'a Reader,
    /// All tables, one after the other.
    entries: Vec<Entry>,
    /// By state: where its table begins.
    tables: Vec<usize>,
    /// By state: its component.
    components: Vec<usize>,
}

impl<'a> Tables<'a> {
    fn new(reader: &'a Reader) -> Self {
        let mut entries = Vec::with_capacity((reader.dc.len() + reader.ac.len()) << LOOK);
        for table in &reader.dc {
            entries.extend((0..1_u64 << LOOK).map(|look| {
                table
                    .whole(look << (64 - LOOK), LOOK)
                    .map_or(Entry::SLOW, |(difference, bits)| Entry::dc(difference, bits))
            }));
        }
        for table in &reader.ac {
            entries.extend(table.looks.iter().map(|looked| Entry::ac(*looked)));
        }
        let places = reader.places.iter();
        Self {
            reader,
            entries,
            tables: places.clone().flat_map(|p| [p.dc << LOOK, (reader.dc.len() + p.ac) << LOOK]).collect(),
            components: places.flat_map(|place| [place.component & 3; 2]).collect(),
        }
    }

    /// Has each reader read its piece. None where the data is broken.
    #[inline(never)]
    fn read_all(&self, source: &Unstuffed, lanes: &mut [Lane; LANES]) -> Option<()> {
        while lanes.iter().all(|lane| lane.at < lane.to) {
            for _ in 0..8 {
                for (number, lane) in lanes.iter_mut().enumerate() {
                    self.step(source, lane, number == 0)?;
                }
            }
        }
        for (number, lane) in lanes.iter_mut().enumerate() {
            while lane.at < lane.to {
                self.step(source, lane, number == 0)?;
            }
        }
        Some(())
    }

    /// One step of a reader. None where the data is broken; one that began somewhere begins anew.
    #[inline(always)]
    fn step(&self, source: &Unstuffed, lane: &mut Lane, is_first: bool) -> Option<()> {
        let window = source.window(lane.at);
        let Entry(entry) = self.entries[self.tables[lane.state] | (window >> (64 - LOOK)) as usize];
        let place = lane.place + (entry >> 8 & 0xff);
        if place > Entry::MOST {
            return self.slow(source, lane, is_first);
        }
        let next = entry >> Entry::NEXT & 1;
        lane.at += u64::from(entry & 0x7f);
        let dc = &mut lane.dc[self.components[lane.state]];
        *dc = dc.wrapping_add(entry as i32 >> 16);
        lane.place = place & next.wrapping_sub(1);
        lane.state += next as usize;
        if lane.state == self.tables.len() {
            lane.note();
        }
        Some(())
    }

    /// A step of one symbol.
    #[cold]
    fn slow(&self, source: &Unstuffed, lane: &mut Lane, is_first: bool) -> Option<()> {
        let place = self.reader.places[lane.state / 2];
        let mut cursor = Cursor::new(source, lane.at);
        let is_dc = lane.state.is_multiple_of(2);
        // How many coefficients the block has now; past its end where it is over.
        let now = if is_dc {
            cursor.dc(&self.reader.dc[place.dc]).map(|difference| {
                let dc = &mut lane.dc[place.component & 3];
                *dc = dc.wrapping_add(difference);
                0
            })
        } else {
            cursor.ac(&self.reader.ac[place.ac]).and_then(|(symbol, ..)| match symbol {
                0 => Some(63),
                symbol => Some(lane.place + u32::from(symbol >> 4) + 1).filter(|place| *place <= 63),
            })
        };
        let Some(now) = now.filter(|_| !cursor.is_past_end()) else {
            if is_first {
                return None;
            }
            lane.restart();
            return Some(());
        };
        lane.at = cursor.at;
        lane.place = now % 63;
        if is_dc || now == 63 {
            lane.state += 1;
        }
        if lane.state == self.tables.len() {
            lane.note();
        }
        Some(())
    }

    /// Has a reader that is right go on until it begins an MCU where the next reader did. Which of the other's MCUs that
    /// is, and the other's DCs before it. None where they never meet.
    fn meet(&self, source: &Unstuffed, lane: &mut Lane, next: &Lane) -> Option<(usize, [i32; 4])> {
        let mut at = 0;
        loop {
            let mine = *lane.starts.last()?;
            if lane.state == 0 {
                at += next.starts[at..].partition_point(|start| *start < mine);
                if at + 1 >= next.starts.len() {
                    return None;
                }
                if next.starts[at] == mine {
                    return Some((at, self.dc_before(source, next, at)?));
                }
            }
            self.step(source, lane, true)?;
        }
    }

    /// The DCs that a reader had before one of its MCUs.
    fn dc_before(&self, source: &Unstuffed, lane: &Lane, mcu: usize) -> Option<[i32; 4]> {
        let step = mcu / STEP;
        let start = u64::from(lane.starts[step * STEP]);
        let mut again = Lane::new(start, u64::MAX, STEP + 1);
        again.dc = lane.dcs[step];
        while again.starts.len() - 1 < mcu % STEP {
            self.step(source, &mut again, true)?;
        }
        Some(again.dc)
    }
}

#[cfg(test)]
mod tests {
    use image::{RgbImage, codecs::jpeg::JpegEncoder};

    use super::*;
    use crate::jpeg::{
        markers::Header,
        scan::{Walk, intervals},
    };

    /// Noise that gets stronger downwards, so that the readers' pieces differ.
    fn jpeg() -> Vec<u8> {
        let mut state = 1_u32;
        let image = RgbImage::from_fn(643, 481, |x, y| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 24) * y / 481;
            image::Rgb([(noise / 2 + x / 6) as u8, (noise / 2 + y / 5) as u8, (noise / 2) as u8])
        });
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 97).encode_image(&image).unwrap();
        bytes
    }

    #[test]
    fn every_place_is_where_a_single_reader_finds_it() {
        let bytes = jpeg();
        let header = Header::parse(&bytes).unwrap();
        let scan = &header.scans[0];
        let reader = Reader::new(&header, scan).unwrap();
        let interval = &intervals(&bytes, &header, scan).unwrap()[0];
        let mut source = Unstuffed::default();
        source.fill(&bytes[interval.bytes.clone()]);
        let index = Index::build(&reader, &source, interval.mcus.end).unwrap();
        assert!(index.waypoints.len() >= interval.mcus.end as usize / STEP);
        let mut walk = Walk::new(&reader, &source, None);
        let mut mcu = 0;
        for waypoint in &index.waypoints {
            walk.pass(waypoint.mcu - mcu).unwrap();
            mcu = waypoint.mcu;
            assert_eq!((walk.cursor.at, walk.dc), (waypoint.at, waypoint.dc), "MCU {mcu}");
        }
        assert!(interval.mcus.end - mcu <= STEP as u32);
        // And by leaps to where a walk step by step comes.
        for goal in [0, 1, STEP as u32, 777, interval.mcus.end] {
            let (mut leaping, mut walking) =
                (Walk::new(&reader, &source, Some(&index)), Walk::new(&reader, &source, None));
            leaping.pass(goal).unwrap();
            walking.pass(goal).unwrap();
            assert_eq!((leaping.cursor.at, leaping.dc), (walking.cursor.at, walking.dc), "MCU {goal}");
        }
    }

    #[test]
    fn broken_data_has_no_index() {
        let mut bytes = jpeg();
        let header = Header::parse(&bytes).unwrap();
        let scan = &header.scans[0];
        let reader = Reader::new(&header, scan).unwrap();
        let interval = intervals(&bytes, &header, scan).unwrap().remove(0);
        let mut source = Unstuffed::default();
        // A code of ones, which no table has.
        bytes[interval.bytes.start + 999..][..4].copy_from_slice(&[0xff, 0, 0xff, 0]);
        source.fill(&bytes[interval.bytes.clone()]);
        assert!(Index::build(&reader, &source, interval.mcus.end).is_none());
    }
}
