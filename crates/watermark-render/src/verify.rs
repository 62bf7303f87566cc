//! Proof, from the bytes alone, that a rendition is its original but for the mark.
//!
//! Nothing that rendering computed is trusted here except where the mark is: both files are decoded anew, and the
//! turning of the pixels is written a second time, in another way.

use std::fmt;

use image::{DynamicImage, metadata::Orientation};

use crate::{
    Format, Limits, Method, Output, Rect, RenderError,
    decode::{Decoded, decode},
    jpeg::{Difference, Original},
    png,
};

/// Side of the blocks that a JPEG is compared by, in pixels: that of its own blocks.
pub const BLOCK_PX: u32 = 8;

/// Most that the mean luma of a JPEG's block may differ from the original, pixel by pixel, of 255.
pub const MAX_LUMA_DIFFERENCE: u32 = 12;

/// Most that the mean of any channel of a JPEG's block may differ from the original, pixel by pixel, of 255.
pub const MAX_CHANNEL_DIFFERENCE: u32 = 24;

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyFailure {
    /// The output is not in the source's format.
    Format,
    /// The output cannot be decoded.
    Undecodable,
    /// The output has another size than the source has as shown.
    Size {
        /// Size of the source as shown.
        expected: (u32, u32),
        /// Size of the output.
        got: (u32, u32),
    },
    /// The output has another depth, or other channels.
    Samples,
    /// The output has another ICC profile than it should keep.
    Profile,
    /// The output still holds metadata that may speak of people or places, or a second orientation.
    Metadata,
    /// A pixel outside of the touched areas differs (PNG).
    Pixel {
        /// Its column.
        x: u32,
        /// Its row.
        y: u32,
    },
    /// The output has another frame, other quantization tables or other scans (JPEG).
    Structure,
    /// A coefficient outside of the touched areas differs (JPEG).
    Coefficient {
        /// The MCU's column.
        column: u32,
        /// The MCU's row.
        row: u32,
    },
    /// A block outside of the touched areas differs by more than the bounds (JPEG that was encoded anew).
    Block {
        /// Its first column.
        x: u32,
        /// Its first row.
        y: u32,
    },
}

impl fmt::Display for VerifyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format => write!(f, "the output is not in the source's format"),
            Self::Undecodable => write!(f, "the output cannot be decoded"),
            Self::Size { expected, got } => {
                write!(f, "the output has {}x{} pixels, not {}x{}", got.0, got.1, expected.0, expected.1)
            }
            Self::Samples => write!(f, "the output has another kind of samples"),
            Self::Profile => write!(f, "the output has another colour profile"),
            Self::Metadata => write!(f, "the output holds metadata that it should not"),
            Self::Pixel { x, y } => write!(f, "the pixel at {x},{y} has changed outside of the mark"),
            Self::Structure => write!(f, "the output is built in another way"),
            Self::Coefficient { column, row } => {
                write!(f, "a coefficient of the MCU in column {column}, row {row} has changed outside of the mark")
            }
            Self::Block { x, y } => write!(f, "the block at {x},{y} has changed outside of the mark"),
        }
    }
}

/// What has been proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proof {
    /// Every coefficient outside of the mark's MCUs is equal (JPEG).
    Coefficients,
    /// Every pixel outside of the mark is equal (PNG).
    Pixels,
    /// Every block outside of the mark is near (a JPEG whose coefficients cannot be kept).
    NearBlocks,
}

/// Proves that an output is its source but for the touched areas, before anybody sees it.
///
/// Of a JPEG that [`crate::render`] puts marks into without encoding it anew, every
/// coefficient of every MCU that no touched area reaches is equal, and frame, quantization, scans and metadata are what
/// they should be. Of others both files are decoded: format, size as shown, kind of samples and profile must be the
/// same, and the output must hold no other metadata. Then, outside of the touched areas, every pixel of a PNG is equal; a JPEG
/// that was encoded anew has, in every block of 8x8 pixels that no touched area reaches, a mean absolute
/// difference of at most [`MAX_LUMA_DIFFERENCE`] in luma and [`MAX_CHANNEL_DIFFERENCE`] in each channel.
///
/// # Errors
/// [`RenderError::VerifyFailed`] with the first thing found; for a source that cannot be decoded what
/// [`crate::render`] says to it.
pub fn verify(source: &[u8], output: &Output, limits: &Limits) -> Result<Proof, RenderError> {
    let format = Format::sniff(source)?;
    let failed = |failure| RenderError::VerifyFailed { failure };
    if let Method::Spliced(_) | Method::Rewritten(_) = output.method {
        // What was kept can be read.
        let original = Original::open(source, limits).map_err(|_| failed(VerifyFailure::Format))?;
        let (orientation, size) = (original.orientation(), original.size());
        let touched: Vec<Rect> = output.touched.iter().map(|rect| stored_rect(rect, orientation, size)).collect();
        return match original.prove(&output.bytes, &touched, &output.metadata) {
            Ok(()) => Ok(Proof::Coefficients),
            Err(Difference::Unreadable(_)) => Err(failed(VerifyFailure::Undecodable)),
            Err(Difference::Structure) => Err(failed(VerifyFailure::Structure)),
            Err(Difference::Metadata) => Err(failed(VerifyFailure::Metadata)),
            Err(Difference::Mcu { column, row }) => Err(failed(VerifyFailure::Coefficient { column, row })),
        };
    }
    let before = decode(source, format, limits)?;
    check(&before, format, &output.bytes, &output.touched, limits).map_err(failed)?;
    Ok(match format {
        Format::Jpeg => Proof::NearBlocks,
        Format::Png => Proof::Pixels,
    })
}

