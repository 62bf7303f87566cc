//! `include "name"`: another template's layers and constants at this place.

use std::sync::Arc;

use crate::{
    Code, Diagnostic, IncludeNode, Includes, Severity, Step,
    compile::Compiler,
    constant::Constant,
    diagnostic::IncludedSource,
    limits::{MAX_INCLUDE_DEPTH, MAX_INCLUDES},
    parse,
};

/// What is counted over a template and all that it includes.
pub(crate) struct Totals<'a> {
    includes: Includes<'a>,
    pub(crate) layers: usize,
    pub(crate) conditions: usize,
    pub(crate) constants: usize,
    included: usize,
    /// Names of the templates that are being compiled, the outermost first.
    open: Vec<String>,
    /// Included templates whose mistakes are reported already.
    reported: Vec<String>,
}

impl<'a> Totals<'a> {
    pub(crate) fn new(includes: Includes<'a>, own_name: Option<String>) -> Self {
        let open = own_name.into_iter().collect();
        Self { includes, layers: 0, conditions: 0, constants: 0, included: 0, open, reported: Vec::new() }
    }
}

impl Compiler<'_> {
    /// The steps of the other template. Its constants are known from here on, its `output` and `video` count as if
    /// they stood here.
    pub(crate) fn include(&mut self, node: &IncludeNode) -> Vec<Step> {
        let Some(named) = &node.name else { return Vec::new() };
        let name = &named.name;
        self.totals.included += 1;
        if self.totals.included > MAX_INCLUDES {
            if self.totals.included == MAX_INCLUDES + 1 {
                let message = format!("more than {MAX_INCLUDES} includes");
                self.report(Diagnostic::new(Code::TooManyNames, named.span, message));
            }
            return Vec::new();
        }
        if let Some(at) = self.totals.open.iter().position(|open| open == name) {
            let way: Vec<&str> = self.totals.open[at..].iter().chain([name]).map(String::as_str).collect();
            let message = format!("this include leads back to itself: {}", way.join(" → "));
            self.report(Diagnostic::new(Code::IncludeCycle, named.span, message));
            return Vec::new();
        }
        if self.totals.open.len() > MAX_INCLUDE_DEPTH {
            let message = format!("includes nested deeper than {MAX_INCLUDE_DEPTH}");
            self.report(Diagnostic::new(Code::NestedTooDeep, named.span, message));
            return Vec::new();
        }
        let Some(source) = (self.totals.includes)(name) else {
            let message = format!("there is no template `{name}` to include");
            self.report(Diagnostic::new(Code::UnknownInclude, named.span, message));
            return Vec::new();
        };

        let (ast, _) = parse(&source);
        let empty = Totals::new(self.totals.includes, None);
        let totals = std::mem::replace(&mut self.totals, empty);
        let mut other = Compiler::new(ast.diagnostics.clone(), totals);
        other.totals.open.push(name.clone());
        let steps = ast.template.as_ref().map(|node| other.template(node)).unwrap_or_default();
        other.totals.open.pop();
        self.totals = other.totals;

        for (constant_name, constant) in other.constants {
            let constant = Constant { span: None, ..constant };
            self.add_constant(&constant_name, named.span, constant);
        }
        let twice = self.output.is_some() && other.output.is_some() || self.video.is_some() && other.video.is_some();
        if twice {
            let message = format!("`{name}` has an `output` or `video` as well as what stands above");
            self.report(Diagnostic::new(Code::DuplicateProperty, named.span, message).hint("keep one of them"));
        }
        self.output = other.output.or_else(|| self.output.take());
        self.video = other.video.or_else(|| self.video.take());
        if !self.totals.reported.contains(name) {
            self.totals.reported.push(name.clone());
            let diagnostics = other.out.into_sorted();
            if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
                let message = format!("the included template `{name}` has mistakes");
                self.report(Diagnostic::new(Code::BrokenInclude, named.span, message));
            }
            self.out.adopt(diagnostics, &Arc::new(IncludedSource { name: name.clone(), source }));
        }
        steps
    }
}
