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
    /// One of the signs of the language.
    Sign(char),
    /// One of the signs of two characters.
    Pair(&'static str),
    /// From `//` to the end of the line. Only the formatter gets these.
    Comment,
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

const SIGNS: &str = "{}()[]=,.:+-*/%<>!&|";

const PAIRS: [&str; 6] = ["==", "!=", "<=", ">=", "&&", "||"];

/// Cuts a part of the source into tokens without comments; the last one is always `End`.
///
/// Every byte is looked at a bounded number of times, so the work grows with the part's length.
pub(crate) fn tokens(source: &str, part: Span) -> Vec<Token> {
    let mut tokens = with_comments(source, part);
    tokens.retain(|token| token.kind != TokenKind::Comment);
    tokens
}

/// As [`tokens`], with the comments.
pub(crate) fn with_comments(source: &str, part: Span) -> Vec<Token> {
    let source = &source[..part.end];
    let mut tokens = Vec::new();
    let mut at = part.start;
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        let (kind, length) = if first.is_whitespace() || first == '\u{feff}' {
            at += first.len_utf8();
            continue;
        } else if rest.starts_with("//") {
            (TokenKind::Comment, run(rest, |c| c != '\n'))
        } else if first.is_ascii_alphabetic() || first == '_' {
            (TokenKind::Word, run(rest, |c| c.is_ascii_alphanumeric() || c == '_'))
        } else if first.is_ascii_digit() {
            number(rest)
        } else if first == '#' {
            (TokenKind::Color, 1 + run(&rest[1..], |c| c.is_ascii_alphanumeric()))
        } else if matches!(first, '"' | '\'') {
            text(rest, first)
        } else if let Some(pair) = PAIRS.into_iter().find(|pair| rest.starts_with(pair)) {
            (TokenKind::Pair(pair), pair.len())
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
    let known = c.is_ascii_alphanumeric() || matches!(c, '_' | '#' | '"' | '\'' | '\u{feff}') || SIGNS.contains(c);
    !(known || c.is_whitespace())
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

fn text(rest: &str, quote: char) -> (TokenKind, usize) {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' | '\r' => return (TokenKind::Text { closed: false }, at),
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return (TokenKind::Text { closed: true }, at + 1),
            _ => {}
        }
    }
    (TokenKind::Text { closed: false }, rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(source: &str) -> Vec<&str> {
        tokens(source, Span::new(0, source.len())).iter().map(|t| &source[t.span.range()]).collect()
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
        assert_eq!(cut("'a \"b\" \\' c'd"), ["'a \"b\" \\' c'", "d", ""]);
    }

    #[test]
    fn signs_of_two_characters_are_one_token() {
        assert_eq!(cut("a==b<=c=<d"), ["a", "==", "b", "<=", "c", "=", "<", "d", ""]);
    }

    #[test]
    fn a_part_of_a_source_keeps_its_places() {
        let source = "x \"{image.width}\"";
        let spans: Vec<Span> = tokens(source, Span::new(4, 15)).iter().map(|token| token.span).collect();
        assert_eq!(spans, [Span::new(4, 9), Span::new(9, 10), Span::new(10, 15), Span::new(15, 15)]);
    }
}
