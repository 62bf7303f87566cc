//! Tokens to a tree. Always a tree, and every mistake that can be told from the form alone.

use crate::{
    Ast, Code, Color, Diagnostic, Item, LayerNode, Named, PropertyNode, Span, TemplateNode, TextNode, Value, ValueNode,
    diagnostic::Diagnostics,
    interpolation,
    lexer::{Token, TokenKind, tokens},
    limits::{MAX_LAYERS, MAX_SOURCE_BYTES},
    recovery::{Cursor, LATER, LAYERS},
    suggest::did_you_mean,
};

/// Reads a source.
///
/// The tree has holes where something could not be read. The diagnostics come in the order of the source; the tree
/// remembers them, so that [`crate::compile`] reports them with its own. Time and memory grow with the source's
/// length, which [`crate::limits`] bounds.
pub fn parse(source: &str) -> (Ast, Vec<Diagnostic>) {
    if source.len() > MAX_SOURCE_BYTES {
        let mut cursor = Cursor::new(source, &[]);
        let message = format!("the template is {} bytes long; at most {MAX_SOURCE_BYTES} are read", source.len());
        cursor.report(Diagnostic::new(Code::SourceTooLong, Span::new(0, 0), message));
        let diagnostics = cursor.diagnostics;
        return (Ast { template: None, diagnostics: diagnostics.clone() }, diagnostics.into_sorted());
    }
    let tokens = tokens(source);
    let mut cursor = Cursor::new(source, &tokens);
    let template = file(&mut cursor);
    let diagnostics = cursor.diagnostics;
    (Ast { template, diagnostics: diagnostics.clone() }, diagnostics.into_sorted())
}

fn file(c: &mut Cursor<'_>) -> Option<TemplateNode> {
    let is_template = |c: &Cursor<'_>| c.peek().kind == TokenKind::Word && c.slice(c.peek().span) == "template";
    if !is_template(c) {
        let first = c.peek();
        let hint = did_you_mean(c.slice(first.span), ["template"])
            .unwrap_or_else(|| "a file is `template \"name\" { … }`".to_owned());
        let message = format!("expected `template`, found {}", c.describe(first));
        c.report(Diagnostic::new(Code::Unexpected, first.span, message).hint(hint));
        // A misspelt word is still meant; anything else is stepped over up to the real one.
        let is_misspelt = matches!(c.ahead(1).kind, TokenKind::Text { .. } | TokenKind::Sign('{'));
        while !(is_template(c) || c.peek().kind == TokenKind::End || is_misspelt) {
            c.bump();
        }
        if c.peek().kind == TokenKind::End {
            return None;
        }
    }
    let template = template(c);
    if c.peek().kind != TokenKind::End {
        let message = format!("expected the end of the file, found {}", c.describe(c.peek()));
        let hint = "a file holds one template";
        c.report(Diagnostic::new(Code::Unexpected, c.peek().span, message).hint(hint));
    }
    Some(template)
}

fn template(c: &mut Cursor<'_>) -> TemplateNode {
    let span = c.bump().span;
    let name = match c.peek().kind {
        TokenKind::Text { closed } => {
            let token = c.bump();
            let name = plain_text(c, token, closed);
            Some(Named { name, span: token.span })
        }
        _ => {
            c.expected("the template's name in quotes");
            None
        }
    };
    let mut items = Vec::new();
    let open = c.peek().span;
    if c.take('{') {
        while !c.take('}') {
            let here = c.peek();
            if here.kind == TokenKind::End {
                c.report(Diagnostic::new(Code::UnclosedBlock, open, "this `{` has no `}`"));
                break;
            }
            item(c, &mut items);
            if items.len() == MAX_LAYERS + 1 {
                items.pop();
                let message = format!("more than {MAX_LAYERS} layers; this one and those behind it are not read");
                c.report(Diagnostic::new(Code::TooManyLayers, here.span, message));
                c.skip_block();
            }
        }
    } else {
        c.expected("`{`");
    }
    TemplateNode { name, items, span }
}

fn item(c: &mut Cursor<'_>, items: &mut Vec<Item>) {
    let token = c.peek();
    if token.kind != TokenKind::Word {
        c.expected("a layer");
        // One report for a run of such tokens.
        while !matches!(c.peek().kind, TokenKind::Word | TokenKind::End | TokenKind::Sign('}')) {
            c.skip_balanced();
        }
        return;
    }
    let keyword = c.named(token);
    let is_property = c.at_property();
    c.bump();
    items.push(if is_property {
        c.bump();
        c.skip_values();
        Item::LaterProperty(keyword)
    } else if LAYERS.contains(&keyword.name.as_str()) {
        Item::Layer(layer(c, keyword))
    } else {
        c.skip_layer();
        if LATER.contains(&keyword.name.as_str()) { Item::LaterLayer(keyword) } else { Item::UnknownLayer(keyword) }
    });
}

fn layer(c: &mut Cursor<'_>, keyword: Named) -> LayerNode {
    let text = match c.peek().kind {
        TokenKind::Text { closed } => {
            let token = c.bump();
            let (inside, at) = inside(c, token, closed);
            // What an unclosed text swallowed is not meant as text: no more is said about its braces.
            let mut unheard = Diagnostics::default();
            let diagnostics = if closed { &mut c.diagnostics } else { &mut unheard };
            Some(TextNode { pieces: interpolation::pieces(inside, at, diagnostics), span: token.span })
        }
        _ => {
            c.expected("the text in quotes");
            None
        }
    };
    let mut properties = Vec::new();
    let open = c.peek().span;
    if !c.take('{') {
        // Behind an unclosed text the brace is probably part of it; that is reported already.
        let is_unclosed = text.as_ref().is_some_and(|text| !c.slice(text.span).ends_with('"'));
        if !is_unclosed {
            c.expected("`{` and the layer's properties");
        }
        return LayerNode { keyword, text, properties };
    }
    while !c.take('}') {
        let is_closed = !(c.peek().kind == TokenKind::End || c.at_layer());
        if !is_closed {
            c.report(Diagnostic::new(Code::UnclosedBlock, open, "this `{` has no `}`"));
            break;
        }
        property(c, &mut properties);
    }
    LayerNode { keyword, text, properties }
}

