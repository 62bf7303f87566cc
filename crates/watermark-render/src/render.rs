//! The whole way: an original's bytes to a rendition's.

use std::fmt;

use image::metadata::Orientation;
use sealmark_watermark_dsl::{self as dsl, OutputFormat, Quality, Template, Variables};

use crate::{
    Codes, Format, Limits, Metadata, Pixels, Rect, Refusal, RenderError, Resources, Stamp, decode::decode, draw,
    encode::encode, jpeg::Original, layout, verify::stored_rect,
};

/// How a mark came into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A JPEG's untouched bits were copied, and only the MCUs under the mark coded anew.
    Spliced(Codes),
    /// A JPEG's coefficients were all read and written again: it is progressive, or has several scans.
    Rewritten(Codes),
    /// The pixels were decoded and encoded anew; of a JPEG with the reason.
    Encoded(Option<Refusal>),
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes = |codes: &Codes| match codes {
            Codes::Own => "with its own codes",
            Codes::Added => "with longer codes added",
            Codes::New => "with new codes",
        };
        match self {
            Self::Spliced(found) => write!(f, "spliced, {}", codes(found)),
            Self::Rewritten(found) => write!(f, "coefficients kept, scans written again {}", codes(found)),
            Self::Encoded(None) => write!(f, "decoded and encoded"),
            Self::Encoded(Some(refusal)) => write!(f, "decoded and encoded: {refusal}"),
        }
    }
}

/// A rendition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its media type: the source's.
    pub content_type: &'static str,
    /// Ending of a file's name, without the dot.
    pub extension: &'static str,
    /// Width in pixels, as shown.
    pub width: u32,
    /// Height in pixels, as shown.
    pub height: u32,
    /// What the marks may have changed, in pixels as shown; one rectangle for each mark that can be seen.
    pub touched: Vec<Rect>,
    /// How the mark came into the file.
    pub method: Method,
    /// What is kept of the original's metadata.
    pub metadata: Metadata,
    /// Characters that the fonts do not have, each once; a box stands in their place.
    pub missing_glyphs: Vec<char>,
}

/// Draws a template onto a picture.
///
/// `source` is a JPEG or a PNG by its first bytes; the output has the same format, and keeps of the metadata what
/// [`Metadata`] does by default. The same input gives the same bytes.
///
/// A JPEG keeps every coefficient outside of the MCUs that the mark reaches, and is stored turned as it was. One that
/// cannot ([`Refusal`] says why) is decoded, turned upright and encoded anew at [`crate::JPEG_QUALITY`], and RGB where
/// it was CMYK. A PNG is upright, and keeps its depth (8 or 16 bits), its alpha and whether it is gray; one with a
/// palette becomes RGB or RGBA, one with 1, 2 or 4 bits gets 8.
///
/// Memory: of a spliced JPEG a few times the file and the touched MCUs; of others about twice the decoded picture, see
/// [`Limits`].
///
/// # Errors
/// Of the picture: [`RenderError::UnsupportedFormat`], [`RenderError::BrokenImage`], [`RenderError::ImageTooLarge`],
/// [`RenderError::DecoderLimit`]. Of the template: [`RenderError::NoSuchOutput`]; with this picture
/// those of [`layout`]. [`RenderError::Encode`]
/// where a profile is too large to be written.
pub fn render(
    source: &[u8],
    template: &Template,
    variables: &Variables,
    resources: &Resources,
    limits: &Limits,
) -> Result<Output, RenderError> {
    let format = Format::sniff(source)?;
    if let Some(property) = not_made(template.output()).first() {
        return Err(RenderError::NoSuchOutput { property });
    }
    let job = Job { source, format, template, variables, resources, limits, metadata: Metadata::of(template.output()) };
    if format != Format::Jpeg {
        return job.encoded(None);
    }
    let refusal = match Original::open(source, limits) {
        Ok(original) => match job.spliced(&original)? {
            Ok(output) => return Ok(output),
            Err(refusal) => refusal,
        },
        Err(refusal) => refusal,
    };
    job.encoded(Some(refusal)).map_err(|error| named(error, refusal))
}

/// What a JPEG that no decoder here reads is, instead of that it is broken: it is not.
fn named(error: RenderError, refusal: Refusal) -> RenderError {
    let found = match refusal {
        Refusal::Arithmetic => "an arithmetic-coded JPEG",
        Refusal::TwelveBits => "a JPEG with samples of 12 bits",
        Refusal::Lossless => "a JPEG that is coded without loss",
        Refusal::Hierarchical => "a hierarchical JPEG",
        _ => return error,
    };
    match error {
        RenderError::BrokenImage { .. } | RenderError::UnsupportedFormat { .. } => {
            RenderError::UnsupportedFormat { found }
        }
        error => error,
    }
}

