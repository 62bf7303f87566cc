//! Marks that are repeated over the whole picture.

use sealmark_watermark_dsl::{Drawing, Placement, TileDrawing, limits::MAX_TILES};

use super::Desk;
use crate::{Align, Frame, Mark, RenderError, Tile};

impl Desk<'_> {
    /// A mark over and over, beginning in the middle of the picture.
    pub(super) fn tile(&mut self, tile: &TileDrawing) -> Result<Mark, RenderError> {
        let mut mark = match &*tile.drawing {
            Drawing::Text(text) => {
                let (block, em_px) = self.set(text, Align::Center)?;
                let ink = block.ink.filter(|ink| ink.width > 0.0 && ink.height > 0.0);
                let Some(ink) = ink else { return Err(RenderError::EmptyMark { layer: self.layer }) };
                let frame = self.middle(ink.width, ink.height, &text.placement);
                let runs = block.moved(-ink.x, -ink.y).runs;
                self.styled(text, runs, frame, em_px)
            }
            Drawing::Image(image) => {
                let (content, width, height) = self.picture(image)?;
                self.framed(content, self.middle(width, height, &image.placement), &image.placement)
            }
            Drawing::Qr(qr) => {
                let (content, side) = self.code(qr)?;
                self.framed(content, self.middle(side, side, &qr.placement), &qr.placement)
            }
            // The grammar has no tile in a tile.
            Drawing::Tile(_) => return Err(RenderError::EmptyMark { layer: self.layer }),
            Drawing::Fingerprint(_) => return Err(RenderError::NoFingerprints { layer: self.layer }),
        };
        let pattern = tile.pattern;
        let padding = mark.plate.map_or(0.0, |plate| plate.padding.max(0.0));
        let gap_x = pattern.gap.x.to_px(self.width, self.height);
        let gap_y = pattern.gap.y.to_px(self.width, self.height);
        let pitch_x = (mark.frame.width + 2.0 * padding + gap_x).max(1.0);
        let pitch_y = (mark.frame.height + 2.0 * padding + gap_y).max(1.0);
        // A little more than the picture is looked through, and those at the edges show in part.
        let (width, height) = (f64::from(self.width) + 2.0 * pitch_x, f64::from(self.height) + 2.0 * pitch_y);
        let wider = (width * height / (pitch_x * pitch_y) / MAX_TILES as f64).sqrt().max(1.0);
        mark.rotation_deg = 0.0;
        mark.tile = Some(Tile {
            angle_deg: pattern.angle_deg,
            gap_x: gap_x + pitch_x * (wider - 1.0),
            gap_y: gap_y + pitch_y * (wider - 1.0),
            stagger: pattern.stagger,
        });
        Ok(mark)
    }

    /// The frame around the middle of the picture, moved by the offset.
    fn middle(&self, width: f64, height: f64, placement: &Placement) -> Frame {
        let x = placement.offset.x.to_px(self.width, self.height);
        let y = placement.offset.y.to_px(self.width, self.height);
        let (across, down) = (f64::from(self.width) - width, f64::from(self.height) - height);
        Frame { x: (across / 2.0 + x).round(), y: (down / 2.0 + y).round(), width, height }
    }
}
