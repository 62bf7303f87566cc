//! Bytes to pixels, within limits.

mod apng;
mod gif;
mod still;
mod webp;

use image::{DynamicImage, metadata::Orientation};

use crate::{Format, Limits, RenderError, notes::Notes};

/// A decoded picture, or all pictures of an animation.
pub(crate) struct Decoded {
    /// The pictures, at least one, all of one size and kind; as stored, not turned.
    pub(crate) frames: Vec<Frame>,
    /// How often an animation plays, 0 for ever; none of a still.
    pub(crate) plays: Option<u32>,
    /// What readers show that know of no animation, where it is none of its pictures (PNG).
    pub(crate) fallback: Option<DynamicImage>,
    /// How to turn the pixels for showing.
    pub(crate) orientation: Orientation,
    /// The ICC profile, where it is one for the pixels as decoded.
    pub(crate) profile: Option<Vec<u8>>,
    /// What the file says of itself.
    pub(crate) notes: Notes,
    /// What the compression lost.
    pub(crate) loss: Loss,
}

/// One picture.
pub(crate) struct Frame {
    pub(crate) image: DynamicImage,
    /// How long it is shown, as a part of a second; of no meaning for a still.
    pub(crate) delay: Delay,
}

/// A part of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delay {
    pub(crate) numerator: u32,
    /// Never 0.
    pub(crate) denominator: u32,
}

impl Delay {
    pub(crate) const NONE: Self = Self { numerator: 0, denominator: 1_000 };

    /// In parts of a second of this count, rounded.
    pub(crate) fn in_parts(self, of_a_second: u32) -> u32 {
        let (numerator, denominator) = (u64::from(self.numerator), u64::from(self.denominator.max(1)));
        u32::try_from((numerator * u64::from(of_a_second) + denominator / 2) / denominator).unwrap_or(u32::MAX)
    }

    /// As two numbers of 16 bits, exactly if it can be, else as finely as can be.
    pub(crate) fn in_16_bits(self) -> (u16, u16) {
        let short = |number: u32| u16::try_from(number).ok();
        let exact = short(self.numerator).zip(short(self.denominator));
        let coarser =
            || [1_000, 100, 10, 1].iter().find_map(|parts| short(self.in_parts((*parts).into())).zip(Some(*parts)));
        exact.or_else(coarser).unwrap_or((u16::MAX, 1))
    }
}

/// What a file's compression lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Nothing.
    None,
    /// As much as this quality does, 1 to 100; none where it cannot be told.
    Quality(Option<u8>),
}

/// Decodes a whole picture. What the header promises is checked against the limits before any pixel is read.
pub(crate) fn decode(bytes: &[u8], format: Format, limits: &Limits) -> Result<Decoded, RenderError> {
    match format {
        Format::Jpeg => still::jpeg(bytes, limits),
        Format::Png => still::png(bytes, limits),
        Format::WebP => webp::decode(bytes, limits),
        Format::Gif => gif::decode(bytes, limits),
        Format::Bmp => still::bmp(bytes, limits),
        Format::Tiff => still::tiff(bytes, limits),
    }
}

/// Checks what a header promises: the size, and the bytes of all decoded pictures together.
pub(crate) fn check_size(width: u32, height: u32, decoded_bytes: u64, limits: &Limits) -> Result<(), RenderError> {
    let Limits { max_pixels, max_decoded_bytes } = *limits;
    if u64::from(width) * u64::from(height) > max_pixels || decoded_bytes > max_decoded_bytes {
        return Err(RenderError::ImageTooLarge { width, height, decoded_bytes, max_pixels, max_decoded_bytes });
    }
    Ok(())
}

/// The profile, if it is one for pixels of this kind. That of a CMYK picture, decoded to RGB, is not.
/// Source: ICC.1:2022, 7.2, data colour space at byte 16.
pub(crate) fn fitting(profile: Option<Vec<u8>>, has_color: bool) -> Option<Vec<u8>> {
    profile.filter(|profile| profile.get(16..20) == Some(if has_color { b"RGB " } else { b"GRAY" }))
}
