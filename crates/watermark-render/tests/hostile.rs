//! Broken and hostile originals: an error or a picture, never a panic.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

mod apng;
mod pictures;

use apng::Apng;
use image::{DynamicImage, ImageFormat};
use pictures::{jpeg, marked, noise, png, profile, quarters, text, with_metadata};
use proptest::prelude::*;
use sealmark_watermark_render::{Format, Limits, Picture, RenderError, Resources, render, verify};

fn sources() -> Vec<Vec<u8>> {
    let image = DynamicImage::ImageRgb8(quarters(40, 30));
    vec![
        jpeg(&noise(33, 17)),
        png(&DynamicImage::ImageRgba16(image.to_rgba16())),
        with_metadata(&image, ImageFormat::Jpeg, 6, profile(b"RGB ")),
        with_metadata(&image, ImageFormat::Png, 7, profile(b"RGB ")),
        include_bytes!("files/moving.webp").to_vec(),
        include_bytes!("files/moving-lossy.webp").to_vec(),
        include_bytes!("files/lossy.webp").to_vec(),
        include_bytes!("files/moving.gif").to_vec(),
        include_bytes!("files/moving-clear.gif").to_vec(),
        include_bytes!("files/moving.png").to_vec(),
        include_bytes!("files/formats/png-animated.png").to_vec(),
        include_bytes!("files/still.tif").to_vec(),
        include_bytes!("files/still.bmp").to_vec(),
    ]
}

/// Animated PNGs of several kinds.
fn moving_pngs() -> Vec<Vec<u8>> {
    let mut few = Apng::new(2, 3);
    few.others.push((*b"tRNS", vec![0, 255, 128]));
    few.fallback = Some(few.part(9, [0, 0, 71, 53], 0, 0));
    let interlaced = Apng { is_interlaced: true, ..few.clone() };
    vec![
        include_bytes!("files/moving-alpha.png").to_vec(),
        few.bytes(),
        interlaced.bytes(),
        Apng { is_interlaced: true, ..Apng::new(16, 6) }.bytes(),
    ]
}

/// A PNG with the sums that its chunks should have, so that what is wrong with them is looked at.
fn summed(mut png: Vec<u8>) -> Vec<u8> {
    let mut at = 8;
    while let Some(length) = png.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
        let end = at + 8 + u32::from_be_bytes(*length) as usize;
        let Some(sum) = png.get(at + 4..end).map(crc32fast::hash) else { break };
        let Some(place) = png.get_mut(end..end + 4) else { break };
        place.copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
    png
}

fn check(bytes: &[u8]) {
    let template = text("© {user_id}", "size = 30%h shadow = 1px 1px #000");
    let small = pictures::template(
        "template \"t\" { text \"©\" { size = 30%h } output { format = jpeg quality = 50 max_edge = 20px } }",
    );
    // What is changed may be a size, and memory and time are bounded by the limits, not by the test.
    let limits = Limits { max_pixels: 1 << 20, max_decoded_bytes: 1 << 24 };
    for template in [template, small] {
        let output = render(bytes, &template, &pictures::ada(), &Resources::embedded(), &limits);
        if let Ok(output) = output {
            // A picture that decodes must come out right as well.
            verify(bytes, &output, &limits).unwrap();
        }
    }
}

/// Found by the fuzzer: the pixels of a frame with alpha have no height, and its head says 43 rows.
#[test]
fn a_frame_of_another_size_than_it_says_is_broken() {
    let webp = include_bytes!("files/moving-misfit.webp");
    let refused = marked(webp, &text("x", ""));
    assert!(matches!(refused, Err(RenderError::BrokenImage { format: Format::WebP, .. })), "{refused:?}");
    let refused = Picture::decode("logo.webp", webp, &Limits::default());
    assert!(matches!(refused, Err(RenderError::BrokenPicture { .. })), "{refused:?}");
}

proptest! {
    #[test]
    fn changed_bytes(which in 0..13_usize, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = sources().swap_remove(which);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        check(&bytes);
    }

    #[test]
    fn changed_bytes_of_an_animated_png(which in 0..4_usize, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = moving_pngs().swap_remove(which);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        check(&summed(bytes));
    }

    #[test]
    fn chunks_of_an_animated_png_in_any_order(order in prop::collection::vec(0..14_usize, 1..20), promised in 0..6_u32) {
        let mut chunks = apng::chunks(include_bytes!("files/formats/png-animated.png"));
        chunks[1].1[..4].copy_from_slice(&promised.to_be_bytes());
        let order = [0].into_iter().chain(order).filter_map(|at| chunks.get(at).cloned());
        check(&apng::file(&order.collect::<Vec<_>>()));
    }

    #[test]
    fn cut_and_repeated(which in 0..13_usize, from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        let bytes = sources().swap_remove(which);
        let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
        check(&[&bytes[..from], &bytes[to..]].concat());
    }

    #[test]
    fn anything_behind_a_signature(which in 0..7_usize, rest in prop::collection::vec(any::<u8>(), 0..200)) {
        let signatures: [&[u8]; 7] = [
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\xff\0\0\0WEBPVP8X\x0a\0\0\0",
            b"GIF89a\x09\0\x08\0",
            b"II*\0\x08\0\0\0",
            b"MM\0*\0\0\0\x08",
            b"BM",
        ];
        let signature = signatures[which];
        check(&[signature, &rest].concat());
    }
}

#[test]
fn a_file_that_a_decoder_panics_over_is_an_error() {
    let source = include_bytes!("files/decoder-panics.jpg");
    let found = render(source, &text("x", ""), &pictures::ada(), &Resources::embedded(), &Limits::default());
    assert!(matches!(found, Err(RenderError::UnsupportedFormat { .. })), "{found:?}");
}
