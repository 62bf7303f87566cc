//! Pictures to pixels of another size and direction: areas where it gets smaller, straight lines where it gets larger.

use std::sync::Arc;

use super::hull::Plane;
use crate::{Frame, Picture, geometry::Turn, glyph::Point, picture::Level};

/// A pixel in RGBA, premultiplied, 0 to 65,535.
pub(super) type Rgba = [u16; 4];

/// A picture in its place.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) picture: Arc<Picture>,
    /// Before it is turned.
    pub(super) frame: Frame,
    pub(super) turn: Turn,
    /// Whether its edges lie on whole pixels where it is upright or turned by a right angle.
    pub(super) is_snapped: bool,
}

impl Placed {
    pub(super) fn moved(&self, dx: f64, dy: f64) -> Self {
        // What turns is moved where it has been turned to.
        let (dx, dy) = self.turn.direction_back((dx, dy));
        let frame = Frame { x: self.frame.x + dx, y: self.frame.y + dy, ..self.frame };
        Self { frame, ..self.clone() }
    }

    /// Its edges in the picture.
    pub(super) fn corners(&self) -> [Point; 4] {
        match self.upright() {
            Some((_, frame)) => {
                let (right, bottom) = (frame.x + frame.width, frame.y + frame.height);
                [(frame.x, frame.y), (right, frame.y), (right, bottom), (frame.x, bottom)]
            }
            None => {
                // A sample may reach one pixel beyond.
                self.turn.corners(&self.frame.grown(1.0))
            }
        }
    }

    /// By how many right angles it is turned, and the whole pixels that it then covers; none where it has no whole
    /// pixels.
    fn upright(&self) -> Option<(u32, Frame)> {
        let quarters = self.turn.quarters().filter(|_| self.is_snapped)?;
        let corners = self.turn.corners(&self.frame);
        let x = corners.iter().map(|at| at.0).fold(f64::INFINITY, f64::min).round();
        let y = corners.iter().map(|at| at.1).fold(f64::INFINITY, f64::min).round();
        let (width, height) = match quarters % 2 {
            0 => (self.frame.width, self.frame.height),
            _ => (self.frame.height, self.frame.width),
        };
        Some((quarters, Frame { x, y, width: width.round().max(1.0), height: height.round().max(1.0) }))
    }

    /// Lays it over a plane.
    pub(super) fn paint(&self, alpha: u8, plane: &mut Plane<Rgba>) {
        let wide = |value: f64| if value.is_finite() { value.clamp(0.0, 1e9) } else { 0.0 };
        let Some(level) = self.picture.level(wide(self.frame.width), wide(self.frame.height)) else { return };
        match self.upright() {
            Some((0, frame)) => paint_upright(level, &frame, alpha, plane),
            Some((quarters, frame)) => paint_upright(&level.quarters(quarters), &frame, alpha, plane),
            None => self.paint_turned(level, alpha, plane),
        }
    }

    fn paint_turned(&self, level: &Level, alpha: u8, plane: &mut Plane<Rgba>) {
        if self.frame.width <= 0.0 || self.frame.height <= 0.0 {
            return;
        }
        let scale_x = f64::from(level.width) / self.frame.width;
        let scale_y = f64::from(level.height) / self.frame.height;
        let center = self.frame.center();
        // The level has up to twice as many pixels as are drawn: four samples see all of them.
        const OFFSETS: [(f64, f64); 4] = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)];
        let source = |x: f64, y: f64| {
            let pivot = self.turn.point(center);
            let (dx, dy) = self.turn.direction_back((x - pivot.0, y - pivot.1));
            ((dx + self.frame.width / 2.0) * scale_x - 0.5, (dy + self.frame.height / 2.0) * scale_y - 0.5)
        };
        for y in plane.top()..plane.bottom() {
            let (from, row) = plane.row_mut(y);
            for (x, pixel) in (from..).zip(row) {
                let mut sum = [0.0; 4];
                for (dx, dy) in OFFSETS {
                    let (sx, sy) = source(x as f64 + dx, y as f64 + dy);
                    let sample = bilinear(level, sx, sy);
                    sum.iter_mut().zip(sample).for_each(|(sum, value)| *sum += value);
                }
                over(pixel, sum.map(|sum| (sum / 4.0 + 0.5) as u16), alpha);
            }
        }
    }
}

