//! Tokens to a tree. Always a tree, and every mistake that can be told from the form alone.

use crate::{
    Ast, Code, Diagnostic, IncludeNode, Item, LayerNode, LetNode, Named, Span, TemplateNode, WhenNode,
    grammar::{BLOCKS, LAYERS},
    lexer::TokenKind,
    limits::MAX_SOURCE_BYTES,
    parse_property::{block, plain_text, property, text_node},
    parse_value::value,
    recovery::Cursor,
    suggest::nearest,
};

/// Reads a source.
///
/// The tree has holes where something could not be read. The diagnostics come in the order of the source; the tree
/// remembers them, so that [`crate::compile`] reports them with its own. Time and memory grow with the source's
/// length, which [`crate::limits`] bounds.
pub fn parse(source: &str) -> (Ast, Vec<Diagnostic>) {
    if source.len() > MAX_SOURCE_BYTES {
        let mut cursor = Cursor::new(source, Span::new(0, 0));
        let message = format!("the template is {} bytes long; at most {MAX_SOURCE_BYTES} are read", source.len());
        cursor.report(Diagnostic::new(Code::SourceTooLong, Span::new(0, 0), message));
        let diagnostics = cursor.diagnostics;
        return (Ast { template: None, diagnostics: diagnostics.clone() }, diagnostics.into_sorted());
    }
    let (template, cursor) = parse_unbounded(source);
    let diagnostics = cursor.diagnostics;
    (Ast { template, diagnostics: diagnostics.clone() }, diagnostics.into_sorted())
}

fn parse_unbounded(source: &str) -> (Option<TemplateNode>, Cursor<'_>) {
    let mut cursor = Cursor::new(source, Span::new(0, source.len()));
    (file(&mut cursor), cursor)
}

