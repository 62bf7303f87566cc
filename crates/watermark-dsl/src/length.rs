//! Lengths, in the units as written, and opacity.

use std::fmt;

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
    /// Nothing.
    pub const ZERO: Self = Self { value: 0.0, unit: LengthUnit::Px };

    /// Percent of the shorter side.
    pub(crate) const fn shorter(percent: f64) -> Self {
        Self { value: percent, unit: LengthUnit::Shorter }
    }

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

/// A length that may also be relative to the size of the letters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TextLength {
    /// In pixels, or relative to the picture.
    Picture(Length),
    /// `em`: times the size of the letters.
    Em(f64),
}

impl TextLength {
    /// Nothing.
    pub const ZERO: Self = Self::Picture(Length::ZERO);

    /// In pixels of a picture of this size with letters of this size.
    pub fn to_px(self, width: u32, height: u32, em_px: f64) -> f64 {
        match self {
            Self::Picture(length) => length.to_px(width, height),
            Self::Em(times) => times * em_px,
        }
    }
}

impl fmt::Display for TextLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Picture(length) => length.fmt(f),
            Self::Em(times) => write!(f, "{times}em"),
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.value, self.unit.as_str())
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

    /// All of it.
    pub const FULL: Self = Self(1.0);

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
