//! The mark as a mask or as pixels, by ab_glyph and imageproc.

use std::fs;

use ab_glyph::{Font, FontVec, PxScale};
use anyhow::{Context, Result};
use image::{GrayImage, ImageFormat, Luma, Rgba, RgbaImage};
use imageproc::drawing::draw_text_mut;

use crate::spec::Spec;

/// Font or logo, as files.
#[derive(Debug)]
pub(crate) struct Material {
    font: Vec<u8>,
    loaded: Option<FontVec>,
    logo: Option<Vec<u8>>,
}

impl Material {
    /// Reads what a mark needs.
    pub(crate) fn read(spec: &Spec) -> Result<Self> {
        let font = fs::read(&spec.mark.font).with_context(|| spec.mark.font.clone())?;
        let loaded = if spec.loaded { Some(FontVec::try_from_vec(font.clone())?) } else { None };
        let logo = spec.mark.logo.as_ref().map(fs::read).transpose()?;
        Ok(Self { font, loaded, logo })
    }

    /// Its colours with straight alpha, and how far it begins left of and above its place.
    pub(crate) fn pixels(&self, spec: &Spec) -> Result<(RgbaImage, i64)> {
        if let Some(logo) = &self.logo {
            return Ok((image::load_from_memory_with_format(logo, ImageFormat::Png)?.into_rgba8(), 0));
        }
        let alpha = (255.0 * spec.mark.opacity).round() as u8;
        let mut pixels = RgbaImage::from_pixel(spec.mark.width + 2, spec.mark.height + 2, Rgba([255, 255, 255, 0]));
        self.write(spec, &mut pixels, Rgba([255, 255, 255, alpha]))?;
        Ok((pixels, 1))
    }

    /// Its alpha alone, of a text.
    pub(crate) fn mask(&self, spec: &Spec) -> Result<GrayImage> {
        let mut mask = GrayImage::new(spec.mark.width + 2, spec.mark.height + 2);
        let alpha = (255.0 * spec.mark.opacity).round() as u8;
        self.write(spec, &mut mask, Luma([alpha]))?;
        Ok(mask)
    }

    fn write<C>(&self, spec: &Spec, canvas: &mut C, color: C::Pixel) -> Result<()>
    where
        C: imageproc::drawing::Canvas,
        <C::Pixel as image::Pixel>::Subpixel: Into<f32> + imageproc::definitions::Clamp<f32>,
    {
        let fresh;
        let font = match &self.loaded {
            Some(font) => font,
            None => {
                fresh = FontVec::try_from_vec(self.font.clone())?;
                &fresh
            }
        };
        // ab_glyph's scale is from the ascent to the descent, ours the em.
        let em = f64::from(font.units_per_em().context("a font without an em")?);
        let scale = spec.mark.size_px * f64::from(font.height_unscaled()) / em;
        let ascent = spec.mark.size_px * f64::from(font.ascent_unscaled()) / em;
        let (x, y) = ((1.0 + spec.mark.pen_x).round() as i32, (1.0 + spec.mark.pen_y - ascent).round() as i32);
        draw_text_mut(
            canvas,
            color,
            x,
            y,
            PxScale::from(scale as f32),
            font,
            spec.mark.text.as_deref().unwrap_or_default(),
        );
        Ok(())
    }
}
