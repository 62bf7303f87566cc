//! PNGs whose other rows stay as they are packed.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

use std::io::{Cursor, Write};

use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageReader, codecs::png};
use proptest::prelude::*;
use sealmark_watermark_dsl::{Template, Variables};
use sealmark_watermark_render::{
    Channels, Limits, Method, Output, Pixels, PngRefusal, Proof, Reason, RenderError, Resources, draw, layout, render,
    verify,
};

fn marked(source: &[u8], template: &str) -> Result<Output, RenderError> {
    let template = Template::from_source(template).unwrap();
    render(source, &template, &Variables::default(), &Resources::embedded(), &Limits::default())
}

const CORNER: &str = r#"template "t" { text "Sealmark" { size = 12%min  opacity = 70%  color = #ff8800 } }"#;
const SEVERAL: &str = r#"template "t" {
  text "top" { size = 8px  anchor = top_left  margin = 0px }
  text "middle" { size = 9px  anchor = center  color = auto }
  text "bottom" { size = 8px  anchor = bottom_right  margin = 0px  opacity = 40% }
}"#;
const EVERYWHERE: &str = r#"template "t" { tile text "tile" { size = 10px  angle = -30deg  gap = 6px } }"#;

/// Samples that look like a photograph, or like a drawing.
fn samples(count: usize, row: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    (0..count)
        .map(|at| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (x, y) = (at % row, at / row);
            match seed % 3 {
                0 => (x / 7 + y / 5 + (state >> 29) as usize) as u8,
                1 => (if x / 40 % 2 == y / 30 % 2 { 240 } else { 16 }) as u8,
                _ => (state >> 24) as u8,
            }
        })
        .collect()
}

/// Filters each row with the next kind, and packs all of it at this level with blocks of this many bytes.
fn png_of(color: u8, bits: u8, width: u32, height: u32, seed: u32, level: u32, block: usize) -> Vec<u8> {
    let channels = match color {
        0 => 1,
        2 => 3,
        4 => 2,
        _ => 4,
    };
    let row = width as usize * channels * usize::from(bits / 8);
    let pixels = samples(row * height as usize, row, seed);
    let kind = if color == 2 { ::png::ColorType::Rgb } else { ::png::ColorType::Rgba };
    let kind = match color {
        0 => ::png::ColorType::Grayscale,
        4 => ::png::ColorType::GrayscaleAlpha,
        _ => kind,
    };
    let depth = if bits == 8 { ::png::BitDepth::Eight } else { ::png::BitDepth::Sixteen };
    // The library filters; what it packed is unpacked, and packed again in another way.
    let mut plain = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut plain, width, height);
    encoder.set_color(kind);
    encoder.set_depth(depth);
    encoder.set_filter(match seed % 6 {
        0 => ::png::Filter::NoFilter,
        1 => ::png::Filter::Sub,
        2 => ::png::Filter::Up,
        3 => ::png::Filter::Avg,
        4 => ::png::Filter::Paeth,
        _ => ::png::Filter::Adaptive,
    });
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    let mut packed = Vec::new();
    let mut rest = &plain[8..];
    while let Some(length) = rest.first_chunk() {
        let length = u32::from_be_bytes(*length) as usize;
        if &rest[4..8] == b"IDAT" {
            packed.extend_from_slice(&rest[8..8 + length]);
        }
        rest = &rest[12 + length..];
    }
    let mut filtered = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::ZlibDecoder::new(&packed[..]), &mut filtered).unwrap();
    let mut again = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(level));
    for part in filtered.chunks(block) {
        again.write_all(part).unwrap();
        again.flush().unwrap();
    }
    let again = again.finish().unwrap();
    let mut png = plain[..33].to_vec();
    for (name, payload) in again.chunks(1 + block / 3).map(|part| (b"IDAT", part)).chain([(b"IEND", &[][..])]) {
        png.extend((payload.len() as u32).to_be_bytes());
        let body = [&name[..], payload].concat();
        png.extend_from_slice(&body);
        png.extend(crc32fast::hash(&body).to_be_bytes());
    }
    png
}

