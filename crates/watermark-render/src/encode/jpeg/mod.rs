//! JPEGs anew: baseline, the tables of ITU-T T.81, K. Written here because the crates that can store colour with fewer
//! samples are C, or under a licence that is not on our list, and because this is all there is to it; DESIGN.md has
//! the figures.

mod codes;
mod forward;
mod planes;

use image::DynamicImage;

use self::{
    codes::{BitWriter, COLOR, Coder, LUMA, Spec},
    forward::{Divisors, Quantized},
    planes::Strip,
};
use super::{EncodeFailure, Rendition, size};
use crate::{
    container::jpeg::{note_segments, profile_segments},
    decode::Loss,
};

/// From position in the zigzag to position in the block. Source: ITU-T T.81, A.3.6.
#[rustfmt::skip]
const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Steps of the luma at quality 50, row by row. Source: ITU-T T.81, K.1.
#[rustfmt::skip]
const LUMA_STEPS: [u8; 64] = [
    16, 11, 10, 16,  24,  40,  51,  61, 12, 12, 14, 19,  26,  58,  60,  55,
    14, 13, 16, 24,  40,  57,  69,  56, 14, 17, 22, 29,  51,  87,  80,  62,
    18, 22, 37, 56,  68, 109, 103,  77, 24, 35, 55, 64,  81, 104, 113,  92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103,  99,
];

/// Steps of the colour at quality 50: the first four rows' first four, and [`COARSE`] elsewhere.
#[rustfmt::skip]
const COLOR_STEPS: [[u8; 4]; 4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, COARSE], [47, 66, COARSE, COARSE]];
const COARSE: u8 = 99;

/// Longest side that a frame's header can say.
const MAX_EDGE_PX: u32 = 65_535;

/// The steps at a quality, row by row, as libjpeg scales them.
fn steps(base: impl Fn(usize) -> u8, quality: u8) -> [u8; 64] {
    let quality = u32::from(quality.clamp(1, 100));
    let percent = if quality < 50 { 5_000 / quality } else { 200 - 2 * quality };
    // Between 1 and 255.
    std::array::from_fn(|at| ((u32::from(base(at)) * percent + 50) / 100).clamp(1, 255) as u8)
}

fn color_step(at: usize) -> u8 {
    COLOR_STEPS.get(at / 8).and_then(|row| row.get(at % 8)).copied().unwrap_or(COARSE)
}

/// The steps of the luma at a quality.
pub(crate) fn luma_steps(quality: u8) -> [u8; 64] {
    steps(|at| LUMA_STEPS[at], quality)
}

pub(super) fn encode(rendition: &Rendition<'_>, image: &DynamicImage) -> Result<Vec<u8>, EncodeFailure> {
    let (width, height) = size(image, MAX_EDGE_PX)?;
    let (samples, is_gray) = match image {
        DynamicImage::ImageLuma8(image) => (image.as_raw(), true),
        DynamicImage::ImageRgb8(image) => (image.as_raw(), false),
        _ => return Err(EncodeFailure::Samples),
    };
    let quality = match rendition.loss {
        Loss::None => 100,
        Loss::Quality(quality) => quality.unwrap_or(super::DEFAULT_QUALITY),
    };
    let tables = [luma_steps(quality), steps(color_step, quality)];
    let factor = if rendition.is_subsampled && !is_gray { 2 } else { 1 };

    let mut out = Vec::with_capacity(samples.len() / 8 + 4_096);
    out.extend([0xff, 0xd8]);
    segment(&mut out, 0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")?;
    for (marker, payload) in note_segments(&rendition.notes) {
        segment(&mut out, marker, &payload)?;
    }
    if let Some(profile) = &rendition.profile {
        for (marker, payload) in profile_segments(profile).ok_or(EncodeFailure::Length)? {
            segment(&mut out, marker, &payload)?;
        }
    }
    header(&mut out, (width as u16, height as u16), &tables, is_gray, factor)?;

    let frame = Frame { samples, width: width as usize, height: height as usize, is_gray, factor: factor.into() };
    scan(&mut out, &frame, &tables);
    out.extend([0xff, 0xd9]);
    Ok(out)
}

fn segment(out: &mut Vec<u8>, marker: u8, payload: &[u8]) -> Result<(), EncodeFailure> {
    let length = u16::try_from(payload.len() + 2).map_err(|_| EncodeFailure::Length)?;
    out.extend([0xff, marker]);
    out.extend(length.to_be_bytes());
    out.extend_from_slice(payload);
    Ok(())
}

/// Tables, frame and the scan's beginning. Source: ITU-T T.81, B.2.
fn header(
    out: &mut Vec<u8>,
    (width, height): (u16, u16),
    tables: &[[u8; 64]; 2],
    is_gray: bool,
    factor: u8,
) -> Result<(), EncodeFailure> {
    let kinds = if is_gray { 1 } else { 2 };
    for (number, table) in (0..).zip(&tables[..kinds]) {
        let steps = ZIGZAG.map(|at| table[usize::from(at)]);
        segment(out, 0xdb, &[&[number][..], &steps].concat())?;
    }
    let components: &[[u8; 3]] =
        if is_gray { &[[1, 0x11, 0]] } else { &[[1, factor << 4 | factor, 0], [2, 0x11, 1], [3, 0x11, 1]] };
    let count = components.len() as u8;
    let size = [height.to_be_bytes(), width.to_be_bytes()].concat();
    segment(out, 0xc0, &[&[8][..], &size, &[count], components.as_flattened()].concat())?;
    for (number, Spec { dc, ac }) in (0..).zip(&[LUMA, COLOR][..kinds]) {
        segment(out, 0xc4, &[&[number][..], dc.counts, dc.symbols, &[0x10 | number], ac.counts, ac.symbols].concat())?;
    }
    let selectors: &[u8] = if is_gray { &[1, 0] } else { &[1, 0, 2, 0x11, 3, 0x11] };
    segment(out, 0xda, &[&[count][..], selectors, &[0, 63, 0]].concat())
}

/// Pixels to be encoded.
struct Frame<'a> {
    samples: &'a [u8],
    width: usize,
    height: usize,
    is_gray: bool,
    /// How many columns and rows share a sample of colour.
    factor: usize,
}

