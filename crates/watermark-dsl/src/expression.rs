//! A checked calculation: every name known, every type right, constants written out.

use crate::{Color, Function, Length, LengthUnit, Operator, UnaryOperator, Variable, format_spec::FormatSpec};

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Type {
    /// Text.
    Text,
    /// A whole number, -2^63 to 2^63 - 1.
    Whole,
    /// A number with a fraction, finite.
    Decimal,
    /// True or false.
    Bool,
    /// A length in `px`, `%w`, `%h` or `%min`.
    Length,
    /// A length in `em`.
    Em,
    /// A percentage of nothing in particular.
    Percent,
    /// An angle in `deg`.
    Angle,
    /// A colour.
    Color,
    /// 32 bytes of SHA-256 or HMAC.
    Digest,
    /// Milliseconds since 1970, UTC.
    Time,
    /// A secret, for `hmac` only.
    Key,
}

impl Type {
    /// In the words of a diagnostic, with its article.
    pub const fn described(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Whole => "a whole number",
            Self::Decimal => "a number",
            Self::Bool => "true or false",
            Self::Length => "a length",
            Self::Em => "a length in `em`",
            Self::Percent => "a percentage",
            Self::Angle => "an angle",
            Self::Color => "a colour",
            Self::Digest => "a digest",
            Self::Time => "a time",
            Self::Key => "a key",
        }
    }

    /// Whether it can stand in a text.
    pub(crate) const fn is_printable(self) -> bool {
        matches!(self, Self::Text | Self::Whole | Self::Decimal | Self::Bool | Self::Digest | Self::Time)
    }

    pub(crate) const fn is_quantity(self) -> bool {
        matches!(self, Self::Length | Self::Em | Self::Percent | Self::Angle)
    }

    pub(crate) const fn is_number(self) -> bool {
        matches!(self, Self::Whole | Self::Decimal | Self::Time)
    }
}

/// A unit as it can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Length(LengthUnit),
    Em,
    Percent,
    Degree,
}

impl Unit {
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        Some(match text {
            "px" => Self::Length(LengthUnit::Px),
            "%w" => Self::Length(LengthUnit::Width),
            "%h" => Self::Length(LengthUnit::Height),
            "%min" => Self::Length(LengthUnit::Shorter),
            "em" => Self::Em,
            "%" => Self::Percent,
            "deg" => Self::Degree,
            _ => return None,
        })
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Length(unit) => unit.as_str(),
            Self::Em => "em",
            Self::Percent => "%",
            Self::Degree => "deg",
        }
    }

    const fn value_type(self) -> Type {
        match self {
            Self::Length(_) => Type::Length,
            Self::Em => Type::Em,
            Self::Percent => Type::Percent,
            Self::Degree => Type::Angle,
        }
    }
}

/// A value that is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Concrete {
    Text(String),
    Whole(i64),
    Decimal(f64),
    Bool(bool),
    Quantity(f64, Unit),
    Color(Color),
    Digest([u8; 32]),
    Time(i64),
}

impl Concrete {
    pub(crate) const fn value_type(&self) -> Type {
        match self {
            Self::Text(_) => Type::Text,
            Self::Whole(_) => Type::Whole,
            Self::Decimal(_) => Type::Decimal,
            Self::Bool(_) => Type::Bool,
            Self::Quantity(_, unit) => unit.value_type(),
            Self::Color(_) => Type::Color,
            Self::Digest(_) => Type::Digest,
            Self::Time(_) => Type::Time,
        }
    }

    /// As it stands in a text.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Whole(number) | Self::Time(number) => number.to_string(),
            Self::Decimal(number) => number.to_string(),
            Self::Bool(truth) => truth.to_string(),
            Self::Digest(bytes) => hex(bytes),
            Self::Quantity(number, unit) => format!("{number}{}", unit.as_str()),
            Self::Color(color) => color.to_string(),
        }
    }

    /// A length in pixels, or a plain number; for comparisons.
    pub(crate) fn to_number(&self, width: u32, height: u32) -> Option<f64> {
        match self {
            // Over 2^53 a whole number loses its last digits here; two of them are compared before.
            Self::Whole(number) | Self::Time(number) => Some(*number as f64),
            Self::Decimal(number) => Some(*number),
            Self::Quantity(value, Unit::Length(unit)) => {
                Some(Length { value: *value, unit: *unit }.to_px(width, height))
            }
            Self::Quantity(value, _) => Some(*value),
            _ => None,
        }
    }
}

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// A checked calculation. It is read by [`crate::Template::evaluate`] only; its canonical spelling is its `Display`.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    kind: Kind,
    value_type: Type,
    depth: usize,
    parts: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Constant(Concrete),
    Variable(Variable),
    Tag(String),
    Key(String),
    /// Texts and what becomes text, in order. No two texts stand side by side, and none is empty.
    Concat(Vec<Expression>),
    Unary(UnaryOperator, Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    Call(Function, Vec<Expression>),
    Format(Box<Expression>, FormatSpec),
}