fn decoded(png: &[u8]) -> DynamicImage {
    ImageReader::with_format(Cursor::new(png), image::ImageFormat::Png).decode().unwrap()
}

/// What blending onto decoded pixels gives.
fn blended(source: &[u8], template: &str) -> DynamicImage {
    let mut image = decoded(source);
    let (width, height) = (image.width(), image.height());
    let (template, resources) = (Template::from_source(template).unwrap(), Resources::embedded());
    let mut scene = layout(&template, &Variables::default(), width, height, &resources).unwrap();
    let mut with = |stamps: &dyn Fn(&mut Pixels<'_>)| match &mut image {
        DynamicImage::ImageLuma8(image) => stamps(&mut Pixels::bits8(image, Channels::Gray, width, height).unwrap()),
        DynamicImage::ImageLumaA8(image) => {
            stamps(&mut Pixels::bits8(image, Channels::GrayAlpha, width, height).unwrap());
        }
        DynamicImage::ImageRgb8(image) => stamps(&mut Pixels::bits8(image, Channels::Rgb, width, height).unwrap()),
        DynamicImage::ImageRgba8(image) => stamps(&mut Pixels::bits8(image, Channels::Rgba, width, height).unwrap()),
        DynamicImage::ImageLuma16(image) => stamps(&mut Pixels::bits16(image, Channels::Gray, width, height).unwrap()),
        DynamicImage::ImageLumaA16(image) => {
            stamps(&mut Pixels::bits16(image, Channels::GrayAlpha, width, height).unwrap());
        }
        DynamicImage::ImageRgb16(image) => stamps(&mut Pixels::bits16(image, Channels::Rgb, width, height).unwrap()),
        DynamicImage::ImageRgba16(image) => stamps(&mut Pixels::bits16(image, Channels::Rgba, width, height).unwrap()),
        other => panic!("{:?}", other.color()),
    };
    let luma = std::cell::RefCell::new(Vec::new());
    with(&|pixels| {
        let mut scene = scene.clone();
        scene.resolve_auto(|rect| {
            let mean = pixels.mean_luma(rect);
            luma.borrow_mut().push(mean);
            mean
        });
    });
    let mut means = luma.into_inner().into_iter();
    scene.resolve_auto(|_| means.next().unwrap());
    let stamps = draw(&scene, &resources.fonts).unwrap();
    with(&|pixels| stamps.iter().for_each(|stamp| stamp.blend_onto(pixels)));
    image
}

fn check(source: &[u8], template: &str) {
    let output = marked(source, template).unwrap();
    assert_eq!(output.method, Method::Repacked);
    assert_eq!(verify(source, &output, &Limits::default()).unwrap(), Proof::Pixels);
    let (got, expected) = (decoded(&output.bytes), blended(source, template));
    let at = got.as_bytes().iter().zip(expected.as_bytes()).position(|(got, expected)| got != expected);
    assert_eq!((got.color(), at), (expected.color(), None), "other pixels than blending gives, with {template}");
}

