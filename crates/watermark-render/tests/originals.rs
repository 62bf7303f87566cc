//! What originals of every kind come to: formats, depths, orientations, metadata, sizes, and bad ones.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

mod pictures;

use image::{
    DynamicImage, GenericImageView, ImageDecoder, ImageFormat,
    codecs::{jpeg::JpegDecoder, png::PngDecoder},
    metadata::Orientation,
};
use pictures::{
    SECRET, ada, decoded, encoded, jpeg, marked, noise, png, profile, quarters, template, text, with_metadata,
};
use sealmark_watermark_dsl::{Template, Variables};
use sealmark_watermark_render::{Format, Limits, Output, RenderError, Resources, render, verify};

fn verified(source: &[u8], template: &Template) -> Output {
    let output = marked(source, template).unwrap();
    verify(source, &output, &Limits::default()).unwrap();
    output
}

/// The pixels as a viewer shows them.
fn shown(bytes: &[u8]) -> DynamicImage {
    let mut decoder = image::ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format().unwrap();
    decoder.no_limits();
    let mut decoder = decoder.into_decoder().unwrap();
    let orientation = decoder.orientation().unwrap();
    let mut image = DynamicImage::from_decoder(decoder).unwrap();
    image.apply_orientation(orientation);
    image
}

fn corner() -> Template {
    text("© {user_id}", "size = 20px anchor = bottom_right margin = 8px opacity = 90% shadow = 1px 1px #000")
}

#[test]
fn every_orientation_is_shown_upright_with_the_mark_in_its_corner() {
    let upright = DynamicImage::ImageRgb8(quarters(203, 122));
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        let reference = verified(&with_metadata(&upright, format, 1, profile(b"RGB ")), &corner());
        for exif in 1..=8_u8 {
            let undo = match Orientation::from_exif(exif).unwrap() {
                Orientation::Rotate90 => Orientation::Rotate270,
                Orientation::Rotate270 => Orientation::Rotate90,
                own_inverse => own_inverse,
            };
            let mut stored = upright.clone();
            stored.apply_orientation(undo);
            let output = verified(&with_metadata(&stored, format, exif.into(), profile(b"RGB ")), &corner());
            assert_eq!((output.width, output.height), (203, 122), "orientation {exif}");
            assert_eq!(output.touched, reference.touched, "orientation {exif}");
            let touched = output.touched[0];
            assert!(touched.x > 100 && touched.y > 61 && touched.right() <= 203 && touched.bottom() <= 122);

            let (new, old) = (shown(&output.bytes).to_rgb8(), shown(&reference.bytes).to_rgb8());
            let most = new.iter().zip(old.iter()).map(|(new, old)| new.abs_diff(*old)).max().unwrap();
            // The blocks of a JPEG are cut in other places; PNG has no excuse.
            let allowed = if format == ImageFormat::Png { 0 } else { 64 };
            assert!(most <= allowed, "orientation {exif} in {format:?} differs by {most}");
        }
    }
}

#[test]
fn the_profile_stays_and_every_other_metadata_goes() {
    let image = DynamicImage::ImageRgb8(quarters(90, 60));
    for format in [ImageFormat::Jpeg, ImageFormat::Png] {
        let source = with_metadata(&image, format, 1, profile(b"RGB "));
        assert!(source.windows(SECRET.len()).any(|bytes| bytes == SECRET.as_bytes()));
        let output = verified(&source, &corner()).bytes;
        assert!(!output.windows(SECRET.len()).any(|bytes| bytes == SECRET.as_bytes()));
        let cursor = std::io::Cursor::new(&output);
        let (kept, exif) = if format == ImageFormat::Jpeg {
            let mut decoder = JpegDecoder::new(cursor).unwrap();
            (decoder.icc_profile().unwrap(), decoder.exif_metadata().unwrap())
        } else {
            let mut decoder = PngDecoder::new(cursor).unwrap();
            (decoder.icc_profile().unwrap(), decoder.exif_metadata().unwrap())
        };
        assert_eq!(kept, Some(profile(b"RGB ")));
        assert_eq!(exif, None);
    }
}

#[test]
fn a_profile_for_other_pixels_is_dropped() {
    let source = with_metadata(&DynamicImage::ImageRgb8(quarters(90, 60)), ImageFormat::Png, 1, profile(b"CMYK"));
    let output = verified(&source, &corner()).bytes;
    assert_eq!(PngDecoder::new(std::io::Cursor::new(&output)).unwrap().icc_profile().unwrap(), None);
}

