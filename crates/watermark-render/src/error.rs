//! What can go wrong. None of it gets better by trying again with the same input.

use crate::{EncodeFailure, FontFailure, Format, PictureFailure, VerifyFailure};

/// Why there is no rendition.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The bytes begin like no format that is read here, or like a kind of one that is not.
    #[error("JPEG, PNG, WebP, GIF, BMP and TIFF are read, this is {found}")]
    UnsupportedFormat {
        /// What they look like, with its article.
        found: &'static str,
    },
    /// The format is known, but the decoder gave up.
    #[error("the {format} is broken")]
    BrokenImage {
        /// The format that the first bytes promise.
        format: Format,
        /// What the decoder says; none where the end is missing.
        #[source]
        source: Option<image::ImageError>,
    },
    /// More pixels or more bytes in memory than allowed; nothing was decoded.
    #[error(
        "{width}x{height} pixels in {decoded_bytes} bytes are over the limit of {max_pixels} pixels and \
         {max_decoded_bytes} bytes"
    )]
    ImageTooLarge {
        /// Width as stored, in pixels.
        width: u32,
        /// Height as stored, in pixels.
        height: u32,
        /// Size of the decoded pixels in bytes.
        decoded_bytes: u64,
        /// See [`crate::Limits::max_pixels`].
        max_pixels: u64,
        /// See [`crate::Limits::max_decoded_bytes`].
        max_decoded_bytes: u64,
    },
    /// A text or a profile inside of the file unpacks to more than allowed.
    #[error("decoding the {format} would take more than {max_decoded_bytes} bytes")]
    DecoderLimit {
        /// The format.
        format: Format,
        /// See [`crate::Limits::max_decoded_bytes`].
        max_decoded_bytes: u64,
    },
    /// The template asks for a font that is not there.
    #[error("there is no font {name:?}; there are {known:?}")]
    UnknownFont {
        /// The name in the template.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// The bytes of a font cannot be read.
    #[error("the font {name:?} cannot be read")]
    BrokenFont {
        /// The name it was to have.
        name: String,
        /// What is wrong with it.
        #[source]
        failure: FontFailure,
    },
    /// The template asks for a picture that is not there.
    #[error("there is no picture {name:?}; there are {known:?}")]
    UnknownPicture {
        /// The name in the template.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// A picture for a mark cannot be read, or is larger than allowed.
    #[error("the picture {name:?} cannot be read")]
    BrokenPicture {
        /// The name it was to have.
        name: String,
        /// What is wrong with it.
        #[source]
        failure: PictureFailure,
    },
    /// A text is too long for a QR code.
    #[error("{bytes} bytes are too many for a QR code")]
    QrTooLong {
        /// Its length.
        bytes: usize,
    },
    /// A mark has more ink than is drawn.
    #[error("a mark of {pixels} pixels is over the limit of {max}")]
    MarkTooLarge {
        /// Pixels from the first to the last ink of all rows, its shadow's too.
        pixels: u64,
        /// See [`crate::MAX_SPRITE_PIXELS`] and [`crate::MAX_TILE_SPRITE_PIXELS`].
        max: u64,
    },
    /// A tiled mark is repeated more often than is drawn.
    #[error("a mark that is tiled more than {max} times is over the limit")]
    TooManyTiles {
        /// See [`crate::MAX_TILE_PLACES`].
        max: usize,
    },
    /// A colour was to be chosen by the pixels below, and nobody has done so.
    #[error("a colour was not chosen before drawing")]
    UnresolvedColor,
    /// With this picture's variables a layer's text shows nothing, so the picture would go out without its mark.
    #[error("layer {layer} shows nothing for this picture")]
    EmptyMark {
        /// The layer, counted from 1.
        layer: usize,
    },
    /// The template asks for an invisible mark, which this release cannot embed.
    #[error("layer {layer} is a fingerprint, which cannot be embedded yet")]
    NoFingerprints {
        /// The layer, counted from 1.
        layer: usize,
    },
    /// A calculation of the template has no result with these values.
    #[error("the template cannot be evaluated for this picture")]
    Evaluate {
        /// Which, and why.
        #[source]
        source: sealmark_watermark_dsl::EvalError,
    },
    /// The encoder gave up.
    #[error("the {format} cannot be written")]
    Encode {
        /// The format.
        format: Format,
        /// What the encoder says.
        #[source]
        source: EncodeFailure,
    },
    /// The picture moves, and the format that the template asks for cannot.
    #[error("an animation cannot become a {format}")]
    Animated {
        /// The format.
        format: Format,
    },
    /// The rendition is not what it must be; it must not be published.
    #[error("verification failed: {failure}")]
    VerifyFailed {
        /// The first thing found.
        failure: VerifyFailure,
    },
}

/// Maps what the image library says to what is wrong with the picture.
pub(crate) fn decoding(format: Format, source: image::ImageError, max_decoded_bytes: u64) -> RenderError {
    match source {
        image::ImageError::Unsupported(_) => RenderError::UnsupportedFormat {
            found: match format {
                Format::Jpeg => "a JPEG of a kind that is not read",
                Format::Png => "a PNG of a kind that is not read",
                Format::WebP => "a WebP of a kind that is not read",
                Format::Gif => "a GIF of a kind that is not read",
                Format::Bmp => "a BMP of a kind that is not read",
                Format::Tiff => "a TIFF of a kind that is not read",
            },
        },
        image::ImageError::Limits(_) => RenderError::DecoderLimit { format, max_decoded_bytes },
        source => RenderError::BrokenImage { format, source: Some(source) },
    }
}
