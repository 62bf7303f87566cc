//! What a person sees who made a mistake.

use sealmark_watermark_dsl::{Code, Template, parse, render_diagnostics};

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
fn values_are_checked_for_type_unit_and_range() {
    let mut wrong = String::new();
    for (properties, code) in [
        ("size = #fff", "E0008"),
        ("size = 3", "E0008"),
        ("size = 3px 4px", "E0008"),
        ("size = 3em", "E0009"),
        ("size = 3furlong", "E0009"),
        ("size = 30deg", "E0009"),
        ("size = 2px + 1%w", "E0009"),
        ("size = image.width", "E0019"),
        ("size = 2px / 0", "E0022"),
        ("size = \"{user_id}\"", "E0019"),
        ("size = 0px", "E0010"),
        ("size = 101%w", "E0010"),
        ("margin = -1px", "E0010"),
        ("font = DejaVu", "E0008"),
        ("color = rde", "E0007"),
        ("color = 3px", "E0008"),
        ("color = user_id", "E0019"),
        ("color = #ggg", "E0011"),
        ("color = #", "E0011"),
        ("opacity = 101%", "E0010"),
        ("opacity = 1px", "E0008"),
        ("anchor = \"left\"", "E0008"),
        ("margin = 1px 2px 3px", "E0008"),
        ("offset = 101% 0", "E0010"),
        ("angle = 3", "E0008"),
        ("angle = 361deg", "E0010"),
        ("blend = lighten", "E0007"),
        ("weight = 1000", "E0010"),
        ("weight = fat", "E0008"),
        ("weight = 3.5", "E0008"),
        ("letter_spacing = 11em", "E0010"),
        ("line_height = 2px", "E0008 W0007"),
        ("line_height = 9", "E0010 W0007"),
        ("align = middle", "E0007 W0007"),
        ("align = left", "W0007"),
        ("max_width = 0px", "E0010"),
        ("outline = red", "E0008"),
        ("outline = red 2px", "E0008 E0008"),
        ("outline = 0.1em rde", "E0007"),
        ("plate = 2px", "E0008"),
        ("plate = red 1px 1px 1px", "E0008"),
        ("plate = red -1px", "E0010"),
        ("font = \"\"", "E0015"),
        ("font = \"A\" \"B\" \"C\" \"D\" \"E\" \"F\" \"G\" \"H\" \"I\"", "E0036"),
        ("font = \"{user_id}\"", "E0019"),
        ("keep = [icc]", "E0004"),
        ("gap = 2px", "E0004"),
        ("shadow = 1px 1px", "E0008"),
        ("shadow = 1px 1px -1px #000", "E0010"),
        ("size =", "E0001"),
        ("size", "E0001"),
        ("anchor left", "E0001"),
        ("size = 3px, anchor = left", "E0001"),
        ("size = 3px size = 3px", "E0012"),
    ] {
        check(&layer(properties), code, &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn limits_are_diagnostics() {
    let long = format!("// {}\n{}", "x".repeat(64 * 1024), layer(""));
    assert_eq!(codes(&long), ["E0030"]);
    insta::assert_snapshot!(report(&long), @"
    error[E0030]: the template is 65570 bytes long; at most 65536 are read
     --> t.seal:1:1
      |
    1 | // xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...
      | ^
    ");

    let many = format!("template \"t\" {{ {} }}", "text \"x\" { } ".repeat(40));
    assert_eq!(codes(&many), ["E0031"]);
    assert_eq!(codes(&format!("template \"t\" {{ text \"{}\" {{ }} }}", "ä".repeat(1_001))), ["E0032"]);
    assert_eq!(codes(&format!("template \"t\" {{ text \"{}\" {{ }} }}", "ä".repeat(1_000))), [""; 0]);

    let deep = |levels: usize| {
        let (open, close) = ("when width > 1 { ".repeat(levels), "}".repeat(levels));
        format!("template \"t\" {{ {open} text \"x\" {{ }} {close} }}")
    };
    assert_eq!(codes(&deep(16)), [""; 0]);
    assert_eq!(codes(&deep(17)), ["E0033"]);
    let parentheses = |levels: usize| layer(&format!("size = {}1px{}", "(".repeat(levels), ")".repeat(levels)));
    assert_eq!(codes(&parentheses(16)), [""; 0]);
    assert_eq!(codes(&parentheses(17)), ["E0033"]);
    let calls = |levels: usize| qr(&format!("{}user_id{}", "sha256(".repeat(levels), ")".repeat(levels)));
    assert_eq!(codes(&calls(16)), [""; 0]);
    assert_eq!(codes(&calls(17)), ["E0033"]);

    assert_eq!(codes(&qr(&vec!["user_id"; 256].join("+"))), [""; 0]);
    assert_eq!(codes(&qr(&vec!["user_id"; 257].join("+"))), ["E0035"]);
    assert_eq!(codes(&qr(&vec!["user_id"; 300].join("+"))), ["E0035"]);

    // Constants that double each other would grow without bound.
    let doubled = |first: &str| {
        let lets: String = (1..30).map(|n| format!("let a{n} = a{m} + a{m}\n", m = n - 1)).collect();
        format!("template \"t\" {{ let a0 = {first}\n{lets} text \"{{a29}}\" {{ }} }}")
    };
    assert_eq!(codes(&doubled("user_id")), ["E0035"]);
    assert_eq!(codes(&doubled("\"0123456789\"")), ["E0032"]);
    assert_eq!(codes(&doubled("1")), [""; 0]);

    let lets: String = (0..65).map(|n| format!("let a{n} = user_id\n")).collect();
    let uses: String = (0..65).map(|n| format!("{{a{n}}}")).collect();
    assert_eq!(codes(&format!("template \"t\" {{ {lets} text \"{uses}\" {{ }} }}")), ["E0036", "E0006"]);

    let whens =
        |many: usize| format!("template \"t\" {{ text \"x\" {{ }} {} }}", "when width < 9 { skip } ".repeat(many));
    assert_eq!(codes(&whens(64)), [""; 0]);
    assert_eq!(codes(&whens(65)), ["E0037"]);

    // A constant is long, and its name is not: what is too much is not even put together.
    let long = "x".repeat(990);
    let lets = format!("let a = \"{long}\" let b = a + a + a + a + a + a + a + a let c = user_id + tenant + user_id");
    let many =
        |name: &str| format!("template \"t\" {{ {lets} text \"{}\" {{ }} }}", format!("{{{name}}}").repeat(9_000));
    assert_eq!(codes(&many("b")), ["E0032", "W0002"].into_iter().rev().collect::<Vec<_>>());
    assert_eq!(codes(&many("c")), ["W0002", "E0035"]);

    // Each source is short, what it stands for is not.
    let lets: String = (0..60).map(|n| format!("let a{n} = \"{}\" ", "x".repeat(990))).collect();
    let whens: String = (0..60).map(|n| format!("when tenant == a{n} + a{n} {{ text \"x\" {{ }} }} ")).collect();
    let grown = format!("template \"t\" {{ {lets} {} }}", whens.split_inclusive("} } ").take(30).collect::<String>());
    assert_eq!(codes(&grown).first(), Some(&"E0030"));

    let (_, mistakes) = parse(&layer(&"size = ; ".repeat(5_000)));
    assert_eq!(mistakes.len(), 101);
    assert_eq!(mistakes.last().map(|d| d.code), Some(Code::TooManyMistakes));
}

#[test]
fn a_source_cannot_speak_to_the_terminal() {
    let shown = report("template \"t\" { \u{1b}[31m\u{7}\u{202e} text \"\u{1b}]0;x\" { } }");
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown:?}");
}

#[test]
fn layers_other_than_text_are_checked_as_well() {
    let mut wrong = String::new();
    for (items, code) in [
        ("image { }", "E0001"),
        ("image \"../secret.png\" { }", "E0015"),
        ("image \"/logo.png\" { }", "E0015"),
        ("image \"c:\\\\logo.png\" { }", "E0015"),
        ("image \"{tenant}.png\" { }", "E0019"),
        ("image \"logo.png\" { scale = 0.2 }", "E0008"),
        ("image \"logo.png\" { width = 2px }", "E0004"),
        ("tile \"x\" { }", "E0001"),
        ("tile tile text \"x\" { }", "E0020"),
        ("tile fingerprint { payload = user_id }", "E0020"),
        ("tile text \"x\" { anchor = left }", "E0004"),
        ("tile text \"x\" { stagger = 100% }", "E0010"),
        ("tile text \"x\" { gap = -1px }", "E0010"),
        ("tile text \"x\" { angle = 30 }", "E0008"),
        ("qr { }", "E0016"),
        ("qr \"x\" { payload = user_id }", "E0001"),
        ("qr { payload = \"\" }", "E0013"),
        ("qr { payload = #fff }", "E0008"),
        ("qr { payload = key.trace }", "E0023"),
        ("qr { payload = sha256(key.trace) }", "E0023"),
        ("qr { payload = hmac(user_id, key.trace) }", "E0023"),
        ("qr { payload = hmac(user_id, tenant) }", "E0008"),
        ("qr { payload = md5(user_id) }", "E0017"),
        ("qr { payload = sha256() }", "E0018"),
        ("qr { payload = sha256(user_id, tenant) }", "E0018"),
        ("qr { payload = sha256(x=user_id) }", "E0018"),
        ("qr { payload = truncate(user_id, width) }", "E0008"),
        ("qr { payload = date(user_id, \"%Y\") }", "E0008"),
        ("qr { payload = date(timestamp_ms, \"%Q\") }", "E0021"),
        ("qr { payload = date(timestamp_ms, user_id) }", "E0008"),
        ("qr { payload = user_id scale = 12 }", "E0010"),
        ("qr { payload = user_id quiet = 17 }", "E0010"),
        ("qr { payload = user_id quiet = 1 }", "W0006"),
        ("qr { payload = user_id color = #fff background = #000 }", "W0006"),
        ("qr { payload = user_id level = best }", "E0007"),
        ("fingerprint { }", "E0016"),
        ("fingerprint { payload = user_id anchor = left }", "E0004"),
        ("fingerprint { payload = user_id strength = 0 }", "E0013"),
        ("text \"{image.width:.2}\" { }", "E0021"),
        ("text \"{timestamp_ms:%Q}\" { }", "E0021"),
        ("text \"{2px}\" { }", "E0008"),
        ("text \"{user_id} {\" { }", "E0014"),
        ("text \"{user_id + }\" { }", "E0001"),
        ("text \"{user_id tenant}\" { }", "E0001"),
        ("text \"{}\" { }", "E0014"),
        ("text \"{key.trace}\" { }", "E0023"),
        ("text \"x\" { } output { format = gif }", "E0007"),
        ("text \"x\" { } output { quality = 0 }", "E0010"),
        ("text \"x\" { } output { quality = best }", "E0008"),
        ("text \"x\" { } output { keep = icc }", "E0008"),
        ("text \"x\" { } output { keep = [icc, icc2] }", "E0007"),
        ("text \"x\" { } output { keep = [gps] strip = [gps] }", "W0005"),
        ("text \"x\" { } output { max_edge = 50%w }", "E0008"),
        ("text \"x\" { } output { max_edge = 12.5px }", "E0010"),
        ("text \"x\" { } output { } output { }", "E0012"),
        ("text \"x\" { } video { }", "E0016"),
        ("text \"x\" { } video { frame_interval = 0 }", "E0010"),
        ("output { }", "E0013"),
        ("skip", "E0020"),
        ("when width < 2px { skip }", "E0013"),
        ("when width < 2px { skip } else { skip } text \"x\" { }", "E0013"),
        ("when true { text \"x\" { } }", "W0004"),
        ("when false { text \"x\" { } } text \"y\" { }", "W0003"),
        ("when width > 2 { text \"x\" { } skip } text \"y\" { }", "W0003"),
        ("when width { skip } text \"x\" { }", "E0008"),
        ("when width > 2 text \"x\" { } }", "E0001 E0001"),
        ("when width > 2 { let a = 1 } text \"x\" { }", "E0020"),
        ("when width > 2 { output { } } text \"x\" { }", "E0020"),
        ("when width > 2 { } text \"x\" { }", "E0013"),
        ("else { skip } text \"x\" { }", "E0001"),
        ("let a = 3px text \"x\" { }", "W0002"),
        ("let a = 3px text \"x\" { size = b }", "W0002 E0008"),
        ("let size2 = 3px text \"x\" { size = sise2 }", "W0002 E0008"),
        ("let a = 3px let a = 4px text \"x\" { size = a }", "E0024"),
        ("let white = 3px text \"x\" { }", "W0002"),
        ("let text = 3px text \"x\" { }", "E0015"),
        ("let width = 3px text \"x\" { }", "E0015"),
        ("let a = b let b = 2px text \"x\" { size = a }", "E0006 W0002"),
        ("let = 3px text \"x\" { }", "E0004"),
        ("let a text \"x\" { size = a }", "E0001"),
        ("include \"x\" text \"x\" { }", "E0025"),
        ("include text \"x\" { }", "E0001"),
        ("playload = user_id text \"x\" { }", "E0004"),
    ] {
        let source = format!("template \"t\" {{ {items} }}");
        check(&source, code, &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_is_meant_is_guessed() {
    let source = r##"template "t" {
  let brand = #d4af37
  txt "a" { }
  text "{imge.width} {uper(tenant)}" { color = brnd }
  when width < 30 && tenant == "x" { skip }
  text "{upper(tenent)}" { color = brand  size = 3%q }
}"##;
    insta::assert_snapshot!(report(source), @r#"
    error[E0005]: there is no layer `txt`
     --> t.seal:3:3
      |
    3 |   txt "a" { }
      |   ^^^
      |
      = help: did you mean `text`?

    error[E0006]: there is no variable `imge.width`
     --> t.seal:4:10
      |
    4 |   text "{imge.width} {uper(tenant)}" { color = brnd }
      |          ^^^^^^^^^^
      |
      = help: did you mean `image.width`?

    error[E0017]: there is no function `uper`
     --> t.seal:4:23
      |
    4 |   text "{imge.width} {uper(tenant)}" { color = brnd }
      |                       ^^^^
      |
      = help: did you mean `upper`?

    error[E0007]: there is no colour `brnd`
     --> t.seal:4:48
      |
    4 |   text "{imge.width} {uper(tenant)}" { color = brnd }
      |                                                ^^^^
      |
      = help: did you mean `brand`?

    error[E0001]: expected `and`, found `&&`
     --> t.seal:5:19
      |
    5 |   when width < 30 && tenant == "x" { skip }
      |                   ^^
      |
      = help: did you mean `and`?

    error[E0006]: there is no variable `tenent`
     --> t.seal:6:16
      |
    6 |   text "{upper(tenent)}" { color = brand  size = 3%q }
      |                ^^^^^^
      |
      = help: did you mean `tenant`?

    error[E0009]: there is no unit `%q`
     --> t.seal:6:50
      |
    6 |   text "{upper(tenent)}" { color = brand  size = 3%q }
      |                                                  ^^^
      |
      = help: lengths are in `px`, `%w`, `%h` or `%min`, of letters also in `em`; angles are in `deg`
    "#);
}
