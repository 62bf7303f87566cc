//! What a file is, and how two of them differ.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

mod pictures;

use image::{DynamicImage, ImageFormat, Rgb};
use pictures::{decoded, jpeg, marked, png, profile, quarters, text, with_metadata};
use sealmark_watermark_render::{
    Comparison, Inspection, Limits, Measure, MetadataKind, PixelsFor, Rect, RenderError, Structure, VerifyFailure,
    compare, inspect,
};

fn compared(before: &[u8], after: &[u8], touched: &[Rect]) -> Comparison {
    compare(before, after, touched, &Limits::default()).unwrap()
}

fn turned(width: u32, height: u32, orientation: u16) -> Vec<u8> {
    let picture = DynamicImage::ImageRgb8(quarters(width, height));
    with_metadata(&picture, ImageFormat::Jpeg, orientation, profile(b"RGB "))
}

#[test]
fn a_marked_jpeg_differs_under_its_mark_alone() {
    let source = jpeg(&quarters(203, 122));
    let output = marked(&source, &text("© {user_id}", "size = 20px margin = 10px")).unwrap();
    let found = compared(&source, &output.bytes, &output.touched);
    assert_eq!((found.measure, found.total, found.outside), (Measure::Coefficients, 26 * 16, 0));
    assert!(found.different > 10 && found.different < 200 && found.largest > 0, "{found:?}");
    assert!(!found.boxes.is_empty() && found.boxes_outside.is_empty());
    let nowhere = compared(&source, &output.bytes, &[]);
    assert_eq!((nowhere.outside, &nowhere.boxes_outside), (found.different, &found.boxes));
    assert_eq!(compared(&source, &source, &[]).different, 0);
}

#[test]
fn a_turned_jpeg_is_compared_as_it_is_shown() {
    let source = turned(200, 120, 6);
    let output = marked(&source, &text("x", "size = 16px margin = 0 anchor = top_left")).unwrap();
    let found = compared(&source, &output.bytes, &output.touched);
    assert_eq!((found.measure, found.outside), (Measure::Coefficients, 0));
    assert!(found.boxes.iter().all(|rect| rect.right() <= 32 && rect.bottom() <= 32), "{found:?}");
}

#[test]
fn pixels_are_compared_where_there_are_no_coefficients() {
    let before = quarters(90, 60);
    let mut after = before.clone();
    after.put_pixel(3, 4, Rgb([0; 3]));
    after.put_pixel(80, 50, Rgb([255; 3]));
    let (old, new) = (DynamicImage::ImageRgb8(before.clone()), DynamicImage::ImageRgb8(after));
    let found = compared(&png(&old), &png(&new), &[Rect { x: 0, y: 0, width: 10, height: 10 }]);
    assert_eq!((found.measure, found.total), (Measure::Pixels(PixelsFor::NoJpegs), 90 * 60));
    assert_eq!((found.different, found.outside), (2, 1));
    assert_eq!(found.boxes_outside, [Rect { x: 80, y: 50, width: 1, height: 1 }]);

    let wide = DynamicImage::ImageRgb16(old.to_rgb16());
    assert_eq!(compared(&png(&old), &png(&wide), &[]).different, 0);
}

#[test]
fn a_jpeg_of_other_tables_is_compared_by_its_pixels() {
    let picture = quarters(64, 48);
    let mut coarse = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut coarse, 20).encode_image(&picture).unwrap();
    let found = compared(&jpeg(&picture), &coarse, &[]);
    assert_eq!(found.measure, Measure::Pixels(PixelsFor::OtherCoefficients));
    assert!(found.different > 0);
    let cut = &coarse[..coarse.len() / 2];
    assert!(matches!(compare(&coarse, cut, &[], &Limits::default()), Err(RenderError::BrokenImage { .. })));
    let other = png(&DynamicImage::ImageRgb8(quarters(64, 47)));
    let failure = compare(&coarse, &other, &[], &Limits::default()).unwrap_err();
    let size = VerifyFailure::Size { expected: (64, 48), got: (64, 47) };
    assert!(matches!(failure, RenderError::VerifyFailed { failure } if failure == size));
}

#[test]
fn what_is_kept_shows_when_both_are_looked_into() {
    let source = turned(64, 48, 8);
    let found = inspect(&source).unwrap();
    assert_eq!((found.width, found.height, found.orientation, found.shown_size()), (64, 48, 8, (48, 64)));
    let digest = |found: &Inspection, kind| found.metadata.iter().find(|found| found.kind == kind).map(|f| f.digest);
    assert!(matches!(&found.structure, Structure::Jpeg(jpeg) if jpeg.sampling() == "4:4:4"));
    let output = marked(&source, &text("x", "size = 10px")).unwrap();
    let kept = inspect(&output.bytes).unwrap();
    assert_eq!((kept.orientation, decoded(&output.bytes).width()), (8, 64));
    assert!(digest(&found, MetadataKind::Icc).is_some());
    assert_eq!(digest(&found, MetadataKind::Icc), digest(&kept, MetadataKind::Icc));
    assert_ne!(digest(&found, MetadataKind::Exif), digest(&kept, MetadataKind::Exif));
}
