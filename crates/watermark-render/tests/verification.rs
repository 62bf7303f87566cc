//! Verification must be able to fail: every kind of damage, and the damage is found.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

mod apng;
mod pictures;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, RgbaImage, codecs::jpeg::JpegEncoder};
use pictures::{decoded, jpeg, marked, noise, png, profile, quarters, text, with_metadata};
use png::FrameControl;
use sealmark_watermark_render::{
    Codes, DEFAULT_QUALITY, Format, Limits, Metadata, Method, Output, Reason, Rect, Refusal, RenderError,
    VerifyFailure, verify,
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
    failure_of(
        source,
        bytes,
        touched,
        if is_jpeg { Method::Spliced(Codes::Own) } else { Method::Encoded(Reason::Format) },
    )
}

fn failure_of(source: &[u8], bytes: &[u8], touched: &[Rect], method: Method) -> Option<VerifyFailure> {
    let output = Output {
        bytes: bytes.to_vec(),
        format: Format::sniff(source).unwrap(),
        max_edge_px: None,
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
    JpegEncoder::new_with_quality(&mut bytes, DEFAULT_QUALITY).encode_image(image).unwrap();
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
    (jpeg_of(&decoded(&output.bytes).to_rgb8()), Method::Encoded(Reason::Refused(Refusal::Arithmetic)))
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

#[test]
fn one_changed_pixel_in_one_picture_of_an_animation_is_found() {
    let source = include_bytes!("files/moving.gif");
    let marked = output(source);
    assert_eq!(failure_in(source, &marked.bytes, &marked), None);
    // A colour of the last picture.
    let changed = with_gif_frames(&marked.bytes, |at, frame| {
        if at == 3 {
            frame.palette.as_mut().unwrap()[3] ^= 8;
        }
    });
    assert!(matches!(failure_in(source, &changed, &marked), Some(VerifyFailure::Pixel { .. })));
    let slower = with_gif_frames(&marked.bytes, |_, frame| frame.delay += 1);
    assert_eq!(failure_in(source, &slower, &marked), Some(VerifyFailure::Animation));

    let source = include_bytes!("files/moving.webp");
    let marked = output(source);
    assert_eq!(failure_in(source, &marked.bytes, &marked), None);
    // The duration of the second picture, behind its place and size.
    let second = memchr::memmem::find_iter(&marked.bytes, b"ANMF").nth(1).unwrap();
    let mut slower = marked.bytes.clone();
    slower[second + 8 + 12] ^= 1;
    assert_eq!(failure_in(source, &slower, &marked), Some(VerifyFailure::Animation));
    // One pixel of the third picture.
    let mut image = webp_frame(&marked.bytes, 2);
    image.get_pixel_mut(1, 1).0[2] ^= 1;
    let changed = with_webp_frame(&marked.bytes, 2, &image);
    assert_eq!(failure_in(source, &changed, &marked), Some(VerifyFailure::Pixel { x: 1, y: 1 }));
    assert!(matches!(
        failure_of(source, &marked.bytes, &[], Method::Encoded(Reason::Format)),
        Some(VerifyFailure::Pixel { .. })
    ));
}

#[test]
fn one_changed_pixel_in_one_picture_of_an_animated_png_is_found() {
    let source = include_bytes!("files/formats/png-animated.png");
    let marked = output(source);
    assert_eq!(failure_in(source, &marked.bytes, &marked), None);
    assert_eq!(failure_in(source, &with_png_pictures(&marked.bytes, |_, _, _| {}), &marked), None);
    // The picture for readers of stills comes first, then four that move.
    for changed in 0..5 {
        let bytes = with_png_pictures(&marked.bytes, |at, _, image| {
            if at == changed {
                image.get_pixel_mut(0, 0).0[1] ^= 1;
            }
        });
        let found = failure_in(source, &bytes, &marked);
        // Of the first picture all of what follows shows the pixel as well.
        assert!(matches!(found, Some(VerifyFailure::Pixel { .. })), "picture {changed}: {found:?}");
        let bytes = with_png_pictures(&marked.bytes, |at, control, _| {
            if let Some(control) = control.filter(|_| at == changed) {
                control.delay_num += 1;
            }
        });
        let expected = (changed > 0).then_some(VerifyFailure::Animation);
        assert_eq!(failure_in(source, &bytes, &marked), expected, "the time of picture {changed}");
    }
    let chunks = |change: &dyn Fn(&mut Vec<apng::Chunk>)| {
        let mut chunks = apng::chunks(&marked.bytes);
        change(&mut chunks);
        apng::file(&chunks)
    };
    let of = |wanted: &'static [u8; 4]| move |(name, _): &apng::Chunk| name == wanted;
    let more_often = chunks(&|chunks| chunks.iter_mut().find(|chunk| of(b"acTL")(chunk)).unwrap().1[7] += 1);
    assert_eq!(failure_in(source, &more_often, &marked), Some(VerifyFailure::Animation));
    // A picture that no reader is promised, without a mark.
    let fewer = chunks(&|chunks| chunks.iter_mut().find(|chunk| of(b"acTL")(chunk)).unwrap().1[3] -= 1);
    assert_eq!(failure_in(source, &fewer, &marked), Some(VerifyFailure::Undecodable));
    let still = chunks(&|chunks| chunks.retain(|(name, _)| !matches!(name, b"acTL" | b"fcTL" | b"fdAT")));
    assert_eq!(failure_in(source, &still, &marked), Some(VerifyFailure::Animation));
    let secret = chunks(&|chunks| chunks.insert(2, (*b"tEXt", b"Comment\0home".to_vec())));
    assert_eq!(failure_in(source, &secret, &marked), Some(VerifyFailure::Metadata));
    assert!(matches!(failure_of(source, &marked.bytes, &[], marked.method), Some(VerifyFailure::Pixel { .. })));
}

/// The PNG of RGBA once more, its pictures changed: each as it is stored, with its control unless it is none of the animation.
fn with_png_pictures(bytes: &[u8], change: impl Fn(usize, Option<&mut FrameControl>, &mut RgbaImage)) -> Vec<u8> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut info = png::Info::with_size(reader.info().width, reader.info().height);
    (info.color_type, info.bit_depth) = (reader.info().color_type, reader.info().bit_depth);
    info.animation_control = reader.info().animation_control;
    info.frame_control = Some(FrameControl { width: info.width, height: info.height, ..FrameControl::default() });
    let count = info.animation_control.unwrap().num_frames as usize;
    let mut out = Vec::new();
    let mut encoder = png::Encoder::with_info(&mut out, info).unwrap();
    encoder.set_sep_def_img(true).unwrap();
    let mut writer = encoder.write_header().unwrap();
    for at in 0..=count {
        let mut samples = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut samples).unwrap();
        let mut control = reader.info().frame_control;
        samples.truncate(frame.buffer_size());
        let mut image = RgbaImage::from_raw(frame.width, frame.height, samples).unwrap();
        change(at, control.as_mut(), &mut image);
        if let Some(control) = control {
            writer.set_frame_position(0, 0).unwrap();
            writer.set_frame_dimension(control.width, control.height).unwrap();
            writer.set_frame_position(control.x_offset, control.y_offset).unwrap();
            writer.set_frame_delay(control.delay_num, control.delay_den).unwrap();
            writer.set_blend_op(control.blend_op).unwrap();
            writer.set_dispose_op(control.dispose_op).unwrap();
        }
        writer.write_image_data(&image).unwrap();
    }
    writer.finish().unwrap();
    out
}