fn file(c: &mut Cursor<'_>) -> Option<TemplateNode> {
    if !c.sees_word("template") {
        let first = c.peek();
        let word = if first.kind == TokenKind::Word { c.slice(first.span) } else { "" };
        let message = format!("expected `template`, found {}", c.describe(first));
        let otherwise = || Some("a file is `template \"name\" { … }`".to_owned());
        let diagnostic = Diagnostic::new(Code::Unexpected, first.span, message);
        c.report(diagnostic.meant(nearest(word, ["template"]), otherwise));
        // A misspelt word is still meant; anything else is stepped over up to the real one.
        let is_misspelt = matches!(c.ahead(1).kind, TokenKind::Text { .. } | TokenKind::Sign('{'));
        while !(c.sees_word("template") || c.peek().kind == TokenKind::End || is_misspelt) {
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
    let name = name(c, "the template's name in quotes");
    let items = items(c, "`{`");
    TemplateNode { name, items, span }
}

/// A name in quotes; braces in it are braces.
fn name(c: &mut Cursor<'_>, what: &str) -> Option<Named> {
    match c.peek().kind {
        TokenKind::Text { closed } => {
            let token = c.bump();
            Some(Named { name: plain_text(c, token, closed), span: token.span })
        }
        _ => {
            c.expected(what);
            None
        }
    }
}

/// `{ … }` with entries in it.
fn items(c: &mut Cursor<'_>, what: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let open = c.peek().span;
    if !c.take('{') {
        c.expected(what);
        return items;
    }
    while !c.take('}') {
        if c.peek().kind == TokenKind::End {
            c.report(Diagnostic::new(Code::UnclosedBlock, open, "this `{` has no `}`"));
            break;
        }
        items.extend(item(c));
    }
    items
}

fn item(c: &mut Cursor<'_>) -> Option<Item> {
    let token = c.peek();
    if token.kind != TokenKind::Word {
        c.expected("a layer");
        // One report for a run of such tokens.
        while !matches!(c.peek().kind, TokenKind::Word | TokenKind::End | TokenKind::Sign('}')) {
            c.skip_balanced();
        }
        return None;
    }
    if c.at_property() {
        return property(c).map(Item::Property);
    }
    let keyword = c.named(token);
    c.bump();
    match keyword.name.as_str() {
        "when" => when(c, keyword.span).map(Item::When),
        "skip" => Some(Item::Skip(keyword.span)),
        "let" => constant(c, keyword.span).map(Item::Let),
        "include" => {
            let name = name(c, "the other template's name in quotes");
            Some(Item::Include(IncludeNode { span: keyword.span, name }))
        }
        "else" => {
            let message = "this `else` has no `when` before it";
            c.report(Diagnostic::new(Code::Unexpected, keyword.span, message));
            c.skip_layer();
            None
        }
        "tile" => {
            let next = c.peek();
            let is_layer = next.kind == TokenKind::Word && LAYERS.contains(&c.slice(next.span));
            if !is_layer {
                c.expected("the layer to repeat");
                c.skip_layer();
                return None;
            }
            c.bump();
            let repeated = c.named(next);
            if repeated.name == "tile" {
                let message = "a tile cannot be repeated by another one";
                c.report(Diagnostic::new(Code::NotHere, repeated.span, message));
                c.skip_layer();
                return None;
            }
            Some(Item::Layer(layer(c, Some(keyword.span), repeated)))
        }
        word if LAYERS.contains(&word) => Some(Item::Layer(layer(c, None, keyword))),
        word if BLOCKS.contains(&word) => Some(Item::Block(layer(c, None, keyword))),
        _ => {
            c.skip_layer();
            Some(Item::UnknownLayer(keyword))
        }
    }
}

fn constant(c: &mut Cursor<'_>, span: Span) -> Option<LetNode> {
    let token = c.peek();
    if token.kind != TokenKind::Word {
        c.expected("the constant's name");
        c.skip_values();
        return None;
    }
    let name = c.named(token);
    c.bump();
    if !c.take('=') {
        c.expected(&format!("`=` after `{}`", name.name));
        c.skip_values();
        return Some(LetNode { span, name, value: None });
    }
    let value = value(c);
    if value.is_none() {
        c.skip_values();
    }
    Some(LetNode { span, name, value })
}

fn when(c: &mut Cursor<'_>, span: Span) -> Option<WhenNode> {
    let condition = value(c);
    if condition.is_none() {
        c.skip_values();
    }
    let nested = |c: &mut Cursor<'_>| c.descend_block(|c| Some(items(c, "`{` after the condition")));
    let then = nested(c).unwrap_or_default();
    let mut otherwise = Vec::new();
    if c.sees_word("else") {
        c.bump();
        if c.sees_word("when") {
            let token = c.bump();
            otherwise.extend(c.descend_block(|c| when(c, token.span)).map(Item::When));
        } else {
            otherwise = nested(c).unwrap_or_default();
        }
    }
    Some(WhenNode { span, condition, then, otherwise })
}

fn layer(c: &mut Cursor<'_>, tile: Option<Span>, keyword: Named) -> LayerNode {
    let wanted = match keyword.name.as_str() {
        "text" => Some("the text in quotes"),
        "image" => Some("the picture's name in quotes"),
        _ => None,
    };
    let text = match c.peek().kind {
        TokenKind::Text { closed } => {
            let token = c.bump();
            let text = text_node(c, token, closed);
            if wanted.is_none() {
                let message = format!("`{}` has no text of its own", keyword.name);
                let hint = match keyword.name.as_str() {
                    "qr" | "fingerprint" => Some("what it says is its `payload`".to_owned()),
                    _ => None,
                };
                c.report(Diagnostic::new(Code::Unexpected, token.span, message).maybe_hint(hint));
            }
            Some(text)
        }
        _ => {
            if let Some(wanted) = wanted {
                c.expected(wanted);
            }
            None
        }
    };
    let properties = block(c, text.as_ref());
    LayerNode { tile, keyword, text, properties }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(source: &str) -> usize {
        parse_unbounded(source).1.work()
    }

    #[test]
    fn work_grows_with_the_source_and_no_faster() {
        // Each of these would show a parser that goes back.
        let units = [
            "{",
            "}",
            "(",
            "[",
            "\"",
            "'",
            "\"{",
            "{a",
            "a=",
            "a ",
            "#",
            "1",
            "\\",
            "text \"{{{",
            "when ",
            "when a {",
            "else ",
            "size=1px ",
            "é",
            "//",
            "a(",
            "a+",
            "-",
            "not ",
            "1 -",
            "tile ",
            "let a=",
            "include ",
            "\"{'",
            "[a,",
            "{\"",
            "a.b.",
            "qr{",
            "text\"\"{size=",
            "output{keep=[",
            "a==",
            "{a:",
            "\\u{",
            "skip ",
            "and ",
        ];
        for unit in units {
            for (before, after) in [
                ("", ""),
                ("template \"t\" {", ""),
                ("template \"t\" { text \"a\" {", ""),
                ("template \"t\" { text \"a\" { size = ", "}"),
                ("template \"t\" { text \"", "\" {} }"),
                ("template \"t\" { text \"{", "}\" {} }"),
                ("template \"t\" { when ", "{} }"),
            ] {
                let source = |bytes: usize| format!("{before}{}{after}", unit.repeat(bytes / unit.len()));
                let (half, whole) = (work(&source(1 << 14)), work(&source(1 << 15)));
                assert!(whole <= 2 * half + half / 50 + 1_000, "{before}{unit}: {half} steps became {whole}");
            }
            // A whole MiB, a few dozen looks a byte at the most.
            let steps = work(&format!("template \"t\" {{ text \"a\" {{ {}", unit.repeat((1 << 20) / unit.len())));
            assert!(steps <= 40 << 20, "{unit}: {steps} steps");
        }
    }
}
