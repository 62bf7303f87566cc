//! Pixels outside of the mark: equal, or near.

use image::DynamicImage;

use super::VerifyFailure;
use crate::Rect;

/// Side of the blocks that lossy pictures are compared by, in pixels: that of their own blocks.
pub const BLOCK_PX: u32 = 8;

/// Most that the luma of a lossy block may differ from the original of 255, the mean over its pixels, at the highest
/// quality. At lower ones [`LUMA_PER_QUALITY`] more for each step.
pub const MAX_LUMA_DIFFERENCE: u32 = 12;

/// How much more a block may differ for each step of quality below 100, in thousandths of a level.
pub const LUMA_PER_QUALITY: u32 = 450;

/// Most that the mean of any channel of a lossy block may differ from that of the original, of 255, at the highest
/// quality. At lower ones [`CHANNEL_PER_QUALITY`] more for each step.
pub const MAX_CHANNEL_DIFFERENCE: u32 = 24;

/// How much more the mean of a channel may differ for each step of quality below 100, in thousandths of a level.
pub const CHANNEL_PER_QUALITY: u32 = 250;

/// The pixel of this number, as bytes.
fn pixel(bytes: &[u8], index: usize, size: usize) -> &[u8] {
    &bytes[index * size..(index + 1) * size]
}

/// Whether all pixels outside of the rectangles are equal. Both pictures have the same size and kind.
pub(super) fn equal(before: &DynamicImage, after: &DynamicImage, touched: &[Rect]) -> Result<(), VerifyFailure> {
    let (width, height) = (after.width(), after.height());
    let size = usize::from(after.color().bytes_per_pixel());
    let (old, new) = (before.as_bytes(), after.as_bytes());
    for y in 0..height {
        let mut covers: Vec<&Rect> = touched.iter().filter(|rect| (rect.y..rect.bottom()).contains(&y)).collect();
        covers.sort_by_key(|rect| rect.x);
        let mut x = 0;
        // An empty cover at the end of the row stands for the rest of it.
        for (from, to) in covers.iter().map(|rect| (rect.x, rect.right())).chain([(width, width)]) {
            let end = from.min(width);
            if x < end {
                let at = |x: u32| (y as usize * width as usize + x as usize) * size;
                let (old, new) = (&old[at(x)..at(end)], &new[at(x)..at(end)]);
                if old != new {
                    let differs =
                        |offset: &u32| pixel(old, *offset as usize, size) != pixel(new, *offset as usize, size);
                    return Err(VerifyFailure::Pixel { x: x + (0..end - x).find(differs).unwrap_or(0), y });
                }
            }
            x = x.max(to);
        }
    }
    Ok(())
}

/// Whether all blocks outside of the rectangles are near. Both pictures have the same size and kind, of 8 bits. What is
/// wholly transparent has no colour, and alpha must be equal.
pub(super) fn near(
    before: &DynamicImage,
    after: &DynamicImage,
    touched: &[Rect],
    quality: u8,
) -> Result<(), VerifyFailure> {
    let (width, height) = (after.width(), after.height());
    let size = usize::from(after.color().bytes_per_pixel());
    let has_alpha = after.color().has_alpha();
    let (old, new) = (before.as_bytes(), after.as_bytes());
    let below = 100 - u32::from(quality.min(100));
    let luma_bound = MAX_LUMA_DIFFERENCE * 1_000 + LUMA_PER_QUALITY * below;
    let channel_bound = MAX_CHANNEL_DIFFERENCE * 1_000 + CHANNEL_PER_QUALITY * below;
    for y in (0..height).step_by(BLOCK_PX as usize) {
        for x in (0..width).step_by(BLOCK_PX as usize) {
            let block = Rect { x, y, width: BLOCK_PX.min(width - x), height: BLOCK_PX.min(height - y) };
            if touched.iter().any(|rect| rect.intersects(&block)) {
                continue;
            }
            let mut luma_sum = 0;
            let mut sums = [0_i32; 4];
            for (y, x) in (block.y..block.bottom()).flat_map(|y| (block.x..block.right()).map(move |x| (y, x))) {
                let at = y as usize * width as usize + x as usize;
                let (old, new) = (pixel(old, at, size), pixel(new, at, size));
                if has_alpha {
                    let (old, new) = (old.last(), new.last());
                    if old != new {
                        return Err(VerifyFailure::Pixel { x, y });
                    }
                    if old == Some(&0) {
                        continue;
                    }
                }
                luma_sum += luma(old).abs_diff(luma(new));
                for ((sum, old), new) in sums.iter_mut().zip(old).zip(new) {
                    *sum += i32::from(*new) - i32::from(*old);
                }
            }
            let pixels = block.width * block.height;
            let is_near = luma_sum <= luma_bound * pixels
                && sums.iter().all(|sum| sum.unsigned_abs() * 1_000 <= channel_bound * pixels);
            if !is_near {
                return Err(VerifyFailure::Block { x, y });
            }
        }
    }
    Ok(())
}

/// Luma of Rec. 601 in thousandths of a level.
fn luma(pixel: &[u8]) -> u32 {
    match *pixel {
        [r, g, b, ..] => 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b),
        [gray, ..] => 1_000 * u32::from(gray),
        [] => 0,
    }
}
