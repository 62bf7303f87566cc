//! What a text may ask for in braces: a fixed set, so that a misspelt name is found before any picture is.

use std::fmt;

/// A variable of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Variable {
    /// Who uploaded, as the shop names them.
    UserId,
    /// The shop.
    Tenant,
    /// The upload that brought the picture.
    UploadId,
    /// The picture.
    MediaId,
    /// The file's name as uploaded.
    ImageName,
    /// Width in pixels, as shown.
    ImageWidth,
    /// Height in pixels, as shown.
    ImageHeight,
}

/// What a variable holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VariableType {
    /// Text.
    Text,
    /// A whole number, not negative.
    Whole,
}

impl Variable {
    /// Every variable.
    pub const ALL: &'static [Self] = &[
        Self::UserId,
        Self::Tenant,
        Self::UploadId,
        Self::MediaId,
        Self::ImageName,
        Self::ImageWidth,
        Self::ImageHeight,
    ];

    /// The name as written in a template.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserId => "user_id",
            Self::Tenant => "tenant",
            Self::UploadId => "upload_id",
            Self::MediaId => "media_id",
            Self::ImageName => "image.name",
            Self::ImageWidth => "image.width",
            Self::ImageHeight => "image.height",
        }
    }

    /// What it holds.
    pub const fn variable_type(self) -> VariableType {
        match self {
            Self::UserId | Self::Tenant | Self::UploadId | Self::MediaId | Self::ImageName => VariableType::Text,
            Self::ImageWidth | Self::ImageHeight => VariableType::Whole,
        }
    }

    /// The variable of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|variable| variable.name() == name)
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The values for one picture; its size comes from the picture itself.
///
/// A value may be any text: what it says in braces is not read again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables {
    /// Who uploaded, as the shop names them.
    pub user_id: String,
    /// The shop.
    pub tenant: String,
    /// The upload that brought the picture.
    pub upload_id: String,
    /// The picture.
    pub media_id: String,
    /// The file's name as uploaded.
    pub image_name: String,
}
