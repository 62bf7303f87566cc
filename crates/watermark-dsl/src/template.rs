//! A checked template: defaults filled in, every value in its range, and still independent of a picture's size.

use std::fmt;

use crate::{Diagnostic, Variable, compile, parse};

/// What to draw, for pictures of any size.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    pub(crate) name: String,
    pub(crate) layers: Vec<Layer>,
    pub(crate) warnings: Vec<Diagnostic>,
}

impl Template {
    /// Parses and compiles in one step.
    ///
    /// # Errors
    /// Every mistake of the source, in its order; warnings are among them.
    pub fn from_source(source: &str) -> Result<Self, Vec<Diagnostic>> {
        compile(&parse(source).0)
    }

    /// The name, 1 to 64 of `a-z A-Z 0-9 _ - .`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The layers, the lowest first; 1 to 32.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// What is probably not as meant, though it works.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

/// One thing to draw.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Layer {
    /// A line of text.
    Text(TextLayer),
}

/// A line of text.
#[derive(Debug, Clone, PartialEq)]
pub struct TextLayer {
    /// What it says: at least one piece, at most 1,000 characters written.
    pub text: Vec<TextPiece>,
    /// Family name of the font. Default: DejaVu Sans.
    pub font: String,
    /// The font's em. Default: 4% of the shorter side.
    pub size: Length,
    /// Colour of the letters. Default: white.
    pub color: Color,
    /// Opacity of letters and shadow together. Default: 60%.
    pub opacity: Opacity,
    /// Where it sits. Default: bottom right.
    pub anchor: Anchor,
    /// Least distance between the letters' ink and the picture's edges. Default: 2% of the shorter side.
    pub margin: Length,
    /// A shadow below the letters. Default: none.
    pub shadow: Option<Shadow>,
}

/// A piece of a layer's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextPiece {
    /// Shown as is.
    Literal(String),
    /// Filled in for each picture.
    Variable(Variable),
}

/// A shadow: the letters once more, moved, softened and in another colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shadow {
    /// To the right; negative is to the left.
    pub dx: Length,
    /// Downwards; negative is upwards.
    pub dy: Length,
    /// How far the edge is softened, twice the standard deviation of the blur as in CSS. Without one, as far as the
    /// larger of the two moves.
    pub blur: Option<Length>,
    /// Colour; its alpha is on top of the layer's opacity.
    pub color: Color,
}

/// A length, in pixels or relative to the picture as shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Length {
    /// Pixels, or percent of what the unit says.
    pub value: f64,
    /// What `value` counts.
    pub unit: LengthUnit,
}

/// Unit of a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LengthUnit {
    /// `px`, pixels of the picture.
    Px,
    /// `%w`, percent of the width.
    Width,
    /// `%h`, percent of the height.
    Height,
    /// `%min`, percent of the shorter side.
    Shorter,
}

impl LengthUnit {
    /// As written in a template.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Px => "px",
            Self::Width => "%w",
            Self::Height => "%h",
            Self::Shorter => "%min",
        }
    }
}

impl Length {
    /// In pixels of a picture of this size.
    pub fn to_px(self, width: u32, height: u32) -> f64 {
        let base = match self.unit {
            LengthUnit::Px => return self.value,
            LengthUnit::Width => width,
            LengthUnit::Height => height,
            LengthUnit::Shorter => width.min(height),
        };
        self.value * f64::from(base) / 100.0
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.value, self.unit.as_str())
    }
}

/// A colour: 8-bit sRGB with straight alpha, 255 is opaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color {
    /// Red.
    pub r: u8,
    /// Green.
    pub g: u8,
    /// Blue.
    pub b: u8,
    /// Alpha.
    pub a: u8,
}

impl Color {
    /// Opaque white.
    pub const WHITE: Self = Self { r: 255, g: 255, b: 255, a: 255 };

    /// Reads `rgb`, `rgba`, `rrggbb` or `rrggbbaa`; anything else is none.
    pub fn from_hex(digits: &str) -> Option<Self> {
        let nibbles: Vec<u8> =
            digits.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
        let (r, g, b, a) = match nibbles[..] {
            [r, g, b] => (r * 17, g * 17, b * 17, 255),
            [r, g, b, a] => (r * 17, g * 17, b * 17, a * 17),
            [r, s, g, h, b, c] => (r * 16 + s, g * 16 + h, b * 16 + c, 255),
            [r, s, g, h, b, c, a, d] => (r * 16 + s, g * 16 + h, b * 16 + c, a * 16 + d),
            _ => return None,
        };
        Some(Self { r, g, b, a })
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}{:02x}", self.r, self.g, self.b, self.a)
    }
}

/// How much of a layer shows: over 0.0, where nothing does, up to 1.0.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Opacity(f64);

/// Why a number is no opacity.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("an opacity is over 0 and at most 1, got {value}")]
pub struct OpacityError {
    /// The number.
    pub value: f64,
}

impl Opacity {
    /// What a layer has that does not say: 60%.
    pub const DEFAULT: Self = Self(0.6);

    /// Checks and wraps a number.
    ///
    /// # Errors
    /// [`OpacityError`] unless it is over 0 and at most 1.
    pub fn new(value: f64) -> Result<Self, OpacityError> {
        if value > 0.0 && value <= 1.0 { Ok(Self(value)) } else { Err(OpacityError { value }) }
    }

    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// One of nine places in a picture as shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// `top_left`
    TopLeft,
    /// `top`: the middle of the top edge
    Top,
    /// `top_right`
    TopRight,
    /// `left`: the middle of the left edge
    Left,
    /// `center`
    Center,
    /// `right`: the middle of the right edge
    Right,
    /// `bottom_left`
    BottomLeft,
    /// `bottom`: the middle of the bottom edge
    Bottom,
    /// `bottom_right`
    BottomRight,
}

impl Anchor {
    /// All nine, row by row.
    pub const ALL: [Self; 9] = [
        Self::TopLeft,
        Self::Top,
        Self::TopRight,
        Self::Left,
        Self::Center,
        Self::Right,
        Self::BottomLeft,
        Self::Bottom,
        Self::BottomRight,
    ];

    /// As written in a template.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TopLeft => "top_left",
            Self::Top => "top",
            Self::TopRight => "top_right",
            Self::Left => "left",
            Self::Center => "center",
            Self::Right => "right",
            Self::BottomLeft => "bottom_left",
            Self::Bottom => "bottom",
            Self::BottomRight => "bottom_right",
        }
    }

    /// The anchor of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|anchor| anchor.as_str() == name)
    }

    /// Where it stands in a row and in a column: 0 at the left or top, 1 in the middle, 2 at the right or bottom.
    pub const fn halves(self) -> (u32, u32) {
        let index = self as u32;
        (index % 3, index / 3)
    }
}
