//! Pixels on their way from one format to another: what the format can hold, at the size that the template wants.

use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer, images};
use image::{DynamicImage, GrayImage, ImageBuffer, Luma, LumaA, Rgb, RgbImage, Rgba};

use crate::{Format, RenderError};

/// Width and height where no side may be longer than this.
pub(crate) fn shrunk_size(width: u32, height: u32, max_edge_px: Option<u32>) -> (u32, u32) {
    let longest = width.max(height);
    let Some(edge) = max_edge_px.filter(|edge| *edge < longest) else { return (width, height) };
    let scaled = |side: u32| {
        let side = (u64::from(side) * u64::from(edge) + u64::from(longest) / 2) / u64::from(longest);
        // At most the edge.
        (side as u32).max(1)
    };
    (scaled(width), scaled(height))
}

/// An upright picture as the format can hold it, and shrunk.
///
/// JPEG, WebP and GIF have 8 bits; a JPEG has no alpha, so that what is transparent is laid on white; a WebP is never gray.
pub(crate) fn prepared(
    image: DynamicImage,
    format: Format,
    max_edge_px: Option<u32>,
) -> Result<DynamicImage, RenderError> {
    let image = match format {
        Format::Png | Format::Bmp | Format::Tiff => image,
        Format::Gif => DynamicImage::ImageRgba8(image.into_rgba8()),
        Format::WebP if image.color().has_alpha() => DynamicImage::ImageRgba8(image.into_rgba8()),
        Format::WebP => DynamicImage::ImageRgb8(image.into_rgb8()),
        Format::Jpeg if image.color().has_alpha() => on_white(&image),
        Format::Jpeg if image.color().has_color() => DynamicImage::ImageRgb8(image.into_rgb8()),
        Format::Jpeg => DynamicImage::ImageLuma8(image.into_luma8()),
    };
    let (width, height) = shrunk_size(image.width(), image.height(), max_edge_px);
    if (width, height) == (image.width(), image.height()) {
        return Ok(image);
    }
    let mut image = resized(&image, width, height)
        .ok_or(RenderError::UnsupportedFormat { found: "a picture with samples of a kind that cannot be shrunk" })?;
    if let (Format::Gif, DynamicImage::ImageRgba8(image)) = (format, &mut image) {
        image.pixels_mut().for_each(opaque_or_nothing);
    }
    Ok(image)
}

/// A GIF knows nothing between the two.
pub(crate) fn opaque_or_nothing(pixel: &mut Rgba<u8>) {
    let [.., alpha] = &mut pixel.0;
    *alpha = if *alpha < 128 { 0 } else { 255 };
    if *alpha == 0 {
        pixel.0 = [0; 4];
    }
}

fn on_white(image: &DynamicImage) -> DynamicImage {
    let over = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    let (width, height) = (image.width(), image.height());
    if image.color().has_color() {
        let pixels = image.to_rgba8();
        DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
            let Rgba([r, g, b, alpha]) = *pixels.get_pixel(x, y);
            Rgb([over(r, alpha), over(g, alpha), over(b, alpha)])
        }))
    } else {
        let pixels = image.to_luma_alpha8();
        DynamicImage::ImageLuma8(GrayImage::from_fn(width, height, |x, y| {
            let LumaA([gray, alpha]) = *pixels.get_pixel(x, y);
            Luma([over(gray, alpha)])
        }))
    }
}

