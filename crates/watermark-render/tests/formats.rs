//! What the template says of the file: format, quality, size and metadata; and formats that are not JPEG and PNG.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

mod pictures;

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, RgbImage,
    codecs::{jpeg::JpegEncoder, png::PngDecoder, png::PngEncoder, webp::WebPDecoder},
};
use moxcms::ColorProfile;
use pictures::{SECRET, decoded, jpeg, marked, png, quarters, template, with_metadata};
use sealmark_watermark_dsl::Template;
use sealmark_watermark_render::{Format, Limits, Method, Output, Proof, Reason, RenderError, verify};

const ANIMATED: &[u8] = include_bytes!("files/moving.webp");

/// A mark in the corner, and this of the file.
fn with_output(output: &str) -> Template {
    template(&format!(
        "template \"t\" {{ text \"© {{user_id}}\" {{ size = 20px margin = 8px color = #fff }} output {{ {output} }} }}"
    ))
}

fn proven(source: &[u8], output: &str) -> (Output, Proof) {
    let output = marked(source, &with_output(output)).unwrap();
    let proof = verify(source, &output, &Limits::default()).unwrap();
    assert_eq!(Format::sniff(&output.bytes).unwrap(), output.format);
    (output, proof)
}

/// A photograph as far as an encoder can tell: gradients, edges and some noise.
fn photo(width: u32, height: u32) -> RgbImage {
    let (mut image, noise) = (quarters(width, height), pictures::noise(width, height));
    for (pixel, noise) in image.pixels_mut().zip(noise.pixels()) {
        for (value, noise) in pixel.0.iter_mut().zip(noise.0) {
            *value = value.saturating_add(noise / 24);
        }
    }
    image
}

fn jpeg_of(image: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(image).unwrap();
    bytes
}

#[test]
fn the_format_of_the_template_is_that_of_the_file() {
    let sources = [jpeg_of(&photo(203, 122), 90), png(&DynamicImage::ImageRgb8(photo(203, 122)))];
    for (from, source) in [Format::Jpeg, Format::Png].into_iter().zip(&sources) {
        for (name, to) in [("jpeg", Format::Jpeg), ("png", Format::Png)] {
            let (output, proof) = proven(source, &format!("format = {name}"));
            assert_eq!((output.format, output.extension), (to, to.extension()));
            assert_eq!((output.width, output.height), (203, 122));
            let expected = match (from == to, to) {
                (true, Format::Jpeg) => Proof::Coefficients,
                (_, Format::Jpeg) => Proof::NearBlocks,
                _ => Proof::Pixels,
            };
            assert_eq!(proof, expected, "{from} to {to}");
            assert_eq!(output.method == Method::Encoded(Reason::Converted), from != to);
        }
    }
}

#[test]
fn a_longer_edge_is_shrunk_and_a_shorter_one_is_not() {
    let sources = [jpeg_of(&photo(301, 200), 90), png(&DynamicImage::ImageRgb8(photo(301, 200)))];
    for source in &sources {
        let (output, _) = proven(source, "max_edge = 150px");
        assert_eq!((output.width, output.height), (150, 100));
        assert_eq!((decoded(&output.bytes).width(), decoded(&output.bytes).height()), (150, 100));
        assert_eq!(output.method, Method::Encoded(Reason::Shrunk));
        let touched = output.touched[0];
        assert!(touched.right() > 135 && touched.bottom() > 85, "the mark is laid out for the small picture");
        let (output, _) = proven(source, "max_edge = 301px");
        assert_eq!((output.width, output.height), (301, 200));
        assert_ne!(output.method, Method::Encoded(Reason::Shrunk));
    }
}

#[test]
fn a_turned_picture_is_shrunk_upright() {
    let source =
        with_metadata(&DynamicImage::ImageRgb8(quarters(300, 200)), ImageFormat::Jpeg, 6, pictures::profile(b"RGB "));
    let (output, _) = proven(&source, "max_edge = 150px");
    assert_eq!((output.width, output.height), (100, 150));
}

