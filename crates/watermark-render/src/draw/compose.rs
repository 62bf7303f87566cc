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
    /// Adds a row with nothing above or below: the same as [`Seen`] makes of it, but without weighing colours.
    fn alone(&self, y: i64, opacity: u16, builder: &mut SpriteBuilder) {
        // Factors up to 65,535, and the half of it: an u32 has just that.
        let part = |a: u16, b: u32| ((u32::from(a) * b + 32_767) / 65_535) as u16;
        let opacity = u32::from(opacity);
        match self {
            Self::Flat(plane, color) | Self::Beside(plane, color) => {
                let (from, row) = plane.row(y);
                let (color, most) = (color.rgb().map(|value| value as u16), wide(color.a) as u32);
                let alpha = |cover: u16| part(part(cover, most), opacity);
                let least = least_seen(alpha);
                builder.push_with(from, row, least, |cover| *cover, |cover| ink(color, alpha(*cover)));
            }
            Self::Painted(plane) => {
                let (from, row) = plane.row(y);
                let least = least_seen(|alpha| part(alpha, opacity));
                builder.push_with(
                    from,
                    row,
                    least,
                    |pixel| pixel[3],
                    |[r, g, b, alpha]| {
                        ink(straight([*r, *g, *b], *alpha).map(|value| value as u16), part(*alpha, opacity))
                    },
                );
            }
        }
    }
}

fn ink(color: [u16; 3], alpha: u16) -> Ink {
    if alpha == 0 { Ink::default() } else { Ink { color, alpha } }
}

/// The least coverage of which anything is seen; more than there can be where nothing ever is. More of it is never seen less.
fn least_seen(seen: impl Fn(u16) -> u16) -> u32 {
    let (mut none, mut some) = (0_u32, 1 << 16);
    while none + 1 < some {
        let middle = none.midpoint(some);
        let is_seen = u16::try_from(middle).is_ok_and(|cover| seen(cover) > 0);
        if is_seen { some = middle } else { none = middle }
    }
    some
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
    let mut builder = SpriteBuilder::default();
    let mut seen: Vec<Seen> = Vec::new();
    let mut inks: Vec<Ink> = Vec::new();
    for y in hull.top()..hull.bottom() {
        let (from, to) = hull.span(y);
        if let [layer] = layers {
            layer.alone(y, opacity, &mut builder);
            continue;
        }
        let width = usize::try_from(to.saturating_sub(from)).unwrap_or(0);
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

/// A premultiplied colour without its alpha, rounded down. Most pixels are opaque, and a division is dear.
fn straight(color: [u16; 3], alpha: u16) -> [u64; 3] {
    if alpha == u16::MAX {
        return color.map(u64::from);
    }
    // One division for three. What is no whole number is farther from one than this adds, and far more than is lost
    // in a product.
    const LESS_THAN_A_STEP: f64 = 1.0 / 131_072.0;
    // Where the last bit of a float counts ones: the nearest whole number stands in its lowest bits.
    const ONES: f64 = 6_755_399_441_055_744.0;
    let times = if alpha == 0 { 0.0 } else { 65_535.0 / f64::from(alpha) };
    color.map(|value| {
        let down = f64::from(value) * times + (LESS_THAN_A_STEP - 0.5);
        (down.min(65_535.0) + ONES).to_bits() & 0xffff
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_color_without_its_alpha_is_the_quotient_rounded_down() {
        for alpha in (0..=u16::MAX).step_by(7).chain([1, 2, 3, u16::MAX - 1, u16::MAX]) {
            for color in [0, 1, alpha / 3, alpha / 2, alpha - alpha.min(1), alpha, alpha.saturating_add(9)] {
                let expected = (u64::from(color) * 65_535).checked_div(alpha.into()).unwrap_or(0).min(65_535);
                assert_eq!(straight([color; 3], alpha), [expected; 3], "{color} of {alpha}");
            }
        }
    }
}
