//! One way to lay a source out, comments and all. Only white space changes, so the meaning cannot.

use std::collections::BTreeMap;

use crate::{
    Diagnostic, Item, PropertyNode, Severity, Span,
    lexer::{Token, TokenKind, with_comments},
    parse,
};

/// Longest line on which a block is left in one line, in characters.
const MAX_LINE_CHARS: usize = 120;

/// Lays a source out: one entry a line, two spaces a level, one space around signs.
///
/// A block that was written in one line stays in one if it fits into 120 characters. Comments and single empty lines
/// stay where they are. Formatting again changes nothing, and the result means the same.
///
/// # Errors
/// The mistakes of the form, as [`parse`] reports them; what only the check finds does not matter here.
pub fn fmt(source: &str) -> Result<String, Vec<Diagnostic>> {
    let (ast, mistakes) = parse(source);
    if mistakes.iter().any(|mistake| mistake.severity == Severity::Error) {
        return Err(mistakes);
    }
    let mut starts = BTreeMap::new();
    if let Some(template) = &ast.template {
        starts.insert(template.span.start, Start::Entry);
        entries(&template.items, &mut starts);
    }
    let tokens = with_comments(source, Span::new(0, source.len()));
    let page = Page { source, tokens: &tokens, starts: &starts, partners: &partners(&tokens) };
    let mut writer = Writer::new(&page);
    (0..tokens.len()).for_each(|at| writer.token(at));
    let mut out = writer.out;
    out.truncate(out.trim_end().len());
    out.push('\n');
    Ok(out)
}

/// What begins at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Entry,
    Property,
}

/// Collects where entries and properties begin, by their first byte.
fn entries(items: &[Item], starts: &mut BTreeMap<usize, Start>) {
    for item in items {
        let span = match item {
            Item::Layer(layer) | Item::Block(layer) => {
                layer.properties.iter().for_each(|each| property(each, starts));
                layer.tile.unwrap_or(layer.keyword.span)
            }
            Item::When(when) => {
                entries(&when.then, starts);
                entries(&when.otherwise, starts);
                when.span
            }
            Item::Skip(span) => *span,
            Item::Let(constant) => constant.span,
            Item::Include(include) => include.span,
            Item::Property(each) => {
                property(each, starts);
                continue;
            }
            Item::UnknownLayer(named) => named.span,
        };
        starts.insert(span.start, Start::Entry);
    }
}

fn property(property: &PropertyNode, starts: &mut BTreeMap<usize, Start>) {
    starts.insert(property.name.span.start, Start::Property);
}

/// For each opening brace the place of its closing one.
fn partners(tokens: &[Token]) -> BTreeMap<usize, usize> {
    let mut open = Vec::new();
    let mut partners = BTreeMap::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Sign('{') => open.push(at),
            TokenKind::Sign('}') => drop(open.pop().map(|start| partners.insert(start, at))),
            _ => {}
        }
    }
    partners
}

/// What is laid out.
struct Page<'a> {
    source: &'a str,
    tokens: &'a [Token],
    starts: &'a BTreeMap<usize, Start>,
    partners: &'a BTreeMap<usize, usize>,
}

impl Page<'_> {
    fn text(&self, at: usize) -> &str {
        &self.source[self.tokens[at].span.range()]
    }

    fn is(&self, at: usize, sign: char) -> bool {
        self.tokens[at].kind == TokenKind::Sign(sign)
    }

    /// What stands between a token and the one before it.
    fn gap(&self, at: usize) -> &str {
        let before = at.checked_sub(1).map_or(0, |before| self.tokens[before].span.end);
        &self.source[before..self.tokens[at].span.start]
    }

    fn start(&self, at: usize) -> Option<Start> {
        // An `else when` stays on the line of its `else`.
        let is_chained = at > 0 && self.text(at - 1) == "else";
        self.starts.get(&self.tokens[at].span.start).copied().filter(|_| !is_chained)
    }

    /// Whether a value ends with this token.
    fn ends_value(&self, at: usize) -> bool {
        match self.tokens[at].kind {
            TokenKind::Word => !matches!(self.text(at), "and" | "or" | "not") && self.start(at) != Some(Start::Entry),
            TokenKind::Number { .. } | TokenKind::Color | TokenKind::Text { .. } => true,
            TokenKind::Sign(sign) => matches!(sign, ')' | ']'),
            _ => false,
        }
    }
}

struct Writer<'a> {
    page: &'a Page<'a>,
    out: String,
    /// Characters on the line that is being written.
    line_chars: usize,
    /// Whether each open block stays in one line.
    blocks: Vec<bool>,
    /// Whether we are in the values of a property, where ` -1px` begins a new one.
    is_property: bool,
    parentheses: usize,
    /// Whether the token before is the sign of a number, which it touches.
    is_after_sign: bool,
}

