//! Which types each operator takes, and what it gives.

use crate::{
    Code, Diagnostic, LengthUnit, Operator, Span, Type,
    expression::{Concrete, Expression, Kind, Unit},
};

/// Why two values do not go together.
pub(crate) enum Mismatch {
    Types {
        operator: Operator,
        left: Type,
        right: Type,
    },
    /// Two fixed values in different units.
    Units {
        left: Unit,
        right: Unit,
    },
    /// A calculation with a unit and something that depends on the picture.
    NotConstant,
}

impl Mismatch {
    pub(crate) fn diagnostic(&self, sign: Span) -> Diagnostic {
        match self {
            Self::Types { operator, left, right } => {
                let (left, right) = (left.described(), right.described());
                let message = format!("`{}` does not go between {left} and {right}", operator.as_str());
                let hint = match operator {
                    Operator::And | Operator::Or => Some("it joins conditions, as in `width > 320 and height > 320`"),
                    Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                        Some("it compares numbers and lengths, as in `width < 320px`")
                    }
                    _ => None,
                };
                Diagnostic::new(Code::WrongValue, sign, message).maybe_hint(hint.map(str::to_owned))
            }
            Self::Units { left, right } => {
                let message = format!("`{}` and `{}` do not go together", left.as_str(), right.as_str());
                let hint = "write both in the same unit; only comparisons take different ones";
                Diagnostic::new(Code::UnknownUnit, sign, message).hint(hint)
            }
            Self::NotConstant => {
                let message = "a calculation with lengths takes fixed values only";
                let hint = "`image.width` and `image.height` are plain numbers of pixels";
                Diagnostic::new(Code::NotConstant, sign, message).hint(hint)
            }
        }
    }
}

fn unit(value: &Expression) -> Option<Unit> {
    match value.as_constant() {
        Some(Concrete::Quantity(_, unit)) => Some(*unit),
        _ => None,
    }
}

/// The type of what an operator gives, texts joined by `+` apart.
pub(crate) fn result_type(operator: Operator, left: &Expression, right: &Expression) -> Result<Type, Mismatch> {
    use Operator as O;
    let (l, r) = (left.value_type(), right.value_type());
    let types = Err(Mismatch::Types { operator, left: l, right: r });
    let is_measure = |value: Type| value.is_number() || value == Type::Length;
    match operator {
        O::And | O::Or => {
            if (l, r) == (Type::Bool, Type::Bool) {
                Ok(Type::Bool)
            } else {
                types
            }
        }
        O::Less | O::LessOrEqual | O::Greater | O::GreaterOrEqual => {
            let same = l == r && l.is_quantity();
            if same || is_measure(l) && is_measure(r) { Ok(Type::Bool) } else { types }
        }
        O::Equal | O::NotEqual => {
            if l == r || is_measure(l) && is_measure(r) {
                Ok(Type::Bool)
            } else {
                types
            }
        }
        _ if l.is_quantity() || r.is_quantity() => with_units(operator, left, right),
        _ if !(l.is_number() && r.is_number()) => types,
        O::Add | O::Subtract if l != r && [l, r].contains(&Type::Time) && [l, r].contains(&Type::Whole) => {
            Ok(Type::Time)
        }
        _ if [l, r].contains(&Type::Decimal) => Ok(Type::Decimal),
        _ => Ok(Type::Whole),
    }
}

fn with_units(operator: Operator, left: &Expression, right: &Expression) -> Result<Type, Mismatch> {
    let (l, r) = (left.value_type(), right.value_type());
    let is_right = match operator {
        Operator::Add | Operator::Subtract => l == r,
        Operator::Multiply => l.is_quantity() != r.is_quantity() && (l.is_number() || r.is_number()),
        Operator::Divide => l == r || r.is_number(),
        _ => false,
    };
    if !is_right {
        return Err(Mismatch::Types { operator, left: l, right: r });
    }
    match (unit(left), unit(right)) {
        _ if !(left.is_constant() && right.is_constant()) => Err(Mismatch::NotConstant),
        (Some(left), Some(right)) if left != right => Err(Mismatch::Units { left, right }),
        (Some(_), Some(_)) if operator == Operator::Divide => Ok(Type::Decimal),
        (Some(_), _) => Ok(l),
        _ => Ok(r),
    }
}

