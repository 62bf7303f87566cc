//! Scenes put together by hand, without a template, and the fonts that they are written in.
#![allow(dead_code, reason = "each test file is a crate of its own and uses a part of this")]
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

use std::sync::LazyLock;

use image::{DynamicImage, RgbImage};
use sealmark_watermark_dsl::{Color, Opacity};
use sealmark_watermark_render::{
    Channels, Content, Fonts, Frame, Mark, Paint, Picture, Pixels, Scene, Text, TextStyle, draw, typeset,
};

use crate::pictures::{golden, png};

/// Every font of the tests: file and family.
pub(crate) const FONTS: [(&[u8], &str); 9] = [
    (include_bytes!("../fonts/NotoNaskhArabic.ttf"), "Noto Naskh Arabic"),
    (include_bytes!("../fonts/NotoSansHebrew.ttf"), "Noto Sans Hebrew"),
    (include_bytes!("../fonts/NotoSansDevanagari.ttf"), "Noto Sans Devanagari"),
    (include_bytes!("../fonts/NotoSansCJK.otf"), "Noto Sans CJK JP"),
    (include_bytes!("../fonts/NotoColorEmoji.ttf"), "Noto Color Emoji"),
    (include_bytes!("../fonts/NotoSans-Regular.ttf"), "Noto Sans"),
    (include_bytes!("../fonts/NotoSans-Bold.ttf"), "Noto Sans"),
    (include_bytes!("../fonts/TestLayers.ttf"), "Test Layers"),
    (include_bytes!("../fonts/TestVariable.ttf"), "Test Variable"),
];

pub(crate) fn fonts() -> Fonts {
    static ALL: LazyLock<Fonts> = LazyLock::new(|| {
        let mut fonts = Fonts::embedded();
        for (bytes, family) in FONTS {
            assert_eq!(fonts.add(family, bytes.to_vec()).unwrap(), [family]);
        }
        fonts
    });
    ALL.clone()
}

pub(crate) const INK: Color = Color { r: 20, g: 40, b: 90, a: 255 };

pub(crate) fn color(hex: &str) -> Color {
    Color::from_hex(hex).unwrap()
}

pub(crate) fn opacity(value: f64) -> Opacity {
    Opacity::new(value).unwrap()
}

/// A text whose ink has its top left corner here.
pub(crate) fn text(text: &str, style: &TextStyle, x: f64, y: f64) -> Mark {
    let block = typeset(text, style, &fonts()).unwrap();
    let ink = block.ink.unwrap();
    let runs = block.moved(-ink.x, -ink.y).runs;
    let frame = Frame { x, y, width: ink.width, height: ink.height };
    let text = Text { runs, paint: Paint::Color(INK), outline: None };
    Mark::new(Content::Text(text), frame, opacity(1.0))
}

pub(crate) fn style(family: &str, em_px: f64) -> TextStyle {
    TextStyle::new(family, em_px)
}

/// Lets a test change what is special about a text.
pub(crate) fn text_of(mark: &mut Mark) -> &mut Text {
    match &mut mark.content {
        Content::Text(text) => text,
        _ => panic!("no text"),
    }
}

pub(crate) fn scene(image: &RgbImage, marks: Vec<Mark>) -> Scene {
    Scene { width: image.width(), height: image.height(), marks, missing_glyphs: Vec::new() }
}

pub(crate) fn paper(width: u32, height: u32) -> RgbImage {
    RgbImage::from_pixel(width, height, image::Rgb([236, 232, 220]))
}

/// Draws marks on a picture.
pub(crate) fn drawn(mut image: RgbImage, marks: Vec<Mark>) -> RgbImage {
    let mut scene = scene(&image, marks);
    let (width, height) = image.dimensions();
    let mut pixels = Pixels::bits8(&mut image, Channels::Rgb, width, height).unwrap();
    scene.resolve_auto(|rect| pixels.mean_luma(rect));
    draw(&scene, &fonts()).unwrap().iter().for_each(|stamp| stamp.blend_onto(&mut pixels));
    image
}

/// Draws marks on a picture and compares it with the golden one.
pub(crate) fn check(name: &str, image: RgbImage, marks: Vec<Mark>) {
    golden(name, &png(&DynamicImage::ImageRgb8(drawn(image, marks))));
}

/// A logo with a ring, a hole, a half transparent wedge and one corner that tells how it is turned.
pub(crate) fn logo(side: u32) -> Picture {
    let middle = f64::from(side) / 2.0;
    let mut samples = Vec::new();
    for y in 0..side {
        for x in 0..side {
            let (dx, dy) = (f64::from(x) + 0.5 - middle, f64::from(y) + 0.5 - middle);
            let distance = (dx * dx + dy * dy).sqrt() / middle;
            let pixel = match () {
                () if x < side / 4 && y < side / 4 => [220, 30, 30, 255],
                () if (0.6..0.95).contains(&distance) => [20, 110, 70, 255],
                () if distance < 0.6 && dx > dy => [250, 200, 40, 128],
                () => [255, 255, 255, 0],
            };
            samples.extend(pixel);
        }
    }
    Picture::from_rgba8(side, side, &samples).unwrap()
}
