//! A text's way from characters to glyphs on a line, in the font's own units.

use ab_glyph::{Font, FontArc, GlyphId};

/// A line of glyphs in font units: x to the right, y up, the origin on the baseline at the line's start.
pub(crate) struct Line {
    pub(crate) glyphs: Vec<(GlyphId, f64)>,
    pub(crate) units_per_em: f64,
    pub(crate) ink: Ink,
    pub(crate) missing: Vec<char>,
}

/// What the glyphs cover.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ink {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

/// Sets the characters one after the other, with kerning. No shaping: scripts that join or reorder their letters
/// come out as single letters from left to right. None where no glyph has ink.
pub(crate) fn set(text: &str, font: &FontArc) -> Option<Line> {
    let mut glyphs = Vec::new();
    let mut missing = Vec::new();
    let mut ink: Option<Ink> = None;
    let mut pen = 0.0;
    let mut last = None;
    for c in text.chars() {
        let id = font.glyph_id(c);
        if id.0 == 0 && !missing.contains(&c) {
            missing.push(c);
        }
        if let Some(last) = last {
            pen += f64::from(font.kern_unscaled(last, id));
        }
        if let Some(outline) = font.outline(id) {
            // The library's rectangle has its top in `min.y`.
            let (min, max) = (outline.bounds.min, outline.bounds.max);
            let here = Ink {
                left: pen + f64::from(min.x),
                right: pen + f64::from(max.x),
                top: f64::from(min.y),
                bottom: f64::from(max.y),
            };
            ink = Some(ink.map_or(here, |ink| Ink {
                left: ink.left.min(here.left),
                right: ink.right.max(here.right),
                top: ink.top.max(here.top),
                bottom: ink.bottom.min(here.bottom),
            }));
            glyphs.push((id, pen));
        }
        pen += f64::from(font.h_advance_unscaled(id));
        last = Some(id);
    }
    let ink = ink.filter(|ink| ink.right > ink.left && ink.top > ink.bottom)?;
    let units_per_em = f64::from(font.units_per_em().filter(|units| *units > 0.0)?);
    Some(Line { glyphs, units_per_em, ink, missing })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kerning_pulls_letters_together() {
        let fonts = crate::Fonts::embedded();
        let font = fonts.face(crate::DEFAULT_FONT).unwrap();
        let width = |text: &str| set(text, font).map(|line| line.ink.right - line.ink.left).unwrap();
        let (av, a, v) = (width("AV"), width("A"), width("V"));
        assert!(av < a + v, "{av} {a} {v}");
        assert!(set("  ", font).is_none());
        assert_eq!(set("a\u{10ffff}b\u{10ffff}", font).map(|line| line.missing), Some(vec!['\u{10ffff}']));
    }
}