#[test]
fn a_lower_quality_is_smaller_and_a_higher_one_changes_nothing() {
    let source = jpeg_of(&photo(300, 200), 90);
    let (low, proof) = proven(&source, "quality = 50");
    assert_eq!((low.method, proof), (Method::Encoded(Reason::Quality), Proof::NearBlocks));
    assert!(low.bytes.len() * 2 < source.len(), "{} of {}", low.bytes.len(), source.len());
    let (high, proof) = proven(&source, "quality = 95");
    assert_eq!(proof, Proof::Coefficients);
    assert_eq!(high.bytes, proven(&source, "").0.bytes);
}

#[test]
fn the_sources_quality_is_kept_when_it_is_shrunk() {
    let quality = |bytes: &[u8]| {
        let at = memchr::memmem::find(bytes, b"\xff\xdb").unwrap();
        bytes[at + 5]
    };
    for asked in [40, 75, 95] {
        let source = jpeg_of(&photo(200, 100), asked);
        let (output, _) = proven(&source, "max_edge = 100px");
        assert_eq!(quality(&output.bytes), quality(&source), "{asked}");
    }
}

#[test]
fn author_and_copyright_survive_every_way() {
    let block = |source: &[u8]| {
        let mut decoder =
            image::ImageReader::new(Cursor::new(source)).with_guessed_format().unwrap().into_decoder().unwrap();
        decoder.exif_metadata().unwrap()
    };
    let image = DynamicImage::ImageRgb8(quarters(90, 60));
    let exif = exif_with_copyright();
    for format in [ImageFormat::Jpeg, ImageFormat::Png] {
        let mut source = Vec::new();
        match format {
            ImageFormat::Jpeg => {
                let mut encoder = JpegEncoder::new_with_quality(&mut source, 95);
                encoder.set_exif_metadata(exif.clone()).unwrap();
                encoder.write_image(image.as_bytes(), 90, 60, image.color().into()).unwrap();
            }
            _ => {
                let mut encoder = PngEncoder::new(&mut source);
                encoder.set_exif_metadata(exif.clone()).unwrap();
                encoder.write_image(image.as_bytes(), 90, 60, image.color().into()).unwrap();
            }
        }
        for output in ["format = png", "format = jpeg", "format = jpeg max_edge = 50px"] {
            let (output, _) = proven(&source, output);
            let kept = block(&output.bytes).unwrap();
            assert!(kept.windows(3).any(|bytes| bytes == b"Ada"), "{format:?} {}", output.format);
            assert!(!output.bytes.windows(SECRET.len()).any(|bytes| bytes == SECRET.as_bytes()));
            let (output, _) = proven(&source, "format = png keep = [icc]");
            assert_eq!(block(&output.bytes), None);
        }
    }
}

/// A description that must go, and a copyright that must stay.
fn exif_with_copyright() -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x02\0".to_vec();
    let length = u32::try_from(SECRET.len()).unwrap();
    block.extend([&0x010e_u16.to_le_bytes()[..], &[2, 0], &length.to_le_bytes(), &38_u32.to_le_bytes()].concat());
    block.extend([&0x8298_u16.to_le_bytes()[..], &[2, 0, 4, 0, 0, 0], b"Ada\0"].concat());
    block.extend([0; 4]);
    block.extend(SECRET.as_bytes());
    block
}

