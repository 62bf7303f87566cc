//! PNGs, fast: the filter is chosen for each row, and `fdeflate` packs what is left of a photograph as small as ten
//! times slower deflating does. DESIGN.md has the figures.

use std::{borrow::Cow, io::Write};

use ::png::{BitDepth, ColorType, DeflateCompression, Encoder, Filter, Info, Writer, chunk::ChunkType};
use image::DynamicImage;

use super::{EncodeFailure, Rendition};
use crate::container::png::{color_chunks, note_chunks};

pub(super) fn encode(rendition: &Rendition<'_>, image: &DynamicImage) -> Result<Vec<u8>, EncodeFailure> {
    let mut bytes = Vec::with_capacity(image.as_bytes().len() / 2);
    let encoder = Encoder::with_info(&mut bytes, info(rendition, image)?)?;
    let mut writer = begun(rendition, encoder, DeflateCompression::FdeflateUltraFast)?;
    writer.write_image_data(&big_endian(image))?;
    writer.finish()?;
    Ok(bytes)
}

/// What the header says of a picture like this.
pub(super) fn info<'a>(rendition: &'a Rendition<'_>, image: &DynamicImage) -> Result<Info<'a>, EncodeFailure> {
    let (color, depth) = kind(image).ok_or(EncodeFailure::Samples)?;
    let mut info = Info::with_size(image.width(), image.height());
    info.color_type = color;
    info.bit_depth = depth;
    info.icc_profile = rendition.profile.as_deref().map(Cow::Borrowed);
    Ok(info)
}

/// Writes all that stands before the pixels.
pub(super) fn begun<W: Write>(
    rendition: &Rendition<'_>,
    mut encoder: Encoder<'_, W>,
    packing: DeflateCompression,
) -> Result<Writer<W>, EncodeFailure> {
    encoder.set_deflate_compression(packing);
    encoder.set_filter(Filter::Adaptive);
    let mut writer = encoder.write_header()?;
    for (name, payload) in color_chunks(rendition.source) {
        writer.write_chunk(ChunkType(name), payload)?;
    }
    for (name, payload) in note_chunks(&rendition.notes) {
        writer.write_chunk(ChunkType(name), &payload)?;
    }
    Ok(writer)
}

fn kind(image: &DynamicImage) -> Option<(ColorType, BitDepth)> {
    Some(match image {
        DynamicImage::ImageLuma8(_) => (ColorType::Grayscale, BitDepth::Eight),
        DynamicImage::ImageLumaA8(_) => (ColorType::GrayscaleAlpha, BitDepth::Eight),
        DynamicImage::ImageRgb8(_) => (ColorType::Rgb, BitDepth::Eight),
        DynamicImage::ImageRgba8(_) => (ColorType::Rgba, BitDepth::Eight),
        DynamicImage::ImageLuma16(_) => (ColorType::Grayscale, BitDepth::Sixteen),
        DynamicImage::ImageLumaA16(_) => (ColorType::GrayscaleAlpha, BitDepth::Sixteen),
        DynamicImage::ImageRgb16(_) => (ColorType::Rgb, BitDepth::Sixteen),
        DynamicImage::ImageRgba16(_) => (ColorType::Rgba, BitDepth::Sixteen),
        _ => return None,
    })
}

/// The samples in PNG's byte order.
pub(super) fn big_endian(image: &DynamicImage) -> Cow<'_, [u8]> {
    let samples = match image {
        DynamicImage::ImageLuma16(image) => image.as_raw(),
        DynamicImage::ImageLumaA16(image) => image.as_raw(),
        DynamicImage::ImageRgb16(image) => image.as_raw(),
        DynamicImage::ImageRgba16(image) => image.as_raw(),
        _ => return Cow::Borrowed(image.as_bytes()),
    };
    Cow::Owned(samples.iter().flat_map(|sample| sample.to_be_bytes()).collect())
}
