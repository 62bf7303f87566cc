//! Animated PNGs: every picture gets the mark, and nothing else changes.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

mod apng;
mod pictures;

use std::io::Cursor;

use apng::{Apng, Shown, shown};
use image::{AnimationDecoder, codecs::png::PngDecoder, codecs::webp::WebPDecoder};
use pictures::{ada, marked, template};
use sealmark_watermark_dsl::Template;
use sealmark_watermark_render::{
    Format, Limits, Method, Output, PngRefusal, Proof, Reason, Rect, RenderError, Resources, Structure, compare,
    inspect, render, verify,
};

const OPAQUE: &[u8] = include_bytes!("files/moving.png");
const CLEAR: &[u8] = include_bytes!("files/moving-alpha.png");
/// With a picture for readers of stills, and each way of disposing and blending.
const EVERYTHING: &[u8] = include_bytes!("files/formats/png-animated.png");

/// A mark in the corner, and this of the file.
fn corner(output: &str) -> Template {
    template(&format!(
        "template \"t\" {{ text \"©\" {{ size = 14px margin = 3px color = #fff opacity = 90% }} output {{ {output} }} }}"
    ))
}

fn proven(source: &[u8], output: &str) -> Output {
    let output = marked(source, &corner(output)).unwrap();
    assert_eq!(verify(source, &output, &Limits::default()).unwrap(), Proof::Pixels);
    output
}

/// Compares all pictures but where the mark may be; there, each must have changed.
fn check(before: &Shown, after: &Shown, touched: &[Rect]) {
    assert_eq!((before.size, before.plays, before.pictures.len()), (after.size, after.plays, after.pictures.len()));
    assert_eq!(before.fallback.is_some(), after.fallback.is_some());
    let is_touched = |at: usize| {
        let (x, y) = (at as u32 % before.size.0, at as u32 / before.size.0);
        touched.iter().any(|rect| rect.intersects(&Rect { x, y, width: 1, height: 1 }))
    };
    let all = |shown: &Shown| -> Vec<Vec<[u16; 4]>> {
        let pictures = shown.pictures.iter().map(|(_, picture)| picture.clone());
        pictures.chain(shown.fallback.clone()).collect()
    };
    for (number, (old, new)) in all(before).iter().zip(&all(after)).enumerate() {
        let changed: Vec<usize> = (0..old.len()).filter(|at| old[*at] != new[*at]).collect();
        assert!(changed.len() > 20, "picture {number} has no mark");
        let wrong: Vec<&usize> = changed.iter().filter(|at| !is_touched(**at)).collect();
        assert!(wrong.is_empty(), "picture {number} has changed at {wrong:?}");
    }
    for ((old, _), (new, _)) in before.pictures.iter().zip(&after.pictures) {
        let seconds = |(number, parts): (u16, u16)| (number, if parts == 0 { 100 } else { parts });
        assert_eq!(seconds(*old), *new);
    }
}

#[test]
fn every_picture_gets_the_mark() {
    for (source, has_fallback) in [(OPAQUE, false), (CLEAR, false), (EVERYTHING, true)] {
        let output = proven(source, "");
        assert_eq!((output.format, output.extension, output.content_type), (Format::Png, "png", "image/png"));
        assert_eq!(output.method, Method::Encoded(Reason::Unpacked(PngRefusal::Animated)));
        check(&shown(source), &shown(&output.bytes), &output.touched);
        let Structure::Png(found) = inspect(source).unwrap().structure else { panic!("a PNG") };
        assert_eq!((found.frames, found.has_fallback), (4, has_fallback));
        let compared = compare(source, &output.bytes, &output.touched, &Limits::default()).unwrap();
        assert_eq!(compared.outside, 0);
        assert_eq!(compared.total, (4 + u64::from(has_fallback)) * u64::from(output.width * output.height));
        // And as the `image` crate shows them.
        let frames = |png: &[u8]| {
            PngDecoder::new(Cursor::new(png)).unwrap().apng().unwrap().into_frames().collect_frames().unwrap()
        };
        for (old, new) in frames(source).iter().zip(&frames(&output.bytes)) {
            assert_eq!(old.delay(), new.delay());
            for (x, y, new) in new.buffer().enumerate_pixels() {
                let old = old.buffer().get_pixel(x, y);
                let is_touched = output.touched.iter().any(|rect| rect.intersects(&Rect { x, y, width: 1, height: 1 }));
                // It blends in floats.
                let is_near = old.0.iter().zip(new.0).all(|(old, new)| old.abs_diff(new) <= 1);
                assert!(is_touched || is_near || (old.0[3], new.0[3]) == (0, 0), "{old:?} became {new:?} at {x},{y}");
            }
        }
    }
}

