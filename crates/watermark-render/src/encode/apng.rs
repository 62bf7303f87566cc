//! Animated PNGs: of every picture only the rectangle around what differs from the one before, put in its place as it is.
//! Nothing is blended, so that every reader shows the same pixels.

use ::png::{AnimationControl, BlendOp, DeflateCompression, DisposeOp, Encoder, FrameControl};
use image::DynamicImage;

use super::{
    EncodeFailure, Rendition,
    png::{begun, big_endian, info},
};
use crate::{Rect, decode::Frame};

pub(super) fn encode(rendition: &Rendition<'_>, frames: &[Frame], plays: u32) -> Result<Vec<u8>, EncodeFailure> {
    let first = &frames.first().ok_or(EncodeFailure::Samples)?.image;
    let (width, height) = (first.width(), first.height());
    let num_frames = u32::try_from(frames.len()).map_err(|_| EncodeFailure::Length)?;
    let mut info = info(rendition, first)?;
    info.animation_control = Some(AnimationControl { num_frames, num_plays: plays });
    info.frame_control = Some(FrameControl { width, height, ..FrameControl::default() });
    let mut bytes = Vec::new();
    let mut encoder = Encoder::with_info(&mut bytes, info)?;
    encoder.set_sep_def_img(rendition.fallback.is_some())?;
    let mut writer = begun(rendition, encoder, packing(first))?;
    if let Some(fallback) = rendition.fallback {
        writer.write_image_data(&big_endian(fallback))?;
    }
    let mut before: Option<&DynamicImage> = None;
    for Frame { image, delay } in frames {
        // The first picture is whole: a reader that knows of no animation may show it.
        let area = before.map_or(Rect { x: 0, y: 0, width, height }, |before| changed_area(before, image));
        // Its place is checked together with the size before.
        writer.set_frame_position(0, 0)?;
        writer.set_frame_dimension(area.width, area.height)?;
        writer.set_frame_position(area.x, area.y)?;
        let (numerator, denominator) = delay.in_16_bits();
        writer.set_frame_delay(numerator, denominator)?;
        writer.set_blend_op(BlendOp::Source)?;
        writer.set_dispose_op(DisposeOp::None)?;
        if (area.width, area.height) == (width, height) {
            writer.write_image_data(&big_endian(image))?;
        } else {
            let part = image.crop_imm(area.x, area.y, area.width, area.height);
            writer.write_image_data(&big_endian(&part))?;
        }
        before = Some(image);
    }
    writer.finish()?;
    Ok(bytes)
}

/// How hard to pack. Many animations are drawings or screens: `fdeflate`, which knows runs of one byte alone, makes them up to
/// three times as large as a search for matches does, and is no faster there. DESIGN.md has the figures.
fn packing(first: &DynamicImage) -> DeflateCompression {
    let pixel_bytes = usize::from(first.color().bytes_per_pixel());
    let rows = first.as_bytes().chunks_exact((first.width() as usize * pixel_bytes).max(1));
    let is_repeated = |row: &[u8]| {
        let pixels = row.chunks_exact(pixel_bytes);
        pixels.clone().zip(pixels.skip(1)).filter(|(left, right)| left == right).count()
    };
    let repeated: usize = rows.map(is_repeated).sum();
    let pixels = first.width() as usize * first.height() as usize;
    if 2 * repeated > pixels { DeflateCompression::Level(3) } else { DeflateCompression::FdeflateUltraFast }
}

/// The smallest rectangle around all pixels that differ, at least one pixel.
fn changed_area(before: &DynamicImage, after: &DynamicImage) -> Rect {
    let pixel_bytes = usize::from(after.color().bytes_per_pixel());
    let stride = (after.width() as usize * pixel_bytes).max(1);
    let rows = before.as_bytes().chunks_exact(stride).zip(after.as_bytes().chunks_exact(stride));
    // Left, top, right and bottom, the last two included.
    let mut ends: Option<(u32, u32, u32, u32)> = None;
    for (y, (old, new)) in (0..).zip(rows).filter(|(_, (old, new))| old != new) {
        let mut pixels = old.chunks_exact(pixel_bytes).zip(new.chunks_exact(pixel_bytes));
        let differs = |(old, new): (&[u8], &[u8])| old != new;
        let from = pixels.position(differs).unwrap_or_default() as u32;
        let mut pixels = old.chunks_exact(pixel_bytes).zip(new.chunks_exact(pixel_bytes));
        let to = pixels.rposition(differs).unwrap_or_default() as u32;
        let (left, top, right, _) = ends.unwrap_or((from, y, to, y));
        ends = Some((left.min(from), top, right.max(to), y));
    }
    let (left, top, right, bottom) = ends.unwrap_or_default();
    Rect { x: left, y: top, width: right - left + 1, height: bottom - top + 1 }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    #[test]
    fn drawings_are_packed_harder_than_photographs() {
        let of = |pixel: fn(u32) -> u8| {
            let image = RgbImage::from_fn(8, 4, |x, y| Rgb([pixel(x), 0, y as u8]));
            matches!(packing(&DynamicImage::ImageRgb8(image)), DeflateCompression::Level(_))
        };
        assert!(of(|_| 0) && of(|x| u8::from(x == 4)) && !of(|x| x as u8));
    }

    #[test]
    fn the_changed_area_is_around_all_changes() {
        let before = RgbImage::new(9, 7);
        let area = |changes: &[(u32, u32)]| {
            let mut after = before.clone();
            changes.iter().for_each(|(x, y)| after.put_pixel(*x, *y, Rgb([0, 0, 1])));
            let before = DynamicImage::ImageRgb8(before.clone());
            let Rect { x, y, width, height } = changed_area(&before, &DynamicImage::ImageRgb8(after));
            (x, y, width, height)
        };
        assert_eq!(area(&[]), (0, 0, 1, 1));
        assert_eq!(area(&[(8, 6)]), (8, 6, 1, 1));
        assert_eq!(area(&[(5, 1), (2, 3), (4, 3)]), (2, 1, 4, 3));
        assert_eq!(area(&[(0, 0), (8, 6)]), (0, 0, 9, 7));
    }
}
