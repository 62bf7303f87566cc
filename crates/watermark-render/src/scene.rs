//! What to draw where, in absolute pixels of the picture as shown: x to the right, y down, origin top left.

use std::sync::Arc;

use sealmark_watermark_dsl::{Color, Opacity};

use crate::{BlendMode, FaceId, Picture, QrModules, geometry::Turn};

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

/// A rectangle that need not lie on whole pixels, nor inside of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width, 0.0 or more.
    pub width: f64,
    /// Height, 0.0 or more.
    pub height: f64,
}

impl Frame {
    /// The middle.
    pub fn center(&self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// The same middle, larger by this much on all four sides.
    pub fn grown(&self, by: f64) -> Self {
        Self { x: self.x - by, y: self.y - by, width: self.width + 2.0 * by, height: self.height + 2.0 * by }
    }
}

/// One thing to draw, in its place.
///
/// From the lowest up: plate, shadow, outline, content. The opacity counts for all of them together, and the blend
/// mode for the result.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// What it shows.
    pub content: Content,
    /// Where the content is before it is turned: the ink of a text, the edges of an image or of a code.
    pub frame: Frame,
    /// By how much all of the mark is turned around the middle of its frame, in degrees, clockwise.
    pub rotation_deg: f64,
    /// Opacity of the mark as a whole.
    pub opacity: Opacity,
    /// How it mixes with the picture.
    pub blend: BlendMode,
    /// The shadow of the content.
    pub shadow: Option<SceneShadow>,
    /// A plate below the content.
    pub plate: Option<Plate>,
    /// Where it is to be repeated.
    pub tile: Option<Tile>,
}

impl Mark {
    /// A mark as it is when nothing is said of it: upright, normal, alone.
    pub fn new(content: Content, frame: Frame, opacity: Opacity) -> Self {
        Self {
            content,
            frame,
            rotation_deg: 0.0,
            opacity,
            blend: BlendMode::Normal,
            shadow: None,
            plate: None,
            tile: None,
        }
    }

    /// What the turned frame, with its plate, covers of a picture of this size; none where that is nothing. A tiled
    /// mark covers all of it.
    pub fn bounds(&self, width: u32, height: u32) -> Option<Rect> {
        let all = Rect { x: 0, y: 0, width, height };
        if self.tile.is_some() {
            return Some(all);
        }
        let frame = self.frame.grown(self.plate.map_or(0.0, |plate| plate.padding));
        let turn = Turn::new(self.rotation_deg, self.frame.center());
        let corners = turn.corners(&frame);
        let least = |of: fn(&(f64, f64)) -> f64| corners.iter().map(of).fold(f64::INFINITY, f64::min);
        let most = |of: fn(&(f64, f64)) -> f64| corners.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        // A cast from a float goes to the nearest end of the range.
        let (left, top) = (least(|at| at.0).floor() as u32, least(|at| at.1).floor() as u32);
        let right = (most(|at| at.0).ceil() as u32).min(width);
        let bottom = (most(|at| at.1).ceil() as u32).min(height);
        (left < right && top < bottom).then(|| Rect { x: left, y: top, width: right - left, height: bottom - top })
    }
}

/// What a mark shows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// Glyphs.
    Text(Text),
    /// A picture, stretched over the frame.
    Image(Arc<Picture>),
    /// A QR code.
    Qr(Qr),
}

/// A colour, or the wish for one that can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// This colour.
    Color(Color),
    /// Dark or light, whichever stands out from the pixels below; see [`Scene::resolve_auto`].
    Auto,
}

/// Glyphs in their places.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// The glyphs, grouped by face; places are relative to the top left corner of the mark's frame.
    pub runs: Vec<GlyphRun>,
    /// Colour of the letters. Glyphs that have colours of their own take only its alpha.
    pub paint: Paint,
    /// A line around the letters.
    pub outline: Option<Outline>,
}

/// Glyphs of one face at one size.
#[derive(Debug, Clone, PartialEq)]
pub struct GlyphRun {
    /// The face.
    pub face: FaceId,
    /// The em in pixels.
    pub em_px: f64,
    /// The glyphs.
    pub glyphs: Vec<PlacedGlyph>,
}

/// A glyph in its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlacedGlyph {
    /// Number in the face.
    pub glyph: u32,
    /// Its origin, in pixels.
    pub x: f64,
    /// Its baseline, in pixels.
    pub y: f64,
}

/// A line around letters, outside of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outline {
    /// How far it reaches, in pixels; at most [`crate::MAX_OUTLINE_PX`] is drawn.
    pub width: f64,
    /// Its colour. [`Paint::Auto`] is the opposite of what the letters get.
    pub paint: Paint,
}

/// A shadow in pixels. It falls where the mark has been turned to: down is down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SceneShadow {
    /// To the right.
    pub dx: f64,
    /// Downwards.
    pub dy: f64,
    /// Standard deviation of the blur; at most [`crate::MAX_SHADOW_SIGMA`] is drawn.
    pub sigma: f64,
    /// Colour.
    pub color: Color,
}

/// A plate behind the content, turned with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plate {
    /// Colour. [`Paint::Auto`] is the opposite of what the content gets.
    pub paint: Paint,
    /// How far it reaches beyond the frame on each side, in pixels.
    pub padding: f64,
    /// Radius of its corners, in pixels; at most half of the shorter side is drawn.
    pub radius: f64,
}

/// A QR code. Upright it is drawn with modules of whole pixels, in the middle of the frame, and smaller than the
/// frame by what remains.
#[derive(Debug, Clone, PartialEq)]
pub struct Qr {
    /// The modules.
    pub modules: Arc<QrModules>,
    /// Colour of the dark modules.
    pub paint: Paint,
    /// Colour of the light modules and of the quiet zone around the code; none leaves the picture there.
    pub background: Option<Color>,
}

/// A repetition over all of the picture, in rows and columns from the mark's own place in every direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tile {
    /// By how much the whole pattern is turned, the marks in it included, in degrees, clockwise.
    pub angle_deg: f64,
    /// Between the frames (with their plates) of neighbours in a row, in pixels.
    pub gap_x: f64,
    /// Between rows, in pixels.
    pub gap_y: f64,
    /// By how much every other row is moved, as a part of the distance from mark to mark: 0.0 not at all, 0.5 half.
    pub stagger: f64,
}
