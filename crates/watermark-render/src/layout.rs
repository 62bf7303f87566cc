//! A template and a picture's size to a scene.

use sealmark_watermark_dsl::{Color, Drawing, Shadow, Template, TextColor, TextDrawing, Variables};

use crate::{
    Fonts, Mark, PlacedGlyph, Rect, RenderError, Scene, SceneShadow,
    text_line::{Line, set},
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
/// nothing with these variables, [`RenderError::Evaluate`] where a calculation of the template has no result.
pub fn layout(
    template: &Template,
    variables: &Variables,
    width: u32,
    height: u32,
    fonts: &Fonts,
) -> Result<Scene, RenderError> {
    let mut scene = Scene { width, height, marks: Vec::new(), missing_glyphs: Vec::new() };
    let evaluated = template.evaluate(variables, width, height).map_err(|source| RenderError::Evaluate { source })?;
    for layer in &evaluated.layers {
        let empty = RenderError::EmptyMark { layer: layer.number };
        match &layer.drawing {
            Drawing::Text(layer) => {
                let line = set(&layer.text, fonts.face(&layer.style.fonts[0])?).ok_or(empty)?;
                scene.marks.push(place(layer, &line, width, height));
                for c in line.missing {
                    if !scene.missing_glyphs.contains(&c) {
                        scene.missing_glyphs.push(c);
                    }
                }
            }
            // A layer that is not drawn yet: drawing nothing would publish the picture without it.
            _ => return Err(empty),
        }
    }
    Ok(scene)
}

fn place(layer: &TextDrawing, line: &Line, width: u32, height: u32) -> Mark {
    let (style, placement) = (&layer.style, &layer.placement);
    let (left, room_x) = inside(width, placement.margin.x.to_px(width, height).round());
    let (top, room_y) = inside(height, placement.margin.y.to_px(width, height).round());
    let ink = line.ink;
    let (ink_width, ink_height) = (ink.right - ink.left, ink.top - ink.bottom);

    let wanted = style.size.to_px(width, height).min(MAX_EM_PX) / line.units_per_em;
    let scale = wanted.min(f64::from(room_x) / ink_width).min(f64::from(room_y) / ink_height);

    // The baseline lies on a whole row, which keeps the feet of the letters sharp, unless that takes a row too many.
    let (above, below) = (ink.top * scale, -ink.bottom * scale);
    let snapped = whole(above.ceil() + below.ceil());
    let is_snapped = snapped <= room_y;
    let ink_rows = if is_snapped { snapped } else { whole((above + below).ceil()).min(room_y) }.max(1);
    let ink_columns = whole((ink_width * scale).ceil()).clamp(1, room_x);

    let (halves_x, halves_y) = placement.anchor.halves();
    let x = left + (room_x - ink_columns) * halves_x / 2;
    let y = top + (room_y - ink_rows) * halves_y / 2;
    let baseline = f64::from(y) + if is_snapped { above.ceil() } else { above };
    let origin = f64::from(x) - ink.left * scale;

    Mark {
        font: style.fonts[0].clone(),
        em_px: scale * line.units_per_em,
        glyphs: line
            .glyphs
            .iter()
            .map(|(id, pen)| PlacedGlyph { glyph: id.0, x: origin + pen * scale, y: baseline })
            .collect(),
        ink: Rect { x, y, width: ink_columns, height: ink_rows },
        color: match style.color {
            TextColor::Fixed(color) => color,
            TextColor::Auto => Color::WHITE,
        },
        opacity: placement.opacity,
        shadow: style.shadow.map(|shadow| in_px(shadow, width, height, scale * line.units_per_em)),
    }
}

/// Where the room between two margins begins, and how much it is: at least one pixel, in the middle.
fn inside(side: u32, margin: f64) -> (u32, u32) {
    let margin = whole(margin).min(side.saturating_sub(1) / 2);
    (margin, (side - 2 * margin).max(1))
}

fn in_px(shadow: Shadow, width: u32, height: u32, em_px: f64) -> SceneShadow {
    let dx = shadow.dx.to_px(width, height, em_px).clamp(-MAX_SHADOW_PX, MAX_SHADOW_PX);
    let dy = shadow.dy.to_px(width, height, em_px).clamp(-MAX_SHADOW_PX, MAX_SHADOW_PX);
    let blur = match shadow.blur {
        Some(blur) => blur.to_px(width, height, em_px),
        None => dx.abs().max(dy.abs()),
    };
    SceneShadow { dx, dy, sigma: blur.clamp(0.0, MAX_SHADOW_PX) / 2.0, color: shadow.color }
}

/// A length that is whole already, as a count of pixels. A cast from a float goes to the nearest end of the range.
fn whole(px: f64) -> u32 {
    px as u32
}
