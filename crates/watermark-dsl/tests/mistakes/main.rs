//! What a person sees who made a mistake.

mod guesses;
mod layers;
mod limits;
mod values;

use sealmark_watermark_dsl::{Template, render_diagnostics};

fn report(source: &str) -> String {
    match Template::from_source(source) {
        Ok(template) => render_diagnostics(source, "t.seal", template.warnings()),
        Err(mistakes) => render_diagnostics(source, "t.seal", &mistakes),
    }
}

fn codes(source: &str) -> Vec<&'static str> {
    match Template::from_source(source) {
        Ok(template) => template.warnings().iter().map(|d| d.code.as_str()).collect(),
        Err(mistakes) => mistakes.iter().map(|d| d.code.as_str()).collect(),
    }
}

/// A template with this one layer.
fn layer(properties: &str) -> String {
    format!("template \"t\" {{ text \"x\" {{ {properties} }} }}")
}

/// A template with a QR code of this payload.
fn qr(payload: &str) -> String {
    format!("template \"t\" {{ qr {{ payload = {payload} }} }}")
}

/// Notes a source whose codes are others than these: one run shows every row that is wrong.
fn check(source: &str, expected: &str, wrong: &mut String) {
    let found = codes(source).join(" ");
    if found != expected {
        wrong.push_str(&format!("expected {expected:?}, found {found:?}\n{}\n", report(source)));
    }
}