#[test]
fn a_png_keeps_its_depth_its_channels_and_what_its_colours_mean() {
    let rgb = DynamicImage::ImageRgb8(quarters(90, 60));
    for image in [
        DynamicImage::ImageLuma8(rgb.to_luma8()),
        DynamicImage::ImageLumaA8(rgb.to_luma_alpha8()),
        DynamicImage::ImageRgba8(rgb.to_rgba8()),
        DynamicImage::ImageLuma16(rgb.to_luma16()),
        DynamicImage::ImageLumaA16(rgb.to_luma_alpha16()),
        DynamicImage::ImageRgb16(rgb.to_rgb16()),
        DynamicImage::ImageRgba16(rgb.to_rgba16()),
        rgb.clone(),
    ] {
        let output = verified(&png(&image), &corner());
        let out = decoded(&output.bytes);
        assert_eq!(out.color(), image.color());
        assert_eq!((output.content_type, output.extension), ("image/png", "png"));
        let touched = output.touched[0];
        let changed = (touched.y..touched.bottom())
            .flat_map(|y| (touched.x..touched.right()).map(move |x| (x, y)))
            .filter(|(x, y)| out.get_pixel(*x, *y) != image.get_pixel(*x, *y))
            .count();
        assert!(changed > 100, "{:?}: only {changed} pixels carry the mark", image.color());
    }
    // gAMA of 0.45455 with its checksum, right behind the header.
    let gamma = b"\0\0\0\x04gAMA\0\0\xb1\x8f\x0b\xfca\x05";
    let mut source = png(&rgb);
    source.splice(33..33, gamma.iter().copied());
    let output = verified(&source, &corner()).bytes;
    assert_eq!(output[33..33 + gamma.len()], *gamma);
    assert_eq!(decoded(&output).color(), image::ColorType::Rgb8);
}

/// A PNG with a palette of four colours, one half and one fully transparent, 2 bits a pixel, 24 x 24.
const PALETTE: &[u8] = b"\
    \x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x18\x00\x00\x00\x18\x02\x03\
    \x00\x00\x00\x9d\x19\xd5\x6b\x00\x00\x00\x0c\x50\x4c\x54\x45\xff\x00\x00\x00\xff\x00\x00\x00\xff\x28\x28\
    \x28\xa5\x08\x57\xec\x00\x00\x00\x04\x74\x52\x4e\x53\xff\xff\x80\x00\xe8\x8d\xcc\xcd\x00\x00\x00\x12\x49\
    \x44\x41\x54\x78\xda\x63\x90\x96\x96\x7e\xf2\xe4\x09\xc3\x60\xa7\x00\x35\x95\x47\xb9\xa6\x90\x82\xfa\x00\
    \x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82\
";

#[test]
fn a_palette_becomes_the_colours_that_it_stands_for() {
    let output = verified(PALETTE, &text("X", "size = 10px margin = 1px"));
    let out = decoded(&output.bytes);
    assert_eq!(out.color(), image::ColorType::Rgba8);
    let first: Vec<[u8; 4]> = (0..4).map(|x| out.get_pixel(x, 0).0).collect();
    assert_eq!(first, [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 128], [40, 40, 40, 0]]);
}

#[test]
fn a_gray_jpeg_stays_gray() {
    let gray = DynamicImage::ImageLuma8(DynamicImage::ImageRgb8(quarters(90, 60)).to_luma8());
    let output = verified(&encoded(&gray, ImageFormat::Jpeg), &corner());
    assert_eq!(decoded(&output.bytes).color(), image::ColorType::L8);
    assert_eq!((output.content_type, output.extension), ("image/jpeg", "jpg"));
}

