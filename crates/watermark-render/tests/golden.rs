//! Template and picture to picture, compared with what a person has looked at.
//!
//! Tolerance: 1 a channel. `SEALMARK_UPDATE_GOLDENS=1` writes the pictures anew; look at them before they are
//! committed. A failure leaves the new picture and a picture of the differences beside the golden one, as `*.new.png`
//! and `*.diff.new.png`.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

mod pictures;

use image::{DynamicImage, ImageBuffer, Rgba};
use pictures::{golden, marked, png, quarters, stripes, template, text};
use sealmark_watermark_dsl::{Anchor, Template};
use sealmark_watermark_render::{Limits, verify};

fn check(name: &str, source: &DynamicImage, template: &Template) {
    let source = png(source);
    let output = marked(&source, template).unwrap();
    verify(&source, &output, &Limits::default()).unwrap();
    golden(name, &output.bytes);
}

fn catalogue() -> Template {
    template(include_str!("../../../templates/catalogue.seal"))
}

#[test]
fn the_default_template_on_colours() {
    check("catalogue-colours", &DynamicImage::ImageRgb8(quarters(480, 320)), &catalogue());
}

#[test]
fn the_default_template_on_light_and_dark() {
    check("catalogue-stripes", &DynamicImage::ImageRgb8(stripes(480, 320)), &catalogue());
}

#[test]
fn the_form_of_the_design() {
    let template = text(
        "© ECO-2024 {user_id}",
        "font = \"DejaVu Sans\"  size = 3.5%w  color = #fff  opacity = 55%  anchor = bottom_right  margin = 2%  shadow = 1px 1px #0008",
    );
    check("design", &DynamicImage::ImageRgb8(quarters(480, 320)), &template);
}

#[test]
fn nine_anchors_by_their_names() {
    let layers: String = Anchor::ALL
        .map(|anchor| {
            let name = anchor.as_str();
            format!("text \"{name}\" {{ size = 16px anchor = {name} margin = 6px color = #111 opacity = 90% }}\n")
        })
        .concat();
    let gray = DynamicImage::ImageLuma8(image::GrayImage::from_pixel(360, 120, image::Luma([200])));
    check("anchors", &gray, &template(&format!("template \"t\" {{ {layers} }}")));
}

#[test]
fn a_long_line_is_shrunk_and_not_cut() {
    let template = text(
        "{image.width} × {image.height}, {image.name}: gypsy AVA To Wo — far too long for this",
        "size = 40%h margin = 10px color = #fffb00 opacity = 1 shadow = 1px 1px 3px #000",
    );
    check("shrunk", &DynamicImage::ImageRgb8(quarters(300, 80)), &template);
}

#[test]
fn sixteen_bits_and_alpha() {
    let transparent = ImageBuffer::from_fn(240, 90, |x, y| {
        let alpha = u16::try_from(x * 273).unwrap();
        Rgba([9_000, u16::try_from(y * 600).unwrap(), 50_000, alpha])
    });
    let template = text("Alpha {user_id}", "size = 36px anchor = center opacity = 85% shadow = 2px 2px 4px #000");
    check("alpha16", &DynamicImage::ImageRgba16(transparent), &template);
}
