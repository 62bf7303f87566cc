//! Two pictures side by side: what differs, and where.

use std::{collections::BTreeMap, fmt};

use image::{DynamicImage, GenericImageView, metadata::Orientation};

use crate::{Format, Limits, Rect, Refusal, RenderError, VerifyFailure, decode::decode, jpeg, verify::stored_rect};

/// Side of the squares that pixels are gathered in before they become boxes, in pixels.
const SQUARE_PX: u32 = 16;

/// What two pictures were compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Every coefficient, counted in MCUs.
    Coefficients,
    /// Every pixel as shown.
    Pixels(PixelsFor),
}

/// Why two pictures were compared pixel by pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PixelsFor {
    /// They are not both JPEGs.
    NoJpegs,
    /// The coefficients of one of them cannot be read.
    Refused(Refusal),
    /// They have another sampling, quantization or orientation, so their coefficients do not mean the same.
    OtherCoefficients,
}

impl fmt::Display for PixelsFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoJpegs => write!(f, "they are not both JPEGs"),
            Self::Refused(refusal) => write!(f, "of one of the two, {refusal}"),
            Self::OtherCoefficients => write!(f, "they have another sampling, quantization or orientation"),
        }
    }
}

/// How two pictures differ. Rectangles are in pixels as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// What was compared.
    pub measure: Measure,
    /// MCUs or pixels of the picture.
    pub total: u64,
    /// How many of them differ.
    pub different: u64,
    /// How many of those lie outside of the rectangles that may differ.
    pub outside: u64,
    /// The largest difference of a coefficient, as stored, or of a channel.
    pub largest: u32,
    /// Around what differs, one for each group that hangs together.
    pub boxes: Vec<Rect>,
    /// Around what differs outside of the rectangles that may.
    pub boxes_outside: Vec<Rect>,
}

/// Compares two files: JPEGs whose coefficients mean the same by these, all others by their pixels as
/// shown, in every picture of an animation.
///
/// `touched` are rectangles where they may differ, in pixels as shown; of JPEGs every MCU that one reaches.
///
/// # Errors
/// Those of reading the files; [`RenderError::VerifyFailed`] with [`VerifyFailure::Size`] where they are not of one
/// size as shown, and with [`VerifyFailure::Animation`] where one shows more pictures than the other.
pub fn compare(before: &[u8], after: &[u8], touched: &[Rect], limits: &Limits) -> Result<Comparison, RenderError> {
    let formats = (Format::sniff(before)?, Format::sniff(after)?);
    let mut reason = PixelsFor::NoJpegs;
    if formats == (Format::Jpeg, Format::Jpeg) {
        reason = match jpeg::compare(before, after, touched, limits) {
            Ok(Some(differences)) => return Ok(differences.into_comparison(Measure::Coefficients)),
            Ok(None) => PixelsFor::OtherCoefficients,
            Err(refusal) => PixelsFor::Refused(refusal),
        };
    }
    let (before, after) = (shown(before, formats.0, limits)?, shown(after, formats.1, limits)?);
    let failed = |failure| RenderError::VerifyFailed { failure };
    if before.len() != after.len() {
        return Err(failed(VerifyFailure::Animation));
    }
    let mut differences = Differences::new(0);
    for (before, after) in before.iter().zip(&after) {
        let (expected, got) = (before.dimensions(), after.dimensions());
        if expected != got {
            return Err(failed(VerifyFailure::Size { expected, got }));
        }
        pixels(before, after, touched, &mut differences);
    }
    Ok(differences.into_comparison(Measure::Pixels(reason)))
}

/// All pictures of a file; last the one for readers that know of no animation, where there is one.
fn shown(bytes: &[u8], format: Format, limits: &Limits) -> Result<Vec<DynamicImage>, RenderError> {
    let decoded = decode(bytes, format, limits)?;
    let all = decoded.frames.into_iter().map(|frame| frame.image).chain(decoded.fallback);
    let turned = all.map(|mut image| {
        image.apply_orientation(decoded.orientation);
        image
    });
    Ok(turned.collect())
}

fn pixels(before: &DynamicImage, after: &DynamicImage, touched: &[Rect], differences: &mut Differences) {
    let is_wide = |image: &DynamicImage| image.color().bytes_per_pixel() > image.color().channel_count();
    if is_wide(before) || is_wide(after) {
        let (before, after) = (before.to_rgba16(), after.to_rgba16());
        return samples(&before, &after, before.dimensions(), touched, differences);
    }
    let (before, after) = (before.to_rgba8(), after.to_rgba8());
    samples(&before, &after, before.dimensions(), touched, differences);
}

/// Adds how samples of four channels differ.
fn samples<S: Copy + PartialEq + Into<u32>>(
    before: &[S],
    after: &[S],
    (width, height): (u32, u32),
    touched: &[Rect],
    differences: &mut Differences,
) {
    differences.total += u64::from(width) * u64::from(height);
    let row_samples = width as usize * 4;
    let rows = before.chunks_exact(row_samples.max(1)).zip(after.chunks_exact(row_samples.max(1)));
    for (y, (old, new)) in (0..height).zip(rows) {
        if old == new {
            continue;
        }
        for (x, (old, new)) in (0..width).zip(old.chunks_exact(4).zip(new.chunks_exact(4))) {
            if old == new {
                continue;
            }
            let apart = old.iter().zip(new).map(|(old, new)| Into::<u32>::into(*old).abs_diff((*new).into()));
            let pixel = Rect { x, y, width: 1, height: 1 };
            let is_outside = !touched.iter().any(|rect| rect.intersects(&pixel));
            let square = (x / SQUARE_PX, y / SQUARE_PX);
            differences.add(square, pixel, apart.max().unwrap_or(0), is_outside);
        }
    }
}

