//! Where a layer sits, and how it meets the picture.

use crate::{
    Length, Opacity,
    words::{Word, words},
};

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

impl Word for Anchor {
    const WORDS: &'static [Self] = &Self::ALL;

    fn word(self) -> &'static str {
        self.as_str()
    }
}

words! {
    /// How a layer's colours meet those below. Source: W3C Compositing and Blending Level 1, 10.
    Blend {
        /// The mark's colour, as far as its opacity goes.
        Normal = "normal",
        /// Darkens: the product of both.
        Multiply = "multiply",
        /// Lightens: the product of both inverses, inverted.
        Screen = "screen",
        /// Multiplies dark places and screens light ones.
        Overlay = "overlay",
        /// As a soft light in the mark's colour.
        SoftLight = "soft_light",
        /// The mark's brightness with the picture's own hue and saturation: only luma changes.
        Luminosity = "luminosity",
    }
}

/// Two lengths, across and down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Across.
    pub x: Length,
    /// Down.
    pub y: Length,
}

impl Pair {
    /// The same across and down.
    pub const fn both(length: Length) -> Self {
        Self { x: length, y: length }
    }
}

/// Where a layer sits and how it meets the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    /// Where it sits. Default: bottom right.
    pub anchor: Anchor,
    /// Least distance between the mark's ink and the picture's edges. Default: 2% of the shorter side.
    pub margin: Pair,
    /// How far it is moved from there, to the right and down. Default: not at all.
    pub offset: Pair,
    /// How far it is turned around its middle, clockwise, in degrees from -360 to 360. Default: 0.
    pub angle_deg: f64,
    /// How its colours meet those below. Default: normal.
    pub blend: Blend,
    /// Opacity of all that it draws together. Default: 60%, for a QR code 100%.
    pub opacity: Opacity,
}

impl Placement {
    /// What a layer has that does not say.
    pub const DEFAULT: Self = Self {
        anchor: Anchor::BottomRight,
        margin: Pair::both(Length::shorter(2.0)),
        offset: Pair::both(Length::ZERO),
        angle_deg: 0.0,
        blend: Blend::Normal,
        opacity: Opacity::DEFAULT,
    };
}
