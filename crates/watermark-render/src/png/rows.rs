//! Rows out of the stream, with and without their filters.

use super::{
    Shape, filter,
    inflate::{Broken, Inflate},
    with_pixels,
};
use crate::Rect;

/// Rows as they come, and what they are without filters.
pub(super) struct Rows<'a> {
    shape: &'a Shape,
    /// The row that is being read.
    pub(super) y: u32,
    /// What there is of it, as filtered, with the filter in front, unless all of it comes at once.
    filtered: Vec<u8>,
    filled: usize,
    /// The row above, without its filter.
    above: Vec<u8>,
    /// The row above that one.
    row: Vec<u8>,
    /// Of two rows that are read at once, the lower one.
    lower: Vec<u8>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(shape: &'a Shape) -> Self {
        let row = vec![0; shape.row_bytes()];
        Self { shape, y: 0, filtered: vec![0; row.len() + 1], filled: 0, above: row.clone(), lower: row.clone(), row }
    }

    /// The row above, without its filter; zeros at the top.
    pub(super) fn above(&self) -> &[u8] {
        &self.above
    }

    /// The row above that one, right after a row has become whole.
    pub(super) fn before_last(&self) -> &[u8] {
        &self.row
    }

    /// Takes bytes of the current row, as many as there are, and returns how many; `then` has the row as it is filtered,
    /// if it is whole.
    pub(super) fn take(&mut self, bytes: &[u8], then: impl FnOnce(&[u8])) -> Result<usize, Broken> {
        let stride = self.filtered.len();
        let (taken, filtered) = match bytes.get(..stride) {
            Some(whole) if self.filled == 0 => (stride, whole),
            _ => {
                let taken = bytes.len().min(stride - self.filled);
                self.filtered[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
                self.filled += taken;
                if self.filled < stride {
                    return Ok(taken);
                }
                self.filled = 0;
                (taken, &self.filtered[..])
            }
        };
        then(filtered);
        let (kind, filtered) = filtered.split_first().ok_or(Broken)?;
        if !filter::undo(*kind, self.shape.pixel_bytes(), &self.above, filtered, &mut self.row) {
            return Err(Broken);
        }
        std::mem::swap(&mut self.row, &mut self.above);
        self.y += 1;
        Ok(taken)
    }

    /// Takes all of some bytes, of which no row is looked at.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) -> Result<(), Broken> {
        let stride = self.filtered.len();
        while !bytes.is_empty() {
            if self.filled == 0
                && let Some((two, rest)) = bytes.split_at_checked(2 * stride)
                && filter::undo_two(
                    self.shape.pixel_bytes(),
                    &self.above,
                    two.split_at(stride),
                    (&mut self.row, &mut self.lower),
                )
            {
                std::mem::swap(&mut self.above, &mut self.lower);
                self.y += 2;
                bytes = rest;
            } else {
                let taken = self.take(bytes, |_| {})?;
                bytes = &bytes[taken..];
            }
        }
        Ok(())
    }
}

/// Mean luma of a rectangle.
pub(super) fn mean_luma(zlib: &[u8], shape: &Shape, rect: Rect) -> Result<f64, Broken> {
    let mut inflate = Inflate::new(zlib.get(2..).unwrap_or_default());
    let mut rows = Rows::new(shape);
    let end = rect.bottom().min(shape.height);
    let (mut part, pixel_bytes) = (Vec::new(), shape.pixel_bytes());
    let right = rect.right().min(shape.width);
    let columns = rect.x.min(right) as usize * pixel_bytes..right as usize * pixel_bytes;
    while rows.y < end {
        let before = inflate.produced();
        inflate.advance(u64::from(end) * shape.stride(), u64::MAX, None)?;
        let mut made = inflate.made_from(before);
        if made.is_empty() {
            return Err(Broken);
        }
        while !made.is_empty() && rows.y < end {
            let y = rows.y;
            let taken = rows.take(made, |_| {})?;
            made = &made[taken..];
            if rows.y > y && y >= rect.y {
                part.extend_from_slice(rows.above().get(columns.clone()).unwrap_or_default());
            }
        }
    }
    let shape = Shape { width: right - rect.x.min(right), ..*shape };
    let whole = Rect { x: 0, y: 0, width: shape.width, height: end.saturating_sub(rect.y) };
    Ok(with_pixels(&shape, &mut part, |pixels| pixels.mean_luma(whole)).unwrap_or(0.0))
}
