//! The tree: what was written, with its place in the source, before anything is known to make sense.

use crate::{Color, Span, diagnostic::Diagnostics};

/// A parsed source. It may have holes; [`crate::compile`] refuses those with the parser's own diagnostics.
#[derive(Debug, Clone)]
pub struct Ast {
    /// The template, where at least the word `template` was found.
    pub template: Option<TemplateNode>,
    /// What the parser reported.
    pub(crate) diagnostics: Diagnostics,
}

/// `template "name" { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct TemplateNode {
    /// The name, without its quotes.
    pub name: Option<Named>,
    /// What stands between the braces.
    pub items: Vec<Item>,
    /// The word `template`.
    pub span: Span,
}

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// Where.
    pub span: Span,
}

/// One entry of a template.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Item {
    /// `text "…" { … }`
    Layer(LayerNode),
    /// A layer of the full language that this release does not draw; its inside is not looked at.
    LaterLayer(Named),
    /// `name = …` directly in the template, as the form of `video_provenance` has it.
    LaterProperty(Named),
    /// A layer that the language does not have; its inside is not looked at.
    UnknownLayer(Named),
}

/// A text layer.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerNode {
    /// The word that began it.
    pub keyword: Named,
    /// The text; absent where it was forgotten.
    pub text: Option<TextNode>,
    /// The properties, in the order written.
    pub properties: Vec<PropertyNode>,
}

/// A text in quotes, cut into pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextNode {
    /// The pieces in order.
    pub pieces: Vec<PieceNode>,
    /// With its quotes.
    pub span: Span,
}

/// A piece of a text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PieceNode {
    /// The piece.
    pub piece: Piece,
    /// Where.
    pub span: Span,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Written as is, escapes resolved.
    Literal(String),
    /// `{name}`
    Variable(String),
}

/// `name = value value …`
#[derive(Debug, Clone, PartialEq)]
pub struct PropertyNode {
    /// The property's name.
    pub name: Named,
    /// At least one value, unless one of them could not be read.
    pub values: Vec<ValueNode>,
    /// Set where a value could not be read; that is reported already, so nothing more is said about the values.
    pub has_hole: bool,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueNode {
    /// The value.
    pub value: Value,
    /// Where.
    pub span: Span,
}

/// A value as written.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `3.5%w`: the number as written and its unit, empty where there is none.
    Number {
        /// The number, finite.
        number: f64,
        /// The unit as written.
        unit: String,
    },
    /// `#rgb`, `#rgba`, `#rrggbb` or `#rrggbbaa`.
    Color(Color),
    /// A bare word.
    Word(String),
    /// A text in quotes, escapes resolved, braces as they are.
    Text(String),
}
