//! Whole templates: the design's own, the older form, includes, constants.

use sealmark_watermark_dsl::{
    Blend, Drawing, Layer, Length, LengthUnit, Template, Variables, Video, diagnostics_to_json, render_diagnostics,
};

fn canonical(source: &str) -> String {
    let template = Template::from_source(source).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert_eq!(template.warnings(), []);
    template.to_canonical()
}

#[test]
fn the_design_compiles_as_it_stands() {
    let source = r##"template "catalogue" {
  text "© ECO-2024 {user_id}" { font = "DejaVu Sans"  size = 3.5%w  color = #fff  opacity = 55%  anchor = bottom_right  margin = 2%  shadow = 1px 1px #0008 }
  image "logo.png"            { scale = 12%w  opacity = 80%  anchor = top_left }
  tile text "SAMPLE"          { angle = -30deg  gap = 12%w  opacity = 10% }
  qr                          { payload = sha256(user_id + upload_id)  scale = 0.12  anchor = bottom_right }
  fingerprint                 { payload = hmac(key.trace, media_id) }
  when width < 320px          { skip }
  output                      { format = source  quality = source  keep = [icc, copyright]  strip = [gps]  max_edge = 4096px }
}
"##;
    insta::assert_snapshot!(canonical(source), @r#"
    template "catalogue" {
      text "© ECO-2024 {user_id}" { font = "DejaVu Sans" weight = 400 size = 3.5%w color = #ffffffff letter_spacing = 0px line_height = 1.2 align = auto shadow = 1px 1px #00000088 anchor = bottom_right margin = 2%min 2%min angle = 0deg offset = 0px 0px blend = normal opacity = 0.55 }
      image "logo.png" { scale = 12%w anchor = top_left margin = 2%min 2%min angle = 0deg offset = 0px 0px blend = normal opacity = 0.8 }
      tile text "SAMPLE" { font = "DejaVu Sans" weight = 400 size = 4%min color = #ffffffff letter_spacing = 0px line_height = 1.2 align = auto angle = -30deg gap = 12%w 12%w stagger = 0.5 offset = 0px 0px blend = normal opacity = 0.1 }
      qr { payload = sha256(user_id + upload_id) scale = 12%min color = #000000ff background = #ffffffff quiet = 4 level = medium anchor = bottom_right margin = 2%min 2%min angle = 0deg offset = 0px 0px blend = normal opacity = 1 }
      fingerprint { payload = hmac(key.trace, media_id) strength = 0.5 }
      when image.width < 320px {
        skip
      }
      output { format = source quality = source keep = [icc, copyright] strip = [gps] max_edge = 4096px }
    }
    "#);
}

#[test]
fn the_older_form_means_a_qr_code() {
    let source = r##"template "video_provenance" {
    payload = sha256(user_id + timestamp_ms % 86400)
    location = "qr_overlay(bottom_right, scale=0.12)"
    persistence = "frame_interval(3) + noise_resilient(luma_alpha=0.35)"
}
"##;
    insta::assert_snapshot!(canonical(source), @r#"
    template "video_provenance" {
      qr { payload = sha256(user_id + timestamp_ms % 86400) scale = 12%min color = #000000ff background = #ffffffff quiet = 4 level = medium anchor = bottom_right margin = 2%min 2%min angle = 0deg offset = 0px 0px blend = luminosity opacity = 0.35 }
      video { frame_interval = 3 }
      output { format = source quality = source keep = [icc, copyright] strip = [gps] }
    }
    "#);
    let template = Template::from_source(source).unwrap();
    assert_eq!(template.video(), Some(Video { frame_interval: 3 }));
    let variables = Variables { user_id: "u7".into(), timestamp_ms: 86_407, ..Variables::default() };
    let evaluated = template.evaluate(&variables, 100, 100).unwrap();
    let Drawing::Qr(qr) = &evaluated.layers[0].drawing else { panic!("{evaluated:?}") };
    assert_eq!((qr.placement.blend, qr.placement.opacity.get()), (Blend::Luminosity, 0.35));
    assert_eq!(qr.style.size, Length { value: 12.0, unit: LengthUnit::Shorter });
    let same = Template::from_source("template \"t\" { qr { payload = sha256(\"u77\") } }").unwrap();
    let same = same.evaluate(&variables, 100, 100).unwrap();
    let Drawing::Qr(same) = &same.layers[0].drawing else { panic!("{same:?}") };
    assert_eq!(qr.payload, same.payload);
}

#[test]
fn mistakes_inside_the_older_form_are_blamed_at_their_place() {
    let source = r##"template "old" {
    payload = sha256(userid)
    location = "qr_overlay(botom_right, scal=0.12)"
    persistence = "frame_intervall(3) + noise_resilient(luma_alpha=35) - 2"
}
"##;
    let mistakes = Template::from_source(source).unwrap_err();
    insta::assert_snapshot!(render_diagnostics(source, "old.seal", &mistakes), @r#"
    error[E0006]: there is no variable `userid`
     --> old.seal:2:22
      |
    2 |     payload = sha256(userid)
      |                      ^^^^^^
      |
      = help: did you mean `user_id`?

    error[E0007]: there is no anchor `botom_right`
     --> old.seal:3:28
      |
    3 |     location = "qr_overlay(botom_right, scal=0.12)"
      |                            ^^^^^^^^^^^
      |
      = help: did you mean `bottom_right`?

    error[E0028]: `qr_overlay` has no `scal`
     --> old.seal:3:41
      |
    3 |     location = "qr_overlay(botom_right, scal=0.12)"
      |                                         ^^^^
      |
      = help: did you mean `scale`?

    error[E0028]: there is no persistence `frame_intervall`
     --> old.seal:4:20
      |
    4 |     persistence = "frame_intervall(3) + noise_resilient(luma_alpha=35) - 2"
      |                    ^^^^^^^^^^^^^^^
      |
      = help: did you mean `frame_interval`?

    error[E0010]: `luma_alpha` is out of range
     --> old.seal:4:68
      |
    4 |     persistence = "frame_intervall(3) + noise_resilient(luma_alpha=35) - 2"
      |                                                                    ^^
      |
      = help: write `35%`, or a fraction up to 1

    error[E0028]: the parts of a persistence are joined by `+`
     --> old.seal:4:72
      |
    4 |     persistence = "frame_intervall(3) + noise_resilient(luma_alpha=35) - 2"
      |                                                                        ^
      |
      = help: as in `"frame_interval(3) + noise_resilient(luma_alpha=0.35)"`

    error[E0028]: this is no part of a persistence
     --> old.seal:4:74
      |
    4 |     persistence = "frame_intervall(3) + noise_resilient(luma_alpha=35) - 2"
      |                                                                          ^
      |
      = help: as in `"frame_interval(3) + noise_resilient(luma_alpha=0.35)"`
    "#);
    let codes = |source: &str| -> Vec<&str> {
        let source = format!("template \"t\" {{ {source} }}");
        Template::from_source(&source).unwrap_err().iter().map(|mistake| mistake.code.as_str()).collect()
    };
    let location = "location = \"qr_overlay(left)\"";
    assert_eq!(codes(location), ["E0016"]);
    assert_eq!(codes("payload = user_id"), ["E0016"]);
    assert_eq!(codes("persistence = \"frame_interval(3)\""), ["E0016", "E0016"]);
    assert_eq!(codes(&format!("payload = user_id {location} {location}")), ["E0012"]);
    for wrong in
        ["qr_overlay", "qr_overlay(left, right)", "qr_overlay(left", "qr_overlay(left) x", "", "\\n", "{tenant}"]
    {
        assert_eq!(codes(&format!("payload = user_id location = \"{wrong}\"")), ["E0028"], "{wrong}");
    }
    for wrong in ["frame_interval(x=3)", "noise_resilient(0.3)", "frame_interval", "a(3)"] {
        let source = format!("payload = user_id {location} persistence = \"{wrong}\"");
        assert_eq!(codes(&source), ["E0028"], "{wrong}");
    }
    let twice = format!("payload = user_id {location} persistence = \"frame_interval(3) + frame_interval(4)\"");
    assert_eq!(codes(&twice), ["E0012"]);
}

fn shelf(name: &str) -> Option<String> {
    let source = match name {
        "brand" => "template \"brand\" { let gold = #d4af37  let thin = 0.04em  image \"logo.png\" {} }",
        "nested" => "template \"nested\" { include \"brand\" text \"n\" { color = gold }  output { format = png } }",
        "broken" => "template \"broken\" {\n  text \"x\" { sise = 2px }\n}",
        "a" => "template \"a\" { include \"b\" }",
        "b" => "template \"b\" { include \"a\" }",
        "text" => "nothing",
        _ => {
            let depth: usize = name.strip_prefix("deep")?.parse().ok()?;
            return Some(format!("template \"{name}\" {{ include \"deep{}\" }}", depth + 1));
        }
    };
    Some(source.to_owned())
}

fn mistakes(items: &str) -> Vec<&'static str> {
    let source = format!("template \"t\" {{ {items} }}");
    match Template::from_source_with(&source, &shelf) {
        Ok(template) => template.warnings().iter().map(|warning| warning.code.as_str()).collect(),
        Err(mistakes) => mistakes.iter().map(|mistake| mistake.code.as_str()).collect(),
    }
}

#[test]
fn includes_bring_layers_constants_and_output() {
    let source = "template \"t\" { include \"nested\"  text \"{tenant}\" { outline = thin gold } }";
    let template = Template::from_source_with(source, &shelf).unwrap();
    insta::assert_snapshot!(template.to_canonical(), @r#"
    template "t" {
      image "logo.png" { scale = 15%min anchor = bottom_right margin = 2%min 2%min angle = 0deg offset = 0px 0px blend = normal opacity = 0.6 }
      text "n" { font = "DejaVu Sans" weight = 400 size = 4%min color = #d4af37ff letter_spacing = 0px line_height = 1.2 align = auto anchor = bottom_right margin = 2%min 2%min angle = 0deg offset = 0px 0px blend = normal opacity = 0.6 }
      text "{tenant}" { font = "DejaVu Sans" weight = 400 size = 4%min color = #ffffffff letter_spacing = 0px line_height = 1.2 align = auto outline = 0.04em #d4af37ff anchor = bottom_right margin = 2%min 2%min angle = 0deg offset = 0px 0px blend = normal opacity = 0.6 }
      output { format = png quality = source keep = [icc, copyright] strip = [gps] }
    }
    "#);
    let kinds: Vec<bool> = template.layers().map(|layer| matches!(layer, Layer::Image(_))).collect();
    assert_eq!(kinds, [true, false, false]);
    // Written out it needs no includes any more.
    assert_eq!(Template::from_source(&template.to_canonical()).unwrap().to_canonical(), template.to_canonical());
}

#[test]
fn includes_that_go_wrong_say_where() {
    assert_eq!(mistakes("include \"nested\""), [""; 0]);
    assert_eq!(mistakes("include \"brand\" include \"brand\""), ["E0024", "E0024"]);
    assert_eq!(mistakes("include \"nested\" output { }"), ["E0012"]);
    assert_eq!(mistakes("output { } include \"nested\""), ["E0012"]);
    assert_eq!(mistakes("include \"nothing\""), ["E0025"]);
    assert_eq!(mistakes("include \"t\""), ["E0026"]);
    assert_eq!(mistakes("include \"a\""), ["E0027", "E0027", "E0026"]);
    assert_eq!(mistakes("include \"text\""), ["E0027", "E0001"]);
    assert_eq!(mistakes("include \"deep0\""), ["E0027", "E0027", "E0027", "E0027", "E0033"]);
    let many = "include \"nested\" ".repeat(17);
    assert!(mistakes(&many).contains(&"E0036"));
    // The mistakes of one source are told once, however often it is included.
    assert_eq!(mistakes("include \"broken\" include \"broken\""), ["E0027", "E0004"]);

    let source = "template \"t\" {\n  include \"broken\"\n}";
    let found = Template::from_source_with(source, &shelf).unwrap_err();
    insta::assert_snapshot!(render_diagnostics(source, "t.seal", &found), @r#"
    error[E0027]: the included template `broken` has mistakes
     --> t.seal:2:11
      |
    2 |   include "broken"
      |           ^^^^^^^^

    error[E0004]: `text` has no property `sise`
     --> broken:2:14
      |
    2 |   text "x" { sise = 2px }
      |              ^^^^
      |
      = help: did you mean `size`?
    "#);
    let json = diagnostics_to_json(source, "t.seal", &found);
    assert!(json.contains(r#""source":"broken","code":"E0004""#), "{json}");
}

#[test]
fn editors_get_places_in_every_unit() {
    let source = "template \"t\" {\n  text \"𝄞 {usr_id}\" { anchor = lefd }\n}";
    let found = Template::from_source(source).unwrap_err();
    let json: serde_json::Value = serde_json::from_str(&diagnostics_to_json(source, "t.seal", &found)).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).unwrap(), @r#"
    [
      {
        "code": "E0006",
        "end": {
          "column": 21,
          "column_utf16": 19,
          "line": 2,
          "offset": 35
        },
        "hints": [
          "did you mean `user_id`?"
        ],
        "length": 6,
        "message": "there is no variable `usr_id`",
        "severity": "error",
        "source": "t.seal",
        "start": {
          "column": 15,
          "column_utf16": 13,
          "line": 2,
          "offset": 29
        },
        "suggestion": {
          "end": {
            "column": 21,
            "column_utf16": 19,
            "line": 2,
            "offset": 35
          },
          "replacement": "user_id",
          "start": {
            "column": 15,
            "column_utf16": 13,
            "line": 2,
            "offset": 29
          }
        }
      },
      {
        "code": "E0007",
        "end": {
          "column": 39,
          "column_utf16": 37,
          "line": 2,
          "offset": 53
        },
        "hints": [
          "did you mean `left`?"
        ],
        "length": 4,
        "message": "there is no anchor `lefd`",
        "severity": "error",
        "source": "t.seal",
        "start": {
          "column": 35,
          "column_utf16": 33,
          "line": 2,
          "offset": 49
        },
        "suggestion": {
          "end": {
            "column": 39,
            "column_utf16": 37,
            "line": 2,
            "offset": 53
          },
          "replacement": "left",
          "start": {
            "column": 35,
            "column_utf16": 33,
            "line": 2,
            "offset": 49
          }
        }
      }
    ]
    "#);
    assert_eq!(diagnostics_to_json(source, "t.seal", &[]), "[]");
}

#[test]
fn constants_stand_for_what_they_are() {
    let with = canonical(
        "template \"t\" { let brand = #d4af37  let base = 2%w  let who = upper(user_id) + \"!\"
         text \"{who} {base / 1%w}\" { color = brand  size = base * 1.5 + 1%w  shadow = -base / 8 base / 8 brand } }",
    );
    let without = canonical(
        "template \"t\" { text \"{upper(user_id)}! 2\" { color = #d4af37  size = 4%w  shadow = -0.25%w 0.25%w #d4af37 } }",
    );
    assert_eq!(with, without);
}