/// Whether fixed values still give something else in each picture: relative lengths against other ones.
pub(crate) fn needs_picture(expression: &Expression) -> bool {
    let Kind::Binary(operator, left, right) = expression.kind() else { return false };
    let is_relative = |value: &Expression| {
        matches!(unit(value), Some(Unit::Length(LengthUnit::Width | LengthUnit::Height | LengthUnit::Shorter)))
    };
    operator.rank() == 3 && (is_relative(left) || is_relative(right))
}

#[cfg(test)]
mod tests {
    use crate::Template;

    /// The condition of a template, canonical; or the codes of what is wrong with it.
    fn condition(written: &str) -> String {
        let source = format!("template \"t\" {{ when {written} {{ skip }} text \"x\" {{}} }}");
        match Template::from_source(&source) {
            Ok(template) => {
                let canonical = template.to_canonical();
                let line = canonical.lines().find_map(|line| line.trim().strip_prefix("when "));
                line.unwrap_or("fixed").trim_end_matches(" {").to_owned()
            }
            Err(mistakes) => mistakes.iter().map(|mistake| mistake.code.as_str()).collect::<Vec<_>>().join(" "),
        }
    }

    #[test]
    fn precedence_is_the_usual_one() {
        assert_eq!(
            condition("width + 1 * 2 == 3 or not height > 2 and width < 2"),
            "image.width + 2 == 3 or not image.height > 2 and image.width < 2"
        );
        assert_eq!(condition("(width + 1) * 2 - (3 - height) == 3"), "(image.width + 1) * 2 - (3 - image.height) == 3");
        assert_eq!(condition("not (width > 2 and height > 2)"), "not (image.width > 2 and image.height > 2)");
        assert_eq!(condition("-width < -(-3)"), "-image.width < 3");
        assert_eq!(condition("width - -3 > 0"), "image.width - -3 > 0");
    }

    #[test]
    fn numbers_lengths_and_texts_are_told_apart() {
        for right in [
            "width < 320px",
            "width > 150%h",
            "2%w < 10px",
            "tenant == \"eco\"",
            "timestamp_ms - timestamp_ms > 5",
            "timestamp_ms + 5 > timestamp_ms",
            "width / 2.0 > 1",
            "sha256(user_id) == sha256(tenant)",
            "tags.sale != \"\"",
            "user_id + width % 7 == \"a3\"",
        ] {
            let canonical = condition(right);
            assert_eq!(condition(&canonical), canonical, "{right}");
        }
        for (wrong, codes) in [
            ("width", "E0008"),
            ("tenant < \"b\"", "E0008"),
            ("tenant == 3", "E0008"),
            ("tenant - 3 > 2", "E0008"),
            ("width and height", "E0008"),
            ("width * 2px > 3px", "E0019"),
            ("2px + 2%w > 3px", "E0009"),
            ("2px * 2px > 3px", "E0008"),
            ("1 / 0 > 2", "E0022"),
            ("9223372036854775807 + 1 > 2", "E0022"),
            ("99999999999999999999 > 2", "E0010"),
            ("width < height < 3", "E0001"),
            ("key.a == key.b", "E0023 E0023"),
            ("width < 30deg", "E0008"),
            ("width > 2 && height > 2", "E0001"),
        ] {
            assert_eq!(condition(wrong), codes, "{wrong}");
        }
    }

    #[test]
    fn fixed_conditions_are_decided_at_once() {
        assert_eq!(condition("2 > 3"), "fixed");
        assert_eq!(
            condition("9223372036854775807 > 9223372036854775806 and 2px + 1px == 3px and red == #f00 and false"),
            "fixed"
        );
    }
}
