//! The inside of a text in quotes: `\` escapes, `{calculation}` and the doubled braces that stand for themselves.

use crate::{Code, Diagnostic, Named, Piece, PieceNode, Span, TextNode, parse_value::value, recovery::Cursor};

/// Resolves escapes only; for names, where a brace is a brace.
pub(crate) fn plain(c: &mut Cursor<'_>, inside: Span) -> String {
    let written = c.slice(inside);
    c.count_work(written.len());
    let mut out = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\\' => escape(c, rest, inside.end - rest.len(), &mut out),
            _ => {
                out.push(first);
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    out
}

/// Resolves escapes and cuts at calculations; `span` is the text with its quotes.
pub(crate) fn pieces(c: &mut Cursor<'_>, inside: Span, span: Span) -> TextNode {
    let mut node = TextNode { pieces: Vec::new(), span, has_hole: false };
    let mut literal = String::new();
    let mut literal_start = inside.start;
    let written = c.slice(inside);
    c.count_work(written.len());
    let mut rest = written;
    // Once one brace was found without a partner, those behind it are not searched for theirs: each search would go
    // to the end again.
    let mut may_close = true;
    while let Some(first) = rest.chars().next() {
        let here = inside.end - rest.len();
        let length = match first {
            '\\' => escape(c, rest, here, &mut literal),
            '{' | '}' if rest[1..].starts_with(first) => {
                literal.push(first);
                2
            }
            '{' => {
                let found = if may_close { closing(c, rest) } else { Closing::Missing };
                match found {
                    Closing::At { end, colon } => {
                        if !literal.is_empty() {
                            let piece = Piece::Literal(std::mem::take(&mut literal));
                            node.pieces.push(PieceNode { piece, span: Span::new(literal_start, here) });
                        }
                        literal_start = here + end + 1;
                        let span = Span::new(here, literal_start);
                        match computed(c, span, colon.map(|colon| here + colon)) {
                            Some(piece) => node.pieces.push(PieceNode { piece, span }),
                            None => node.has_hole = true,
                        }
                        end + 1
                    }
                    missing => {
                        may_close = matches!(missing, Closing::Opened);
                        node.has_hole = true;
                        let message = "a `{` without its `}`";
                        let hint = "write `{{` for a brace that shows";
                        c.report(Diagnostic::new(Code::BadEscape, Span::new(here, here + 1), message).hint(hint));
                        1
                    }
                }
            }
            '}' => {
                node.has_hole = true;
                let message = "a `}` without its `{`";
                let hint = "write `}}` for a brace that shows";
                c.report(Diagnostic::new(Code::BadEscape, Span::new(here, here + 1), message).hint(hint));
                1
            }
            _ => {
                literal.push(first);
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    if !literal.is_empty() {
        let span = Span::new(literal_start, inside.end);
        node.pieces.push(PieceNode { piece: Piece::Literal(literal), span });
    }
    node
}

enum Closing {
    /// The brace is closed; where, and where the format begins.
    At { end: usize, colon: Option<usize> },
    /// Another brace opens first.
    Opened,
    /// The text ends first.
    Missing,
}

/// Where the brace at the start of `rest` is closed. Texts in quotes are stepped over.
fn closing(c: &Cursor<'_>, rest: &str) -> Closing {
    let mut quote = None;
    let mut is_escaped = false;
    let mut depth = 0_usize;
    let mut colon = None;
    for (at, sign) in rest.char_indices().skip(1) {
        c.count_work(1);
        match (quote, sign) {
            (Some(_), _) if is_escaped => is_escaped = false,
            (Some(_), '\\') => is_escaped = true,
            (Some(open), _) if open == sign => quote = None,
            (Some(_), _) => {}
            // Behind the colon nothing is a text any more.
            (None, '\'' | '"') if colon.is_none() => quote = Some(sign),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, ':') if depth == 0 && colon.is_none() => colon = Some(at),
            (None, '{') => return Closing::Opened,
            (None, '}') => return Closing::At { end: at, colon },
            (None, _) => {}
        }
    }
    Closing::Missing
}

/// Reads `{value:format}`; `span` has its braces.
fn computed(c: &mut Cursor<'_>, span: Span, colon: Option<usize>) -> Option<Piece> {
    let end = span.end - 1;
    let part = Span::new(span.start + 1, colon.unwrap_or(end));
    if c.slice(part).trim().is_empty() {
        let hint = "write `{user_id}` for a variable, `{{` and `}}` for braces that show";
        c.report(Diagnostic::new(Code::BadEscape, span, "nothing between the braces").hint(hint));
        return None;
    }
    let value = c.within(part, |c| {
        let value = value(c)?;
        if c.peek().kind == crate::lexer::TokenKind::End {
            return Some(value);
        }
        c.expected("`}` or `:`");
        None
    })?;
    let format = colon.map(|colon| {
        let span = Span::new(colon + 1, end);
        Named { name: c.slice(span).to_owned(), span }
    });
    Some(Piece::Computed { value, format })
}

/// Resolves the escape at the start of `rest` into `out`; gives how many bytes to go on.
fn escape(c: &mut Cursor<'_>, rest: &str, here: usize, out: &mut String) -> usize {
    let after = rest[1..].chars().next();
    match after {
        Some(sign @ ('"' | '\'' | '\\')) => {
            out.push(sign);
            2
        }
        Some('n') => {
            out.push('\n');
            2
        }
        Some('u') => {
            // The number has at most six digits: no need to look farther for the brace.
            let digits: usize = rest[2..].bytes().skip(1).take_while(u8::is_ascii_hexdigit).take(7).count();
            let is_braced = rest[2..].starts_with('{') && rest.as_bytes().get(3 + digits) == Some(&b'}');
            let number = if is_braced { rest.get(3..3 + digits) } else { None };
            let known = number.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
            if let Some(known) = known {
                out.push(known);
                return digits + 4;
            }
            let message = "`\\u` needs the number of a character";
            let span = Span::new(here, here + 2);
            c.report(Diagnostic::new(Code::BadEscape, span, message).hint("write `\\u{a9}` for ©"));
            2
        }
        _ => {
            let length = 1 + after.map_or(0, char::len_utf8);
            let hint = "the escapes are `\\\"`, `\\'`, `\\\\`, `\\n` and `\\u{…}`";
            let span = Span::new(here, here + length);
            c.report(Diagnostic::new(Code::BadEscape, span, "there is no such escape").hint(hint));
            length
        }
    }
}
