//! Diagnostics for people to read, in the way of rustc.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, normalize_untrusted_str};

use crate::{Diagnostic, Severity, limits::MAX_SOURCE_BYTES};

/// Prints diagnostics with the lines that they speak of, plain and without colour.
///
/// `name` is shown as the file's name; mistakes of an included template stand under its own. Control characters of the
/// source come out as pictures of themselves, so the result is safe for a terminal. Empty where there is nothing to
/// say.
pub fn render_diagnostics(source: &str, name: &str, diagnostics: &[Diagnostic]) -> String {
    let renderer = Renderer::plain();
    let reports: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| {
            let (source, name) = match &diagnostic.included {
                Some(included) => (included.source.as_str(), included.name.as_str()),
                None => (source, name),
            };
            // A source over the limit has one diagnostic, at its start; nothing behind that needs to be cut into lines.
            let source = &source[..source.floor_char_boundary(MAX_SOURCE_BYTES.min(source.len()))];
            let name = normalize_untrusted_str(name);
            let level = match diagnostic.severity {
                Severity::Error => Level::ERROR,
                Severity::Warning => Level::WARNING,
            };
            let start = source.floor_char_boundary(diagnostic.span.start);
            let end = source.floor_char_boundary(diagnostic.span.end).max(start);
            let snippet =
                Snippet::source(source).path(name.as_str()).annotation(AnnotationKind::Primary.span(start..end));
            let message = normalize_untrusted_str(&diagnostic.message);
            let mut group = level.primary_title(message).id(diagnostic.code.as_str()).element(snippet);
            for hint in &diagnostic.hints {
                group = group.element(Level::HELP.message(normalize_untrusted_str(hint)));
            }
            renderer.render(&[group])
        })
        .collect();
    if reports.is_empty() { String::new() } else { reports.join("\n\n") + "\n" }
}