impl<'a> Writer<'a> {
    fn new(page: &'a Page<'a>) -> Self {
        Self {
            page,
            out: String::new(),
            line_chars: 0,
            blocks: Vec::new(),
            is_property: false,
            parentheses: 0,
            is_after_sign: false,
        }
    }

    fn write(&mut self, text: &str) {
        self.out.push_str(text);
        self.line_chars += text.chars().count();
    }

    /// Begins a line, after an empty one where the source has one.
    fn line(&mut self, at: usize, more: usize, may_be_apart: bool) {
        if self.out.is_empty() {
            return;
        }
        let is_apart = may_be_apart && self.page.gap(at).matches('\n').count() > 1;
        self.out.push_str(if is_apart { "\n\n" } else { "\n" });
        self.line_chars = 0;
        self.write(&"  ".repeat(self.blocks.len() + more));
    }

    fn token(&mut self, at: usize) {
        let page = self.page;
        let token = page.tokens[at];
        let opened = at > 0 && page.is(at - 1, '{');
        let is_after_comment = at > 0 && page.tokens[at - 1].kind == TokenKind::Comment;
        let start = page.start(at);
        if let Some(start) = start {
            self.is_property = start == Start::Property;
            self.parentheses = 0;
        }
        match token.kind {
            TokenKind::End => return,
            TokenKind::Comment => {
                if is_after_comment || at == 0 || page.gap(at).contains('\n') {
                    self.line(at, 0, !opened);
                } else {
                    self.write("  ");
                }
                return self.write(page.text(at).trim_end());
            }
            TokenKind::Sign('}') => {
                let is_one_line = self.blocks.pop().unwrap_or(true);
                self.is_property = false;
                if is_one_line && !is_after_comment { self.write(" ") } else { self.line(at, 0, false) }
            }
            TokenKind::Sign('{') => {
                if is_after_comment {
                    self.line(at, 1, false)
                } else {
                    self.space(at)
                }
            }
            _ if start.is_some() => {
                if self.blocks.last() == Some(&true) && !is_after_comment {
                    self.write(if opened { " " } else { "  " });
                } else {
                    self.line(at, 0, !opened);
                }
            }
            // In the middle of something that a comment has cut.
            _ if is_after_comment => self.line(at, usize::from(page.text(at) != "else"), false),
            _ => self.space(at),
        }
        let is_sign = token.kind == TokenKind::Sign('-') && self.is_sign(at);
        if token.kind == TokenKind::Sign('{') {
            let is_one_line = self.fits(at);
            self.blocks.push(is_one_line);
        }
        self.parentheses = match token.kind {
            TokenKind::Sign('(' | '[') => self.parentheses + 1,
            TokenKind::Sign(')' | ']') => self.parentheses.saturating_sub(1),
            _ => self.parentheses,
        };
        self.write(page.text(at));
        self.is_after_sign = is_sign;
    }

    /// Whether a `-` is the sign of what follows, and not between two values.
    fn is_sign(&self, at: usize) -> bool {
        let begins_value = self.is_property
            && self.parentheses == 0
            && !self.page.gap(at).is_empty()
            && self.page.tokens.get(at + 1).is_some_and(|_| self.page.gap(at + 1).is_empty());
        at == 0 || !self.page.ends_value(at - 1) || begins_value
    }

    /// The space before a token that begins nothing.
    fn space(&mut self, at: usize) {
        let page = self.page;
        let Some(before) = at.checked_sub(1) else { return };
        let after_open = page.is(before, '(') || page.is(before, '[') || page.is(before, '.');
        let is_tight = match page.tokens[at].kind {
            TokenKind::Sign(',' | ')' | ']' | '.') => true,
            TokenKind::Sign('(') => {
                let is_name = page.tokens[before].kind == TokenKind::Word && page.ends_value(before);
                is_name && page.gap(at).is_empty()
            }
            _ => false,
        };
        if !(after_open || is_tight || self.is_after_sign) {
            self.write(" ");
        }
    }

    /// Whether the block that begins here stays in one line.
    fn fits(&self, at: usize) -> bool {
        let Some(end) = self.page.partners.get(&at).copied() else { return false };
        if end == at + 1 || self.blocks.last() == Some(&true) {
            return true;
        }
        let inside = self.page.tokens[at].span.end..self.page.tokens[end].span.start;
        if self.blocks.is_empty() || self.page.source[inside].contains('\n') {
            return false;
        }
        let mut trial = Writer { blocks: vec![true], ..Writer::new(self.page) };
        (at..=end).for_each(|at| trial.token(at));
        self.line_chars + trial.line_chars <= MAX_LINE_CHARS
    }
}
