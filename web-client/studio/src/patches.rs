//! A picture's pixels, and the rectangles of them that marks change.

use sealmark_watermark_render::{Channels, Pixels, Rect, Stamp};

/// Most pixels of a picture that gets previews: two copies of it are kept, of four bytes a pixel.
pub const MAX_PREVIEW_PIXELS: u64 = 33_554_432;

/// Pixels as decoded, and the same to draw on.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Red, green, blue, alpha.
    original: Vec<u8>,
    /// Equal to the original between two previews.
    drawn: Vec<u8>,
}

impl Sheet {
    /// Takes pixels of red, green, blue and alpha; none where they are too many, or not as many as said.
    pub(crate) fn new(rgba: Vec<u8>, width: u32, height: u32) -> Option<Self> {
        let pixels = u64::from(width) * u64::from(height);
        let fits = pixels > 0 && pixels <= MAX_PREVIEW_PIXELS && rgba.len() as u64 == pixels * 4;
        fits.then(|| Self { width, height, drawn: rgba.clone(), original: rgba })
    }

    pub(crate) fn mean_luma(&mut self, rect: Rect) -> f64 {
        let (width, height) = (self.width, self.height);
        Pixels::bits8(&mut self.drawn, Channels::Rgba, width, height).map_or(0.0, |pixels| pixels.mean_luma(rect))
    }

    /// Draws stamps; gives the rectangles that they may have changed, and their pixels one after the other.
    pub(crate) fn stamped(&mut self, stamps: &[Stamp]) -> (Vec<Rect>, Vec<u8>) {
        let (width, height) = (self.width, self.height);
        if let Ok(mut pixels) = Pixels::bits8(&mut self.drawn, Channels::Rgba, width, height) {
            stamps.iter().for_each(|stamp| stamp.blend_onto(&mut pixels));
        }
        let rects = apart(stamps.iter().filter_map(|stamp| around(&stamp.touched(width, height))).collect());
        let mut patches =
            Vec::with_capacity(rects.iter().map(|rect| rect.width as usize * rect.height as usize * 4).sum());
        for rect in &rects {
            for y in rect.y..rect.bottom() {
                let start = (y as usize * width as usize + rect.x as usize) * 4;
                let row = start..start + rect.width as usize * 4;
                patches.extend_from_slice(&self.drawn[row.clone()]);
                self.drawn[row.clone()].copy_from_slice(&self.original[row]);
            }
        }
        (rects, patches)
    }
}

/// The smallest rectangle with all of these.
fn around(rects: &[Rect]) -> Option<Rect> {
    rects.iter().copied().reduce(|a, b| joined(&a, &b))
}

fn joined(a: &Rect, b: &Rect) -> Rect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    Rect { x, y, width: a.right().max(b.right()) - x, height: a.bottom().max(b.bottom()) - y }
}

/// The same pixels in rectangles that do not overlap, so that none is given twice.
fn apart(mut rects: Vec<Rect>) -> Vec<Rect> {
    let mut done: Vec<Rect> = Vec::new();
    while let Some(mut rect) = rects.pop() {
        while let Some(at) = done.iter().position(|other| other.intersects(&rect)) {
            rect = joined(&rect, &done.swap_remove(at));
        }
        done.push(rect);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_that_overlap_become_one() {
        let rect = |x, y, width, height| Rect { x, y, width, height };
        let mut found = apart(vec![rect(0, 0, 4, 4), rect(10, 0, 4, 4), rect(3, 0, 8, 2), rect(0, 20, 1, 1)]);
        found.sort_by_key(|rect| rect.y);
        assert_eq!(found, [rect(0, 0, 14, 4), rect(0, 20, 1, 1)]);
        assert_eq!(apart(Vec::new()), []);
    }

    #[test]
    fn pixels_must_fit_their_size() {
        assert!(Sheet::new(vec![0; 16], 2, 2).is_some());
        assert!(Sheet::new(vec![0; 15], 2, 2).is_none());
        assert!(Sheet::new(Vec::new(), 0, 2).is_none());
        assert!(Sheet::new(Vec::new(), u32::MAX, u32::MAX).is_none());
    }
}
