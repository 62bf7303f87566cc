//! JPEG, PNG, BMP and TIFF by the `image` crate.

use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
};

use image::{
    ColorType, DynamicImage, ImageDecoder,
    codecs::{bmp::BmpDecoder, jpeg::JpegDecoder, png::PngDecoder, tiff::TiffDecoder},
    metadata::Orientation,
};

use super::{Decoded, Delay, Frame, Loss, apng, check_size, fitting};
use crate::{Format, JpegProcess, JpegStructure, Limits, RenderError, container, error::decoding, jpeg, notes::Notes};

pub(super) fn jpeg(bytes: &[u8], limits: &Limits) -> Result<Decoded, RenderError> {
    let format = Format::Jpeg;
    let decoder =
        JpegDecoder::new(Cursor::new(bytes)).map_err(|source| decoding(format, source, limits.max_decoded_bytes))?;
    check(&decoder, limits)?;
    if !jpeg::is_whole(bytes) {
        return Err(RenderError::BrokenImage { format, source: None });
    }
    if jpeg::inspect(bytes).is_some_and(|found| is_beyond(&found.structure)) {
        return Err(RenderError::UnsupportedFormat {
            found: "a JPEG with a larger component behind, in a scan of its own",
        });
    }
    guarded(decoder, bytes, limits)
}

/// The pixels of a JPEG. `zune-jpeg` 0.5.15 panics on some broken files (etemesi254/zune-image issue 409, mended there and
/// not yet released).
fn guarded(decoder: impl ImageDecoder, bytes: &[u8], limits: &Limits) -> Result<Decoded, RenderError> {
    let format = Format::Jpeg;
    let notes = Notes::of(bytes, format);
    let loss = Loss::Quality(container::jpeg::quality(bytes));
    // A panic is the end in wasm: what is known to lead to one is refused before.
    let decoded = catch_unwind(AssertUnwindSafe(|| pixels(decoder, format, limits, notes, loss)));
    decoded.unwrap_or(Err(RenderError::BrokenImage { format, source: None }))
}

/// Whether the decoder would panic (zune-jpeg 0.5.15): scans of their own, none of them progressive, and a component that has
/// more samples than the first.
fn is_beyond(structure: &JpegStructure) -> bool {
    let first = structure.factors.first().copied().unwrap_or_default();
    let is_smaller = structure.factors.iter().any(|(h, v)| *h > first.0 || *v > first.1);
    is_smaller && structure.scans > 1 && structure.process != JpegProcess::Progressive
}

pub(super) fn png(bytes: &[u8], limits: &Limits) -> Result<Decoded, RenderError> {
    let wrong = |source| decoding(Format::Png, source, limits.max_decoded_bytes);
    let mut decoder = PngDecoder::with_limits(Cursor::new(bytes), bounds(limits)).map_err(wrong)?;
    check(&decoder, limits)?;
    let notes = Notes::of(bytes, Format::Png);
    let is_animated = decoder.is_apng().map_err(wrong)?;
    match container::apng::animation(bytes).filter(|animation| is_animated && !animation.is_still()) {
        None => pixels(decoder, Format::Png, limits, notes, Loss::None),
        Some(animation) => {
            let (orientation, profile, color) = described(&mut decoder);
            drop(decoder);
            apng::decode(bytes, &animation, apng::Around { orientation, profile, notes, color }, limits)
        }
    }
}

pub(super) fn bmp(bytes: &[u8], limits: &Limits) -> Result<Decoded, RenderError> {
    let wrong = |source| decoding(Format::Bmp, source, limits.max_decoded_bytes);
    let decoder = BmpDecoder::new(Cursor::new(bytes)).map_err(wrong)?;
    check(&decoder, limits)?;
    pixels(decoder, Format::Bmp, limits, Notes::default(), Loss::None)
}

pub(super) fn tiff(bytes: &[u8], limits: &Limits) -> Result<Decoded, RenderError> {
    let wrong = |source| decoding(Format::Tiff, source, limits.max_decoded_bytes);
    if let Some(found) = container::tiff::refused(bytes) {
        return Err(RenderError::UnsupportedFormat { found });
    }
    let mut decoder = TiffDecoder::new(Cursor::new(bytes)).map_err(wrong)?;
    check(&decoder, limits)?;
    decoder.set_limits(bounds(limits)).map_err(wrong)?;
    pixels(decoder, Format::Tiff, limits, Notes::of(bytes, Format::Tiff), Loss::None)
}

fn bounds(limits: &Limits) -> image::Limits {
    let mut bounds = image::Limits::no_limits();
    bounds.max_alloc = Some(limits.max_decoded_bytes);
    bounds
}

fn check(decoder: &impl ImageDecoder, limits: &Limits) -> Result<(), RenderError> {
    let (width, height) = decoder.dimensions();
    check_size(width, height, decoder.total_bytes(), limits)
}

fn pixels(
    mut decoder: impl ImageDecoder,
    format: Format,
    limits: &Limits,
    notes: Notes,
    loss: Loss,
) -> Result<Decoded, RenderError> {
    let wrong = |source| decoding(format, source, limits.max_decoded_bytes);
    let (orientation, profile, _) = described(&mut decoder);
    let image = DynamicImage::from_decoder(decoder).map_err(wrong)?;
    let frames = vec![Frame { image, delay: Delay::NONE }];
    Ok(Decoded { frames, plays: None, fallback: None, orientation, profile, notes, loss })
}

/// How the pixels are turned, in whose colours they are, and of what kind. A broken EXIF block or profile is no reason to
/// refuse a picture that every viewer shows.
fn described(decoder: &mut impl ImageDecoder) -> (Orientation, Option<Vec<u8>>, ColorType) {
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let color = decoder.color_type();
    (orientation, fitting(decoder.icc_profile().ok().flatten(), color.has_color()), color)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoder_that_panics_is_a_broken_image() {
        let bytes = include_bytes!("../../tests/files/decoder-panics.jpg");
        let decoder = JpegDecoder::new(Cursor::new(bytes)).unwrap();
        let found = guarded(decoder, bytes, &Limits::default()).err();
        assert!(matches!(found, Some(RenderError::BrokenImage { source: None, .. })), "{found:?}");
    }
}
