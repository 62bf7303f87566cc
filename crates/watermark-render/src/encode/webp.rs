//! WebPs: lossless by `image-webp`, lossy by libwebp where it is built in. An animation's frames are all whole.

use image::{DynamicImage, ExtendedColorType};
use image_webp::{ColorType, EncodingError, WebPEncoder};

use super::{EncodeFailure, Rendition, size};
use crate::{
    container::webp::{self as container, MAX_EDGE_PX, Surroundings},
    decode::{Frame, Loss},
};

/// One picture of an animation: its pixels' chunks, and how long it is shown.
struct Coded {
    pixels: Vec<u8>,
    duration_ms: u32,
}

pub(super) fn encode(rendition: &Rendition<'_>, frames: &[Frame]) -> Result<Vec<u8>, EncodeFailure> {
    let first = &frames.first().ok_or(EncodeFailure::Samples)?.image;
    let (width, height) = size(first, MAX_EDGE_PX)?;
    let coded = frames.iter().map(|frame| {
        let pixels = match rendition.loss {
            Loss::None => lossless(&frame.image)?,
            Loss::Quality(quality) => lossy(&frame.image, quality.unwrap_or(super::DEFAULT_QUALITY))?,
        };
        Ok(Coded { pixels, duration_ms: frame.delay.in_parts(1_000) })
    });
    let coded = coded.collect::<Result<Vec<_>, EncodeFailure>>()?;
    let plays = rendition.plays.map(container::plays_said);
    let pixels = match (plays, coded) {
        (None, coded) => coded.into_iter().next().map(|coded| coded.pixels).unwrap_or_default(),
        (Some(_), coded) => {
            let frame = |coded: &Coded| container::frame(width, height, coded.duration_ms, &coded.pixels);
            coded.iter().map(frame).collect::<Option<Vec<_>>>().ok_or(EncodeFailure::Length)?.concat()
        }
    };
    let around = Surroundings {
        width,
        height,
        has_alpha: first.color().has_alpha(),
        profile: rendition.profile.as_deref(),
        notes: &rendition.notes,
        plays,
    };
    container::file(&around, &pixels).ok_or(EncodeFailure::Length)
}

fn lossless(image: &DynamicImage) -> Result<Vec<u8>, EncodeFailure> {
    let color = match image.color().into() {
        ExtendedColorType::Rgb8 => ColorType::Rgb8,
        ExtendedColorType::Rgba8 => ColorType::Rgba8,
        _ => return Err(EncodeFailure::Samples),
    };
    let mut file = Vec::new();
    let written = WebPEncoder::new(&mut file).encode(image.as_bytes(), image.width(), image.height(), color);
    written.map_err(|error| match error {
        EncodingError::IoError(error) => EncodeFailure::Image(error.into()),
        _ => EncodeFailure::Samples,
    })?;
    Ok(pixel_chunks(&file))
}

#[cfg(not(feature = "webp-lossy"))]
fn lossy(_: &DynamicImage, _: u8) -> Result<Vec<u8>, EncodeFailure> {
    Err(EncodeFailure::NoLossyWebP)
}

#[cfg(feature = "webp-lossy")]
fn lossy(image: &DynamicImage, quality: u8) -> Result<Vec<u8>, EncodeFailure> {
    crate::libwebp::encode(image, quality).map(|file| pixel_chunks(&file))
}

/// The chunks of a file that its pixels are in.
fn pixel_chunks(file: &[u8]) -> Vec<u8> {
    let mut chunks = Vec::with_capacity(file.len());
    for (name, payload) in container::chunks(file) {
        if matches!(&name, b"VP8 " | b"VP8L" | b"ALPH") {
            // It was no longer in the file that it comes from.
            let _ = container::append(&mut chunks, name, payload);
        }
    }
    chunks
}
