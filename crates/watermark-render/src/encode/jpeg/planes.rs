//! A strip of pixels as planes of luma and colour. Source: JFIF 1.02, conversion to and from RGB.

use super::Frame;

/// 8 samples on each side.
pub(super) type Block = [[f32; 8]; 8];

/// A row of MCUs: luma and both colours at full size, centred on 0. What lies beyond the picture's edges repeats them.
pub(super) struct Strip {
    width: usize,
    height: usize,
    luma: Vec<f32>,
    colors: [Vec<f32>; 2],
}

impl Strip {
    pub(super) fn new(width: usize, height: usize) -> Self {
        let plane = vec![0.0; width * height];
        Self { width, height, luma: plane.clone(), colors: [plane.clone(), plane] }
    }

    /// Takes in the rows from `top` on.
    pub(super) fn fill(&mut self, frame: &Frame<'_>, top: usize) {
        let channels = if frame.is_gray { 1 } else { 3 };
        for row in 0..self.height {
            let y = (top + row).min(frame.height - 1);
            let line = &frame.samples[y * frame.width * channels..][..frame.width * channels];
            let at = row * self.width..(row + 1) * self.width;
            let luma = &mut self.luma[at.clone()];
            if frame.is_gray {
                luma.iter_mut().zip(line).for_each(|(luma, gray)| *luma = f32::from(*gray) - 128.0);
                extend(luma, frame.width);
                continue;
            }
            let [blue, red] = self.colors.each_mut().map(|plane| &mut plane[at.clone()]);
            let outs = luma.iter_mut().zip(blue.iter_mut()).zip(red.iter_mut());
            for (((luma, blue), red), pixel) in outs.zip(line.chunks_exact(3)) {
                let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(f32::from);
                *luma = 0.299 * r + 0.587 * g + 0.114 * b - 128.0;
                *blue = -0.168_736 * r - 0.331_264 * g + 0.5 * b;
                *red = 0.5 * r - 0.418_688 * g - 0.081_312 * b;
            }
            [luma, blue, red].into_iter().for_each(|plane| extend(plane, frame.width));
        }
    }

    pub(super) fn luma(&self, left: usize, top: usize) -> Block {
        std::array::from_fn(|y| {
            let from = (top + y) * self.width + left;
            std::array::from_fn(|x| self.luma[from + x])
        })
    }

    /// The block of a colour whose pixels begin at `left`, each sample the mean of `factor` columns and rows.
    pub(super) fn color(&self, which: usize, left: usize, factor: usize) -> Block {
        let plane = &self.colors[which];
        if factor == 1 {
            return std::array::from_fn(|y| std::array::from_fn(|x| plane[y * self.width + left + x]));
        }
        std::array::from_fn(|y| {
            let upper = &plane[2 * y * self.width + left..][..16];
            let lower = &plane[(2 * y + 1) * self.width + left..][..16];
            std::array::from_fn(|x| (upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1]) * 0.25)
        })
    }
}

fn extend(plane: &mut [f32], width: usize) {
    let last = plane[width - 1];
    plane[width..].fill(last);
}