#[test]
fn notices_of_a_png_and_of_iptc_go_into_exif() {
    let mut source = png(&DynamicImage::ImageRgb8(quarters(90, 60)));
    // A tEXt chunk right behind the header, with its checksum.
    source.splice(33..33, *b"\0\0\0\x0atEXtAuthor\0Ada\x9d\x95\x0b\xf4");
    let (output, _) = proven(&source, "");
    let exif = PngDecoder::new(Cursor::new(&output.bytes)).unwrap().exif_metadata().unwrap().unwrap();
    assert!(exif.windows(3).any(|bytes| bytes == b"Ada"));
    assert!(!output.bytes.windows(4).any(|bytes| bytes == b"tEXt"));

    let iptc = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x08\x1c\x02\x74\0\x03Ada";
    let mut source = jpeg(&quarters(90, 60));
    let length = u16::try_from(iptc.len() + 2).unwrap().to_be_bytes();
    source.splice(2..2, [&[0xff, 0xed][..], &length, iptc].concat());
    let (output, _) = proven(&source, "format = png");
    let exif = PngDecoder::new(Cursor::new(&output.bytes)).unwrap().exif_metadata().unwrap().unwrap();
    assert!(exif.windows(3).any(|bytes| bytes == b"Ada"));
    let (output, _) = proven(&source, "max_edge = 50px");
    assert!(output.bytes.windows(iptc.len()).any(|bytes| bytes == iptc), "a JPEG keeps IPTC as IPTC");
}

#[test]
fn ink_has_the_pictures_own_colours() {
    let p3 = ColorProfile::new_display_p3().encode().unwrap();
    let image = DynamicImage::ImageRgb8(RgbImage::from_pixel(160, 160, image::Rgb([20, 20, 20])));
    let sources = [ImageFormat::Png, ImageFormat::Jpeg].map(|format| with_metadata(&image, format, 1, p3.clone()));
    // Pure red of sRGB is 234, 51, 35 in Display P3.
    let red = |keep: &str| {
        template(&format!(
            "template \"t\" {{ text \"—\" {{ size = 320px anchor = center margin = 0 color = #f00 opacity = 1 }} output {{ keep = [{keep}] }} }}"
        ))
    };
    for (source, slack) in sources.iter().zip([1, 6]) {
        for (keep, expected) in [("icc", [234_u8, 51, 35]), ("copyright", [255, 0, 0])] {
            let output = marked(source, &red(keep)).unwrap();
            verify(source, &output, &Limits::default()).unwrap();
            let touched = output.touched[0];
            let middle = (touched.x + touched.width / 2, touched.y + touched.height / 2);
            let found = decoded(&output.bytes).to_rgb8().get_pixel(middle.0, middle.1).0;
            let is_near = found.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) <= slack);
            assert!(is_near, "{found:?} for {expected:?}");
        }
    }
}

#[test]
fn a_lossless_webp_stays_lossless() {
    let clear = image::RgbaImage::from_fn(90, 60, |x, y| image::Rgba([y as u8, 90, 200, x as u8]));
    for image in [DynamicImage::ImageRgb8(photo(90, 60)), DynamicImage::ImageRgba8(clear)] {
        let source = pictures::encoded(&image, ImageFormat::WebP);
        let (output, proof) = proven(&source, "quality = 30");
        assert_eq!((output.extension, output.content_type, proof), ("webp", "image/webp", Proof::Pixels));
        assert_eq!(output.method, Method::Encoded(Reason::Format));
    }
    let (output, proof) = proven(&png(&DynamicImage::ImageRgb16(image::ImageBuffer::new(90, 60))), "format = webp");
    assert_eq!((output.format, proof), (Format::WebP, Proof::Pixels));
}

fn frames(webp: &[u8]) -> Vec<image::Frame> {
    use image::AnimationDecoder;
    WebPDecoder::new(Cursor::new(webp)).unwrap().into_frames().collect_frames().unwrap()
}

#[test]
fn every_picture_of_an_animated_webp_gets_the_mark() {
    let (output, proof) = proven(ANIMATED, "");
    assert_eq!(proof, Proof::Pixels);
    let (before, after) = (frames(ANIMATED), frames(&output.bytes));
    assert_eq!(after.len(), 4);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.delay(), after.delay());
        let changed = before.buffer().pixels().zip(after.buffer().pixels()).filter(|(before, after)| before != after);
        assert!(changed.count() > 50);
    }
    let refused = marked(ANIMATED, &with_output("format = jpeg"));
    assert!(matches!(refused, Err(RenderError::Animated { format: Format::Jpeg })), "{refused:?}");
    let few = Limits { max_decoded_bytes: 80 * 60 * 3 * 4 - 1, ..Limits::default() };
    let refused = sealmark_watermark_render::render(
        ANIMATED,
        &with_output(""),
        &pictures::ada(),
        &sealmark_watermark_render::Resources::embedded(),
        &few,
    );
    assert!(matches!(refused, Err(RenderError::ImageTooLarge { .. })), "{refused:?}");
}

