//! A tree to a template: entries in their order, conditions, and the blocks that draw nothing.

use std::collections::BTreeMap;

use crate::{
    Ast, Branch, Code, Diagnostic, Item, LayerNode, Named, Output, Span, Step, Template, TemplateNode, Type, Video,
    WhenNode,
    constant::Constant,
    diagnostic::Diagnostics,
    expression::{Concrete, Expression},
    grammar::{BLOCKS, LAYERS, OLDER_FORM, OTHERS},
    include::Totals,
    limits::{MAX_CONDITIONS, MAX_LAYERS, MAX_NAME_CHARS, MAX_SOURCE_BYTES},
    older_form::OlderForm,
    suggest::nearest,
};

/// Where included templates come from: the source of a name, or none.
pub type Includes<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Checks a tree and fills the defaults in. Includes are mistakes, since there is nowhere to take them from.
///
/// # Errors
/// Every mistake of the source in its order, the parser's included; warnings are among them.
pub fn compile(ast: &Ast) -> Result<Template, Vec<Diagnostic>> {
    compile_with(ast, &|_| None)
}

/// As [`compile`], with a place to take includes from.
///
/// # Errors
/// As [`compile`]; the mistakes of an included template come behind those of the source, with its name and text.
pub fn compile_with(ast: &Ast, includes: Includes<'_>) -> Result<Template, Vec<Diagnostic>> {
    let own_name = ast.template.as_ref().and_then(|template| template.name.as_ref());
    let totals = Totals::new(includes, own_name.map(|named| named.name.clone()));
    let mut compiler = Compiler::new(ast.diagnostics.clone(), totals);
    let template = ast.template.as_ref().map(|node| {
        let steps = compiler.template(node);
        compiler.check_draws(node, &steps);
        compiler.check_unused();
        Template {
            name: node.name.as_ref().map(|named| named.name.clone()).unwrap_or_default(),
            steps,
            output: compiler.output.take().unwrap_or_default(),
            video: compiler.video.take(),
            warnings: Vec::new(),
        }
    });
    let mut out = compiler.out;
    if let (Some(template), Some(node)) = (&template, &ast.template)
        && !out.has_errors()
    {
        let bytes = template.to_canonical().len();
        if bytes > MAX_SOURCE_BYTES {
            let message = format!(
                "with includes and constants written out the template is {bytes} bytes long; at most \
                 {MAX_SOURCE_BYTES} are allowed"
            );
            out.push(Diagnostic::new(Code::SourceTooLong, node.span, message));
        }
    }
    let has_errors = out.has_errors();
    let diagnostics = out.into_sorted();
    match template {
        Some(template) if !has_errors => Ok(Template { warnings: diagnostics, ..template }),
        _ => Err(diagnostics),
    }
}

