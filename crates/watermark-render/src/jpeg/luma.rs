//! How light a JPEG is, from the means of its blocks alone.

use super::{
    Refusal,
    bits::Stuffed,
    coefficients::Coefficients,
    color::ColorModel,
    frame::Frame,
    is_spliced,
    markers::Header,
    scan::{Reader, Walk, intervals},
};
use crate::Rect;

/// Mean luma of each MCU, 0 to 255, row by row.
#[derive(Debug)]
pub(super) struct Means {
    values: Vec<u8>,
}

impl Means {
    /// Reads the DCs of a file.
    pub(super) fn read(bytes: &[u8], header: &Header, model: ColorModel) -> Result<Self, Refusal> {
        let frame = &header.frame;
        let mut values = Vec::with_capacity(frame.mcus_wide as usize * frame.mcus_high as usize);
        if is_spliced(header) {
            let scan = &header.scans[0];
            let reader = Reader::new(header, scan)?;
            for interval in intervals(bytes, header, scan)? {
                let mut walk = Walk::new(&reader, Stuffed::new(&bytes[interval.bytes.clone()]), None);
                for _ in interval.mcus {
                    let sums = walk.sum_of_dcs().ok_or(Refusal::Broken { at: interval.bytes.start })?;
                    values.push(luma(header, model, sums.map(i64::from)));
                }
            }
        } else {
            let coefficients = Coefficients::read(bytes, header)?;
            let mut blocks = Vec::new();
            for (column, row) in (0..frame.mcus_high).flat_map(|row| (0..frame.mcus_wide).map(move |x| (x, row))) {
                coefficients.mcu(frame, column, row, &mut blocks);
                let mut sums = [0; 4];
                let of = frame.components.iter().enumerate().flat_map(|(at, c)| (0..c.h * c.v).map(move |_| at));
                of.zip(&blocks).for_each(|(component, block)| sums[component & 3] += i64::from(block[0]));
                values.push(luma(header, model, sums));
            }
        }
        Ok(Self { values })
    }

    /// The mean over the MCUs that a rectangle reaches, 0.0 to 1.0; 0.0 outside of the picture.
    pub(super) fn mean(&self, rect: Rect, frame: &Frame) -> f64 {
        let (width, height) = frame.mcu_size();
        let columns = rect.x / width..rect.right().div_ceil(width).min(frame.mcus_wide);
        let rows = rect.y / height..rect.bottom().div_ceil(height).min(frame.mcus_high);
        let (mut sum, mut count) = (0_u64, 0_u64);
        for row in rows {
            let at = |column: u32| row as usize * frame.mcus_wide as usize + column as usize;
            for value in self.values.get(at(columns.start)..at(columns.end)).unwrap_or_default() {
                sum += u64::from(*value);
                count += 1;
            }
        }
        if count == 0 { 0.0 } else { sum as f64 / (count as f64 * 255.0) }
    }
}

/// Luma of an MCU whose blocks have these sums of DCs, by component.
fn luma(header: &Header, model: ColorModel, sums: [i64; 4]) -> u8 {
    let mut planes = [0.0; 4];
    for ((plane, sum), component) in planes.iter_mut().zip(sums).zip(&header.frame.components) {
        // A single component's blocks come one by one.
        let blocks = if header.frame.components.len() == 1 { 1 } else { component.h * component.v };
        let step = header.quantization[component.table].map_or(1, |table| table[0]);
        *plane = (sum as f32 * f32::from(step) / (8.0 * blocks as f32) + 128.0).clamp(0.0, 255.0);
    }
    model.luma(planes).clamp(0.0, 255.0) as u8
}