#[cfg(feature = "webp-lossy")]
mod lossy {
    use super::*;

    const LOSSY: &[u8] = include_bytes!("files/lossy.webp");

    #[test]
    fn a_lossy_webp_keeps_its_quality_and_its_copyright() {
        let (output, proof) = proven(LOSSY, "");
        assert_eq!((output.format, proof), (Format::WebP, Proof::NearBlocks));
        let ratio = output.bytes.len() as f64 / LOSSY.len() as f64;
        assert!((0.7..1.4).contains(&ratio), "{ratio}");
        let exif = WebPDecoder::new(Cursor::new(&output.bytes)).unwrap().exif_metadata().unwrap().unwrap();
        assert!(exif.windows(3).any(|bytes| bytes == b"Ada") && !exif.windows(3).any(|bytes| bytes == b"abc"));
        let mut decoder = WebPDecoder::new(Cursor::new(&output.bytes)).unwrap();
        assert_eq!(decoder.orientation().unwrap(), image::metadata::Orientation::NoTransforms);
    }

    #[test]
    fn jpegs_and_pngs_become_lossy_webps() {
        let image = photo(300, 200);
        let (small, proof) = proven(&jpeg_of(&image, 90), "format = webp quality = 40");
        assert_eq!(proof, Proof::NearBlocks);
        let (large, _) = proven(&jpeg_of(&image, 90), "format = webp");
        assert!(small.bytes.len() * 2 < large.bytes.len(), "{} of {}", small.bytes.len(), large.bytes.len());
        let (output, proof) = proven(&png(&DynamicImage::ImageRgb8(image)), "format = webp quality = 80");
        assert_eq!((output.method, proof), (Method::Encoded(Reason::Converted), Proof::NearBlocks));
    }

    #[test]
    fn the_worst_that_an_honest_encoder_does_passes() {
        let stripes =
            RgbImage::from_fn(160, 120, |x, y| image::Rgb(if (x + y) % 2 == 0 { [255, 0, 0] } else { [0, 0, 255] }));
        let black = RgbImage::from_fn(160, 120, |x, y| image::Rgb([if (x / 3 + y / 2) % 2 == 0 { 255 } else { 0 }; 3]));
        for image in [stripes, pictures::noise(160, 120), black] {
            let source = png(&DynamicImage::ImageRgb8(image));
            for (format, quality) in [
                ("jpeg", 1),
                ("webp", 1),
                ("jpeg", 30),
                ("webp", 30),
                ("jpeg", 80),
                ("webp", 80),
                ("jpeg", 95),
                ("webp", 100),
            ] {
                proven(&source, &format!("format = {format} quality = {quality}"));
            }
        }
    }

    #[test]
    fn an_animated_lossy_webp_keeps_its_alpha() {
        let source = include_bytes!("files/moving-lossy.webp");
        let (output, proof) = proven(source, "");
        assert_eq!((frames(&output.bytes).len(), proof), (4, Proof::NearBlocks));
    }
}

#[cfg(not(feature = "webp-lossy"))]
#[test]
fn without_its_encoder_lossy_webp_is_refused() {
    let refused = marked(&jpeg(&quarters(90, 60)), &with_output("format = webp"));
    assert!(matches!(refused, Err(RenderError::Encode { format: Format::WebP, .. })), "{refused:?}");
}

const GIF: &[u8] = include_bytes!("files/moving.gif");
const CLEAR_GIF: &[u8] = include_bytes!("files/moving-clear.gif");

