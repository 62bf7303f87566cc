//! Verification must be able to fail: every kind of damage, and the damage is found.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

mod pictures;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, codecs::jpeg::JpegEncoder};
use pictures::{decoded, jpeg, marked, noise, png, profile, quarters, text, with_metadata};
use sealmark_watermark_render::{
    Codes, JPEG_QUALITY, Limits, Metadata, Method, Output, Rect, Refusal, RenderError, VerifyFailure, verify,
};

fn original() -> DynamicImage {
    DynamicImage::ImageRgb8(quarters(203, 122))
}

fn output(source: &[u8]) -> Output {
    marked(source, &text("© {user_id}", "size = 20px margin = 10px shadow = 1px 1px #000")).unwrap()
}

fn failure(source: &[u8], bytes: &[u8], touched: &[Rect]) -> Option<VerifyFailure> {
    // A JPEG as one whose coefficients are kept.
    let is_jpeg = source.starts_with(b"\xff\xd8");
    failure_of(source, bytes, touched, if is_jpeg { Method::Spliced(Codes::Own) } else { Method::Encoded(None) })
}

fn failure_of(source: &[u8], bytes: &[u8], touched: &[Rect], method: Method) -> Option<VerifyFailure> {
    let output = Output {
        bytes: bytes.to_vec(),
        content_type: "",
        extension: "",
        width: 0,
        height: 0,
        touched: touched.to_vec(),
        method,
        metadata: Metadata::default(),
        missing_glyphs: Vec::new(),
    };
    match verify(source, &output, &Limits::default()) {
        Ok(_) => None,
        Err(RenderError::VerifyFailed { failure }) => Some(failure),
        Err(other) => panic!("{other:?}"),
    }
}

fn jpeg_of(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).encode_image(image).unwrap();
    bytes
}

/// The output once more, changed.
fn changed(output: &Output, change: impl Fn(&mut RgbImage)) -> RgbImage {
    let mut image = decoded(&output.bytes).to_rgb8();
    change(&mut image);
    image
}

#[test]
fn one_changed_pixel_of_a_png_is_found_wherever_it_is() {
    let source = png(&original());
    let output = output(&source);
    let touched = output.touched[0];
    for (x, y) in [(0, 0), (202, 0), (0, 121), (touched.x - 1, touched.y), (touched.x, touched.y - 1), (202, 121)] {
        let image = changed(&output, |image| image.get_pixel_mut(x, y).0[2] ^= 1);
        let found = failure(&source, &png(&DynamicImage::ImageRgb8(image)), &output.touched);
        assert_eq!(found, Some(VerifyFailure::Pixel { x, y }));
    }
    let inside = changed(&output, |image| image.get_pixel_mut(touched.x, touched.y).0[2] ^= 1);
    assert_eq!(failure(&source, &png(&DynamicImage::ImageRgb8(inside)), &output.touched), None);
    // The mark itself is a change where nobody says that there is one.
    assert!(matches!(failure(&source, &output.bytes, &[]), Some(VerifyFailure::Pixel { .. })));
}

/// A JPEG that has been encoded anew, as one that cannot keep its coefficients is.
fn anew(output: &Output) -> (Vec<u8>, Method) {
    (jpeg_of(&decoded(&output.bytes).to_rgb8()), Method::Encoded(Some(Refusal::Arithmetic)))
}

#[test]
fn one_changed_block_of_a_jpeg_that_was_encoded_anew_is_found() {
    let source = jpeg(&quarters(203, 122));
    let output = output(&source);
    let (bytes, method) = anew(&output);
    assert_eq!(failure_of(&source, &bytes, &output.touched, method), None);
    let block = |change: fn(Rgb<u8>) -> Rgb<u8>| {
        changed(&output, |image| {
            for (x, y) in (40..48).flat_map(|y| (64..72).map(move |x| (x, y))) {
                let pixel = image.get_pixel_mut(x, y);
                *pixel = change(*pixel);
            }
        })
    };
    let found = Some(VerifyFailure::Block { x: 64, y: 40 });
    // Brighter, and the same luma in another colour.
    let brighter = block(|Rgb([r, g, b])| Rgb([r.saturating_add(30), g.saturating_add(30), b.saturating_add(30)]));
    assert_eq!(failure_of(&source, &jpeg_of(&brighter), &output.touched, method), found);
    let tinted = block(|Rgb([r, g, b])| Rgb([r.saturating_sub(58), g.saturating_add(20), b.saturating_add(50)]));
    assert_eq!(failure_of(&source, &jpeg_of(&tinted), &output.touched, method), found);
    // The mark itself is a change where nobody says that there is one.
    assert!(matches!(failure_of(&source, &bytes, &[], method), Some(VerifyFailure::Block { .. })));
}

