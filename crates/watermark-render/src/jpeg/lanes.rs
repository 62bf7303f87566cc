//! Where the MCUs of a long interval begin, found by reading it at several places at once.
//!
//! Each code must be read to know where the next one begins, so a reader spends most of its time waiting for its own last step.
//! Here several readers take turns, each with a piece of the data, and wait together. The first one begins at the
//! beginning. The others begin somewhere, most likely in the middle of a code, and read nonsense at first; but codes
//! of different lengths fall into step with the true ones before long. When a reader comes to the end of its piece
//! it goes on until it begins an MCU where the next reader began one, too: from there on both would read the same, so
//! the next reader was right, and only its count of MCUs and its DCs have to be moved. Source: Klein and Wiseman, "Parallel
//! Huffman decoding with applications to JPEG files", The Computer Journal 46, 2003.

use std::hint::select_unpredictable;

use super::{
    bits::Stuffed,
    look::{Entry, LOOK, Looks},
    scan::Reader,
    skip::Cursor,
};

/// Readers that take turns.
const LANES: usize = 5;
/// Data that is read by one reader in less time than several need to find each other, in bits. What is fed in fuzzing is short.
const LEAST_BITS: u64 = if cfg!(fuzzing) { 1 << 10 } else { 1 << 16 };
/// MCUs between two places that are noted, at most.
const STEP: usize = 16;
/// As long as it takes to note so many places, it takes to pass over half an MCU.
const NOTES: usize = 9;
/// Of a reader's first MCUs each is noted: one of them is where the reader before it finds it.
const DENSE: u32 = 64;
/// Steps that the bits of a window are enough for.
const STEPS: usize = 3;
/// Places for states; a power of two.
const STATES: usize = 512;

/// Looks behind the last state, all slow: there a place is noted.
static SENTINEL: Looks = [Entry::SLOW; 1 << LOOK];

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
    /// Reads an interval of so many MCUs, in which so many places will be looked for. None where that is not worth it, and
    /// where the data is broken.
    pub(super) fn build(reader: &Reader, source: Stuffed<'_>, mcus: u32, goals: usize) -> Option<Self> {
        if source.end() < LEAST_BITS { None } else { Self::read(reader, source, mcus, goals) }
    }

    fn read(reader: &Reader, source: Stuffed<'_>, mcus: u32, goals: usize) -> Option<Self> {
        let bits = source.end();
        // Half a step is passed over to each goal. Where that and the notes together take the least time:
        let step = (mcus as usize / (NOTES * goals.max(1))).isqrt();
        let machine = Machine::new(reader, source, step.clamp(1, STEP))?;
        let piece = bits / LANES as u64 / 8;
        let start = |lane: usize| if lane == LANES { bits } else { source.place(lane * piece as usize) };
        let mut lanes: [Lane; LANES] =
            std::array::from_fn(|lane| Lane::new(&machine, start(lane), start(lane + 1), lane == 0));
        machine.read_all(&mut lanes)?;
        let mut waypoints = Vec::with_capacity(mcus as usize / machine.step + LANES * (DENSE as usize + 1));
        // Of the reader that was right last: its MCU that is the first of its own, its number, and what to add to its DCs.
        let (mut from, mut first, mut base) = (0, 0, [0; 4]);
        let mut rest = lanes.into_iter().peekable();
        while let Some(mut lane) = rest.next() {
            let met = match rest.peek() {
                Some(next) => Some(machine.meet(&mut lane, next)?),
                None => None,
            };
            // What the next reader has noted comes from there.
            let to = if met.is_some() { lane.mcu } else { u32::MAX };
            let own = lane.notes.iter().filter(|note| (from..to).contains(&note.mcu));
            waypoints.extend(own.map(|note| {
                let dc = std::array::from_fn(|part| note.dc[part].wrapping_add(base[part]));
                Waypoint { mcu: first + (note.mcu - from), at: note.at, dc }
            }));
            if let Some(there) = met {
                first += lane.mcu - from;
                base = std::array::from_fn(|part| base[part].wrapping_add(lane.dc[part]).wrapping_sub(there.dc[part]));
                from = there.mcu;
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
    /// In the lowest byte the coefficients of the block so far; above it the number of the state.
    state: u32,
    dc: [i32; 4],
    /// Whether it began at the beginning or is known to be right: it must not read nonsense.
    is_right: bool,
    /// Up to here each MCU is noted.
    dense: u32,
    /// State that it began with after the last note.
    noted: u32,
    /// MCUs before that, from its own beginning.
    mcu: u32,
    notes: Vec<Waypoint>,
}

impl Lane {
    fn new(machine: &Machine<'_>, at: u64, to: u64, is_right: bool) -> Self {
        let dense = if is_right { 0 } else { DENSE };
        let notes = Vec::with_capacity(1_024);
        let mut lane = Self { at, to, state: 0, dc: [0; 4], is_right, dense, noted: 0, mcu: 0, notes };
        lane.begin(machine);
        lane
    }

    fn begin(&mut self, machine: &Machine<'_>) {
        (self.dc, self.mcu) = ([0; 4], 0);
        self.notes.clear();
        self.note(machine);
    }

    /// Notes the beginning of an MCU.
    fn note(&mut self, machine: &Machine<'_>) {
        self.notes.push(Waypoint { mcu: self.mcu, at: self.at, dc: self.dc });
        self.noted = if self.mcu < self.dense { machine.limit - machine.states } else { 0 };
        self.state = self.noted << 8;
    }

    /// From now on each MCU is noted.
    fn each(&mut self, machine: &Machine<'_>) {
        let state = self.state >> 8;
        self.mcu += (state - self.noted) / machine.states;
        self.noted = machine.limit - machine.states;
        self.state = (self.noted + state % machine.states) << 8 | self.state & 0xff;
        (self.is_right, self.dense) = (true, u32::MAX);
    }
}

/// What a reader does next.
#[derive(Clone, Copy)]
struct State<'a> {
    /// Looks of the state after it.
    following: &'a Looks,
    component: u32,
    /// What is kept of the state before it: not the coefficients of another block.
    kept: u32,
}

/// What a reader has at hand.
#[derive(Clone, Copy)]
struct Now<'a> {
    /// The next bits at the top; the lowest bit that is not zero was the lowest before any was taken.
    bits: u64,
    /// As in [`Lane`].
    state: u32,
    /// As in [`Window`](super::bits::Window).
    plain: u32,
    /// Those of the state.
    looks: &'a Looks,
}

