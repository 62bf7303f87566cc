//! PNG's filters, both ways. Source: PNG, third edition, 9.

/// The row's bytes from its filtered ones. `above` is the row above as it is, zeros at the top; all have one length.
///
/// False where there is no such filter.
pub(super) fn undo(filter: u8, pixel_bytes: usize, above: &[u8], filtered: &[u8], row: &mut [u8]) -> bool {
    match (filter, pixel_bytes) {
        (0, _) => row.copy_from_slice(filtered),
        (2, _) => {
            for ((byte, filtered), above) in row.iter_mut().zip(filtered).zip(above) {
                *byte = filtered.wrapping_add(*above);
            }
        }
        // As many lanes as a vector has.
        (1 | 3 | 4, 1) => undo_by::<1, 1>(filter, above, filtered, row),
        (1 | 3 | 4, 2) => undo_by::<2, 2>(filter, above, filtered, row),
        (1 | 3 | 4, 3) => undo_by::<3, 4>(filter, above, filtered, row),
        (1 | 3 | 4, 4) => undo_by::<4, 4>(filter, above, filtered, row),
        (1 | 3 | 4, 6) => undo_by::<6, 8>(filter, above, filtered, row),
        (1 | 3 | 4, _) => undo_by::<8, 8>(filter, above, filtered, row),
        _ => return false,
    }
    true
}

fn undo_by<const N: usize, const LANES: usize>(filter: u8, above: &[u8], filtered: &[u8], row: &mut [u8]) {
    match filter {
        1 => each::<N, LANES>(above, filtered, row, |value, left, _, _| lanes(|at| value[at] + left[at])),
        3 => each::<N, LANES>(above, filtered, row, |value, left, above, _| {
            lanes(|at| value[at] + (left[at] + above[at]) / 2)
        }),
        _ => each::<N, LANES>(above, filtered, row, |value, left, above, corner| {
            lanes(|at| value[at] + paeth(left[at], above[at], corner[at]))
        }),
    }
}

#[inline(always)]
fn lanes<const LANES: usize>(of: impl FnMut(usize) -> u16) -> [u16; LANES] {
    std::array::from_fn(of)
}

/// Pixel after pixel: its value, and what is to the left, above and in the corner, in words of 16 bits, which the compiler
/// turns into one vector for the whole pixel.
#[inline(always)]
fn each<const N: usize, const LANES: usize>(
    above: &[u8],
    filtered: &[u8],
    row: &mut [u8],
    undone: impl Fn([u16; LANES], [u16; LANES], [u16; LANES], [u16; LANES]) -> [u16; LANES],
) {
    let wide = |pixel: &[u8; N]| lanes::<LANES>(|at| if at < N { pixel[at].into() } else { 0 });
    let (mut left, mut corner) = ([0; LANES], [0; LANES]);
    let pixels = row.as_chunks_mut::<N>().0.iter_mut().zip(filtered.as_chunks::<N>().0).zip(above.as_chunks::<N>().0);
    for ((pixel, filtered), above) in pixels {
        let above = wide(above);
        left = undone(wide(filtered), left, above, corner).map(|value| value & 0xff);
        corner = above;
        *pixel = std::array::from_fn(|at| left[at] as u8);
    }
}

/// Filters a row.
pub(super) fn apply(filter: u8, pixel_bytes: usize, above: &[u8], row: &[u8], filtered: &mut Vec<u8>) {
    let left = |at: usize| at.checked_sub(pixel_bytes);
    let from = filtered.len();
    filtered.extend_from_slice(row);
    let filtered = &mut filtered[from..];
    for (at, byte) in filtered.iter_mut().enumerate() {
        let (a, b, c) = (left(at).map_or(0, |at| row[at]), above[at], left(at).map_or(0, |at| above[at]));
        let guess = match filter {
            0 => 0,
            1 => a,
            2 => b,
            3 => mean(a, b),
            _ => paeth(a.into(), b.into(), c.into()) as u8,
        };
        *byte = byte.wrapping_sub(guess);
    }
}

fn mean(left: u8, above: u8) -> u8 {
    // Half of the sum, without the ninth bit.
    (left & above) + ((left ^ above) >> 1)
}

/// Source: PNG, third edition, 9.4.
#[inline(always)]
fn paeth(left: u16, above: u16, corner: u16) -> u16 {
    let left_off = above.abs_diff(corner);
    let above_off = left.abs_diff(corner);
    let corner_off = (left + above).abs_diff(2 * corner);
    let guess = if above_off <= corner_off { above } else { corner };
    if left_off <= above_off.min(corner_off) { left } else { guess }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filtered_comes_back() {
        let noise = |seed: u32, length: usize| -> Vec<u8> {
            let mut state = seed;
            (0..length)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect()
        };
        for pixel_bytes in [1, 2, 3, 4, 6, 8] {
            let (above, row) = (noise(1, pixel_bytes * 37), noise(2, pixel_bytes * 37));
            for filter in 0..5 {
                let mut filtered = Vec::new();
                apply(filter, pixel_bytes, &above, &row, &mut filtered);
                assert_eq!(filtered == row, filter == 0);
                let mut back = vec![0; row.len()];
                assert!(undo(filter, pixel_bytes, &above, &filtered, &mut back));
                assert_eq!(back, row, "filter {filter}, {pixel_bytes} bytes");
            }
        }
        assert!(!undo(5, 3, &[0; 3], &[0; 3], &mut [0; 3]));
    }
}
