//! Fonts, passed in like everything else, so that every host draws with the same outlines.

use std::{collections::BTreeMap, fmt::Write};

use ab_glyph::FontArc;
use sha2::{Digest, Sha256};

use crate::RenderError;

/// Name of the embedded font, which a template has that names none.
pub const DEFAULT_FONT: &str = "DejaVu Sans";

static DEJAVU_SANS: &[u8] = include_bytes!("../fonts/DejaVuSans.ttf");

/// The fonts that templates can name.
#[derive(Debug, Clone)]
pub struct Fonts {
    by_name: BTreeMap<String, Font>,
}

#[derive(Debug, Clone)]
struct Font {
    face: FontArc,
    digest: [u8; 32],
}

impl Fonts {
    /// The font that comes with the crate, under the name `DejaVu Sans`.
    pub fn embedded() -> Self {
        let mut by_name = BTreeMap::new();
        // The bytes are part of the crate, so this cannot fail; a test of ours would.
        if let Ok(face) = FontArc::try_from_slice(DEJAVU_SANS) {
            by_name.insert(DEFAULT_FONT.to_owned(), Font { face, digest: Sha256::digest(DEJAVU_SANS).into() });
        }
        Self { by_name }
    }

    /// Adds a font under the name that templates use, in the place of one of that name.
    ///
    /// `bytes` is a TrueType or OpenType file; of a collection the first face is taken.
    ///
    /// # Errors
    /// [`RenderError::BrokenFont`] where it cannot be read.
    pub fn add(&mut self, name: impl Into<String>, bytes: Vec<u8>) -> Result<(), RenderError> {
        let name = name.into();
        let digest = Sha256::digest(&bytes).into();
        match FontArc::try_from_vec(bytes) {
            Ok(face) => {
                self.by_name.insert(name, Font { face, digest });
                Ok(())
            }
            Err(source) => Err(RenderError::BrokenFont { name, source }),
        }
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// SHA-256 over every name and every font's own SHA-256, in hex: the same for the same set, in whatever order it
    /// was put together.
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for (name, font) in &self.by_name {
            // With its length in front, no name can pretend to be another name and a digest.
            hasher.update(u64::try_from(name.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(name);
            hasher.update(font.digest);
        }
        hex(&hasher.finalize())
    }

    pub(crate) fn face(&self, name: &str) -> Result<&FontArc, RenderError> {
        self.by_name.get(name).map(|font| &font.face).ok_or_else(|| RenderError::UnknownFont {
            name: name.to_owned(),
            known: self.by_name.keys().cloned().collect(),
        })
    }
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_knows_names_and_bytes_but_no_order() {
        let embedded = Fonts::embedded();
        assert_eq!(embedded.names().collect::<Vec<_>>(), [DEFAULT_FONT]);
        let with = |names: [&str; 2]| {
            let mut fonts = Fonts::embedded();
            for name in names {
                fonts.add(name, DEJAVU_SANS.to_vec()).unwrap();
            }
            fonts.digest()
        };
        assert_eq!(with(["a", "b"]), with(["b", "a"]));
        assert_ne!(with(["a", "b"]), with(["a", "c"]));
        assert_ne!(with(["a", "b"]), embedded.digest());
    }

    #[test]
    fn a_broken_font_is_refused() {
        let refused = Fonts::embedded().add("x", b"no font".to_vec());
        assert!(matches!(refused, Err(RenderError::BrokenFont { name, .. }) if name == "x"));
    }
}
