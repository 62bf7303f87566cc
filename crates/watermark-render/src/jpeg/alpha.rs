//! Ink above MCUs as planes of alpha, and its mean above the samples of a block.

use super::color::ColorModel;
use crate::{Rect, Stamp};

/// Alpha of ink in a part of the picture.
#[derive(Debug)]
pub(super) struct Alpha {
    rect: Rect,
    /// Of each pixel.
    pub(super) plane: Vec<f32>,
    /// Ink by component, where all of it has one colour and lies nowhere twice, as most marks' does.
    color: Option<[f32; 4]>,
}

impl Alpha {
    /// For parts of up to so many pixels; nothing is collected yet.
    pub(super) fn new(pixels: u32) -> Self {
        let rect = Rect { x: 0, y: 0, width: 0, height: 0 };
        Self { rect, plane: vec![0.0; pixels as usize], color: None }
    }

    /// Whether it has been collected for all of a rectangle with the same rows.
    pub(super) const fn has(&self, rect: Rect) -> bool {
        self.rect.y == rect.y && self.rect.x <= rect.x && rect.right() <= self.rect.right()
    }

    /// The colour of all ink, by component. None where there are more, and where ink lies on ink; then alpha is not right.
    pub(super) const fn color(&self) -> Option<[f32; 4]> {
        self.color
    }

    /// Collects it; `inside` is what of the part is inside of the picture.
    pub(super) fn collect(&mut self, rect: Rect, inside: Rect, stamps: &[Stamp], model: ColorModel) {
        self.rect = rect;
        self.plane.fill(0.0);
        let mut color = None;
        let mut is_one = true;
        for stamp in stamps {
            let Some(of_stamp) = stamp.sprite().color() else {
                is_one &= !stamp.covers(inside);
                continue;
            };
            stamp.for_each_span(inside, |x, y, inks| {
                is_one &= *color.get_or_insert(of_stamp) == of_stamp;
                let start = ((y - rect.y) * rect.width + x - rect.x) as usize;
                let mut twice = false;
                for (below, ink) in self.plane[start..].iter_mut().zip(inks) {
                    let alpha = f32::from(ink.alpha) / 65_535.0;
                    twice |= (alpha > 0.0) & (*below > 0.0);
                    // One of them is zero.
                    *below += alpha;
                }
                is_one &= !twice;
            });
        }
        continue_edges(&mut self.plane, rect, inside);
        self.color = is_one.then(|| model.planes(color.unwrap_or_default().map(|channel| f32::from(channel) / 257.0)));
    }

    /// The pixels above a block of `cell` pixels a sample, at a corner that counts from that of an MCU.
    pub(super) const fn above(&self, mcu: Rect, (x, y): (usize, usize), cell: (usize, usize)) -> Above<'_> {
        let stride = self.rect.width as usize;
        let start = y * 8 * cell.1 * stride + (mcu.x - self.rect.x) as usize + x * 8 * cell.0;
        Above { plane: self.plane.as_slice(), start, stride, cell }
    }
}

/// The pixels of a plane above a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Above<'a> {
    pub(super) plane: &'a [f32],
    /// The first of them.
    pub(super) start: usize,
    /// From one row to the next.
    pub(super) stride: usize,
    /// How many of them each sample covers, to the right and down.
    pub(super) cell: (usize, usize),
}

impl Above<'_> {
    /// The mean above each sample.
    pub(super) fn mean(self) -> [f32; 64] {
        let Self { plane, start, stride, cell: (cell_x, cell_y) } = self;
        let mut out = [0.0; 64];
        match (cell_x, cell_y) {
            (1, 1) => {
                for (row, line) in out.chunks_exact_mut(8).enumerate() {
                    line.copy_from_slice(&plane[start + row * stride..][..8]);
                }
            }
            (2, 2) => {
                for (row, line) in out.chunks_exact_mut(8).enumerate() {
                    let above = &plane[start + 2 * row * stride..][..16];
                    let below = &plane[start + (2 * row + 1) * stride..][..16];
                    for (x, sample) in line.iter_mut().enumerate() {
                        *sample = (above[2 * x] + above[2 * x + 1] + below[2 * x] + below[2 * x + 1]) * 0.25;
                    }
                }
            }
            _ => {
                let share = 1.0 / (cell_x * cell_y) as f32;
                for (at, sample) in out.iter_mut().enumerate() {
                    let corner = start + (at / 8) * cell_y * stride + (at % 8) * cell_x;
                    let rows = (0..cell_y).map(|row| &plane[corner + row * stride..][..cell_x]);
                    *sample = rows.flatten().sum::<f32>() * share;
                }
            }
        }
        out
    }

    /// The mean of alpha, and that of ink of one colour: the same bits as [`mean`](Self::mean) makes of alpha and of the
    /// colour times alpha.
    pub(super) fn mean_of_one(self, color: f32) -> ([f32; 64], [f32; 64]) {
        let Self { plane, start, stride, cell: (cell_x, cell_y) } = self;
        let (mut alpha, mut ink) = ([0.0; 64], [0.0; 64]);
        match (cell_x, cell_y) {
            (1, 1) => {
                alpha = self.mean();
                ink = alpha.map(|alpha| color * alpha);
            }
            (2, 2) => {
                for (row, (alpha, ink)) in alpha.chunks_exact_mut(8).zip(ink.chunks_exact_mut(8)).enumerate() {
                    let above = &plane[start + 2 * row * stride..][..16];
                    let below = &plane[start + (2 * row + 1) * stride..][..16];
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
                for (at, (alpha, ink)) in alpha.iter_mut().zip(&mut ink).enumerate() {
                    let corner = start + (at / 8) * cell_y * stride + (at % 8) * cell_x;
                    let all = || (0..cell_y).flat_map(|row| &plane[corner + row * stride..][..cell_x]);
                    *alpha = all().sum::<f32>() * share;
                    *ink = all().map(|alpha| color * alpha).sum::<f32>() * share;
                }
            }
        }
        (alpha, ink)
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
