//! Source to tokens. Never fails: what is no token becomes `Junk`, and the parser says so.

use crate::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A letter or `_`, then letters, digits and `_`.
    Word,
    /// Digits with at most one point, and the unit that touches them.
    Number {
        /// Length of the digits in bytes; the unit is the rest.
        digits: usize,
    },
    /// `#` and the letters and digits that touch it.
    Color,
    /// From quote to quote, both included.
    Text {
        /// False where the line ended first; the span then has no closing quote.
        closed: bool,
    },
    /// One of the signs of the full language.
    Sign(char),
    /// A run of characters that the language does not have.
    Junk,
    /// The end of the source.
    End,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

const SIGNS: &str = "{}()[]=,.+-*/%<>!&|";

/// Cuts the source into tokens; the last one is always `End`.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        let (kind, length) = if first.is_whitespace() || first == '\u{feff}' {
            at += first.len_utf8();
            continue;
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        } else if first.is_ascii_alphabetic() || first == '_' {
            (TokenKind::Word, run(rest, |c| c.is_ascii_alphanumeric() || c == '_'))
        } else if first.is_ascii_digit() {
            number(rest)
        } else if first == '#' {
            (TokenKind::Color, 1 + run(&rest[1..], |c| c.is_ascii_alphanumeric()))
        } else if first == '"' {
            text(rest)
        } else if SIGNS.contains(first) {
            (TokenKind::Sign(first), 1)
        } else {
            (TokenKind::Junk, run(rest, is_junk))
        };
        tokens.push(Token { kind, span: Span::new(at, at + length) });
        at += length;
    }
    tokens.push(Token { kind: TokenKind::End, span: Span::new(at, at) });
    tokens
}

fn run(rest: &str, belongs: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !belongs(c)).unwrap_or(rest.len())
}

fn is_junk(c: char) -> bool {
    !(c.is_whitespace() || c.is_ascii_alphanumeric() || matches!(c, '_' | '#' | '"' | '\u{feff}') || SIGNS.contains(c))
}

fn number(rest: &str) -> (TokenKind, usize) {
    let is_digit = |c: char| c.is_ascii_digit();
    let mut digits = run(rest, is_digit);
    if let Some(after_point) = rest[digits..].strip_prefix('.') {
        let fraction = run(after_point, is_digit);
        if fraction > 0 {
            digits += 1 + fraction;
        }
    }
    let percent = usize::from(rest[digits..].starts_with('%'));
    let letters = run(&rest[digits + percent..], |c| c.is_ascii_alphabetic());
    (TokenKind::Number { digits }, digits + percent + letters)
}

fn text(rest: &str) -> (TokenKind, usize) {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' | '\r' => return (TokenKind::Text { closed: false }, at),
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return (TokenKind::Text { closed: true }, at + 1),
            _ => {}
        }
    }
    (TokenKind::Text { closed: false }, rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(source: &str) -> Vec<&str> {
        tokens(source).iter().map(|t| &source[t.span.range()]).collect()
    }

    #[test]
    fn a_percent_sign_belongs_to_a_number_only_when_it_touches_it() {
        assert_eq!(cut("size = 3.5%w opacity=55%"), ["size", "=", "3.5%w", "opacity", "=", "55%", ""]);
        assert_eq!(cut("timestamp_ms % 86400"), ["timestamp_ms", "%", "86400", ""]);
    }

    #[test]
    fn comments_text_and_colors() {
        assert_eq!(cut("a // b \"c\n\"d // \\\" e\" #0008}"), ["a", "\"d // \\\" e\"", "#0008", "}", ""]);
        assert_eq!(cut("\"open\nb"), ["\"open", "b", ""]);
        assert_eq!(cut("§§ä a"), ["§§ä", "a", ""]);
    }
}
