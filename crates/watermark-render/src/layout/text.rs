//! Texts in their places.

use sealmark_watermark_dsl::{self as dsl, Shadow, TextColor, TextDrawing};

use super::{Desk, MAX_EM_PX, blend_mode, place::Room, whole};
use crate::{
    Align, Content, Mark, Outline, Paint, Plate, RenderError, SceneShadow, Text, TextBlock, TextStyle, typeset,
};

/// Largest blur of a shadow, in pixels, and farthest move.
const MAX_SHADOW_PX: f64 = 256.0;

impl Desk<'_> {
    /// A text between the margins.
    pub(super) fn text(&mut self, drawing: &TextDrawing) -> Result<Mark, RenderError> {
        let TextDrawing { style, placement, .. } = drawing;
        let room = Room::new(placement, self.width, self.height);
        let align = match (style.align, placement.anchor.halves().0) {
            (dsl::Align::Left, _) | (dsl::Align::Auto, 0) => Align::Left,
            (dsl::Align::Center, _) | (dsl::Align::Auto, 1) => Align::Center,
            (dsl::Align::Right, _) | (dsl::Align::Auto, _) => Align::Right,
        };
        let (block, em_px) = self.set(drawing, align)?;
        let empty = RenderError::EmptyMark { layer: self.layer };
        let Some(ink) = block.ink.filter(|ink| ink.width > 0.0 && ink.height > 0.0) else { return Err(empty) };
        let padding = style.plate.map_or(0.0, |plate| plate.padding.to_px(self.width, self.height, em_px));
        let shrink = room.shrink(ink.width, ink.height, padding);
        let (block, em_px) = if shrink < 1.0 { (block.scaled(shrink), em_px * shrink) } else { (block, em_px) };
        let padding = if shrink < 1.0 { padding * shrink } else { padding };
        let Some(ink) = block.ink else { return Err(empty) };

        let (frame, baseline) = if room.is_upright() {
            // The baseline lies on a whole row, which keeps the feet of the letters sharp, unless that takes a row
            // too many.
            let padding = whole(padding.ceil());
            let (above, below) = (-ink.y, ink.y + ink.height);
            let snapped = whole(above.ceil() + below.ceil());
            let is_snapped = snapped <= room.rows(padding);
            let rows = if is_snapped { snapped } else { whole((above + below).ceil()).min(room.rows(padding)) }.max(1);
            let columns = whole(ink.width.ceil()).clamp(1, room.columns(padding));
            (room.upright(columns, rows, padding), if is_snapped { above.ceil() } else { above })
        } else {
            (room.turned_frame(ink.width, ink.height, padding), -ink.y)
        };
        let runs = block.moved(-ink.x, baseline).runs;
        let mut mark = self.styled(drawing, runs, frame, em_px);
        mark.rotation_deg = placement.angle_deg;
        if let Some(plate) = &mut mark.plate {
            plate.padding = padding;
        }
        Ok(mark)
    }

    /// Sets a text at its size; also its em in pixels.
    pub(super) fn set(&mut self, drawing: &TextDrawing, align: Align) -> Result<(TextBlock, f64), RenderError> {
        let style = &drawing.style;
        let em_px = style.size.to_px(self.width, self.height).min(MAX_EM_PX);
        let style = TextStyle {
            families: style.fonts.clone(),
            weight: style.weight,
            em_px,
            letter_spacing_px: style.letter_spacing.to_px(self.width, self.height, em_px),
            line_height: style.line_height,
            align,
            max_width_px: style.max_width.map(|length| length.to_px(self.width, self.height).max(1.0)),
        };
        let block = typeset(&drawing.text, &style, &self.resources.fonts)?;
        for c in &block.missing {
            if !self.missing.contains(c) {
                self.missing.push(*c);
            }
        }
        Ok((block, em_px))
    }

    /// The mark of a text that has been set, with all that belongs to it.
    pub(super) fn styled(
        &self,
        drawing: &TextDrawing,
        runs: Vec<crate::GlyphRun>,
        frame: crate::Frame,
        em_px: f64,
    ) -> Mark {
        let TextDrawing { style, placement, .. } = drawing;
        let px = |length: dsl::TextLength| length.to_px(self.width, self.height, em_px);
        let outline =
            style.outline.map(|outline| Outline { width: px(outline.width), paint: Paint::Color(outline.color) });
        let paint = match style.color {
            TextColor::Fixed(color) => Paint::Color(color),
            TextColor::Auto => Paint::Auto,
        };
        let mut mark = Mark::new(Content::Text(Text { runs, paint, outline }), frame, placement.opacity);
        mark.blend = blend_mode(placement.blend);
        mark.shadow = style.shadow.map(|shadow| self.shadow(shadow, em_px));
        mark.plate = style.plate.map(|plate| Plate {
            paint: Paint::Color(plate.color),
            padding: px(plate.padding),
            radius: px(plate.radius),
        });
        mark
    }

    fn shadow(&self, shadow: Shadow, em_px: f64) -> SceneShadow {
        let px = |length: dsl::TextLength| length.to_px(self.width, self.height, em_px);
        let dx = px(shadow.dx).clamp(-MAX_SHADOW_PX, MAX_SHADOW_PX);
        let dy = px(shadow.dy).clamp(-MAX_SHADOW_PX, MAX_SHADOW_PX);
        let blur = shadow.blur.map_or(dx.abs().max(dy.abs()), px);
        SceneShadow { dx, dy, sigma: blur.clamp(0.0, MAX_SHADOW_PX) / 2.0, color: shadow.color }
    }
}
