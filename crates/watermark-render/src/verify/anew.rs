//! Renditions whose pixels were encoded anew.

use std::collections::BTreeSet;

use image::{DynamicImage, metadata::Orientation};

use super::{Proof, VerifyFailure, pixels, turned::upright};
use crate::{
    Format, Limits, Output, Rect,
    container::webp::{MAX_DURATION_MS, plays_said},
    decode::{Decoded, Delay, Loss, decode, fitting},
    encode::gif::{MAX_EXACT_COLORS, is_touched},
    notes::foreign,
    prepare::prepared,
};

/// Checks an output against its decoded source.
pub(super) fn check(before: Decoded, output: &Output, limits: &Limits) -> Result<Proof, VerifyFailure> {
    let format = output.format;
    if !Format::sniff(&output.bytes).is_ok_and(|found| found == format) {
        return Err(VerifyFailure::Format);
    }
    let after = decode(&output.bytes, format, limits).map_err(|_| VerifyFailure::Undecodable)?;
    check_time(&before, &after, format)?;
    let said = before.notes.kept(&output.metadata, format).parts(format);
    let (orientation, profile) = (before.orientation, before.profile.filter(|_| output.metadata.icc));
    let mut has_color = true;
    let mut exact = Exact(true);
    let old = before.frames.into_iter().map(|frame| frame.image).chain(before.fallback);
    // A PNG alone has a picture that is none of the animation, and has it where its source does.
    for (old, new) in old.zip(after.frames.iter().map(|frame| &frame.image).chain(&after.fallback)) {
        has_color = new.color().has_color();
        let expected = upright(old, orientation).ok_or(VerifyFailure::Samples)?;
        let expected = prepared(expected, format, output.max_edge_px).map_err(|_| VerifyFailure::Samples)?;
        check_pixels(&expected, new, &output.touched, after.loss, |expected: &DynamicImage| {
            format != Format::Gif || exact.is_expected(expected, &output.touched)
        })?;
    }
    if fitting(profile, has_color) != after.profile {
        return Err(VerifyFailure::Profile);
    }
    if after.orientation != Orientation::NoTransforms || foreign(&output.bytes, format) != said {
        return Err(VerifyFailure::Metadata);
    }
    Ok(match after.loss {
        Loss::None if exact.0 => Proof::Pixels,
        _ => Proof::NearBlocks,
    })
}

/// Checks that as many pictures are shown for as long and as often, as exactly as the format can say, and that the one for
/// readers that know of no animation is there where the format has a place for it.
fn check_time(before: &Decoded, after: &Decoded, format: Format) -> Result<(), VerifyFailure> {
    let said = |delay: Delay| match format {
        Format::Gif => (delay.in_parts(100), 100),
        // A still is shown for no time of its own.
        _ if before.plays.is_none() => (0, 1),
        Format::WebP => (delay.in_parts(1_000).min(MAX_DURATION_MS), 1_000),
        _ => {
            let (numerator, denominator) = delay.in_16_bits();
            (numerator.into(), denominator.into())
        }
    };
    let delays =
        |decoded: &Decoded| -> Vec<(u32, u32)> { decoded.frames.iter().map(|frame| said(frame.delay)).collect() };
    let plays = match format {
        Format::WebP => before.plays.map(|plays| plays_said(plays).into()),
        _ => before.plays,
    };
    let has_fallback = format == Format::Png && before.fallback.is_some();
    let is_same = plays == after.plays && delays(before) == delays(after) && has_fallback == after.fallback.is_some();
    if is_same { Ok(()) } else { Err(VerifyFailure::Animation) }
}

/// Whether all pictures of a GIF so far have few enough colours outside of the mark to be kept exactly.
struct Exact(bool);

impl Exact {
    fn is_expected(&mut self, image: &DynamicImage, touched: &[Rect]) -> bool {
        let DynamicImage::ImageRgba8(image) = image else { return true };
        let mut colors = BTreeSet::new();
        for (x, y, pixel) in image.enumerate_pixels() {
            if self.0 && !is_touched(touched, x, y) && pixel.0[3] > 0 {
                colors.insert(pixel.0);
                self.0 = colors.len() <= MAX_EXACT_COLORS;
            }
        }
        self.0
    }
}

/// The quality that a GIF of many colours is measured by.
const GIF_QUALITY: u8 = 60;

fn check_pixels(
    expected: &DynamicImage,
    after: &DynamicImage,
    touched: &[Rect],
    loss: Loss,
    is_exact: impl FnOnce(&DynamicImage) -> bool,
) -> Result<(), VerifyFailure> {
    let (size, got) = ((expected.width(), expected.height()), (after.width(), after.height()));
    if size != got {
        return Err(VerifyFailure::Size { expected: size, got });
    }
    let compare = move |expected: &DynamicImage, after: &DynamicImage| match loss {
        Loss::None if is_exact(expected) => pixels::equal(expected, after, touched),
        Loss::None => pixels::near(expected, after, touched, GIF_QUALITY),
        Loss::Quality(quality) => pixels::near(expected, after, touched, quality.unwrap_or(1)),
    };
    if expected.color() == after.color() {
        return compare(expected, after);
    }
    // WebP does not say which pictures have an alpha that is never used.
    match (expected, after) {
        (DynamicImage::ImageRgba8(_), DynamicImage::ImageRgb8(after)) => {
            compare(expected, &DynamicImage::ImageRgba8(DynamicImage::ImageRgb8(after.clone()).into_rgba8()))
        }
        _ => Err(VerifyFailure::Samples),
    }
}