#[test]
fn noise_is_the_worst_that_an_honest_encoder_does_and_it_passes() {
    let source = jpeg(&noise(160, 120));
    let (bytes, method) = anew(&output(&source));
    assert_eq!(failure_of(&source, &bytes, &output(&source).touched, method), None);
    let stripes =
        RgbImage::from_fn(160, 120, |x, y| if (x + y) % 2 == 0 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
    let mut source = Vec::new();
    JpegEncoder::new_with_quality(&mut source, 100).encode_image(&stripes).unwrap();
    let (bytes, method) = anew(&output(&source));
    assert_eq!(failure_of(&source, &bytes, &output(&source).touched, method), None);
}

#[test]
fn a_jpeg_that_was_encoded_anew_is_not_one_that_kept_its_coefficients() {
    let source = jpeg(&quarters(203, 122));
    let output = output(&source);
    assert_eq!(output.method, Method::Spliced(Codes::Own));
    assert_eq!(failure(&source, &output.bytes, &output.touched), None);
    let (bytes, _) = anew(&output);
    assert_eq!(failure(&source, &bytes, &output.touched), Some(VerifyFailure::Structure));
    // The mark itself is a change where nobody says that there is one.
    assert!(matches!(failure(&source, &output.bytes, &[]), Some(VerifyFailure::Coefficient { .. })));
}

#[test]
fn another_picture_size_format_or_kind_is_found() {
    let source = png(&original());
    let output = output(&source);
    let fails = |bytes: &[u8]| failure(&source, bytes, &output.touched);
    assert_eq!(fails(&jpeg(&quarters(203, 122))), Some(VerifyFailure::Format));
    assert_eq!(fails(&output.bytes[..output.bytes.len() / 2]), Some(VerifyFailure::Undecodable));
    let smaller = png(&DynamicImage::ImageRgb8(quarters(203, 121)));
    assert_eq!(fails(&smaller), Some(VerifyFailure::Size { expected: (203, 122), got: (203, 121) }));
    let deeper = png(&DynamicImage::ImageRgb16(original().to_rgb16()));
    assert_eq!(fails(&deeper), Some(VerifyFailure::Samples));
}

#[test]
fn kept_metadata_and_lost_profiles_are_found() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        let source = with_metadata(&original(), format, 1, profile(b"RGB "));
        let marked = output(&source);
        assert_eq!(failure(&source, &marked.bytes, &marked.touched), None);
        // The source itself: everything is right but the metadata.
        assert_eq!(failure(&source, &source, &[]), Some(VerifyFailure::Metadata));
        let plain = if format == ImageFormat::Png { png(&original()) } else { jpeg(&quarters(203, 122)) };
        let lost = if format == ImageFormat::Png { VerifyFailure::Profile } else { VerifyFailure::Metadata };
        assert_eq!(failure(&source, &plain, &[]), Some(lost));
    }
}

#[test]
fn a_turned_original_is_compared_as_it_is_shown() {
    // Shown as if stored the other way up: the output that forgot to turn is another picture.
    let source = with_metadata(&original(), ImageFormat::Png, 3, profile(b"RGB "));
    let not_turned = {
        let upright = with_metadata(&original(), ImageFormat::Png, 1, profile(b"RGB "));
        output(&upright)
    };
    let found = failure(&source, &not_turned.bytes, &not_turned.touched);
    assert_eq!(found, Some(VerifyFailure::Pixel { x: 0, y: 0 }));
}