#[test]
fn one_run_shows_every_mistake() {
    let source = r##"template "my shop" {
  text "© {user} {image.hight} {" {
    sise = 3%w
    size = 3%
    colour = #12345
    anchor = bottom-right
    margin = 2em  margin = 1px
    opacity = 55
    shadow = 1px #000
  }
  txet "again" { size = 4px }
}
"##;
    insta::assert_snapshot!(report(source), @r#"
    error[E0015]: this cannot be a template's name
     --> t.seal:1:10
      |
    1 | template "my shop" {
      |          ^^^^^^^^^
      |
      = help: a name is 1 to 64 of `a-z A-Z 0-9 _ - .`

    error[E0006]: there is no variable `user`
     --> t.seal:2:12
      |
    2 |   text "© {user} {image.hight} {" {
      |            ^^^^
      |
      = help: the variables are user_id, tenant, upload_id, media_id, timestamp_ms, image.name, image.width, image.height, tags.name

    error[E0006]: there is no variable `image.hight`
     --> t.seal:2:19
      |
    2 |   text "© {user} {image.hight} {" {
      |                   ^^^^^^^^^^^
      |
      = help: did you mean `image.height`?

    error[E0014]: a `{` without its `}`
     --> t.seal:2:32
      |
    2 |   text "© {user} {image.hight} {" {
      |                                ^
      |
      = help: write `{{` for a brace that shows

    error[E0004]: `text` has no property `sise`
     --> t.seal:3:5
      |
    3 |     sise = 3%w
      |     ^^^^
      |
      = help: did you mean `size`?

    error[E0009]: percent of what? `size` needs to know
     --> t.seal:4:12
      |
    4 |     size = 3%
      |            ^^
      |
      = help: write `3%w` (width), `3%h` (height) or `3%min` (shorter side)

    error[E0004]: `text` has no property `colour`
     --> t.seal:5:5
      |
    5 |     colour = #12345
      |     ^^^^^^
      |
      = help: did you mean `color`?

    error[E0011]: `#12345` is no colour
     --> t.seal:5:14
      |
    5 |     colour = #12345
      |              ^^^^^^
      |
      = help: a colour is `#rgb`, `#rgba`, `#rrggbb` or `#rrggbbaa`

    error[E0001]: expected a value, found `-`
     --> t.seal:6:20
      |
    6 |     anchor = bottom-right
      |                    ^
      |
      = help: words are joined by `_`, as in `bottom_right`; a calculation has spaces around its `-`

    error[E0009]: `margin` is not measured in `em`
     --> t.seal:7:14
      |
    7 |     margin = 2em  margin = 1px
      |              ^^^
      |
      = help: it is in `px`, `%w`, `%h` or `%min`

    error[E0012]: `margin` is given twice
     --> t.seal:7:19
      |
    7 |     margin = 2em  margin = 1px
      |                   ^^^^^^
      |
      = help: keep one of them

    error[E0010]: `opacity` is out of range
     --> t.seal:8:15
      |
    8 |     opacity = 55
      |               ^^
      |
      = help: write `55%`, or a fraction up to 1

    error[E0008]: `shadow` takes two lengths, if wanted a third for the blur, and a colour
     --> t.seal:9:14
      |
    9 |     shadow = 1px #000
      |              ^^^^^^^^
      |
      = help: as in `shadow = 1px 1px #0008`

    error[E0005]: there is no layer `txet`
      --> t.seal:11:3
       |
    11 |   txet "again" { size = 4px }
       |   ^^^^
       |
       = help: did you mean `text`?
    "#);
}

#[test]
fn a_forgotten_brace_or_quote_is_blamed_where_it_was_forgotten() {
    insta::assert_snapshot!(report("template \"t\" {\n  text \"a\" { size = 4px\n  text \"b\" { size = 5px }\n}\n"), @r#"
    error[E0003]: this `{` has no `}`
     --> t.seal:2:12
      |
    2 |   text "a" { size = 4px
      |            ^
    "#);
    insta::assert_snapshot!(report("template \"t\" {\n  text \"a { size = 4px }\n}\n"), @r#"
    error[E0002]: this text has no closing `"` on its line
     --> t.seal:2:8
      |
    2 |   text "a { size = 4px }
      |        ^^^^^^^^^^^^^^^^^
    "#);
    insta::assert_snapshot!(report("template \"t\" {\n  text \"a\" { size = 4px }\n"), @r#"
    error[E0003]: this `{` has no `}`
     --> t.seal:1:14
      |
    1 | template "t" {
      |              ^
    "#);
}

#[test]
fn the_file_itself_may_be_wrong() {
    insta::assert_snapshot!(report(""), @r#"
    error[E0001]: expected `template`, found the end of the file
     --> t.seal:1:1
      |
    1 |
      | ^
      |
      = help: a file is `template "name" { … }`
    "#);
    insta::assert_snapshot!(report("tempalte \"t\" { text \"x\" { } }"), @r#"
    error[E0001]: expected `template`, found `tempalte`
     --> t.seal:1:1
      |
    1 | tempalte "t" { text "x" { } }
      | ^^^^^^^^
      |
      = help: did you mean `template`?
    "#);
    assert_eq!(codes("template \"a\" { text \"x\" { } } template \"b\" { }"), ["E0001"]);
    assert_eq!(codes("template { text \"x\" { } }"), ["E0001"]);
    assert_eq!(codes("\u{feff}// only a comment"), ["E0001"]);
}

#[test]
fn a_template_that_marks_nothing_is_refused() {
    assert_eq!(codes("template \"t\" { }"), ["E0013"]);
    assert_eq!(codes("template \"t\" { text \"\" { } }"), ["E0013"]);
    assert_eq!(codes("template \"t\" { text \"  \" { } }"), ["E0013"]);
    assert_eq!(codes(&layer("opacity = 0")), ["E0013"]);
    assert_eq!(codes(&layer("color = #fff0")), ["E0013"]);
}

#[test]
fn a_faint_mark_is_a_warning_and_the_template_still_works() {
    let source = layer("opacity = 3%");
    assert!(Template::from_source(&source).is_ok());
    insta::assert_snapshot!(report(&source), @r#"
    warning[W0001]: a mark as faint as this can hardly be seen
     --> t.seal:1:37
      |
    1 | template "t" { text "x" { opacity = 3% } }
      |                                     ^^
      |
      = help: 5% is about the least
    "#);
}

#[test]
fn a_source_cannot_speak_to_the_terminal() {
    let shown = report("template \"t\" { \u{1b}[31m\u{7}\u{202e} text \"\u{1b}]0;x\" { } }");
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown:?}");
}
