//! Pictures, codes, plates, turns, tiles, blend modes and chosen colours, compared with what a person has looked at.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

mod pictures;
mod scenes;

use std::sync::Arc;

use image::RgbImage;
use pictures::{quarters, stripes};
use scenes::{check, color, drawn, fonts, logo, opacity, paper, scene, style, text, text_of};
use sealmark_watermark_dsl::QrLevel;
use sealmark_watermark_render::{
    Assets, BlendMode, Content, DEFAULT_FONT, Frame, Limits, MAX_TILE_PLACES, Mark, Outline, Paint, Picture, Plate, Qr,
    QrModules, RenderError, SceneShadow, Tile, draw,
};

fn image(side: u32, frame: Frame) -> Mark {
    Mark::new(Content::Image(Arc::new(logo(side))), frame, opacity(0.9))
}

fn square(x: f64, y: f64, side: f64) -> Frame {
    Frame { x, y, width: side, height: side }
}

fn code(string: &str, frame: Frame) -> Mark {
    let modules = Arc::new(QrModules::encode(string, QrLevel::Medium, 4).unwrap());
    let qr = Qr { modules, paint: Paint::Color(color("102040")), background: Some(color("fff")) };
    Mark::new(Content::Qr(qr), frame, opacity(1.0))
}

#[test]
fn a_picture_smaller_larger_turned_and_with_a_shadow() {
    let mut turned = image(200, square(150.0, 20.0, 60.0));
    turned.rotation_deg = 20.0;
    turned.shadow = Some(SceneShadow { dx: 4.0, dy: 4.0, sigma: 3.0, color: color("0009") });
    let mut quarter = image(200, square(230.0, 20.0, 50.0));
    quarter.rotation_deg = 90.0;
    let marks = vec![image(200, square(10.4, 10.6, 33.0)), image(12, square(60.0, 10.0, 70.0)), turned, quarter];
    check("image", quarters(290, 100), marks);
}

#[test]
fn a_picture_at_its_own_size_is_itself() {
    let picture = Arc::new(logo(40));
    let mark = Mark::new(Content::Image(Arc::clone(&picture)), square(3.0, 5.0, 40.0), opacity(1.0));
    let image = drawn(RgbImage::new(50, 50), vec![mark]);
    assert_eq!(image.get_pixel(3, 5).0, [220, 30, 30]);
    assert_eq!(image.get_pixel(2, 5).0, [0; 3]);
    assert_eq!(image.get_pixel(3 + 20, 5 + 2).0, [20, 110, 70]);
}

const SEAL: &[u8] = br##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20">
    <rect width="40" height="20" rx="6" fill="#204080"/><circle cx="12" cy="10" r="7" fill="#fc0" fill-opacity=".7"/>
    <path d="M22 4 L36 10 L22 16 Z" fill="none" stroke="#fff" stroke-width="2"/></svg>"##;

#[test]
fn shapes_are_drawn_at_the_size_that_they_have() {
    let picture = Arc::new(Picture::decode("seal.svg", SEAL, &Limits::default()).unwrap());
    assert_eq!((picture.width(), picture.height()), (40, 20));
    let at = |x: f64, y: f64, width: f64, rotation_deg: f64| {
        let frame = Frame { x, y, width, height: width / 2.0 };
        let content = Content::Image(Arc::clone(&picture));
        Mark { rotation_deg, ..Mark::new(content, frame, opacity(1.0)) }
    };
    let marks = vec![at(6.0, 6.0, 20.0, 0.0), at(30.0, 8.0, 80.0, 0.0), at(120.0, 20.0, 80.0, -25.0)];
    check("shapes", quarters(220, 80), marks);
    for refused in [&b"<svg"[..], b"<svg xmlns='http://www.w3.org/2000/svg'><text>a</text></svg>", b"<!-- -->"] {
        let refused = Picture::decode("x", refused, &Limits::default());
        assert!(matches!(refused, Err(RenderError::BrokenPicture { .. })), "{refused:?}");
    }
}

fn read(image: &RgbImage) -> String {
    let gray = image::DynamicImage::ImageRgb8(image.clone()).to_luma8();
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(gray.width() as usize, gray.height() as usize, |x, y| {
            gray.get_pixel(x as u32, y as u32).0[0]
        });
    let grids = prepared.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}

