//! Broken and hostile originals: an error or a picture, never a panic.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

mod pictures;

use image::{DynamicImage, ImageFormat};
use pictures::{jpeg, marked, noise, png, profile, quarters, text, with_metadata};
use proptest::prelude::*;
use sealmark_watermark_render::{Limits, verify};

fn sources() -> Vec<Vec<u8>> {
    let image = DynamicImage::ImageRgb8(quarters(40, 30));
    vec![
        jpeg(&noise(33, 17)),
        png(&DynamicImage::ImageRgba16(image.to_rgba16())),
        with_metadata(&image, ImageFormat::Jpeg, 6, profile(b"RGB ")),
        with_metadata(&image, ImageFormat::Png, 7, profile(b"RGB ")),
    ]
}

fn check(bytes: &[u8]) {
    let template = text("© {user_id}", "size = 30%h shadow = 1px 1px #000");
    if let Ok(output) = marked(bytes, &template) {
        // A picture that decodes must come out right as well.
        verify(bytes, &output, &Limits::default()).unwrap();
    }
}

proptest! {
    #[test]
    fn changed_bytes(which in 0..4_usize, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = sources().swap_remove(which);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        check(&bytes);
    }

    #[test]
    fn cut_and_repeated(which in 0..4_usize, from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        let bytes = sources().swap_remove(which);
        let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
        check(&[&bytes[..from], &bytes[to..]].concat());
    }

    #[test]
    fn anything_behind_a_signature(is_png in any::<bool>(), rest in prop::collection::vec(any::<u8>(), 0..200)) {
        let signature: &[u8] = if is_png { b"\x89PNG\r\n\x1a\n" } else { b"\xff\xd8\xff" };
        check(&[signature, &rest].concat());
    }
}
