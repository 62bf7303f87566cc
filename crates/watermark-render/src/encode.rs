//! Pixels to bytes.

use image::{
    DynamicImage, ImageEncoder, ImageResult,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
};

use crate::{Format, RenderError, png};

/// Quality of every JPEG that is written, on the scale of libjpeg. The whole picture is encoded anew, without
/// subsampling of colour: in this release a rendition differs from its original by one JPEG generation.
pub const JPEG_QUALITY: u8 = 92;

/// Deflate level of every PNG: of 1 to 9 the one where photographs stop getting much smaller. The encoder's default
/// saves another 4% and takes four times as long.
const PNG_LEVEL: u8 = 3;

/// Encodes upright pixels with their profile, and of a PNG the chunks that say what its colours mean. Nothing else of
/// the source survives: no EXIF with its places and serial numbers, no XMP, no comment, no thumbnail.
pub(crate) fn encode(
    image: &DynamicImage,
    format: Format,
    profile: Option<Vec<u8>>,
    source: &[u8],
) -> Result<Vec<u8>, RenderError> {
    let mut bytes = Vec::new();
    let written = match format {
        Format::Jpeg => write(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY), image, profile),
        Format::Png => {
            let encoder =
                PngEncoder::new_with_quality(&mut bytes, CompressionType::Level(PNG_LEVEL), FilterType::Adaptive);
            write(encoder, image, profile)
        }
    };
    written.map_err(|source| RenderError::Encode { format, source })?;
    Ok(match format {
        Format::Jpeg => bytes,
        Format::Png => png::with_color_chunks(bytes, &png::color_chunks(source)),
    })
}

fn write(mut encoder: impl ImageEncoder, image: &DynamicImage, profile: Option<Vec<u8>>) -> ImageResult<()> {
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile).map_err(image::ImageError::Unsupported)?;
    }
    encoder.write_image(image.as_bytes(), image.width(), image.height(), image.color().into())
}
