use std::fs;

use serde_json::{Value, json};

use super::bench::{Bench, LOGO, SHOP, jpeg, picture, png};

fn shop(files: &[(&str, &[u8])]) -> Bench {
    let bench = Bench::with(files);
    bench.write("shop.seal", SHOP);
    bench
}

#[test]
fn good_pictures_are_done_and_broken_ones_among_them_are_told() {
    let (jpeg, png) = (jpeg(), png());
    let half = &jpeg[..jpeg.len() / 2];
    let bench = shop(&[
        ("in/a.jpg", &jpeg),
        ("in/deep/b.png", &png),
        ("in/half.jpg", half),
        ("in/page.heic", b"\0\0\0\x20ftypheic\0\0\0\0"),
        ("in/notes.txt", b"no picture"),
        ("in/.hidden.jpg", &jpeg),
        ("single.jpg", &jpeg),
    ]);
    let ran = bench.run("render --template shop.seal --set user_id=7 in single.jpg absent.jpg --out out --jobs 3");
    let ran = ran.code(1);
    let ran = ran
        .says("in/half.jpg: ")
        .says("in/page.heic: JPEG, PNG, WebP, GIF, BMP and TIFF are read, this is a HEIC")
        .says("absent.jpg: it cannot");
    let ran = ran.says("3 pictures marked").says("2 spliced, with its own codes").says("1 decoded and encoded");
    let ran = ran.says("1 other file left out").says("3 failed");
    assert!(!ran.err.contains('\u{1b}'), "there is no bar where nobody watches: {}", ran.err);
    assert_eq!(bench.names("out"), ["a.jpg", "deep/b.png", "single.jpg"]);
    let marked = image::load_from_memory(&bench.read("out/deep/b.png")).unwrap().to_rgb8();
    assert!(marked != picture(90, 60) && marked.get_pixel(0, 0) == picture(90, 60).get_pixel(0, 0));
    assert_eq!(bench.read("out/a.jpg"), bench.read("out/single.jpg"), "the same picture, the same bytes");
}

#[test]
fn a_line_of_json_for_each_picture_and_one_for_all() {
    let bench = shop(&[("a.jpg", &jpeg()), ("b.jpg", b"\xff\xd8\xff")]);
    let ran = bench.run("render --template shop.seal --set user_id=7 --json --jobs 1 a.jpg b.jpg --out out").code(1);
    let [done, failed, summary] = &ran.json()[..] else { panic!("{}", ran.out) };
    let size = bench.read("out/a.jpg").len();
    assert_eq!((&done["file"], &done["out"]), (&json!("a.jpg"), &json!("out/a.jpg")));
    assert_eq!((&done["width"], &done["height"], &done["bytes"]), (&json!(160), &json!(120), &json!(size)));
    assert_eq!((&done["bytes_before"], &done["missing_glyphs"]), (&json!(jpeg().len()), &json!([])));
    assert_eq!(done["method"], "spliced, with its own codes");
    assert!(done["ms"].is_u64() && done["touched"][0]["width"].as_u64() > Some(10), "{done}");
    assert_eq!(failed["file"], "b.jpg");
    assert!(failed["error"].is_string() && failed["out"].is_null(), "{failed}");
    let summary = &summary["summary"];
    assert_eq!((&summary["done"], &summary["failed"], &summary["left_out"]), (&json!(1), &json!(1), &json!(0)));
    assert_eq!((&summary["bytes"], &summary["threads"]), (&json!(size), &json!(1)));
    assert_eq!(summary["methods"], json!({ "spliced, with its own codes": 1 }));

    // What was touched is what verify finds changed.
    let Value::Object(rect) = &done["touched"][0] else { panic!("{done}") };
    let rect = ["x", "y", "width", "height"].map(|side| rect[side].to_string()).join(",");
    bench.run(&format!("verify a.jpg out/a.jpg --touched {rect}")).code(0).says("0 of them outside");
}

#[test]
fn nothing_is_replaced_unless_told() {
    let bench = shop(&[("in/a.jpg", &jpeg()), ("out/a.jpg", b"mine")]);
    bench.run("render --template shop.seal in --out out").code(1).says("out/a.jpg is there already");
    assert_eq!(bench.read("out/a.jpg"), b"mine");
    bench.run("render --template shop.seal in --out in").code(1).says("written over itself");
    assert_eq!(bench.read("in/a.jpg"), jpeg());
    bench.run("render --template shop.seal in --out out --force").code(0);
    assert_ne!(bench.read("out/a.jpg"), b"mine");
    bench.run("render --template shop.seal in --out in --force").code(0);
    assert_eq!(bench.read("in/a.jpg"), bench.read("out/a.jpg"));
    assert_eq!((bench.names("in"), bench.names("out")), (vec!["a.jpg".to_owned()], vec!["a.jpg".to_owned()]));
}

#[test]
fn the_output_folder_is_no_input() {
    let bench = shop(&[("in/a.jpg", &jpeg())]);
    bench.run("render --template shop.seal in --out in/out").code(0).says("1 picture marked");
    bench.run("render --template shop.seal in --out in/out --force").code(0).says("1 picture marked");
    assert_eq!(bench.names("in"), ["a.jpg", "out/a.jpg"]);
}

#[test]
fn two_files_of_one_name_are_refused_before_anything_is_written() {
    let bench = shop(&[("x/a.jpg", &jpeg()), ("y/a.jpg", &jpeg())]);
    bench.run("render --template shop.seal x y --out out").code(2).says("x/a.jpg and y/a.jpg would both become a.jpg");
    assert!(!bench.path("out").exists());
    bench.run("render --template shop.seal x x/a.jpg --out out").code(0).says("1 picture marked");
}

