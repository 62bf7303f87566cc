//! Shaped text: scripts, directions, lines, weights and colours, compared with what a person has looked at.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

mod pictures;
mod scenes;

use pictures::quarters;
use scenes::{check, color, fonts, paper, style, text, text_of};
use sealmark_watermark_render::{Align, DEFAULT_FONT, Outline, Paint, SceneShadow, TextStyle, typeset};

fn glyphs(string: &str, style: &TextStyle) -> Vec<(u32, f64)> {
    let block = typeset(string, style, &fonts()).unwrap();
    assert!(block.missing.is_empty(), "{string}: {:?}", block.missing);
    block.runs.iter().flat_map(|run| &run.glyphs).map(|glyph| (glyph.glyph, glyph.x)).collect()
}

#[test]
fn arabic_joins_and_runs_from_right_to_left() {
    let style = style("Noto Naskh Arabic", 34.0);
    check("arabic", paper(230, 64), vec![text("مرحبا بالعالم", &style, 12.0, 12.0)]);
    // The first letter, meem, stands at the right and in the form that begins a word.
    let joined = glyphs("مرحبا", &style);
    let alone = glyphs("م", &style);
    assert!(!joined.iter().any(|(glyph, _)| *glyph == alone[0].0));
    assert!(joined.windows(2).all(|pair| pair[0].1 <= pair[1].1));
}

#[test]
fn hebrew_with_numbers_and_latin_in_it() {
    let mut style = style("Noto Sans Hebrew", 30.0);
    style.families.push("Noto Sans".into());
    check("hebrew", paper(370, 56), vec![text("שלום Weight 12 עולם (12)", &style, 10.0, 14.0)]);
}

#[test]
fn devanagari_reorders_and_joins() {
    let style = style("Noto Sans Devanagari", 34.0);
    check("devanagari", paper(300, 70), vec![text("नमस्ते हिन्दी क्षत्रिय", &style, 10.0, 12.0)]);
    // Of ह, ि, न, ्, द, ी: the i comes before its consonant, and न्द is one half letter and one letter.
    assert!(glyphs("हिन्दी", &style).len() < 6);
}

#[test]
fn cjk_breaks_between_characters_but_not_before_a_full_stop() {
    let mut wrapped = style("Noto Sans CJK JP", 28.0);
    wrapped.max_width_px = Some(115.0);
    check("cjk", paper(140, 110), vec![text("版权所有。写真著作権、水印", &wrapped, 10.0, 10.0)]);
    // Four characters fit, and the fifth is a full stop that may not begin a line.
    let block = typeset("版权所有。写真", &wrapped, &fonts()).unwrap();
    let rows: Vec<f64> = block.runs.iter().flat_map(|run| &run.glyphs).map(|glyph| glyph.y).collect();
    assert_eq!(rows.iter().filter(|y| **y == rows[0]).count(), 3);
}

#[test]
fn marks_stand_over_their_letters() {
    let style = style(DEFAULT_FONT, 36.0);
    // Composed, decomposed, and what has no composed form.
    check("marks", paper(200, 70), vec![text("é e\u{301} x\u{302} q\u{308}\u{323}", &style, 12.0, 12.0)]);
    assert_eq!(glyphs("é", &style), glyphs("e\u{301}", &style));
}

#[test]
fn emoji_are_in_colour_where_a_font_is() {
    let style = style(DEFAULT_FONT, 40.0);
    let mut mark = text("Hi 😀👍🏽★", &style, 10.0, 12.0);
    mark.shadow = Some(SceneShadow { dx: 2.0, dy: 2.0, sigma: 1.5, color: color("0008") });
    check("emoji", paper(200, 64), vec![mark]);
    // A hand and its colour are one glyph; and who asks for black and white gets it.
    assert_eq!(glyphs("👍🏽", &style).len(), 1);
    let color = typeset("😀", &style, &fonts()).unwrap();
    let plain = typeset("😀\u{fe0e}", &style, &fonts()).unwrap();
    assert_ne!(color.runs[0].face, plain.runs[0].face);
}

#[test]
fn layers_have_their_colours_and_that_of_the_text() {
    let mut mark = text("★★", &style("Test Layers", 48.0), 10.0, 10.0);
    mark.rotation_deg = 20.0;
    check("layers", paper(100, 70), vec![mark]);
}

#[test]
fn a_font_is_chosen_for_each_letter_with_its_marks() {
    let mut style = style("Noto Sans", 24.0);
    style.families.push("Noto Sans Hebrew".into());
    let block = typeset("Bold שלום 版权 qq", &style, &fonts()).unwrap();
    assert!(block.missing.is_empty(), "{:?}", block.missing);
    let faces: Vec<String> = block.runs.iter().map(|run| run.face.to_string()).collect();
    assert_eq!(faces.len(), 4, "{faces:?}");
    check("fallback", paper(230, 50), vec![text("Bold שלום 版权 qq", &style, 10.0, 12.0)]);
}

#[test]
fn what_no_font_has_is_told_once() {
    let block = typeset("a\u{10ffff}ก\u{200d}b\u{10ffff}", &style(DEFAULT_FONT, 20.0), &fonts()).unwrap();
    assert_eq!(block.missing, ['\u{10ffff}', 'ก']);
}

#[test]
fn weights_of_a_family_and_of_a_variable_font() {
    let weights = [100, 400, 600, 900].map(|weight| {
        let fixed = TextStyle { weight, ..style("Noto Sans", 22.0) };
        let variable = TextStyle { weight, ..style("Test Variable", 22.0) };
        let y = f64::from(weight) / 8.0 - 10.0;
        [text("Weight", &fixed, 10.0, 4.0 + y), text("lll", &variable, 110.0, 4.0 + y)]
    });
    check("weights", paper(150, 136), weights.into_iter().flatten().collect());
}

#[test]
fn lines_stand_as_they_are_told() {
    let marks = [Align::Left, Align::Center, Align::Right].map(|align| {
        let style = TextStyle {
            align,
            line_height: 1.5,
            letter_spacing_px: 2.0,
            max_width_px: Some(110.0),
            ..style(DEFAULT_FONT, 14.0)
        };
        let x = match align {
            Align::Left => 6.0,
            Align::Center => 126.0,
            Align::Right => 246.0,
        };
        text("Some words that wrap\n\nand extraordinarilylong", &style, x, 6.0)
    });
    check("lines", paper(370, 125), marks.into());
}

#[test]
fn outlines_are_clean_at_any_width() {
    let widths = [(0.5, 8.0), (1.0, 88.0), (3.0, 168.0), (20.0, 268.0)];
    let marks = widths.map(|(width, x)| {
        let mut mark = text("Ag", &style(DEFAULT_FONT, 48.0), x, 30.0);
        let text = text_of(&mut mark);
        text.paint = Paint::Color(color("fff"));
        text.outline = Some(Outline { width, paint: Paint::Color(color("222")) });
        mark
    });
    check("outlines", quarters(360, 110), marks.into());
}

#[test]
fn an_outline_does_not_shine_through_its_letters() {
    let mut mark = text("Rg", &style(DEFAULT_FONT, 60.0), 24.0, 20.0);
    mark.rotation_deg = -12.0;
    mark.shadow = Some(SceneShadow { dx: 3.5, dy: 4.0, sigma: 2.5, color: color("000c") });
    let text = text_of(&mut mark);
    text.paint = Paint::Color(color("ffffff60"));
    text.outline = Some(Outline { width: 4.0, paint: Paint::Color(color("d02020")) });
    check("outline-glass", quarters(140, 110), vec![mark]);
}
