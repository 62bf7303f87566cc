//! libjpeg-turbo on planes: never RGB, and nothing is sampled up or down.

use std::fs;

use anyhow::{Result, ensure};
use image::{GrayImage, Rgba};
use turbojpeg::{Compressor, Decompressor, Subsamp, YuvImage};

use crate::{letters::Material, spec::Spec};

/// Decompressing to planes, blending there, compressing from there.
pub(crate) fn planes(spec: &Spec) -> Result<impl FnMut() -> Result<Vec<u8>>> {
    let source = fs::read(&spec.source)?;
    let material = Material::read(spec)?;
    Ok(move || {
        let mut decompressor = Decompressor::new()?;
        let header = decompressor.read_header(&source)?;
        ensure!(header.subsamp == Subsamp::Sub2x2, "not 4:2:0");
        let (width, height) = (header.width, header.height);
        let size = turbojpeg::yuv_pixels_len(width, 1, height, Subsamp::Sub2x2)?;
        let mut image = YuvImage { pixels: vec![0; size], width, align: 1, height, subsamp: Subsamp::Sub2x2 };
        decompressor.decompress_to_yuv(&source, image.as_deref_mut())?;
        let (wide, high) = (width.div_ceil(2), height.div_ceil(2));
        let (luma, chroma) = image.pixels.split_at_mut(width * height);
        let (blue, red) = chroma.split_at_mut(wide * high);
        let mut planes = [(luma, width, height), (blue, wide, high), (red, wide, high)];
        if spec.mark.logo.is_some() {
            let (pixels, _) = material.pixels(spec)?;
            let (left, top) = spec.mark.places[0];
            logo(&mut planes, &pixels, left, top);
        } else {
            let mask = material.mask(spec)?;
            // Both for a place on an even row or column and on an odd one.
            let halves = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|odd| half(&mask, odd));
            for (x, y) in spec.mark.places.iter().map(|(x, y)| (x - 1, y - 1)) {
                let half = &halves[(x.rem_euclid(2) + 2 * y.rem_euclid(2)) as usize];
                let (half_x, half_y) = (x.div_euclid(2), y.div_euclid(2));
                for (at, (plane, width, height)) in planes.iter_mut().enumerate() {
                    match at {
                        0 => flat(plane, (*width, *height), &mask, (x, y), 255),
                        _ => flat(plane, (*width, *height), half, (half_x, half_y), 128),
                    }
                }
            }
        }
        let mut compressor = Compressor::new()?;
        compressor.set_quality(spec.quality.into())?;
        compressor.set_subsamp(Subsamp::Sub2x2)?;
        compressor.set_progressive(spec.progressive)?;
        Ok(compressor.compress_yuv_to_vec(image.as_deref())?)
    })
}

/// The mask at half its size, moved by one where it is to lie on an odd column or row.
fn half(mask: &GrayImage, (odd_x, odd_y): (u32, u32)) -> GrayImage {
    let at = |x: Option<u32>, y: Option<u32>| match (x, y) {
        (Some(x), Some(y)) if x < mask.width() && y < mask.height() => u16::from(mask.get_pixel(x, y)[0]),
        _ => 0,
    };
    let (wide, high) = ((mask.width() + odd_x).div_ceil(2), (mask.height() + odd_y).div_ceil(2));
    GrayImage::from_fn(wide, high, |x, y| {
        let (x, y) =
            ([0, 1].map(|by| (2 * x + by).checked_sub(odd_x)), [0, 1].map(|by| (2 * y + by).checked_sub(odd_y)));
        image::Luma([((at(x[0], y[0]) + at(x[1], y[0]) + at(x[0], y[1]) + at(x[1], y[1]) + 2) / 4) as u8])
    })
}

/// One value through a mask.
fn flat(plane: &mut [u8], (width, height): (usize, usize), mask: &GrayImage, (left, top): (i64, i64), value: u16) {
    let columns = left.max(0)..(left + i64::from(mask.width())).min(width as i64);
    if columns.is_empty() {
        return;
    }
    for y in top.max(0)..(top + i64::from(mask.height())).min(height as i64) {
        let from = ((y - top) * i64::from(mask.width()) + columns.start - left) as usize;
        let to = y as usize * width + columns.start as usize;
        let count = (columns.end - columns.start) as usize;
        for (below, alpha) in plane[to..][..count].iter_mut().zip(&mask.as_raw()[from..][..count]) {
            *below = mix(*below, value, u16::from(*alpha));
        }
    }
}

fn mix(below: u8, above: u16, alpha: u16) -> u8 {
    // A division by 255 that compilers make vectors of.
    let sum = u16::from(below) * (255 - alpha) + above * alpha + 128;
    ((sum + (sum >> 8)) >> 8) as u8
}

/// Pixels with colours and alpha of their own. Of chroma, that of each block of four.
fn logo(planes: &mut [(&mut [u8], usize, usize); 3], pixels: &image::RgbaImage, left: i64, top: i64) {
    let luma_of = |Rgba([r, g, b, _]): &Rgba<u8>| {
        (19_595 * u32::from(*r) + 38_470 * u32::from(*g) + 7_471 * u32::from(*b) + 32_768) >> 16
    };
    for (x, y, pixel) in pixels.enumerate_pixels() {
        let (width, height) = (planes[0].1 as i64, planes[0].2 as i64);
        let (x, y) = (left + i64::from(x), top + i64::from(y));
        if (0..width).contains(&x) && (0..height).contains(&y) {
            let below = &mut planes[0].0[(y * width + x) as usize];
            *below = mix(*below, luma_of(pixel) as u16, u16::from(pixel[3]));
        }
    }
    let (wide, high) = (planes[1].1 as i64, planes[1].2 as i64);
    for y in top.div_euclid(2).max(0)..((top + i64::from(pixels.height()) + 1) / 2).min(high) {
        for x in left.div_euclid(2).max(0)..((left + i64::from(pixels.width()) + 1) / 2).min(wide) {
            let (mut alpha, mut blue, mut red) = (0, 0.0, 0.0);
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let (x, y) = (u32::try_from(2 * x + dx - left), u32::try_from(2 * y + dy - top));
                let (Ok(x), Ok(y)) = (x, y) else { continue };
                let Some(pixel) = pixels.get_pixel_checked(x, y) else { continue };
                let luma = luma_of(pixel) as f32;
                alpha += u16::from(pixel[3]);
                blue += f32::from(pixel[3]) * (f32::from(pixel[2]) - luma) / 1.772;
                red += f32::from(pixel[3]) * (f32::from(pixel[0]) - luma) / 1.402;
            }
            if alpha > 0 {
                for (at, chroma) in [(1, blue), (2, red)] {
                    let below = &mut planes[at].0[(y * wide + x) as usize];
                    let value = (128.0 + chroma / f32::from(alpha)).clamp(0.0, 255.0);
                    *below = mix(*below, value.round() as u16, (alpha + 2) / 4);
                }
            }
        }
    }
}