/// Compiles one source.
pub(crate) struct Compiler<'a> {
    pub(crate) constants: BTreeMap<String, Constant>,
    pub(crate) out: Diagnostics,
    pub(crate) output: Option<Output>,
    pub(crate) video: Option<Video>,
    pub(crate) older_form: OlderForm,
    pub(crate) totals: Totals<'a>,
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(out: Diagnostics, totals: Totals<'a>) -> Self {
        Self { constants: BTreeMap::new(), out, output: None, video: None, older_form: OlderForm::default(), totals }
    }

    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.out.push(diagnostic);
    }

    /// The entries of a template.
    pub(crate) fn template(&mut self, node: &TemplateNode) -> Vec<Step> {
        if let Some(named) = &node.name {
            self.check_name(named);
        }
        let mut steps = self.block(&node.items, true);
        steps.extend(self.older_form_layer());
        steps
    }

    fn check_name(&mut self, named: &Named) {
        let letters = named.name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
        if !letters || named.name.is_empty() || named.name.chars().count() > MAX_NAME_CHARS {
            let message = "this cannot be a template's name";
            let hint = format!("a name is 1 to {MAX_NAME_CHARS} of `a-z A-Z 0-9 _ - .`");
            self.report(Diagnostic::new(Code::BadName, named.span, message).hint(hint));
        }
    }

    /// Refuses a template that draws nothing on any picture.
    fn check_draws(&mut self, node: &TemplateNode, steps: &[Step]) {
        let is_drawn = crate::template::layers(steps).next().is_some() && !always_skips(steps);
        if !is_drawn && !self.out.has_errors() {
            let message = "this template has no layer, so it would publish pictures without a mark";
            self.report(Diagnostic::new(Code::DrawsNothing, node.span, message));
        }
    }

    fn block(&mut self, items: &[Item], is_root: bool) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut skip = None;
        for item in items {
            match item {
                Item::Layer(layer) => {
                    let checked = self.layer(layer);
                    if self.counts_layer(layer.keyword.span) {
                        steps.extend(checked.map(|layer| Step::Layer(Box::new(layer))));
                    }
                }
                Item::Block(block) => self.properties_block(block, is_root),
                Item::When(when) => self.when(when, &mut steps),
                Item::Skip(span) if is_root => {
                    let message = "a template that always skips would publish every picture without a mark";
                    let hint = "say when, as in `when width < 320px { skip }`";
                    self.report(Diagnostic::new(Code::NotHere, *span, message).hint(hint));
                }
                Item::Skip(span) => skip = Some(*span),
                Item::Let(constant) if is_root => self.constant(constant),
                Item::Let(constant) => self.not_here("let", constant.name.span),
                Item::Include(include) if is_root => steps.extend(self.include(include)),
                Item::Include(include) => self.not_here("include", include.span),
                Item::Property(property) if is_root && OLDER_FORM.contains(&property.name.name.as_str()) => {
                    self.older_form_property(property);
                }
                Item::Property(property) => self.unknown_property(&property.name),
                Item::UnknownLayer(named) => self.unknown_layer(named),
            }
        }
        let Some(span) = skip else { return steps };
        if !steps.is_empty() {
            let message = "the layers beside this `skip` are never shown";
            self.report(Diagnostic::new(Code::NeverShown, span, message));
        }
        vec![Step::Skip]
    }

    fn not_here(&mut self, word: &str, span: Span) {
        let message = format!("`{word}` belongs directly into the template");
        self.report(Diagnostic::new(Code::NotHere, span, message).hint("move it out of the `when`"));
    }

    fn unknown_property(&mut self, name: &Named) {
        let message = format!("a template has no property `{}`", name.name);
        let otherwise = || Some("a constant is `let name = …`; a layer is `text \"…\" { … }`".to_owned());
        let diagnostic = Diagnostic::new(Code::UnknownProperty, name.span, message);
        self.report(diagnostic.meant(nearest(&name.name, OLDER_FORM), otherwise));
    }

    fn unknown_layer(&mut self, named: &Named) {
        let words = LAYERS.into_iter().chain(BLOCKS).chain(OTHERS).chain(["skip", "else"]);
        let message = format!("there is no layer `{}`", named.name);
        let diagnostic = Diagnostic::new(Code::UnknownLayer, named.span, message);
        self.report(diagnostic.meant(nearest(&named.name, words), || None));
    }

    /// Counts a layer; reports the first one that is too many.
    pub(crate) fn counts_layer(&mut self, span: Span) -> bool {
        self.totals.layers += 1;
        if self.totals.layers == MAX_LAYERS + 1 {
            let message = format!("more than {MAX_LAYERS} layers; this one and those behind it are left out");
            self.report(Diagnostic::new(Code::TooManyLayers, span, message));
        }
        self.totals.layers <= MAX_LAYERS
    }

    fn properties_block(&mut self, block: &LayerNode, is_root: bool) {
        let Named { name, span } = &block.keyword;
        if !is_root {
            return self.not_here(name, *span);
        }
        let is_output = name == "output";
        if if is_output { self.output.is_some() } else { self.video.is_some() } {
            let message = format!("`{name}` is given twice");
            self.report(Diagnostic::new(Code::DuplicateProperty, *span, message).hint("keep one of them"));
        }
        if is_output {
            self.output = Some(self.output_block(block));
        } else {
            self.video = self.video_block(block);
        }
    }

    fn when(&mut self, node: &WhenNode, steps: &mut Vec<Step>) {
        self.totals.conditions += 1;
        if self.totals.conditions == MAX_CONDITIONS + 1 {
            let message = format!("more than {MAX_CONDITIONS} conditions; this one and those behind it are left out");
            self.report(Diagnostic::new(Code::TooManyConditions, node.span, message));
        }
        if self.totals.conditions > MAX_CONDITIONS {
            return;
        }
        let condition = node.condition.as_ref().and_then(|written| {
            let checked = self.check(written)?;
            if checked.value_type() == Type::Bool {
                return Some((checked, written.span));
            }
            let message = format!("`when` takes a condition, found {}", checked.value_type().described());
            let hint = "as in `when width < 320px { … }`";
            self.report(Diagnostic::new(Code::WrongValue, written.span, message).hint(hint));
            None
        });
        let then = self.block(&node.then, false);
        let otherwise = self.block(&node.otherwise, false);
        if node.then.is_empty() && node.otherwise.is_empty() && !self.out.has_errors() {
            let message = "this `when` chooses between nothing and nothing";
            self.report(
                Diagnostic::new(Code::DrawsNothing, node.span, message).hint("write `skip` or a layer into it"),
            );
        }
        match condition {
            Some((condition, span)) => match condition.as_constant() {
                Some(Concrete::Bool(holds)) => self.decided(*holds, span, then, otherwise, steps),
                _ => steps.push(Step::When(Branch { condition, then, otherwise })),
            },
            // Reported already; the layers still count as layers of the template.
            None => steps.extend(then.into_iter().chain(otherwise)),
        }
    }

    /// A condition that is the same for every picture.
    fn decided(&mut self, holds: bool, span: Span, then: Vec<Step>, otherwise: Vec<Step>, steps: &mut Vec<Step>) {
        let (shown, hidden) = if holds { (then, otherwise) } else { (otherwise, then) };
        let (code, message) = if holds && hidden.is_empty() {
            (Code::AlwaysHolds, "this condition always holds")
        } else if holds {
            (Code::NeverShown, "this condition always holds; what stands behind `else` is never shown")
        } else {
            (Code::NeverShown, "this condition never holds; what stands behind it is never shown")
        };
        self.report(Diagnostic::new(code, span, message));
        steps.extend(shown);
    }

    /// Reports constants of this source that nothing uses.
    fn check_unused(&mut self) {
        let unused: Vec<Diagnostic> =
            self.constants.iter().filter_map(|(name, constant)| constant.unused(name)).collect();
        unused.into_iter().for_each(|diagnostic| self.report(diagnostic));
    }

    /// Whether a word without a point means something in a calculation.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.constants.contains_key(word)
            || matches!(word, "true" | "false")
            || crate::Variable::from_name(word).is_some()
            || crate::Color::from_name(word).is_some()
    }

    /// A calculation whose result can stand in a text.
    pub(crate) fn payload(&mut self, node: &crate::ValueNode) -> Option<Expression> {
        let checked = self.check(node)?;
        if checked.value_type().is_printable() {
            if checked.as_constant().is_some_and(|value| value.to_text().is_empty()) {
                self.report(Diagnostic::new(Code::DrawsNothing, node.span, "this payload says nothing"));
            }
            return Some(checked);
        }
        let message = format!("a payload is a text, a number or a digest, found {}", checked.value_type().described());
        self.report(Diagnostic::new(Code::WrongValue, node.span, message));
        None
    }
}

/// Whether no picture gets a layer.
fn always_skips(steps: &[Step]) -> bool {
    steps.iter().any(|step| match step {
        Step::Skip => true,
        Step::When(branch) => always_skips(&branch.then) && always_skips(&branch.otherwise),
        Step::Layer(_) => false,
    })
}
