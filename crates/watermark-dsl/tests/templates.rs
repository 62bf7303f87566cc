//! What right sources compile to.

use sealmark_watermark_dsl::{Layer, Template, TextPiece, Variable, parse};

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
      text "© ECO-2024 {user_id}" { font = "DejaVu Sans" size = 3.5%w color = #ffffffff opacity = 0.55 anchor = bottom_right margin = 2%min shadow = 1px 1px #00000088 }
    }
    "#);
}

#[test]
fn defaults_are_filled_in() {
    insta::assert_snapshot!(canonical("template \"t\" { text \"{{}} \\\"{ image.width }\\\" \\\\ \\u{a9}\" {} }"), @r#"
    template "t" {
      text "{{}} \"{image.width}\" \\ ©" { font = "DejaVu Sans" size = 4%min color = #ffffffff opacity = 0.6 anchor = bottom_right margin = 2%min }
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
                                        piece: Variable(
                                            "user_id",
                                        ),
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
                                            number: 3.5,
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
                LaterLayer(
                    Named {
                        name: "qr",
                        span: 51..53,
                    },
                ),
            ],
            span: 0..8,
        },
    )
    "#);
}

#[test]
fn pieces_are_literals_and_variables() {
    let template = Template::from_source("template \"t\" { text \"{{{user_id}}}{image.name}\" { } }").unwrap();
    let Some(Layer::Text(layer)) = template.layers().first() else { panic!("no text layer") };
    assert_eq!(
        layer.text,
        [
            TextPiece::Literal("{".into()),
            TextPiece::Variable(Variable::UserId),
            TextPiece::Literal("}".into()),
            TextPiece::Variable(Variable::ImageName),
        ]
    );
}
