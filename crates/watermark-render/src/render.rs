//! The whole way: an original's bytes to a rendition's.

use image::{DynamicImage, GenericImageView, metadata::Orientation};
use sealmark_watermark_dsl::{Quality, Template, Variables};

use crate::{
    DEFAULT_QUALITY, Format, InkColors, Limits, Metadata, Method, Pixels, PngRefusal, Reason, Rect, Refusal,
    RenderError, Resources, Stamp, container,
    decode::{Frame, Loss, check_size, decode, fitting},
    draw,
    encode::{Rendition, encode, loss},
    jpeg, layout,
    metadata::orientation,
    notes::Notes,
    png,
    prepare::{prepared, shrunk_size},
    verify::stored_rect,
};

/// A rendition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its format: that which the template asks for, mostly the source's.
    pub format: Format,
    /// Its media type.
    pub content_type: &'static str,
    /// Ending of a file's name, without the dot.
    pub extension: &'static str,
    /// Width in pixels, as shown.
    pub width: u32,
    /// Height in pixels, as shown.
    pub height: u32,
    /// Longest side that the template allows, in pixels; a larger source was shrunk.
    pub max_edge_px: Option<u32>,
    /// What the marks may have changed, in pixels as shown; one rectangle for each mark that can be seen.
    pub touched: Vec<Rect>,
    /// How the mark came into the file.
    pub method: Method,
    /// What is kept of the original's metadata.
    pub metadata: Metadata,
    /// Characters that the fonts do not have, each once; a box stands in their place.
    pub missing_glyphs: Vec<char>,
}

/// Draws a template onto a picture, and writes it as the template's `output` says.
///
/// The source's format is told by its first bytes. The same input gives the same bytes.
///
/// A JPEG keeps every coefficient outside of the MCUs that the mark reaches, and is stored turned as it was. One that
/// cannot ([`Reason`] says why) is decoded, turned upright and encoded anew, and RGB where it was CMYK. A PNG keeps all
/// rows but those under the mark as they are packed. One that cannot becomes upright, and keeps its depth (8 or 16 bits),
/// its alpha and whether it is gray; one with a palette becomes RGB or RGBA, one with 1, 2 or 4 bits gets 8. A lossless
/// WebP stays lossless; lossy ones need the feature `webp-lossy`. BMP and TIFF become PNG. Of an animation every picture
/// gets the mark, and so does the one that an animated PNG may have for readers that know of no animation.
///
/// A `quality` counts where pixels are encoded with a loss. A JPEG that would keep its coefficients is encoded anew for
/// it only if its own quality is higher.
///
/// Memory: of a spliced JPEG or PNG a few times the file and what the mark touches; of others about twice the decoded picture, see
/// [`Limits`].
///
/// # Errors
/// Of the picture: [`RenderError::UnsupportedFormat`], [`RenderError::BrokenImage`], [`RenderError::ImageTooLarge`],
/// [`RenderError::DecoderLimit`]. Of the template with this picture: those of [`layout`], and
/// [`RenderError::Animated`]. [`RenderError::Encode`] where a profile or a side is too large to be written.
pub fn render(
    source: &[u8],
    template: &Template,
    variables: &Variables,
    resources: &Resources,
    limits: &Limits,
) -> Result<Output, RenderError> {
    let from = Format::sniff(source)?;
    let wanted = template.output();
    let (format, metadata) = (from.of_output(wanted.format), Metadata::of(wanted));
    let job = Job { source, from, format, template, variables, resources, limits, metadata };
    if format != from {
        return job.encoded(Reason::Converted);
    }
    match format {
        Format::Jpeg => job.jpeg(),
        Format::Png => job.png(),
        _ => job.encoded(Reason::Format),
    }
}

