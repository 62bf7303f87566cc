//! Synthetic pictures and templates that the tests share.
#![allow(dead_code, reason = "each test file is a crate of its own and uses a part of this")]
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

use std::{env, fs, io::Cursor, path::Path};

use image::{
    DynamicImage, ImageBuffer, ImageEncoder, ImageFormat, RgbImage, Rgba, RgbaImage, codecs::jpeg::JpegEncoder,
    codecs::png::PngEncoder,
};
use sealmark_watermark_dsl::{Template, Variables};
use sealmark_watermark_render::{Limits, Output, RenderError, Resources, render};

/// A picture whose four quarters and whose gradient tell how it is turned.
pub(crate) fn quarters(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let step = |at: u32, side: u32| u8::try_from(60 * at / side).unwrap();
        let base = match (x < width / 2, y < height / 2) {
            (true, true) => [190, 40, 40],
            (false, true) => [40, 160, 60],
            (true, false) => [50, 70, 180],
            (false, false) => [180, 170, 60],
        };
        image::Rgb([base[0] + step(x, width), base[1] + step(y, height), base[2] + step(x, width)])
    })
}

/// Stripes of black, gray and white, on which a mark must stay legible.
pub(crate) fn stripes(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| image::Rgb([[10, 128, 246][(x / 24 % 3) as usize]; 3]))
}

/// Noise from a fixed sequence: what JPEG changes most.
pub(crate) fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 7_u32;
    RgbImage::from_fn(width, height, |_, _| {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        image::Rgb([next(), next(), next()])
    })
}

pub(crate) fn png(image: &DynamicImage) -> Vec<u8> {
    encoded(image, ImageFormat::Png)
}

pub(crate) fn jpeg(image: &RgbImage) -> Vec<u8> {
    encoded(&DynamicImage::ImageRgb8(image.clone()), ImageFormat::Jpeg)
}

pub(crate) fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    image.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

/// A text in the EXIF block that must not survive.
pub(crate) const SECRET: &str = "52.5200 N 13.4050 E";

/// An EXIF block with an orientation and a description. Source: EXIF 2.32, 4.6.
pub(crate) fn exif(orientation: u16) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x02\0".to_vec();
    let length = u32::try_from(SECRET.len()).unwrap();
    // ImageDescription, ASCII, at byte 38; Orientation, SHORT, in place.
    block.extend([&0x010e_u16.to_le_bytes()[..], &[2, 0], &length.to_le_bytes(), &38_u32.to_le_bytes()].concat());
    block.extend([&0x0112_u16.to_le_bytes()[..], &[3, 0, 1, 0, 0, 0], &orientation.to_le_bytes(), &[0, 0]].concat());
    block.extend([0; 4]);
    block.extend(SECRET.as_bytes());
    block
}

/// A profile as far as anybody here looks: its length and its colour space.
pub(crate) fn profile(space: &[u8; 4]) -> Vec<u8> {
    let mut profile = vec![0; 200];
    profile[..4].copy_from_slice(&200_u32.to_be_bytes());
    profile[16..20].copy_from_slice(space);
    profile[36..40].copy_from_slice(b"acsp");
    profile
}

/// A picture with an EXIF block and a profile.
pub(crate) fn with_metadata(image: &DynamicImage, format: ImageFormat, orientation: u16, profile: Vec<u8>) -> Vec<u8> {
    fn write(mut encoder: impl ImageEncoder, image: &DynamicImage, exif: Vec<u8>, profile: Vec<u8>) {
        encoder.set_exif_metadata(exif).unwrap();
        encoder.set_icc_profile(profile).unwrap();
        encoder.write_image(image.as_bytes(), image.width(), image.height(), image.color().into()).unwrap();
    }
    let mut bytes = Vec::new();
    match format {
        ImageFormat::Jpeg => write(JpegEncoder::new_with_quality(&mut bytes, 95), image, exif(orientation), profile),
        _ => write(PngEncoder::new(&mut bytes), image, exif(orientation), profile),
    }
    bytes
}

pub(crate) fn template(source: &str) -> Template {
    Template::from_source(source).unwrap_or_else(|mistakes| panic!("{source}: {mistakes:#?}"))
}

/// A template with this one layer.
pub(crate) fn text(text: &str, properties: &str) -> Template {
    template(&format!("template \"t\" {{ text \"{text}\" {{ {properties} }} }}"))
}

pub(crate) fn ada() -> Variables {
    Variables { user_id: "ada".into(), image_name: "sea.jpg".into(), ..Variables::default() }
}

pub(crate) fn marked(source: &[u8], template: &Template) -> Result<Output, RenderError> {
    render(source, template, &ada(), &Resources::embedded(), &Limits::default())
}

pub(crate) fn decoded(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory(bytes).unwrap()
}

/// Compares a PNG with the golden one of this name; see `golden.rs`.
pub(crate) fn golden(name: &str, png: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let path = folder.join(format!("{name}.png"));
    if env::var_os("SEALMARK_UPDATE_GOLDENS").is_some() {
        fs::write(&path, png).unwrap();
        return;
    }
    let golden = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (golden, new) = (decoded(&golden), decoded(png));
    assert_eq!(golden.color(), new.color(), "{name}");
    let (golden, new) = (golden.to_rgba16(), new.to_rgba16());
    assert_eq!(golden.dimensions(), new.dimensions(), "{name}");
    let mut worst = 0;
    let difference: RgbaImage = ImageBuffer::from_fn(new.width(), new.height(), |x, y| {
        let (golden, new) = (golden.get_pixel(x, y), new.get_pixel(x, y));
        let most = golden.0.iter().zip(new.0).map(|(golden, new)| golden.abs_diff(new)).max().unwrap();
        worst = worst.max(most);
        Rgba([u8::try_from((most / 8).min(255)).unwrap(), 0, 0, 255])
    });
    if worst > 257 {
        let (new_path, diff) = (folder.join(format!("{name}.new.png")), folder.join(format!("{name}.diff.new.png")));
        fs::write(&new_path, png).unwrap();
        difference.save(&diff).unwrap();
        panic!(
            "{name} differs by up to {worst} of 65,535 from {}\n  new:  {}\n  diff: {}",
            path.display(),
            new_path.display(),
            diff.display()
        );
    }
}
