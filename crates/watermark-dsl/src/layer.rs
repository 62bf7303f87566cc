//! Layers as checked: every default filled in, still independent of a picture.

use crate::{
    Color, Length, TextLength,
    expression::Expression,
    placement::{Pair, Placement},
    words::words,
};

/// One thing to draw.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// Lines of text.
    Text(TextLayer),
    /// A picture, as a logo.
    Image(ImageLayer),
    /// A layer over and over.
    Tile(TileLayer),
    /// A QR code.
    Qr(QrLayer),
    /// An invisible mark.
    Fingerprint(FingerprintLayer),
}

/// Lines of text.
#[derive(Debug, Clone, PartialEq)]
pub struct TextLayer {
    /// What it says: a text, at most 1,000 characters written. `\n` begins a new line.
    pub text: Expression,
    /// How it looks.
    pub style: TextStyle,
    /// Where it sits.
    pub placement: Placement,
}

/// How letters look.
#[derive(Debug, Clone, PartialEq)]
pub struct TextStyle {
    /// Families: the font, then those that have what it lacks; 1 to 8. Default: DejaVu Sans.
    pub fonts: Vec<String>,
    /// 100 (thin) to 900 (black), 400 is normal and 700 bold. Default: 400.
    pub weight: u16,
    /// The font's em. Default: 4% of the shorter side.
    pub size: Length,
    /// Colour of the letters. Default: white.
    pub color: TextColor,
    /// On top of every letter's own advance; negative brings them together. Default: nothing.
    pub letter_spacing: TextLength,
    /// From baseline to baseline, in sizes: 0.5 to 5. Default: 1.2.
    pub line_height: f64,
    /// Where the lines of a text stand beside one another. Default: auto.
    pub align: Align,
    /// Longest line; longer ones are broken between words. Default: as long as the picture allows.
    pub max_width: Option<Length>,
    /// A line around the letters. Default: none.
    pub outline: Option<Outline>,
    /// A shadow below the letters. Default: none.
    pub shadow: Option<Shadow>,
    /// A plate below everything. Default: none.
    pub plate: Option<Plate>,
}

/// Colour of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextColor {
    /// `auto`: black or white, whichever stands out more from the pixels below.
    Auto,
    /// Always the same.
    Fixed(Color),
}

words! {
    /// Where the lines of a text stand beside one another.
    Align {
        /// As the anchor: left at the left edge, right at the right one, centred between.
        Auto = "auto",
        /// Beginning under one another.
        Left = "left",
        /// Middles under one another.
        Center = "center",
        /// Ending under one another.
        Right = "right",
    }
}

/// A line around the letters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outline {
    /// How far it reaches out of the letter.
    pub width: TextLength,
    /// Colour; its alpha is on top of the layer's opacity.
    pub color: Color,
}

/// A shadow: the letters once more, moved, softened and in another colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shadow {
    /// To the right; negative is to the left.
    pub dx: TextLength,
    /// Downwards; negative is upwards.
    pub dy: TextLength,
    /// How far the edge is softened, twice the standard deviation of the blur as in CSS. Without one, as far as the
    /// larger of the two moves.
    pub blur: Option<TextLength>,
    /// Colour; its alpha is on top of the layer's opacity.
    pub color: Color,
}

/// A plate below the letters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plate {
    /// Colour; its alpha is on top of the layer's opacity.
    pub color: Color,
    /// How far it reaches out of the lines. Default: 0.4em.
    pub padding: TextLength,
    /// Radius of its corners. Default: nothing.
    pub radius: TextLength,
}

/// A picture, as a logo.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageLayer {
    /// Name of the asset, always the same; relative, without `..` and `\`.
    pub name: String,
    /// How large.
    pub size: ImageSize,
    /// Where it sits.
    pub placement: Placement,
}

/// How large a picture is drawn; its sides keep their ratio. With both lengths it is as large as fits into them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImageSize {
    /// Its width.
    pub width: Option<Length>,
    /// Its height.
    pub height: Option<Length>,
}

/// A layer over and over.
#[derive(Debug, Clone, PartialEq)]
pub struct TileLayer {
    /// How it is repeated.
    pub pattern: TilePattern,
    /// What: a text, an image or a QR code. Of its placement only offset (of the whole grid), blend and opacity
    /// count; the others have their defaults.
    pub layer: Box<Layer>,
}

/// How a layer is repeated over the whole picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TilePattern {
    /// How far the whole grid is turned around the picture's middle, clockwise, in degrees. Default: 0.
    pub angle_deg: f64,
    /// Between one and the next, across and down. Default: 10% of the shorter side.
    pub gap: Pair,
    /// How far every second row is moved, in parts of one step across: 0.0 up to under 1.0. Default: 0.5.
    pub stagger: f64,
}

/// A QR code.
#[derive(Debug, Clone, PartialEq)]
pub struct QrLayer {
    /// What it says: a text, a number or a digest.
    pub payload: Expression,
    /// How it looks.
    pub style: QrStyle,
    /// Where it sits.
    pub placement: Placement,
}

/// How a QR code looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QrStyle {
    /// Its side, quiet zone included. Default: 15% of the shorter side.
    pub size: Length,
    /// Colour of the dark modules. Default: black.
    pub color: Color,
    /// Colour of the light modules and of the quiet zone. Default: white.
    pub background: Color,
    /// Width of the quiet zone, in modules: 0 to 16. Default: 4.
    pub quiet_modules: u8,
    /// How much of it may be damaged. Default: medium.
    pub level: QrLevel,
}

words! {
    /// How much of a QR code may be damaged. Source: ISO/IEC 18004, 6.5.1.
    QrLevel {
        /// L, about 7%
        Low = "low",
        /// M, about 15%
        Medium = "medium",
        /// Q, about 25%
        Quartile = "quartile",
        /// H, about 30%
        High = "high",
    }
}

impl QrLevel {
    /// Most bytes of a payload: what version 40 holds in byte mode. Source: ISO/IEC 18004, table 7.
    pub const fn most_bytes(self) -> usize {
        match self {
            Self::Low => 2_953,
            Self::Medium => 2_331,
            Self::Quartile => 1_663,
            Self::High => 1_273,
        }
    }
}

/// An invisible mark.
#[derive(Debug, Clone, PartialEq)]
pub struct FingerprintLayer {
    /// What it says: a text, a number or a digest.
    pub payload: Expression,
    /// How much it may change, from over 0.0 to 1.0. Default: 0.5.
    pub strength: f64,
}
