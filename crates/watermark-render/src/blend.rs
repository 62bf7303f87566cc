//! Stamps onto pixels: a blend mode and Porter and Duff's "over", on values as they are stored and with straight alpha.
//!
//! Blending the stored values, not linear light, is what browsers and image editors do by default, so a template
//! looks in a preview as it does here. All of it is integer arithmetic.

use image::DynamicImage;

use crate::{BlendMode, Ink, Rect, Stamp};

/// What a pixel consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channels {
    /// Gray.
    Gray,
    /// Gray and straight alpha.
    GrayAlpha,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue and straight alpha.
    Rgba,
}

impl Channels {
    pub(crate) const fn count(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::GrayAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// Why samples are no picture of a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a picture of this size has {expected} samples, got {got}")]
pub struct SizeMismatch {
    /// Width times height times channels.
    pub expected: u64,
    /// How many there are.
    pub got: u64,
}

/// A picture's pixels, borrowed: rows from the top, pixels from the left, no padding.
#[derive(Debug)]
pub struct Pixels<'a> {
    samples: Samples<'a>,
    channels: Channels,
    width: u32,
    height: u32,
}

#[derive(Debug)]
enum Samples<'a> {
    Bits8(&'a mut [u8]),
    Bits16(&'a mut [u16]),
}

impl<'a> Pixels<'a> {
    /// Pixels of 8 bits a channel, as a canvas has them with [`Channels::Rgba`].
    ///
    /// # Errors
    /// [`SizeMismatch`] unless there are `width * height` pixels.
    pub fn bits8(samples: &'a mut [u8], channels: Channels, width: u32, height: u32) -> Result<Self, SizeMismatch> {
        check(samples.len(), channels, width, height)?;
        Ok(Self { samples: Samples::Bits8(samples), channels, width, height })
    }

    /// Pixels of 16 bits a channel, in the machine's byte order.
    ///
    /// # Errors
    /// [`SizeMismatch`] unless there are `width * height` pixels.
    pub fn bits16(samples: &'a mut [u16], channels: Channels, width: u32, height: u32) -> Result<Self, SizeMismatch> {
        check(samples.len(), channels, width, height)?;
        Ok(Self { samples: Samples::Bits16(samples), channels, width, height })
    }

    /// Mean luma (Rec. 601) of the values in a rectangle, 0.0 to 1.0, as [`crate::Scene::resolve_auto`] asks for it. What
    /// is transparent counts as white, which most pictures are shown on. 0.0 outside of the picture.
    pub fn mean_luma(&self, rect: Rect) -> f64 {
        match &self.samples {
            Samples::Bits8(samples) => self.mean(samples, rect),
            Samples::Bits16(samples) => self.mean(samples, rect),
        }
    }

    fn mean<S: Sample>(&self, samples: &[S], rect: Rect) -> f64 {
        let count = self.channels.count();
        let (mut sum, mut pixels) = (0_u64, 0_u64);
        for y in rect.y..rect.bottom().min(self.height) {
            let at = |x: u32| (y as usize * self.width as usize + x.min(self.width) as usize) * count;
            let row = samples.get(at(rect.x)..at(rect.right())).unwrap_or_default();
            for pixel in row.chunks_exact(count) {
                let value = |at: usize| pixel.get(at).map_or(FULL, |sample| sample.widen());
                let (gray, alpha) = match self.channels {
                    Channels::Gray => (value(0), FULL),
                    Channels::GrayAlpha => (value(0), value(1)),
                    Channels::Rgb => (luma([value(0), value(1), value(2)]), FULL),
                    Channels::Rgba => (luma([value(0), value(1), value(2)]), value(3)),
                };
                sum += (gray * alpha + FULL * (FULL - alpha) + FULL / 2) / FULL;
                pixels += 1;
            }
        }
        if pixels == 0 { 0.0 } else { sum as f64 / (pixels as f64 * FULL as f64) }
    }

    /// The pixels of a decoded picture; none for the kinds that no decoder of ours gives.
    pub(crate) fn of(image: &'a mut DynamicImage) -> Option<Self> {
        let (width, height) = (image.width(), image.height());
        let pixels = match image {
            DynamicImage::ImageLuma8(image) => Self::bits8(image, Channels::Gray, width, height),
            DynamicImage::ImageLumaA8(image) => Self::bits8(image, Channels::GrayAlpha, width, height),
            DynamicImage::ImageRgb8(image) => Self::bits8(image, Channels::Rgb, width, height),
            DynamicImage::ImageRgba8(image) => Self::bits8(image, Channels::Rgba, width, height),
            DynamicImage::ImageLuma16(image) => Self::bits16(image, Channels::Gray, width, height),
            DynamicImage::ImageLumaA16(image) => Self::bits16(image, Channels::GrayAlpha, width, height),
            DynamicImage::ImageRgb16(image) => Self::bits16(image, Channels::Rgb, width, height),
            DynamicImage::ImageRgba16(image) => Self::bits16(image, Channels::Rgba, width, height),
            _ => return None,
        };
        pixels.ok()
    }
}

fn check(got: usize, channels: Channels, width: u32, height: u32) -> Result<(), SizeMismatch> {
    let expected = u64::from(width) * u64::from(height) * channels.count() as u64;
    let got = got as u64;
    if got == expected { Ok(()) } else { Err(SizeMismatch { expected, got }) }
}

impl Stamp {
    /// Blends the stamp in all of its places, one after the other. What would fall outside of the pixels is left out.
    ///
    /// On gray pixels a colour becomes its luma. On transparent pixels the mark keeps its own colour and alpha, so that
    /// it shows on whatever the picture is laid.
    pub fn blend_onto(&self, pixels: &mut Pixels<'_>) {
        self.blend_onto_rows(pixels, 0);
    }

    /// Blends that part of the stamp which falls onto some rows of a picture, the first of which is `top`.
    pub(crate) fn blend_onto_rows(&self, pixels: &mut Pixels<'_>, top: u32) {
        let channels = pixels.channels;
        let whole = Rect { x: 0, y: top, width: pixels.width, height: pixels.height };
        match &mut pixels.samples {
            Samples::Bits8(samples) => blend(self, samples, channels, whole),
            Samples::Bits16(samples) => blend(self, samples, channels, whole),
        }
    }
}

const FULL: u64 = 65_535;

trait Sample: Copy {
    /// The sample on a scale to 65,535, which 255 divides: the way there and back is exact.
    fn widen(self) -> u64;
    fn narrow(wide: u64) -> Self;
}

impl Sample for u8 {
    fn widen(self) -> u64 {
        u64::from(self) * 257
    }

    fn narrow(wide: u64) -> Self {
        ((wide + 128) / 257).min(255) as u8
    }
}

impl Sample for u16 {
    fn widen(self) -> u64 {
        u64::from(self)
    }

    fn narrow(wide: u64) -> Self {
        wide.min(65_535) as u16
    }
}

fn blend<S: Sample>(stamp: &Stamp, samples: &mut [S], channels: Channels, rows: Rect) {
    let count = channels.count();
    let mode = stamp.blend();
    stamp.for_each_span(rows, |x, y, inks| {
        let start = ((y - rows.y) as usize * rows.width as usize + x as usize) * count;
        let line = samples.get_mut(start..start + inks.len() * count).unwrap_or_default();
        for (pixel, ink) in line.chunks_exact_mut(count).zip(inks) {
            if ink.alpha > 0 {
                over(pixel, *ink, channels, mode);
            }
        }
    });
}

fn over<S: Sample>(pixel: &mut [S], ink: Ink, channels: Channels, mode: BlendMode) {
    let alpha = u64::from(ink.alpha);
    let color = ink.color.map(u64::from);
    let (colors, transparency) = match channels {
        Channels::Gray | Channels::Rgb => (pixel, None),
        Channels::GrayAlpha | Channels::Rgba => {
            let (colors, rest) = pixel.split_at_mut(channels.count() - 1);
            (colors, rest.first_mut())
        }
    };
    let below = transparency.as_ref().map_or(FULL, |below| below.widen());
    // Weights of ink and pixel; together they are the new alpha times 65,535.
    let (ink_weight, pixel_weight) = (alpha * FULL, below * (FULL - alpha));
    let sum = ink_weight + pixel_weight;
    // As far as there is something below to mix with.
    let part = |mixed: u16, ink: u64| (u64::from(mixed) * below + ink * (FULL - below) + FULL / 2) / FULL;
    let lay = |ink: u64, pixel: S| S::narrow((ink * ink_weight + pixel.widen() * pixel_weight + sum / 2) / sum);
    match colors {
        [gray] => {
            let ink = luma(color);
            let ink =
                if mode == BlendMode::Normal { ink } else { part(mode.mix(gray.widen() as u16, ink as u16), ink) };
            *gray = lay(ink, *gray);
        }
        [r, g, b] => {
            let color = if mode == BlendMode::Normal {
                color
            } else {
                let mixed = mode.mix_colors([*r, *g, *b].map(|sample| sample.widen() as u16), ink.color);
                std::array::from_fn(|channel| part(mixed[channel], color[channel]))
            };
            for (sample, ink) in [r, g, b].into_iter().zip(color) {
                *sample = lay(ink, *sample);
            }
        }
        _ => {}
    }
    if let Some(transparency) = transparency {
        *transparency = S::narrow((sum + FULL / 2) / FULL);
    }
}

/// Luma of Rec. 601, as JPEG has it.
fn luma([r, g, b]: [u64; 3]) -> u64 {
    (299 * r + 587 * g + 114 * b + 500) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ink(color: u16, alpha: u16) -> Ink {
        Ink { color: [color; 3], alpha }
    }

    #[test]
    fn half_white_on_black_is_middle_gray_in_both_depths() {
        let mut eight = [0_u8, 0, 0];
        over(&mut eight, ink(65_535, 32_768), Channels::Rgb, BlendMode::Normal);
        assert_eq!(eight, [128; 3]);
        let mut sixteen = [0_u16, 0, 0];
        over(&mut sixteen, ink(65_535, 32_768), Channels::Rgb, BlendMode::Normal);
        assert_eq!(sixteen, [32_768; 3]);
    }

    #[test]
    fn a_transparent_pixel_takes_the_ink_as_it_is() {
        let mut pixel = [255_u8, 0, 0, 0];
        over(&mut pixel, ink(65_535, 32_768), Channels::Rgba, BlendMode::Normal);
        assert_eq!(pixel, [255, 255, 255, 128]);
    }

    #[test]
    fn a_half_transparent_pixel_gets_denser() {
        let mut pixel = [0_u8, 128];
        over(&mut pixel, ink(65_535, 32_768), Channels::GrayAlpha, BlendMode::Normal);
        // 0.5 + 0.5 * 0.5 = 0.75 alpha, two thirds of it from the ink.
        assert_eq!(pixel, [170, 192]);
    }

    #[test]
    fn full_ink_replaces_and_no_ink_keeps_every_value() {
        for value in 0..=u8::MAX {
            let mut pixel = [value];
            over(&mut pixel, ink(0, 1), Channels::Gray, BlendMode::Normal);
            assert_eq!(pixel, [value]);
            over(&mut pixel, ink(65_535, 65_535), Channels::Gray, BlendMode::Normal);
            assert_eq!(pixel, [255]);
        }
    }

    #[test]
    fn a_mode_mixes_with_what_is_there_and_only_with_that() {
        let mut opaque = [128_u8, 255];
        over(&mut opaque, ink(32_896, 65_535), Channels::GrayAlpha, BlendMode::Multiply);
        assert_eq!(opaque, [64, 255]);
        let mut nothing = [128_u8, 0];
        over(&mut nothing, ink(32_896, 65_535), Channels::GrayAlpha, BlendMode::Multiply);
        assert_eq!(nothing, [128, 255]);
        let mut half = [200_u8, 100, 50];
        over(&mut half, ink(0, 32_768), Channels::Rgb, BlendMode::Multiply);
        assert_eq!(half, [100, 50, 25]);
    }

    #[test]
    fn the_mean_luma_is_that_of_the_rectangle() {
        let mut samples = [0_u8, 0, 0, 255, 255, 255, 255, 0, 0, 0, 255, 0];
        let pixels = Pixels::bits8(&mut samples, Channels::Rgb, 2, 2).unwrap();
        let mean = |x, y, width, height| pixels.mean_luma(Rect { x, y, width, height });
        assert_eq!(mean(0, 0, 1, 1), 0.0);
        assert_eq!(mean(1, 0, 1, 1), 1.0);
        assert!((mean(0, 1, 2, 9) - (0.299 + 0.587) / 2.0).abs() < 1e-4);
        assert_eq!(mean(2, 0, 5, 5), 0.0);
        let mut clear = [0_u16, 0];
        let pixels = Pixels::bits16(&mut clear, Channels::GrayAlpha, 1, 1).unwrap();
        assert_eq!(pixels.mean_luma(Rect { x: 0, y: 0, width: 1, height: 1 }), 1.0);
    }

    #[test]
    fn pixels_must_fit_their_size() {
        assert!(Pixels::bits8(&mut [0; 12], Channels::Rgb, 2, 2).is_ok());
        let mismatch = Pixels::bits8(&mut [0; 12], Channels::Rgba, 2, 2).unwrap_err();
        assert_eq!(mismatch, SizeMismatch { expected: 16, got: 12 });
    }
}
