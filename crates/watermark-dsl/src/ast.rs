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

/// One entry of a template or of a `when`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Item {
    /// `text "…" { … }`, `image`, `qr`, `fingerprint`, and any of them behind `tile`.
    Layer(LayerNode),
    /// `output { … }` or `video { … }`
    Block(LayerNode),
    /// `when … { … } else { … }`
    When(WhenNode),
    /// `skip`
    Skip(Span),
    /// `let name = …`
    Let(LetNode),
    /// `include "name"`
    Include(IncludeNode),
    /// `name = …` directly in the template, as the older form has it.
    Property(PropertyNode),
    /// A layer that the language does not have; its inside is not looked at.
    UnknownLayer(Named),
}

/// A layer, or a block without a text.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerNode {
    /// The word `tile` before it.
    pub tile: Option<Span>,
    /// The word that says which layer it is.
    pub keyword: Named,
    /// The text of a `text`, the name of an `image`; absent where the layer has none or it was forgotten.
    pub text: Option<TextNode>,
    /// The properties, in the order written.
    pub properties: Vec<PropertyNode>,
}

/// `when condition { … } else { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct WhenNode {
    /// The word `when`.
    pub span: Span,
    /// The condition; absent where it could not be read.
    pub condition: Option<ValueNode>,
    /// What stands between the braces.
    pub then: Vec<Item>,
    /// What stands between the braces behind `else`; an `else when` is one more `when` in here.
    pub otherwise: Vec<Item>,
}

/// `let name = value`
#[derive(Debug, Clone, PartialEq)]
pub struct LetNode {
    /// The word `let`.
    pub span: Span,
    /// The constant's name.
    pub name: Named,
    /// Its value; absent where it could not be read.
    pub value: Option<ValueNode>,
}

/// `include "name"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncludeNode {
    /// The word `include`.
    pub span: Span,
    /// The other template's name; absent where it was forgotten.
    pub name: Option<Named>,
}

/// A text in quotes, cut into pieces.
#[derive(Debug, Clone, PartialEq)]
pub struct TextNode {
    /// The pieces in order.
    pub pieces: Vec<PieceNode>,
    /// With its quotes.
    pub span: Span,
    /// Set where a piece could not be read; that is reported already.
    pub has_hole: bool,
}

/// A piece of a text and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct PieceNode {
    /// The piece.
    pub piece: Piece,
    /// Where.
    pub span: Span,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Written as is, escapes resolved.
    Literal(String),
    /// `{value}` or `{value:format}`
    Computed {
        /// What stands before the colon.
        value: ValueNode,
        /// What stands behind it.
        format: Option<Named>,
    },
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
    /// `3.5%w`: the digits as written, with their sign, and the unit, empty where there is none.
    Number {
        /// Digits with at most one point, and `-` before them.
        digits: String,
        /// The unit as written.
        unit: String,
    },
    /// `#rgb`, `#rgba`, `#rrggbb` or `#rrggbbaa`.
    Color(Color),
    /// A word, or words joined by points.
    Word(String),
    /// A text in quotes.
    Text(TextNode),
    /// `[a, b]`
    List(Vec<ValueNode>),
    /// `name(a, b)`
    Call {
        /// The function.
        name: Named,
        /// What stands between the parentheses.
        arguments: Vec<ArgumentNode>,
    },
    /// `-a` or `not a`
    Unary {
        /// The sign.
        operator: UnaryOperator,
        /// What it stands before.
        operand: Box<ValueNode>,
    },
    /// `a + b - c`: operators of one rank, from left to right.
    Chain {
        /// The leftmost value.
        first: Box<ValueNode>,
        /// Each operator with its place and the value at its right.
        rest: Vec<(Operator, Span, ValueNode)>,
    },
}

/// A value between the parentheses of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct ArgumentNode {
    /// `name=`, which only the older form has.
    pub name: Option<Named>,
    /// The value.
    pub value: ValueNode,
}

/// An operator with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `-`
    Minus,
    /// `not`
    Not,
}

/// An operator with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `or`
    Or,
    /// `and`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`, the remainder
    Remainder,
}

impl Operator {
    /// As written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }

    /// How tightly it binds: 1 for `or` up to 5 for `*`. `not` stands between 2 and 3, the sign `-` over 5.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal | Self::NotEqual | Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => 3,
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide | Self::Remainder => 5,
        }
    }
}
