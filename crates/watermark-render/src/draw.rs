//! A scene to stamps: coverage of letters and shadow, still without a picture below.

use ab_glyph::{Font, FontArc, Glyph, GlyphId, PxScale, point};
use sealmark_watermark_dsl::{Color, Opacity};

use crate::{
    Fonts, Mark, Rect, RenderError, Scene,
    blur::{Plane, blur, reach},
};

/// A drawn mark, ready to be blended any number of times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// What it covers; inside of the picture.
    area: Rect,
    /// Coverage of the letters over `area`, row by row, 0 to 65,535.
    letters: Vec<u16>,
    color: Color,
    /// Coverage of the shadow over `area`, and its colour.
    shadow: Option<(Vec<u16>, Color)>,
    /// 0 to 65,535.
    opacity: u16,
}

/// Draws every mark of a scene.
///
/// # Errors
/// [`RenderError::UnknownFont`] for a font that is not in `fonts`.
pub fn draw(scene: &Scene, fonts: &Fonts) -> Result<Vec<Stamp>, RenderError> {
    scene.marks.iter().map(|mark| Ok(stamp(mark, fonts.face(&mark.font)?, scene.width, scene.height))).collect()
}

/// A rectangle that may reach out of the picture.
#[derive(Clone, Copy)]
struct Area {
    left: i64,
    top: i64,
    right: i64,
    bottom: i64,
}

impl Area {
    fn of(rect: Rect) -> Self {
        Self { left: rect.x.into(), top: rect.y.into(), right: rect.right().into(), bottom: rect.bottom().into() }
    }

    fn grown(self, by: u32) -> Self {
        let by = i64::from(by);
        Self { left: self.left - by, top: self.top - by, right: self.right + by, bottom: self.bottom + by }
    }

    fn moved(self, dx: f64, dy: f64) -> Self {
        Self {
            left: self.left + dx.floor() as i64,
            top: self.top + dy.floor() as i64,
            right: self.right + dx.ceil() as i64,
            bottom: self.bottom + dy.ceil() as i64,
        }
    }

    fn union(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    fn clipped(self, width: u32, height: u32) -> Self {
        let (width, height) = (i64::from(width), i64::from(height));
        let (left, top) = (self.left.clamp(0, width), self.top.clamp(0, height));
        Self { left, top, right: self.right.clamp(left, width), bottom: self.bottom.clamp(top, height) }
    }

    fn width(self) -> usize {
        usize::try_from(self.right - self.left).unwrap_or(0)
    }

    fn height(self) -> usize {
        usize::try_from(self.bottom - self.top).unwrap_or(0)
    }
}

fn stamp(mark: &Mark, font: &FontArc, width: u32, height: u32) -> Stamp {
    let ink = Area::of(mark.ink);
    let shadow_reach = mark.shadow.map(|shadow| (shadow, reach(shadow.sigma)));
    let all = match shadow_reach {
        Some((shadow, reach)) => ink.union(ink.moved(shadow.dx, shadow.dy).grown(reach)),
        None => ink,
    };
    let area = all.clipped(width, height);
    let letters = cover(mark, font, area, 0.0, 0.0).coverage;
    let shadow = shadow_reach.map(|(shadow, reach)| {
        // What lies just outside of the picture still darkens its edge.
        let wide = area.grown(reach);
        let mut plane = cover(mark, font, wide, shadow.dx, shadow.dy);
        blur(&mut plane, shadow.sigma);
        let margin = reach as usize;
        let rows = plane.coverage.chunks_exact(plane.width.max(1)).skip(margin).take(area.height());
        let coverage = rows.flat_map(|row| row[margin..margin + area.width()].iter().copied()).collect();
        (coverage, shadow.color)
    });
    let unsigned = |value: i64| u32::try_from(value).unwrap_or(0);
    Stamp {
        area: Rect {
            x: unsigned(area.left),
            y: unsigned(area.top),
            width: unsigned(area.right - area.left),
            height: unsigned(area.bottom - area.top),
        },
        letters,
        color: mark.color,
        shadow,
        opacity: opacity_65535(mark.opacity),
    }
}

fn opacity_65535(opacity: Opacity) -> u16 {
    (opacity.get() * 65_535.0).round() as u16
}

/// Coverage of a mark's glyphs over an area, moved by `dx` and `dy`. What lies outside of the area is left out.
fn cover(mark: &Mark, font: &FontArc, area: Area, dx: f64, dy: f64) -> Plane {
    let (width, height) = (area.width(), area.height());
    let mut coverage = vec![0_u16; width * height];
    let units_per_em = font.units_per_em().unwrap_or(1.0);
    // The library's scale is the height of a line, ours is the em.
    let scale = PxScale::from(mark.em_px as f32 * font.height_unscaled() / units_per_em);
    for placed in &mark.glyphs {
        // Close to zero, where an f32 is at its finest: the whole pixels go on the side.
        let (x, y) = (placed.x + dx, placed.y + dy);
        let (whole_x, whole_y) = (x.floor(), y.floor());
        let position = point((x - whole_x) as f32, (y - whole_y) as f32);
        let glyph = Glyph { id: GlyphId(placed.glyph), scale, position };
        let Some(outlined) = font.outline_glyph(glyph) else { continue };
        let bounds = outlined.px_bounds();
        let left = whole_x as i64 + bounds.min.x as i64 - area.left;
        let top = whole_y as i64 + bounds.min.y as i64 - area.top;
        outlined.draw(|column, row, amount| {
            let (x, y) = (left + i64::from(column), top + i64::from(row));
            let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
            if x < width && y < height {
                let here = &mut coverage[y * width + x];
                // Neighbours that touch within one pixel cover it together.
                *here = here.saturating_add((amount.clamp(0.0, 1.0) * 65_535.0).round() as u16);
            }
        });
    }
    Plane { width, height, coverage }
}

/// A pixel of a stamp: a colour and how much of it, 0 to 65,535.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ink {
    /// Red, green, blue, 0 to 65,535.
    pub(crate) color: [u16; 3],
    pub(crate) alpha: u16,
}

