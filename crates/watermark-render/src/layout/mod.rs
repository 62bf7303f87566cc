//! A template and a picture's size to a scene.

mod logo;
mod place;
mod text;
mod tile;

use sealmark_watermark_dsl::{Blend, Drawing, Evaluated, Template, Variables};

use crate::{BlendMode, Mark, RenderError, Resources, Scene};

/// Largest em that is drawn, in pixels; a template that asks for more gets this. It bounds the memory of one glyph.
pub const MAX_EM_PX: f64 = 4_096.0;

/// Lays a template out for a picture of this size, as shown.
///
/// A mark that does not fit between the margins is shrunk until it does, so it is never cut off; where the margins
/// themselves leave no room they shrink first. Anchors and margins go by a text's ink, turned as it is and with its
/// plate, not by its boxes. A template that skips this picture has no marks in its scene.
///
/// # Errors
/// [`RenderError::Evaluate`] where a calculation of the template has no result, [`RenderError::UnknownFont`] and
/// [`RenderError::UnknownPicture`] for what is not in `resources`, [`RenderError::EmptyMark`] for a text that shows
/// nothing with these variables, [`RenderError::NoFingerprints`], those of a QR code.
pub fn layout(
    template: &Template,
    variables: &Variables,
    width: u32,
    height: u32,
    resources: &Resources,
) -> Result<Scene, RenderError> {
    let evaluated = template.evaluate(variables, width, height).map_err(|source| RenderError::Evaluate { source })?;
    layout_evaluated(&evaluated, resources)
}

/// Lays out what a template says for one picture.
///
/// # Errors
/// Those of [`layout`], but for the first.
pub fn layout_evaluated(evaluated: &Evaluated, resources: &Resources) -> Result<Scene, RenderError> {
    let (width, height) = (evaluated.width, evaluated.height);
    let mut scene = Scene { width, height, marks: Vec::new(), missing_glyphs: Vec::new() };
    for layer in &evaluated.layers {
        let mut desk = Desk { width, height, layer: layer.number, resources, missing: &mut scene.missing_glyphs };
        let mark = desk.mark(&layer.drawing)?;
        scene.marks.push(mark);
    }
    Ok(scene)
}

/// What is at hand while a layer is laid out.
struct Desk<'a> {
    width: u32,
    height: u32,
    /// The layer's number.
    layer: usize,
    resources: &'a Resources,
    missing: &'a mut Vec<char>,
}

impl Desk<'_> {
    fn mark(&mut self, drawing: &Drawing) -> Result<Mark, RenderError> {
        match drawing {
            Drawing::Text(text) => self.text(text),
            Drawing::Image(image) => self.image(image),
            Drawing::Qr(qr) => self.qr(qr),
            Drawing::Tile(tile) => self.tile(tile),
            // Publishing the picture without it would be worse than not publishing it.
            Drawing::Fingerprint(_) => Err(RenderError::NoFingerprints { layer: self.layer }),
        }
    }
}

const fn blend_mode(blend: Blend) -> BlendMode {
    match blend {
        Blend::Normal => BlendMode::Normal,
        Blend::Multiply => BlendMode::Multiply,
        Blend::Screen => BlendMode::Screen,
        Blend::Overlay => BlendMode::Overlay,
        Blend::SoftLight => BlendMode::SoftLight,
        Blend::Luminosity => BlendMode::Luminosity,
    }
}

/// A length that is whole already, as a count of pixels. A cast from a float goes to the nearest end of the range.
const fn whole(px: f64) -> u32 {
    px as u32
}
