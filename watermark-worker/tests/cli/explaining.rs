use serde_json::json;

use super::bench::{Bench, SHOP, jpeg, png};

#[test]
fn a_picture_is_explained() {
    let turned = include_bytes!("../../../samples/coffee-turned.jpg");
    let moving = include_bytes!("../../../crates/watermark-render/tests/files/formats/png-animated.png");
    let bench = Bench::with(&[("a.jpg", &jpeg()), ("turned.jpg", turned), ("b.png", &png()), ("moving.png", moving)]);
    let ran = bench.run("explain a.jpg turned.jpg b.png moving.png").code(0);
    let ran = ran.says("PNG, truecolour with alpha, 8 bits, 4 pictures, and another for readers of stills");
    let ran = ran.says("decoded and encoded: the file is animated");
    let ran = ran.says("JPEG, baseline, 8 bits, 4:4:4, 1 scan, no restart markers, standard Huffman tables");
    let ran = ran.says("600x400 pixels, stored as 400x600 (orientation 6)").says("PNG, truecolour, 8 bits");
    let ran = ran.says("with a position: kept in part").says("spliced, with").says("spliced, the other rows");
    assert!(!ran.out.contains("template"), "{}", ran.out);
}

#[test]
fn why_a_jpeg_is_not_spliced_is_said() {
    // The same file, but its frame says that it is arithmetic-coded; and one without its end.
    let mut arithmetic = jpeg();
    let frame = arithmetic.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    arithmetic[frame + 1] = 0xc9;
    let mut half = jpeg();
    half.truncate(half.len() - 20);
    let bench = Bench::with(&[("arithmetic.jpg", &arithmetic), ("half.jpg", &half), ("text", b"no picture")]);
    bench.run("explain arithmetic.jpg").code(1).says("JPEG, arithmetic, 8 bits").says("the file is arithmetic-coded");
    bench.run("explain half.jpg").code(1).says("its end is missing").says("the JPEG is broken");
    bench.run("explain text absent").code(1).says("are read, this is something else").says("it cannot be read");
}

#[test]
fn with_a_template_it_is_said_how_much_changes() {
    let bench = Bench::with(&[("a.jpg", &jpeg()), ("shop.seal", SHOP), ("bad.seal", b"template")]);
    let ran = bench.run("explain --template shop.seal --set user_id=7 a.jpg").code(0);
    ran.says("\"shop\" changes").says("of 300 MCUs").says("bytes, from");
    bench.run("explain --template bad.seal a.jpg").code(3).says("bad.seal has mistakes");
    bench.run("explain --set user_id=7 a.jpg").code(2).says("--template");

    let ran = bench.run("explain --json --template shop.seal --set user_id=7 a.jpg absent.jpg").code(1);
    let json = ran.json();
    let [found, absent] = &json[0].as_array().unwrap()[..] else { panic!("{}", ran.out) };
    assert_eq!((&found["file"], &found["error"]), (&json!("a.jpg"), &json!(null)));
    let picture = &found["picture"];
    assert_eq!((&picture["format"], &picture["width"], &picture["height"]), (&json!("JPEG"), &json!(160), &json!(120)));
    assert_eq!(picture["structure"]["sampling"], "4:4:4");
    assert_eq!(picture["structure"]["huffman_tables"], "standard");
    assert_eq!(picture["structure"]["refusal"], json!(null));
    let mark = &found["mark"];
    assert_eq!((&mark["unit"], &mark["total"]), (&json!("mcus"), &json!(300)));
    assert!(mark["changed"].as_u64() > Some(3) && mark["changed"].as_u64() < Some(100), "{mark}");
    assert_eq!((&absent["picture"], &absent["mark"]), (&json!(null), &json!(null)));
    assert!(absent["error"].is_string());
}
