//! Colours that stand out from what lies below.

use sealmark_watermark_dsl::Color;

use crate::{Content, Mark, Paint, Rect, Scene};

/// Below this luma of 0.0 to 1.0, as stored, light ink is chosen, else dark ink.
///
/// A gray of this value has the same contrast with black as with white. Source: WCAG 2.2, contrast ratio: equal where
/// the relative luminance is 0.179, which sRGB stores as 0.46.
pub const AUTO_LUMA: f64 = 0.46;

/// What is chosen on dark pixels, and on light ones.
const LIGHT: Color = Color::WHITE;
const DARK: Color = Color { r: 0, g: 0, b: 0, a: 255 };

impl Scene {
    /// Chooses every [`Paint::Auto`] by the pixels below its mark.
    ///
    /// `mean_luma` gives the mean of Rec. 601 luma over a rectangle inside of the picture, of the values as stored,
    /// 0.0 black to 1.0 white. It is asked once for each mark that needs it, with what the turned frame and its plate
    /// cover, for a tiled mark with all of the picture. A plate of a given colour counts as far as it is opaque. Text
    /// and codes become white below [`AUTO_LUMA`], else black; outline and plate the other of the two.
    pub fn resolve_auto(&mut self, mut mean_luma: impl FnMut(Rect) -> f64) {
        let (width, height) = (self.width, self.height);
        for mark in &mut self.marks {
            if !mark.has_auto() {
                continue;
            }
            // A mark that lies outside of the picture is not seen in any colour.
            let below = mark.bounds(width, height).map_or(0.0, &mut mean_luma);
            mark.resolve(below);
        }
    }

    /// Whether any colour is still to be chosen.
    pub fn has_auto(&self) -> bool {
        self.marks.iter().any(Mark::has_auto)
    }
}

impl Mark {
    fn paints(&mut self) -> (Option<&mut Paint>, Option<&mut Paint>, Option<&mut Paint>) {
        let (content, outline) = match &mut self.content {
            Content::Text(text) => (Some(&mut text.paint), text.outline.as_mut().map(|outline| &mut outline.paint)),
            Content::Qr(qr) => (Some(&mut qr.paint), None),
            Content::Image(_) => (None, None),
        };
        (content, outline, self.plate.as_mut().map(|plate| &mut plate.paint))
    }

    fn has_auto(&self) -> bool {
        let is_auto = |paint: Paint| paint == Paint::Auto;
        let content = match &self.content {
            Content::Text(text) => is_auto(text.paint) || text.outline.is_some_and(|outline| is_auto(outline.paint)),
            Content::Qr(qr) => is_auto(qr.paint),
            Content::Image(_) => false,
        };
        content || self.plate.is_some_and(|plate| is_auto(plate.paint))
    }

    fn resolve(&mut self, below: f64) {
        let plate = match self.plate.map(|plate| plate.paint) {
            Some(Paint::Color(color)) => {
                let part = f64::from(color.a) / 255.0 * self.opacity.get();
                below * (1.0 - part) + luma(color) * part
            }
            _ => below,
        };
        // A code on its own background is seen against that.
        let ground = match &self.content {
            Content::Qr(qr) => qr.background.map_or(plate, |color| {
                let part = f64::from(color.a) / 255.0;
                plate * (1.0 - part) + luma(color) * part
            }),
            _ => plate,
        };
        let (mut ink, mut other) = if ground < AUTO_LUMA { (LIGHT, DARK) } else { (DARK, LIGHT) };
        let (content, outline, plate) = self.paints();
        if let Some(Paint::Color(color)) = &content {
            ink = *color;
            other = if luma(ink) < AUTO_LUMA { LIGHT } else { DARK };
        }
        for (paint, color) in [(content, ink), (outline, other), (plate, other)] {
            if let Some(paint) = paint
                && *paint == Paint::Auto
            {
                *paint = Paint::Color(color);
            }
        }
    }
}

/// Luma of Rec. 601, 0.0 to 1.0.
fn luma(color: Color) -> f64 {
    (0.299 * f64::from(color.r) + 0.587 * f64::from(color.g) + 0.114 * f64::from(color.b)) / 255.0
}
