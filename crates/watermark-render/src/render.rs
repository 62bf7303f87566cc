//! The whole way: an original's bytes to a rendition's.

use sealmark_watermark_dsl::{Template, Variables};
use sha2::{Digest, Sha256};

use crate::{
    Fonts, Format, Limits, Pixels, Rect, RenderError, decode::decode, draw, encode::encode, fonts::hex, layout,
};

/// A rendition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its media type: the source's.
    pub content_type: &'static str,
    /// Ending of a file's name, without the dot.
    pub extension: &'static str,
    /// Width in pixels, as shown, which is as stored.
    pub width: u32,
    /// Height in pixels, as shown, which is as stored.
    pub height: u32,
    /// SHA-256 of `bytes`, in hex.
    pub digest: String,
    /// What the marks may have changed, in pixels as shown; one rectangle for each mark that can be seen.
    pub touched: Vec<Rect>,
    /// Characters that the fonts do not have, each once; a box stands in their place.
    pub missing_glyphs: Vec<char>,
}

/// Draws a template onto a picture.
///
/// `source` is a JPEG or a PNG by its first bytes. The output has the same format, is upright whatever the EXIF
/// orientation said, keeps the ICC profile and drops all other metadata. A PNG keeps its depth (8 or 16 bits), its
/// alpha and whether it is gray; one with a palette becomes RGB or RGBA, one with 1, 2 or 4 bits gets 8. A JPEG is
/// encoded anew at [`crate::JPEG_QUALITY`]; one in CMYK becomes RGB. The same input gives the same bytes.
///
/// Memory: about twice the decoded picture, see [`Limits`].
///
/// # Errors
/// Of the picture: [`RenderError::UnsupportedFormat`], [`RenderError::BrokenImage`], [`RenderError::ImageTooLarge`],
/// [`RenderError::DecoderLimit`]. Of the template with this picture: those of [`layout`]. [`RenderError::Encode`]
/// where a profile is too large to be written.
pub fn render(
    source: &[u8],
    template: &Template,
    variables: &Variables,
    fonts: &Fonts,
    limits: &Limits,
) -> Result<Output, RenderError> {
    let format = Format::sniff(source)?;
    let decoded = decode(source, format, limits)?;
    let mut image = decoded.image;
    image.apply_orientation(decoded.orientation);

    let mut scene = layout(template, variables, image.width(), image.height(), fonts)?;
    let Some(mut pixels) = Pixels::of(&mut image) else {
        return Err(RenderError::UnsupportedFormat { found: "a picture with samples of a kind that is not read" });
    };
    scene.resolve_auto(|rect| pixels.mean_luma(rect));
    let stamps = draw(&scene, fonts)?;
    stamps.iter().for_each(|stamp| stamp.blend_onto(&mut pixels));

    let bytes = encode(&image, format, decoded.profile, source)?;
    Ok(Output {
        digest: hex(&Sha256::digest(&bytes)),
        content_type: format.content_type(),
        extension: format.extension(),
        width: image.width(),
        height: image.height(),
        touched: stamps.iter().flat_map(|stamp| stamp.touched(image.width(), image.height())).collect(),
        missing_glyphs: scene.missing_glyphs,
        bytes,
    })
}
