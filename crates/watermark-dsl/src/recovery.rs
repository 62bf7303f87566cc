//! The parser's hands: looking at tokens, and stepping over what cannot be read without losing count of braces.

use crate::{
    Code, Diagnostic, Named, Span,
    diagnostic::Diagnostics,
    lexer::{Token, TokenKind},
    limits::MAX_NESTING,
};

/// Layers that this release draws.
pub(crate) const LAYERS: [&str; 1] = ["text"];

/// Entries of the full language that this release does not have.
pub(crate) const LATER: [&str; 6] = ["image", "tile", "qr", "fingerprint", "when", "output"];

/// A place in the token list.
pub(crate) struct Cursor<'a> {
    source: &'a str,
    tokens: &'a [Token],
    at: usize,
    pub(crate) diagnostics: Diagnostics,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(source: &'a str, tokens: &'a [Token]) -> Self {
        Self { source, tokens, at: 0, diagnostics: Diagnostics::default() }
    }

    pub(crate) fn peek(&self) -> Token {
        self.ahead(0)
    }

    /// The token that many places on; past the end it is `End` again.
    pub(crate) fn ahead(&self, places: usize) -> Token {
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

    /// Whether a property begins here: a word and `=`.
    pub(crate) fn at_property(&self) -> bool {
        self.peek().kind == TokenKind::Word && self.ahead(1).kind == TokenKind::Sign('=')
    }

    /// Whether a layer begins here: one of its words, and what comes after such a word.
    pub(crate) fn at_layer(&self) -> bool {
        let token = self.peek();
        let word = self.slice(token.span);
        let known = LAYERS.contains(&word) || LATER.contains(&word);
        let next = self.ahead(1).kind;
        token.kind == TokenKind::Word
            && known
            && matches!(next, TokenKind::Text { .. } | TokenKind::Sign('{') | TokenKind::Word)
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
            TokenKind::End => "the end of the file".to_owned(),
            TokenKind::Text { .. } => "a text".to_owned(),
            TokenKind::Number { .. } => format!("the number `{shown}`"),
            _ => format!("`{shown}`"),
        }
    }

    /// Steps over one token, or over everything up to the partner of an opening one.
    pub(crate) fn skip_balanced(&mut self) {
        let mut depth = 0_usize;
        loop {
            let token = self.peek();
            match token.kind {
                TokenKind::End => return,
                TokenKind::Sign('{' | '(' | '[') => {
                    depth += 1;
                    if depth == MAX_NESTING + 1 {
                        let message = format!("nested deeper than {MAX_NESTING}");
                        self.report(Diagnostic::new(Code::NestedTooDeep, token.span, message));
                    }
                }
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
                _ if self.at_property() => return,
                _ => self.skip_balanced(),
            }
        }
    }

    /// Steps over the rest of the block that we are in, but not over its closing brace.
    pub(crate) fn skip_block(&mut self) {
        while !matches!(self.peek().kind, TokenKind::End | TokenKind::Sign('}')) {
            self.skip_balanced();
        }
    }

    /// Steps over values that are not looked at: up to the next property, layer or closing brace.
    pub(crate) fn skip_values(&mut self) {
        while !matches!(self.peek().kind, TokenKind::End | TokenKind::Sign('}'))
            && !self.at_property()
            && !self.at_layer()
        {
            self.skip_balanced();
        }
    }
}
