//! The inside of a layer: properties, their values, and texts in quotes.

use crate::{
    Code, Diagnostic, PropertyNode, Span, TextNode, interpolation,
    lexer::{Token, TokenKind},
    parse_value::value,
    recovery::Cursor,
};

/// `{ name = value … }`; `text` is what stood before it.
pub(crate) fn block(c: &mut Cursor<'_>, text: Option<&TextNode>) -> Vec<PropertyNode> {
    let mut properties = Vec::new();
    let open = c.peek().span;
    if !c.take('{') {
        // Behind an unclosed text the brace is probably part of it; that is reported already.
        let is_unclosed = text.is_some_and(|text| {
            let written = c.slice(text.span);
            written.len() < 2 || !written.ends_with(['"', '\''])
        });
        if !is_unclosed {
            c.expected("`{` and the layer's properties");
        }
        return properties;
    }
    while !c.take('}') {
        if c.peek().kind == TokenKind::End || c.at_item() {
            c.report(Diagnostic::new(Code::UnclosedBlock, open, "this `{` has no `}`"));
            break;
        }
        properties.extend(property(c));
    }
    properties
}

/// `name = value value …`
pub(crate) fn property(c: &mut Cursor<'_>) -> Option<PropertyNode> {
    let token = c.peek();
    if token.kind != TokenKind::Word {
        c.expected("a property");
        while !matches!(c.peek().kind, TokenKind::Word | TokenKind::End | TokenKind::Sign('}')) {
            c.skip_balanced();
        }
        return None;
    }
    let name = c.named(token);
    c.bump();
    if !c.take('=') {
        c.expected(&format!("`=` after `{}`", name.name));
        // `size 3%w` is plainly meant as a property; a lone word is not.
        let is_value = match c.peek().kind {
            TokenKind::Word => !c.at_property() && !c.at_item(),
            kind => matches!(kind, TokenKind::Number { .. } | TokenKind::Color | TokenKind::Text { .. }),
        };
        if !is_value {
            return None;
        }
    }
    let mut property = PropertyNode { name, values: Vec::new(), has_hole: false };
    c.is_list_of_values = true;
    loop {
        if at_end_of_values(c) {
            break;
        }
        match value(c) {
            Some(value) => property.values.push(value),
            None => {
                property.has_hole = true;
                c.skip_values();
                // A block where none belongs would be looked at for ever.
                if c.sees('{') {
                    c.skip_balanced();
                }
            }
        }
        // `"A", "B"` is a list of values as well.
        if c.sees(',') && matches!(c.ahead(1).kind, TokenKind::Text { .. }) {
            c.bump();
        }
    }
    c.is_list_of_values = false;
    if property.values.is_empty() && !property.has_hole {
        c.expected(&format!("a value for `{}`", property.name.name));
        property.has_hole = true;
    }
    Some(property)
}

fn at_end_of_values(c: &Cursor<'_>) -> bool {
    // `skip` is no item that can be told by what follows, and no value either.
    matches!(c.peek().kind, TokenKind::End | TokenKind::Sign('}')) || c.at_property() || c.at_item()
}

/// A text whose braces are braces.
pub(crate) fn plain_text(c: &mut Cursor<'_>, token: Token, closed: bool) -> String {
    let inside = inside(c, token, closed);
    interpolation::plain(c, inside)
}

/// A text cut at its calculations.
pub(crate) fn text_node(c: &mut Cursor<'_>, token: Token, closed: bool) -> TextNode {
    let inside = inside(c, token, closed);
    if closed {
        return interpolation::pieces(c, inside, token.span);
    }
    // What an unclosed text swallowed is not meant as text: no more is said about its braces.
    let heard = std::mem::take(&mut c.diagnostics);
    let node = interpolation::pieces(c, inside, token.span);
    c.diagnostics = heard;
    TextNode { has_hole: true, ..node }
}

/// What stands between the quotes.
fn inside(c: &mut Cursor<'_>, token: Token, closed: bool) -> Span {
    if !closed {
        let quote = c.slice(token.span).chars().next().unwrap_or('"');
        let message = format!("this text has no closing `{quote}` on its line");
        c.report(Diagnostic::new(Code::UnterminatedText, token.span, message));
    }
    Span::new(token.span.start + 1, token.span.end - usize::from(closed))
}
