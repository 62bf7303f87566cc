//! A mark on the coefficients of an MCU.
//!
//! Blending is linear: the new samples are `ink · alpha + old · (1 - alpha)`, so they differ from the old ones by
//! `ink · alpha - old · alpha`. That difference is transformed, quantized by the file's own steps and added to the
//! coefficients; what the mark leaves alone differs by nothing, and keeps its coefficients to the last bit. It holds for
//! each plane by itself, chroma at its own resolution with the mean of the ink above each of its samples.

use super::{
    alpha::{Above, Alpha, continue_edges},
    color::ColorModel,
    dct::{Factors, forward, inverse, row_by_row, zigzag},
    frame::Frame,
    markers::Header,
};
use crate::{BlendMode, Ink, Rect, Stamp};

/// MCUs whose ink is collected at once: it is little work, but much to begin with.
const AHEAD: u32 = 16;

/// Pixels whose ink is looked at together.
const SOME: usize = 8;

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
    /// Of the MCU and those to its right.
    ahead: Alpha,
    /// Of the MCU alone.
    here: Alpha,
    /// Of each pixel of the MCU ink times alpha, for each component.
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
        Self {
            frame,
            stamps,
            model,
            factors: factors.collect(),
            cells: cells.collect(),
            ahead: Alpha::new(AHEAD * width * height),
            here: Alpha::new(width * height),
            ink: std::array::from_fn(|_| vec![0.0; (width * height) as usize]),
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
        if !self.ahead.has(rect) {
            let ahead = Rect { width: AHEAD * width, ..rect };
            self.ahead.collect(ahead, self.frame.inside(ahead), self.stamps, self.model);
        }
        if self.ahead.color().is_none() {
            self.here.collect(rect, self.frame.inside(rect), self.stamps, self.model);
            if self.here.color().is_none() {
                self.collect(rect);
            }
        }
        let one = [&self.ahead, &self.here].into_iter().find_map(|alpha| Some((alpha, alpha.color()?)));
        let mut blocks = blocks.iter_mut();
        for (index, component) in self.frame.components.iter().enumerate() {
            let cell = self.cells[index];
            for (y, x) in (0..component.v as usize).flat_map(|y| (0..component.h as usize).map(move |x| (y, x))) {
                let Some(block) = blocks.next() else { return };
                let (alpha, ink) = match one {
                    Some((alpha, color)) => alpha.above(rect, (x, y), cell).mean_of_one(color[index]),
                    None => {
                        (self.here.above(rect, (x, y), cell).mean(), self.above(&self.ink[index], (x, y), cell).mean())
                    }
                };
                self.blend(index, &alpha, ink, block);
            }
        }
    }

    /// Lays the inks of all stamps above an MCU over each other: alpha into `here`, the rest into `ink`.
    fn collect(&mut self, rect: Rect) {
        let count = self.frame.components.len();
        let inside = self.frame.inside(rect);
        self.here.plane.fill(0.0);
        self.ink[..count].iter_mut().for_each(|plane| plane.fill(0.0));
        let (alpha, ink, model) = (&mut self.here.plane, &mut self.ink, self.model);
        for stamp in self.stamps {
            stamp.for_each_span(inside, |x, y, inks| {
                let start = ((y - rect.y) * rect.width + x - rect.x) as usize;
                let (whole, rest) = inks.as_chunks::<SOME>();
                for (some, at) in whole.iter().zip((start..).step_by(SOME)) {
                    lay_over(some, at, model, alpha, &mut ink[..count]);
                }
                for (one, at) in rest.iter().zip(start + SOME * whole.len()..) {
                    lay_over(&[*one], at, model, alpha, &mut ink[..count]);
                }
            });
        }
        for plane in std::iter::once(&mut self.here.plane).chain(&mut self.ink[..count]) {
            continue_edges(plane, rect, inside);
        }
    }

    /// The pixels of a plane as large as an MCU above one of its blocks.
    pub(super) fn above<'p>(&self, plane: &'p [f32], (x, y): (usize, usize), cell: (usize, usize)) -> Above<'p> {
        let stride = self.frame.mcu_size().0 as usize;
        Above { plane, start: y * 8 * cell.1 * stride + x * 8 * cell.0, stride, cell }
    }

    /// Blends ink, which has been multiplied by alpha, onto a block.
    fn blend(&self, component: usize, alpha: &[f32; 64], ink: [f32; 64], block: &mut Block) {
        if !alpha.iter().fold(false, |any, alpha| any | (*alpha != 0.0)) {
            return;
        }
        let mut change = ink;
        for ((change, sample), alpha) in change.iter_mut().zip(self.samples(component, block)).zip(alpha) {
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
}

/// Lays inks over what is collected at a place: `alpha`, and of each component the samples times alpha.
#[inline(always)]
fn lay_over<const N: usize>(inks: &[Ink; N], at: usize, model: ColorModel, alpha: &mut [f32], planes: &mut [Vec<f32>]) {
    let (mut over, mut rgb) = ([0.0; N], [[0.0; N]; 3]);
    let [red, green, blue] = &mut rgb;
    for ((((ink, over), red), green), blue) in inks.iter().zip(&mut over).zip(red).zip(green).zip(blue) {
        *over = f32::from(ink.alpha) / 65_535.0;
        [*red, *green, *blue] = ink.color.map(|channel| f32::from(channel) / 257.0);
    }
    let lay = |plane: &mut [f32], samples: &[f32; N]| {
        let Some(below) = plane[at..].first_chunk_mut::<N>() else { return };
        for ((below, sample), over) in below.iter_mut().zip(samples).zip(&over) {
            *below = sample * over + *below * (1.0 - over);
        }
    };
    lay(alpha, &[1.0; N]);
    planes.iter_mut().zip(&model.planes_of(rgb)).for_each(|(plane, samples)| lay(plane, samples));
}

/// The nearest whole number; of two the even one.
#[inline(always)]
fn whole(value: f32) -> i32 {
    // Where the last bit of a float counts ones: the whole number stands in its lowest bits.
    const ONES: f32 = 12_582_912.0;
    (value + ONES).to_bits().wrapping_sub(ONES.to_bits()) as i32
}