/// How long each picture of a GIF is shown.
fn gif_delays(gif: &[u8]) -> Vec<u16> {
    let mut decoder = gif::Decoder::new(gif).unwrap();
    std::iter::from_fn(|| decoder.read_next_frame().unwrap().map(|frame| frame.delay)).collect()
}

#[test]
fn every_picture_of_a_gif_gets_the_mark() {
    for source in [GIF, CLEAR_GIF] {
        let (output, proof) = proven(source, "");
        assert_eq!((output.format, output.extension, proof), (Format::Gif, "gif", Proof::Pixels));
        assert_eq!(gif_delays(&output.bytes), gif_delays(source));
        // As WebPs both can be looked at by another decoder.
        let as_webp = |gif: &[u8]| {
            let unmarked =
                template("template \"t\" { when user_id == \"bob\" { text \"x\" { } } output { format = webp } }");
            frames(&marked(gif, &unmarked).unwrap().bytes)
        };
        let (before, after) = (as_webp(source), as_webp(&output.bytes));
        assert_eq!((before.len(), after.len()), (4, 4));
        for (before, after) in before.iter().zip(&after) {
            let pixels = before.buffer().pixels().zip(after.buffer().pixels());
            assert!(pixels.filter(|(before, after)| before != after).count() > 50);
        }
        let (output, _) = proven(source, "max_edge = 40px");
        assert_eq!((output.width, output.height), (40, 30));
        let (output, proof) = proven(source, "format = webp");
        assert_eq!((output.format, proof), (Format::WebP, Proof::Pixels));
        assert_eq!(frames(&output.bytes).len(), 4);
    }
}

#[test]
fn a_gif_of_one_picture_becomes_any_still() {
    let mut source = Vec::new();
    let mut encoder = gif::Encoder::new(&mut source, 60, 40, &[9, 9, 9]).unwrap();
    encoder
        .write_frame(&gif::Frame { delay: 7, ..gif::Frame::from_indexed_pixels(60, 40, vec![0; 2_400], None) })
        .unwrap();
    drop(encoder);
    for format in ["jpeg", "png", "source"] {
        proven(&source, &format!("format = {format}"));
    }
}

#[test]
fn a_gif_of_too_many_colours_is_near() {
    // Five pictures of a hundred colours each, laid over one another: more than a palette holds.
    let mut source = Vec::new();
    let mut encoder = gif::Encoder::new(&mut source, 100, 50, &[]).unwrap();
    for at in 0..5_u8 {
        let palette: Vec<u8> = (0..100).flat_map(|color| [color * 2, at * 50, 255 - color]).collect();
        let buffer: Vec<u8> = (0..1_000_u32).map(|at| (at % 100) as u8).collect();
        let frame = gif::Frame {
            top: u16::from(at) * 10,
            width: 100,
            height: 10,
            palette: Some(palette),
            buffer: buffer.into(),
            ..gif::Frame::default()
        };
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    let (output, proof) = proven(&source, "");
    assert_eq!((gif_delays(&output.bytes).len(), proof), (5, Proof::NearBlocks));
}

#[test]
fn bitmaps_and_tiffs_become_pngs() {
    let still = decoded(include_bytes!("files/still.bmp"));
    for source in [&include_bytes!("files/still.bmp")[..], include_bytes!("files/still.tif")] {
        let (output, proof) = proven(source, "");
        assert_eq!((output.format, output.extension, proof), (Format::Png, "png", Proof::Pixels));
        assert_eq!(output.method, Method::Encoded(Reason::Converted));
        assert_eq!(decoded(&output.bytes).to_rgb8().get_pixel(12, 10), still.to_rgb8().get_pixel(12, 10));
        let (output, _) = proven(source, "format = jpeg");
        assert_eq!(output.format, Format::Jpeg);
    }
    let pages = marked(include_bytes!("files/pages.tif"), &with_output(""));
    assert!(matches!(pages, Err(RenderError::UnsupportedFormat { found: "a TIFF of several pages" })), "{pages:?}");
}