struct Job<'a> {
    source: &'a [u8],
    format: Format,
    template: &'a Template,
    variables: &'a Variables,
    resources: &'a Resources,
    limits: &'a Limits,
    metadata: Metadata,
}

/// What there is to know of a rendition but its bytes.
struct Drawn {
    width: u32,
    height: u32,
    touched: Vec<Rect>,
    missing_glyphs: Vec<char>,
}

impl Job<'_> {
    /// Into the coefficients, if they can be kept.
    fn spliced(&self, original: &Original<'_>) -> Result<Result<Output, Refusal>, RenderError> {
        let (stored_width, stored_height) = original.size();
        check_pixels(stored_width, stored_height, self.limits)?;
        let orientation = original.orientation();
        let (width, height) = turned_size(orientation, stored_width, stored_height);
        let mut unreadable = None;
        let (drawn, stamps) = self.draw(width, height, |rect| {
            let rect = stored_rect(&rect, orientation, (stored_width, stored_height));
            original.mean_luma(rect).unwrap_or_else(|refusal| {
                unreadable = Some(refusal);
                0.0
            })
        })?;
        if let Some(refusal) = unreadable {
            return Ok(Err(refusal));
        }
        let stored: Vec<Stamp> = stamps.iter().map(|stamp| stamp.turned(orientation, width, height)).collect();
        Ok(original.mark(&stored, &self.metadata).map(|marked| self.output(drawn, marked.bytes, marked.method)))
    }

    /// Onto decoded pixels.
    fn encoded(&self, refusal: Option<Refusal>) -> Result<Output, RenderError> {
        let decoded = decode(self.source, self.format, self.limits)?;
        let mut image = decoded.image;
        image.apply_orientation(decoded.orientation);
        let (width, height) = (image.width(), image.height());
        let Some(mut pixels) = Pixels::of(&mut image) else {
            return Err(RenderError::UnsupportedFormat { found: "a picture with samples of a kind that is not read" });
        };
        let (drawn, stamps) = self.draw(width, height, |rect| pixels.mean_luma(rect))?;
        stamps.iter().for_each(|stamp| stamp.blend_onto(&mut pixels));
        let bytes = encode(&image, self.format, decoded.profile, self.source)?;
        Ok(self.output(drawn, bytes, Method::Encoded(refusal)))
    }

    /// Draws for a picture of this size, as shown; `mean_luma` is that of its pixels in a rectangle.
    fn draw(
        &self,
        width: u32,
        height: u32,
        mean_luma: impl FnMut(Rect) -> f64,
    ) -> Result<(Drawn, Vec<Stamp>), RenderError> {
        let mut scene = layout(self.template, self.variables, width, height, self.resources)?;
        scene.resolve_auto(mean_luma);
        let stamps = draw(&scene, &self.resources.fonts)?;
        let touched = stamps.iter().flat_map(|stamp| stamp.touched(width, height)).collect();
        Ok((Drawn { width, height, touched, missing_glyphs: scene.missing_glyphs }, stamps))
    }

    fn output(&self, drawn: Drawn, bytes: Vec<u8>, method: Method) -> Output {
        Output {
            content_type: self.format.content_type(),
            extension: self.format.extension(),
            width: drawn.width,
            height: drawn.height,
            touched: drawn.touched,
            method,
            metadata: self.metadata,
            missing_glyphs: drawn.missing_glyphs,
            bytes,
        }
    }
}

/// The properties of a template's `output` that ask for what cannot be made yet: another format, quality or size than the
/// original's. Whoever loads templates refuses them early; [`render`] refuses them picture by picture.
pub fn not_made(output: &dsl::Output) -> Vec<&'static str> {
    let asked = [
        ("format", output.format != OutputFormat::Source),
        ("quality", output.quality != Quality::Source),
        ("max_edge", output.max_edge_px.is_some()),
    ];
    asked.into_iter().filter(|(_, is_asked)| *is_asked).map(|(property, _)| property).collect()
}

fn check_pixels(width: u32, height: u32, limits: &Limits) -> Result<(), RenderError> {
    let Limits { max_pixels, max_decoded_bytes } = *limits;
    let pixels = u64::from(width) * u64::from(height);
    if pixels > max_pixels {
        let decoded_bytes = pixels * 3;
        return Err(RenderError::ImageTooLarge { width, height, decoded_bytes, max_pixels, max_decoded_bytes });
    }
    Ok(())
}

/// Width and height as shown.
fn turned_size(orientation: Orientation, width: u32, height: u32) -> (u32, u32) {
    if orientation.to_exif() >= 5 { (height, width) } else { (width, height) }
}
