//! The crates `image` and `imageproc`, and `zune-jpeg` with `jpeg-encoder`: all pixels decoded, all encoded.

use std::fs;

use anyhow::{Result, anyhow};
use image::{
    ImageFormat, RgbImage, RgbaImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
    imageops,
};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use crate::{letters::Material, spec::Spec};

/// `image` and `imageproc`.
pub(crate) fn image_crate(spec: &Spec) -> Result<impl FnMut() -> Result<Vec<u8>>> {
    let source = fs::read(&spec.source)?;
    let format = if spec.format == "png" { ImageFormat::Png } else { ImageFormat::Jpeg };
    let material = Material::read(spec)?;
    Ok(move || {
        let mut image = image::load_from_memory_with_format(&source, format)?;
        let (pixels, edge) = material.pixels(spec)?;
        for (x, y) in &spec.mark.places {
            imageops::overlay(&mut image, &pixels, x - edge, y - edge);
        }
        let mut out = Vec::new();
        match format {
            ImageFormat::Png => image.write_with_encoder(PngEncoder::new(&mut out))?,
            _ => image.write_with_encoder(JpegEncoder::new_with_quality(&mut out, spec.quality))?,
        }
        Ok(out)
    })
}

/// `zune-jpeg` and `jpeg-encoder`.
pub(crate) fn zune(spec: &Spec) -> Result<impl FnMut() -> Result<Vec<u8>>> {
    let source = fs::read(&spec.source)?;
    let material = Material::read(spec)?;
    Ok(move || {
        let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
        let decoded = JpegDecoder::new_with_options(ZCursor::new(&source[..]), options).decode()?;
        let mut image = RgbImage::from_raw(spec.width, spec.height, decoded).ok_or_else(|| anyhow!("another size"))?;
        let (pixels, edge) = material.pixels(spec)?;
        for (x, y) in &spec.mark.places {
            blend(&mut image, &pixels, x - edge, y - edge);
        }
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out, spec.quality);
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        encoder.set_progressive(spec.progressive);
        encoder.encode(&image, spec.width as u16, spec.height as u16, ColorType::Rgb)?;
        Ok(out)
    })
}

/// By whole numbers, which is what somebody who wants speed would write.
fn blend(image: &mut RgbImage, pixels: &RgbaImage, left: i64, top: i64) {
    let (width, height) = (i64::from(image.width()), i64::from(image.height()));
    let columns = left.max(0)..(left + i64::from(pixels.width())).min(width);
    if columns.is_empty() {
        return;
    }
    let samples: &mut [u8] = image;
    for y in top.max(0)..(top + i64::from(pixels.height())).min(height) {
        let from = ((y - top) * i64::from(pixels.width()) + columns.start - left) as usize;
        let to = (y * width + columns.start) as usize;
        let count = (columns.end - columns.start) as usize;
        let below = samples[to * 3..][..count * 3].chunks_exact_mut(3);
        for (below, above) in below.zip(pixels.as_raw()[from * 4..][..count * 4].chunks_exact(4)) {
            let alpha = u32::from(above[3]);
            for (below, above) in below.iter_mut().zip(above) {
                *below = ((u32::from(*below) * (255 - alpha) + u32::from(*above) * alpha + 127) / 255) as u8;
            }
        }
    }
}