/// Rounded `a * b / 65,535`, for factors up to 65,535.
fn part(a: u64, b: u64) -> u64 {
    (a * b + 32_767) / 65_535
}

fn wide(value: u8) -> u64 {
    u64::from(value) * 257
}

impl Stamp {
    /// What it may change; inside of the picture.
    pub const fn area(&self) -> Rect {
        self.area
    }

    /// The inks of one row of the area, from left to right.
    pub(crate) fn row(&self, row: u32) -> impl Iterator<Item = Ink> + '_ {
        let width = self.area.width as usize;
        let start = row as usize * width;
        (start..start + width).map(|at| self.ink(at))
    }

    /// Letters over shadow, and the opacity on both together: the shadow does not shine through its own letters.
    fn ink(&self, at: usize) -> Ink {
        let letter = part(self.letters[at].into(), wide(self.color.a));
        let (shade, shadow_color) = match &self.shadow {
            Some((coverage, color)) => (part(part(coverage[at].into(), wide(color.a)), 65_535 - letter), *color),
            None => (0, self.color),
        };
        let both = letter + shade;
        if both == 0 {
            return Ink { color: [0; 3], alpha: 0 };
        }
        let mix = |over: u8, under: u8| ((wide(over) * letter + wide(under) * shade + both / 2) / both) as u16;
        let color =
            [mix(self.color.r, shadow_color.r), mix(self.color.g, shadow_color.g), mix(self.color.b, shadow_color.b)];
        Ink { color, alpha: part(both.min(65_535), self.opacity.into()) as u16 }
    }

    /// The smallest rectangle around everything that it changes; none where that is nothing.
    pub fn touched(&self) -> Option<Rect> {
        let (mut left, mut right, mut top, mut bottom) = (u32::MAX, 0, u32::MAX, 0);
        for row in 0..self.area.height {
            for (column, ink) in (0..).zip(self.row(row)) {
                if ink.alpha > 0 {
                    (left, right) = (left.min(column), right.max(column + 1));
                    (top, bottom) = (top.min(row), row + 1);
                }
            }
        }
        (left < right).then(|| Rect {
            x: self.area.x + left,
            y: self.area.y + top,
            width: right - left,
            height: bottom - top,
        })
    }
}
