//! A template and a picture's size to a scene.

use sealmark_watermark_dsl::{Layer, Shadow, Template, TextLayer, Variables};

use crate::{
    Content, Fonts, Frame, Mark, Paint, RenderError, Scene, SceneShadow, Text, TextBlock, TextStyle, typeset,
    typeset::fill,
};

/// Largest em that is drawn, in pixels; a template that asks for more gets this. It bounds the memory of one glyph.
pub const MAX_EM_PX: f64 = 4_096.0;

/// Largest blur of a shadow, in pixels, and farthest move.
const MAX_SHADOW_PX: f64 = 256.0;

/// Lays a template out for a picture of this size, as shown.
///
/// A line that does not fit between the margins is shrunk until it does, so a mark is never cut off; where the
/// margins themselves leave no room they shrink first. Anchors and margins go by the letters' ink, not by their boxes.
///
/// # Errors
/// [`RenderError::UnknownFont`] for a font that is not in `fonts`, [`RenderError::EmptyMark`] for a text that shows
/// nothing with these variables.
pub fn layout(
    template: &Template,
    variables: &Variables,
    width: u32,
    height: u32,
    fonts: &Fonts,
) -> Result<Scene, RenderError> {
    let mut scene = Scene { width, height, marks: Vec::new(), missing_glyphs: Vec::new() };
    for (index, layer) in template.layers().iter().enumerate() {
        let empty = RenderError::EmptyMark { layer: index + 1 };
        match layer {
            Layer::Text(layer) => {
                let text = fill(&layer.text, variables, width, height);
                let em_px = layer.size.to_px(width, height).min(MAX_EM_PX);
                let block = typeset(&text, &TextStyle::new(&layer.font, em_px), fonts)?;
                let missing = block.missing.clone();
                scene.marks.push(place(layer, block, width, height).ok_or(empty)?);
                for c in missing {
                    if !scene.missing_glyphs.contains(&c) {
                        scene.missing_glyphs.push(c);
                    }
                }
            }
            // A layer of a newer language: drawing nothing would publish the picture without it.
            _ => return Err(empty),
        }
    }
    Ok(scene)
}

/// A text in its place; none where it has no ink.
fn place(layer: &TextLayer, block: TextBlock, width: u32, height: u32) -> Option<Mark> {
    let margin = layer.margin.to_px(width, height).round();
    let (left, room_x) = inside(width, margin);
    let (top, room_y) = inside(height, margin);
    let ink = block.ink.filter(|ink| ink.width > 0.0 && ink.height > 0.0)?;

    let shrink = 1.0_f64.min(f64::from(room_x) / ink.width).min(f64::from(room_y) / ink.height);
    let block = if shrink < 1.0 { block.scaled(shrink) } else { block };
    let ink = block.ink?;

    // The baseline lies on a whole row, which keeps the feet of the letters sharp, unless that takes a row too many.
    let (above, below) = (-ink.y, ink.y + ink.height);
    let snapped = whole(above.ceil() + below.ceil());
    let is_snapped = snapped <= room_y;
    let ink_rows = if is_snapped { snapped } else { whole((above + below).ceil()).min(room_y) }.max(1);
    let ink_columns = whole(ink.width.ceil()).clamp(1, room_x);

    let (halves_x, halves_y) = layer.anchor.halves();
    let x = left + (room_x - ink_columns) * halves_x / 2;
    let y = top + (room_y - ink_rows) * halves_y / 2;
    let baseline = if is_snapped { above.ceil() } else { above };
    let frame = Frame { x: x.into(), y: y.into(), width: ink_columns.into(), height: ink_rows.into() };

    let runs = block.moved(-ink.x, baseline).runs;
    let text = Text { runs, paint: Paint::Color(layer.color), outline: None };
    let mut mark = Mark::new(Content::Text(text), frame, layer.opacity);
    mark.shadow = layer.shadow.map(|shadow| in_px(shadow, width, height));
    Some(mark)
}

/// Where the room between two margins begins, and how much it is: at least one pixel, in the middle.
fn inside(side: u32, margin: f64) -> (u32, u32) {
    let margin = whole(margin).min(side.saturating_sub(1) / 2);
    (margin, (side - 2 * margin).max(1))
}

fn in_px(shadow: Shadow, width: u32, height: u32) -> SceneShadow {
    let dx = shadow.dx.to_px(width, height).clamp(-MAX_SHADOW_PX, MAX_SHADOW_PX);
    let dy = shadow.dy.to_px(width, height).clamp(-MAX_SHADOW_PX, MAX_SHADOW_PX);
    let blur = match shadow.blur {
        Some(blur) => blur.to_px(width, height),
        None => dx.abs().max(dy.abs()),
    };
    SceneShadow { dx, dy, sigma: blur.clamp(0.0, MAX_SHADOW_PX) / 2.0, color: shadow.color }
}

/// A length that is whole already, as a count of pixels. A cast from a float goes to the nearest end of the range.
fn whole(px: f64) -> u32 {
    px as u32
}
