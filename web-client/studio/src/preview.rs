//! A mark on decoded pixels, before the file itself is written.

use sealmark_watermark_dsl::{Template, Variables};
use sealmark_watermark_render::{Rect, RenderError, Resources, draw, layout};

use crate::patches::Sheet;

/// What a preview changes of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Rectangles of the picture as shown; they do not overlap.
    pub rects: Vec<Rect>,
    /// Their pixels, one rectangle after the other: rows from the top; red, green, blue, alpha.
    pub pixels: Vec<u8>,
    /// Characters that the fonts do not have.
    pub missing_glyphs: String,
}

/// Why there is no preview.
#[derive(Debug)]
pub enum NoPreview {
    /// The template has mistakes, which the report tells.
    Mistakes,
    /// There are no pixels to draw on.
    NoPixels,
    /// The template cannot be drawn on this picture.
    Refused(RenderError),
}

/// Draws a template on the pixels.
pub(crate) fn preview(
    sheet: &mut Sheet,
    template: &Template,
    variables: &Variables,
    resources: &Resources,
) -> Result<Preview, RenderError> {
    let mut scene = layout(template, variables, sheet.width, sheet.height, resources)?;
    scene.resolve_auto(|rect| sheet.mean_luma(rect));
    let stamps = draw(&scene, &resources.fonts)?;
    let (rects, pixels) = sheet.stamped(&stamps);
    Ok(Preview { rects, pixels, missing_glyphs: scene.missing_glyphs.iter().collect() })
}
