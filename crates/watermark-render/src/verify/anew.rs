//! Renditions whose pixels were encoded anew.

use std::collections::BTreeSet;

use image::{DynamicImage, metadata::Orientation};

use super::{Proof, VerifyFailure, pixels, turned::upright};
use crate::{
    Format, Limits, Output, Rect,
    decode::{Decoded, Frame, Loss, decode, fitting},
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
    for (old, new) in before.frames.into_iter().zip(&after.frames) {
        has_color = new.image.color().has_color();
        let expected = upright(old.image, orientation).ok_or(VerifyFailure::Samples)?;
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

/// Checks that as many pictures are shown for as long, as exactly as the format can say.
fn check_time(before: &Decoded, after: &Decoded, format: Format) -> Result<(), VerifyFailure> {
    let of_a_second = match format {
        Format::Gif => 100,
        _ => 1_000,
    };
    let delays = |decoded: &Decoded| -> Vec<u32> {
        decoded.frames.iter().map(|frame| frame.delay.in_parts(of_a_second)).collect()
    };
    let is_same = before.plays == after.plays && delays(before) == delays(after);
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
    after: &Frame,
    touched: &[Rect],
    loss: Loss,
    is_exact: impl FnOnce(&DynamicImage) -> bool,
) -> Result<(), VerifyFailure> {
    let after = &after.image;
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
