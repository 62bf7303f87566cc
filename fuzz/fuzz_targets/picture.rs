//! Any bytes as a picture of any format: an error or an output, never a panic.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sealmark_watermark_dsl::{Template, Variables};
use sealmark_watermark_render::{Limits, Resources, render, verify};

static RESOURCES: LazyLock<Resources> = LazyLock::new(Resources::embedded);
static TEMPLATES: LazyLock<[Template; 4]> = LazyLock::new(|| {
    ["", "format = jpeg", "format = png max_edge = 20px", "format = webp quality = 60"].map(|output| {
        let text = r#"text "x" { size = 50%h color = auto }"#;
        Template::from_source(&format!("template \"f\" {{ {text} output {{ {output} }} }}")).expect("a right template")
    })
});

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { max_pixels: 1 << 16, max_decoded_bytes: 1 << 22 };
    // Which one is not said by the bytes, so that every picture is an input as it is.
    let template = &TEMPLATES[bytes.len() % TEMPLATES.len()];
    if let Ok(output) = render(bytes, template, &Variables::default(), &RESOURCES, &limits) {
        let _ = verify(bytes, &output, &limits);
    }
});