/// By Lanczos's filter on the values as they are stored, which is how browsers and sharp shrink. What is transparent
/// does not bleed.
fn resized(image: &DynamicImage, width: u32, height: u32) -> Option<DynamicImage> {
    let kind = match image {
        DynamicImage::ImageLuma8(_) => PixelType::U8,
        DynamicImage::ImageLumaA8(_) => PixelType::U8x2,
        DynamicImage::ImageRgb8(_) => PixelType::U8x3,
        DynamicImage::ImageRgba8(_) => PixelType::U8x4,
        DynamicImage::ImageLuma16(_) => PixelType::U16,
        DynamicImage::ImageLumaA16(_) => PixelType::U16x2,
        DynamicImage::ImageRgb16(_) => PixelType::U16x3,
        DynamicImage::ImageRgba16(_) => PixelType::U16x4,
        _ => return None,
    };
    // Samples of 16 bits are aligned as the buffer of the picture is, so that borrowing them does not fail.
    let source = images::ImageRef::new(image.width(), image.height(), image.as_bytes(), kind).ok()?;
    let mut target = images::Image::new(width, height, kind);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    Resizer::new().resize(&source, &mut target, &options).ok()?;
    let bytes = target.into_vec();
    let wide = || bytes.chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]])).collect::<Vec<u16>>();
    Some(match kind {
        PixelType::U8 => DynamicImage::ImageLuma8(ImageBuffer::from_raw(width, height, bytes)?),
        PixelType::U8x2 => DynamicImage::ImageLumaA8(ImageBuffer::from_raw(width, height, bytes)?),
        PixelType::U8x3 => DynamicImage::ImageRgb8(ImageBuffer::from_raw(width, height, bytes)?),
        PixelType::U8x4 => DynamicImage::ImageRgba8(ImageBuffer::from_raw(width, height, bytes)?),
        PixelType::U16 => DynamicImage::ImageLuma16(ImageBuffer::from_raw(width, height, wide())?),
        PixelType::U16x2 => DynamicImage::ImageLumaA16(ImageBuffer::from_raw(width, height, wide())?),
        PixelType::U16x3 => DynamicImage::ImageRgb16(ImageBuffer::from_raw(width, height, wide())?),
        PixelType::U16x4 => DynamicImage::ImageRgba16(ImageBuffer::from_raw(width, height, wide())?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_side_is_longer_and_none_vanishes() {
        assert_eq!(shrunk_size(4_000, 3_000, Some(2_048)), (2_048, 1_536));
        assert_eq!(shrunk_size(3_000, 4_001, Some(100)), (75, 100));
        assert_eq!(shrunk_size(10, 65_535, Some(16)), (1, 16));
        assert_eq!(shrunk_size(100, 100, Some(100)), (100, 100));
        assert_eq!(shrunk_size(100, 100, None), (100, 100));
    }

    #[test]
    fn every_kind_of_samples_is_shrunk() {
        let ramp = RgbImage::from_fn(64, 48, |x, y| Rgb([(x * 4) as u8, (y * 5) as u8, 128]));
        let ramp = DynamicImage::ImageRgb8(ramp);
        for image in [
            DynamicImage::ImageLuma8(ramp.to_luma8()),
            DynamicImage::ImageLumaA8(ramp.to_luma_alpha8()),
            DynamicImage::ImageRgba8(ramp.to_rgba8()),
            DynamicImage::ImageLuma16(ramp.to_luma16()),
            DynamicImage::ImageLumaA16(ramp.to_luma_alpha16()),
            DynamicImage::ImageRgb16(ramp.to_rgb16()),
            DynamicImage::ImageRgba16(ramp.to_rgba16()),
            ramp.clone(),
        ] {
            let small = prepared(image.clone(), Format::Png, Some(32)).unwrap();
            assert_eq!((small.width(), small.height(), small.color()), (32, 24, image.color()));
            let (small, large) = (small.to_rgb8(), image.to_rgb8());
            for (x, y, pixel) in small.enumerate_pixels() {
                let mean = |channel: usize| {
                    let of = |dx, dy| u32::from(large.get_pixel(2 * x + dx, 2 * y + dy).0[channel]);
                    (of(0, 0) + of(1, 0) + of(0, 1) + of(1, 1)) / 4
                };
                for channel in 0..3 {
                    assert!(u32::from(pixel.0[channel]).abs_diff(mean(channel)) <= 3, "{:?} at {x},{y}", image.color());
                }
            }
        }
    }

    #[test]
    fn a_jpeg_of_something_transparent_is_on_white() {
        let glass = image::RgbaImage::from_pixel(2, 2, Rgba([0, 100, 200, 51]));
        let image = prepared(DynamicImage::ImageRgba8(glass), Format::Jpeg, None).unwrap();
        assert_eq!(image.to_rgb8().get_pixel(0, 0).0, [204, 224, 244]);
        let gray = image::GrayAlphaImage::from_pixel(2, 2, LumaA([0, 0]));
        let image = prepared(DynamicImage::ImageLumaA8(gray), Format::Jpeg, None).unwrap();
        assert_eq!(image, DynamicImage::ImageLuma8(GrayImage::from_pixel(2, 2, Luma([255]))));
    }
}
