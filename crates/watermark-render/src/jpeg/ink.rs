//! A mark on the coefficients of an MCU.
//!
//! Blending is linear: the new samples are `ink · alpha + old · (1 - alpha)`, so they differ from the old ones by
//! `ink · alpha - old · alpha`. That difference is transformed, quantized by the file's own steps and added to the
//! coefficients; what the mark leaves alone differs by nothing, and keeps its coefficients to the last bit. It holds for
//! each plane by itself, chroma at its own resolution with the mean of the ink above each of its samples.

use super::{
    color::ColorModel,
    dct::{Factors, ZIGZAG, forward, inverse},
    frame::Frame,
    markers::Header,
};
use crate::{BlendMode, Rect, Stamp};

/// Quantized coefficients of a block, in zigzag order.
pub(super) type Block = [i16; 64];

/// Puts ink on MCUs.
#[derive(Debug)]
pub(super) struct Inker<'a> {
    pub(super) frame: &'a Frame,
    pub(super) stamps: &'a [Stamp],
    pub(super) model: ColorModel,
    factors: Vec<Factors>,
    /// By component: how many pixels each of its samples covers, to the right and down.
    pub(super) cells: Vec<(usize, usize)>,
    /// Of each pixel of the MCU: alpha, and ink times alpha for each component.
    alpha: Vec<f32>,
    pub(super) ink: [Vec<f32>; 4],
}

impl<'a> Inker<'a> {
    pub(super) fn new(header: &'a Header, stamps: &'a [Stamp], model: ColorModel) -> Self {
        let frame = &header.frame;
        let flat = [1; 64];
        let factors = frame.components.iter().map(|component| {
            // Checked when the scan was read.
            Factors::new(header.quantization[component.table].as_ref().unwrap_or(&flat))
        });
        let cells = frame.components.iter().map(|c| ((frame.h_max / c.h) as usize, (frame.v_max / c.v) as usize));
        let (width, height) = frame.mcu_size();
        let pixels = (width * height) as usize;
        Self {
            frame,
            stamps,
            model,
            factors: factors.collect(),
            cells: cells.collect(),
            alpha: vec![0.0; pixels],
            ink: std::array::from_fn(|_| vec![0.0; pixels]),
        }
    }

    /// Marks an MCU; `blocks` are those of its components, in the order of a scan with all of them.
    pub(super) fn mark(&mut self, column: u32, row: u32, blocks: &mut [Block]) {
        let (width, height) = self.frame.mcu_size();
        let rect = Rect { x: column * width, y: row * height, width, height };
        let is_mixed = |stamp: &Stamp| stamp.blend() != BlendMode::Normal && stamp.covers(rect);
        if self.stamps.iter().any(is_mixed) {
            return self.mix(rect, blocks);
        }
        self.collect(rect);
        let mut blocks = blocks.iter_mut();
        for (index, component) in self.frame.components.iter().enumerate() {
            for block_y in 0..component.v {
                for block_x in 0..component.h {
                    let Some(block) = blocks.next() else { return };
                    self.mark_block(index, block_x as usize, block_y as usize, block);
                }
            }
        }
    }

    /// Lays the inks of all stamps over each other.
    fn collect(&mut self, rect: Rect) {
        let count = self.frame.components.len();
        let inside = self.inside(rect);
        self.alpha.fill(0.0);
        self.ink[..count].iter_mut().for_each(|plane| plane.fill(0.0));
        let (alpha, ink, model) = (&mut self.alpha, &mut self.ink, self.model);
        // Marks have few colours.
        let mut last = ([0; 3], model.planes([0.0; 3]));
        for stamp in self.stamps {
            stamp.for_each_span(inside, |x, y, inks| {
                let start = ((y - rect.y) * rect.width + x - rect.x) as usize;
                for (at, pixel) in (start..).zip(inks) {
                    let over = f32::from(pixel.alpha) / 65_535.0;
                    if over > 0.0 {
                        let rest = 1.0 - over;
                        alpha[at] = over + alpha[at] * rest;
                        if pixel.color != last.0 {
                            last = (pixel.color, model.planes(pixel.color.map(|channel| f32::from(channel) / 257.0)));
                        }
                        for (plane, sample) in ink[..count].iter_mut().zip(last.1) {
                            plane[at] = sample * over + plane[at] * rest;
                        }
                    }
                }
            });
        }
        for plane in std::iter::once(&mut self.alpha).chain(&mut self.ink[..count]) {
            continue_edges(plane, rect, inside);
        }
    }

    /// What of an MCU is inside of the picture.
    pub(super) fn inside(&self, rect: Rect) -> Rect {
        Rect {
            width: rect.width.min(self.frame.width.saturating_sub(rect.x)),
            height: rect.height.min(self.frame.height.saturating_sub(rect.y)),
            ..rect
        }
    }

