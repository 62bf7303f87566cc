//! Pixels to bytes.

mod png;

use image::{DynamicImage, ImageEncoder, codecs::jpeg::JpegEncoder};

use crate::{Format, RenderError};

/// Quality of every JPEG that is written, on the scale of libjpeg. The whole picture is encoded anew, without
/// subsampling of colour: in this release a rendition differs from its original by one JPEG generation.
pub const JPEG_QUALITY: u8 = 92;

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
}

/// Encodes upright pixels with their profile, and of a PNG the chunks that say what its colours mean. Nothing else of
/// the source survives: no EXIF with its places and serial numbers, no XMP, no comment, no thumbnail.
pub(crate) fn encode(
    image: &DynamicImage,
    format: Format,
    profile: Option<Vec<u8>>,
    source: &[u8],
) -> Result<Vec<u8>, RenderError> {
    let written = match format {
        Format::Jpeg => jpeg(image, profile),
        Format::Png => png::encode(image, profile, source),
    };
    written.map_err(|source| RenderError::Encode { format, source })
}

fn jpeg(image: &DynamicImage, profile: Option<Vec<u8>>) -> Result<Vec<u8>, EncodeFailure> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile).map_err(image::ImageError::Unsupported)?;
    }
    encoder.write_image(image.as_bytes(), image.width(), image.height(), image.color().into())?;
    Ok(bytes)
}
