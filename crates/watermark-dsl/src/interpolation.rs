//! The inside of a text in quotes: `\` escapes, `{variable}` and the doubled braces that stand for themselves.

use crate::{Code, Diagnostic, Piece, PieceNode, Span, diagnostic::Diagnostics};

/// Resolves escapes only; for names, where a brace is a brace. `at` is where the inside begins in the source.
pub(crate) fn plain(inside: &str, at: usize, diagnostics: &mut Diagnostics) -> String {
    let mut out = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '\\' => escape(rest, at + inside.len() - rest.len(), &mut out, diagnostics),
            _ => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    out
}

/// Resolves escapes and cuts at variables. `at` is where the inside begins in the source.
pub(crate) fn pieces(inside: &str, at: usize, diagnostics: &mut Diagnostics) -> Vec<PieceNode> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut literal_start = at;
    let mut rest = inside;
    while let Some(c) = rest.chars().next() {
        let here = at + inside.len() - rest.len();
        let length = match c {
            '\\' => escape(rest, here, &mut literal, diagnostics),
            '{' | '}' if rest[1..].starts_with(c) => {
                literal.push(c);
                2
            }
            '{' => {
                let (name, length) = variable(rest, here, diagnostics);
                if let Some(name) = name {
                    flush(&mut pieces, &mut literal, Span::new(literal_start, here));
                    pieces.push(PieceNode { piece: Piece::Variable(name), span: Span::new(here, here + length) });
                    literal_start = here + length;
                }
                length
            }
            '}' => {
                let message = "a `}` without its `{`";
                let hint = "write `}}` for a brace that shows";
                diagnostics.push(Diagnostic::new(Code::BadEscape, Span::new(here, here + 1), message).hint(hint));
                1
            }
            _ => {
                literal.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    flush(&mut pieces, &mut literal, Span::new(literal_start, at + inside.len()));
    pieces
}

fn flush(pieces: &mut Vec<PieceNode>, literal: &mut String, span: Span) {
    if !literal.is_empty() {
        pieces.push(PieceNode { piece: Piece::Literal(std::mem::take(literal)), span });
    }
}

/// Reads `{name}` at the start of `rest`; gives the name, if it is one, and how many bytes to go on.
fn variable(rest: &str, here: usize, diagnostics: &mut Diagnostics) -> (Option<String>, usize) {
    // An opening brace ends the search as well, so that one forgotten `}` is not read to the end each time.
    let end = rest[1..].find(['{', '}']).map(|end| end + 1);
    let Some(end) = end.filter(|end| rest[*end..].starts_with('}')) else {
        let message = "a `{` without its `}`";
        let hint = "write `{{` for a brace that shows";
        diagnostics.push(Diagnostic::new(Code::BadEscape, Span::new(here, here + 1), message).hint(hint));
        return (None, 1);
    };
    let name = rest[1..end].trim();
    let is_name = name.split('.').all(|part| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    });
    if is_name {
        return (Some(name.to_owned()), end + 1);
    }
    let message = if name.is_empty() { "no variable between the braces" } else { "this is no name of a variable" };
    let hint = "write `{user_id}` for a variable, `{{` and `}}` for braces that show";
    diagnostics.push(Diagnostic::new(Code::BadEscape, Span::new(here, here + end + 1), message).hint(hint));
    (None, end + 1)
}

/// Resolves the escape at the start of `rest` into `out`; gives how many bytes to go on.
fn escape(rest: &str, here: usize, out: &mut String, diagnostics: &mut Diagnostics) -> usize {
    let after = rest[1..].chars().next();
    match after {
        Some(c @ ('"' | '\\')) => {
            out.push(c);
            2
        }
        Some('u') => {
            let digits = rest[2..].strip_prefix('{').and_then(|open| open.split_once('}')).map(|(digits, _)| digits);
            let known = digits.filter(|digits| (1..=6).contains(&digits.len()));
            let char = known.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
            if let (Some(char), Some(digits)) = (char, known) {
                out.push(char);
                return digits.len() + 4;
            }
            let message = "`\\u` needs the number of a character";
            let span = Span::new(here, here + 2);
            diagnostics.push(Diagnostic::new(Code::BadEscape, span, message).hint("write `\\u{a9}` for ©"));
            2
        }
        _ => {
            let length = 1 + after.map_or(0, char::len_utf8);
            let hint = match after {
                Some('n' | 'r') => "a mark is one line; use a second `text` layer for a second line",
                _ => "the escapes are `\\\"`, `\\\\` and `\\u{…}`",
            };
            let span = Span::new(here, here + length);
            diagnostics.push(Diagnostic::new(Code::BadEscape, span, "there is no such escape").hint(hint));
            length
        }
    }
}
