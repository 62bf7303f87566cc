//! The functions of the language.

use crate::words::words;

words! {
    /// A function of the language.
    Function {
        /// `sha256(x)`: the digest of a text's UTF-8, or of a digest's own 32 bytes.
        Sha256 = "sha256",
        /// `hmac(key.name, x)`: HMAC-SHA-256 under a key. Source: RFC 2104.
        Hmac = "hmac",
        /// `date(ms, "%Y-%m-%d")`: a time as text, UTC.
        Date = "date",
        /// `format(x, "04")`: the same as `{x:04}`.
        Format = "format",
        /// `upper(x)`: in capital letters.
        Upper = "upper",
        /// `lower(x)`: in small letters.
        Lower = "lower",
        /// `truncate(x, n)`: the first n characters.
        Truncate = "truncate",
    }
}

impl Function {
    /// How many values it takes.
    pub const fn arity(self) -> usize {
        match self {
            Self::Sha256 | Self::Upper | Self::Lower => 1,
            Self::Hmac | Self::Date | Self::Format | Self::Truncate => 2,
        }
    }

    /// As in a call, for hints.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256(user_id)",
            Self::Hmac => "hmac(key.trace, media_id)",
            Self::Date => "date(timestamp_ms, \"%Y-%m-%d\")",
            Self::Format => "format(image.width, \"04\")",
            Self::Upper => "upper(user_id)",
            Self::Lower => "lower(user_id)",
            Self::Truncate => "truncate(image.name, 20)",
        }
    }
}
