//! What a template names that is not there, and layers that cannot be drawn: found before any picture is.

use std::sync::Arc;

use sealmark_watermark_dsl::{Code, Diagnostic, IncludedSource, Layer, Severity, Span, Template, parse};

use crate::{
    Resources,
    uses::{Use, UseKind, uses},
};

/// Most names in a hint.
const MAX_NAMES: usize = 20;

/// What a template may name. What is none is not looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Available<'a> {
    /// Fonts.
    pub fonts: Option<&'a Resources>,
    /// Pictures.
    pub assets: Option<&'a Resources>,
    /// Names of the keys.
    pub keys: Option<&'a [&'a str]>,
}

/// Everything that a compiled template names and there is not, and layers that cannot be drawn yet, each where it stands:
/// every picture would fail. `included` are the names and texts of the templates that it includes.
pub fn missing(
    template: &Template,
    text: &str,
    included: &[(String, String)],
    available: Available<'_>,
) -> Vec<Diagnostic> {
    let places = Places::of(text, included);
    let mut mistakes = Vec::new();
    let mut miss = |names: Vec<&str>, known: Vec<&str>, kind: UseKind, code, what: &str, where_to: &str| {
        for name in names.into_iter().filter(|name| !known.contains(name)) {
            let hint = if known.is_empty() { where_to.to_owned() } else { listed(&known) };
            mistakes.push(places.diagnostic(kind, name, code, format!("there is no {what} `{name}`"), hint));
        }
    };
    if let Some(resources) = available.fonts {
        let known = resources.fonts.names().collect();
        miss(template.fonts(), known, UseKind::Font, Code::UnknownFont, "font", "there are no fonts");
    }
    if let Some(resources) = available.assets {
        let known = resources.assets.names().collect();
        let hint = "there are no pictures: name their folder";
        miss(template.images(), known, UseKind::Image, Code::UnknownPicture, "picture", hint);
    }
    if let Some(known) = available.keys {
        miss(template.keys(), known.to_vec(), UseKind::Key, Code::UnknownKey, "key", "there are no keys");
    }
    if template.layers().any(|layer| matches!(layer, Layer::Fingerprint(_))) {
        let message = "a fingerprint cannot be embedded yet".to_owned();
        let hint = "a later release will; until then pictures would go out without it".to_owned();
        mistakes.push(places.diagnostic(UseKind::Fingerprint, "", Code::CannotDraw, message, hint));
    }
    mistakes.sort_by_key(|mistake| (mistake.included.is_some(), mistake.span));
    mistakes
}

fn listed(known: &[&str]) -> String {
    let shown: Vec<String> = known.iter().take(MAX_NAMES).map(|name| format!("`{name}`")).collect();
    let more = known.len().saturating_sub(MAX_NAMES);
    let end = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("there {} {}{end}", if known.len() == 1 { "is" } else { "are" }, shown.join(", "))
}

/// Where names stand in a source and in what it includes.
struct Places {
    own: Vec<Use>,
    included: Vec<(Arc<IncludedSource>, Vec<Use>)>,
}

impl Places {
    fn of(text: &str, included: &[(String, String)]) -> Self {
        let included = included.iter().map(|(name, text)| {
            let other = IncludedSource { name: name.clone(), source: text.clone() };
            (Arc::new(other), uses(&parse(text).0))
        });
        Self { own: uses(&parse(text).0), included: included.collect() }
    }

    fn diagnostic(&self, kind: UseKind, name: &str, code: Code, message: String, hint: String) -> Diagnostic {
        let find = |uses: &[Use]| uses.iter().find(|found| found.kind == kind && found.name == name).map(|f| f.span);
        let elsewhere = || self.included.iter().find_map(|(other, uses)| Some((Some(other.clone()), find(uses)?)));
        // A name that was put together by a calculation stands nowhere; the template's beginning stands for it.
        let (included, span) =
            find(&self.own).map(|span| (None, span)).or_else(elsewhere).unwrap_or((None, Span::new(0, 0)));
        Diagnostic { code, severity: Severity::Error, span, included, message, hints: vec![hint], suggestion: None }
    }
}
