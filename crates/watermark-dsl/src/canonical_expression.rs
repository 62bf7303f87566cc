//! The one spelling of a calculation.

use std::fmt::{self, Display, Formatter, Write};

use crate::{
    Operator, Type, UnaryOperator,
    expression::{Concrete, Expression, Kind},
};

/// How tightly `not` and the sign `-` bind; see [`Operator::rank`].
const NOT: u8 = 3;
const MINUS: u8 = 6;

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_ranked(f, self, 1)
    }
}

/// Writes a calculation, in parentheses where it binds less tightly than what is around it.
fn write_ranked(f: &mut Formatter<'_>, expression: &Expression, least: u8) -> fmt::Result {
    let own = match expression.kind() {
        Kind::Concat(_) => Operator::Add.rank(),
        Kind::Unary(UnaryOperator::Not, _) => NOT,
        Kind::Unary(UnaryOperator::Minus, _) => MINUS,
        Kind::Binary(operator, ..) => operator.rank(),
        _ => u8::MAX,
    };
    if own < least {
        f.write_char('(')?;
        write_plain(f, expression)?;
        return f.write_char(')');
    }
    write_plain(f, expression)
}

fn write_plain(f: &mut Formatter<'_>, expression: &Expression) -> fmt::Result {
    match expression.kind() {
        Kind::Constant(value) => write_constant(f, value),
        Kind::Variable(variable) => write!(f, "{variable}"),
        Kind::Tag(name) => write!(f, "tags.{name}"),
        Kind::Key(name) => write!(f, "key.{name}"),
        Kind::Concat(parts) => {
            // Two numbers side by side would be added; an empty text before them says that they are joined.
            let is_text = |part: &Expression| matches!(part.value_type(), Type::Text | Type::Digest);
            if parts.len() < 2 || !parts.iter().take(2).any(is_text) {
                f.write_str("'' + ")?;
            }
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    f.write_str(" + ")?;
                }
                write_ranked(f, part, Operator::Add.rank() + 1)?;
            }
            Ok(())
        }
        Kind::Unary(UnaryOperator::Not, operand) => {
            f.write_str("not ")?;
            write_ranked(f, operand, NOT)
        }
        Kind::Unary(UnaryOperator::Minus, operand) => {
            f.write_char('-')?;
            write_ranked(f, operand, MINUS)
        }
        Kind::Binary(operator, left, right) => {
            let rank = operator.rank();
            // Comparisons do not stand in a chain.
            write_ranked(f, left, if rank == 3 { rank + 1 } else { rank })?;
            write!(f, " {} ", operator.as_str())?;
            write_ranked(f, right, rank + 1)
        }
        Kind::Call(function, arguments) => {
            write!(f, "{}(", function.as_str())?;
            for (index, argument) in arguments.iter().enumerate() {
                if index > 0 {
                    f.write_str(", ")?;
                }
                write_ranked(f, argument, 1)?;
            }
            f.write_char(')')
        }
        Kind::Format(value, spec) => {
            f.write_str("format(")?;
            write_ranked(f, value, 1)?;
            f.write_str(", '")?;
            write_escaped(f, &spec.to_string())?;
            f.write_str("')")
        }
    }
}

fn write_constant(f: &mut Formatter<'_>, value: &Concrete) -> fmt::Result {
    match value {
        // In single quotes, since it may stand in the braces of a text in double ones.
        Concrete::Text(text) => {
            f.write_char('\'')?;
            write_escaped(f, text)?;
            f.write_char('\'')
        }
        Concrete::Decimal(number) => {
            let written = number.to_string();
            // Without a point it would be a whole number.
            let point = if written.contains('.') { "" } else { ".0" };
            write!(f, "{written}{point}")
        }
        other => f.write_str(&other.to_text()),
    }
}

/// The text of a layer: in double quotes, with what is calculated in braces.
pub(crate) struct InText<'a>(pub(crate) &'a Expression);

impl Display for InText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let parts = match self.0.kind() {
            Kind::Concat(parts) => &parts[..],
            _ => std::slice::from_ref(self.0),
        };
        f.write_char('"')?;
        for part in parts {
            match part.as_constant() {
                Some(Concrete::Text(text)) => write_escaped(f, text)?,
                _ => write!(f, "{{{part}}}")?,
            }
        }
        f.write_char('"')
    }
}

/// A text as it stands between quotes of either kind.
pub(crate) fn write_escaped(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => write!(f, "\\{c}")?,
            '{' | '}' => write!(f, "{c}{c}")?,
            '\n' => f.write_str("\\n")?,
            c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    Ok(())
}
