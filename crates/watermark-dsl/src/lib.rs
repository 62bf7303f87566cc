//! The template language: parse, check, compile.
//!
//! One way through: [`parse`] → [`Ast`] → [`compile`] → [`Template`]. Parsing always yields a tree and reports every
//! mistake that it sees; compiling checks the tree, fills the defaults in and adds its own mistakes, so one run shows
//! them all. A [`Template`] is independent of a picture's size; the renderer lays it out for one.
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
//! bounds time and memory.

mod ast;
mod canonical;
mod compile;
mod diagnostic;
mod interpolation;
mod lexer;
pub mod limits;
mod parse;
mod recovery;
mod report;
mod suggest;
mod template;
mod value;
mod variable;

pub use ast::{Ast, Item, LayerNode, Named, Piece, PieceNode, PropertyNode, TemplateNode, TextNode, Value, ValueNode};
pub use compile::compile;
pub use diagnostic::{Code, Diagnostic, Severity, Span};
pub use parse::parse;
pub use report::render_diagnostics;
pub use template::{
    Anchor, Color, Layer, Length, LengthUnit, Opacity, OpacityError, Shadow, Template, TextLayer, TextPiece,
};
pub use variable::{Variable, VariableType, Variables};
