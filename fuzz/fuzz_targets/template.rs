//! Any text as a template: diagnostics or a template that can be formatted and evaluated, and means the same after it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sealmark_watermark_dsl::{Template, Variables, fmt, render_diagnostics};

fuzz_target!(|text: &str| {
    match Template::from_source(text) {
        Ok(template) => {
            let formatted = fmt(text).expect("what compiles can be formatted");
            assert_eq!(fmt(&formatted).expect("twice as well"), formatted);
            let again = Template::from_source(&formatted).expect("it still compiles");
            assert_eq!(again.to_canonical(), template.to_canonical());
            let _ = template.evaluate(&Variables::default(), 640, 480);
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            let _ = render_diagnostics(text, "t", &mistakes);
        }
    }
});