#[test]
fn pictures_of_any_small_size_take_a_mark_or_at_least_do_no_harm() {
    let templates = [corner(), text("M", "size = 100%h shadow = -3px 9px 9px #f00"), text("—", "margin = 50%")];
    for (width, height) in [(1, 1), (1, 2), (2, 1), (1, 40), (40, 1), (3, 3), (8, 8), (9, 17), (300, 2)] {
        for template in &templates {
            let image = quarters(width, height);
            for source in [png(&DynamicImage::ImageRgb8(image.clone())), jpeg(&image)] {
                let output = verified(&source, template);
                assert_eq!((output.width, output.height), (width, height));
                let is_inside =
                    |rect: &sealmark_watermark_render::Rect| rect.right() <= width && rect.bottom() <= height;
                assert!(output.touched.iter().all(is_inside));
            }
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let source = jpeg(&quarters(200, 120));
    let first = verified(&source, &corner());
    assert_eq!(first, verified(&source, &corner()));
    let other = Variables { user_id: "bob".into(), ..ada() };
    let other = render(&source, &corner(), &other, &Resources::embedded(), &Limits::default()).unwrap();
    assert_ne!(first.bytes, other.bytes);
}

#[test]
fn missing_glyphs_are_told() {
    let variables = Variables { user_id: "ab\u{4e2d}c\u{4e2d}".into(), ..ada() };
    let source = jpeg(&quarters(200, 120));
    let output = render(&source, &corner(), &variables, &Resources::embedded(), &Limits::default()).unwrap();
    assert_eq!(output.missing_glyphs, ['\u{4e2d}']);
}

#[test]
fn a_mark_that_would_not_show_is_an_error() {
    let source = jpeg(&quarters(200, 120));
    let template = template("template \"t\" { text \"x\" { } text \"{tenant} {upload_id}\" { } }");
    assert!(matches!(marked(&source, &template), Err(RenderError::EmptyMark { layer: 2 })));
    let unknown = marked(&source, &text("x", "font = \"Comic\""));
    assert!(matches!(unknown, Err(RenderError::UnknownFont { name, known }) if name == "Comic" && known.len() == 1));
}

#[test]
fn bad_originals_get_typed_errors() {
    let (good_jpeg, good_png) = (jpeg(&noise(64, 64)), png(&DynamicImage::ImageRgb8(noise(64, 64))));
    let fails = |bytes: &[u8]| marked(bytes, &corner()).unwrap_err();
    assert!(matches!(fails(b"%PDF-1.7"), RenderError::UnsupportedFormat { found: "a PDF" }));
    for (bytes, format) in [(&good_jpeg, Format::Jpeg), (&good_png, Format::Png)] {
        for kept in [8, 40, bytes.len() / 2, bytes.len() - 13] {
            let error = fails(&bytes[..kept]);
            assert!(matches!(error, RenderError::BrokenImage { format: f, .. } if f == format), "{kept}: {error:?}");
        }
    }
    // Nothing behind the end of a JPEG is looked at.
    assert!(marked(&[&good_jpeg[..], b"a film"].concat(), &corner()).is_ok());
}

#[test]
fn an_animated_png_without_its_pictures_is_refused_rather_than_stopped() {
    let mut source = png(&DynamicImage::ImageRgb8(quarters(20, 20)));
    // acTL with two frames and its checksum, right behind the header.
    source.splice(33..33, *b"\0\0\0\x08acTL\0\0\0\x02\0\0\0\0\xf3\x8d\x93p");
    let error = marked(&source, &corner()).unwrap_err();
    assert!(matches!(error, RenderError::BrokenImage { format: Format::Png, .. }), "{error:?}");
}

#[test]
fn too_large_is_told_from_the_header_alone() {
    // A PNG that promises 60,000 x 60,000 pixels and has none.
    let mut bomb = png(&DynamicImage::ImageRgb8(quarters(8, 8)));
    bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let mut crc = u32::MAX;
    for byte in &bomb[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    bomb[29..33].copy_from_slice(&(!crc).to_be_bytes());
    let error = marked(&bomb, &corner()).unwrap_err();
    assert!(matches!(error, RenderError::ImageTooLarge { width: 60_000, height: 60_000, .. }), "{error:?}");

    let source = png(&DynamicImage::ImageRgb8(quarters(20, 20)));
    for limits in
        [Limits { max_pixels: 399, ..Limits::default() }, Limits { max_decoded_bytes: 1_199, ..Limits::default() }]
    {
        let error = render(&source, &corner(), &ada(), &Resources::embedded(), &limits).unwrap_err();
        assert!(matches!(error, RenderError::ImageTooLarge { width: 20, height: 20, .. }), "{error:?}");
    }
    let exact = Limits { max_pixels: 400, max_decoded_bytes: 1_200 };
    assert!(render(&source, &corner(), &ada(), &Resources::embedded(), &exact).is_ok());
    // The pixels of a JPEG that keeps its coefficients are never there at once.
    let source = jpeg(&quarters(20, 20));
    let limits = Limits { max_pixels: 400, max_decoded_bytes: 0 };
    assert!(render(&source, &corner(), &ada(), &Resources::embedded(), &limits).is_ok());
    let limits = Limits { max_pixels: 399, ..limits };
    let error = render(&source, &corner(), &ada(), &Resources::embedded(), &limits).unwrap_err();
    assert!(matches!(error, RenderError::ImageTooLarge { width: 20, height: 20, .. }), "{error:?}");
}
