//! Pictures to pixels of another size and direction: areas where it gets smaller, straight lines where it gets larger.

use std::sync::Arc;

use super::{
    hull::{Area, Hull, Plane},
    path::Path,
};
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
        let (width, height) = (wide(self.frame.width), wide(self.frame.height));
        let upright = self.upright();
        let Some(level) = self.picture.level(width, height, upright.is_none()) else { return };
        match upright {
            Some((0, frame)) => paint_upright(&level, &frame, alpha, plane),
            Some((quarters, frame)) => paint_upright(&level.quarters(quarters), &frame, alpha, plane),
            None => self.paint_turned(&level, alpha, plane),
        }
    }

    fn paint_turned(&self, level: &Level, alpha: u8, plane: &mut Plane<Rgba>) {
        // Smaller than this nothing is seen of it, and the steps below would be too large for their type.
        const LEAST_PX: f64 = 0.01;
        if !(self.frame.width > LEAST_PX && self.frame.height > LEAST_PX) {
            return;
        }
        let scale_x = f64::from(level.width) / self.frame.width;
        let scale_y = f64::from(level.height) / self.frame.height;
        let step = |dx: f64, dy: f64| {
            let (x, y) = self.turn.direction_back((dx, dy));
            (fixed(x * scale_x), fixed(y * scale_y))
        };
        // The level has up to twice as many pixels as are drawn: four samples see all of them.
        let offsets = [(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)].map(|(dx, dy)| step(dx, dy));
        let next = step(1.0, 0.0);
        let pivot = self.turn.point(self.frame.center());
        let mut edges = Path::default();
        edges.add_polygon(self.corners());
        let hull = Hull::around(edges.lines().iter(), Area::EVERYWHERE);
        for y in plane.top().max(hull.top())..plane.bottom().min(hull.bottom()) {
            let (from, row) = plane.row_mut(y);
            let span = hull.span(y);
            let start = usize::try_from(span.0.max(from) - from).unwrap_or(0).min(row.len());
            let end = usize::try_from(span.1.max(from) - from).unwrap_or(0).clamp(start, row.len());
            let at = ((from + start as i64) as f64 + 0.5, y as f64 + 0.5);
            let middle = step(at.0 - pivot.0, at.1 - pivot.1);
            let mut here = (
                middle.0 + (i64::from(level.width) << (FRACTION - 1)) - HALF,
                middle.1 + (i64::from(level.height) << (FRACTION - 1)) - HALF,
            );
            for pixel in &mut row[start..end] {
                let mut sum = [0_u32; 4];
                for (dx, dy) in offsets {
                    bilinear(level, (here.0 + dx) >> (FRACTION - 8), (here.1 + dy) >> (FRACTION - 8), &mut sum);
                }
                if sum[3] > 0 {
                    over(pixel, sum.map(|sum| ((sum + 2) / 4) as u16), alpha);
                }
                here = (here.0 + next.0, here.1 + next.1);
            }
        }
    }
}

/// Bits below one pixel in the places that are counted on from pixel to pixel.
const FRACTION: u32 = 32;
const HALF: i64 = 1 << (FRACTION - 1);

fn fixed(px: f64) -> i64 {
    // Farther out than any picture, and the sum of a few of them still fits.
    const FAR: f64 = (1_i64 << 28) as f64;
    (px.clamp(-FAR, FAR) * (1_i64 << FRACTION) as f64) as i64
}

/// Adds the picture between its pixels, at a place in 256ths of one; it is transparent outside.
fn bilinear(level: &Level, x: i64, y: i64, sum: &mut [u32; 4]) {
    let (column, row) = (x.div_euclid(256), y.div_euclid(256));
    let (width, height) = (i64::from(level.width), i64::from(level.height));
    if column < -1 || row < -1 || column >= width || row >= height {
        return;
    }
    let (right, below) = (x.rem_euclid(256) as u32, y.rem_euclid(256) as u32);
    let weights = [(256 - right) * (256 - below), right * (256 - below), (256 - right) * below, right * below];
    let start = (row * width + column) as usize;
    let inside = (column >= 0 && row >= 0 && column + 1 < width && row + 1 < height)
        .then(|| (level.pixels.get(start..start + 2), level.pixels.get(start + width as usize..)));
    if let Some((Some([a, b]), Some([c, d, ..]))) = inside {
        let four = [a, b, c, d];
        for (channel, sum) in sum.iter_mut().enumerate() {
            let mixed = four.iter().zip(weights).map(|(pixel, weight)| u32::from(pixel[channel]) * weight);
            *sum += (mixed.sum::<u32>() + 32_767) >> 16;
        }
        return;
    }
    let mut mixed = [32_767_u32; 4];
    let mut add = |x: i64, y: i64, weight: u32| {
        if x >= 0 && y >= 0 && x < width && y < height {
            let pixel = level.pixels[(y * width + x) as usize];
            // The weights of all four make 65,536, so with the half above nothing overflows.
            mixed.iter_mut().zip(pixel).for_each(|(mixed, value)| *mixed += u32::from(value) * weight);
        }
    };
    add(column, row, weights[0]);
    add(column + 1, row, weights[1]);
    add(column, row + 1, weights[2]);
    add(column + 1, row + 1, weights[3]);
    sum.iter_mut().zip(mixed).for_each(|(sum, mixed)| *sum += mixed >> 16);
}