fn scan(out: &mut Vec<u8>, frame: &Frame<'_>, tables: &[[u8; 64]; 2]) {
    let divisors = tables.each_ref().map(Divisors::new);
    let coders = [Coder::new(&LUMA), Coder::new(&COLOR)];
    let mut bits = BitWriter::new(out);
    let mut last = [0_i16; 3];
    let side = 8 * frame.factor;
    let mut strip = Strip::new(frame.width.div_ceil(side) * side, side);
    let mut block = Quantized::default();
    for top in (0..frame.height).step_by(side) {
        strip.fill(frame, top);
        for left in (0..frame.width).step_by(side) {
            for (y, x) in (0..frame.factor).flat_map(|y| (0..frame.factor).map(move |x| (y, x))) {
                divisors[0].quantize(strip.luma(left + 8 * x, 8 * y), &mut block);
                coders[0].write(&mut bits, &block, &mut last[0]);
            }
            if !frame.is_gray {
                for (which, last) in [0, 1].into_iter().zip(&mut last[1..]) {
                    divisors[1].quantize(strip.color(which, left, frame.factor), &mut block);
                    coders[1].write(&mut bits, &block, last);
                }
            }
        }
    }
    bits.finish();
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma, Rgb, RgbImage};

    use super::*;
    use crate::notes::Notes;

    fn encoded(image: &DynamicImage, quality: u8, is_subsampled: bool) -> Vec<u8> {
        let rendition = Rendition {
            format: crate::Format::Jpeg,
            frames: &[],
            plays: None,
            fallback: None,
            profile: None,
            notes: Notes::default(),
            touched: &[],
            loss: Loss::Quality(Some(quality)),
            is_subsampled,
            source: &[],
        };
        encode(&rendition, image).unwrap()
    }

    fn worst(image: &DynamicImage, quality: u8, is_subsampled: bool) -> u8 {
        let decoded = image::load_from_memory(&encoded(image, quality, is_subsampled)).unwrap();
        assert_eq!(decoded.color(), image.color());
        assert_eq!((decoded.width(), decoded.height()), (image.width(), image.height()));
        decoded.as_bytes().iter().zip(image.as_bytes()).map(|(new, old)| new.abs_diff(*old)).max().unwrap()
    }

    fn smooth(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            Rgb([(40 + 2 * x) as u8, (220 - 2 * y) as u8, (100 + x / 2 + y / 2) as u8])
        })
    }

    #[test]
    fn what_is_smooth_comes_back_at_every_size() {
        for (width, height) in [(1, 1), (7, 9), (8, 8), (16, 16), (17, 33), (64, 40), (65, 1), (1, 65)] {
            let image = DynamicImage::ImageRgb8(smooth(width, height));
            assert!(worst(&image, 100, false) <= 3, "{width}x{height}");
            assert!(worst(&image, 100, true) <= 8, "{width}x{height}");
            let gray = DynamicImage::ImageLuma8(image.to_luma8());
            assert!(worst(&gray, 100, false) <= 2, "{width}x{height}");
        }
    }

    #[test]
    fn the_largest_coefficients_have_codes() {
        for on in [255, 0] {
            let checks = GrayImage::from_fn(24, 24, |x, y| Luma([if (x + y) % 2 == 0 { on } else { 255 - on }]));
            assert!(worst(&DynamicImage::ImageLuma8(checks), 100, false) <= 3);
            let blocks =
                GrayImage::from_fn(48, 48, |x, y| Luma([if (x / 8 + y / 8) % 2 == 0 { on } else { 255 - on }]));
            assert!(worst(&DynamicImage::ImageLuma8(blocks), 100, false) <= 2);
        }
    }

    #[test]
    fn steps_are_those_of_libjpeg() {
        for quality in [1, 10, 50, 77, 90, 100] {
            let image = DynamicImage::ImageRgb8(smooth(16, 16));
            let mut theirs = Vec::new();
            let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut theirs, quality);
            image.write_with_encoder(encoder).unwrap();
            let tables = |jpeg: &[u8]| -> Vec<u8> {
                let at = |from: usize| from + memchr::memmem::find(&jpeg[from..], b"\xff\xdb").unwrap();
                let (first, second) = (at(0), at(at(0) + 2));
                [&jpeg[first + 5..first + 69], &jpeg[second + 5..second + 69]].concat()
            };
            assert_eq!(tables(&encoded(&image, quality, true)), tables(&theirs), "{quality}");
        }
    }
}