/// What has been found so far, by cells of a grid: MCUs or squares of pixels.
pub(crate) struct Differences {
    total: u64,
    different: u64,
    outside: u64,
    largest: u32,
    cells: Cells,
    cells_outside: Cells,
    boxes: Option<(Vec<Rect>, Vec<Rect>)>,
}

/// Around what differs in each cell, by its row and column.
type Cells = BTreeMap<(u32, u32), Rect>;

impl Differences {
    pub(crate) fn new(total: u64) -> Self {
        let (cells, cells_outside) = (Cells::new(), Cells::new());
        Self { total, different: 0, outside: 0, largest: 0, cells, cells_outside, boxes: None }
    }

    /// Counts a difference in the cell of this column and row.
    pub(crate) fn add(&mut self, (column, row): (u32, u32), rect: Rect, apart: u32, is_outside: bool) {
        self.different += 1;
        self.outside += u64::from(is_outside);
        self.largest = self.largest.max(apart);
        let put = |cells: &mut Cells| {
            cells.entry((row, column)).and_modify(|known| *known = around(known, &rect)).or_insert(rect);
        };
        put(&mut self.cells);
        if is_outside {
            put(&mut self.cells_outside);
        }
    }

    /// Turns the boxes from a stored picture of this size to how it is shown.
    pub(crate) fn turn(&mut self, orientation: Orientation, (width, height): (u32, u32)) {
        // The way back: a quarter to the right is undone by one to the left, all others by themselves.
        let back = match orientation {
            Orientation::Rotate90 => Orientation::Rotate270,
            Orientation::Rotate270 => Orientation::Rotate90,
            other => other,
        };
        let shown = if orientation.to_exif() >= 5 { (height, width) } else { (width, height) };
        let turned = |cells: &mut Cells| -> Vec<Rect> {
            groups(std::mem::take(cells)).iter().map(|rect| stored_rect(rect, back, shown)).collect()
        };
        self.boxes = Some((turned(&mut self.cells), turned(&mut self.cells_outside)));
    }

    fn into_comparison(self, measure: Measure) -> Comparison {
        let Self { total, different, outside, largest, cells, cells_outside, boxes } = self;
        let (boxes, boxes_outside) = boxes.unwrap_or_else(|| (groups(cells), groups(cells_outside)));
        Comparison { measure, total, different, outside, largest, boxes, boxes_outside }
    }
}

/// Boxes around cells that touch one another, corners included.
fn groups(mut cells: Cells) -> Vec<Rect> {
    let mut boxes = Vec::new();
    while let Some((first, rect)) = cells.pop_first() {
        let mut found = rect;
        let mut open = vec![first];
        while let Some((row, column)) = open.pop() {
            for row in row.saturating_sub(1)..=row + 1 {
                for column in column.saturating_sub(1)..=column + 1 {
                    if let Some(rect) = cells.remove(&(row, column)) {
                        found = around(&found, &rect);
                        open.push((row, column));
                    }
                }
            }
        }
        boxes.push(found);
    }
    boxes
}

fn around(one: &Rect, other: &Rect) -> Rect {
    let (x, y) = (one.x.min(other.x), one.y.min(other.y));
    let (right, bottom) = (one.right().max(other.right()), one.bottom().max(other.bottom()));
    Rect { x, y, width: right - x, height: bottom - y }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(x: u32, y: u32) -> ((u32, u32), Rect) {
        ((y, x), Rect { x: 8 * x, y: 8 * y, width: 8, height: 8 })
    }

    #[test]
    fn cells_that_touch_are_one_box() {
        let cells = Cells::from([cell(0, 0), cell(1, 1), cell(5, 0), cell(5, 1), cell(3, 3)]);
        let found: Vec<_> = groups(cells).iter().map(|r| (r.x, r.y, r.width, r.height)).collect();
        assert_eq!(found, [(0, 0, 16, 16), (40, 0, 8, 16), (24, 24, 8, 8)]);
    }

    #[test]
    fn boxes_are_turned_as_the_picture_is() {
        // One pixel of a stored picture of 3x2, and where it is shown.
        for exif in 1..=8 {
            let orientation = Orientation::from_exif(exif).unwrap();
            for at in 0..6_u32 {
                let mut stored = DynamicImage::new_luma8(3, 2);
                stored.as_mut_luma8().unwrap().put_pixel(at % 3, at / 3, image::Luma([9]));
                stored.apply_orientation(orientation);
                let shown = stored.as_bytes().iter().position(|value| *value == 9).unwrap() as u32;
                let mut differences = Differences::new(6);
                let rect = Rect { x: at % 3, y: at / 3, width: 1, height: 1 };
                differences.add((at % 3, at / 3), rect, 1, true);
                differences.turn(orientation, (3, 2));
                let found = differences.into_comparison(Measure::Coefficients).boxes;
                let expected = Rect { x: shown % stored.width(), y: shown / stored.width(), width: 1, height: 1 };
                assert_eq!(found, [expected], "orientation {exif}, pixel {at}");
            }
        }
    }
}
