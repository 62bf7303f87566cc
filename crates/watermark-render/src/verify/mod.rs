//! Proof, from the bytes alone, that a rendition is its original but for the mark.
//!
//! Nothing that rendering computed is trusted here except where the mark is, which format was chosen, and how long a
//! side may be: both files are decoded anew, and the turning of the pixels is written a second time, in another way.

mod anew;
mod failure;
mod pixels;
mod turned;

pub(crate) use self::turned::stored_rect;
pub use self::{
    failure::VerifyFailure,
    pixels::{BLOCK_PX, CHANNEL_PER_QUALITY, LUMA_PER_QUALITY, MAX_CHANNEL_DIFFERENCE, MAX_LUMA_DIFFERENCE},
};
use crate::{
    Format, Limits, Method, Output, Rect, RenderError,
    decode::decode,
    jpeg::{Difference, Original},
};

/// What has been proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proof {
    /// Every coefficient outside of the mark's MCUs is equal (JPEG).
    Coefficients,
    /// Every pixel outside of the mark is equal (lossless formats).
    Pixels,
    /// Every block outside of the mark is near (lossy formats, encoded anew).
    NearBlocks,
}

/// Proves that an output is its source but for the touched areas, before anybody sees it.
///
/// Of a JPEG that [`crate::render`] puts marks into without encoding it anew, every coefficient of every MCU that no
/// touched area reaches is equal, and frame, quantization, scans and metadata are what they should be.
///
/// Of others both files are decoded: format, size as shown or shrunk, kind of samples, profile, metadata, and of an
/// animation number and times of its pictures are what they should be. Then, outside of the touched areas, every pixel
/// of a lossless output is equal to that of the source (as shown, shrunk); a lossy one has, in every block of 8x8
/// pixels that no touched area reaches, a luma whose mean absolute difference is at most [`MAX_LUMA_DIFFERENCE`] (and
/// [`LUMA_PER_QUALITY`]), and in each channel a mean that differs by at most [`MAX_CHANNEL_DIFFERENCE`] (and
/// [`CHANNEL_PER_QUALITY`]). A GIF whose pictures have more than 224 colours outside of the mark is measured as a lossy
/// one is.
///
/// # Errors
/// [`RenderError::VerifyFailed`] with the first thing found; for a source that cannot be decoded what
/// [`crate::render`] says to it.
pub fn verify(source: &[u8], output: &Output, limits: &Limits) -> Result<Proof, RenderError> {
    let format = Format::sniff(source)?;
    let failed = |failure| RenderError::VerifyFailed { failure };
    if let Method::Spliced(_) | Method::Rewritten(_) = output.method {
        // What was kept can be read.
        let original = Original::open(source, limits).map_err(|_| failed(VerifyFailure::Format))?;
        let (orientation, size) = (original.orientation(), original.size());
        let touched: Vec<Rect> = output.touched.iter().map(|rect| stored_rect(rect, orientation, size)).collect();
        return match original.prove(&output.bytes, &touched, &output.metadata) {
            Ok(()) => Ok(Proof::Coefficients),
            Err(Difference::Unreadable(_)) => Err(failed(VerifyFailure::Undecodable)),
            Err(Difference::Structure) => Err(failed(VerifyFailure::Structure)),
            Err(Difference::Metadata) => Err(failed(VerifyFailure::Metadata)),
            Err(Difference::Mcu { column, row }) => Err(failed(VerifyFailure::Coefficient { column, row })),
        };
    }
    anew::check(decode(source, format, limits)?, output, limits).map_err(failed)
}