fn failure_in(source: &[u8], bytes: &[u8], output: &Output) -> Option<VerifyFailure> {
    failure_of(source, bytes, &output.touched, output.method)
}

fn webp_frame(webp: &[u8], which: usize) -> RgbaImage {
    let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(webp)).unwrap();
    let (width, height) = decoder.dimensions();
    let mut image = RgbaImage::new(width, height);
    (0..=which).for_each(|_| _ = decoder.read_frame(&mut image).unwrap());
    image
}

/// The WebP once more, with another picture in the place of one of its frames.
fn with_webp_frame(webp: &[u8], which: usize, image: &RgbaImage) -> Vec<u8> {
    let single = pictures::encoded(&DynamicImage::ImageRgba8(image.clone()), ImageFormat::WebP);
    let pixels = &single[12..];
    let at = memchr::memmem::find_iter(webp, b"ANMF").nth(which).unwrap();
    let size = u32::from_le_bytes(webp[at + 4..at + 8].try_into().unwrap()) as usize;
    let head = &webp[at + 8..at + 24];
    let new_size = u32::try_from(16 + pixels.len()).unwrap().to_le_bytes();
    let mut out = [&webp[..at + 4], &new_size, head, pixels, &webp[at + 8 + size + size % 2..]].concat();
    let riff = u32::try_from(out.len() - 8).unwrap().to_le_bytes();
    out[4..8].copy_from_slice(&riff);
    out
}

/// The GIF once more, its pictures changed.
fn with_gif_frames(gif: &[u8], change: impl Fn(usize, &mut gif::Frame<'static>)) -> Vec<u8> {
    let mut decoder = gif::Decoder::new(gif).unwrap();
    let mut out = Vec::new();
    let mut encoder = gif::Encoder::new(&mut out, decoder.width(), decoder.height(), &[]).unwrap();
    let mut frames: Vec<gif::Frame<'static>> = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        frames.push(frame.clone());
    }
    encoder.set_repeat(decoder.repeat()).unwrap();
    for (at, mut frame) in frames.into_iter().enumerate() {
        change(at, &mut frame);
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    out
}

#[test]
fn a_shrunk_picture_is_compared_with_its_shrunk_original() {
    let source = png(&original());
    let small = pictures::template("template \"t\" { text \"©\" { size = 12px } output { max_edge = 100px } }");
    let output = marked(&source, &small).unwrap();
    assert_eq!(verify(&source, &output, &Limits::default()).unwrap(), sealmark_watermark_render::Proof::Pixels);
    let image = changed(&output, |image| image.get_pixel_mut(3, 4).0[1] ^= 1);
    let other = Output { bytes: png(&DynamicImage::ImageRgb8(image)), ..output.clone() };
    let found = verify(&source, &other, &Limits::default());
    assert!(
        matches!(found, Err(RenderError::VerifyFailed { failure: VerifyFailure::Pixel { x: 3, y: 4 } })),
        "{found:?}"
    );
    let whole = Output { max_edge_px: None, ..output };
    let found = verify(&source, &whole, &Limits::default());
    assert!(matches!(found, Err(RenderError::VerifyFailed { failure: VerifyFailure::Size { .. } })), "{found:?}");
}
