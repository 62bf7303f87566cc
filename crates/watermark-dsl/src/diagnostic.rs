//! A mistake as a value: what, where, and what to do about it.

use std::{fmt, ops::Range};

use crate::limits::MAX_DIAGNOSTICS;

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

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The template cannot be used.
    Error,
    /// The template works, but probably not as meant.
    Warning,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// What kind of mistake it is. Tools match on this or on its text, never on a message; a code is not reused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code, for documents and for tests.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable code, `E` for errors and `W` for warnings.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

codes! {
    /// Something else belongs at this place.
    Unexpected = "E0001",
    /// A text in quotes has no end on its line.
    UnterminatedText = "E0002",
    /// A `{` has no `}`.
    UnclosedBlock = "E0003",
    /// The layer has no such property.
    UnknownProperty = "E0004",
    /// There is no such layer.
    UnknownLayer = "E0005",
    /// There is no such variable.
    UnknownVariable = "E0006",
    /// The property does not know this word.
    UnknownWord = "E0007",
    /// The value is of another type than the property takes.
    WrongValue = "E0008",
    /// A number has a unit that does not exist.
    UnknownUnit = "E0009",
    /// A number is too small or too large.
    OutOfRange = "E0010",
    /// A colour is not 3, 4, 6 or 8 hex digits.
    BadColor = "E0011",
    /// A property is given twice.
    DuplicateProperty = "E0012",
    /// The template, or a layer of it, would draw nothing.
    DrawsNothing = "E0013",
    /// A backslash or a brace in a text is not one of the known forms.
    BadEscape = "E0014",
    /// The template's name is empty, too long or has other characters than `a-z A-Z 0-9 _ - .`.
    BadName = "E0015",
    /// Part of the language, but not in this release.
    NotInThisRelease = "E0020",
    /// The source is longer than [`crate::limits::MAX_SOURCE_BYTES`].
    SourceTooLong = "E0030",
    /// More layers than [`crate::limits::MAX_LAYERS`].
    TooManyLayers = "E0031",
    /// A text is longer than [`crate::limits::MAX_TEXT_CHARS`].
    TextTooLong = "E0032",
    /// Nested deeper than [`crate::limits::MAX_NESTING`].
    NestedTooDeep = "E0033",
    /// More mistakes than [`crate::limits::MAX_DIAGNOSTICS`]; the rest is not shown.
    TooManyMistakes = "E0034",
    /// A mark so faint that it can hardly be seen.
    FaintMark = "W0001",
}

impl Code {
    /// Whether this refuses the template or only warns.
    pub const fn severity(self) -> Severity {
        match self {
            Self::FaintMark => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
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
    /// One sentence without a full stop.
    pub message: String,
    /// What to do about it, if that is known.
    pub hints: Vec<String>,
}

impl Diagnostic {
    pub(crate) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, severity: code.severity(), span, message: message.into(), hints: Vec::new() }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub(crate) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hints.extend(hint);
        self
    }
}

/// Collects mistakes up to the limit, so that 64 KiB of nonsense cannot ask for 64 thousand messages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Diagnostics {
    list: Vec<Diagnostic>,
    first_left_out: Option<Span>,
}

impl Diagnostics {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if self.list.len() < MAX_DIAGNOSTICS {
            self.list.push(diagnostic);
        } else if self.first_left_out.is_none() {
            self.first_left_out = Some(diagnostic.span);
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.first_left_out.is_some() || self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// In the order of the source; what was left out is said last.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|d| d.span);
        if let Some(span) = self.first_left_out {
            let message = format!("more than {MAX_DIAGNOSTICS} mistakes; the others are not shown");
            self.list.push(Diagnostic::new(Code::TooManyMistakes, span, message));
        }
        self.list
    }
}
