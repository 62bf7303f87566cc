//! What to draw where, in absolute pixels of the picture as shown: x to the right, y down, origin top left.

use sealmark_watermark_dsl::{Color, Opacity};

/// A rectangle of whole pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rect {
    /// First column.
    pub x: u32,
    /// First row.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Rect {
    /// One past the last column.
    pub const fn right(&self) -> u32 {
        self.x.saturating_add(self.width)
    }

    /// One past the last row.
    pub const fn bottom(&self) -> u32 {
        self.y.saturating_add(self.height)
    }

    /// Whether the two share a pixel.
    pub const fn intersects(&self, other: &Rect) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }
}

/// A template laid out for one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Width of the picture as shown.
    pub width: u32,
    /// Height of the picture as shown.
    pub height: u32,
    /// The marks, the lowest first.
    pub marks: Vec<Mark>,
    /// Characters that the fonts do not have, each once, in order of appearance; a box is drawn for them.
    pub missing_glyphs: Vec<char>,
}

/// A line of text in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Name of the font.
    pub font: String,
    /// The em in pixels, after any shrinking to fit.
    pub em_px: f64,
    /// The glyphs.
    pub glyphs: Vec<PlacedGlyph>,
    /// What the ink may cover, without the shadow; inside of the picture.
    pub ink: Rect,
    /// Colour of the letters.
    pub color: Color,
    /// Opacity of letters and shadow together.
    pub opacity: Opacity,
    /// The shadow.
    pub shadow: Option<SceneShadow>,
}

/// A glyph in its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlacedGlyph {
    /// Number in the font.
    pub glyph: u16,
    /// Its origin, in pixels.
    pub x: f64,
    /// Its baseline, in pixels.
    pub y: f64,
}

/// A shadow in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SceneShadow {
    /// To the right.
    pub dx: f64,
    /// Downwards.
    pub dy: f64,
    /// Standard deviation of the blur.
    pub sigma: f64,
    /// Colour.
    pub color: Color,
}