#[test]
fn a_code_is_crisp_upright_and_can_be_read() {
    let mark = code("https://sealmark.example/m/ada", square(5.3, 2.9, 114.0));
    let image = drawn(quarters(124, 120), vec![mark.clone()]);
    assert_eq!(read(&image), "https://sealmark.example/m/ada");
    let inked = image.pixels().filter(|pixel| pixel.0 == [16, 32, 64]).count();
    let light = image.pixels().filter(|pixel| pixel.0 == [255; 3]).count();
    // Three pixels a module, 29 modules and twice four of quiet zone, and nothing half covered.
    assert_eq!(inked + light, (3 * 37) * (3 * 37));
    check("qr", quarters(124, 120), vec![mark]);
}

#[test]
fn a_turned_code_can_be_read() {
    let mut mark = code("7", square(25.0, 25.0, 110.0));
    mark.rotation_deg = 30.0;
    assert_eq!(read(&drawn(quarters(160, 160), vec![mark.clone()])), "7");
    check("qr-turned", quarters(160, 160), vec![mark]);
    let mut quarter = code("7", square(20.5, 20.0, 110.0));
    quarter.rotation_deg = 90.0;
    assert_eq!(read(&drawn(quarters(160, 160), vec![quarter])), "7");
    assert!(matches!(
        QrModules::encode(&"x".repeat(3_000), QrLevel::Low, 4),
        Err(RenderError::QrTooLong { bytes: 3_000 })
    ));
}

#[test]
fn plates_with_round_corners() {
    let plate = |radius| Plate { paint: Paint::Color(color("101828d0")), padding: 8.0, radius };
    let mut square = text("Plate", &style(DEFAULT_FONT, 24.0), 20.0, 24.0);
    square.plate = Some(plate(0.0));
    let mut round = text("Round", &style(DEFAULT_FONT, 24.0), 130.0, 30.0);
    round.plate = Some(plate(100.0));
    round.rotation_deg = -15.0;
    for mark in [&mut square, &mut round] {
        text_of(mark).paint = Paint::Color(color("ffd"));
        mark.shadow = Some(SceneShadow { dx: 1.0, dy: 1.0, sigma: 1.0, color: color("000") });
    }
    check("plates", quarters(240, 90), vec![square, round]);
}

#[test]
fn a_turned_line_with_its_shadow() {
    let mut mark = text("Diagonal gypsy", &style(DEFAULT_FONT, 26.0), 14.0, 85.0);
    mark.rotation_deg = -45.0;
    mark.shadow = Some(SceneShadow { dx: 3.0, dy: 3.0, sigma: 2.0, color: color("000a") });
    text_of(&mut mark).paint = Paint::Color(color("fff"));
    let stamps = draw(&scene(&quarters(220, 200), vec![mark.clone()]), &fonts()).unwrap();
    let sprite = stamps[0].sprite();
    let inks: usize = (0..sprite.height()).flat_map(|row| sprite.row(row)).map(|(_, inks)| inks.len()).sum();
    assert!(inks * 2 < (sprite.width() * sprite.height()) as usize, "{inks}");
    check("turned", quarters(220, 200), vec![mark]);
}

#[test]
fn tiles_are_turned_and_staggered() {
    let mut mark = text("© ada", &style(DEFAULT_FONT, 18.0), 120.0, 80.0);
    mark.tile = Some(Tile { angle_deg: -30.0, gap_x: 30.0, gap_y: 24.0, stagger: 0.5 });
    mark.opacity = opacity(0.5);
    text_of(&mut mark).paint = Paint::Color(color("fff"));
    let stamps = draw(&scene(&quarters(280, 180), vec![mark.clone()]), &fonts()).unwrap();
    assert_eq!(stamps.len(), 1);
    assert!(stamps[0].places().len() > 10, "{:?}", stamps[0].places());
    check("tiles", quarters(280, 180), vec![mark]);
}

#[test]
fn upright_tiles_lie_in_columns_and_rows() {
    let mut mark = image(30, square(100.0, 50.0, 20.0));
    mark.tile = Some(Tile { angle_deg: 0.0, gap_x: 10.0, gap_y: 5.0, stagger: 0.0 });
    let stamps = draw(&scene(&paper(120, 60), vec![mark]), &fonts()).unwrap();
    let places = stamps[0].places();
    assert!(places.iter().all(|place| (place.x - 100) % 30 == 0 && (place.y - 50) % 25 == 0), "{places:?}");
    // Columns that begin at -20 (out of sight), 10, 40, 70, 100; rows at 0, 25, 50 and -25 (out of sight).
    assert_eq!(places.len(), 4 * 3);
}

