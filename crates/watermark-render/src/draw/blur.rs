//! Softening of a shadow's coverage: a Gaussian, in integers once its weights are known.

use super::hull::{Hull, Plane};

/// From here on three boxes are as good as the Gaussian itself, and their cost does not grow with its width.
/// Source: SVG 1.1, `feGaussianBlur`.
const BOXES_FROM_SIGMA: f64 = 2.0;

/// Widest blur that is drawn, as a standard deviation in pixels.
pub const MAX_SHADOW_SIGMA: f64 = 128.0;

/// How many pixels a blur reaches beyond what it blurs.
pub(super) fn reach(sigma: f64) -> i64 {
    (within_bounds(sigma) * 3.0).ceil() as i64 + 1
}

fn within_bounds(sigma: f64) -> f64 {
    if sigma.is_finite() { sigma.clamp(0.0, MAX_SHADOW_SIGMA) } else { 0.0 }
}

/// Blurs a plane of coverage, 0 to 65,535. What would come from outside of the plane counts as uncovered.
pub(super) fn blur(plane: &mut Plane<u16>, hull: &Hull, sigma: f64) {
    let sigma = within_bounds(sigma);
    if sigma < 0.05 {
        return;
    }
    let mut out = Plane::new(hull, 0);
    if sigma < BOXES_FROM_SIGMA {
        let weights = gaussian(sigma);
        each_row(plane, &mut out, |line, out| convolve(line, &weights, out));
        convolve_columns(&out, &weights, plane);
        return;
    }
    // 3 * sqrt(2 pi) / 4
    let size = (sigma * 1.879_971_205_598_817 + 0.5).floor() as usize;
    let half = size / 2;
    // An even box has no middle: the first two lean to either side, the third is one wider.
    let boxes = if size % 2 == 1 { [(half, half); 3] } else { [(half, half - 1), (half - 1, half), (half, half)] };
    for (before, after) in boxes {
        each_row(plane, &mut out, |line, out| mean(line, before, after, out));
        mean_columns(&out, before, after, plane);
    }
}

fn each_row(from: &Plane<u16>, to: &mut Plane<u16>, run: impl Fn(&[u16], &mut [u16])) {
    for y in from.top()..from.bottom() {
        run(from.row(y).1, to.row_mut(y).1);
    }
}

fn convolve_columns(from: &Plane<u16>, weights: &[u64], to: &mut Plane<u16>) {
    let mut sums: Vec<u64> = Vec::new();
    for y in from.top()..from.bottom() {
        let (start, out) = to.row_mut(y);
        sums.clear();
        sums.resize(out.len(), 0);
        for (weight, distance) in weights.iter().zip(0_i64..) {
            for y in if distance == 0 { vec![y] } else { vec![y - distance, y + distance] } {
                add_row(from, y, start, &mut sums, |sum, value| *sum += u64::from(value) * weight);
            }
        }
        for (out, sum) in out.iter_mut().zip(&sums) {
            *out = ((sum + 32_768) >> 16).min(65_535) as u16;
        }
    }
}

/// Visits what a row has in common with `sums`, which begin at column `start`.
fn add_row<S>(plane: &Plane<u16>, y: i64, start: i64, sums: &mut [S], add: impl Fn(&mut S, u16)) {
    let (from, row) = plane.row(y);
    let skip_row = usize::try_from(start - from).unwrap_or(0).min(row.len());
    let skip_sums = usize::try_from(from - start).unwrap_or(0).min(sums.len());
    for (sum, value) in sums[skip_sums..].iter_mut().zip(&row[skip_row..]) {
        add(sum, *value);
    }
}

