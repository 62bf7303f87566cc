//! Bytes to pixels, within limits.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder,
    codecs::{jpeg::JpegDecoder, png::PngDecoder},
    metadata::Orientation,
};

use crate::{Format, Limits, RenderError, error::decoding, jpeg};

/// A decoded picture.
pub(crate) struct Decoded {
    /// The pixels as stored, not turned.
    pub(crate) image: DynamicImage,
    /// How to turn them for showing; EXIF of a JPEG or a PNG.
    pub(crate) orientation: Orientation,
    /// The ICC profile, where it is one for the pixels as decoded.
    pub(crate) profile: Option<Vec<u8>>,
}

/// Decodes a whole picture. What the header promises is checked against the limits before any pixel is read.
pub(crate) fn decode(bytes: &[u8], format: Format, limits: &Limits) -> Result<Decoded, RenderError> {
    let wrong = |source| decoding(format, source, limits.max_decoded_bytes);
    match format {
        Format::Jpeg => {
            let decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(wrong)?;
            check_size(&decoder, limits)?;
            if !jpeg::is_whole(bytes) {
                return Err(RenderError::BrokenImage { format, source: None });
            }
            pixels(decoder, format, limits)
        }
        Format::Png => {
            let mut bounds = image::Limits::no_limits();
            bounds.max_alloc = Some(limits.max_decoded_bytes);
            let decoder = PngDecoder::with_limits(Cursor::new(bytes), bounds).map_err(wrong)?;
            check_size(&decoder, limits)?;
            if decoder.is_apng().map_err(wrong)? {
                // Only its first picture would survive.
                return Err(RenderError::UnsupportedFormat { found: "an animated PNG" });
            }
            pixels(decoder, format, limits)
        }
    }
}

fn check_size(decoder: &impl ImageDecoder, limits: &Limits) -> Result<(), RenderError> {
    let (width, height) = decoder.dimensions();
    let decoded_bytes = decoder.total_bytes();
    let Limits { max_pixels, max_decoded_bytes } = *limits;
    if u64::from(width) * u64::from(height) > max_pixels || decoded_bytes > max_decoded_bytes {
        return Err(RenderError::ImageTooLarge { width, height, decoded_bytes, max_pixels, max_decoded_bytes });
    }
    Ok(())
}

fn pixels(mut decoder: impl ImageDecoder, format: Format, limits: &Limits) -> Result<Decoded, RenderError> {
    let wrong = |source| decoding(format, source, limits.max_decoded_bytes);
    // A broken EXIF block or profile is no reason to refuse a picture that every viewer shows.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let is_gray = !decoder.color_type().has_color();
    let profile = decoder.icc_profile().ok().flatten().filter(|profile| fits(profile, is_gray));
    let image = DynamicImage::from_decoder(decoder).map_err(wrong)?;
    Ok(Decoded { image, orientation, profile })
}

/// Whether a profile is for pixels of this kind. That of a CMYK picture, decoded to RGB, is not.
/// Source: ICC.1:2022, 7.2, data colour space at byte 16.
fn fits(profile: &[u8], is_gray: bool) -> bool {
    profile.get(16..20) == Some(if is_gray { b"GRAY" } else { b"RGB " })
}
