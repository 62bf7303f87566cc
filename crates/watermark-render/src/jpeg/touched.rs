//! Which MCUs a mark reaches.

use super::frame::{Frame, Scan};
use crate::{Rect, Stamp};

/// Which MCUs a mark reaches: per row of MCUs, columns from and to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Touched {
    rows: Vec<Vec<(u32, u32)>>,
}

impl Touched {
    /// Where any of the stamps has ink.
    pub(super) fn by(stamps: &[Stamp], frame: &Frame) -> Self {
        let (mcu_width, mcu_height) = frame.mcu_size();
        let picture = Rect { x: 0, y: 0, width: frame.width, height: frame.height };
        let words = (frame.mcus_wide as usize).div_ceil(64);
        // A bit for each MCU: an eighth of a byte for 64 pixels or more.
        let mut bits = vec![0_u64; words * frame.mcus_high as usize];
        for stamp in stamps {
            stamp.for_each_span(picture, |x, y, inks| {
                let start = (y / mcu_height) as usize * words;
                let Some(row) = bits.get_mut(start..start + words) else { return };
                let mut at = 0;
                while at < inks.len() {
                    let column = (x + at as u32) / mcu_width;
                    let end = (((column + 1) * mcu_width - x) as usize).min(inks.len());
                    let word = &mut row[column as usize / 64];
                    let bit = 1 << (column % 64);
                    if *word & bit == 0 && inks[at..end].iter().any(|ink| ink.alpha > 0) {
                        *word |= bit;
                    }
                    at = end;
                }
            });
        }
        let rows = bits.chunks_exact(words.max(1)).map(|row| {
            let mut runs: Vec<(u32, u32)> = Vec::new();
            let is_touched = |column: &u32| row[*column as usize / 64] >> (column % 64) & 1 == 1;
            for column in (0..frame.mcus_wide).filter(is_touched) {
                match runs.last_mut() {
                    Some((_, to)) if *to == column => *to += 1,
                    _ => runs.push((column, column + 1)),
                }
            }
            runs
        });
        Self { rows: rows.collect() }
    }

    /// Whatever the rectangles reach.
    pub(super) fn within(rects: &[Rect], frame: &Frame) -> Self {
        let (mcu_width, mcu_height) = frame.mcu_size();
        let mut rows = vec![Vec::new(); frame.mcus_high as usize];
        for rect in rects.iter().filter(|rect| rect.width > 0 && rect.height > 0) {
            let columns = (rect.x / mcu_width, rect.right().div_ceil(mcu_width).min(frame.mcus_wide));
            let last = rect.bottom().div_ceil(mcu_height).min(frame.mcus_high);
            for row in rect.y / mcu_height..last {
                rows[row as usize].push(columns);
            }
        }
        rows.iter_mut().for_each(|row| {
            row.retain(|(from, to)| from < to);
            merge(row);
        });
        Self { rows }
    }

    /// Runs of MCUs, numbered row by row: from and to, in order, with a gap between any two.
    pub(super) fn runs(&self, mcus_wide: u32) -> Vec<(u32, u32)> {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for (row, columns) in (0..).zip(&self.rows) {
            for (from, to) in columns.iter().map(|(from, to)| (row * mcus_wide + from, row * mcus_wide + to)) {
                match runs.last_mut() {
                    Some((_, end)) if *end == from => *end = to,
                    _ => runs.push((from, to)),
                }
            }
        }
        runs
    }

    /// The same for the MCUs of a scan, which may be the blocks of a single component.
    pub(super) fn runs_of(&self, frame: &Frame, scan: &Scan) -> Vec<(u32, u32)> {
        let [only] = &scan.components[..] else { return self.runs(frame.mcus_wide) };
        let component = &frame.components[only.index];
        let (wide, high) = scan.mcus(frame);
        let rows = (0..high).map(|row| (row, self.row(row / component.v)));
        let all = rows.flat_map(|(row, columns)| {
            columns.iter().map(move |(from, to)| {
                // Those beside the picture are in no such scan.
                let edge = |column: u32| row * wide + (column * component.h).min(wide);
                (edge(*from), edge(*to))
            })
        });
        let mut runs: Vec<(u32, u32)> = all.filter(|(from, to)| from < to).collect();
        merge(&mut runs);
        runs
    }

    /// Columns of a row of MCUs, from and to.
    pub(super) fn row(&self, row: u32) -> &[(u32, u32)] {
        self.rows.get(row as usize).map_or(&[], Vec::as_slice)
    }
}

/// Sorts runs and joins those that touch.
pub(super) fn merge(runs: &mut Vec<(u32, u32)>) {
    runs.sort_unstable();
    runs.dedup_by(|next, before| {
        let joins = next.0 <= before.1;
        if joins {
            before.1 = before.1.max(next.1);
        }
        joins
    });
}
