use image::{DynamicImage, ImageFormat, Rgb};
use serde_json::json;

use super::bench::{Bench, encoded, jpeg, picture, png};

#[test]
fn pictures_that_are_the_same_do_not_differ() {
    let bench = Bench::with(&[("a.jpg", &jpeg()), ("b.jpg", &jpeg()), ("c.png", &png())]);
    let ran = bench.run("verify a.jpg b.jpg").code(0);
    ran.says("compared coefficient by coefficient").says("none of 300 MCUs differ");
    bench.run("verify c.png c.png --touched 0,0,1,1").code(0).says("none of 5,400 pixels differ");
}

#[test]
fn one_pixel_outside_is_found_and_one_inside_may_be() {
    let mut other = picture(90, 60);
    other.put_pixel(70, 40, Rgb([255; 3]));
    let mut bytes = Vec::new();
    DynamicImage::ImageRgb8(other).write_to(&mut std::io::Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    let bench = Bench::with(&[("a.png", &png()), ("b.png", &bytes)]);
    bench.run("verify a.png b.png").code(0).says("1 of 5,400 pixels differ").says("in 1 box: 1x1 at 70,40");
    bench.run("verify a.png b.png --touched 70,40,1,1").code(0).says("0 of them outside");
    bench.run("verify a.png b.png --touched 0,0,70,60").code(1).says("1 of them outside").says("outside in 1 box");

    let ran = bench.run("verify a.png b.png --touched 0,0,9,9 --touched 20,20,9,9 --json").code(1);
    let found = &ran.json()[0];
    let spot = json!([{ "x": 70, "y": 40, "width": 1, "height": 1 }]);
    assert_eq!((&found["measure"], &found["because"]), (&json!("pixels"), &json!("they are not both JPEGs")));
    assert_eq!((&found["total"], &found["different"], &found["outside"]), (&json!(5400), &json!(1), &json!(1)));
    assert_eq!((&found["boxes"], &found["boxes_outside"]), (&spot, &spot));
    let ran = bench.run("verify a.png b.png --json").code(0);
    assert_eq!((&ran.json()[0]["outside"], &ran.json()[0]["different"]), (&json!(null), &json!(1)));
}

#[test]
fn what_cannot_be_compared_has_codes_of_its_own() {
    let small = encoded(90, 59, ImageFormat::Png);
    let bench = Bench::with(&[("a.png", &png()), ("small.png", &small), ("text", b"no picture")]);
    bench.run("verify a.png small.png").code(1).says("90x59 pixels, not 90x60");
    bench.run("verify a.png text").code(2).says("are read, this is something else");
    let ran = bench.run("verify a.png absent --json").code(2);
    assert!(ran.json()[0]["error"].as_str().unwrap().contains("absent cannot be read"), "{}", ran.out);
    for wrong in ["1,2,3", "1,2,0,4", "a,b,c,d"] {
        bench.run(&format!("verify a.png a.png --touched {wrong}")).code(2).says("X,Y,W,H");
    }
}
