//! The parser's hands: looking at tokens, and stepping over what cannot be read without losing count of braces.

use std::cell::Cell;

use crate::{
    Code, Diagnostic, Named, Span,
    diagnostic::Diagnostics,
    grammar::{BLOCKS, LAYERS, OTHERS},
    lexer::{Token, TokenKind, tokens},
    limits::MAX_NESTING,
};

/// A place in the token list.
pub(crate) struct Cursor<'a> {
    source: &'a str,
    tokens: Vec<Token>,
    at: usize,
    /// How many parentheses and brackets are open around this place.
    depth: usize,
    /// How many conditions are open around this place.
    blocks: usize,
    /// Whether several values may stand side by side, so that ` -3px` begins a new one.
    pub(crate) is_list_of_values: bool,
    pub(crate) diagnostics: Diagnostics,
    /// Looks at tokens and at bytes of texts so far, for the test that they grow with the source only.
    work: Cell<usize>,
}

impl<'a> Cursor<'a> {
    /// A cursor over a part of the source.
    pub(crate) fn new(source: &'a str, part: Span) -> Self {
        Self {
            source,
            tokens: tokens(source, part),
            at: 0,
            depth: 0,
            blocks: 0,
            is_list_of_values: false,
            diagnostics: Diagnostics::default(),
            work: Cell::new(0),
        }
    }

    /// Reads a part of the source that stands in a text, as an interpolation does.
    pub(crate) fn within<T>(&mut self, part: Span, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer_tokens = std::mem::replace(&mut self.tokens, tokens(self.source, part));
        let outer = (self.at, self.depth, self.is_list_of_values);
        (self.at, self.depth, self.is_list_of_values) = (0, 0, false);
        let result = read(self);
        self.tokens = outer_tokens;
        (self.at, self.depth, self.is_list_of_values) = outer;
        result
    }

    pub(crate) fn count_work(&self, steps: usize) {
        self.work.set(self.work.get() + steps);
    }

    #[cfg(test)]
    pub(crate) fn work(&self) -> usize {
        self.work.get()
    }

    pub(crate) fn peek(&self) -> Token {
        self.ahead(0)
    }

    /// The token that many places on; past the end it is `End` again.
    pub(crate) fn ahead(&self, places: usize) -> Token {
        self.count_work(1);
        self.tokens[(self.at + places).min(self.tokens.len() - 1)]
    }

    pub(crate) fn bump(&mut self) -> Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    pub(crate) fn slice(&self, span: Span) -> &'a str {
        &self.source[span.range()]
    }

    pub(crate) fn named(&self, token: Token) -> Named {
        Named { name: self.slice(token.span).to_owned(), span: token.span }
    }

    pub(crate) fn sees(&self, sign: char) -> bool {
        self.peek().kind == TokenKind::Sign(sign)
    }

    pub(crate) fn take(&mut self, sign: char) -> bool {
        let found = self.sees(sign);
        self.at += usize::from(found);
        found
    }

    /// Whether this word stands here.
    pub(crate) fn sees_word(&self, word: &str) -> bool {
        let token = self.peek();
        token.kind == TokenKind::Word && self.slice(token.span) == word
    }

    /// Whether a property begins here: a word and `=`.
    pub(crate) fn at_property(&self) -> bool {
        self.peek().kind == TokenKind::Word && self.ahead(1).kind == TokenKind::Sign('=')
    }

    /// Whether a layer or another entry begins here: one of their words, and what comes after such a word.
    pub(crate) fn at_item(&self) -> bool {
        let token = self.peek();
        if token.kind != TokenKind::Word {
            return false;
        }
        let word = self.slice(token.span);
        let known = LAYERS.contains(&word) || BLOCKS.contains(&word) || OTHERS.contains(&word);
        known && matches!(self.ahead(1).kind, TokenKind::Text { .. } | TokenKind::Sign('{') | TokenKind::Word)
    }

    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Reports that something else belongs here.
    pub(crate) fn expected(&mut self, what: &str) {
        let token = self.peek();
        let message = format!("expected {what}, found {}", self.describe(token));
        self.report(Diagnostic::new(Code::Unexpected, token.span, message));
    }

    pub(crate) fn describe(&self, token: Token) -> String {
        let shown: String = self.slice(token.span).chars().take(40).flat_map(char::escape_debug).collect();
        match token.kind {
            // The end of a part is the end of a text.
            TokenKind::End if token.span.end < self.source.len() => "the end of it".to_owned(),
            TokenKind::End => "the end of the file".to_owned(),
            TokenKind::Text { .. } => "a text".to_owned(),
            TokenKind::Number { .. } => format!("the number `{shown}`"),
            _ => format!("`{shown}`"),
        }
    }

    /// Goes into parentheses; where that is too deep it reports and steps over what is below.
    pub(crate) fn descend<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.is_too_deep(self.depth) {
            return None;
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Goes into a block of entries, as [`Self::descend`].
    pub(crate) fn descend_block<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.is_too_deep(self.blocks) {
            return None;
        }
        self.blocks += 1;
        let result = read(self);
        self.blocks -= 1;
        result
    }

    fn is_too_deep(&mut self, depth: usize) -> bool {
        if depth < MAX_NESTING {
            return false;
        }
        let token = self.peek();
        let message = format!("nested deeper than {MAX_NESTING}");
        self.report(Diagnostic::new(Code::NestedTooDeep, token.span, message));
        self.skip_balanced();
        true
    }

    /// Steps over one token, or over everything up to the partner of an opening one.
    pub(crate) fn skip_balanced(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.peek().kind {
                TokenKind::End => return,
                TokenKind::Sign('{' | '(' | '[') => depth += 1,
                // A stray closing brace belongs to whoever opened it.
                TokenKind::Sign('}') if depth == 0 => return,
                TokenKind::Sign('}' | ')' | ']') => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.bump();
            if depth == 0 {
                return;
            }
        }
    }

    /// Steps over the rest of a layer that is not looked at: up to its block, and the block.
    pub(crate) fn skip_layer(&mut self) {
        loop {
            match self.peek().kind {
                TokenKind::Sign('{') => return self.skip_balanced(),
                TokenKind::End | TokenKind::Sign('}') => return,
                _ if self.at_property() || self.at_item() => return,
                _ => self.skip_balanced(),
            }
        }
    }

    /// Steps over values that are not looked at: up to the next property, layer or brace.
    pub(crate) fn skip_values(&mut self) {
        while !matches!(self.peek().kind, TokenKind::End | TokenKind::Sign('{' | '}'))
            && !self.at_property()
            && !self.at_item()
        {
            self.skip_balanced();
        }
    }
}
