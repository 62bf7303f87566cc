//! Lines around letters: everything that is at most so far away from an outline.
//!
//! The distance to the outline itself is measured, not that to pixels, so a line of one pixel is as clean as one of
//! twenty; corners come out round.

use super::hull::{Hull, Plane};
use crate::glyph::Point;

/// Widest outline that is drawn, in pixels.
pub const MAX_OUTLINE_PX: f64 = 64.0;

/// How far an outline of this width reaches, in whole pixels.
pub(super) fn reach(width: f64) -> i64 {
    width.clamp(0.0, MAX_OUTLINE_PX).ceil() as i64 + 1
}

/// Coverage of an outline of `width` pixels on both sides of the lines.
pub(super) fn stroke(lines: &[[Point; 2]], width: f64, hull: &Hull) -> Plane<u16> {
    let width = width.clamp(0.0, MAX_OUTLINE_PX);
    // A pixel whose middle is half a pixel outside is just not covered.
    let radius = width + 0.5;
    let mut squares = Plane::new(hull, f32::INFINITY);
    for [a, b] in lines {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length = dx * dx + dy * dy;
        let rows = (a.1.min(b.1) - radius).floor() as i64..(a.1.max(b.1) + radius).ceil() as i64;
        for y in rows.start.max(squares.top())..rows.end.min(squares.bottom()) {
            let (from, row) = squares.row_mut(y);
            let down = y as f64 + 0.5 - a.1;
            let left = (a.0.min(b.0) - radius).floor() as i64;
            let right = (a.0.max(b.0) + radius).ceil() as i64;
            let start = usize::try_from(left - from).unwrap_or(0).min(row.len());
            let end = usize::try_from(right - from).unwrap_or(0).clamp(start, row.len());
            for (x, square) in (start..).zip(&mut row[start..end]) {
                let across = (from + x as i64) as f64 + 0.5 - a.0;
                let along = ((across * dx + down * dy) / length).clamp(0.0, 1.0);
                let (x, y) = (across - along * dx, down - along * dy);
                *square = square.min((x * x + y * y) as f32);
            }
        }
    }
    let mut coverage = Plane::new(hull, 0);
    for y in squares.top()..squares.bottom() {
        for (cover, square) in coverage.row_mut(y).1.iter_mut().zip(squares.row(y).1) {
            if f64::from(*square) < radius * radius {
                let depth = (radius - f64::from(square.sqrt())).clamp(0.0, 1.0);
                // A line thinner than a pixel covers none fully.
                *cover = (depth.min(2.0 * width) * 65_535.0).round() as u16;
            }
        }
    }
    coverage
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::hull::Area;

    #[test]
    fn a_line_is_as_wide_as_asked() {
        for width in [0.25, 1.0, 2.5, 20.0] {
            let lines = [[(50.0, 10.0), (50.0, 90.0)]];
            let around = [[(49.5, 10.0), (50.5, 90.0)]];
            let hull = Hull::around(around.iter(), Area::EVERYWHERE).grown(reach(width));
            let plane = stroke(&lines, width, &hull);
            let sum: f64 = plane.row(50).1.iter().map(|cover| f64::from(*cover) / 65_535.0).sum();
            let expected = (2.0 * width).min(if width < 0.5 { 1.0 } else { f64::INFINITY });
            assert!((sum - expected).abs() < 0.02, "{width}: {sum}");
            assert_eq!(plane.at(50, 50).map(|cover| cover > 16_000), Some(true), "{width}");
        }
    }
}
