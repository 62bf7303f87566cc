//! What a peer is asked to do: the same words for all of them, in whatever language they are.

use serde::{Deserialize, Serialize};

/// One picture, one mark, one peer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Spec {
    /// Who is asked, and how it is set.
    pub(crate) peer: String,
    /// The original.
    pub(crate) source: String,
    /// What the output is: `jpeg`, `png` or `webp`, as the original.
    pub(crate) format: String,
    /// Whether a JPEG is written with several scans.
    pub(crate) progressive: bool,
    /// Of the original, in pixels.
    pub(crate) width: u32,
    /// Of the original, in pixels.
    pub(crate) height: u32,
    /// Whether font, logo and template are there before the time begins.
    pub(crate) loaded: bool,
    /// Of JPEG and WebP.
    pub(crate) quality: u8,
    /// The mark as our template language says it.
    pub(crate) template: String,
    /// The mark as others need it.
    pub(crate) mark: Mark,
}

/// The mark in pixels of the picture.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// White text; none for a logo.
    pub(crate) text: Option<String>,
    /// The font's file.
    pub(crate) font: String,
    /// The font's em.
    pub(crate) size_px: f64,
    /// Of the text, 0.0 to 1.0. A logo has its own alpha.
    pub(crate) opacity: f64,
    /// The logo's file, as large as it is drawn; none for a text.
    pub(crate) logo: Option<String>,
    /// Of the ink or the logo.
    pub(crate) width: u32,
    /// Of the ink or the logo.
    pub(crate) height: u32,
    /// From the ink's left edge to where the pen begins.
    pub(crate) pen_x: f64,
    /// From the ink's upper edge to the baseline.
    pub(crate) pen_y: f64,
    /// Left and upper edges of the ink, in every place where it shows, in part at least.
    pub(crate) places: Vec<(i64, i64)>,
    /// From place to place, across and down, where there are several.
    pub(crate) pitch: Option<(u32, u32)>,
}