#[test]
fn of_a_picture_only_what_moves_is_stored() {
    let output = proven(OPAQUE, "");
    let (before, after) = (shown(OPAQUE).places, shown(&output.bytes).places);
    assert_eq!(after[0], [0, 0, 80, 60]);
    for (old, new) in before.iter().zip(&after).skip(1) {
        assert!(new[2] * new[3] <= old[2] * old[3], "{old:?} became {new:?}");
    }
}

/// Colour types and depths. Source: PNG, third edition, 11.2.1.
const KINDS: [(u8, &[u8]); 5] =
    [(0, &[1, 2, 4, 8, 16]), (2, &[8, 16]), (3, &[1, 2, 4, 8]), (4, &[8, 16]), (6, &[8, 16])];

#[test]
fn every_kind_of_samples() {
    for (color, depths) in KINDS {
        for bits in depths {
            let plain = Apng::new(*bits, color);
            let transparency = match color {
                0 => vec![0, 1],
                2 => vec![0; 6],
                3 => vec![0, 255, 128],
                _ => vec![],
            };
            let mut clear = plain.clone();
            clear
                .others
                .push((*b"tRNS", transparency.into_iter().take(if color == 3 { 1 << bits } else { 6 }).collect()));
            let mut behind = plain.clone();
            behind.fallback = Some(behind.part(9, [0, 0, 71, 53], 0, 0));
            for apng in [plain, clear, behind] {
                let source = apng.bytes();
                let output = proven(&source, "");
                check(&shown(&source), &shown(&output.bytes), &output.touched);
                let expected = (if *bits == 16 { 16 } else { 8 }, color);
                let Structure::Png(found) = inspect(&output.bytes).unwrap().structure else { panic!("a PNG") };
                assert_eq!(found.bits, expected.0, "{expected:?}");
                let interlaced = Apng { is_interlaced: true, ..apng };
                assert_eq!(proven(&interlaced.bytes(), "").bytes, output.bytes, "{expected:?}, interlaced");
            }
        }
    }
}

#[test]
fn what_is_never_covered_becomes_transparent() {
    let mut apng = Apng::new(8, 2);
    apng.fallback = Some(apng.part(9, [0, 0, 71, 53], 0, 0));
    apng.parts[0] = apng.part(1, [5, 5, 40, 30], 2, 0);
    let source = apng.bytes();
    let output = proven(&source, "");
    let after = shown(&output.bytes);
    check(&shown(&source), &after, &output.touched);
    assert_eq!(after.pictures[0].1[0], [0; 4]);
    // The first picture is cleared, though it asks for what was before it.
    assert_eq!(after.pictures[1].1[71 * 30 + 7], [0; 4]);
}

#[test]
fn times_are_kept_as_they_are() {
    let mut apng = Apng::new(8, 0);
    apng.plays = (1 << 31) - 1;
    for (part, delay) in apng.parts.iter_mut().zip([(0, 0), (65_535, 65_521), (65_535, 1)]) {
        part.delay = delay;
    }
    let output = proven(&apng.bytes(), "");
    let after = shown(&output.bytes);
    let delays: Vec<(u16, u16)> = after.pictures.iter().map(|(delay, _)| *delay).collect();
    assert_eq!((after.plays, delays), ((1 << 31) - 1, vec![(0, 100), (65_535, 65_521), (65_535, 1)]));
    // A WebP has 24 bits of milliseconds, and as many plays as two bytes can say.
    let output = proven(&apng.bytes(), "format = webp");
    let frames = WebPDecoder::new(Cursor::new(&output.bytes)).unwrap().into_frames().collect_frames().unwrap();
    let milliseconds: Vec<u32> = frames.iter().map(|frame| frame.delay().numer_denom_ms().0).collect();
    assert_eq!(milliseconds, [0, 1_000, 0xff_ffff]);
}

