//! Calculations for one picture.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::{
    Expression, Function, Operator, UnaryOperator, Variable, Variables,
    date::write_date,
    expression::{Concrete, Kind},
    limits::MAX_VALUE_BYTES,
};

/// Why a calculation has no result for this picture.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// A number became too large.
    #[error("a number became too large")]
    Overflow,
    /// A division by zero.
    #[error("a division by zero")]
    DivisionByZero,
    /// A key that was not given.
    #[error("there is no key {name:?}")]
    MissingKey {
        /// What stands behind `key.`.
        name: String,
    },
    /// A text that is calculated on the way became too long.
    #[error("a text became {bytes} bytes long; at most {MAX_VALUE_BYTES} are allowed")]
    TextTooLong {
        /// Its length.
        bytes: usize,
    },
    /// A time before the year 0 or after 9999.
    #[error("{ms} ms since 1970 is no time of the years 0 to 9999")]
    DateOutOfRange {
        /// The time.
        ms: i64,
    },
    /// A payload that no QR code of this level holds.
    #[error("a payload of {bytes} bytes; this QR code holds {most}")]
    PayloadTooLong {
        /// Its length.
        bytes: usize,
        /// What the largest code of this level holds.
        most: usize,
    },
    /// A payload that says nothing.
    #[error("an empty payload")]
    EmptyPayload,
    /// A calculation that the check should have refused.
    #[error("values that do not go together")]
    Mismatch,
}

/// What a calculation may ask for.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) variables: &'a Variables,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Values<'_> {
    /// The result of a calculation.
    pub(crate) fn of(&self, expression: &Expression) -> Result<Concrete, ValueError> {
        match expression.kind() {
            Kind::Constant(value) => Ok(value.clone()),
            Kind::Variable(variable) => Ok(self.variable(*variable)),
            Kind::Tag(name) => Ok(Concrete::Text(self.variables.tags.get(name).cloned().unwrap_or_default())),
            // Only `hmac` reads a key, and it does so itself.
            Kind::Key(_) => Err(ValueError::Mismatch),
            Kind::Concat(parts) => {
                let mut text = String::new();
                for part in parts {
                    text.push_str(&self.of(part)?.to_text());
                    bounded(&text)?;
                }
                Ok(Concrete::Text(text))
            }
            Kind::Unary(operator, operand) => match (operator, self.of(operand)?) {
                (UnaryOperator::Minus, Concrete::Whole(number)) => {
                    number.checked_neg().map(Concrete::Whole).ok_or(ValueError::Overflow)
                }
                (UnaryOperator::Minus, Concrete::Decimal(number)) => Ok(Concrete::Decimal(-number)),
                (UnaryOperator::Minus, Concrete::Quantity(number, unit)) => Ok(Concrete::Quantity(-number, unit)),
                (UnaryOperator::Not, Concrete::Bool(truth)) => Ok(Concrete::Bool(!truth)),
                _ => Err(ValueError::Mismatch),
            },
            Kind::Binary(operator, left, right) => {
                let left = self.of(left)?;
                match (operator, &left) {
                    // What is known by the left side does not look at the right one.
                    (Operator::And, Concrete::Bool(false)) | (Operator::Or, Concrete::Bool(true)) => Ok(left),
                    _ => self.binary(*operator, left, self.of(right)?),
                }
            }
            Kind::Call(function, arguments) => self.call(*function, arguments),
            Kind::Format(value, spec) => Ok(Concrete::Text(spec.write(&self.of(value)?)?)),
        }
    }

    fn variable(&self, variable: Variable) -> Concrete {
        let Self { variables, width, height } = self;
        match variable {
            Variable::UserId => Concrete::Text(variables.user_id.clone()),
            Variable::Tenant => Concrete::Text(variables.tenant.clone()),
            Variable::UploadId => Concrete::Text(variables.upload_id.clone()),
            Variable::MediaId => Concrete::Text(variables.media_id.clone()),
            Variable::TimestampMs => Concrete::Time(variables.timestamp_ms),
            Variable::ImageName => Concrete::Text(variables.image_name.clone()),
            Variable::ImageWidth => Concrete::Whole((*width).into()),
            Variable::ImageHeight => Concrete::Whole((*height).into()),
        }
    }

    fn call(&self, function: Function, arguments: &[Expression]) -> Result<Concrete, ValueError> {
        let (first, second) = match arguments {
            [first] => (first, None),
            [first, second] => (first, Some(second)),
            _ => return Err(ValueError::Mismatch),
        };
        let text = |value: &Expression| Ok::<_, ValueError>(self.of(value)?.to_text());
        match (function, second) {
            (Function::Sha256, None) => Ok(Concrete::Digest(Sha256::digest(self.bytes(first)?).into())),
            (Function::Hmac, Some(message)) => {
                let Kind::Key(name) = first.kind() else { return Err(ValueError::Mismatch) };
                let key = self.variables.keys.get(name);
                let key = key.ok_or_else(|| ValueError::MissingKey { name: name.clone() })?;
                // A key of any length is right for HMAC.
                let mac = Hmac::<Sha256>::new_from_slice(key.bytes()).map_err(|_| ValueError::Mismatch)?;
                let mac = mac.chain_update(self.bytes(message)?);
                Ok(Concrete::Digest(mac.finalize().into_bytes().into()))
            }
            (Function::Date, Some(format)) => {
                let (Concrete::Whole(ms) | Concrete::Time(ms)) = self.of(first)? else {
                    return Err(ValueError::Mismatch);
                };
                Ok(Concrete::Text(write_date(ms, &text(format)?)?))
            }
            (Function::Upper, None) => bounded_text(text(first)?.to_uppercase()),
            (Function::Lower, None) => bounded_text(text(first)?.to_lowercase()),
            (Function::Truncate, Some(most)) => {
                let Concrete::Whole(most) = self.of(most)? else { return Err(ValueError::Mismatch) };
                let most = usize::try_from(most).unwrap_or(0);
                Ok(Concrete::Text(text(first)?.chars().take(most).collect()))
            }
            _ => Err(ValueError::Mismatch),
        }
    }

    /// What is hashed: a digest's own bytes, and of everything else the text.
    fn bytes(&self, value: &Expression) -> Result<Vec<u8>, ValueError> {
        Ok(match self.of(value)? {
            Concrete::Digest(bytes) => bytes.to_vec(),
            other => other.to_text().into_bytes(),
        })
    }

    /// The result of an operator, for values that the check let through.
    fn binary(&self, operator: Operator, left: Concrete, right: Concrete) -> Result<Concrete, ValueError> {
        use Operator as O;
        match operator {
            O::And | O::Or => match (left, right) {
                (Concrete::Bool(_), Concrete::Bool(right)) => Ok(Concrete::Bool(right)),
                _ => Err(ValueError::Mismatch),
            },
            O::Equal | O::NotEqual | O::Less | O::LessOrEqual | O::Greater | O::GreaterOrEqual => {
                self.compare(operator, &left, &right).map(Concrete::Bool)
            }
            O::Add | O::Subtract | O::Multiply | O::Divide | O::Remainder => arithmetic(operator, &left, &right),
        }
    }

    fn compare(&self, operator: Operator, left: &Concrete, right: &Concrete) -> Result<bool, ValueError> {
        use Concrete as C;
        let whole = |value: &C| match value {
            C::Whole(number) | C::Time(number) => Some(*number),
            _ => None,
        };
        let number = |value: &C| value.to_number(self.width, self.height);
        let order = if let (Some(left), Some(right)) = (whole(left), whole(right)) {
            Some(left.cmp(&right))
        } else if let (Some(left), Some(right)) = (number(left), number(right)) {
            left.partial_cmp(&right)
        } else {
            None
        };
        match (operator, order) {
            (Operator::Equal, Some(order)) => Ok(order.is_eq()),
            (Operator::NotEqual, Some(order)) => Ok(order.is_ne()),
            (Operator::Less, Some(order)) => Ok(order.is_lt()),
            (Operator::LessOrEqual, Some(order)) => Ok(order.is_le()),
            (Operator::Greater, Some(order)) => Ok(order.is_gt()),
            (Operator::GreaterOrEqual, Some(order)) => Ok(order.is_ge()),
            (Operator::Equal, None) => Ok(left == right),
            (Operator::NotEqual, None) => Ok(left != right),
            _ => Err(ValueError::Mismatch),
        }
    }
}

