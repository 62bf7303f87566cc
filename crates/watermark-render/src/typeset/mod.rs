//! Text to glyphs in their places: lines, directions, scripts, fonts, shaping.
//!
//! The order is that of the Unicode standard: paragraphs at line feeds, directions (UAX 9), runs of one direction,
//! script and face, shaping, lines (UAX 14), and each line shaped once more by itself and set in its visual order.

mod itemize;
mod lines;
mod shape;

use crate::{Fonts, Frame, GlyphRun, RenderError};

/// How a text is set.
#[derive(Debug, Clone, PartialEq)]
pub struct TextStyle {
    /// Families in the order in which they are asked for a glyph. After them all others are, by name. At least one;
    /// each must exist.
    pub families: Vec<String>,
    /// Weight, 1 to 1,000; 400 is regular, 700 bold. The nearest face of each family is taken.
    pub weight: u16,
    /// The em in pixels.
    pub em_px: f64,
    /// Added between letters, in pixels; may be negative. Scripts whose letters are joined get none.
    pub letter_spacing_px: f64,
    /// From baseline to baseline, in ems.
    pub line_height: f64,
    /// How lines shorter than the longest one stand.
    pub align: Align,
    /// Width at which lines are broken, in pixels; none breaks at line feeds only.
    pub max_width_px: Option<f64>,
}

impl TextStyle {
    /// One family at one size, everything else as it is when nothing is said of it.
    pub fn new(family: &str, em_px: f64) -> Self {
        Self {
            families: vec![family.to_owned()],
            weight: 400,
            em_px,
            letter_spacing_px: 0.0,
            line_height: 1.2,
            align: Align::Left,
            max_width_px: None,
        }
    }
}

/// How the lines of a text stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Align {
    /// Left edges in one line.
    #[default]
    Left,
    /// Middles in one line.
    Center,
    /// Right edges in one line.
    Right,
}

/// A text that has been set. The origin is the left end of the first line's baseline; y goes down.
#[derive(Debug, Clone, PartialEq)]
pub struct TextBlock {
    /// The glyphs.
    pub runs: Vec<GlyphRun>,
    /// What the glyphs cover; none where nothing can be seen.
    pub ink: Option<Frame>,
    /// The boxes of the lines together: from the first line's ascender to the last one's descender.
    pub lines: Frame,
    /// Characters that no font has, each once, in order of appearance.
    pub missing: Vec<char>,
}

impl TextBlock {
    /// The same, larger or smaller.
    #[must_use]
    pub fn scaled(mut self, by: f64) -> Self {
        let scaled = |frame: Frame| Frame {
            x: frame.x * by,
            y: frame.y * by,
            width: frame.width * by,
            height: frame.height * by,
        };
        for run in &mut self.runs {
            run.em_px *= by;
            for glyph in &mut run.glyphs {
                (glyph.x, glyph.y) = (glyph.x * by, glyph.y * by);
            }
        }
        self.ink = self.ink.map(scaled);
        self.lines = scaled(self.lines);
        self
    }

    /// The same with its origin moved.
    #[must_use]
    pub fn moved(mut self, dx: f64, dy: f64) -> Self {
        for glyph in self.runs.iter_mut().flat_map(|run| &mut run.glyphs) {
            (glyph.x, glyph.y) = (glyph.x + dx, glyph.y + dy);
        }
        let moved = |frame: Frame| Frame { x: frame.x + dx, y: frame.y + dy, ..frame };
        self.ink = self.ink.map(moved);
        self.lines = moved(self.lines);
        self
    }
}

/// Sets a text. Tabs and other controls are not expected in it, line feeds are.
///
/// A family that lacks a character is passed over for the whole cluster (a letter with its marks, an emoji with its
/// parts). Emoji that are shown in colour by default, or say so, prefer a font that has colours.
///
/// # Errors
/// [`RenderError::UnknownFont`] for a family that is not in `fonts`.
pub fn typeset(text: &str, style: &TextStyle, fonts: &Fonts) -> Result<TextBlock, RenderError> {
    let faces = itemize::Faces::new(style, fonts)?;
    let mut setter = lines::Setter::new(style, &faces);
    for paragraph in text.split('\n') {
        setter.paragraph(paragraph);
    }
    Ok(setter.finish())
}
