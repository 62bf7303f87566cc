//! `let name = value`

use crate::{
    Code, Diagnostic, LetNode, Span, Variable,
    compile::Compiler,
    expression::Expression,
    grammar::{BLOCKS, LAYERS, OTHERS, RESERVED},
    limits::MAX_CONSTANTS,
};

/// A constant: a name for a value, or for a calculation that is written out wherever the name stands.
pub(crate) struct Constant {
    /// None where its value is wrong; that is reported at its own place.
    pub(crate) value: Option<Expression>,
    /// Where it stands; none where it came from an include, which may have more than is used here.
    pub(crate) span: Option<Span>,
    pub(crate) is_used: bool,
}

impl Constant {
    /// The warning, where nothing uses it.
    pub(crate) fn unused(&self, name: &str) -> Option<Diagnostic> {
        let span = self.span.filter(|_| !self.is_used)?;
        Some(Diagnostic::new(Code::UnusedConstant, span, format!("the constant `{name}` is not used")))
    }
}

impl Compiler<'_> {
    pub(crate) fn constant(&mut self, node: &LetNode) {
        let value = node.value.as_ref().and_then(|value| self.check(value));
        let (name, span) = (&node.name.name, node.name.span);
        let words = [&LAYERS[..], &BLOCKS, &OTHERS, &RESERVED].concat();
        // The name of a colour may be given another meaning, as a shop's own `gold`.
        if words.contains(&name.as_str()) || Variable::from_name(name).is_some() {
            let message = format!("`{name}` has a meaning of its own");
            let hint = format!("choose another name, as `my_{name}`");
            self.report(Diagnostic::new(Code::BadName, span, message).hint(hint));
            return;
        }
        self.add_constant(name, span, Constant { value, span: Some(span), is_used: false });
    }

    /// Adds a constant, unless there is one of this name or there are too many; `place` is blamed for that.
    pub(crate) fn add_constant(&mut self, name: &str, place: Span, constant: Constant) {
        if self.constants.contains_key(name) {
            let message = format!("there is a constant `{name}` already");
            self.report(Diagnostic::new(Code::DuplicateConstant, place, message).hint("rename one of them"));
            return;
        }
        if constant.span.is_some() {
            self.totals.constants += 1;
            if self.totals.constants == MAX_CONSTANTS + 1 {
                let message = format!("more than {MAX_CONSTANTS} constants");
                self.report(Diagnostic::new(Code::TooManyNames, place, message));
            }
            if self.totals.constants > MAX_CONSTANTS {
                return;
            }
        }
        self.constants.insert(name.to_owned(), constant);
    }
}
