//! The template language: parse, check, compile, evaluate, format.
//!
//! One way through: [`parse`] → [`Ast`] → [`compile`] → [`Template`] → [`Template::evaluate`] → [`Evaluated`]. Parsing
//! always yields a tree and reports every mistake that it sees; compiling checks the tree, fills the defaults in and
//! adds its own mistakes, so one run shows them all. A [`Template`] is independent of a picture; [`Evaluated`] is for
//! one, with every text final and every condition decided, and the renderer lays it out.
//!
//! ```
//! use sealmark_watermark_dsl::{Template, render_diagnostics};
//!
//! let source = r#"template "shop" { text "© {user_id}" { size = 3%w  anchor = bottom_rihgt } }"#;
//! let mistakes = Template::from_source(source).unwrap_err();
//! assert_eq!(mistakes[0].code.as_str(), "E0007");
//! assert!(render_diagnostics(source, "shop.seal", &mistakes).contains("did you mean `bottom_right`?"));
//! ```
//!
//! *Invariant:* pure. No files, clock, environment or threads, and no panic on any input; see [`limits`] for what
//! bounds time and memory. The language is described in `docs/templates.md`.

mod ast;
mod canonical;
mod canonical_expression;
mod check;
mod code;
mod color;
mod compile;
mod compile_layer;
mod compile_output;
mod compile_text;
mod constant;
mod date;
mod diagnostic;
mod evaluate;
mod evaluated;
pub mod examples;
mod expression;
mod format_spec;
mod formatter;
mod function;
mod grammar;
mod include;
mod interpolation;
mod json;
mod layer;
mod length;
mod lexer;
pub mod limits;
mod older_form;
mod operators;
mod output;
mod parse;
mod parse_property;
mod parse_value;
mod placement;
mod recovery;
mod report;
mod suggest;
mod template;
mod value;
mod variable;
mod words;

pub use ast::{
    ArgumentNode, Ast, IncludeNode, Item, LayerNode, LetNode, Named, Operator, Piece, PieceNode, PropertyNode,
    TemplateNode, TextNode, UnaryOperator, Value, ValueNode, WhenNode,
};
pub use code::{Code, Severity};
pub use color::Color;
pub use compile::{Includes, compile, compile_with};
pub use diagnostic::{Diagnostic, IncludedSource, Span, Suggestion};
pub use evaluate::ValueError;
pub use evaluated::{
    Drawing, EvalError, Evaluated, EvaluatedLayer, FingerprintDrawing, Payload, QrDrawing, TextDrawing, TileDrawing,
};
pub use expression::{Expression, Type};
pub use formatter::fmt;
pub use function::Function;
pub use grammar::PROPERTIES;
pub use json::diagnostics_to_json;
pub use layer::{
    Align, FingerprintLayer, ImageLayer, ImageSize, Layer, Outline, Plate, QrLayer, QrLevel, QrStyle, Shadow,
    TextColor, TextLayer, TextStyle, TileLayer, TilePattern,
};
pub use length::{Length, LengthUnit, Opacity, OpacityError, TextLength};
pub use output::{Metadata, Output, OutputFormat, Quality, Video};
pub use parse::parse;
pub use placement::{Anchor, Blend, Pair, Placement};
pub use report::render_diagnostics;
pub use template::{Branch, Step, Template};
pub use variable::{SecretKey, Variable, Variables};
