//! GIF: every picture, laid over those before it as the file says.

use std::io::Cursor;

use gif::{ColorOutput, DecodeOptions, DecodingError, DisposalMethod, MemoryLimit, Repeat};
use image::{DynamicImage, RgbaImage, metadata::Orientation};

use super::{Decoded, Delay, Frame, Loss, check_size};
use crate::{Format, Limits, RenderError, notes::Notes};

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, RenderError> {
    let wrong = |source: DecodingError| broken(source, limits);
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    // One picture may be as large as the whole.
    options
        .set_memory_limit(MemoryLimit::Bytes(limits.max_decoded_bytes.try_into().unwrap_or(std::num::NonZeroU64::MIN)));
    let mut decoder = options.read_info(Cursor::new(bytes)).map_err(wrong)?;
    let (width, height) = (u32::from(decoder.width()), u32::from(decoder.height()));
    let frame_bytes = u64::from(width) * u64::from(height) * 4;
    check_size(width, height, frame_bytes, limits)?;
    let global = decoder.global_palette().map(<[u8]>::to_vec);
    let mut canvas = RgbaImage::new(width, height);
    let mut frames: Vec<Frame> = Vec::new();
    while let Some(frame) = decoder.read_next_frame().map_err(wrong)? {
        check_size(width, height, frame_bytes.saturating_mul(frames.len() as u64 + 1), limits)?;
        let before = (frame.dispose == DisposalMethod::Previous).then(|| canvas.clone());
        let palette = frame.palette.as_deref().or(global.as_deref()).unwrap_or_default();
        lay(&mut canvas, frame, palette);
        let delay = Delay { numerator: frame.delay.into(), denominator: 100 };
        frames.push(Frame { image: DynamicImage::ImageRgba8(canvas.clone()), delay });
        match before {
            Some(before) => canvas = before,
            None if frame.dispose == DisposalMethod::Background => clear(&mut canvas, frame),
            None => {}
        }
    }
    let plays = match decoder.repeat() {
        _ if frames.len() == 1 => None,
        Repeat::Infinite => Some(0),
        Repeat::Finite(again) => Some(u32::from(again) + 1),
    };
    if frames.is_empty() || width == 0 || height == 0 {
        return Err(RenderError::BrokenImage { format: Format::Gif, source: None });
    }
    let orientation = Orientation::NoTransforms;
    Ok(Decoded { frames, plays, fallback: None, orientation, profile: None, notes: Notes::default(), loss: Loss::None })
}

/// Visits the places of a frame that lie on the canvas, and the number of each in the frame.
fn for_each_place(canvas: (u32, u32), frame: &gif::Frame<'_>, mut visit: impl FnMut(u32, u32, usize)) {
    let (left, top) = (u32::from(frame.left), u32::from(frame.top));
    let columns = u32::from(frame.width).min(canvas.0.saturating_sub(left));
    let rows = u32::from(frame.height).min(canvas.1.saturating_sub(top));
    for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
        visit(left + x, top + y, y as usize * usize::from(frame.width) + x as usize);
    }
}

/// Lays a frame over what is there. What the palette does not have is left out.
fn lay(canvas: &mut RgbaImage, frame: &gif::Frame<'_>, palette: &[u8]) {
    for_each_place(canvas.dimensions(), frame, |x, y, at| {
        let Some(index) = frame.buffer.get(at).filter(|index| frame.transparent != Some(**index)) else { return };
        if let Some([r, g, b]) = palette.get(usize::from(*index) * 3..).and_then(|color| color.first_chunk()) {
            canvas.put_pixel(x, y, image::Rgba([*r, *g, *b, 255]));
        }
    });
}

fn clear(canvas: &mut RgbaImage, frame: &gif::Frame<'_>) {
    for_each_place(canvas.dimensions(), frame, |x, y, _| canvas.put_pixel(x, y, image::Rgba([0; 4])));
}

fn broken(source: DecodingError, limits: &Limits) -> RenderError {
    let format = Format::Gif;
    match source {
        DecodingError::OutOfMemory | DecodingError::MemoryLimit => {
            RenderError::DecoderLimit { format, max_decoded_bytes: limits.max_decoded_bytes }
        }
        source => {
            let source = image::error::DecodingError::new(image::ImageFormat::Gif.into(), source);
            RenderError::BrokenImage { format, source: Some(image::ImageError::Decoding(source)) }
        }
    }
}
