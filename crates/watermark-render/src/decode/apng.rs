//! Animated PNGs: every picture, laid over those before it as the file says. Source: PNG, third edition, 4.9 and 11.3.6.

use std::io::Cursor;

use image::{ColorType, DynamicImage, ImageBuffer, metadata::Orientation};
use png::{BlendOp, DecodingError, DisposeOp, FrameControl, InterlaceInfo, Reader, Transformations};

use super::{Decoded, Delay, Frame, Loss, check_size};
use crate::{Format, Limits, RenderError, container::apng::Animation, notes::Notes};

/// What a still of the same file would have as well.
pub(super) struct Around {
    pub(super) orientation: Orientation,
    pub(super) profile: Option<Vec<u8>>,
    pub(super) notes: Notes,
    /// Of its pixels as decoded.
    pub(super) color: ColorType,
}

/// Decodes all pictures, and the one for readers that know of no animation. Where the chunks do not fit one another, the
/// file is broken: some readers would show its first picture then, others as many as they can.
pub(super) fn decode(
    bytes: &[u8],
    animation: &Animation,
    around: Around,
    limits: &Limits,
) -> Result<Decoded, RenderError> {
    let broken = || RenderError::BrokenImage { format: Format::Png, source: None };
    let wrong = |source: DecodingError| failed(source, limits);
    let count = animation.promised;
    if animation.controls.len() as u64 != u64::from(count) {
        return Err(broken());
    }
    let kind = Kind::of(around.color, !around.color.has_alpha() && animation.has_holes(bytes)).ok_or_else(broken)?;
    let memory = usize::try_from(limits.max_decoded_bytes).unwrap_or(usize::MAX);
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: memory });
    decoder.set_transformations(Transformations::EXPAND);
    decoder.set_ignore_text_chunk(true);
    let mut reader = decoder.read_info().map_err(wrong)?;
    let (width, height) = reader.info().size();
    let frame_bytes = u64::from(width) * u64::from(height) * kind.pixel_bytes() as u64;
    check_size(
        width,
        height,
        frame_bytes.saturating_mul(u64::from(count) + u64::from(animation.has_fallback)),
        limits,
    )?;
    let plays = reader.info().animation_control().map(|control| control.num_plays).ok_or_else(broken)?;
    let mut next = reader.info().frame_control;
    let mut fallback = None;
    if next.is_none() {
        let pixels = kind.widened(pixels(&mut reader, width, height, &kind).map_err(wrong)?);
        fallback = Some(kind.image(width, height, &pixels).ok_or_else(broken)?);
    }
    let mut canvas = Canvas { width, kind: &kind, bytes: vec![0; usize::try_from(frame_bytes).map_err(|_| broken())?] };
    let mut frames = Vec::new();
    for at in 0..count {
        let control = match next.take() {
            Some(control) => control,
            None => *reader.next_frame_info().map_err(wrong)?,
        };
        let pixels = pixels(&mut reader, control.width, control.height, &kind).map_err(wrong)?;
        // Before the first picture there was nothing.
        let disposal = match control.dispose_op {
            DisposeOp::Previous if at == 0 => DisposeOp::Background,
            other => other,
        };
        let before = (disposal == DisposeOp::Previous).then(|| canvas.bytes.clone());
        canvas.lay(&control, &kind.widened(pixels), at == 0);
        let image = kind.image(width, height, &canvas.bytes).ok_or_else(broken)?;
        frames.push(Frame { image, delay: delay(&control) });
        match before {
            Some(before) => canvas.bytes = before,
            None if disposal == DisposeOp::Background => canvas.clear(&control),
            None => {}
        }
    }
    let Around { orientation, profile, notes, .. } = around;
    Ok(Decoded { frames, plays: Some(plays), fallback, orientation, profile, notes, loss: Loss::None })
}

fn delay(control: &FrameControl) -> Delay {
    // Source: PNG, third edition, 11.3.6.2: 0 is to be treated as if it were 100.
    let denominator = if control.delay_den == 0 { 100 } else { control.delay_den };
    Delay { numerator: control.delay_num.into(), denominator: denominator.into() }
}

