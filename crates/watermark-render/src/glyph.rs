//! What a glyph looks like: an outline, outlines in several colours, or a small picture.

use harfrust::{
    Font, GlyphId,
    font::glyph::{
        bitmap::{BitmapGlyph, BitmapSource, Origin, Pixels},
        color::{Brush, ColorGlyphVersion, CompositeMode, PaintSink},
        outline::{DrawMemory, DrawOptions, PathSink},
    },
};
use read_fonts::types::{BoundingBox, Matrix};
use sealmark_watermark_dsl::Color;

/// A point in font units, y upwards.
pub(crate) type Point = (f64, f64);

/// A step of an outline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Step {
    Move(Point),
    Line(Point),
    Quad(Point, Point),
    Cubic(Point, Point, Point),
}

/// What a glyph looks like, in font units.
pub(crate) enum Look<'a> {
    /// Closed contours in the colour of the text.
    Outline(Vec<Step>),
    /// Closed contours, each layer in its own colour, the lowest first; none is the colour of the text.
    Layers(Vec<(Vec<Step>, Option<Color>)>),
    /// A picture over a rectangle.
    Bitmap { pixels: Pixels<'a>, bounds: Bounds },
}

/// A rectangle in font units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

impl Bounds {
    pub(crate) fn union(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            right: self.right.max(other.right),
            top: self.top.max(other.top),
            bottom: self.bottom.min(other.bottom),
        }
    }
}

/// The look of a glyph; `em_px` chooses between pictures of several sizes. COLR version 1 (gradients) is not drawn: a
/// font that has nothing else shows its outlines.
pub(crate) fn look(font: &Font, glyph: u32, em_px: f64) -> Look<'_> {
    let id = GlyphId::new(glyph);
    if let Some(colored) = font.color_glyphs().get_with_version(id, ColorGlyphVersion::ColrV0) {
        let mut layers = Layers { font, layers: Vec::new() };
        if colored.paint(&mut layers).is_ok() && !layers.layers.is_empty() {
            return Look::Layers(layers.layers);
        }
    }
    let strikes = font.bitmap_strikes();
    // Most fonts have none, and black and white bitmaps for small screens are worse than the outlines.
    if matches!(strikes.source(), Some(BitmapSource::Sbix | BitmapSource::Cbdt))
        && let Some(bitmap) = strikes.select_bitmap(id, Some(em_px as f32))
        && matches!(bitmap.pixels(), Pixels::Png(_) | Pixels::Bgra(_))
        && let Some(bounds) = bitmap_bounds(&bitmap, font.units_per_em())
    {
        return Look::Bitmap { pixels: bitmap.pixels(), bounds };
    }
    Look::Outline(outline(font, id))
}

/// Whether a face has glyphs with colours of their own that are drawn here.
pub(crate) fn has_colors(font: &Font) -> bool {
    matches!(font.bitmap_strikes().source(), Some(BitmapSource::Sbix | BitmapSource::Cbdt))
        || font.color_glyphs().version() == Some(0)
}

impl Look<'_> {
    /// What it covers; none where that is nothing.
    pub(crate) fn bounds(&self) -> Option<Bounds> {
        let all = match self {
            Self::Outline(steps) => steps_bounds(steps),
            Self::Layers(layers) => layers.iter().filter_map(|(steps, _)| steps_bounds(steps)).reduce(Bounds::union),
            Self::Bitmap { bounds, .. } => Some(*bounds),
        };
        all.filter(|bounds| bounds.right > bounds.left && bounds.top > bounds.bottom)
    }
}

fn steps_bounds(steps: &[Step]) -> Option<Bounds> {
    let at = |(x, y): Point| Bounds { left: x, right: x, top: y, bottom: y };
    let points = steps.iter().map(|step| match *step {
        Step::Move(to) | Step::Line(to) => at(to),
        Step::Quad(a, to) => at(a).union(at(to)),
        Step::Cubic(a, b, to) => at(a).union(at(b)).union(at(to)),
    });
    points.reduce(Bounds::union)
}

fn bitmap_bounds(bitmap: &BitmapGlyph<'_>, units_per_em: u16) -> Option<Bounds> {
    let (ppem_x, ppem_y) = (f64::from(bitmap.ppem_x()), f64::from(bitmap.ppem_y()));
    if ppem_x <= 0.0 || ppem_y <= 0.0 {
        return None;
    }
    let em = f64::from(units_per_em);
    let left = f64::from(bitmap.x_bearing()) + f64::from(bitmap.inner_x_bearing()) * em / ppem_x;
    let corner = f64::from(bitmap.y_bearing()) + f64::from(bitmap.inner_y_bearing()) * em / ppem_y;
    let height = f64::from(bitmap.height()) * em / ppem_y;
    let bottom = match bitmap.origin() {
        Origin::TopLeft => corner - height,
        Origin::BottomLeft => corner,
    };
    Some(Bounds { left, right: left + f64::from(bitmap.width()) * em / ppem_x, top: bottom + height, bottom })
}

/// An outline in font units; empty where the font has none or it is broken.
fn outline(font: &Font, id: GlyphId) -> Vec<Step> {
    let mut steps = Steps(Vec::new());
    let drawn =
        font.outline_glyphs().get(id).map(|outline| outline.draw(&DrawOptions::new(), DrawMemory::Scratch, &mut steps));
    if matches!(drawn, Some(Ok(_))) { steps.0 } else { Vec::new() }
}

struct Steps(Vec<Step>);

fn point(x: f32, y: f32) -> Point {
    (x.into(), y.into())
}

impl PathSink for Steps {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.push(Step::Move(point(x, y)));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.push(Step::Line(point(x, y)));
    }

    fn quad_to(&mut self, cx0: f32, cy0: f32, x: f32, y: f32) {
        self.0.push(Step::Quad(point(cx0, cy0), point(x, y)));
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        self.0.push(Step::Cubic(point(cx0, cy0), point(cx1, cy1), point(x, y)));
    }

    // Contours are closed by whoever fills them.
    fn close(&mut self) {}
}

/// Takes the layers of a COLR version 0 glyph, which are outlines filled with one colour each and nothing else.
struct Layers<'a> {
    font: &'a Font,
    layers: Vec<(Vec<Step>, Option<Color>)>,
}

impl PaintSink for Layers<'_> {
    fn fill_glyph(&mut self, glyph: GlyphId, _: Option<Matrix<f32>>, brush: Brush<'_>) {
        /// Stands for the colour of the text. Source: OpenType, COLR.
        const FOREGROUND: u16 = 0xffff;
        let Brush::Solid { palette_index, .. } = brush else { return };
        let palette = self.font.palettes().get(0);
        let color = palette.and_then(|palette| palette.colors().get(usize::from(palette_index)).copied());
        let color = color.filter(|_| palette_index != FOREGROUND).map(|color| Color {
            r: color.red(),
            g: color.green(),
            b: color.blue(),
            a: color.alpha(),
        });
        self.layers.push((outline(self.font, glyph), color));
    }

    fn push_transform(&mut self, _: Matrix<f32>) {}
    fn pop_transform(&mut self) {}
    fn push_clip_glyph(&mut self, _: GlyphId) {}
    fn push_clip_box(&mut self, _: BoundingBox<f32>) {}
    fn pop_clip(&mut self) {}
    fn fill(&mut self, _: Brush<'_>) {}
    fn push_layer(&mut self, _: CompositeMode) {}
}
