//! Which MCUs of two JPEGs have other coefficients.

use super::{Refusal, coefficients::Coefficients, markers::Header, segments, touched::Touched};
use crate::{Limits, Rect, compare::Differences, metadata, verify::stored_rect};

/// Compares two JPEGs coefficient by coefficient; `touched` and the boxes are in pixels as shown.
///
/// None where their coefficients do not mean the same: another size, sampling, quantization or orientation.
pub(crate) fn compare(
    before_bytes: &[u8],
    after_bytes: &[u8],
    touched: &[Rect],
    limits: &Limits,
) -> Result<Option<Differences>, Refusal> {
    let (before, after) = (Header::parse(before_bytes)?, Header::parse(after_bytes)?);
    let orientation = |header: &Header, bytes| metadata::orientation(segments::exif(header, bytes));
    let turned = orientation(&before, before_bytes);
    if meaning(&before) != meaning(&after) || turned != orientation(&after, after_bytes) {
        return Ok(None);
    }
    if Coefficients::size_bytes(&before.frame).saturating_mul(2) > limits.max_decoded_bytes {
        return Err(Refusal::TooLarge);
    }
    let (old, new) = (Coefficients::read(before_bytes, &before)?, Coefficients::read(after_bytes, &after)?);
    let frame = &before.frame;
    let size = (frame.width, frame.height);
    let (mcu_width, mcu_height) = frame.mcu_size();
    let touched: Vec<Rect> = touched.iter().map(|rect| stored_rect(rect, turned, size)).collect();
    let touched = Touched::within(&touched, frame);
    let mut differences = Differences::new(u64::from(frame.mcus_wide) * u64::from(frame.mcus_high));
    let (mut old_blocks, mut new_blocks) = (Vec::new(), Vec::new());
    for row in 0..frame.mcus_high {
        for column in 0..frame.mcus_wide {
            old.mcu(frame, column, row, &mut old_blocks);
            new.mcu(frame, column, row, &mut new_blocks);
            if old_blocks == new_blocks {
                continue;
            }
            let pairs = old_blocks.iter().flatten().zip(new_blocks.iter().flatten());
            let largest = pairs.map(|(old, new)| old.abs_diff(*new)).max().unwrap_or(0);
            let (x, y) = (column * mcu_width, row * mcu_height);
            let rect = Rect { x, y, width: mcu_width.min(size.0 - x), height: mcu_height.min(size.1 - y) };
            let is_outside = !touched.row(row).iter().any(|(from, to)| (*from..*to).contains(&column));
            differences.add((column, row), rect, u32::from(largest), is_outside);
        }
    }
    differences.turn(turned, size);
    Ok(Some(differences))
}

/// What the numbers of a file's coefficients stand for.
fn meaning(header: &Header) -> impl PartialEq {
    let frame = &header.frame;
    let components: Vec<_> = frame.components.iter().map(|c| (c.h, c.v, header.quantization[c.table])).collect();
    (frame.width, frame.height, components)
}