impl Expression {
    pub(crate) fn new(kind: Kind, value_type: Type) -> Self {
        let deepest = |parts: &[Self]| parts.iter().map(|part| part.depth).max().unwrap_or(0);
        let sum = |parts: &[Self]| parts.iter().map(|part| part.parts).sum::<usize>();
        let (depth, parts) = match &kind {
            Kind::Constant(_) | Kind::Variable(_) | Kind::Tag(_) | Kind::Key(_) => (0, 1),
            Kind::Concat(parts) => (1 + deepest(parts), sum(parts)),
            Kind::Unary(_, operand) => (1 + operand.depth, 1 + operand.parts),
            Kind::Binary(operator, left, right) => {
                // A chain from left to right needs no parentheses, however long.
                let is_chain = matches!(&left.kind, Kind::Binary(other, ..) if other.rank() == operator.rank());
                let left_depth = left.depth + usize::from(!is_chain);
                (left_depth.max(1 + right.depth), left.parts + right.parts)
            }
            Kind::Call(_, arguments) => (1 + deepest(arguments), 1 + sum(arguments)),
            Kind::Format(value, _) => (1 + value.depth, 2 + value.parts),
        };
        Self { kind, value_type, depth, parts }
    }

    pub(crate) fn constant(value: Concrete) -> Self {
        let value_type = value.value_type();
        Self::new(Kind::Constant(value), value_type)
    }

    pub(crate) const fn kind(&self) -> &Kind {
        &self.kind
    }

    /// What it gives.
    pub const fn value_type(&self) -> Type {
        self.value_type
    }

    pub(crate) const fn depth(&self) -> usize {
        self.depth
    }

    pub(crate) const fn parts(&self) -> usize {
        self.parts
    }

    pub(crate) const fn as_constant(&self) -> Option<&Concrete> {
        match &self.kind {
            Kind::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is the same for every picture.
    pub const fn is_constant(&self) -> bool {
        self.as_constant().is_some()
    }

    /// Joins texts and what becomes text.
    pub(crate) fn concat(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut flat: Vec<Self> = Vec::new();
        for part in parts {
            match part.kind {
                Kind::Concat(inner) => inner.into_iter().for_each(|part| Self::push(&mut flat, part)),
                _ => Self::push(&mut flat, part),
            }
        }
        match &flat[..] {
            [] => Self::constant(Concrete::Text(String::new())),
            [only] if only.value_type == Type::Text => flat.remove(0),
            _ => Self::new(Kind::Concat(flat), Type::Text),
        }
    }

    fn push(flat: &mut Vec<Self>, part: Self) {
        let Some(value) = part.as_constant() else { return flat.push(part) };
        let text = value.to_text();
        match flat.last_mut().map(|last| &mut last.kind) {
            _ if text.is_empty() => {}
            Some(Kind::Constant(Concrete::Text(last))) => last.push_str(&text),
            _ => flat.push(Self::constant(Concrete::Text(text))),
        }
    }

    /// Adds the names of the keys in it.
    pub(crate) fn keys<'a>(&'a self, keys: &mut Vec<&'a str>) {
        match &self.kind {
            Kind::Key(name) => keys.push(name),
            Kind::Constant(_) | Kind::Variable(_) | Kind::Tag(_) => {}
            Kind::Unary(_, operand) | Kind::Format(operand, _) => operand.keys(keys),
            Kind::Binary(_, left, right) => [left, right].into_iter().for_each(|part| part.keys(keys)),
            Kind::Concat(parts) | Kind::Call(_, parts) => parts.iter().for_each(|part| part.keys(keys)),
        }
    }

    /// What stands in it as written, joined: for checks of what a text will show at the least.
    pub(crate) fn written(&self) -> impl Iterator<Item = &str> {
        let parts = match &self.kind {
            Kind::Concat(parts) => &parts[..],
            _ => std::slice::from_ref(self),
        };
        parts.iter().filter_map(|part| match part.as_constant() {
            Some(Concrete::Text(text)) => Some(text.as_str()),
            _ => None,
        })
    }
}
