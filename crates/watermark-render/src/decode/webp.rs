//! WebP: lossy, lossless and animated.

use std::io::Cursor;

use image::{DynamicImage, RgbImage, RgbaImage};
use image_webp::{DecodingError, LoopCount, WebPDecoder};

use super::{Decoded, Delay, Frame, Loss, check_size, fitting};
use crate::{Format, Limits, RenderError, container::webp as container, metadata, notes::Notes};

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, RenderError> {
    let wrong = |source: DecodingError| broken(source, limits);
    if !container::alpha_frames_fit(bytes) {
        return Err(RenderError::BrokenImage { format: Format::WebP, source: None });
    }
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(wrong)?;
    decoder.set_memory_limit(usize::try_from(limits.max_decoded_bytes).unwrap_or(usize::MAX));
    let (width, height) = decoder.dimensions();
    let frame_bytes = u64::from(width) * u64::from(height) * if decoder.has_alpha() { 4 } else { 3 };
    let is_animated = decoder.is_animated();
    let count = if is_animated { decoder.num_frames() } else { 1 };
    check_size(width, height, frame_bytes.saturating_mul(count.into()), limits)?;
    if count == 0 {
        return Err(RenderError::BrokenImage { format: Format::WebP, source: None });
    }
    let profile = fitting(decoder.icc_profile().unwrap_or_default(), true);
    let notes = Notes::of(bytes, Format::WebP);
    let loss = if decoder.is_lossy() { Loss::Quality(quality(bytes)) } else { Loss::None };
    let plays = is_animated.then(|| match decoder.loop_count() {
        LoopCount::Forever => 0,
        LoopCount::Times(times) => u32::from(times.get()),
    });
    let has_alpha = decoder.has_alpha();
    let size = decoder.output_buffer_size().unwrap_or_default();
    let mut frames = Vec::new();
    for _ in 0..count {
        let mut samples = vec![0; size];
        let duration_ms = if is_animated {
            decoder.read_frame(&mut samples).map_err(wrong)?
        } else {
            decoder.read_image(&mut samples).map_err(wrong)?;
            0
        };
        let image = if has_alpha {
            RgbaImage::from_raw(width, height, samples).map(DynamicImage::ImageRgba8)
        } else {
            RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8)
        };
        let Some(image) = image else { return Err(RenderError::BrokenImage { format: Format::WebP, source: None }) };
        frames.push(Frame { image, delay: Delay { numerator: duration_ms, denominator: 1_000 } });
    }
    let orientation = metadata::orientation(notes.exif.as_deref());
    Ok(Decoded { frames, plays, fallback: None, orientation, profile, notes, loss })
}

fn broken(source: DecodingError, limits: &Limits) -> RenderError {
    match source {
        DecodingError::MemoryLimitExceeded => {
            RenderError::DecoderLimit { format: Format::WebP, max_decoded_bytes: limits.max_decoded_bytes }
        }
        DecodingError::UnsupportedFeature(_) => {
            RenderError::UnsupportedFormat { found: "a WebP of a kind that is not read" }
        }
        source => {
            let source = image::error::DecodingError::new(image::ImageFormat::WebP.into(), source);
            RenderError::BrokenImage { format: Format::WebP, source: Some(image::ImageError::Decoding(source)) }
        }
    }
}

/// Quality on libwebp's scale, guessed from the quantizers of the first lossy picture.
fn quality(webp: &[u8]) -> Option<u8> {
    let of = |(name, payload): ([u8; 4], &[u8])| match &name {
        b"VP8 " => quantizer(payload),
        // Behind place, size, duration and flags.
        b"ANMF" => {
            container::list(payload.get(16..)?).find(|(name, _)| name == b"VP8 ").and_then(|(_, p)| quantizer(p))
        }
        _ => None,
    };
    let index = container::chunks(webp).find_map(of)?;
    // libwebp turns quality into compression by two lines that meet at 75, and takes the cube root of that.
    let part = 1.0 - index / 127.0;
    let linear = part * part * part;
    let quality = if linear < 0.5 { 150.0 * linear } else { 50.0 * (linear + 1.0) };
    // A cast from a float goes to the nearest end of the range.
    Some((quality.round() as u8).clamp(1, 100))
}

/// The mean of a picture's quantizer indices, 0 to 127. Source: RFC 6386, 9.2 to 9.6 and 19.2.
fn quantizer(vp8: &[u8]) -> Option<f64> {
    let [tag, _, _, 0x9d, 0x01, 0x2a, _, _, _, _, partition @ ..] = vp8 else { return None };
    if tag & 1 != 0 {
        return None;
    }
    let mut bits = Bits::new(partition);
    let (_color_space, _clamping) = (bits.flag(), bits.flag());
    let mut segments = [0_i32; 4];
    let mut is_absolute = false;
    let has_segments = bits.flag();
    if has_segments {
        let (has_map, has_values) = (bits.flag(), bits.flag());
        if has_values {
            is_absolute = bits.flag();
            for segment in &mut segments {
                *segment = bits.optional(7);
            }
            (0..4).for_each(|_| _ = bits.optional(6));
        }
        if has_map {
            (0..3).for_each(|_| _ = bits.flag() && bits.literal(8) > 0);
        }
    }
    let _filter = (bits.literal(1), bits.literal(6), bits.literal(3));
    // What the loop filter does for kinds of blocks.
    if bits.flag() && bits.flag() {
        (0..8).for_each(|_| _ = bits.optional(6));
    }
    let _partitions = bits.literal(2);
    let base = bits.literal(7) as i32;
    let of = |segment: i32| match (has_segments, is_absolute) {
        (false, _) => base,
        (true, true) => segment,
        (true, false) => base + segment,
    };
    Some(segments.iter().map(|segment| f64::from(of(*segment).clamp(0, 127))).sum::<f64>() / 4.0)
}

/// Reads bits of even odds from VP8's arithmetic coding. Source: RFC 6386, 7.3.
struct Bits<'a> {
    rest: &'a [u8],
    value: u32,
    range: u32,
    shifted: u32,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let mut bits = Self { rest: bytes, value: 0, range: 255, shifted: 0 };
        bits.value = bits.byte() << 8 | bits.byte();
        bits
    }

    fn byte(&mut self) -> u32 {
        match self.rest.split_first() {
            Some((byte, rest)) => {
                self.rest = rest;
                u32::from(*byte)
            }
            None => 0,
        }
    }

    fn flag(&mut self) -> bool {
        let split = 1 + (((self.range - 1) * 128) >> 8);
        let is_set = self.value >= split << 8;
        if is_set {
            self.range -= split;
            self.value -= split << 8;
        } else {
            self.range = split;
        }
        while self.range < 128 {
            self.value <<= 1;
            self.range <<= 1;
            self.shifted += 1;
            if self.shifted == 8 {
                self.shifted = 0;
                self.value |= self.byte();
            }
        }
        is_set
    }

    fn literal(&mut self, count: u32) -> u32 {
        (0..count).fold(0, |value, _| value << 1 | u32::from(self.flag()))
    }

    /// A magnitude and a sign, if a flag says that there is one.
    fn optional(&mut self, count: u32) -> i32 {
        if !self.flag() {
            return 0;
        }
        let magnitude = self.literal(count) as i32;
        if self.flag() { -magnitude } else { magnitude }
    }
}