/// First from top to bottom, over all columns of the level at once, then from left to right.
fn paint_upright(level: &Level, frame: &Frame, alpha: u8, plane: &mut Plane<Rgba>) {
    // Farther out than any picture, where whole numbers would overflow.
    const FAR: f64 = 1e9;
    let is_near = frame.x.abs() < FAR && frame.y.abs() < FAR;
    if is_near && f64::from(level.width) == frame.width && f64::from(level.height) == frame.height {
        return copy_upright(level, frame, alpha, plane);
    }
    let spans = || (plane.top()..plane.bottom()).map(|y| plane.row(y)).filter(|(_, row)| !row.is_empty());
    let Some(left) = spans().map(|(from, _)| from).min() else { return };
    let right = spans().map(|(from, row)| from + row.len() as i64).max().unwrap_or(left);
    let columns: Vec<Vec<Tap>> = (left..right).map(|x| taps(level.width, frame.width, x as f64 - frame.x)).collect();
    let seen = || columns.iter().flatten().map(|(column, _)| *column);
    let (Some(first), Some(last)) = (seen().min(), seen().max()) else { return };
    let mut mixed = vec![[0.0_f32; 4]; last + 1 - first];
    for y in plane.top()..plane.bottom() {
        let down = taps(level.height, frame.height, y as f64 - frame.y);
        if down.is_empty() {
            continue;
        }
        mixed.fill([0.0; 4]);
        for (row, weight) in down {
            let start = row * level.width as usize;
            for (mixed, pixel) in mixed.iter_mut().zip(&level.pixels[start + first..=start + last]) {
                mixed.iter_mut().zip(pixel).for_each(|(mixed, value)| *mixed += f32::from(*value) * weight);
            }
        }
        let (from, row) = plane.row_mut(y);
        let skip = usize::try_from(from - left).unwrap_or(0);
        for (pixel, across) in row.iter_mut().zip(columns.iter().skip(skip)) {
            let mut sum = [0.5_f32; 4];
            for (column, weight) in across {
                let mixed = mixed[column - first];
                sum.iter_mut().zip(mixed).for_each(|(sum, value)| *sum += value * weight);
            }
            if sum[3] >= 1.0 {
                over(pixel, sum.map(|sum| sum as u16), alpha);
            }
        }
    }
}

/// As [`paint_upright`], where the picture is drawn as large as it is: the weights would all be one.
fn copy_upright(level: &Level, frame: &Frame, alpha: u8, plane: &mut Plane<Rgba>) {
    let (left, top) = (frame.x as i64, frame.y as i64);
    for (line, y) in level.pixels.chunks_exact(level.width.max(1) as usize).zip(top..) {
        if !(plane.top()..plane.bottom()).contains(&y) {
            continue;
        }
        let (from, row) = plane.row_mut(y);
        let skip_line = usize::try_from(from - left).unwrap_or(0).min(line.len());
        let skip_row = usize::try_from(left - from).unwrap_or(0).min(row.len());
        for (pixel, above) in row[skip_row..].iter_mut().zip(&line[skip_line..]) {
            if above[3] > 0 {
                over(pixel, *above, alpha);
            }
        }
    }
}

/// A source pixel and its weight.
type Tap = (usize, f32);

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
                (pixel, (shared.max(0.0) / (to - from)) as f32)
            })
            .collect();
    }
    let middle = ((at + 0.5) * scale - 0.5).clamp(0.0, last as f64);
    let first = middle.floor();
    let second = middle - first;
    let first = first as usize;
    vec![(first, (1.0 - second) as f32), ((first + 1).min(last), second as f32)]
}

/// Lays a premultiplied pixel over another.
pub(super) fn over(below: &mut Rgba, above: Rgba, alpha: u8) {
    const FULL: u32 = 65_535;
    if alpha == u8::MAX && *below == [0; 4] {
        *below = above;
        return;
    }
    let alpha = u32::from(alpha) * 257;
    let part = |value: u16| (u32::from(value) * alpha + FULL / 2) / FULL;
    let rest = FULL - part(above[3]).min(FULL);
    for (below, above) in below.iter_mut().zip(above) {
        *below = (part(above) + (u32::from(*below) * rest + FULL / 2) / FULL).min(FULL) as u16;
    }
}
