//! A mistake as a value: what, where, and what to do about it.

use std::{fmt, ops::Range, sync::Arc};

use crate::{Code, Severity, limits::MAX_DIAGNOSTICS};

/// A range of bytes in the source, `start..end`, on character boundaries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes from `start` up to `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// From the start of this one to the end of the other.
    pub const fn to(self, other: Span) -> Span {
        Span { start: self.start, end: if other.end > self.start { other.end } else { self.start } }
    }

    /// As a range, to cut the source with.
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// An included template, for the mistakes in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncludedSource {
    /// The name that it was included by.
    pub name: String,
    /// Its source, which the diagnostic's span counts in.
    pub source: String,
}

/// What to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What is replaced.
    pub span: Span,
    /// By what.
    pub replacement: String,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// Where in the source.
    pub span: Span,
    /// The included template that `span` counts in; none is the source itself.
    pub included: Option<Arc<IncludedSource>>,
    /// One sentence without a full stop.
    pub message: String,
    /// What to do about it, if that is known.
    pub hints: Vec<String>,
    /// What an editor can put in its place, if that is known.
    pub suggestion: Option<Suggestion>,
}

impl Diagnostic {
    pub(crate) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        let severity = code.severity();
        Self { code, severity, span, included: None, message: message.into(), hints: Vec::new(), suggestion: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub(crate) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hints.extend(hint);
        self
    }

    pub(crate) fn replace(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.suggestion = Some(Suggestion { span, replacement: replacement.into() });
        self
    }

    /// "Did you mean …?" for the word at the diagnostic's place, or the other hint where nothing is near.
    pub(crate) fn meant(self, meant: Option<&str>, otherwise: impl FnOnce() -> Option<String>) -> Self {
        match meant {
            Some(meant) => {
                let span = self.span;
                self.hint(format!("did you mean `{meant}`?")).replace(span, meant)
            }
            None => self.maybe_hint(otherwise()),
        }
    }
}

/// Collects mistakes up to the limit, so that 64 KiB of nonsense cannot ask for 64 thousand messages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Diagnostics {
    list: Vec<Diagnostic>,
    first_left_out: Option<Diagnostic>,
}

impl Diagnostics {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if self.list.len() < MAX_DIAGNOSTICS {
            self.list.push(diagnostic);
        } else if self.first_left_out.is_none() {
            self.first_left_out = Some(diagnostic);
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.first_left_out.is_some() || self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// Takes over what an included template reported.
    pub(crate) fn adopt(&mut self, others: Vec<Diagnostic>, from: &Arc<IncludedSource>) {
        for other in others {
            let included = other.included.or_else(|| Some(Arc::clone(from)));
            self.push(Diagnostic { included, ..other });
        }
    }

    /// In the order of the source, those of the included ones behind; what was left out is said last.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        // Of the included ones the order is that of their includes, which the stable sort leaves alone.
        self.list.sort_by_key(|d| if d.included.is_some() { (1, Span::new(0, 0)) } else { (0, d.span) });
        if let Some(Diagnostic { span, included, .. }) = self.first_left_out {
            let message = format!("more than {MAX_DIAGNOSTICS} mistakes; the others are not shown");
            let last = Diagnostic::new(Code::TooManyMistakes, span, message);
            self.list.push(Diagnostic { included, ..last });
        }
        self.list
    }
}
