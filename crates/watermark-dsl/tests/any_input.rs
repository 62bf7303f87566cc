//! No input may bring the front end down, and what compiles has one canonical text.

mod mutation;

use mutation::mutated;
use proptest::prelude::*;
use sealmark_watermark_dsl::{
    Diagnostic, Severity, Template, Variables, compile, diagnostics_to_json, fmt, parse, render_diagnostics,
};

/// Checks what holds for every source whatsoever.
fn check(source: &str) {
    let (ast, mistakes) = parse(source);
    check_spans(source, &mistakes);
    match compile(&ast) {
        Err(all) => {
            check_spans(source, &all);
            assert!(all.iter().any(|d| d.severity == Severity::Error));
            assert!(!render_diagnostics(source, "t", &all).is_empty());
            assert!(diagnostics_to_json(source, "t", &all).starts_with("[{"));
        }
        Ok(template) => {
            assert!(mistakes.iter().all(|d| d.severity == Severity::Warning));
            // What compiles has a form, and is worth something for a picture or says why not.
            assert!(fmt(source).is_ok());
            if let Ok(evaluated) = template.evaluate(&Variables::default(), 640, 480) {
                assert_eq!(evaluated.digest().len(), 64);
            }
            let canonical = template.to_canonical();
            let again = Template::from_source(&canonical).expect("the canonical text compiles");
            assert_eq!(again.steps(), template.steps(), "{canonical}");
            assert_eq!((again.output(), again.video()), (template.output(), template.video()));
            assert_eq!(again.to_canonical(), canonical);
        }
    }
}

fn check_spans(source: &str, mistakes: &[Diagnostic]) {
    for mistake in mistakes {
        assert!(source.get(mistake.span.range()).is_some(), "{mistake:?} is outside of the source");
    }
}

/// Words of the language in any order: much nearer to a template than random characters.
fn soup() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "template",
        "text",
        "image",
        "when",
        "\"t\"",
        "\"a {user_id} b\"",
        "\"{\"",
        "\"}}",
        "{",
        "}",
        "{ }",
        "(",
        ")",
        "[",
        "]",
        "=",
        "size",
        "size = 3%w",
        "color = #fff",
        "#",
        "#12",
        "anchor",
        "bottom_right",
        "bottom-right",
        "opacity = 5%",
        "shadow = 1px 1px #000",
        "3",
        "-3px",
        "99%",
        "1e9",
        "%",
        "// x\n",
        "\n",
        "\\",
        "\"",
        "é",
        "\u{0}",
        ",",
        "foo",
        "tile",
        "qr { payload = user_id }",
        "fingerprint",
        "payload = hmac(key.a, tenant + 3)",
        "output { keep = [icc] }",
        "include",
        "else",
        "skip",
        "let a = 2px",
        "a",
        "a * 2 - 1px",
        "\"{width:04} {'a' + 1 + width} {timestamp_ms:%F}\"",
        "not",
        "and",
        "width < 320px",
        "==",
        "sha256(",
        "location = \"qr_overlay(left)\"",
        "'x'",
        "[",
    ]);
    prop::collection::vec(words, 0..60).prop_map(|words| words.join(" "))
}

/// Calculations, most of them right in form and some in types.
fn calculation() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "user_id",
        "width",
        "height",
        "timestamp_ms",
        "tags.a",
        "3",
        "-7",
        "2.5",
        "0",
        "'t'",
        "'{{'",
        "''",
        "2px",
        "3%w",
        "true",
        "width > 2",
        "'a{width}b{tenant}'",
        "red",
        "9223372036854775807",
        "key.k",
        "10%",
        "30deg",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 40, 3, |inner| {
        let operator =
            prop::sample::select(vec!["+", "+", "+", "-", "*", "/", "%", "==", "!=", "<", ">=", "and", "or"]);
        let function = prop::sample::select(vec!["sha256", "upper", "lower", "not ", "-"]);
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, sign, b)| format!("{a} {sign} {b}")),
            inner.clone().prop_map(|a| format!("({a})")),
            (function, inner.clone()).prop_map(|(name, a)| format!("{name}({a})")),
            inner.clone().prop_map(|a| format!("hmac(key.k, {a})")),
            inner.clone().prop_map(|a| format!("date({a}, '%F')")),
            inner.clone().prop_map(|a| format!("format({a}, '04')")),
            inner.prop_map(|a| format!("truncate({a}, 3)")),
        ]
    })
}

/// Right templates with any values.
fn right() -> impl Strategy<Value = String> {
    let unit = prop::sample::select(vec!["px", "%w", "%h", "%min"]);
    ("[^\"\\\\\\r\\n{}]{1,20}", 1.0..100.0_f64, unit, any::<u32>(), 0.01..1.0_f64).prop_map(
        |(text, size, unit, color, opacity)| {
            let color = color | 1;
            format!("template \"t\" {{ text \"x{text}{{user_id}}\" {{ size = {size}{unit} color = #{color:08x} opacity = {opacity} }} }}")
        },
    )
}

proptest! {
    #[test]
    fn any_text(source in any::<String>()) { check(&source); }

    #[test]
    fn any_soup(source in soup()) { check(&source); }

    #[test]
    fn any_soup_in_a_template(source in soup()) {
        check(&format!("template \"t\" {{ {source} }}"));
        check(&format!("template \"t\" {{ text \"a\" {{ {source} }} }}"));
    }

    #[test]
    fn any_nearly_right_template(source in mutated()) { check(&source); }

    #[test]
    fn any_calculation(source in calculation()) {
        check(&format!("template \"t\" {{ let a = {source} text \"{{{source}}} {{a}}\" {{ size = {source} }} }}"));
        check(&format!("template \"t\" {{ let a = {source} text \"{{a + {source}}}\" {{ }} }}"));
        check(&format!("template \"t\" {{ qr {{ payload = {source} }} when {source} {{ skip }} }}"));
        check(&format!("template \"t\" {{ qr {{ payload = {source} }} }}"));
        check(&format!("template \"t\" {{ text \"x\" {{ }} when {source} {{ skip }} }}"));
    }

    #[test]
    fn right_templates_compile(source in right()) {
        prop_assert!(Template::from_source(&source).is_ok(), "{}", source);
        check(&source);
    }
}

#[test]
fn the_longest_sources_do_not_take_for_ever() {
    // Each of these would show a parser that goes back: 64 KiB squared is four thousand million steps.
    for unit in
        ["{", "}", "(", "\"", "\"{", "{a", "a=", "a ", "#", "1", "\\", "text \"{{{", "when ", "size=1px ", "é", "//"]
    {
        let source = unit.repeat(60_000 / unit.len());
        check(&source);
        check(&format!("template \"t\" {{ {source}"));
        check(&format!("template \"t\" {{ text \"a\" {{ {source}"));
        check(&format!("template \"t\" {{ text \"{source}"));
    }
}
