//! Whether all have drawn the same mark, by what became of the pixels below it.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use image::{GrayImage, ImageReader};

use crate::spec::Mark;

/// A peer's mark beside ours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Agreement {
    /// How much it changes the pixels in the mark's box, as a part of how much ours does.
    pub(crate) strength: f64,
    /// Correlation of the changes: 1.0 where each pixel's is the same.
    pub(crate) correlation: f64,
}

/// Original and ours, decoded.
#[derive(Debug)]
pub(crate) struct Ours {
    source: GrayImage,
    ours: GrayImage,
}

impl Ours {
    /// Reads the two files.
    ///
    /// # Errors
    /// When one cannot be decoded.
    pub(crate) fn read(source: &Path, ours: &Path) -> Result<Self> {
        Ok(Self { source: luma(source)?, ours: luma(ours)? })
    }

    /// Compares another file with ours.
    ///
    /// # Errors
    /// When it cannot be decoded or has another size.
    pub(crate) fn compare(&self, other: &Path, mark: &Mark) -> Result<Agreement> {
        let other = luma(other)?;
        ensure!(other.dimensions() == self.ours.dimensions(), "another size");
        let (mut count, mut a, mut b, mut aa, mut bb, mut ab) = (0.0_f64, 0.0, 0.0, 0.0, 0.0, 0.0);
        for &(left, top) in &mark.places {
            let across = clip(left, mark.width, other.width());
            for y in clip(top, mark.height, other.height()) {
                for x in across.clone() {
                    let below = f64::from(self.source.get_pixel(x, y)[0]);
                    let ours = f64::from(self.ours.get_pixel(x, y)[0]) - below;
                    let theirs = f64::from(other.get_pixel(x, y)[0]) - below;
                    count += 1.0;
                    (a, b) = (a + ours, b + theirs);
                    (aa, bb, ab) = (aa + ours * ours, bb + theirs * theirs, ab + ours * theirs);
                }
            }
        }
        let covariance = ab - a * b / count;
        let spread = ((aa - a * a / count) * (bb - b * b / count)).sqrt();
        Ok(Agreement { strength: b / a, correlation: covariance / spread })
    }
}

fn clip(from: i64, length: u32, end: u32) -> std::ops::Range<u32> {
    let at = |value: i64| u32::try_from(value.max(0)).unwrap_or(u32::MAX).min(end);
    at(from)..at(from + i64::from(length))
}

fn luma(path: &Path) -> Result<GrayImage> {
    let reader = ImageReader::open(path).with_context(|| path.display().to_string())?;
    Ok(reader.with_guessed_format()?.decode()?.into_luma8())
}
