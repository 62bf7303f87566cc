use image::metadata::Orientation;

use crate::{Rect, Stamp, draw::Ink};

#[derive(Debug)]
pub(crate) struct Stored {
    area: Rect,
    inks: Vec<Ink>,
}

impl Stored {
    pub(crate) fn new(stamp: &Stamp, orientation: Orientation, shown_width: u32, shown_height: u32) -> Self {
        let area = stamp.area();
        let (w, h) = (shown_width, shown_height);
        let (aw, ah) = (area.width, area.height);
        let all: Vec<Ink> = (0..ah).flat_map(|row| stamp.row(row).collect::<Vec<_>>()).collect();
        // Where a shown pixel is stored.
        let to = |x: u32, y: u32| match orientation.to_exif() {
            2 => (w - 1 - x, y),
            3 => (w - 1 - x, h - 1 - y),
            4 => (x, h - 1 - y),
            5 => (y, x),
            6 => (y, w - 1 - x),
            7 => (h - 1 - y, w - 1 - x),
            8 => (h - 1 - y, x),
            _ => (x, y),
        };
        if aw == 0 || ah == 0 {
            return Self { area: Rect { x: 0, y: 0, width: 0, height: 0 }, inks: Vec::new() };
        }
        let (a, b) = (to(area.x, area.y), to(area.right() - 1, area.bottom() - 1));
        let new =
            Rect { x: a.0.min(b.0), y: a.1.min(b.1), width: a.0.abs_diff(b.0) + 1, height: a.1.abs_diff(b.1) + 1 };
        let mut inks = all.clone();
        for (at, ink) in all.iter().enumerate() {
            let (x, y) = to(area.x + at as u32 % aw, area.y + at as u32 / aw);
            inks[((y - new.y) * new.width + x - new.x) as usize] = *ink;
        }
        Self { area: new, inks }
    }

    pub(crate) fn for_each_span(&self, rect: Rect, mut visit: impl FnMut(u32, u32, &[Ink])) {
        let (left, right) = (rect.x.max(self.area.x), rect.right().min(self.area.right()));
        let (top, bottom) = (rect.y.max(self.area.y), rect.bottom().min(self.area.bottom()));
        if left >= right {
            return;
        }
        for y in top..bottom {
            let start = ((y - self.area.y) * self.area.width + left - self.area.x) as usize;
            visit(left, y, &self.inks[start..start + (right - left) as usize]);
        }
    }
}