fn bounded(text: &str) -> Result<(), ValueError> {
    if text.len() > MAX_VALUE_BYTES { Err(ValueError::TextTooLong { bytes: text.len() }) } else { Ok(()) }
}

fn bounded_text(text: String) -> Result<Concrete, ValueError> {
    bounded(&text).map(|()| Concrete::Text(text))
}

fn arithmetic(operator: Operator, left: &Concrete, right: &Concrete) -> Result<Concrete, ValueError> {
    use Concrete as C;
    match (left, right) {
        (C::Whole(a), C::Whole(b)) => whole(operator, *a, *b).map(C::Whole),
        (C::Time(a), C::Time(b)) => whole(operator, *a, *b).map(C::Whole),
        (C::Time(a), C::Whole(b)) | (C::Whole(a), C::Time(b)) => {
            let is_moved = matches!(operator, Operator::Add | Operator::Subtract);
            whole(operator, *a, *b).map(|ms| if is_moved { C::Time(ms) } else { C::Whole(ms) })
        }
        (C::Quantity(a, unit), C::Quantity(b, other)) if unit == other => match operator {
            Operator::Divide => decimal(operator, *a, *b).map(C::Decimal),
            _ => decimal(operator, *a, *b).map(|number| C::Quantity(number, *unit)),
        },
        (C::Quantity(a, unit), number) => {
            let number = number.to_number(0, 0).ok_or(ValueError::Mismatch)?;
            decimal(operator, *a, number).map(|number| C::Quantity(number, *unit))
        }
        (number, C::Quantity(b, unit)) => {
            let number = number.to_number(0, 0).ok_or(ValueError::Mismatch)?;
            decimal(operator, number, *b).map(|number| C::Quantity(number, *unit))
        }
        (a, b) => {
            let (Some(a), Some(b)) = (a.to_number(0, 0), b.to_number(0, 0)) else { return Err(ValueError::Mismatch) };
            decimal(operator, a, b).map(C::Decimal)
        }
    }
}

fn whole(operator: Operator, a: i64, b: i64) -> Result<i64, ValueError> {
    if b == 0 && matches!(operator, Operator::Divide | Operator::Remainder) {
        return Err(ValueError::DivisionByZero);
    }
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide => a.checked_div(b),
        Operator::Remainder => a.checked_rem(b),
        _ => return Err(ValueError::Mismatch),
    };
    result.ok_or(ValueError::Overflow)
}

fn decimal(operator: Operator, a: f64, b: f64) -> Result<f64, ValueError> {
    if b == 0.0 && matches!(operator, Operator::Divide | Operator::Remainder) {
        return Err(ValueError::DivisionByZero);
    }
    let result = match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        Operator::Remainder => a % b,
        _ => return Err(ValueError::Mismatch),
    };
    if result.is_finite() { Ok(result) } else { Err(ValueError::Overflow) }
}