/// A rectangle of a picture as shown, in pixels as stored.
pub(crate) fn stored_rect(rect: &Rect, orientation: Orientation, (width, height): (u32, u32)) -> Rect {
    let (right, bottom) = (rect.right(), rect.bottom());
    let (flip_x, flip_y) = (|x: u32| width.saturating_sub(x), |y: u32| height.saturating_sub(y));
    // Left, top, right and bottom as stored.
    let (left, top, right, bottom) = match orientation.to_exif() {
        2 => (flip_x(right), rect.y, flip_x(rect.x), bottom),
        3 => (flip_x(right), flip_y(bottom), flip_x(rect.x), flip_y(rect.y)),
        4 => (rect.x, flip_y(bottom), right, flip_y(rect.y)),
        5 => (rect.y, rect.x, bottom, right),
        6 => (rect.y, flip_y(right), bottom, flip_y(rect.x)),
        7 => (flip_x(bottom), flip_y(right), flip_x(rect.y), flip_y(rect.x)),
        8 => (flip_x(bottom), rect.x, flip_x(rect.y), right),
        _ => (rect.x, rect.y, right, bottom),
    };
    Rect { x: left, y: top, width: right.saturating_sub(left), height: bottom.saturating_sub(top) }
}

fn check(
    before: &Decoded,
    format: Format,
    output: &[u8],
    touched: &[Rect],
    limits: &Limits,
) -> Result<(), VerifyFailure> {
    if !Format::sniff(output).is_ok_and(|found| found == format) {
        return Err(VerifyFailure::Format);
    }
    let after = decode(output, format, limits).map_err(|_| VerifyFailure::Undecodable)?;
    let shown = Shown { image: &before.image, orientation: before.orientation };
    let (expected, got) = (shown.size(), (after.image.width(), after.image.height()));
    if expected != got {
        return Err(VerifyFailure::Size { expected, got });
    }
    if before.image.color() != after.image.color() {
        return Err(VerifyFailure::Samples);
    }
    if before.profile != after.profile {
        return Err(VerifyFailure::Profile);
    }
    if after.orientation != Orientation::NoTransforms || has_private_metadata(output, format) {
        return Err(VerifyFailure::Metadata);
    }
    match format {
        Format::Png => equal_pixels(&shown, &after.image, touched),
        Format::Jpeg => near_blocks(&shown, &after.image, touched),
    }
}

fn has_private_metadata(output: &[u8], format: Format) -> bool {
    match format {
        Format::Png => png::has_private_chunks(output),
        Format::Jpeg => jpeg_has_private_segments(output),
    }
}

/// Whether a JPEG has any segment for applications but JFIF's and the ICC profile's, or a comment.
fn jpeg_has_private_segments(jpeg: &[u8]) -> bool {
    let mut rest = jpeg.get(2..).unwrap_or_default();
    while let [0xff, marker, high, low, payload @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).saturating_sub(2);
        match marker {
            0xda => return false,
            0xe0 | 0xee => {}
            0xe2 if payload.starts_with(b"ICC_PROFILE\0") => {}
            0xe1..=0xef | 0xfe => return true,
            _ => {}
        }
        rest = payload.get(length..).unwrap_or_default();
    }
    false
}

/// A stored picture, read as it is shown.
struct Shown<'a> {
    image: &'a DynamicImage,
    orientation: Orientation,
}

