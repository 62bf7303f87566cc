//! Pictures and codes in their places.

use std::sync::Arc;

use sealmark_watermark_dsl::{ImageLayer, Payload, Placement, QrDrawing};

use super::{Desk, blend_mode, place::Room, whole};
use crate::{Content, Frame, Mark, Paint, Qr, QrModules, RenderError};

impl Desk<'_> {
    /// A picture between the margins.
    pub(super) fn image(&self, layer: &ImageLayer) -> Result<Mark, RenderError> {
        let (content, width, height) = self.picture(layer)?;
        Ok(self.placed(content, width, height, &layer.placement))
    }

    /// A code between the margins.
    pub(super) fn qr(&self, drawing: &QrDrawing) -> Result<Mark, RenderError> {
        let (content, side) = self.code(drawing)?;
        let room = Room::new(&drawing.placement, self.width, self.height);
        let Content::Qr(code) = &content else { return Ok(self.placed(content, side, side, &drawing.placement)) };
        // Upright it is drawn with modules of whole pixels; what that leaves over belongs to the picture, not to the frame.
        let modules = f64::from(code.modules.side_with_quiet_zone());
        let fitting = side * room.shrink(side, side, 0.0);
        let whole_modules = (fitting / modules).floor() * modules;
        let side = if room.is_upright() && whole_modules >= modules { whole_modules } else { side };
        Ok(self.placed(content, side, side, &drawing.placement))
    }

    /// A picture, and how large it is to be.
    pub(super) fn picture(&self, layer: &ImageLayer) -> Result<(Content, f64, f64), RenderError> {
        let picture = self.resources.assets.get(&layer.name)?;
        let ratio = f64::from(picture.width()) / f64::from(picture.height().max(1));
        let width = layer.size.width.map(|length| length.to_px(self.width, self.height));
        let height = layer.size.height.map(|length| length.to_px(self.width, self.height));
        let width = match (width, height) {
            (Some(width), Some(height)) => width.min(height * ratio),
            (Some(width), None) => width,
            (None, Some(height)) => height * ratio,
            (None, None) => f64::from(picture.width()),
        };
        let width = width.max(1.0);
        Ok((Content::Image(picture), width, (width / ratio).max(1.0)))
    }

    /// A code, and how long its side is to be.
    pub(super) fn code(&self, drawing: &QrDrawing) -> Result<(Content, f64), RenderError> {
        let style = drawing.style;
        let text = match &drawing.payload {
            Payload::Text(text) => text.clone(),
            // Capitals and digits take fewer modules than small letters.
            digest => digest.to_text().to_uppercase(),
        };
        let modules = QrModules::encode(&text, style.level, style.quiet_modules.into())?;
        let qr = Qr {
            modules: Arc::new(modules),
            paint: Paint::Color(style.color),
            background: Some(style.background).filter(|color| color.a > 0),
        };
        Ok((Content::Qr(qr), style.size.to_px(self.width, self.height).max(1.0)))
    }

    /// Something of a size between the margins.
    fn placed(&self, content: Content, width: f64, height: f64, placement: &Placement) -> Mark {
        let room = Room::new(placement, self.width, self.height);
        let shrink = room.shrink(width, height, 0.0);
        let (width, height) = (width * shrink, height * shrink);
        let frame = if room.is_upright() {
            let (columns, rows) = (whole(width.round()).max(1), whole(height.round()).max(1));
            room.upright(columns.min(room.columns(0)), rows.min(room.rows(0)), 0)
        } else {
            room.turned_frame(width, height, 0.0)
        };
        self.framed(content, frame, placement)
    }

    pub(super) fn framed(&self, content: Content, frame: Frame, placement: &Placement) -> Mark {
        let mut mark = Mark::new(content, frame, placement.opacity);
        mark.rotation_deg = placement.angle_deg;
        mark.blend = blend_mode(placement.blend);
        mark
    }
}