fn property(c: &mut Cursor<'_>, properties: &mut Vec<PropertyNode>) {
    let token = c.peek();
    if token.kind != TokenKind::Word {
        c.expected("a property");
        while !matches!(c.peek().kind, TokenKind::Word | TokenKind::End | TokenKind::Sign('}')) {
            c.skip_balanced();
        }
        return;
    }
    let name = c.named(token);
    c.bump();
    if !c.take('=') {
        c.expected(&format!("`=` after `{}`", name.name));
        // `size 3%w` is plainly meant as a property; a lone word is not.
        let is_value = match c.peek().kind {
            TokenKind::Word => !c.at_property() && !c.at_layer(),
            kind => matches!(kind, TokenKind::Number { .. } | TokenKind::Color | TokenKind::Text { .. }),
        };
        if !is_value {
            return;
        }
    }
    let mut property = PropertyNode { name, values: Vec::new(), has_hole: false };
    while !matches!(c.peek().kind, TokenKind::End | TokenKind::Sign('}')) && !c.at_property() && !c.at_layer() {
        match value(c) {
            Some(value) => property.values.push(value),
            None => property.has_hole = true,
        }
    }
    if property.values.is_empty() && !property.has_hole {
        c.expected(&format!("a value for `{}`", property.name.name));
        property.has_hole = true;
    }
    properties.push(property);
}

/// Reads one value; where that fails it reports, steps over the rest of the property's values and gives nothing.
fn value(c: &mut Cursor<'_>) -> Option<ValueNode> {
    let token = c.peek();
    let next = c.ahead(1);
    let touches = next.span.start == token.span.end;
    let (value, span) = match token.kind {
        TokenKind::Word if next.kind == TokenKind::Sign('(') => return later_expression(c, token),
        TokenKind::Word => (Value::Word(c.slice(token.span).to_owned()), token.span),
        TokenKind::Number { digits } => (number(c, token, digits, false)?, token.span),
        TokenKind::Sign('-') if touches && matches!(next.kind, TokenKind::Number { .. }) => {
            c.bump();
            let TokenKind::Number { digits } = next.kind else { return None };
            (number(c, next, digits, true)?, token.span.to(next.span))
        }
        TokenKind::Color => {
            let Some(color) = Color::from_hex(&c.slice(token.span)[1..]) else {
                let message = format!("{} is no colour", c.describe(token));
                let hint = "a colour is `#rgb`, `#rgba`, `#rrggbb` or `#rrggbbaa`";
                c.report(Diagnostic::new(Code::BadColor, token.span, message).hint(hint));
                c.bump();
                return None;
            };
            (Value::Color(color), token.span)
        }
        TokenKind::Text { closed } => (Value::Text(plain_text(c, token, closed)), token.span),
        TokenKind::Sign('-') if touches && next.kind == TokenKind::Word => {
            let message = "expected a value, found `-`";
            let hint = "words are joined by `_`, as in `bottom_right`";
            c.report(Diagnostic::new(Code::Unexpected, token.span, message).hint(hint));
            c.skip_values();
            return None;
        }
        TokenKind::Sign('+' | '-' | '*' | '/' | '%' | '<' | '>' | '!' | '&' | '|' | '(' | '[') => {
            return later_expression(c, token);
        }
        _ => {
            c.expected("a value");
            c.skip_balanced();
            c.skip_values();
            return None;
        }
    };
    c.bump();
    Some(ValueNode { value, span })
}

fn later_expression(c: &mut Cursor<'_>, token: Token) -> Option<ValueNode> {
    let message = "calculated values are not in this release";
    let hint = "write the value out";
    c.report(Diagnostic::new(Code::NotInThisRelease, token.span, message).hint(hint));
    c.skip_values();
    None
}

fn number(c: &mut Cursor<'_>, token: Token, digits: usize, is_negative: bool) -> Option<Value> {
    let (number, unit) = c.slice(token.span).split_at(digits);
    // Digits alone always parse; hundreds of them give infinity, which no property has a use for.
    match number.parse::<f64>() {
        Ok(number) if number.is_finite() => {
            Some(Value::Number { number: if is_negative { -number } else { number }, unit: unit.to_owned() })
        }
        _ => {
            c.report(Diagnostic::new(Code::OutOfRange, token.span, "this number is too large"));
            c.bump();
            None
        }
    }
}

fn plain_text(c: &mut Cursor<'_>, token: Token, closed: bool) -> String {
    let (inside, at) = inside(c, token, closed);
    interpolation::plain(inside, at, &mut c.diagnostics)
}

/// What stands between the quotes, and where it begins.
fn inside<'a>(c: &mut Cursor<'a>, token: Token, closed: bool) -> (&'a str, usize) {
    let at = token.span.start + 1;
    if !closed {
        let message = "this text has no closing `\"` on its line";
        c.report(Diagnostic::new(Code::UnterminatedText, token.span, message));
    }
    let end = token.span.end - usize::from(closed);
    (c.slice(Span::new(at, end)), at)
}