/// What a JPEG that no decoder here reads is, instead of that it is broken: it is not.
fn named(error: RenderError, source: &[u8], limits: &Limits) -> RenderError {
    let Err(refusal) = jpeg::Original::open(source, limits) else { return error };
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
    /// The source's format.
    from: Format,
    /// The output's format.
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
    fn jpeg(&self) -> Result<Output, RenderError> {
        let reason = match jpeg::Original::open(self.source, self.limits) {
            Ok(original) => match self.reason(&original) {
                Some(reason) => reason,
                None => match self.spliced(&original)? {
                    Ok(output) => return Ok(output),
                    Err(refusal) => Reason::Refused(refusal),
                },
            },
            Err(refusal) => Reason::Refused(refusal),
        };
        self.encoded(reason)
    }

    fn png(&self) -> Result<Output, RenderError> {
        let refusal = match png::Original::open(self.source) {
            Ok(original) if self.is_shrunk(original.size()) => return self.encoded(Reason::Shrunk),
            Ok(original) => match self.repacked(&original)? {
                Ok(output) => return Ok(output),
                Err(refusal) => refusal,
            },
            Err(refusal) => refusal,
        };
        self.encoded(Reason::Unpacked(refusal))
    }

    fn is_shrunk(&self, (width, height): (u32, u32)) -> bool {
        shrunk_size(width, height, self.template.output().max_edge_px) != (width, height)
    }

    /// Into the rows of a PNG, if the others can be kept as they are packed.
    fn repacked(&self, original: &png::Original) -> Result<Result<Output, PngRefusal>, RenderError> {
        let (width, height) = original.size();
        check_size(width, height, original.decoded_bytes(), self.limits)?;
        let notes = Notes::of(self.source, Format::Png);
        if orientation(notes.exif.as_deref()) != Orientation::NoTransforms {
            return Ok(Err(PngRefusal::Turned));
        }
        let drawn = self.draw_over(width, height, |rect| original.mean_luma(rect))?;
        let (drawn, stamps) = match drawn {
            Ok(drawn) => drawn,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Ok(profile) = container::png::profile(self.source, self.limits.max_decoded_bytes) else {
            return Ok(Err(PngRefusal::Broken));
        };
        let profile = fitting(profile, original.has_color()).filter(|_| self.metadata.icc);
        let stamps = self.in_colors_of(profile.as_deref(), stamps);
        let file = original.mark(&stamps).and_then(|zlib| {
            let notes = notes.kept(&self.metadata, Format::Png);
            container::png::file(self.source, &zlib, profile.is_some(), &notes).ok_or(PngRefusal::Broken)
        });
        Ok(file.map(|bytes| self.output(drawn, bytes, Method::Repacked)))
    }

    /// Why a JPEG whose coefficients could be kept is encoded anew all the same.
    fn reason(&self, original: &jpeg::Original<'_>) -> Option<Reason> {
        let wanted = self.template.output();
        if self.is_shrunk(original.size()) {
            return Some(Reason::Shrunk);
        }
        match (wanted.quality, container::jpeg::quality(self.source)) {
            (Quality::Percent(wanted), Some(has)) if has > wanted => Some(Reason::Quality),
            _ => None,
        }
    }

    /// Into the coefficients, if they can be kept.
    fn spliced(&self, original: &jpeg::Original<'_>) -> Result<Result<Output, Refusal>, RenderError> {
        let (stored_width, stored_height) = original.size();
        check_pixels(stored_width, stored_height, self.limits)?;
        let orientation = original.orientation();
        let (width, height) = turned_size(orientation, stored_width, stored_height);
        let drawn = self.draw_over(width, height, |rect| {
            original.mean_luma(stored_rect(&rect, orientation, (stored_width, stored_height)))
        })?;
        let (drawn, stamps) = match drawn {
            Ok(drawn) => drawn,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let profile = match container::jpeg::components(self.source) {
            Some(count @ (1 | 3)) => fitting(container::jpeg::profile(self.source), count == 3),
            _ => None,
        };
        let stamps = self.in_colors_of(profile.as_deref(), stamps);
        let stored: Vec<Stamp> = stamps.iter().map(|stamp| stamp.turned(orientation, width, height)).collect();
        Ok(original.mark(&stored, &self.metadata).map(|marked| self.output(drawn, marked.bytes, marked.method)))
    }

    /// Onto decoded pixels.
    fn encoded(&self, reason: Reason) -> Result<Output, RenderError> {
        let wanted = self.template.output();
        let decoded = decode(self.source, self.from, self.limits).map_err(|error| match self.from {
            Format::Jpeg => named(error, self.source, self.limits),
            _ => error,
        })?;
        let loss = loss(self.from, &decoded, self.format, wanted.quality);
        let is_shrunk = |frame: &Frame| self.is_shrunk(frame.image.dimensions());
        let reason = if decoded.frames.first().is_some_and(is_shrunk) { Reason::Shrunk } else { reason };
        let shown = |mut image: DynamicImage| {
            image.apply_orientation(decoded.orientation);
            prepared(image, self.format, wanted.max_edge_px)
        };
        let mut frames = Vec::with_capacity(decoded.frames.len());
        for Frame { image, delay } in decoded.frames {
            frames.push(Frame { image: shown(image)?, delay });
        }
        // A PNG alone has a place for it.
        let fallback = decoded.fallback.filter(|_| self.format == Format::Png);
        let mut fallback = fallback.map(shown).transpose()?;
        let (drawn, stamps, has_color) = match frames.first_mut() {
            Some(Frame { image, .. }) => {
                let (width, height, has_color) = (image.width(), image.height(), image.color().has_color());
                let pixels = pixels(image)?;
                let (drawn, stamps) = self.draw(width, height, |rect| pixels.mean_luma(rect))?;
                (drawn, stamps, has_color)
            }
            None => return Err(RenderError::BrokenImage { format: self.from, source: None }),
        };
        let profile = fitting(decoded.profile, has_color).filter(|_| self.metadata.icc);
        let stamps = self.in_colors_of(profile.as_deref(), stamps);
        for image in frames.iter_mut().map(|frame| &mut frame.image).chain(&mut fallback) {
            let mut pixels = pixels(image)?;
            stamps.iter().for_each(|stamp| stamp.blend_onto(&mut pixels));
        }
        let bytes = encode(&Rendition {
            format: self.format,
            frames: &frames,
            plays: decoded.plays,
            fallback: fallback.as_ref(),
            profile,
            notes: decoded.notes.kept(&self.metadata, self.format),
            touched: &drawn.touched,
            loss,
            is_subsampled: self.is_subsampled(loss),
            source: self.source,
        })?;
        Ok(self.output(drawn, bytes, Method::Encoded(reason)))
    }

    /// Stamps with their ink in a picture's own colours. Where its profile is stripped, everybody takes the picture for
    /// sRGB, and the ink with it.
    fn in_colors_of(&self, profile: Option<&[u8]>, stamps: Vec<Stamp>) -> Vec<Stamp> {
        match profile.filter(|_| self.metadata.icc).and_then(InkColors::for_profile) {
            Some(colors) => stamps.iter().map(|stamp| stamp.recolored(|color| colors.convert(color))).collect(),
            None => stamps,
        }
    }

    /// Whether a JPEG that is encoded anew stores colour with fewer samples: as its source does, or below the default
    /// quality.
    fn is_subsampled(&self, loss: Loss) -> bool {
        match self.from {
            Format::Jpeg => container::jpeg::is_subsampled(self.source),
            Format::WebP if loss != Loss::None => true,
            _ => matches!(loss, Loss::Quality(Some(quality)) if quality < DEFAULT_QUALITY),
        }
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

    /// The same over pixels that may turn out not to be readable: what is said then.
    fn draw_over<R>(
        &self,
        width: u32,
        height: u32,
        mut mean_luma: impl FnMut(Rect) -> Result<f64, R>,
    ) -> Result<Result<(Drawn, Vec<Stamp>), R>, RenderError> {
        let mut unreadable = None;
        let drawn = self.draw(width, height, |rect| {
            mean_luma(rect).unwrap_or_else(|refusal| {
                unreadable = Some(refusal);
                0.0
            })
        })?;
        Ok(unreadable.map_or(Ok(drawn), Err))
    }

    fn output(&self, drawn: Drawn, bytes: Vec<u8>, method: Method) -> Output {
        Output {
            format: self.format,
            content_type: self.format.content_type(),
            extension: self.format.extension(),
            width: drawn.width,
            height: drawn.height,
            max_edge_px: self.template.output().max_edge_px,
            touched: drawn.touched,
            method,
            metadata: self.metadata,
            missing_glyphs: drawn.missing_glyphs,
            bytes,
        }
    }
}

fn pixels(image: &mut DynamicImage) -> Result<Pixels<'_>, RenderError> {
    Pixels::of(image)
        .ok_or(RenderError::UnsupportedFormat { found: "a picture with samples of a kind that is not read" })
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
