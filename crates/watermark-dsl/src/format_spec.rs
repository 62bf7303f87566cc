//! Formats: what stands behind the colon of `{value:format}`.

use std::fmt;

use crate::{
    date::{is_date_format, write_date},
    evaluate::ValueError,
    expression::{Concrete, Type, hex},
};

/// A checked format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FormatSpec {
    /// `04`: at least so many digits.
    Zeros(usize),
    /// `.2`: so many digits behind the point, or at most so many characters.
    Precision(usize),
    /// `%Y-%m-%d`
    Date(String),
}

impl FormatSpec {
    /// Reads a format for values of a type.
    pub(crate) fn new(text: &str, value_type: Type) -> Option<Self> {
        let digits = |text: &str, most: usize| {
            let short = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| short && *number <= most)
        };
        match value_type {
            Type::Time if text.contains('%') => is_date_format(text).then(|| Self::Date(text.to_owned())),
            Type::Whole | Type::Time => digits(text.strip_prefix('0')?, 20).map(Self::Zeros),
            Type::Decimal => digits(text.strip_prefix('.')?, 17).map(Self::Precision),
            Type::Text | Type::Digest => digits(text.strip_prefix('.')?, 1_000).map(Self::Precision),
            _ => None,
        }
    }

    pub(crate) fn write(&self, value: &Concrete) -> Result<String, ValueError> {
        Ok(match (self, value) {
            (Self::Zeros(width), Concrete::Whole(number) | Concrete::Time(number)) => format!("{number:00$}", *width),
            (Self::Precision(digits), Concrete::Decimal(number)) => format!("{number:.*}", *digits),
            (Self::Precision(most), Concrete::Text(text)) => text.chars().take(*most).collect(),
            (Self::Precision(most), Concrete::Digest(bytes)) => hex(bytes).chars().take(*most).collect(),
            (Self::Date(format), Concrete::Time(ms)) => write_date(*ms, format)?,
            // No other pair passes the check.
            (_, other) => other.to_text(),
        })
    }
}

impl fmt::Display for FormatSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zeros(width) => write!(f, "0{width}"),
            Self::Precision(digits) => write!(f, ".{digits}"),
            Self::Date(format) => f.write_str(format),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: Concrete, format: &str) -> Option<String> {
        FormatSpec::new(format, value.value_type()).and_then(|spec| spec.write(&value).ok())
    }

    #[test]
    fn each_type_has_its_formats() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(written(Concrete::Whole(42), "05"), text("00042"));
        assert_eq!(written(Concrete::Whole(-42), "05"), text("-0042"));
        assert_eq!(written(Concrete::Decimal(1.005), ".2"), text("1.00"));
        assert_eq!(written(Concrete::Text("naïve".into()), ".3"), text("naï"));
        assert_eq!(written(Concrete::Digest([0xab; 32]), ".4"), text("abab"));
        assert_eq!(written(Concrete::Time(0), "%Y"), text("1970"));
        for (value, format) in [
            (Concrete::Whole(1), ".2"),
            (Concrete::Whole(1), "%Y"),
            (Concrete::Whole(1), "021"),
            (Concrete::Whole(1), "0+5"),
            (Concrete::Text(String::new()), "04"),
            (Concrete::Decimal(1.0), ".18"),
            (Concrete::Time(1), "%Q"),
            (Concrete::Bool(true), ".1"),
            (Concrete::Text(String::new()), ""),
        ] {
            assert_eq!(written(value.clone(), format), None, "{value:?} {format}");
        }
    }
}