impl Shown<'_> {
    fn size(&self) -> (u32, u32) {
        let (width, height) = (self.image.width(), self.image.height());
        if self.is_turned() { (height, width) } else { (width, height) }
    }

    fn is_turned(&self) -> bool {
        self.orientation.to_exif() >= 5
    }

    /// Which stored pixel is shown at `x`, `y`, as a number. Source: EXIF 2.32, tag 0x0112: the value says which
    /// edges of the stored picture are the top and the left of the shown one.
    fn index(&self, x: u32, y: u32) -> usize {
        let (width, height) = (self.image.width(), self.image.height());
        let (column, row) = match self.orientation.to_exif() {
            2 => (width - 1 - x, y),
            3 => (width - 1 - x, height - 1 - y),
            4 => (x, height - 1 - y),
            5 => (y, x),
            6 => (y, height - 1 - x),
            7 => (width - 1 - y, height - 1 - x),
            8 => (width - 1 - y, x),
            _ => (x, y),
        };
        row as usize * width as usize + column as usize
    }
}

/// The pixel of this number, as bytes.
fn pixel(bytes: &[u8], index: usize, size: usize) -> &[u8] {
    &bytes[index * size..(index + 1) * size]
}

fn equal_pixels(before: &Shown<'_>, after: &DynamicImage, touched: &[Rect]) -> Result<(), VerifyFailure> {
    let (width, height) = before.size();
    let size = usize::from(after.color().bytes_per_pixel());
    let (old, new) = (before.image.as_bytes(), after.as_bytes());
    for y in 0..height {
        let mut covers: Vec<&Rect> = touched.iter().filter(|rect| (rect.y..rect.bottom()).contains(&y)).collect();
        covers.sort_by_key(|rect| rect.x);
        let mut x = 0;
        // An empty cover at the end of the row stands for the rest of it.
        for (from, to) in covers.iter().map(|rect| (rect.x, rect.right())).chain([(width, width)]) {
            for x in x..from.min(width) {
                let at = y as usize * width as usize + x as usize;
                if pixel(old, before.index(x, y), size) != pixel(new, at, size) {
                    return Err(VerifyFailure::Pixel { x, y });
                }
            }
            x = x.max(to);
        }
    }
    Ok(())
}

fn near_blocks(before: &Shown<'_>, after: &DynamicImage, touched: &[Rect]) -> Result<(), VerifyFailure> {
    let (width, height) = before.size();
    let size = usize::from(after.color().bytes_per_pixel());
    let (old, new) = (before.image.as_bytes(), after.as_bytes());
    for y in (0..height).step_by(BLOCK_PX as usize) {
        for x in (0..width).step_by(BLOCK_PX as usize) {
            let block = Rect { x, y, width: BLOCK_PX.min(width - x), height: BLOCK_PX.min(height - y) };
            if touched.iter().any(|rect| rect.intersects(&block)) {
                continue;
            }
            let mut luma_sum = 0;
            let mut sums = [0_u32; 4];
            for y in block.y..block.bottom() {
                for x in block.x..block.right() {
                    let old = pixel(old, before.index(x, y), size);
                    let new = pixel(new, y as usize * width as usize + x as usize, size);
                    luma_sum += luma(old).abs_diff(luma(new));
                    for ((sum, old), new) in sums.iter_mut().zip(old).zip(new) {
                        *sum += u32::from(old.abs_diff(*new));
                    }
                }
            }
            let pixels = block.width * block.height;
            let is_near = luma_sum <= MAX_LUMA_DIFFERENCE * 1_000 * pixels
                && sums.iter().all(|sum| *sum <= MAX_CHANNEL_DIFFERENCE * pixels);
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
        [r, g, b] => 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b),
        [gray, ..] => 1_000 * u32::from(gray),
        [] => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_way_of_turning_agrees_with_the_first() {
        let samples: Vec<u8> = (0..6).collect();
        let stored = DynamicImage::ImageLuma8(image::GrayImage::from_raw(3, 2, samples).unwrap());
        for exif in 1..=8 {
            let orientation = Orientation::from_exif(exif).unwrap();
            let mut turned = stored.clone();
            turned.apply_orientation(orientation);
            let shown = Shown { image: &stored, orientation };
            assert_eq!(shown.size(), (turned.width(), turned.height()));
            for (at, value) in turned.as_bytes().iter().enumerate() {
                let (x, y) = (at as u32 % turned.width(), at as u32 / turned.width());
                assert_eq!(shown.index(x, y), usize::from(*value), "orientation {exif} at {x},{y}");
                let rect = stored_rect(&Rect { x, y, width: 1, height: 1 }, orientation, (3, 2));
                assert_eq!((rect.y * 3 + rect.x, rect.width, rect.height), (u32::from(*value), 1, 1));
            }
        }
    }
}
