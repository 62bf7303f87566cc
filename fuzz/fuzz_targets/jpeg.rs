//! Any bytes as a JPEG: an error, or a marked picture that verifies. Never a panic, and never a wrong proof.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sealmark_watermark_dsl::{Template, Variables};
use sealmark_watermark_render::{Limits, Method, Resources, render, verify};

static RESOURCES: LazyLock<Resources> = LazyLock::new(Resources::embedded);
/// One that is everywhere, and one in a corner: before that the scan is leapt over.
static TEMPLATES: LazyLock<[Template; 2]> = LazyLock::new(|| {
    [
        r#"template "f" { text "©" { size = 60%h blend = multiply opacity = 80% } tile text "x" { gap = 2px size = 9px } }"#,
        r#"template "f" { text "x" { size = 12px anchor = bottom_right margin = 0px } }"#,
    ]
    .map(|source| Template::from_source(source).expect("a right template"))
});

fuzz_target!(|bytes: &[u8]| {
    // Small pictures: it is the scanner that is looked for mistakes in, not patience.
    let limits = Limits { max_pixels: 1 << 16, max_decoded_bytes: 1 << 22 };
    let jpeg = [b"\xff\xd8", bytes].concat();
    let template = &TEMPLATES[bytes.len() % 2];
    if let Ok(output) = render(&jpeg, template, &Variables::default(), &RESOURCES, &limits) {
        // What was encoded anew has only to be near, which a broken original need not be.
        if !matches!(output.method, Method::Encoded(_)) {
            verify(&jpeg, &output, &limits).expect("a proof");
        }
    }
});