#[test]
fn animations_become_one_another() {
    let output = proven(EVERYTHING, "format = webp");
    assert_eq!((output.format, output.method), (Format::WebP, Method::Encoded(Reason::Converted)));
    let frames = WebPDecoder::new(Cursor::new(&output.bytes)).unwrap().into_frames().collect_frames().unwrap();
    assert_eq!(frames.len(), 4);
    let refused = marked(EVERYTHING, &corner("format = jpeg"));
    assert!(matches!(refused, Err(RenderError::Animated { format: Format::Jpeg })), "{refused:?}");
    for (source, plays) in [
        (&include_bytes!("files/moving.gif")[..], 4),
        (include_bytes!("files/moving-clear.gif"), 0),
        (include_bytes!("files/moving.webp"), 3),
    ] {
        let output = proven(source, "format = png");
        let found = shown(&output.bytes);
        assert_eq!((output.format, found.pictures.len(), found.fallback), (Format::Png, 4, None));
        let again = proven(&output.bytes, "format = webp");
        assert_eq!(again.format, Format::WebP);
        assert_eq!(found.plays, plays);
    }
    let small = proven(EVERYTHING, "max_edge = 40px");
    assert_eq!((small.width, small.height, shown(&small.bytes).size), (40, 30, (40, 30)));
    assert_eq!(small.method, Method::Encoded(Reason::Shrunk));
}

#[test]
fn a_turned_animation_is_marked_upright_and_keeps_its_profile() {
    let mut apng = Apng::new(8, 6);
    apng.others = vec![(*b"eXIf", pictures::exif(6)), (*b"gAMA", 45_455_u32.to_be_bytes().to_vec())];
    let source = apng.bytes();
    let output = proven(&source, "");
    assert_eq!((output.width, output.height), (53, 71));
    assert!(!output.bytes.windows(4).any(|bytes| bytes == b"eXIf"));
    assert!(output.bytes.windows(4).any(|bytes| bytes == b"gAMA"));
    let (before, after) = (shown(&source), shown(&output.bytes));
    // A quarter to the right: the first row is the last column.
    assert_eq!(before.pictures[2].1[3], after.pictures[2].1[53 * 3 + 52]);
    let bytes = chunks_with_profile(&source);
    let output = proven(&bytes, "");
    assert!(output.bytes.windows(4).any(|bytes| bytes == b"iCCP"));
    let output = proven(&bytes, "keep = []");
    assert!(!output.bytes.windows(4).any(|bytes| bytes == b"iCCP"));
}

/// The file with a profile behind its header.
fn chunks_with_profile(png: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut zlib = flate2::write::ZlibEncoder::new(b"p\0\0".to_vec(), flate2::Compression::fast());
    zlib.write_all(&pictures::profile(b"RGB ")).unwrap();
    let mut chunks = apng::chunks(png);
    chunks.insert(1, (*b"iCCP", zlib.finish().unwrap()));
    apng::file(&chunks)
}

#[test]
fn one_picture_alone_is_a_still() {
    let mut apng = Apng::new(8, 2);
    (apng.promised, apng.parts) = (1, apng.parts[..1].to_vec());
    let source = apng.bytes();
    let output = proven(&source, "");
    assert!(!output.bytes.windows(4).any(|bytes| bytes == b"acTL"));
    assert_eq!(marked(&source, &corner("format = jpeg")).unwrap().format, Format::Jpeg);
    // Not if readers of stills are shown another.
    apng.fallback = Some(apng.part(9, [0, 0, 71, 53], 0, 0));
    let output = proven(&apng.bytes(), "");
    check(&shown(&apng.bytes()), &shown(&output.bytes), &output.touched);
}

#[test]
fn all_pictures_together_are_limited() {
    let mut apng = Apng::new(8, 6);
    for has_fallback in [false, true] {
        apng.fallback = has_fallback.then(|| apng.part(9, [0, 0, 71, 53], 0, 0));
        let decoded_bytes = 71 * 53 * 4 * (3 + u64::from(has_fallback));
        let with = |max_decoded_bytes: u64| {
            let limits = Limits { max_decoded_bytes, ..Limits::default() };
            render(&apng.bytes(), &corner(""), &ada(), &Resources::embedded(), &limits)
        };
        assert!(with(decoded_bytes).is_ok());
        let refused = with(decoded_bytes - 1);
        assert!(
            matches!(refused, Err(RenderError::ImageTooLarge { decoded_bytes: found, .. }) if found == decoded_bytes)
        );
    }
}
