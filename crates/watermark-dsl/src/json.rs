//! Diagnostics for editors.

use serde::Serialize;

use crate::{Diagnostic, Severity, Span};

/// Where something begins or ends. Lines and columns count from 1, offsets from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Position {
    /// Bytes from the start of the source.
    offset: usize,
    line: usize,
    /// In bytes of UTF-8.
    column: usize,
    /// In units of UTF-16, as editors in a browser count.
    column_utf16: usize,
}

#[derive(Serialize)]
struct Replacement<'a> {
    start: Position,
    end: Position,
    replacement: &'a str,
}

#[derive(Serialize)]
struct Report<'a> {
    /// Name of the source, or of the included template.
    source: &'a str,
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    start: Position,
    end: Position,
    /// In bytes.
    length: usize,
    hints: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<Replacement<'a>>,
}

/// Diagnostics as a JSON array, for editors.
///
/// Each is an object with `source` (the name given here, or that of the included template that it is about), `code`,
/// `severity` (`error` or `warning`), `message`, `start` and `end` (`offset` in bytes from 0; `line`, `column` in bytes
/// and `column_utf16` from 1), `length` in bytes, `hints`, and `suggestion` (`start`, `end`, `replacement`) where it is
/// known what was meant.
pub fn diagnostics_to_json(source: &str, name: &str, diagnostics: &[Diagnostic]) -> String {
    let reports: Vec<Report<'_>> = diagnostics
        .iter()
        .map(|diagnostic| {
            let (source, name) = match &diagnostic.included {
                Some(included) => (included.source.as_str(), included.name.as_str()),
                None => (source, name),
            };
            let ends = |span: Span| (position(source, span.start), position(source, span.end));
            let (start, end) = ends(diagnostic.span);
            let suggestion = diagnostic.suggestion.as_ref().map(|suggestion| {
                let (start, end) = ends(suggestion.span);
                Replacement { start, end, replacement: &suggestion.replacement }
            });
            Report {
                source: name,
                code: diagnostic.code.as_str(),
                severity: match diagnostic.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
                message: &diagnostic.message,
                start,
                end,
                length: end.offset - start.offset,
                hints: &diagnostic.hints,
                suggestion,
            }
        })
        .collect();
    // Strings and numbers always become JSON.
    serde_json::to_string(&reports).unwrap_or_else(|_| "[]".to_owned())
}

fn position(source: &str, offset: usize) -> Position {
    let before = &source[..source.floor_char_boundary(offset.min(source.len()))];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let on_line = &before[line_start..];
    Position { offset: before.len(), line, column: on_line.len() + 1, column_utf16: on_line.encode_utf16().count() + 1 }
}
