//! What a picture may cost.

/// Bounds on memory, checked from the header before any pixel is decoded.
///
/// [`crate::render`] needs about twice the decoded size at its peak (the upright copy), [`crate::verify`] too (both
/// pictures); a progressive JPEG another six bytes a pixel while it is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most pixels of a picture. Default: 100 million.
    pub max_pixels: u64,
    /// Most bytes of a picture's decoded pixels, and of anything else that the decoder unpacks. Default: 800 MB,
    /// which 100 million pixels of four 16-bit channels take.
    pub max_decoded_bytes: u64,
}

impl Limits {
    /// For the pictures of marks: 16 million pixels. They stay in memory, so they get less than what is marked.
    pub const ASSETS: Self = Self { max_pixels: 16_000_000, max_decoded_bytes: 128_000_000 };
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_pixels: 100_000_000, max_decoded_bytes: 800_000_000 }
    }
}
