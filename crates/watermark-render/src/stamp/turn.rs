//! A stamp for the picture as it is stored, when the picture as shown is that one turned.

use std::sync::Arc;

use image::metadata::Orientation;

use super::{Ink, Place, Sprite, SpriteBuilder, Stamp};

impl Stamp {
    /// The same stamp in coordinates of the stored picture, where showing it turns it by `orientation` and then it is
    /// `shown_width` by `shown_height` pixels. Exact: blending it and then turning the picture gives the same as
    /// turning the picture and then blending the stamp as it was.
    #[must_use]
    pub fn turned(&self, orientation: Orientation, shown_width: u32, shown_height: u32) -> Stamp {
        let turn = Back::new(orientation);
        if turn == Back::default() {
            return self.clone();
        }
        let sprite = Arc::new(turn.sprite(&self.sprite));
        let (width, height) = (i64::from(self.sprite.width()), i64::from(self.sprite.height()));
        let places = self.places.iter().map(|place| {
            let x = if turn.flips_x { i64::from(shown_width) - place.x - width } else { place.x };
            let y = if turn.flips_y { i64::from(shown_height) - place.y - height } else { place.y };
            if turn.swaps { Place { x: y, y: x } } else { Place { x, y } }
        });
        Stamp::new(sprite, places.collect(), self.blend)
    }
}

/// From the shown picture to the stored one: perhaps from right to left, perhaps upside down, then perhaps rows become
/// columns. Source: EXIF 2.32, tag 0x0112.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Back {
    flips_x: bool,
    flips_y: bool,
    swaps: bool,
}

impl Back {
    fn new(orientation: Orientation) -> Self {
        let (flips_x, flips_y, swaps) = match orientation.to_exif() {
            2 => (true, false, false),
            3 => (true, true, false),
            4 => (false, true, false),
            5 => (false, false, true),
            6 => (true, false, true),
            7 => (true, true, true),
            8 => (false, true, true),
            _ => (false, false, false),
        };
        Self { flips_x, flips_y, swaps }
    }

    fn sprite(self, sprite: &Sprite) -> Sprite {
        let height = sprite.height();
        let source = |row: u32| if self.flips_y { height - 1 - row } else { row };
        let mut builder = SpriteBuilder::default();
        let mut line: Vec<Ink> = Vec::new();
        if self.swaps {
            let bands = (0..sprite.width()).step_by(BAND as usize);
            let bands: Vec<u32> = if self.flips_x { bands.rev().collect() } else { bands.collect() };
            for from in bands {
                let columns = Columns::of(sprite, from);
                let width = BAND.min(sprite.width() - from);
                for column in 0..width {
                    let inks = columns.inks(if self.flips_x { width - 1 - column } else { column });
                    let (first, last) =
                        inks.first().zip(inks.last()).map_or((0, 0), |(first, last)| (first.0, last.0 + 1));
                    line.clear();
                    line.resize((last - first) as usize, Ink::default());
                    inks.iter().for_each(|(row, ink)| line[(row - first) as usize] = *ink);
                    if self.flips_y {
                        line.reverse();
                    }
                    builder.push(if self.flips_y { height - last } else { first }.into(), &line);
                }
            }
        } else {
            for row in 0..height {
                // From the first ink to the last.
                let (mut first, mut end) = (None, 0);
                line.clear();
                for (start, inks) in sprite.row(source(row)) {
                    let first = *first.get_or_insert(start);
                    line.resize((start - first) as usize, Ink::default());
                    line.extend(inks);
                    end = first + u32::try_from(line.len()).unwrap_or(0);
                }
                let start = if self.flips_x { sprite.width() - end } else { first.unwrap_or(0) };
                if self.flips_x {
                    line.reverse();
                }
                builder.push(start.into(), &line);
            }
        }
        // What had ink still has.
        builder.finish().map(|(sprite, _, _)| sprite).unwrap_or_default()
    }
}

/// Columns that are turned at once: it bounds the memory, and each row is looked at once for so many.
const BAND: u32 = 64;

/// The inks of each column of a band, with their rows.
struct Columns {
    /// Where those of each column begin; one more than there are columns.
    starts: Vec<usize>,
    inks: Vec<(u32, Ink)>,
}

impl Columns {
    fn of(sprite: &Sprite, from: u32) -> Self {
        let of_row = |row| sprite.part(row, from, BAND).map(move |(start, inks)| (row, start, inks));
        let rows = || (0..sprite.height()).flat_map(of_row);
        let mut starts = vec![0; BAND as usize + 1];
        for (_, start, inks) in rows() {
            starts[start as usize + 1..][..inks.len()].iter_mut().for_each(|count| *count += 1);
        }
        for column in 1..starts.len() {
            starts[column] += starts[column - 1];
        }
        let mut next = starts.clone();
        let mut all = vec![(0, Ink::default()); starts.last().copied().unwrap_or(0)];
        for (row, start, inks) in rows() {
            for (next, ink) in next[start as usize..].iter_mut().zip(inks) {
                all[*next] = (row, *ink);
                *next += 1;
            }
        }
        Self { starts, inks: all }
    }

    /// From the top to the bottom.
    fn inks(&self, column: u32) -> &[(u32, Ink)] {
        &self.inks[self.starts[column as usize]..self.starts[column as usize + 1]]
    }
}
