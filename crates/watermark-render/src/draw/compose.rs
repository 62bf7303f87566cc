//! Layers to ink: colours and coverages that lie over each other to one colour and one alpha a pixel.

use sealmark_watermark_dsl::Color;

use super::{
    hull::{Hull, Plane},
    sample::Rgba,
};
use crate::{Ink, stamp::SpriteBuilder};

const FULL: u64 = 65_535;

/// One of the layers of a mark.
pub(super) enum Layer<'a> {
    /// A colour where the plane covers.
    Flat(&'a Plane<u16>, Color),
    /// The same, but only beside what lies above: it does not shine through where that is half transparent.
    Beside(&'a Plane<u16>, Color),
    /// Colours, premultiplied.
    Painted(&'a Plane<Rgba>),
}

impl Layer<'_> {
    /// A row with nothing above or below: the same as [`Seen`] makes of it, but without weighing colours.
    fn alone(&self, y: i64, from: i64, inks: &mut [Ink], opacity: u16) {
        let ink = |color: [u64; 3], alpha: u64| match alpha {
            0 => Ink::default(),
            alpha => Ink { color: color.map(|value| value as u16), alpha: part(alpha, opacity.into()) as u16 },
        };
        match self {
            Self::Flat(plane, color) | Self::Beside(plane, color) => each(plane.row(y), from, inks, |pixel, cover| {
                *pixel = ink(color.rgb(), part(cover.into(), wide(color.a)));
            }),
            Self::Painted(plane) => each(plane.row(y), from, inks, |pixel, [r, g, b, alpha]| {
                *pixel = ink(straight([r, g, b], alpha), alpha.into());
            }),
        }
    }
}

/// What of a pixel is seen so far, from above.
#[derive(Clone, Copy)]
struct Seen {
    /// Colours times their parts.
    sum: [u64; 3],
    /// The parts together, 0 to 65,535.
    alpha: u64,
}

/// Rounded `a * b / 65,535`, for factors up to 65,535.
fn part(a: u64, b: u64) -> u64 {
    (a * b + FULL / 2) / FULL
}

fn wide(value: u8) -> u64 {
    u64::from(value) * 257
}

/// Lays layers over each other, the uppermost first, and the opacity over all of them together: a shadow does not
/// shine through its own letters.
pub(super) fn compose(layers: &[Layer<'_>], hull: &Hull, opacity: u16) -> SpriteBuilder {
    let mut builder = SpriteBuilder::with_room(hull.pixels());
    let mut seen: Vec<Seen> = Vec::new();
    let mut inks: Vec<Ink> = Vec::new();
    for y in hull.top()..hull.bottom() {
        let (from, to) = hull.span(y);
        let width = usize::try_from(to.saturating_sub(from)).unwrap_or(0);
        if let [layer] = layers {
            inks.clear();
            inks.resize(width, Ink::default());
            layer.alone(y, from, &mut inks, opacity);
            builder.push(if from < to { from } else { 0 }, &inks);
            continue;
        }
        seen.clear();
        seen.resize(width, Seen { sum: [0; 3], alpha: 0 });
        for layer in layers {
            match layer {
                Layer::Flat(plane, color) => each(plane.row(y), from, &mut seen, |seen, cover| {
                    seen.add(color.rgb(), part(part(cover.into(), wide(color.a)), FULL - seen.alpha));
                }),
                Layer::Beside(plane, color) => each(plane.row(y), from, &mut seen, |seen, cover| {
                    seen.add(color.rgb(), part(cover.into(), wide(color.a)).min(FULL - seen.alpha));
                }),
                Layer::Painted(plane) => each(plane.row(y), from, &mut seen, |seen, [r, g, b, alpha]| {
                    if alpha > 0 {
                        seen.add(straight([r, g, b], alpha), part(alpha.into(), FULL - seen.alpha));
                    }
                }),
            }
        }
        inks.clear();
        inks.extend(seen.iter().map(|seen| seen.ink(opacity)));
        builder.push(if from < to { from } else { 0 }, &inks);
    }
    builder
}

/// Visits what a row of a plane and the pixels from a column on have in common.
fn each<T: Copy, P>((start, row): (i64, &[T]), from: i64, pixels: &mut [P], visit: impl Fn(&mut P, T)) {
    if row.is_empty() || pixels.is_empty() {
        return;
    }
    let skip_pixels = usize::try_from(start - from).unwrap_or(0).min(pixels.len());
    let skip_row = usize::try_from(from - start).unwrap_or(0).min(row.len());
    for (pixel, value) in pixels[skip_pixels..].iter_mut().zip(&row[skip_row..]) {
        visit(pixel, *value);
    }
}

/// A premultiplied colour without its alpha. Most pixels are opaque, and a division is dear.
fn straight(color: [u16; 3], alpha: u16) -> [u64; 3] {
    if alpha == u16::MAX {
        return color.map(u64::from);
    }
    let alpha = u32::from(alpha);
    color.map(|value| u64::from((u32::from(value) * 65_535).checked_div(alpha).unwrap_or(0).min(65_535)))
}

trait Rgb {
    fn rgb(&self) -> [u64; 3];
}

impl Rgb for Color {
    fn rgb(&self) -> [u64; 3] {
        [wide(self.r), wide(self.g), wide(self.b)]
    }
}

impl Seen {
    fn add(&mut self, color: [u64; 3], part: u64) {
        self.sum.iter_mut().zip(color).for_each(|(sum, color)| *sum += color * part);
        self.alpha += part;
    }

    fn ink(&self, opacity: u16) -> Ink {
        if self.alpha == 0 {
            return Ink::default();
        }
        let color = if self.alpha == FULL {
            self.sum.map(|sum| ((sum + FULL / 2) / FULL) as u16)
        } else {
            self.sum.map(|sum| ((sum + self.alpha / 2) / self.alpha).min(FULL) as u16)
        };
        Ink { color, alpha: part(self.alpha.min(FULL), opacity.into()) as u16 }
    }
}
