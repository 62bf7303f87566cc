//! What templates can name.

use sha2::{Digest, Sha256};

use crate::{Assets, Fonts, fonts::hex};

/// The fonts and pictures that templates can name. A clone is cheap.
#[derive(Debug, Clone)]
pub struct Resources {
    /// The fonts.
    pub fonts: Fonts,
    /// The pictures.
    pub assets: Assets,
}

impl Resources {
    /// The embedded font, and no pictures.
    pub fn embedded() -> Self {
        Self { fonts: Fonts::embedded(), assets: Assets::default() }
    }

    /// SHA-256 over all of them, in hex: with the same digest the same names mean the same.
    pub fn digest(&self) -> String {
        hex(&Sha256::digest([self.fonts.digest(), self.assets.digest()].concat()))
    }
}
