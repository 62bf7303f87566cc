//! A checked template: defaults filled in, every value in its range, and still independent of a picture.

use crate::{Diagnostic, Expression, Includes, Layer, Output, TileLayer, Video, compile, compile_with, parse};

/// What to draw, for pictures of any size.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) output: Output,
    pub(crate) video: Option<Video>,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// An entry of a template, in its order.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Draw this over what is there.
    Layer(Box<Layer>),
    /// Go one of two ways.
    When(Branch),
    /// Draw nothing at all on this picture.
    Skip,
}

/// `when condition { … } else { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// The condition: true or false.
    pub condition: Expression,
    /// Where it holds.
    pub then: Vec<Step>,
    /// Where it does not.
    pub otherwise: Vec<Step>,
}

impl Template {
    /// Parses and compiles in one step. An `include` is a mistake; see [`Self::from_source_with`].
    ///
    /// # Errors
    /// Every mistake of the source, in its order; warnings are among them.
    pub fn from_source(source: &str) -> Result<Self, Vec<Diagnostic>> {
        compile(&parse(source).0)
    }

    /// Parses and compiles in one step, with a place to take includes from.
    ///
    /// ```
    /// use sealmark_watermark_dsl::Template;
    ///
    /// let brand = |name: &str| {
    ///     (name == "brand").then(|| r#"template "brand" { let gold = #d4af37 }"#.to_owned())
    /// };
    /// let source = r#"template "shop" { include "brand"  text "© {tenant}" { color = gold } }"#;
    /// assert!(Template::from_source_with(source, &brand).is_ok());
    /// ```
    ///
    /// # Errors
    /// As [`Self::from_source`]; the mistakes of an included template come last, with its name and text.
    pub fn from_source_with(source: &str, includes: Includes<'_>) -> Result<Self, Vec<Diagnostic>> {
        compile_with(&parse(source).0, includes)
    }

    /// The name, 1 to 64 of `a-z A-Z 0-9 _ - .`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The entries, the lowest layer first.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Every layer, the lowest first, whatever the conditions around it: 1 to 32.
    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        layers(&self.steps)
    }

    /// The fonts that the layers ask for, each once, in order of appearance.
    pub fn fonts(&self) -> Vec<&str> {
        let fonts = self.layers().filter_map(|layer| match repeated(layer) {
            Layer::Text(text) => Some(text.style.fonts.iter().map(String::as_str)),
            _ => None,
        });
        each_once(fonts.flatten())
    }

    /// The names of the pictures that the layers ask for, each once, in order of appearance.
    pub fn images(&self) -> Vec<&str> {
        each_once(self.layers().filter_map(|layer| match repeated(layer) {
            Layer::Image(image) => Some(image.name.as_str()),
            _ => None,
        }))
    }

    /// The names of the keys that the calculations ask for, each once, in order of appearance.
    pub fn keys(&self) -> Vec<&str> {
        let mut keys = Vec::new();
        self.steps.iter().for_each(|step| step_keys(step, &mut keys));
        each_once(keys.into_iter())
    }

    /// What becomes of the file.
    pub const fn output(&self) -> &Output {
        &self.output
    }

    /// What counts for videos only.
    pub const fn video(&self) -> Option<Video> {
        self.video
    }

    /// What is probably not as meant, though it works.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

/// The layers of these steps and of those below.
pub(crate) fn layers(steps: &[Step]) -> Box<dyn Iterator<Item = &Layer> + '_> {
    Box::new(steps.iter().flat_map(|step| -> Box<dyn Iterator<Item = &Layer> + '_> {
        match step {
            Step::Layer(layer) => Box::new(std::iter::once(&**layer)),
            Step::When(branch) => Box::new(layers(&branch.then).chain(layers(&branch.otherwise))),
            Step::Skip => Box::new(std::iter::empty()),
        }
    }))
}

/// The keys in the calculations of a step and of those below.
fn step_keys<'a>(step: &'a Step, keys: &mut Vec<&'a str>) {
    match step {
        Step::Layer(layer) => match repeated(layer) {
            Layer::Text(text) => text.text.keys(keys),
            Layer::Qr(qr) => qr.payload.keys(keys),
            Layer::Fingerprint(mark) => mark.payload.keys(keys),
            Layer::Image(_) | Layer::Tile(_) => {}
        },
        Step::When(branch) => {
            branch.condition.keys(keys);
            branch.then.iter().chain(&branch.otherwise).for_each(|step| step_keys(step, keys));
        }
        Step::Skip => {}
    }
}

/// What a tile repeats, or the layer itself.
fn repeated(layer: &Layer) -> &Layer {
    match layer {
        Layer::Tile(TileLayer { layer, .. }) => layer,
        other => other,
    }
}

fn each_once<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut once = Vec::new();
    for name in names {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    once
}
