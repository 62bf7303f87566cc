//! Filling: how much of each pixel lies inside of closed lines.

use ab_glyph_rasterizer::{Rasterizer, point};

use super::hull::Plane;
use crate::glyph::Point;

/// Rows that are filled at once; it bounds the memory for a shape as wide as the picture.
const BAND_ROWS: i64 = 64;

/// Fills shapes one after the other, with the same memory.
pub(super) struct Filler {
    rasterizer: Rasterizer,
    /// A row of coverages.
    row: Vec<u16>,
}

impl Filler {
    pub(super) fn new() -> Self {
        Self { rasterizer: Rasterizer::new(0, 0), row: Vec::new() }
    }

    /// Adds the inside of closed lines to a plane. What lies outside of the plane is left out. Neighbours that touch
    /// within one pixel cover it together.
    pub(super) fn fill(&mut self, lines: &[[Point; 2]], plane: &mut Plane<u16>) {
        let Some((left, top, right, bottom)) = bounds(lines) else { return };
        let (first, end) = (top.max(plane.top()), bottom.min(plane.bottom()));
        let mut y = first;
        while y < end {
            let rows = (end - y).min(BAND_ROWS);
            let span = (y..y + rows).fold((i64::MAX, i64::MIN), |span, y| {
                let (from, row) = plane.row(y);
                if row.is_empty() { span } else { (span.0.min(from), span.1.max(from + row.len() as i64)) }
            });
            let (from, to) = (span.0.max(left), span.1.min(right));
            if from < to {
                self.band(lines, plane, (from, y), (to - from, rows));
            }
            y += rows;
        }
    }

    fn band(
        &mut self,
        lines: &[[Point; 2]],
        plane: &mut Plane<u16>,
        (left, top): (i64, i64),
        (width, height): (i64, i64),
    ) {
        let (Ok(columns), Ok(rows)) = (usize::try_from(width), usize::try_from(height)) else { return };
        self.rasterizer.reset(columns, rows);
        // Close to zero, where an f32 is at its finest: the whole pixels go on the side.
        let (x0, y0) = (left as f64, top as f64);
        for [a, b] in lines {
            clipped((a.0 - x0, a.1 - y0), (b.0 - x0, b.1 - y0), (width as f64, height as f64), |a, b| {
                self.rasterizer.draw_line(point(a.0 as f32, a.1 as f32), point(b.0 as f32, b.1 as f32));
            });
        }
        self.row.clear();
        let row = &mut self.row;
        let mut y = top;
        self.rasterizer.for_each_pixel(|_, amount| {
            // A cast from a float goes to the nearest end of the range.
            row.push((amount * 65_535.0 + 0.5) as u16);
            if row.len() == columns {
                plane.add_row(left, y, row);
                row.clear();
                y += 1;
            }
        });
    }
}

fn bounds(lines: &[[Point; 2]]) -> Option<(i64, i64, i64, i64)> {
    let mut points = lines.iter().flatten();
    let first = points.next()?;
    let (mut left, mut top, mut right, mut bottom) = (first.0, first.1, first.0, first.1);
    for (x, y) in points {
        (left, top, right, bottom) = (left.min(*x), top.min(*y), right.max(*x), bottom.max(*y));
    }
    // A cast from a float goes to the nearest end of the range.
    Some((left.floor() as i64, top.floor() as i64, right.ceil() as i64, bottom.ceil() as i64))
}

/// The parts of a line from which the rasterizer learns the same as from all of it: what is above or below the band is
/// cut off, what is beside it becomes upright lines at its edges, for it counts what a row has passed so far.
fn clipped(a: Point, b: Point, (width, height): (f64, f64), mut draw: impl FnMut(Point, Point)) {
    let (low, high) = (a.1.min(b.1), a.1.max(b.1));
    if high <= 0.0 || low >= height || low == high {
        return;
    }
    let x_at = |y: f64| a.0 + (b.0 - a.0) * ((y - a.1) / (b.1 - a.1));
    let in_rows = |at: Point| match at.1 {
        y if y < 0.0 => (x_at(0.0), 0.0),
        y if y > height => (x_at(height), height),
        _ => at,
    };
    let (a, b) = (in_rows(a), in_rows(b));
    let is_inside = |x: f64| (0.0..=width).contains(&x);
    if is_inside(a.0) && is_inside(b.0) {
        draw(a, b);
        return;
    }
    // At most three pieces: before, between and behind the two edges.
    let y_at = |x: f64| a.1 + (b.1 - a.1) * ((x - a.0) / (b.0 - a.0));
    let crosses = |x: f64| (a.0 < x) != (b.0 < x);
    let mut cuts = [0.0, width].map(|x| crosses(x).then(|| (x, y_at(x).clamp(a.1.min(b.1), a.1.max(b.1)))));
    if a.0 > b.0 {
        cuts.reverse();
    }
    let mut from = a;
    for to in cuts.into_iter().flatten().chain([b]) {
        let middle = (from.0 + to.0) / 2.0;
        if is_inside(middle) {
            draw((from.0.clamp(0.0, width), from.1), (to.0.clamp(0.0, width), to.1));
        } else {
            let edge = middle.clamp(0.0, width);
            draw((edge, from.1), (edge, to.1));
        }
        from = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::hull::{Area, Hull};

    fn square(left: f64, top: f64, right: f64, bottom: f64) -> Vec<[Point; 2]> {
        let points = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        points.windows(2).map(|pair| [pair[0], pair[1]]).collect()
    }

    fn filled(lines: &[[Point; 2]], area: Area) -> Vec<(i64, Vec<u16>)> {
        let mut plane = Plane::new(&Hull::around(lines.iter(), area), 0);
        Filler::new().fill(lines, &mut plane);
        (plane.top()..plane.bottom()).map(|y| (plane.row(y).0, plane.row(y).1.to_vec())).collect()
    }

    #[test]
    fn a_part_of_a_shape_is_that_part() {
        let lines = [[(-40.3, -30.0), (90.7, 140.2)], [(90.7, 140.2), (10.0, 333.0)], [(10.0, 333.0), (-40.3, -30.0)]];
        let all = filled(&lines, Area::EVERYWHERE);
        for area in [
            Area { left: 0, top: 0, right: 16, bottom: 16 },
            Area { left: 7, top: 50, right: 60, bottom: 260 },
            Area { left: -50, top: -50, right: 3, bottom: 400 },
        ] {
            let top = -30_i64;
            for (y, (from, row)) in (area.top.max(top)..).zip(filled(&lines, area)) {
                for (x, part) in (from..).zip(row) {
                    let (start, whole) = &all[(y - top) as usize];
                    let expected = whole[(x - start) as usize];
                    assert!(part.abs_diff(expected) <= 40, "{x},{y}: {part} for {expected}");
                }
            }
        }
    }

    #[test]
    fn a_square_covers_what_it_covers() {
        let rows = filled(&square(1.5, 2.0, 4.0, 4.25), Area::EVERYWHERE);
        assert_eq!(rows[0], (1, vec![32_768, 65_535, 65_535]));
        assert_eq!(rows[2], (1, vec![8_192, 16_384, 16_384]));
        assert!(filled(&square(1.5, 200.0, 4.0, 400.25), Area { left: 0, top: 0, right: 9, bottom: 9 }).is_empty());
    }
}
