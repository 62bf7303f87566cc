//! What holds for every stamp: it can be read in any pieces, turned exactly, and no scene or font makes it panic.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

mod pictures;
mod scenes;

use std::sync::{Arc, LazyLock};

use image::{DynamicImage, RgbImage, RgbaImage, metadata::Orientation};
use pictures::quarters;
use proptest::prelude::*;
use scenes::{FONTS, color, fonts, logo, opacity, scene, style, text, text_of};
use sealmark_watermark_dsl::QrLevel;
use sealmark_watermark_render::{
    BlendMode, Channels, Content, DEFAULT_FONT, Fonts, Frame, Ink, Mark, Outline, Paint, Pixels, Plate, Qr, QrModules,
    Rect, Scene, SceneShadow, Stamp, TextStyle, Tile, draw, typeset,
};

const WIDTH: u32 = 83;
const HEIGHT: u32 = 61;

static LETTERS: LazyLock<Mark> = LazyLock::new(|| text("Ag★", &style(DEFAULT_FONT, 14.0), 0.0, 0.0));

fn content(which: u8) -> Mark {
    match which {
        0 => LETTERS.clone(),
        1 => {
            let frame = Frame { x: 0.0, y: 0.0, width: 22.0, height: 13.0 };
            Mark::new(Content::Image(Arc::new(logo(40))), frame, opacity(0.8))
        }
        _ => {
            let modules = Arc::new(QrModules::encode("7", QrLevel::Medium, 4).unwrap());
            let qr = Qr { modules, paint: Paint::Color(color("123")), background: None };
            Mark::new(Content::Qr(qr), Frame { x: 0.0, y: 0.0, width: 30.0, height: 30.0 }, opacity(1.0))
        }
    }
}

prop_compose! {
    fn mark()(
        which in 0..3_u8, x in -30.0..90.0, y in -30.0..70.0, rotation in prop_oneof![Just(0.0), Just(90.0), -200.0..200.0],
        decorated in any::<bool>(), mode in 0..5_usize,
        tile in prop::option::of((-90.0..90.0, -4.0..20.0, -4.0..20.0, -1.0..1.0)),
    ) -> Mark {
        let mut mark = content(which);
        (mark.frame.x, mark.frame.y) = (x, y);
        mark.rotation_deg = rotation;
        mark.blend = BlendMode::ALL[mode];
        if decorated {
            mark.plate = Some(Plate { paint: Paint::Color(color("fed8")), padding: 2.5, radius: 3.0 });
            mark.shadow = Some(SceneShadow { dx: 1.5, dy: -2.0, sigma: 1.0, color: color("000a") });
            if let Content::Text(text) = &mut mark.content {
                text.outline = Some(Outline { width: 1.5, paint: Paint::Color(color("a00")) });
            }
        }
        mark.tile = tile.map(|(angle_deg, gap_x, gap_y, stagger)| Tile { angle_deg, gap_x, gap_y, stagger });
        mark
    }
}

fn stamps(marks: Vec<Mark>) -> Vec<Stamp> {
    draw(&scene(&quarters(WIDTH, HEIGHT), marks), &fonts()).unwrap()
}

fn blended(stamps: &[Stamp], image: &mut RgbaImage) {
    let (width, height) = image.dimensions();
    let mut pixels = Pixels::bits8(image, Channels::Rgba, width, height).unwrap();
    stamps.iter().for_each(|stamp| stamp.blend_onto(&mut pixels));
}