fn failed(source: DecodingError, limits: &Limits) -> RenderError {
    let format = Format::Png;
    match source {
        DecodingError::LimitsExceeded => {
            RenderError::DecoderLimit { format, max_decoded_bytes: limits.max_decoded_bytes }
        }
        source => {
            let source = image::error::DecodingError::new(image::ImageFormat::Png.into(), source);
            RenderError::BrokenImage { format, source: Some(image::ImageError::Decoding(source)) }
        }
    }
}

/// The pixels of the picture that comes next, as the file has them. Row by row: of interlaced pictures that are smaller than
/// the canvas, `png` 0.18.1 puts whole ones together with the canvas's rows.
fn pixels(reader: &mut Reader<Cursor<&[u8]>>, width: u32, height: u32, kind: &Kind) -> Result<Vec<u8>, DecodingError> {
    let pixel_bytes = kind.stored_bytes();
    let stride = width as usize * pixel_bytes;
    let mut pixels = vec![0; stride * height as usize];
    let mut plain = 0;
    while let Some(row) = reader.next_interlaced_row()? {
        match row.interlace() {
            InterlaceInfo::Adam7(pass) => {
                png::expand_interlaced_row(&mut pixels, stride, row.data(), pass, 8 * pixel_bytes as u8);
            }
            InterlaceInfo::Null(_) => {
                if let Some(into) = pixels.get_mut(plain..plain + stride).filter(|into| into.len() == row.data().len())
                {
                    into.copy_from_slice(row.data());
                }
                plain += stride;
            }
        }
    }
    Ok(pixels)
}

/// What a pixel on the canvas consists of. Samples of 16 bits have the higher byte first, as in the file.
struct Kind {
    /// With alpha, where there is one.
    channels: usize,
    sample_bytes: usize,
    has_alpha: bool,
    /// Whether the alpha is not in the file, where all is opaque.
    is_widened: bool,
}

impl Kind {
    fn of(color: ColorType, is_widened: bool) -> Option<Self> {
        let stored = usize::from(color.channel_count());
        let sample_bytes = usize::from(color.bytes_per_pixel()).checked_div(stored)?;
        let is_known = (1..=4).contains(&stored) && (1..=2).contains(&sample_bytes);
        let (channels, has_alpha) = (stored + usize::from(is_widened), color.has_alpha() || is_widened);
        is_known.then_some(Self { channels, sample_bytes, has_alpha, is_widened })
    }

    const fn pixel_bytes(&self) -> usize {
        self.channels * self.sample_bytes
    }

    const fn stored_bytes(&self) -> usize {
        (self.channels - self.is_widened as usize) * self.sample_bytes
    }

    /// Pixels as stored, with an alpha where there was none.
    fn widened(&self, stored: Vec<u8>) -> Vec<u8> {
        if !self.is_widened {
            return stored;
        }
        let opaque = &[0xff; 2][..self.sample_bytes];
        stored.chunks_exact(self.stored_bytes()).flat_map(|pixel| pixel.iter().chain(opaque)).copied().collect()
    }

    fn image(&self, width: u32, height: u32, bytes: &[u8]) -> Option<DynamicImage> {
        macro_rules! image {
            ($kind:ident, $samples:expr) => {
                ImageBuffer::from_raw(width, height, $samples).map(DynamicImage::$kind)
            };
        }
        let wide = || bytes.as_chunks::<2>().0.iter().map(|sample| u16::from_be_bytes(*sample)).collect();
        match (self.channels, self.sample_bytes) {
            (1, 1) => image!(ImageLuma8, bytes.to_vec()),
            (2, 1) => image!(ImageLumaA8, bytes.to_vec()),
            (3, 1) => image!(ImageRgb8, bytes.to_vec()),
            (4, 1) => image!(ImageRgba8, bytes.to_vec()),
            (1, _) => image!(ImageLuma16, wide()),
            (2, _) => image!(ImageLumaA16, wide()),
            (3, _) => image!(ImageRgb16, wide()),
            _ => image!(ImageRgba16, wide()),
        }
    }
}

