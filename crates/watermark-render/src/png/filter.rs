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

/// Two rows at once, each by the mean or by Paeth's guess: the pixel of the one, and of the one below it the pixel to the
/// left, whose neighbours are all there by then. A vector has room for both, and both wait together.
///
/// False where it cannot be done; nothing has been done then.
pub(super) fn undo_two(
    pixel_bytes: usize,
    above: &[u8],
    (upper, lower): (&[u8], &[u8]),
    (row, below): (&mut [u8], &mut [u8]),
) -> bool {
    let (Some((&upper_filter, upper)), Some((&lower_filter, lower))) = (upper.split_first(), lower.split_first())
    else {
        return false;
    };
    let filters = (upper_filter, lower_filter);
    match pixel_bytes {
        3 => two::<3>(filters, above, (upper, lower), (row, below)),
        4 => two::<4>(filters, above, (upper, lower), (row, below)),
        _ => false,
    }
}

fn two<const N: usize>(
    filters: (u8, u8),
    above: &[u8],
    filtered: (&[u8], &[u8]),
    rows: (&mut [u8], &mut [u8]),
) -> bool {
    let by_mean = |left: u16, above: u16, _| (left + above) / 2;
    match filters {
        (3, 3) => skewed::<N>(above, filtered, rows, by_mean, by_mean),
        (3, 4) => skewed::<N>(above, filtered, rows, by_mean, paeth),
        (4, 3) => skewed::<N>(above, filtered, rows, paeth, by_mean),
        (4, 4) => skewed::<N>(above, filtered, rows, paeth, paeth),
        _ => return false,
    }
    true
}

/// Lanes of the upper row's pixel, and as many of the lower row's.
type Both = [u16; 8];

#[inline(always)]
fn skewed<const N: usize>(
    above: &[u8],
    (upper, lower): (&[u8], &[u8]),
    (row, below): (&mut [u8], &mut [u8]),
    guess_upper: impl Fn(u16, u16, u16) -> u16 + Copy,
    guess_lower: impl Fn(u16, u16, u16) -> u16 + Copy,
) {
    let both = |upper: &[u8; N], lower: &[u8; N]| -> Both {
        std::array::from_fn(|at| {
            if at % 4 >= N {
                0
            } else if at < 4 {
                upper[at].into()
            } else {
                lower[at - 4].into()
            }
        })
    };
    let undone = |value: Both, left: Both, above: Both, corner: Both| -> Both {
        let guess = |at: usize| {
            if at < 4 {
                guess_upper(left[at], above[at], corner[at])
            } else {
                guess_lower(left[at], above[at], corner[at])
            }
        };
        std::array::from_fn(|at| (value[at] + guess(at)) & 0xff)
    };
    // What stands above in the lower row was found in the upper one by the step before.
    let beneath = |above: &[u8; N], [a, b, c, d, ..]: Both| -> Both {
        let wide = both(above, &[0; N]);
        [wide[0], wide[1], wide[2], wide[3], a, b, c, d]
    };
    let narrow = |value: &Both, from: usize| -> [u8; N] { std::array::from_fn(|at| value[from + at] as u8) };
    let (above, upper, lower) = (above.as_chunks::<N>().0, upper.as_chunks::<N>().0, lower.as_chunks::<N>().0);
    let (row, below) = (row.as_chunks_mut::<N>().0, below.as_chunks_mut::<N>().0);
    let none = [0; N];
    let (mut left, mut corner) = ([0; 8], [0; 8]);
    let pixels = row.iter_mut().zip(above).zip(upper).zip(std::iter::once(&none).chain(lower));
    for (at, (((pixel, above), upper), lower)) in pixels.enumerate() {
        let now = beneath(above, left);
        left = undone(both(upper, lower), left, now, corner);
        corner = now;
        *pixel = narrow(&left, 0);
        if at > 0 {
            below[at - 1] = narrow(&left, 4);
        } else {
            // There is nothing to the left of the lower row's first pixel.
            left[4..].fill(0);
            corner[4..].fill(0);
        }
    }
    if let (Some(last), Some(filtered)) = (below.last_mut(), lower.last()) {
        *last = narrow(&undone(both(&none, filtered), left, beneath(&none, left), corner), 4);
    }
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

    fn noise(seed: u32, length: usize) -> Vec<u8> {
        let mut state = seed;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..length).map(next).collect()
    }

    #[test]
    fn what_is_filtered_comes_back() {
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

    #[test]
    fn two_rows_at_once_are_what_they_are_one_by_one() {
        for (pixel_bytes, pixels, filters) in (3..=4)
            .flat_map(|bytes| [1, 2, 37].map(|pixels| (bytes, pixels)))
            .flat_map(|(bytes, pixels)| [(3, 3), (3, 4), (4, 3), (4, 4)].map(|filters| (bytes, pixels, filters)))
        {
            let length = pixel_bytes * pixels;
            let above = noise(1, length);
            let filtered =
                [(2, filters.0), (3, filters.1)].map(|(seed, filter)| [vec![filter], noise(seed, length)].concat());
            let mut expected = [vec![0; length], vec![0; length]];
            let [upper, lower] = &mut expected;
            assert!(undo(filters.0, pixel_bytes, &above, &filtered[0][1..], upper));
            assert!(undo(filters.1, pixel_bytes, upper, &filtered[1][1..], lower));
            let mut found = [vec![0; length], vec![0; length]];
            let [upper, lower] = &mut found;
            assert!(undo_two(pixel_bytes, &above, (&filtered[0], &filtered[1]), (upper, lower)));
            assert_eq!(found, expected, "{pixels} pixels of {pixel_bytes} bytes, filters {filters:?}");
        }
        let (above, row) = (noise(1, 6), [vec![4], noise(2, 6)].concat());
        for other in [0, 1, 2, 5] {
            let other = [vec![other], noise(3, 6)].concat();
            assert!(!undo_two(3, &above, (&row, &other), (&mut [0; 6], &mut [0; 6])));
        }
        assert!(!undo_two(6, &above, (&row, &row), (&mut [0; 6], &mut [0; 6])));
    }
}
