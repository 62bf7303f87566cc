//! A mark whose colour mixes with the picture's: through red, green and blue, and back as a change.

use super::{
    alpha::continue_edges,
    ink::{Block, Inker},
};
use crate::{BlendMode, Ink, Rect};

impl Inker<'_> {
    /// Marks an MCU with stamps of any blend mode, one over the other.
    pub(super) fn mix(&mut self, rect: Rect, blocks: &mut [Block]) {
        let count = self.frame.components.len();
        let inside = self.frame.inside(rect);
        self.spread(rect.width as usize, blocks);
        let pixels = (rect.width * rect.height) as usize;
        let old: Vec<[f32; 3]> = (0..pixels)
            .map(|at| {
                let planes = std::array::from_fn(|plane| if plane < count { self.ink[plane][at] } else { 0.0 });
                self.model.rgb(planes).map(|channel| channel.clamp(0.0, 255.0))
            })
            .collect();
        let mut new = old.clone();
        for stamp in self.stamps {
            stamp.for_each_span(inside, |x, y, inks| {
                let start = ((y - rect.y) * rect.width + x - rect.x) as usize;
                for (pixel, ink) in new[start..].iter_mut().zip(inks).filter(|(_, ink)| ink.alpha > 0) {
                    *pixel = over(*pixel, *ink, stamp.blend());
                }
            });
        }
        for at in 0..pixels {
            let (old, new) = (self.model.planes(old[at]), self.model.planes(new[at]));
            for (plane, (old, new)) in self.ink[..count].iter_mut().zip(old.into_iter().zip(new)) {
                plane[at] = new - old;
            }
        }
        self.ink[..count].iter_mut().for_each(|plane| continue_edges(plane, rect, inside));
        let mut blocks = blocks.iter_mut();
        for (index, component) in self.frame.components.iter().enumerate() {
            for (y, x) in (0..component.v as usize).flat_map(|y| (0..component.h as usize).map(move |x| (y, x))) {
                let Some(block) = blocks.next() else { return };
                let change = self.above(&self.ink[index], (x, y), self.cells[index]).mean();
                self.change(index, block, change);
            }
        }
    }

    /// Decodes an MCU's blocks into `ink`: the samples of each component, as large as the MCU.
    fn spread(&mut self, width: usize, blocks: &[Block]) {
        let mut blocks = blocks.iter();
        for (index, component) in self.frame.components.iter().enumerate() {
            let (cell_x, cell_y) = self.cells[index];
            for (block_y, block_x) in
                (0..component.v as usize).flat_map(|y| (0..component.h as usize).map(move |x| (y, x)))
            {
                let Some(block) = blocks.next() else { return };
                let samples = self.samples(index, block);
                for y in 0..8 * cell_y {
                    let start = (block_y * 8 * cell_y + y) * width + block_x * 8 * cell_x;
                    for (x, pixel) in self.ink[index][start..start + 8 * cell_x].iter_mut().enumerate() {
                        *pixel = samples[(y / cell_y) * 8 + x / cell_x];
                    }
                }
            }
        }
    }
}

/// Ink over a pixel, 0 to 255. Source: W3C Compositing and Blending 1, 5.1, over an opaque picture.
fn over(pixel: [f32; 3], ink: Ink, blend: BlendMode) -> [f32; 3] {
    let alpha = f32::from(ink.alpha) / 65_535.0;
    let mixed = blend.mix_colors(pixel.map(|below| (below * 257.0 + 0.5) as u16), ink.color);
    std::array::from_fn(|channel| {
        let below = pixel[channel];
        below + (f32::from(mixed[channel]) / 257.0 - below) * alpha
    })
}