/// What is shown, as it is put together.
struct Canvas<'a> {
    width: u32,
    kind: &'a Kind,
    bytes: Vec<u8>,
}

impl Canvas<'_> {
    /// The rows of a picture's place.
    fn rows(&mut self, control: &FrameControl) -> impl Iterator<Item = &mut [u8]> {
        let pixel_bytes = self.kind.pixel_bytes();
        let columns =
            control.x_offset as usize * pixel_bytes..(control.x_offset + control.width) as usize * pixel_bytes;
        let rows = self.bytes.chunks_exact_mut(self.width as usize * pixel_bytes);
        // The decoder has checked that it lies on the canvas.
        let rows = rows.skip(control.y_offset as usize).take(control.height as usize);
        rows.filter_map(move |row| row.get_mut(columns.clone()))
    }

    fn clear(&mut self, control: &FrameControl) {
        self.rows(control).for_each(|row| row.fill(0));
    }

    /// Lays a picture where it belongs. The first lies over nothing, so that it may as well replace it.
    fn lay(&mut self, control: &FrameControl, pixels: &[u8], is_first: bool) {
        let (pixel_bytes, sample_bytes) = (self.kind.pixel_bytes(), self.kind.sample_bytes);
        let is_blended = control.blend_op == BlendOp::Over && self.kind.has_alpha && !is_first;
        let stride = control.width as usize * pixel_bytes;
        for (below, above) in self.rows(control).zip(pixels.chunks_exact(stride.max(1))) {
            if !is_blended {
                below.copy_from_slice(above);
                continue;
            }
            for (below, above) in below.chunks_exact_mut(pixel_bytes).zip(above.chunks_exact(pixel_bytes)) {
                over(below, above, sample_bytes);
            }
        }
    }
}

/// Lays a pixel over another; alpha is the last of their samples. Source: PNG, third edition, 13.16.
fn over(below: &mut [u8], above: &[u8], sample_bytes: usize) {
    let sample = |bytes: &[u8]| bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    let alpha = |pixel: &[u8]| sample(&pixel[pixel.len() - sample_bytes..]);
    let max = if sample_bytes == 1 { 0xff } else { 0xffff };
    let (front, back) = (alpha(above), alpha(below));
    if front == max || (back == 0 && front > 0) {
        below.copy_from_slice(above);
        return;
    }
    if front == 0 {
        return;
    }
    // Both parts as so many of `max * max`.
    let (front, back) = (front * max, back * (max - front));
    let whole = front + back;
    let at = below.len() - sample_bytes;
    let (colors, below_alpha) = below.split_at_mut(at);
    let write = |into: &mut [u8], value: u64| into.copy_from_slice(&value.to_be_bytes()[8 - sample_bytes..]);
    for (below, above) in colors.chunks_exact_mut(sample_bytes).zip(above.chunks_exact(sample_bytes)) {
        let value = (sample(above) * front + sample(below) * back + whole / 2) / whole;
        write(below, value);
    }
    write(below_alpha, (whole + max / 2) / max);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pixel_over_another() {
        let laid = |below: &[u8], above: &[u8], bytes| {
            let mut below = below.to_vec();
            over(&mut below, above, bytes);
            below
        };
        assert_eq!(laid(&[10, 255], &[200, 0], 1), [10, 255]);
        assert_eq!(laid(&[10, 255], &[200, 255], 1), [200, 255]);
        assert_eq!(laid(&[10, 0], &[200, 7], 1), [200, 7]);
        assert_eq!(laid(&[10, 255], &[200, 51], 1), [48, 255]);
        assert_eq!(laid(&[0, 128], &[255, 128], 1), [170, 192]);
        // 0x1000 and 0x3000, half of each.
        assert_eq!(laid(&[0x10, 0, 0xff, 0xff], &[0x30, 0, 0x80, 0], 2), [0x20, 0, 0xff, 0xff]);
        assert_eq!(laid(&[1, 2, 3, 4, 5, 6, 0, 0], &[9, 9, 9, 9, 9, 9, 0, 0], 2), [1, 2, 3, 4, 5, 6, 0, 0]);
    }
}
