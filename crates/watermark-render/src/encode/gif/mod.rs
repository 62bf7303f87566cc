//! GIFs: of every picture only what differs from the one before, with colours of its own.

mod palette;

use std::collections::BTreeMap;

use gif::{DisposalMethod, Encoder, EncodingError, Repeat};
use image::{DynamicImage, RgbaImage};

use self::palette::Palette;
use super::{EncodeFailure, Rendition};
use crate::{Rect, prepare::opaque_or_nothing};

/// Most colours outside of the mark that are kept exactly; the mark gets the others of 255.
pub(crate) const MAX_EXACT_COLORS: usize = 224;

pub(super) fn encode(rendition: &Rendition<'_>) -> Result<Vec<u8>, EncodeFailure> {
    let pictures = rendition.frames.iter().map(|frame| match &frame.image {
        DynamicImage::ImageRgba8(image) => {
            let mut image = image.clone();
            image.pixels_mut().for_each(opaque_or_nothing);
            Ok(image)
        }
        _ => Err(EncodeFailure::Samples),
    });
    let pictures = pictures.collect::<Result<Vec<_>, _>>()?;
    let (width, height) = pictures.first().ok_or(EncodeFailure::Samples)?.dimensions();
    let too_long = |_| EncodeFailure::Edge { max_edge_px: u16::MAX.into() };
    let (width, height) = (u16::try_from(width).map_err(too_long)?, u16::try_from(height).map_err(too_long)?);
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, width, height, &[]).map_err(failed)?;
    match rendition.plays {
        Some(0) => encoder.set_repeat(Repeat::Infinite).map_err(failed)?,
        // Once is what is done where nothing is said.
        Some(plays @ 2..) => {
            encoder.set_repeat(Repeat::Finite(u16::try_from(plays - 1).unwrap_or(u16::MAX))).map_err(failed)?;
        }
        _ => {}
    }
    // A pixel can only become transparent again if the whole picture is taken away.
    let is_cleared = pictures
        .windows(2)
        .any(|pair| pair[0].pixels().zip(pair[1].pixels()).any(|(old, new)| is_opaque(old.0) && !is_opaque(new.0)));
    let mut before: Option<&RgbaImage> = None;
    for (picture, frame) in pictures.iter().zip(rendition.frames) {
        let mut coded = coded(picture, before, rendition.touched);
        coded.delay = u16::try_from(frame.delay.in_parts(100)).unwrap_or(u16::MAX);
        coded.dispose = if is_cleared { DisposalMethod::Background } else { DisposalMethod::Keep };
        encoder.write_frame(&coded).map_err(failed)?;
        before = (!is_cleared).then_some(picture);
    }
    drop(encoder);
    Ok(out)
}

fn failed(error: EncodingError) -> EncodeFailure {
    match error {
        EncodingError::Io(error) => EncodeFailure::Image(error.into()),
        _ => EncodeFailure::Samples,
    }
}

fn is_opaque([.., alpha]: [u8; 4]) -> bool {
    alpha > 0
}

/// What a picture adds to the one before.
fn coded(picture: &RgbaImage, before: Option<&RgbaImage>, touched: &[Rect]) -> gif::Frame<'static> {
    let is_needed = |x: u32, y: u32| {
        let pixel = picture.get_pixel(x, y);
        is_opaque(pixel.0) && before.is_none_or(|before| before.get_pixel(x, y) != pixel)
    };
    let area = needed_area(picture.dimensions(), is_needed);
    let places = || (area.y..area.bottom()).flat_map(|y| (area.x..area.right()).map(move |x| (x, y)));
    let mut own: BTreeMap<[u8; 3], u32> = BTreeMap::new();
    let mut marks: BTreeMap<[u8; 3], u32> = BTreeMap::new();
    for (x, y) in places().filter(|(x, y)| is_needed(*x, *y)) {
        let [r, g, b, _] = picture.get_pixel(x, y).0;
        let counts = if is_touched(touched, x, y) { &mut marks } else { &mut own };
        *counts.entry([r, g, b]).or_default() += 1;
    }
    let mut palette = Palette::new(own, marks);
    let indices = places().map(|(x, y)| {
        let [r, g, b, _] = picture.get_pixel(x, y).0;
        if is_needed(x, y) { palette.index([r, g, b]) } else { Palette::TRANSPARENT }
    });
    let buffer: Vec<u8> = indices.collect();
    gif::Frame {
        left: area.x as u16,
        top: area.y as u16,
        width: area.width as u16,
        height: area.height as u16,
        transparent: Some(Palette::TRANSPARENT),
        palette: Some(palette.into_bytes()),
        buffer: buffer.into(),
        ..gif::Frame::default()
    }
}

/// Whether a pixel may carry a mark.
pub(crate) fn is_touched(touched: &[Rect], x: u32, y: u32) -> bool {
    touched.iter().any(|rect| (rect.x..rect.right()).contains(&x) && (rect.y..rect.bottom()).contains(&y))
}

/// The smallest rectangle around all places that are needed, at least one pixel.
fn needed_area((width, height): (u32, u32), is_needed: impl Fn(u32, u32) -> bool) -> Rect {
    let mut ends: Option<(u32, u32, u32, u32)> = None;
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        if is_needed(x, y) {
            let (left, top, right, _) = ends.unwrap_or((x, y, x, y));
            ends = Some((left.min(x), top, right.max(x), y));
        }
    }
    let (left, top, right, bottom) = ends.unwrap_or_default();
    Rect { x: left, y: top, width: right - left + 1, height: bottom - top + 1 }
}