    fn mark_block(&self, component: usize, block_x: usize, block_y: usize, block: &mut Block) {
        let mut alpha = [0.0; 64];
        self.mean(&self.alpha, component, block_x, block_y, &mut alpha);
        if alpha.iter().all(|alpha| *alpha == 0.0) {
            return;
        }
        let mut ink = [0.0; 64];
        self.mean(&self.ink[component], component, block_x, block_y, &mut ink);
        let samples = self.samples(component, block);
        let mut change = ink;
        for ((change, sample), alpha) in change.iter_mut().zip(samples).zip(alpha) {
            *change -= alpha * sample;
        }
        self.change(component, block, change);
    }

    /// The samples of a block, row by row, 0 to 255 or a little outside.
    pub(super) fn samples(&self, component: usize, block: &Block) -> [f32; 64] {
        let factors = &self.factors[component];
        let mut samples = [0.0; 64];
        for (coefficient, place) in block.iter().zip(ZIGZAG) {
            samples[usize::from(place)] = f32::from(*coefficient) * factors.dequantize[usize::from(place)];
        }
        inverse(&mut samples);
        samples.map(|sample| sample + 128.0)
    }

    /// Adds a change of samples to a block's coefficients.
    pub(super) fn change(&self, component: usize, block: &mut Block, mut change: [f32; 64]) {
        forward(&mut change);
        for (change, factor) in change.iter_mut().zip(&self.factors[component].quantize) {
            *change *= factor;
        }
        let change = change.map(whole);
        let mut sums = [0_i32; 64];
        for ((sum, old), place) in sums.iter_mut().zip(block.iter()).zip(ZIGZAG) {
            *sum = i32::from(*old) + change[usize::from(place & 63)];
        }
        // Codes go no further: beyond, a change stops where it is, and what was beyond before stays.
        let is_wide = sums.iter().fold(false, |wide, sum| wide | !(-1_023..=1_023).contains(sum));
        if is_wide {
            for (index, (sum, old)) in sums.iter_mut().zip(block.iter()).enumerate() {
                let least = if index == 0 { -1_024 } else { -1_023 };
                *sum = (*sum).clamp(least.min(i32::from(*old)), 1_023.max(i32::from(*old)));
            }
        }
        for (coefficient, sum) in block.iter_mut().zip(sums) {
            *coefficient = sum as i16;
        }
    }

    /// The mean of a plane's pixels above each sample of a block.
    pub(super) fn mean(&self, plane: &[f32], component: usize, block_x: usize, block_y: usize, out: &mut [f32; 64]) {
        let width = self.frame.mcu_size().0 as usize;
        let (cell_x, cell_y) = self.cells[component];
        let start = block_y * 8 * cell_y * width + block_x * 8 * cell_x;
        match (cell_x, cell_y) {
            (1, 1) => {
                for (row, line) in out.chunks_exact_mut(8).enumerate() {
                    line.copy_from_slice(&plane[start + row * width..][..8]);
                }
            }
            (2, 2) => {
                for (row, line) in out.chunks_exact_mut(8).enumerate() {
                    let above = &plane[start + 2 * row * width..][..16];
                    let below = &plane[start + (2 * row + 1) * width..][..16];
                    for (x, sample) in line.iter_mut().enumerate() {
                        *sample = (above[2 * x] + above[2 * x + 1] + below[2 * x] + below[2 * x + 1]) * 0.25;
                    }
                }
            }
            _ => {
                let share = 1.0 / (cell_x * cell_y) as f32;
                for (at, sample) in out.iter_mut().enumerate() {
                    let corner = start + (at / 8) * cell_y * width + (at % 8) * cell_x;
                    let rows = (0..cell_y).map(|row| &plane[corner + row * width..][..cell_x]);
                    *sample = rows.flatten().sum::<f32>() * share;
                }
            }
        }
    }
}

/// What lies outside of the picture goes on as its edge does: a step there would ring into it.
pub(super) fn continue_edges(plane: &mut [f32], rect: Rect, inside: Rect) {
    let width = rect.width as usize;
    let (Some(last_x), Some(last_y)) = (inside.width.checked_sub(1), inside.height.checked_sub(1)) else { return };
    let (last_x, last_y) = (last_x as usize, last_y as usize);
    for line in plane.chunks_exact_mut(width).take(last_y + 1) {
        let edge = line[last_x];
        line[last_x + 1..].fill(edge);
    }
    for line in last_y + 1..rect.height as usize {
        plane.copy_within(last_y * width..(last_y + 1) * width, line * width);
    }
}

/// The nearest whole number; of two the even one.
#[inline(always)]
fn whole(value: f32) -> i32 {
    // Where the last bit of a float counts ones: the whole number stands in its lowest bits.
    const ONES: f32 = 12_582_912.0;
    (value + ONES).to_bits().wrapping_sub(ONES.to_bits()) as i32
}
