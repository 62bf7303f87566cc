//! What right sources compile to.

use sealmark_watermark_dsl::{Template, parse};

fn canonical(source: &str) -> String {
    Template::from_source(source).unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).to_canonical()
}

#[test]
fn the_form_of_the_design_compiles_with_every_value_in_its_place() {
    let source = r##"template "catalogue" {
  text "© ECO-2024 {user_id}" { font = "DejaVu Sans"  size = 3.5%w  color = #fff  opacity = 55%  anchor = bottom_right  margin = 2%  shadow = 1px 1px #0008 }
}"##;
    insta::assert_snapshot!(canonical(source), @r#"
    template "catalogue" {
      text "© ECO-2024 {user_id}" { font = "DejaVu Sans" weight = 400 size = 3.5%w color = #ffffffff letter_spacing = 0px line_height = 1.2 align = auto shadow = 1px 1px #00000088 anchor = bottom_right margin = 2%min 2%min angle = 0deg offset = 0px 0px blend = normal opacity = 0.55 }
      output { format = source quality = source keep = [icc, copyright] strip = [gps] }
    }
    "#);
}

#[test]
fn defaults_are_filled_in() {
    insta::assert_snapshot!(canonical("template \"t\" { text \"{{}} \\\"{ image.width }\\\" \\\\ \\u{a9}\" {} }"), @r#"
    template "t" {
      text "{{}} \"{image.width}\" \\ ©" { font = "DejaVu Sans" weight = 400 size = 4%min color = #ffffffff letter_spacing = 0px line_height = 1.2 align = auto anchor = bottom_right margin = 2%min 2%min angle = 0deg offset = 0px 0px blend = normal opacity = 0.6 }
      output { format = source quality = source keep = [icc, copyright] strip = [gps] }
    }
    "#);
}

#[test]
fn white_space_comments_and_spelling_do_not_change_the_canonical_text() {
    let one =
        canonical("template \"t\" { text \"a\" { margin = 2% opacity = 50% color = #fff shadow = 0px -0%w #0008 } }");
    let other = canonical(
        "// a comment\r\ntemplate \"t\"{text \"a\"{shadow=0 0 #00000088\n\n// b\n color=#FFFFFFFF\topacity=0.50 margin=2%min}}",
    );
    assert_eq!(one, other);
}

#[test]
fn the_tree_keeps_what_was_written_and_where() {
    let (ast, mistakes) = parse("template \"t\" { text \"a{user_id}b\" { size = 3.5%w } qr { } }");
    assert_eq!(mistakes, []);
    insta::assert_debug_snapshot!(ast.template, @r#"
    Some(
        TemplateNode {
            name: Some(
                Named {
                    name: "t",
                    span: 9..12,
                },
            ),
            items: [
                Layer(
                    LayerNode {
                        tile: None,
                        keyword: Named {
                            name: "text",
                            span: 15..19,
                        },
                        text: Some(
                            TextNode {
                                pieces: [
                                    PieceNode {
                                        piece: Literal(
                                            "a",
                                        ),
                                        span: 21..22,
                                    },
                                    PieceNode {
                                        piece: Computed {
                                            value: ValueNode {
                                                value: Word(
                                                    "user_id",
                                                ),
                                                span: 23..30,
                                            },
                                            format: None,
                                        },
                                        span: 22..31,
                                    },
                                    PieceNode {
                                        piece: Literal(
                                            "b",
                                        ),
                                        span: 31..32,
                                    },
                                ],
                                span: 20..33,
                                has_hole: false,
                            },
                        ),
                        properties: [
                            PropertyNode {
                                name: Named {
                                    name: "size",
                                    span: 36..40,
                                },
                                values: [
                                    ValueNode {
                                        value: Number {
                                            digits: "3.5",
                                            unit: "%w",
                                        },
                                        span: 43..48,
                                    },
                                ],
                                has_hole: false,
                            },
                        ],
                    },
                ),
                Layer(
                    LayerNode {
                        tile: None,
                        keyword: Named {
                            name: "qr",
                            span: 51..53,
                        },
                        text: None,
                        properties: [],
                    },
                ),
            ],
            span: 0..8,
        },
    )
    "#);
}

#[test]
fn white_space_and_spelling_of_expressions_do_not_change_the_canonical_text() {
    let one = canonical("template \"t\" { text \"{{{user_id}}}{image.name}\" { } }");
    let other = canonical("template \"t\" { let who = '{{' + user_id text \"{who}}}{ image.name }\" { } }");
    assert_eq!(one, other);
}

#[test]
fn a_template_tells_which_keys_it_asks_for() {
    let source = r#"template "t" {
  let trace = hmac(key.trace, user_id)
  when sha256(hmac(key.gate, "x")) == sha256(user_id) { tile text "{trace:.8}" { } }
  qr { payload = upper("" + hmac(key.trace, media_id)) + hmac(key.code, hmac(key.inner, media_id)) }
}"#;
    let template = Template::from_source(source).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert_eq!(template.keys(), ["gate", "trace", "code", "inner"]);
}
