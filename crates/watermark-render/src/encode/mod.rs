//! Pixels to bytes.

mod apng;
pub(crate) mod gif;
pub(crate) mod jpeg;
mod png;
mod webp;

use image::DynamicImage;
use sealmark_watermark_dsl::Quality;

use crate::{
    Format, Rect, RenderError,
    decode::{Decoded, Frame, Loss},
    notes::Notes,
};

/// Quality of lossy pictures where neither the template nor the source says one, on the scales of libjpeg and libwebp.
pub const DEFAULT_QUALITY: u8 = 90;

/// Why an encoder gave up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeFailure {
    /// What the image library says.
    #[error(transparent)]
    Image(#[from] image::ImageError),
    /// What the PNG library says.
    #[error(transparent)]
    Png(#[from] ::png::EncodingError),
    /// The pixels are of a kind that the format does not have.
    #[error("the format has no such pixels")]
    Samples,
    /// A side is longer than the format can say.
    #[error("a side is longer than {max_edge_px} pixels")]
    Edge {
        /// The longest that it can say, in pixels.
        max_edge_px: u32,
    },
    /// The file, or a part of it, is longer than the format can say.
    #[error("the file would be longer than the format can say")]
    Length,
    /// This build has no encoder for lossy WebP: the feature `webp-lossy` is off.
    #[error("this build cannot write lossy WebP")]
    NoLossyWebP,
    /// What libwebp says, by its number.
    #[error("libwebp gave up with error {code}")]
    WebP {
        /// Of libwebp's `WebPEncodingError`.
        code: u32,
    },
}

/// Everything that goes into a file.
pub(crate) struct Rendition<'a> {
    pub(crate) format: Format,
    /// Upright, marked, and of a kind that the format can hold; at least one.
    pub(crate) frames: &'a [Frame],
    /// How often an animation plays, 0 for ever; none of a still.
    pub(crate) plays: Option<u32>,
    /// What readers show that know of no animation, where it is none of its pictures; as the frames are (PNG).
    pub(crate) fallback: Option<&'a DynamicImage>,
    pub(crate) profile: Option<Vec<u8>>,
    pub(crate) notes: Notes,
    /// Where marks may be (GIF).
    pub(crate) touched: &'a [Rect],
    /// What may be lost.
    pub(crate) loss: Loss,
    /// Whether colour is stored with fewer samples than luma (JPEG).
    pub(crate) is_subsampled: bool,
    /// The file that all this comes from: a PNG's chunks that say what its colours mean are copied.
    pub(crate) source: &'a [u8],
}

/// Encodes; nothing of the source but what is given survives.
pub(crate) fn encode(rendition: &Rendition<'_>) -> Result<Vec<u8>, RenderError> {
    let format = rendition.format;
    let written = match (format, rendition.frames, rendition.plays) {
        (Format::Gif, ..) => gif::encode(rendition),
        (Format::WebP, frames, _) => webp::encode(rendition, frames),
        (Format::Jpeg, [Frame { image, .. }], None) => jpeg::encode(rendition, image),
        (Format::Png, [Frame { image, .. }], None) => png::encode(rendition, image),
        (Format::Png, frames, Some(plays)) => apng::encode(rendition, frames, plays),
        (Format::Bmp | Format::Tiff, ..) => Err(EncodeFailure::Samples),
        _ => return Err(RenderError::Animated { format }),
    };
    written.map_err(|source| RenderError::Encode { format, source })
}

/// What a rendition may lose. A lossless file that keeps its format stays lossless; one that becomes a WebP does so
/// unless the template asks for a quality. [`Quality::Source`] is as near as can be told to what the source has lost.
pub(crate) fn loss(source: Format, decoded: &Decoded, format: Format, wanted: Quality) -> Loss {
    let had = match decoded.loss {
        Loss::None => None,
        Loss::Quality(quality) => Some(quality.unwrap_or(DEFAULT_QUALITY)),
    };
    match (format, wanted, had) {
        (Format::Png | Format::Gif | Format::Bmp | Format::Tiff, ..) => Loss::None,
        (Format::WebP, _, None) if source == Format::WebP => Loss::None,
        (Format::WebP, Quality::Source, None) => Loss::None,
        (_, Quality::Percent(quality), _) => Loss::Quality(Some(quality)),
        (_, Quality::Source, had) => Loss::Quality(Some(had.unwrap_or(DEFAULT_QUALITY))),
    }
}

/// The size, if no side is longer than the format can say.
fn size(image: &DynamicImage, max_edge_px: u32) -> Result<(u32, u32), EncodeFailure> {
    let (width, height) = (image.width(), image.height());
    if width.max(height) > max_edge_px { Err(EncodeFailure::Edge { max_edge_px }) } else { Ok((width, height)) }
}