#[test]
fn too_many_tiles_are_an_error() {
    let mut mark = image(4, square(0.0, 0.0, 1.0));
    mark.tile = Some(Tile { angle_deg: 10.0, gap_x: -50.0, gap_y: f64::NAN, stagger: 0.5 });
    assert!(draw(&scene(&paper(100, 100), vec![mark.clone()]), &fonts()).is_ok());
    mark.tile = Some(Tile { angle_deg: 10.0, gap_x: 0.0, gap_y: 0.0, stagger: 0.5 });
    let large = scene(&paper(1_000, 1_000), vec![mark.clone()]);
    let refused = draw(&large, &fonts());
    assert!(matches!(refused, Err(RenderError::TooManyTiles { max: MAX_TILE_PLACES })), "{refused:?}");
    mark.frame = square(0.0, 0.0, 20_000.0);
    let refused = draw(&scene(&paper(10, 10), vec![mark]), &fonts());
    assert!(matches!(refused, Err(RenderError::MarkTooLarge { .. })), "{refused:?}");
}

#[test]
fn every_blend_mode() {
    for mode in BlendMode::ALL {
        let mut letters = text("Blend", &style(DEFAULT_FONT, 40.0), 12.0, 14.0);
        letters.blend = mode;
        letters.opacity = opacity(0.8);
        text_of(&mut letters).paint = Paint::Color(color("e08030"));
        let mut picture = image(60, square(140.0, 6.0, 50.0));
        picture.blend = mode;
        check(&format!("blend-{}", mode.as_str()), quarters(200, 62), vec![letters, picture]);
    }
}

#[test]
fn colours_are_chosen_by_what_lies_below() {
    let auto = |string: &str, x: f64| {
        let mut mark = text(string, &style(DEFAULT_FONT, 20.0), x, 20.0);
        text_of(&mut mark).paint = Paint::Auto;
        mark
    };
    // The stripes are black, gray and white, 24 pixels each.
    let mut outlined = auto("O", 76.0);
    text_of(&mut outlined).outline = Some(Outline { width: 2.0, paint: Paint::Auto });
    let mut plated = auto("P", 102.0);
    plated.plate = Some(Plate { paint: Paint::Auto, padding: 3.0, radius: 3.0 });
    let mut given = auto("G", 126.0);
    given.plate = Some(Plate { paint: Paint::Color(color("fff")), padding: 3.0, radius: 3.0 });
    let marks = vec![auto("B", 5.0), auto("G", 28.0), auto("W", 50.0), outlined, plated, given];
    check("auto", stripes(150, 50), marks.clone());
    let unresolved = draw(&scene(&stripes(150, 50), marks), &fonts());
    assert!(matches!(unresolved, Err(RenderError::UnresolvedColor)));
}

#[test]
fn assets_are_known_by_their_names_and_bytes() {
    let logo = pictures::png(&image::DynamicImage::ImageRgba8(image::RgbaImage::new(3, 2)));
    let mut webp = Vec::new();
    image::codecs::webp::WebPEncoder::new_lossless(&mut webp)
        .encode(&[9; 3 * 2 * 4], 3, 2, image::ExtendedColorType::Rgba8)
        .unwrap();
    let mut assets = Assets::default();
    let empty = assets.digest();
    assets.add("a", &logo, &Limits::default()).unwrap();
    let tenant = assets.clone();
    assets.add("b", &webp, &Limits::default()).unwrap();
    assert_eq!(assets.get("b").unwrap().width(), 3);
    assert!(matches!(tenant.get("b"), Err(RenderError::UnknownPicture { known, .. }) if known == ["a"]));
    assert!(empty != tenant.digest() && tenant.digest() != assets.digest());
    let tiny = Limits { max_pixels: 5, ..Limits::default() };
    assert!(matches!(assets.add("c", &logo, &tiny), Err(RenderError::BrokenPicture { .. })));
    assert!(matches!(assets.add("c", b"no picture", &tiny), Err(RenderError::BrokenPicture { .. })));
}
