//! What a template may ask for: a fixed set, so that a misspelt name is found before any picture is.

use std::{collections::BTreeMap, fmt};

use crate::expression::Type;

macro_rules! variables {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $type:ident;)*) => {
        /// A variable of the language.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Variable { $($(#[$doc])* $variant,)* }

        impl Variable {
            /// Every variable.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name as written in a template.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it holds.
            pub const fn variable_type(self) -> Type {
                match self { $(Self::$variant => Type::$type,)* }
            }
        }
    };
}

variables! {
    /// Who uploaded, as the shop names them.
    UserId = "user_id", Text;
    /// The shop.
    Tenant = "tenant", Text;
    /// The upload that brought the picture.
    UploadId = "upload_id", Text;
    /// The picture.
    MediaId = "media_id", Text;
    /// When it was uploaded, in milliseconds since 1970, UTC.
    TimestampMs = "timestamp_ms", Time;
    /// The file's name as uploaded.
    ImageName = "image.name", Text;
    /// Width in pixels, as shown. `width` is short for it.
    ImageWidth = "image.width", Whole;
    /// Height in pixels, as shown. `height` is short for it.
    ImageHeight = "image.height", Whole;
}

impl Variable {
    /// The variable of this name, or of its short form.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "width" => Some(Self::ImageWidth),
            "height" => Some(Self::ImageHeight),
            _ => Self::ALL.iter().copied().find(|variable| variable.name() == name),
        }
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
    /// When it was uploaded, in milliseconds since 1970, UTC. It must be the same each time the picture is rendered.
    pub timestamp_ms: i64,
    /// What `tags.name` is; a name that is not here is empty.
    pub tags: BTreeMap<String, String>,
    /// What `key.name` is; a name that is not here is an error of the evaluation.
    pub keys: BTreeMap<String, SecretKey>,
}

/// The bytes of a key. `Debug` does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(Vec<u8>);

impl SecretKey {
    /// Wraps the bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_show() {
        let keys = BTreeMap::from([("trace".to_owned(), SecretKey::new(*b"hush"))]);
        let shown = format!("{:?}", Variables { keys, ..Variables::default() });
        assert!(shown.contains("SecretKey(…)"), "{shown}");
        assert!(!shown.contains("hush") && !shown.contains("104"), "{shown}");
    }
}
