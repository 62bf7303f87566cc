//! A mark on the coefficients of an MCU.
//!
//! Blending is linear: the new samples are `ink · alpha + old · (1 - alpha)`, so they differ from the old ones by
//! `ink · alpha - old · alpha`. That difference is transformed, quantized by the file's own steps and added to the
//! coefficients; what the mark leaves alone differs by nothing, and keeps its coefficients to the last bit. It holds for
//! each plane by itself, chroma at its own resolution with the mean of the ink above each of its samples.

use super::{
    color::ColorModel,
    dct::{Factors, forward, inverse, row_by_row, zigzag},
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
        let color = self.collect_one(rect);
        if color.is_none() {
            self.collect(rect);
        }
        let mut blocks = blocks.iter_mut();
        for (index, component) in self.frame.components.iter().enumerate() {
            for block_y in 0..component.v {
                for block_x in 0..component.h {
                    let Some(block) = blocks.next() else { return };
                    self.mark_block(
                        index,
                        (block_x as usize, block_y as usize),
                        color.map(|color| color[index]),
                        block,
                    );
                }
            }
        }
    }

    /// Collects alpha alone, where all the ink has one colour and lies nowhere twice, as most marks' does: the colour, by
    /// component. None where it is not so.
    fn collect_one(&mut self, rect: Rect) -> Option<[f32; 4]> {
        let inside = self.inside(rect);
        self.alpha.fill(0.0);
        let alpha = &mut self.alpha;
        let mut color = None;
        let mut is_one = true;
        for stamp in self.stamps {
            stamp.for_each_span(inside, |x, y, inks| {
                let start = ((y - rect.y) * rect.width + x - rect.x) as usize;
                let Some(first) = color.or_else(|| inks.iter().find(|ink| ink.alpha > 0).map(|ink| ink.color)) else {
                    return;
                };
                color = Some(first);
                let (mut others, mut twice) = (false, false);
                for (below, ink) in alpha[start..].iter_mut().zip(inks) {
                    others |= (ink.alpha > 0) & (ink.color != first);
                    twice |= (ink.alpha > 0) & (*below > 0.0);
                    // One of them is zero.
                    *below += f32::from(ink.alpha) / 65_535.0;
                }
                is_one &= !(others | twice);
            });
        }
        continue_edges(&mut self.alpha, rect, inside);
        is_one.then(|| self.model.planes(color.unwrap_or_default().map(|channel| f32::from(channel) / 257.0)))
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

    /// Marks a block; `color` is that of all ink on it, or none where ink has been collected.
    fn mark_block(&self, component: usize, (x, y): (usize, usize), color: Option<f32>, block: &mut Block) {
        let mut alpha = [0.0; 64];
        let mut change = [0.0; 64];
        match color {
            Some(color) => self.mean_of_one(component, x, y, color, &mut alpha, &mut change),
            None => {
                self.mean(&self.alpha, component, x, y, &mut alpha);
                self.mean(&self.ink[component], component, x, y, &mut change);
            }
        }
        if !alpha.iter().fold(false, |any, alpha| any | (*alpha != 0.0)) {
            return;
        }
        let samples = self.samples(component, block);
        for ((change, sample), alpha) in change.iter_mut().zip(samples).zip(alpha) {
            *change -= alpha * sample;
        }
        self.change(component, block, change);
    }

    /// The samples of a block, row by row, 0 to 255 or a little outside.
    pub(super) fn samples(&self, component: usize, block: &Block) -> [f32; 64] {
        let mut samples = row_by_row(block).map(f32::from);
        for (sample, factor) in samples.iter_mut().zip(&self.factors[component].dequantize) {
            *sample *= factor;
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
        // Only garbage changes by more than an i16 has, and that is cut off below.
        let change = zigzag(&change.map(|change| whole(change).clamp(i16::MIN.into(), i16::MAX.into()) as i16));
        let mut sums = *block;
        for (sum, change) in sums.iter_mut().zip(change) {
            *sum = sum.saturating_add(change);
        }
        // Codes go no further: beyond, a change stops where it is, and what was beyond before stays.
        let is_wide = sums.iter().fold(false, |wide, sum| wide | (*sum < -1_023) | (*sum > 1_023));
        if is_wide {
            for (index, (sum, old)) in sums.iter_mut().zip(block.iter()).enumerate() {
                let least = if index == 0 { -1_024 } else { -1_023 };
                *sum = (*sum).clamp(least.min(*old), 1_023.max(*old));
            }
        }
        *block = sums;
    }

    /// The mean of alpha above each sample of a block, and that of ink of one colour: the same as [`mean`](Self::mean)
    /// makes of alpha and of the colour times alpha.
    fn mean_of_one(
        &self,
        component: usize,
        block_x: usize,
        block_y: usize,
        color: f32,
        alpha: &mut [f32; 64],
        ink: &mut [f32; 64],
    ) {
        let width = self.frame.mcu_size().0 as usize;
        let (cell_x, cell_y) = self.cells[component];
        let start = block_y * 8 * cell_y * width + block_x * 8 * cell_x;
        match (cell_x, cell_y) {
            (1, 1) => {
                for (row, line) in alpha.chunks_exact_mut(8).enumerate() {
                    line.copy_from_slice(&self.alpha[start + row * width..][..8]);
                }
                *ink = alpha.map(|alpha| color * alpha);
            }
            (2, 2) => {
                for (row, (alpha, ink)) in alpha.chunks_exact_mut(8).zip(ink.chunks_exact_mut(8)).enumerate() {
                    let above = &self.alpha[start + 2 * row * width..][..16];
                    let below = &self.alpha[start + (2 * row + 1) * width..][..16];
                    for x in 0..8 {
                        let four = [above[2 * x], above[2 * x + 1], below[2 * x], below[2 * x + 1]];
                        alpha[x] = (four[0] + four[1] + four[2] + four[3]) * 0.25;
                        let four = four.map(|alpha| color * alpha);
                        ink[x] = (four[0] + four[1] + four[2] + four[3]) * 0.25;
                    }
                }
            }
            _ => {
                let share = 1.0 / (cell_x * cell_y) as f32;
                for (at, (alpha, ink)) in alpha.iter_mut().zip(ink).enumerate() {
                    let corner = start + (at / 8) * cell_y * width + (at % 8) * cell_x;
                    let all = || (0..cell_y).flat_map(|row| &self.alpha[corner + row * width..][..cell_x]);
                    *alpha = all().sum::<f32>() * share;
                    *ink = all().map(|alpha| color * alpha).sum::<f32>() * share;
                }
            }
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