/// What a step of any reader needs.
struct Machine<'a> {
    reader: &'a Reader,
    source: Stuffed<'a>,
    /// Two states for each block of several MCUs, its DC and its AC; then one whose looks are all slow.
    all: [State<'a>; STATES],
    /// The looks of each of them.
    looks: [&'a Looks; STATES],
    /// States of an MCU.
    states: u32,
    /// The number of the last state.
    limit: u32,
    /// MCUs between two notes.
    step: usize,
}

impl<'a> Machine<'a> {
    /// None where an MCU has more blocks than the standard allows.
    fn new(reader: &'a Reader, source: Stuffed<'a>, step: usize) -> Option<Self> {
        let states = 2 * reader.places.len();
        let step = step.min((STATES - 1) / states);
        if step == 0 {
            return None;
        }
        let mut all = [State { following: &SENTINEL, component: 0, kept: !0 }; STATES];
        let mut looks = [&SENTINEL; STATES];
        let of_mcu = reader.places.iter().flat_map(|place| [(place.dc, !0xff, place), (place.ac, !0, place)]);
        let of_all = of_mcu.cycle().take(step * states);
        for ((state, looks), (table, kept, place)) in all.iter_mut().zip(&mut looks).zip(of_all) {
            (state.component, state.kept) = (place.component as u32 & 3, kept);
            *looks = &reader.tables[table].looks;
        }
        for (state, following) in all.iter_mut().zip(&looks[1..]) {
            state.following = following;
        }
        Some(Self { reader, source, all, looks, states: states as u32, limit: (step * states) as u32, step })
    }

    /// Has each reader read its piece. None where the data is broken.
    #[inline(never)]
    fn read_all(&self, lanes: &mut [Lane; LANES]) -> Option<()> {
        while lanes.iter().all(|lane| lane.at < lane.to) {
            let [a, b, c, d, e] = lanes;
            let (mut now_a, mut now_b, mut now_c) = (self.take(a), self.take(b), self.take(c));
            let (mut now_d, mut now_e) = (self.take(d), self.take(e));
            for _ in 0..STEPS {
                self.step(&mut now_a, a)?;
                self.step(&mut now_b, b)?;
                self.step(&mut now_c, c)?;
                self.step(&mut now_d, d)?;
                self.step(&mut now_e, e)?;
            }
            self.put(now_a, a);
            self.put(now_b, b);
            self.put(now_c, c);
            self.put(now_d, d);
            self.put(now_e, e);
        }
        for lane in lanes.iter_mut() {
            while lane.at < lane.to {
                self.single(lane)?;
            }
        }
        Some(())
    }

    /// One step of a reader. None where the data is broken.
    fn single(&self, lane: &mut Lane) -> Option<()> {
        let mut now = self.take(lane);
        self.step(&mut now, lane)?;
        self.put(now, lane);
        Some(())
    }

    /// What a reader needs at hand for [`STEPS`] steps.
    #[inline(always)]
    fn take(&self, lane: &Lane) -> Now<'a> {
        let window = self.source.window(lane.at);
        let looks = self.looks[(lane.state >> 8) as usize % STATES];
        Now { bits: window.bits & !0xff | 1, state: lane.state, plain: window.plain, looks }
    }

    #[inline(always)]
    fn put(&self, now: Now<'a>, lane: &mut Lane) {
        lane.state = now.state;
        lane.at = self.source.after(lane.at, now.plain, now.bits.trailing_zeros());
    }

    #[inline(always)]
    fn step(&self, now: &mut Now<'a>, lane: &mut Lane) -> Option<()> {
        let state = &self.all[(now.state >> 8) as usize % STATES];
        let Entry(entry) = now.looks[(now.bits >> (64 - LOOK)) as usize];
        let next = (now.state & state.kept).wrapping_add(entry >> 8 & 0x1ff);
        // 64 coefficients or more, or nothing is whole.
        if next & 0xc0 != 0 {
            *now = self.slow(*now, lane)?;
            return Some(());
        }
        now.bits <<= entry & 63;
        now.state = next;
        // Chosen from two at hand, it is there before the next step's number is.
        now.looks = select_unpredictable(entry & Entry::NEXT == 0, now.looks, state.following);
        let dc = &mut lane.dc[(state.component & 3) as usize];
        *dc = dc.wrapping_add(entry as i32 >> 20);
        Some(())
    }

    /// A step of one symbol, or a note. None where the data is broken.
    #[cold]
    #[inline(never)]
    fn slow(&self, now: Now<'a>, lane: &mut Lane) -> Option<Now<'a>> {
        self.put(now, lane);
        self.symbol(lane)?;
        Some(self.take(lane))
    }

    /// A step of one symbol; a reader that began somewhere and does not get on begins anew.
    fn symbol(&self, lane: &mut Lane) -> Option<()> {
        let number = lane.state >> 8;
        if number == self.limit {
            lane.mcu += (self.limit - lane.noted) / self.states;
            lane.note(self);
            return Some(());
        }
        let number = (number % self.states) as usize;
        let place = self.reader.places[number / 2];
        let mut cursor = Cursor::new(self.source, lane.at);
        let is_dc = number.is_multiple_of(2);
        let coefficients = lane.state & 0xff;
        // How many coefficients the block has now; 64 where it is over.
        let now = if is_dc {
            cursor.dc(&self.reader.tables[place.dc]).map(|difference| {
                let dc = &mut lane.dc[place.component & 3];
                *dc = dc.wrapping_add(difference);
                1
            })
        } else {
            cursor.ac(&self.reader.tables[place.ac]).and_then(|(symbol, ..)| match symbol {
                0 => Some(64),
                symbol => Some(coefficients + u32::from(symbol >> 4) + 1).filter(|now| *now <= 64),
            })
        };
        let Some(now) = now.filter(|_| !cursor.is_past_end()) else {
            if self.source.end() < lane.at + 64 {
                // What fills the last byte, most likely.
                lane.to = 0;
                return Some(());
            }
            if lane.is_right {
                return None;
            }
            lane.at = self.source.walk(lane.at, 1);
            lane.begin(self);
            return Some(());
        };
        lane.at = cursor.at();
        let is_next = u32::from(is_dc || now == 64);
        lane.state = (((lane.state >> 8) + is_next) << 8) | (now % 64);
        Some(())
    }

    /// Has a reader that is right go on until it begins an MCU where the next reader did, and noted it: the note. None
    /// where they never meet.
    fn meet(&self, lane: &mut Lane, next: &Lane) -> Option<Waypoint> {
        lane.each(self);
        let mut at = 0;
        loop {
            // Where it begins an MCU it has just noted it, or is about to.
            if lane.state >> 8 == lane.noted {
                at += next.notes[at..].partition_point(|note| note.at < lane.at);
                let note = next.notes.get(at)?;
                if note.at == lane.at {
                    return Some(*note);
                }
            }
            // Behind the end there is nothing that could bring it on.
            if lane.to == 0 {
                return None;
            }
            self.single(lane)?;
        }
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
        // Few goals and many: in long steps, and MCU by MCU.
        for (goals, step) in [(1, STEP), (60, 3), (10_000, 1)] {
            every_place_is_right(goals, step);
        }
    }

    fn every_place_is_right(goals: usize, step: usize) {
        let bytes = jpeg();
        let header = Header::parse(&bytes).unwrap();
        let scan = &header.scans[0];
        let reader = Reader::new(&header, scan).unwrap();
        let interval = &intervals(&bytes, &header, scan).unwrap()[0];
        let source = Stuffed::new(&bytes[interval.bytes.clone()]);
        let index = Index::build(&reader, source, interval.mcus.end, goals).unwrap();
        assert!(index.waypoints.len() >= interval.mcus.end as usize / step);
        let mut walk = Walk::new(&reader, source, None);
        let mut mcu = 0;
        for waypoint in &index.waypoints {
            walk.pass(waypoint.mcu - mcu).unwrap();
            mcu = waypoint.mcu;
            assert_eq!((walk.cursor.at(), walk.dc), (waypoint.at, waypoint.dc), "MCU {mcu}");
        }
        assert!(interval.mcus.end - mcu <= step as u32);
        // And by leaps to where a walk step by step comes.
        for goal in [0, 1, STEP as u32, 777, interval.mcus.end] {
            let (mut leaping, mut walking) =
                (Walk::new(&reader, source, Some(&index)), Walk::new(&reader, source, None));
            leaping.pass(goal).unwrap();
            walking.pass(goal).unwrap();
            assert_eq!((leaping.cursor.at(), leaping.dc), (walking.cursor.at(), walking.dc), "MCU {goal}");
        }
    }

    /// Found by feeding the scanner: the reader before the last came to the end of the data in the middle of an MCU, and
    /// went on looking for the last one's places for ever.
    #[test]
    fn readers_that_never_meet_come_to_an_end() {
        let bytes = include_bytes!("../../tests/files/readers-never-meet.jpg");
        let header = Header::parse(bytes).unwrap();
        let scan = &header.scans[0];
        let reader = Reader::new(&header, scan).unwrap();
        let interval = &intervals(bytes, &header, scan).unwrap()[0];
        let source = Stuffed::new(&bytes[interval.bytes.clone()]);
        for goals in 1..200 {
            assert!(Index::read(&reader, source, interval.mcus.end, goals).is_none());
        }
    }

    #[test]
    fn broken_data_has_no_index() {
        let mut bytes = jpeg();
        let header = Header::parse(&bytes).unwrap();
        let scan = &header.scans[0];
        let reader = Reader::new(&header, scan).unwrap();
        let interval = intervals(&bytes, &header, scan).unwrap().remove(0);
        // A code of ones, which no table has.
        bytes[interval.bytes.start + 999..][..4].copy_from_slice(&[0xff, 0, 0xff, 0]);
        let source = Stuffed::new(&bytes[interval.bytes.clone()]);
        assert!(Index::build(&reader, source, interval.mcus.end, 1).is_none());
    }
}