#[test]
fn where_nothing_can_be_written_nothing_is_tried() {
    let bench = shop(&[("a.jpg", &jpeg()), ("file", b"")]);
    bench.run("render --template shop.seal a.jpg --out file/out").code(1).says("nothing can be written to file/out");
    // A folder in the way of one of them is the trouble of that one alone.
    fs::create_dir_all(bench.path("out/a.jpg")).unwrap();
    bench.write("b.jpg", &jpeg());
    let ran = bench.run("render --template shop.seal a.jpg b.jpg --out out --force").code(1);
    ran.says("a.jpg: out/a.jpg cannot be written").says("1 picture marked");
    assert_eq!(bench.names("out"), ["b.jpg"], "nothing half is left");
}

#[test]
fn a_wrong_template_is_told_with_its_place() {
    let bench = Bench::with(&[
        ("a.jpg", &jpeg()),
        ("typo.seal", b"template \"t\" { text \"x\" { anchor = botom } }"),
        ("logo.seal", b"template \"t\" {\n  image \"logo.svg\" { }\n  text \"x\" { font = \"Comic\" }\n}"),
        ("trace.seal", b"template \"t\" { text \"{hmac(key.trace, user_id)}\" { } }"),
        ("mark.seal", b"template \"t\" { text \"x\" { }  fingerprint { payload = user_id } }"),
    ]);
    let run = |template: &str| bench.run(&format!("render --template {template} a.jpg --out out")).code(3);
    run("typo.seal").says("E0007").says("did you mean `bottom`?");
    run("logo.seal").says("E0039").says("logo.seal:2:9").says("E0038").says("there is `DejaVu Sans`");
    run("trace.seal").says("E0040");
    run("mark.seal").says("E0041");
    run("absent.seal").says("absent.seal cannot be read");
    assert!(!bench.path("out").exists());
}

#[test]
fn what_makes_no_sense_is_refused_and_keys_are_not_repeated() {
    let bench = shop(&[("a.jpg", &jpeg())]);
    let run = |more: &str| bench.run(&format!("render --template shop.seal a.jpg --out out {more}")).code(2);
    run("--set users=7").says("cannot be set; there are user_id");
    run("--set user_id").says("NAME=VALUE");
    run("--jobs 0").says("--jobs");
    let ran = run("--key trace=0123456789abcdef").says("the key trace is neither");
    assert!(!ran.err.contains("0123456789abcdef"), "{}", ran.err);
    bench.run("render a.jpg --out out").code(2).says("--template");
    assert!(!bench.path("out").exists());
}

#[test]
fn fonts_pictures_includes_and_keys_come_from_where_they_are_said_to_be() {
    let font = include_bytes!("../../../crates/watermark-render/tests/fonts/NotoSans-Bold.ttf");
    let bench = Bench::with(&[
        ("a.png", &png()),
        (
            "t/shop.seal",
            br#"template "shop" { include "brand"  text "{hmac(key.trace, image.name):.8}" { font = "Noto Sans" } }"#,
        ),
        (
            "brands/brand.seal",
            br#"template "brand" { image "in/logo.svg" { scale = 20%w  anchor = top_left  margin = 0 } }"#,
        ),
        ("fonts/bold.ttf", font),
        ("logos/in/logo.svg", LOGO),
        ("trace.key", b"000102030405060708090a0b0c0d0e0f\n"),
    ]);
    let base = "render --template t/shop.seal --fonts fonts --assets logos --include-dir brands a.png";
    bench.run(&format!("{base} --key trace=trace.key --out one")).code(0);
    bench.run(&format!("{base} --key trace=000102030405060708090A0B0C0D0E0F --out two")).code(0);
    bench.run(&format!("{base} --key trace=100102030405060708090A0B0C0D0E0F --out three")).code(0);
    assert_eq!(bench.read("one/a.png"), bench.read("two/a.png"));
    assert_ne!(bench.read("one/a.png"), bench.read("three/a.png"));
    let marked = image::load_from_memory(&bench.read("one/a.png")).unwrap().to_rgb8();
    let [red, green, _] = marked.get_pixel(14, 2).0;
    assert!(red > 100 && green < 60, "the logo is there: {red} {green}");
    bench.write("logos/broken.png", b"no picture");
    bench.run(&format!("{base} --key trace=trace.key --out four")).code(2).says("broken.png cannot be used");
    bench.run("render --template t/shop.seal --fonts absent --include-dir brands a.png --out five").code(2);
}

#[test]
fn the_time_is_that_of_the_file_unless_it_is_set() {
    let bench =
        Bench::with(&[("a.png", &png()), ("t.seal", br#"template "t" { text "{timestamp_ms:%Y}" { size = 20%h } }"#)]);
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(86_400 * 365);
    fs::File::options().write(true).open(bench.path("a.png")).unwrap().set_modified(at).unwrap();
    bench.run("render --template t.seal a.png --out file").code(0);
    bench.run("render --template t.seal --set timestamp_ms=31536000000 a.png --out set").code(0);
    bench.run("render --template t.seal --set timestamp_ms=1700000000000 a.png --out other").code(0);
    assert_eq!(bench.read("file/a.png"), bench.read("set/a.png"));
    assert_ne!(bench.read("file/a.png"), bench.read("other/a.png"));
}