#[test]
fn every_kind_of_pixel_and_filter_and_level_is_kept_packed() {
    for (color, bits) in [(0, 8), (0, 16), (2, 8), (2, 16), (4, 8), (4, 16), (6, 8), (6, 16)] {
        for seed in 0..6 {
            for level in [0, 1, 6, 9] {
                let source = png_of(color, bits, 300, 200, seed, level, 1 << 20);
                [CORNER, SEVERAL, EVERYWHERE].iter().for_each(|template| check(&source, template));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn sizes_blocks_and_places_do_not_matter(
        (width, height) in (20_u32..700, 20_u32..900),
        (seed, level, block) in (0_u32..1000, 0_u32..10, 60_usize..200_000),
        template in prop::sample::select(&[CORNER, SEVERAL, EVERYWHERE][..]),
    ) {
        check(&png_of(2, 8, width, height, seed, level, block), template);
    }
}

#[test]
fn a_small_mark_costs_few_bytes_and_little_is_changed() {
    for seed in [0, 1] {
        let source = png_of(2, 8, 1500, 1000, seed, 6, 1 << 22);
        let template = r#"template "t" { text "Sealmark" { size = 3%min  anchor = top_right } }"#;
        let output = marked(&source, template).unwrap();
        let more = output.bytes.len() as f64 / source.len() as f64;
        assert!(more < 1.05 || output.bytes.len() < source.len() + 20_000, "{more} of {} bytes", source.len());
        // The end of the stream is that of the source, shifted by some bits.
        let tail = |bytes: &[u8], shift: u32| -> Vec<u8> {
            let end = bytes.len() - 16;
            bytes[end - 4000..end].windows(2).map(|two| (u16::from_le_bytes([two[0], two[1]]) >> shift) as u8).collect()
        };
        let old = tail(&source, 0);
        let is_there = (0..8).any(|shift| {
            let new = tail(&output.bytes, shift);
            let probe = &old[1000..1200];
            new.windows(probe.len()).any(|window| window == probe)
        });
        assert!(is_there, "seed {seed}: the rest is coded in another way");
    }
}

#[test]
fn what_cannot_be_kept_packed_is_encoded_anew_and_says_why() {
    let source = png_of(2, 8, 120, 80, 5, 6, 1 << 20);
    let refused = |source: &[u8]| marked(source, CORNER).map(|output| output.method);
    let because = |refusal| Method::Encoded(Reason::Unpacked(refusal));
    // A wrong sum of the pixels, with the chunk's own sum right: viewers do not care.
    let mut broken = source.clone();
    let end = broken.len() - 12;
    broken[end - 5] ^= 1;
    let at = 33;
    let length = u32::from_be_bytes(*broken[at..].first_chunk().unwrap()) as usize;
    assert_eq!(at + length + 12, end);
    let sum = crc32fast::hash(&broken[at + 4..at + 8 + length]).to_be_bytes();
    broken[at + 8 + length..at + 12 + length].copy_from_slice(&sum);
    assert_eq!(refused(&broken).unwrap(), because(PngRefusal::Broken));

    let mut palette = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut palette, 40, 30);
    encoder.set_color(::png::ColorType::Indexed);
    encoder.set_palette(vec![0, 0, 0, 255, 255, 255]);
    encoder.write_header().unwrap().write_image_data(&[1; 40 * 30]).unwrap();
    assert_eq!(refused(&palette).unwrap(), because(PngRefusal::Palette));

    let mut key = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut key, 40, 30);
    encoder.set_color(::png::ColorType::Rgb);
    encoder.set_trns(vec![0, 1, 0, 1, 0, 1]);
    encoder.write_header().unwrap().write_image_data(&[1; 40 * 30 * 3]).unwrap();
    assert_eq!(refused(&key).unwrap(), because(PngRefusal::TransparentColor));

    let mut bits = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bits, 40, 30);
    encoder.set_depth(::png::BitDepth::Four);
    encoder.write_header().unwrap().write_image_data(&[0x5a; 20 * 30]).unwrap();
    assert_eq!(refused(&bits).unwrap(), because(PngRefusal::FewBits));

    let mut fast = Vec::new();
    let (image, kind) = (decoded(&source), ExtendedColorType::Rgb8);
    png::PngEncoder::new(&mut fast).write_image(image.as_bytes(), image.width(), image.height(), kind).unwrap();
    assert_eq!(refused(&fast).unwrap(), Method::Repacked);
}

#[test]
fn whatever_is_cut_or_changed_is_an_error_or_right() {
    let source = png_of(2, 8, 90, 70, 0, 6, 4000);
    for at in (0..source.len()).step_by(3) {
        let mut changed = source.clone();
        changed[at] ^= 0x55;
        for bytes in [&changed[..], &source[..at]] {
            if let Ok(output) = marked(bytes, CORNER) {
                verify(bytes, &output, &Limits::default()).unwrap();
            }
        }
    }
}