/// The picture between its pixels, transparent outside of it.
fn bilinear(level: &Level, x: f64, y: f64) -> [f64; 4] {
    let (column, row) = (x.floor(), y.floor());
    let (right, below) = (x - column, y - row);
    let (column, row) = (column as i64, row as i64);
    if column < -1 || row < -1 || column >= level.width.into() || row >= level.height.into() {
        return [0.0; 4];
    }
    let mut sum = [0.0; 4];
    for (dx, dy, weight) in [
        (0, 0, (1.0 - right) * (1.0 - below)),
        (1, 0, right * (1.0 - below)),
        (0, 1, (1.0 - right) * below),
        (1, 1, right * below),
    ] {
        let (x, y) = (column + dx, row + dy);
        if (0..i64::from(level.width)).contains(&x) && (0..i64::from(level.height)).contains(&y) {
            let pixel = level.pixels[(y * i64::from(level.width) + x) as usize];
            sum.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += f64::from(value) * weight);
        }
    }
    sum
}

fn paint_upright(level: &Level, frame: &Frame, alpha: u8, plane: &mut Plane<Rgba>) {
    let rows: Vec<(i64, Vec<Tap>)> =
        (plane.top()..plane.bottom()).map(|y| (y, taps(level.height, frame.height, y as f64 - frame.y))).collect();
    let spans = || (plane.top()..plane.bottom()).map(|y| plane.row(y)).filter(|(_, row)| !row.is_empty());
    let Some(left) = spans().map(|(from, _)| from).min() else { return };
    let right = spans().map(|(from, row)| from + row.len() as i64).max().unwrap_or(left);
    let columns: Vec<Vec<Tap>> = (left..right).map(|x| taps(level.width, frame.width, x as f64 - frame.x)).collect();
    for (y, down) in rows {
        let (from, row) = plane.row_mut(y);
        let skip = usize::try_from(from - left).unwrap_or(0);
        for (pixel, across) in row.iter_mut().zip(columns.iter().skip(skip)) {
            let mut sum = [0.0; 4];
            for (y, weight_y) in &down {
                for (x, weight_x) in across {
                    let weight = weight_x * weight_y;
                    let pixel = level.pixels[y * level.width as usize + x];
                    sum.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += f64::from(value) * weight);
                }
            }
            over(pixel, sum.map(|sum| (sum + 0.5) as u16), alpha);
        }
    }
}

/// A source pixel and its weight.
type Tap = (usize, f64);

/// What a pixel, so many pixels from the frame's edge, shows of a side of `count` pixels drawn over `length`: none
/// outside of the frame; else the weights make 1.
fn taps(count: u32, length: f64, at: f64) -> Vec<Tap> {
    if at < 0.0 || at + 1.0 > length {
        return Vec::new();
    }
    let scale = f64::from(count) / length;
    let last = count.saturating_sub(1) as usize;
    if scale >= 1.0 {
        let (from, to) = (at * scale, ((at + 1.0) * scale).min(count.into()));
        let pixels = from.floor() as usize..=((to.ceil() as usize).max(1) - 1).min(last);
        return pixels
            .map(|pixel| {
                let shared = (pixel as f64 + 1.0).min(to) - (pixel as f64).max(from);
                (pixel, shared.max(0.0) / (to - from))
            })
            .collect();
    }
    let middle = ((at + 0.5) * scale - 0.5).clamp(0.0, last as f64);
    let first = middle.floor();
    let second = middle - first;
    let first = first as usize;
    vec![(first, 1.0 - second), ((first + 1).min(last), second)]
}

/// Lays a premultiplied pixel over another.
pub(super) fn over(below: &mut Rgba, above: Rgba, alpha: u8) {
    const FULL: u32 = 65_535;
    let alpha = u32::from(alpha) * 257;
    let part = |value: u16| (u32::from(value) * alpha + FULL / 2) / FULL;
    let rest = FULL - part(above[3]).min(FULL);
    for (below, above) in below.iter_mut().zip(above) {
        *below = (part(above) + (u32::from(*below) * rest + FULL / 2) / FULL).min(FULL) as u16;
    }
}
