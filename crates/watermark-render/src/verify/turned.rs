//! The turning of pixels, written a second time and in another way.

use image::{DynamicImage, ImageBuffer, Pixel, metadata::Orientation};

use crate::Rect;

/// A rectangle of a picture as shown, in pixels as stored.
pub(crate) fn stored_rect(rect: &Rect, orientation: Orientation, (width, height): (u32, u32)) -> Rect {
    let (right, bottom) = (rect.right(), rect.bottom());
    let (flip_x, flip_y) = (|x: u32| width.saturating_sub(x), |y: u32| height.saturating_sub(y));
    // Left, top, right and bottom as stored.
    let (left, top, right, bottom) = match orientation.to_exif() {
        2 => (flip_x(right), rect.y, flip_x(rect.x), bottom),
        3 => (flip_x(right), flip_y(bottom), flip_x(rect.x), flip_y(rect.y)),
        4 => (rect.x, flip_y(bottom), right, flip_y(rect.y)),
        5 => (rect.y, rect.x, bottom, right),
        6 => (rect.y, flip_y(right), bottom, flip_y(rect.x)),
        7 => (flip_x(bottom), flip_y(right), flip_x(rect.y), flip_y(rect.x)),
        8 => (flip_x(bottom), rect.x, flip_x(rect.y), right),
        _ => (rect.x, rect.y, right, bottom),
    };
    Rect { x: left, y: top, width: right.saturating_sub(left), height: bottom.saturating_sub(top) }
}

/// A stored picture as it is shown; none for the kinds that no decoder of ours gives.
pub(super) fn upright(image: DynamicImage, orientation: Orientation) -> Option<DynamicImage> {
    if orientation == Orientation::NoTransforms {
        return Some(image);
    }
    let shown = Shown { width: image.width(), height: image.height(), orientation };
    Some(match image {
        DynamicImage::ImageLuma8(image) => DynamicImage::ImageLuma8(shown.turned(&image)?),
        DynamicImage::ImageLumaA8(image) => DynamicImage::ImageLumaA8(shown.turned(&image)?),
        DynamicImage::ImageRgb8(image) => DynamicImage::ImageRgb8(shown.turned(&image)?),
        DynamicImage::ImageRgba8(image) => DynamicImage::ImageRgba8(shown.turned(&image)?),
        DynamicImage::ImageLuma16(image) => DynamicImage::ImageLuma16(shown.turned(&image)?),
        DynamicImage::ImageLumaA16(image) => DynamicImage::ImageLumaA16(shown.turned(&image)?),
        DynamicImage::ImageRgb16(image) => DynamicImage::ImageRgb16(shown.turned(&image)?),
        DynamicImage::ImageRgba16(image) => DynamicImage::ImageRgba16(shown.turned(&image)?),
        _ => return None,
    })
}

/// A stored picture's size, and how it is shown.
struct Shown {
    width: u32,
    height: u32,
    orientation: Orientation,
}

impl Shown {
    fn size(&self) -> (u32, u32) {
        if self.orientation.to_exif() >= 5 { (self.height, self.width) } else { (self.width, self.height) }
    }

    fn turned<P: Pixel>(&self, image: &ImageBuffer<P, Vec<P::Subpixel>>) -> Option<ImageBuffer<P, Vec<P::Subpixel>>> {
        let (width, height) = self.size();
        let count = usize::from(P::CHANNEL_COUNT);
        let mut samples = Vec::with_capacity(image.as_raw().len());
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            let at = self.index(x, y) * count;
            samples.extend_from_slice(image.as_raw().get(at..at + count)?);
        }
        ImageBuffer::from_raw(width, height, samples)
    }

    /// Which stored pixel is shown at `x`, `y`, as a number. Source: EXIF 2.32, tag 0x0112: the value says which
    /// edges of the stored picture are the top and the left of the shown one.
    fn index(&self, x: u32, y: u32) -> usize {
        let (width, height) = (self.width, self.height);
        let (column, row) = match self.orientation.to_exif() {
            2 => (width - 1 - x, y),
            3 => (width - 1 - x, height - 1 - y),
            4 => (x, height - 1 - y),
            5 => (y, x),
            6 => (y, height - 1 - x),
            7 => (width - 1 - y, height - 1 - x),
            8 => (width - 1 - y, x),
            _ => (x, y),
        };
        row as usize * width as usize + column as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_way_of_turning_agrees_with_the_first() {
        let samples: Vec<u8> = (0..6).collect();
        let stored = DynamicImage::ImageLuma8(image::GrayImage::from_raw(3, 2, samples).unwrap());
        for exif in 1..=8 {
            let orientation = Orientation::from_exif(exif).unwrap();
            let mut turned = stored.clone();
            turned.apply_orientation(orientation);
            let shown = Shown { width: 3, height: 2, orientation };
            assert_eq!(shown.size(), (turned.width(), turned.height()));
            assert_eq!(upright(stored.clone(), orientation).unwrap(), turned);
            for (at, value) in turned.as_bytes().iter().enumerate() {
                let (x, y) = (at as u32 % turned.width(), at as u32 / turned.width());
                assert_eq!(shown.index(x, y), usize::from(*value), "orientation {exif} at {x},{y}");
                let rect = stored_rect(&Rect { x, y, width: 1, height: 1 }, orientation, (3, 2));
                assert_eq!((rect.y * 3 + rect.x, rect.width, rect.height), (u32::from(*value), 1, 1));
            }
        }
    }
}
