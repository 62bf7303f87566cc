//! Where a mark sits: anchor, margins, offset, and what a turned mark takes up.

use sealmark_watermark_dsl::Placement;

use super::whole;
use crate::{Frame, geometry::Turn};

/// The room between the margins, in whole pixels, and where in it a mark sits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
    halves: (u32, u32),
    offset: (f64, f64),
    angle_deg: f64,
}

impl Room {
    pub(super) fn new(placement: &Placement, width: u32, height: u32) -> Self {
        let (left, room_x) = inside(width, placement.margin.x.to_px(width, height).round());
        let (top, room_y) = inside(height, placement.margin.y.to_px(width, height).round());
        let offset = (placement.offset.x.to_px(width, height), placement.offset.y.to_px(width, height));
        Self {
            left,
            top,
            width: room_x,
            height: room_y,
            halves: placement.anchor.halves(),
            offset,
            angle_deg: placement.angle_deg,
        }
    }

    /// Whether a mark stands upright in it, on whole pixels.
    pub(super) fn is_upright(&self) -> bool {
        Turn::new(self.angle_deg, (0.0, 0.0)).is_none()
    }

    /// By how much something must shrink to fit, 1.0 at most. `padding` is around it on each side, and shrinks with it.
    pub(super) fn shrink(&self, width: f64, height: f64, padding: f64) -> f64 {
        let (width, height) = self.turned(width + 2.0 * padding, height + 2.0 * padding);
        1.0_f64.min(f64::from(self.width) / width).min(f64::from(self.height) / height)
    }

    /// Rows that there are for an upright mark without its padding.
    pub(super) fn rows(&self, padding: u32) -> u32 {
        self.height.saturating_sub(2 * padding).max(1)
    }

    /// Columns that there are for an upright mark without its padding.
    pub(super) fn columns(&self, padding: u32) -> u32 {
        self.width.saturating_sub(2 * padding).max(1)
    }

    /// The frame of an upright mark of whole pixels.
    pub(super) fn upright(&self, columns: u32, rows: u32, padding: u32) -> Frame {
        let (halves_x, halves_y) = self.halves;
        let x = self.left + padding + (self.columns(padding).saturating_sub(columns)) * halves_x / 2;
        let y = self.top + padding + (self.rows(padding).saturating_sub(rows)) * halves_y / 2;
        Frame {
            x: f64::from(x) + self.offset.0.round(),
            y: f64::from(y) + self.offset.1.round(),
            width: columns.into(),
            height: rows.into(),
        }
    }

    /// The frame, before it is turned, of a mark that is turned.
    pub(super) fn turned_frame(&self, width: f64, height: f64, padding: f64) -> Frame {
        let (across, down) = self.turned(width + 2.0 * padding, height + 2.0 * padding);
        let (halves_x, halves_y) = self.halves;
        let middle = |start: u32, room: u32, halves: u32, length: f64| {
            f64::from(start) + (f64::from(room) - length) * f64::from(halves) / 2.0 + length / 2.0
        };
        let x = middle(self.left, self.width, halves_x, across) + self.offset.0;
        let y = middle(self.top, self.height, halves_y, down) + self.offset.1;
        Frame { x: x - width / 2.0, y: y - height / 2.0, width, height }
    }

    /// Width and height of what a turned rectangle takes up.
    fn turned(&self, width: f64, height: f64) -> (f64, f64) {
        let turn = Turn::new(self.angle_deg, (0.0, 0.0));
        let (a, b) = (turn.direction((width, 0.0)), turn.direction((0.0, height)));
        (a.0.abs() + b.0.abs(), a.1.abs() + b.1.abs())
    }
}

/// Where the room between two margins begins, and how much it is: at least one pixel, in the middle.
fn inside(side: u32, margin: f64) -> (u32, u32) {
    let margin = whole(margin).min(side.saturating_sub(1) / 2);
    (margin, (side - 2 * margin).max(1))
}
