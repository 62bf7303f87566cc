//! Softening of a shadow's coverage: a Gaussian, in integers once its weights are known.

/// From here on three boxes are as good as the Gaussian itself, and their cost does not grow with its width.
/// Source: SVG 1.1, `feGaussianBlur`.
const BOXES_FROM_SIGMA: f64 = 2.0;

/// A plane of coverage, 0 to 65,535, rows of `width`.
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) coverage: Vec<u16>,
}

/// How many pixels a blur reaches beyond what it blurs.
pub(crate) fn reach(sigma: f64) -> u32 {
    (sigma * 3.0).ceil() as u32 + 1
}

/// Blurs in place. What would come from outside of the plane counts as uncovered.
pub(crate) fn blur(plane: &mut Plane, sigma: f64) {
    if sigma < 0.05 || plane.coverage.is_empty() {
        return;
    }
    if sigma < BOXES_FROM_SIGMA {
        let weights = gaussian(sigma);
        each_line(plane, |line, out| convolve(line, &weights, out));
        return;
    }
    // 3 * sqrt(2 pi) / 4
    let size = (sigma * 1.879_971_205_598_817 + 0.5).floor() as usize;
    let half = size / 2;
    // An even box has no middle: the first two lean to either side, the third is one wider.
    let boxes = if size % 2 == 1 { [(half, half); 3] } else { [(half, half - 1), (half - 1, half), (half, half)] };
    for (before, after) in boxes {
        each_line(plane, |line, out| mean(line, before, after, out));
    }
}

/// Runs over the rows and then over the columns.
fn each_line(plane: &mut Plane, run: impl Fn(&[u16], &mut [u16])) {
    let mut out = vec![0; plane.width.max(plane.height)];
    for row in plane.coverage.chunks_exact_mut(plane.width) {
        run(row, &mut out[..plane.width]);
        row.copy_from_slice(&out[..plane.width]);
    }
    let mut column = vec![0; plane.height];
    for x in 0..plane.width {
        for (y, value) in column.iter_mut().enumerate() {
            *value = plane.coverage[y * plane.width + x];
        }
        run(&column, &mut out[..plane.height]);
        for (y, value) in out[..plane.height].iter().enumerate() {
            plane.coverage[y * plane.width + x] = *value;
        }
    }
}

/// Weights from the middle outwards; all of them together, both sides counted, make 65,536.
fn gaussian(sigma: f64) -> Vec<u64> {
    let reach = (sigma * 3.0).ceil() as usize;
    let raw: Vec<f64> = (0..=reach).map(|i| libm::exp(-((i * i) as f64) / (2.0 * sigma * sigma))).collect();
    let sum = raw.iter().sum::<f64>() * 2.0 - raw[0];
    let mut weights: Vec<u64> = raw.iter().map(|weight| (weight / sum * 65_536.0).round() as u64).collect();
    weights[0] = 65_536_u64.saturating_sub(weights[1..].iter().sum::<u64>() * 2);
    weights
}

fn convolve(line: &[u16], weights: &[u64], out: &mut [u16]) {
    for (x, out) in out.iter_mut().enumerate() {
        let mut sum = u64::from(line[x]) * weights[0];
        for (i, weight) in weights.iter().enumerate().skip(1) {
            let before = x.checked_sub(i).map_or(0, |x| line[x]);
            let after = line.get(x + i).copied().unwrap_or(0);
            sum += (u64::from(before) + u64::from(after)) * weight;
        }
        *out = ((sum + 32_768) >> 16).min(65_535) as u16;
    }
}

/// Mean of `before` pixels, the pixel and `after` pixels, by a running sum.
fn mean(line: &[u16], before: usize, after: usize, out: &mut [u16]) {
    let size = (before + after + 1) as u64;
    let mut sum: u64 = line.iter().take(after).map(|value| u64::from(*value)).sum();
    for (x, out) in out.iter_mut().enumerate() {
        sum += line.get(x + after).map_or(0, |value| u64::from(*value));
        *out = ((sum + size / 2) / size) as u16;
        sum -= x.checked_sub(before).map_or(0, |x| u64::from(line[x]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blur_keeps_the_middle_and_about_the_sum() {
        for sigma in [0.3, 0.5, 1.0, 1.9, 2.0, 2.7, 5.0, 11.0] {
            let side = 2 * reach(sigma) as usize + 1;
            let mut plane = Plane { width: side, height: side, coverage: vec![0; side * side] };
            plane.coverage[side * side / 2] = 65_535;
            blur(&mut plane, sigma);
            let at = |x: usize, y: usize| plane.coverage[y * side + x];
            let sum: u64 = plane.coverage.iter().map(|value| u64::from(*value)).sum();
            assert!((60_000..=71_000).contains(&sum), "sigma {sigma}: {sum}");
            for i in 0..side {
                for j in 0..side {
                    assert_eq!(at(i, j), at(side - 1 - i, j), "sigma {sigma}: lopsided at {i},{j}");
                }
            }
        }
    }
}
