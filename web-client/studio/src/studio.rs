//! Everything that the page asks for.

use std::{cell::RefCell, collections::BTreeMap};

use sealmark_watermark_dsl::{Code, Diagnostic, Template, Variables, fmt};
use sealmark_watermark_render::{Available, Limits, Output, RenderError, Resources, inspect, missing, render};

use crate::{Facts, NoPreview, Preview, Report, patches::Sheet, preview::preview, reports::has_mistakes};

/// A template's surroundings: fonts, pictures, templates to include, and the photograph.
#[derive(Debug)]
pub struct Studio {
    resources: Resources,
    templates: BTreeMap<String, String>,
    photograph: Vec<u8>,
    sheet: Option<Sheet>,
}

impl Default for Studio {
    fn default() -> Self {
        let (templates, photograph) = (BTreeMap::new(), Vec::new());
        Self { resources: Resources::embedded(), templates, photograph, sheet: None }
    }
}

impl Studio {
    /// Forgets all fonts but the embedded one, all pictures and all templates.
    pub fn clear(&mut self) {
        self.resources = Resources::embedded();
        self.templates.clear();
    }

    /// Adds a font's file; gives the families that are in it.
    ///
    /// # Errors
    /// [`RenderError::BrokenFont`].
    pub fn add_font(&mut self, file: &str, bytes: Vec<u8>) -> Result<Vec<String>, RenderError> {
        self.resources.fonts.add(file, bytes)
    }

    /// Adds a picture that marks may show.
    ///
    /// # Errors
    /// [`RenderError::BrokenPicture`].
    pub fn add_picture(&mut self, name: &str, bytes: &[u8]) -> Result<(), RenderError> {
        self.resources.assets.add(name, bytes, &Limits::ASSETS)
    }

    /// Adds a template that others may include.
    pub fn add_template(&mut self, name: &str, source: &str) {
        self.templates.insert(name.to_owned(), source.to_owned());
    }

    /// Takes a photograph's file, and forgets the pixels of the one before.
    ///
    /// # Errors
    /// Those of [`inspect`]; the photograph before is forgotten in this case as well.
    pub fn open(&mut self, photograph: Vec<u8>) -> Result<Facts, RenderError> {
        self.sheet = None;
        self.photograph.clear();
        let facts = Facts::from(&inspect(&photograph)?);
        self.photograph = photograph;
        Ok(facts)
    }

    /// Takes the photograph's pixels as the browser shows them: red, green, blue, alpha. Whether there can be previews;
    /// see [`crate::MAX_PREVIEW_PIXELS`].
    pub fn set_pixels(&mut self, rgba: Vec<u8>, width: u32, height: u32) -> bool {
        self.sheet = Sheet::new(rgba, width, height);
        self.sheet.is_some()
    }

    /// Compiles a template, and looks whether there is everything that it names.
    ///
    /// # Errors
    /// Every mistake.
    pub fn compile(&self, source: &str) -> Result<Template, Vec<Diagnostic>> {
        let included = RefCell::new(Vec::new());
        let other = |name: &str| {
            let text = self.templates.get(name)?.clone();
            included.borrow_mut().push((name.to_owned(), text.clone()));
            Some(text)
        };
        let template = Template::from_source_with(source, &other)?;
        // Keys are typed into the page, and which are asked for is in the report.
        let available = Available { fonts: Some(&self.resources), assets: Some(&self.resources), keys: None };
        let mistakes = missing(&template, source, &included.into_inner(), available);
        if has_mistakes(&mistakes) { Err(mistakes) } else { Ok(template) }
    }

    /// What there is to say of a template.
    pub fn check(&self, source: &str) -> Report {
        Report::new(source, &self.compile(source))
    }

    /// A template laid out in the one way that there is; none where it has mistakes.
    pub fn formatted(&self, source: &str) -> Option<String> {
        fmt(source).ok()
    }

    /// More about the code of a mistake.
    pub fn explain(code: &str) -> Option<&'static str> {
        Code::from_text(code).map(Code::explain)
    }

    /// Checks a template and draws it on the pixels.
    pub fn preview(&mut self, source: &str, variables: &Variables) -> (Report, Result<Preview, NoPreview>) {
        let compiled = self.compile(source);
        let report = Report::new(source, &compiled);
        let drawn = match (compiled, &mut self.sheet) {
            (Err(_), _) => Err(NoPreview::Mistakes),
            (Ok(_), None) => Err(NoPreview::NoPixels),
            (Ok(template), Some(sheet)) => {
                preview(sheet, &template, variables, &self.resources).map_err(NoPreview::Refused)
            }
        };
        (report, drawn)
    }

    /// The rendition that the worker makes, byte for byte; none where the template has mistakes.
    ///
    /// # Errors
    /// Those of [`render`].
    pub fn render(&self, source: &str, variables: &Variables) -> Result<Option<Output>, RenderError> {
        let Ok(template) = self.compile(source) else { return Ok(None) };
        render(&self.photograph, &template, variables, &self.resources, &Limits::default()).map(Some)
    }
}
