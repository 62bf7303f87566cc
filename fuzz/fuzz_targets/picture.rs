//! Any bytes as a picture of any format: an error or an output, never a panic.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sealmark_watermark_dsl::{Template, Variables};
use sealmark_watermark_render::{Limits, Resources, render, verify};

static RESOURCES: LazyLock<Resources> = LazyLock::new(Resources::embedded);
static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    Template::from_source(r#"template "f" { text "x" { size = 50%h color = auto } }"#).expect("a right template")
});

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { max_pixels: 1 << 16, max_decoded_bytes: 1 << 22 };
    if let Ok(output) = render(bytes, &TEMPLATE, &Variables::default(), &RESOURCES, &limits) {
        let _ = verify(bytes, &output, &limits);
    }
});
