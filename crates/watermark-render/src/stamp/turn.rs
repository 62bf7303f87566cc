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
            let columns = Columns::of(sprite);
            for column in 0..sprite.width() {
                let column = if self.flips_x { sprite.width() - 1 - column } else { column };
                let (first, last) = columns.span(column);
                line.clear();
                line.extend((first..last).map(|row| columns.ink(sprite, row, column)));
                let start = if self.flips_y { height - last } else { first };
                if self.flips_y {
                    line.reverse();
                }
                builder.push(start.into(), &line);
            }
        } else {
            for row in 0..height {
                let (start, inks) = sprite.row(source(row));
                line.clear();
                line.extend(inks);
                let end = start + u32::try_from(inks.len()).unwrap_or(0);
                let start = if self.flips_x { sprite.width() - end } else { start };
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

/// In which rows each column has ink: a line across the picture has few of them.
struct Columns(Vec<(u32, u32)>);

impl Columns {
    fn of(sprite: &Sprite) -> Self {
        let mut spans = vec![(u32::MAX, 0); sprite.width() as usize];
        for row in 0..sprite.height() {
            let (start, inks) = sprite.row(row);
            let touched = spans.iter_mut().skip(start as usize).take(inks.len());
            touched.for_each(|span| *span = (span.0.min(row), row + 1));
        }
        Self(spans)
    }

    fn span(&self, column: u32) -> (u32, u32) {
        self.0.get(column as usize).copied().filter(|span| span.0 < span.1).unwrap_or((0, 0))
    }

    fn ink(&self, sprite: &Sprite, row: u32, column: u32) -> Ink {
        let (start, inks) = sprite.row(row);
        column.checked_sub(start).and_then(|at| inks.get(at as usize)).copied().unwrap_or_default()
    }
}
