//! A sequential scan's data: its intervals, its tables, and a walk from MCU to MCU.

use std::ops::Range;

use super::{
    Refusal,
    bits::Stuffed,
    frame::Scan,
    ink::Block,
    lanes::Index,
    markers::Header,
    skip::{Cursor, Table},
};

/// A block's place in an MCU: which of the scan's components, and which of the reader's tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) component: usize,
    pub(super) dc: usize,
    pub(super) ac: usize,
}

/// What is needed to read a sequential scan.
#[derive(Debug)]
pub(super) struct Reader {
    /// DC tables, then AC tables.
    pub(super) tables: Vec<Table>,
    /// Which of [`Header::tables`] each of them is.
    pub(super) origins: Vec<usize>,
    /// How many DC tables there are.
    pub(super) dc_count: usize,
    /// The blocks of an MCU, in order.
    pub(super) places: Vec<Place>,
}

impl Reader {
    pub(super) fn new(header: &Header, scan: &Scan) -> Result<Self, Refusal> {
        let (mut dc_at, mut ac_at): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut places = Vec::new();
        for (component, part) in scan.components.iter().enumerate() {
            let (Some(dc), Some(ac)) = (part.dc, part.ac) else {
                return Err(Refusal::Broken { at: scan.entropy.start });
            };
            let place = Place { component, dc: place_of(&mut dc_at, dc), ac: place_of(&mut ac_at, ac) };
            let frame = &header.frame.components[part.index];
            let blocks = if scan.components.len() == 1 { 1 } else { frame.h * frame.v };
            places.extend(std::iter::repeat_n(place, blocks as usize));
        }
        let dc_count = dc_at.len();
        places.iter_mut().for_each(|place: &mut Place| place.ac += dc_count);
        let mut scratch = Vec::new();
        let dc = dc_at.iter().map(|at| Table::dc(&header.tables[*at].spec));
        let mut tables: Vec<Table> = dc.collect();
        tables.extend(ac_at.iter().map(|at| Table::ac(&header.tables[*at].spec, &mut scratch)));
        Ok(Self { tables, origins: [dc_at, ac_at].concat(), dc_count, places })
    }
}

fn place_of(list: &mut Vec<usize>, value: usize) -> usize {
    list.iter().position(|at| *at == value).unwrap_or_else(|| {
        list.push(value);
        list.len() - 1
    })
}

/// A restart interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interval {
    /// Its data in the file, without the marker after it.
    pub(super) bytes: Range<usize>,
    /// Its MCUs.
    pub(super) mcus: Range<u32>,
}

/// The intervals of a scan; one where it has no restart markers. Source: T.81, B.2.1 and E.1.4.
pub(super) fn intervals(bytes: &[u8], header: &Header, scan: &Scan) -> Result<Vec<Interval>, Refusal> {
    let (wide, high) = scan.mcus(&header.frame);
    let total = wide * high;
    if scan.restart == 0 {
        return Ok(vec![Interval { bytes: scan.entropy.clone(), mcus: 0..total }]);
    }
    let broken = |at| Refusal::Broken { at };
    let mut intervals = Vec::with_capacity(scan.restarts.len() + 1);
    let (mut start, mut mcu) = (scan.entropy.start, 0);
    for &at in &scan.restarts {
        // They count from 0 to 7; one that is missing would shift all that follows.
        let is_next = bytes.get(at + 1).is_some_and(|marker| usize::from(marker & 7) == intervals.len() % 8);
        if !is_next || total - mcu <= scan.restart {
            return Err(broken(at));
        }
        intervals.push(Interval { bytes: start..at, mcus: mcu..mcu + scan.restart });
        start = at + 2;
        mcu += scan.restart;
    }
    if total - mcu > scan.restart {
        return Err(broken(scan.entropy.end));
    }
    intervals.push(Interval { bytes: start..scan.entropy.end, mcus: mcu..total });
    Ok(intervals)
}

/// A walk along the MCUs of an interval.
#[derive(Debug, Clone)]
pub(super) struct Walk<'a> {
    reader: &'a Reader,
    index: Option<&'a Index>,
    pub(super) cursor: Cursor<'a>,
    /// The last DC of each of the scan's components.
    pub(super) dc: [i32; 4],
    /// The MCU that comes next, counted from the interval's first.
    mcu: u32,
}

impl<'a> Walk<'a> {
    /// A walk from the beginning of an interval, by leaps where there is an index of it.
    pub(super) fn new(reader: &'a Reader, source: Stuffed<'a>, index: Option<&'a Index>) -> Self {
        Self { reader, index, cursor: Cursor::new(source, 0), dc: [0; 4], mcu: 0 }
    }

    /// Passes over so many MCUs; none where the data is broken.
    pub(super) fn pass(&mut self, count: u32) -> Option<()> {
        let goal = self.mcu + count;
        if let Some(waypoint) =
            self.index.and_then(|index| index.before(goal)).filter(|waypoint| waypoint.mcu > self.mcu)
        {
            self.cursor.jump(waypoint.at);
            (self.dc, self.mcu) = (waypoint.dc, waypoint.mcu);
        }
        self.pass_each(goal - self.mcu)?;
        self.mcu = goal;
        Some(())
    }

    #[inline(never)]
    fn pass_each(&mut self, count: u32) -> Option<()> {
        let reader = self.reader;
        let mut cursor = self.cursor.clone();
        let mut dc = self.dc;
        for _ in 0..count {
            for place in &reader.places {
                let before = &mut dc[place.component & 3];
                *before = before.wrapping_add(cursor.dc(&reader.tables[place.dc])?);
                cursor.pass_ac(&reader.tables[place.ac])?;
            }
            if cursor.is_past_end() {
                return None;
            }
        }
        (self.cursor, self.dc) = (cursor, dc);
        Some(())
    }

    /// Passes over an MCU; the sum of its blocks' DCs, by component.
    pub(super) fn sum_of_dcs(&mut self) -> Option<[i32; 4]> {
        let reader = self.reader;
        let mut sums = [0_i32; 4];
        for place in &reader.places {
            let before = &mut self.dc[place.component & 3];
            *before = before.wrapping_add(self.cursor.dc(&reader.tables[place.dc])?);
            sums[place.component & 3] = sums[place.component & 3].wrapping_add(*before);
            self.cursor.pass_ac(&reader.tables[place.ac])?;
        }
        self.mcu += 1;
        (!self.cursor.is_past_end()).then_some(sums)
    }

    /// Reads an MCU's blocks, in order.
    pub(super) fn read(&mut self, blocks: &mut [Block]) -> Option<()> {
        for (place, block) in self.reader.places.iter().zip(blocks) {
            let before = &mut self.dc[place.component & 3];
            *before = before.wrapping_add(self.cursor.dc(&self.reader.tables[place.dc])?);
            *block = [0; 64];
            block[0] = i16::try_from(*before).ok()?;
            self.cursor.read_ac(&self.reader.tables[place.ac], block)?;
        }
        self.mcu += 1;
        (!self.cursor.is_past_end()).then_some(())
    }

    /// Goes to a place that another walk, whose DCs and MCU are the same, has come to by the same bits.
    pub(super) fn follow(&mut self, at: u64, other: &Self) {
        self.cursor.jump(at);
        (self.dc, self.mcu) = (other.dc, other.mcu);
    }

    /// Whether nothing but the filling of the last byte is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.cursor.rest().is_some_and(|rest| rest < 8)
    }
}