/// All ink of every pixel of a rectangle, in the order of the spans.
fn inks(stamp: &Stamp, rect: Rect) -> Vec<Vec<Ink>> {
    let mut all = vec![Vec::new(); (WIDTH * HEIGHT) as usize];
    stamp.for_each_span(rect, |x, y, inks| {
        assert!(x >= rect.x && y >= rect.y && y < rect.bottom());
        for (x, ink) in (x..).zip(inks) {
            assert!(x < rect.right());
            if ink.alpha > 0 {
                all[(y * WIDTH + x) as usize].push(*ink);
            }
        }
    });
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_pieces_of_a_picture_have_the_same_ink(mark in mark(), side in 1..40_u32) {
        for stamp in stamps(vec![mark]) {
            let whole = inks(&stamp, Rect { x: 0, y: 0, width: WIDTH, height: HEIGHT });
            let touched = stamp.touched(WIDTH, HEIGHT);
            for y in (0..HEIGHT).step_by(side as usize) {
                for x in (0..WIDTH).step_by(side as usize) {
                    let block = Rect { x, y, width: side.min(WIDTH - x), height: side.min(HEIGHT - y) };
                    let part = inks(&stamp, block);
                    let mut has_ink = false;
                    for y in block.y..block.bottom() {
                        for x in block.x..block.right() {
                            let at = (y * WIDTH + x) as usize;
                            prop_assert_eq!(&part[at], &whole[at], "at {},{}", x, y);
                            let here = Rect { x, y, width: 1, height: 1 };
                            prop_assert!(part[at].is_empty() || touched.iter().any(|rect| rect.intersects(&here)));
                            has_ink |= !part[at].is_empty();
                        }
                    }
                    prop_assert_eq!(stamp.covers(block), has_ink);
                }
            }
        }
    }

    #[test]
    fn a_turned_stamp_is_the_stamp_on_the_turned_picture(marks in prop::collection::vec(mark(), 1..3), exif in 1..=8_u8) {
        let orientation = Orientation::from_exif(exif).unwrap();
        let stored_size = if exif >= 5 { (HEIGHT, WIDTH) } else { (WIDTH, HEIGHT) };
        let mut stored = DynamicImage::ImageRgb8(quarters(stored_size.0, stored_size.1)).to_rgba8();
        let stamps = stamps(marks);

        let mut shown = DynamicImage::ImageRgba8(stored.clone());
        shown.apply_orientation(orientation);
        let mut shown = shown.to_rgba8();
        blended(&stamps, &mut shown);

        let turned: Vec<Stamp> = stamps.iter().map(|stamp| stamp.turned(orientation, WIDTH, HEIGHT)).collect();
        blended(&turned, &mut stored);
        let mut stored = DynamicImage::ImageRgba8(stored);
        stored.apply_orientation(orientation);
        prop_assert!(stored.to_rgba8() == shown, "orientation {}", exif);
        for (turned, stamp) in turned.iter().zip(&stamps) {
            prop_assert_eq!(turned.touched(stored_size.0, stored_size.1).len(), stamp.touched(WIDTH, HEIGHT).len());
        }
    }

    #[test]
    fn no_number_makes_drawing_panic(
        which in 0..3_u8, n in prop::collection::vec(number(), 17), width in 0..100_u32, height in 0..100_u32,
        tiled in any::<bool>(),
    ) {
        let mut mark = content(which);
        mark.frame = Frame { x: n[0], y: n[1], width: n[2], height: n[3] };
        mark.rotation_deg = n[4];
        mark.shadow = Some(SceneShadow { dx: n[5], dy: n[6], sigma: n[7], color: color("000") });
        mark.plate = Some(Plate { paint: Paint::Auto, padding: n[8], radius: n[9] });
        if tiled {
            mark.tile = Some(Tile { angle_deg: n[10], gap_x: n[11], gap_y: n[12], stagger: n[13] });
        }
        if let Content::Text(text) = &mut mark.content {
            text.outline = Some(Outline { width: n[14], paint: Paint::Auto });
            text.runs[0].em_px = n[15];
            text.runs[0].glyphs[0].x = n[16];
            text.runs[0].glyphs[0].glyph = n[16].abs() as u32;
        }
        let mut scene = Scene { width, height, marks: vec![mark], missing_glyphs: Vec::new() };
        scene.resolve_auto(|rect| { assert!(rect.right() <= width && rect.bottom() <= height); 0.5 });
        if let Ok(stamps) = draw(&scene, &fonts()) {
            let mut image = RgbaImage::new(width, height);
            blended(&stamps, &mut image);
            for stamp in stamps {
                stamp.turned(Orientation::Rotate90, width, height).touched(height, width);
            }
        }
    }

    #[test]
    fn any_text_in_any_style_can_be_drawn(
        string in any_text(), em in number(), spacing in number(), line_height in number(),
        max in prop::option::of(number()), weight in any::<u16>(),
    ) {
        set_and_drawn(&string, &TextStyle {
            weight, letter_spacing_px: spacing, line_height, max_width_px: max, ..style(DEFAULT_FONT, em)
        }, &fonts());
    }

    #[test]
    fn broken_fonts_are_refused_or_drawn(
        which in 0..FONTS.len(), length in any::<prop::sample::Index>(), cut in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
    ) {
        let (bytes, _) = FONTS[which];
        let mut bytes = bytes.to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if cut {
            bytes.truncate(length.index(bytes.len()));
        }
        let mut fonts = Fonts::embedded();
        let _ = fonts.add("hostile.ttf", bytes.clone());
        if fonts.add_as("Hostile", bytes).is_ok() {
            set_and_drawn("مرحبا שלום नमस्ते 版权 😀👍🏽 ★ll Weight", &style("Hostile", 30.0), &fonts);
        }
    }
}

/// Numbers of every kind: none, huge, tiny, negative, and those that one would write.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -100.0..200.0,
        1 => any::<f64>(),
        1 => prop_oneof![Just(0.0), Just(f64::NAN), Just(f64::INFINITY), Just(-1e300), Just(1e18), Just(40_000.0)],
    ]
}

/// Strings of every kind, with more than a fair share of what steers, joins and marks.
fn any_text() -> impl Strategy<Value = String> {
    let steering: Vec<char> =
        "\u{202e}\u{200d}\u{200c}\u{fe0f}\u{301}\u{94d}\u{93f}\u{640}\n\t \u{2066}\u{1f3fd}\u{e0067}م😀क"
            .chars()
            .collect();
    let c = prop_oneof![any::<char>(), prop::sample::select(steering)];
    prop::collection::vec(c, 0..60).prop_map(|chars| chars.into_iter().collect())
}

fn set_and_drawn(string: &str, style: &TextStyle, fonts: &Fonts) {
    let block = typeset(string, style, fonts).unwrap();
    let Some(ink) = block.ink else { return };
    let mut mark = LETTERS.clone();
    mark.frame = Frame { x: 1.0, y: 1.0, ..ink };
    text_of(&mut mark).runs = block.moved(-ink.x, -ink.y).runs;
    let image = RgbImage::new(WIDTH, HEIGHT);
    let mut canvas = DynamicImage::ImageRgb8(image.clone()).to_rgba8();
    if let Ok(stamps) = draw(&scene(&image, vec![mark]), fonts) {
        blended(&stamps, &mut canvas);
    }
}