/// Mean of `before` rows, the row and `after` rows, by a running sum for each column. The widest blur's sums fit a `u32`.
fn mean_columns(from: &Plane<u16>, before: usize, after: usize, to: &mut Plane<u16>) {
    let rows = || (from.top()..from.bottom()).map(|y| from.row(y)).filter(|(_, row)| !row.is_empty());
    let Some(left) = rows().map(|(from, _)| from).min() else { return };
    let right = rows().map(|(from, row)| from + row.len() as i64).max().unwrap_or(left);
    let mut sums = vec![0_u32; usize::try_from(right - left).unwrap_or(0)];
    let size = (before + after + 1) as u32;
    let (before, after) = (before as i64, after as i64);
    for y in from.top()..from.top() + after {
        add_row(from, y, left, &mut sums, |sum, value| *sum += u32::from(value));
    }
    for y in from.top()..from.bottom() {
        add_row(from, y + after, left, &mut sums, |sum, value| *sum += u32::from(value));
        let (start, out) = to.row_mut(y);
        let skip = usize::try_from(start - left).unwrap_or(0).min(sums.len());
        for (out, sum) in out.iter_mut().zip(&sums[skip..]) {
            *out = ((sum + size / 2) / size) as u16;
        }
        add_row(from, y - before, left, &mut sums, |sum, value| *sum -= u32::from(value));
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
    let size = (before + after + 1) as u32;
    let mut sum: u32 = line.iter().take(after).map(|value| u32::from(*value)).sum();
    for (x, out) in out.iter_mut().enumerate() {
        sum += line.get(x + after).map_or(0, |value| u32::from(*value));
        *out = ((sum + size / 2) / size) as u16;
        sum -= x.checked_sub(before).map_or(0, |x| u32::from(line[x]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::hull::Area;

    #[test]
    fn a_blur_keeps_the_middle_and_about_the_sum() {
        for sigma in [0.3, 0.5, 1.0, 1.9, 2.0, 2.7, 5.0, 11.0] {
            let side = 2 * reach(sigma) + 1;
            let hull = square(side);
            let mut plane = Plane::new(&hull, 0);
            plane.add_row(side / 2, side / 2, &[65_535]);
            blur(&mut plane, &hull, sigma);
            let at = |x: i64, y: i64| plane.at(x, y).unwrap();
            let all = || (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
            let sum: u64 = all().map(|(x, y)| u64::from(at(x, y))).sum();
            assert!((60_000..=71_000).contains(&sum), "sigma {sigma}: {sum}");
            for (i, j) in all() {
                assert_eq!(at(i, j), at(side - 1 - i, j), "sigma {sigma}: lopsided at {i},{j}");
                assert_eq!(at(i, j), at(i, side - 1 - j), "sigma {sigma}: lopsided at {i},{j}");
            }
        }
    }

    #[test]
    fn rows_of_different_length_blur_as_one_picture() {
        for sigma in [1.3, 4.0] {
            let lines = [[(60.0, 60.0), (91.0, 122.0)], [(91.0, 122.0), (60.0, 60.0)]];
            let narrow = Hull::around(lines.iter(), Area::EVERYWHERE).grown(reach(sigma));
            let wide = square(200);
            let blurred = |hull: &Hull| {
                let mut plane = Plane::new(hull, 0);
                (0..30).for_each(|i| plane.add_row(60 + i, 60 + 2 * i, &[50_000]));
                blur(&mut plane, hull, sigma);
                plane
            };
            let (narrow, wide) = (blurred(&narrow), blurred(&wide));
            for y in 0..200 {
                for x in 0..200 {
                    let (got, expected) = (narrow.at(x, y).unwrap_or(0), wide.at(x, y).unwrap());
                    // The hull is cut where a corner of the three boxes would still reach a little.
                    assert!(got.abs_diff(expected) <= 16, "sigma {sigma} at {x},{y}: {got} for {expected}");
                }
            }
        }
    }

    fn square(side: i64) -> Hull {
        let side = side as f64;
        let lines = [[(0.0, 0.0), (0.0, side)], [(side, 0.0), (side, side)]];
        Hull::around(lines.iter(), Area::EVERYWHERE)
    }
}
