//! PNG's filters, both ways. Source: PNG, third edition, 9.

/// The row's bytes from its filtered ones, in place. `above` is the row above as it is, zeros at the top.
///
/// False where there is no such filter.
pub(super) fn undo(filter: u8, pixel_bytes: usize, above: &[u8], row: &mut [u8]) -> bool {
    match pixel_bytes {
        1 => undo_by::<1>(filter, above, row),
        2 => undo_by::<2>(filter, above, row),
        3 => undo_by::<3>(filter, above, row),
        4 => undo_by::<4>(filter, above, row),
        6 => undo_by::<6>(filter, above, row),
        _ => undo_by::<8>(filter, above, row),
    }
}

fn undo_by<const N: usize>(filter: u8, above: &[u8], row: &mut [u8]) -> bool {
    let (pixels, _) = row.as_chunks_mut::<N>();
    let (aboves, _) = above.as_chunks::<N>();
    let mut left = [0_u8; N];
    match filter {
        0 => {}
        1 => {
            for pixel in pixels {
                for (byte, left) in pixel.iter_mut().zip(left) {
                    *byte = byte.wrapping_add(left);
                }
                left = *pixel;
            }
        }
        2 => {
            for (byte, above) in row.iter_mut().zip(above) {
                *byte = byte.wrapping_add(*above);
            }
        }
        3 => {
            for (pixel, above) in pixels.iter_mut().zip(aboves) {
                for at in 0..N {
                    pixel[at] = pixel[at].wrapping_add(mean(left[at], above[at]));
                }
                left = *pixel;
            }
        }
        4 => {
            // In words of 16 bits, which the compiler turns into one vector for the whole pixel.
            let (mut left, mut corner) = ([0_i16; N], [0_i16; N]);
            for (pixel, above) in pixels.iter_mut().zip(aboves) {
                let above = above.map(i16::from);
                for at in 0..N {
                    let sum = i16::from(pixel[at]) + paeth(left[at], above[at], corner[at]);
                    left[at] = sum & 0xff;
                }
                corner = above;
                *pixel = left.map(|byte| byte as u8);
            }
        }
        _ => return false,
    }
    true
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
fn paeth(left: i16, above: i16, corner: i16) -> i16 {
    let (to_left, to_above) = (above - corner, left - corner);
    let (left_off, above_off, corner_off) = (to_left.abs(), to_above.abs(), (to_left + to_above).abs());
    let guess = if above_off <= corner_off { above } else { corner };
    if left_off <= above_off && left_off <= corner_off { left } else { guess }
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
                assert!(undo(filter, pixel_bytes, &above, &mut filtered));
                assert_eq!(filtered, row, "filter {filter}, {pixel_bytes} bytes");
            }
        }
        assert!(!undo(5, 3, &[0; 3], &mut [0; 3]));
    }
}
