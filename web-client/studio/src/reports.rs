//! What is said to the page, as JSON.

use sealmark_watermark_dsl::{Diagnostic, Severity, Template, diagnostics_to_json};
use sealmark_watermark_render::{Inspection, Output, Structure};
use serde::Serialize;
use serde_json::Value;

/// What there is to say of a template.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Its name, where it can be used.
    pub name: Option<String>,
    /// Mistakes and warnings, as [`diagnostics_to_json`] gives them.
    pub diagnostics: Value,
    /// Names of the keys that it asks for.
    pub keys: Vec<String>,
}

impl Report {
    /// Of a template that can be used, with its warnings, or of mistakes.
    pub(crate) fn new(source: &str, compiled: &Result<Template, Vec<Diagnostic>>) -> Self {
        let (template, diagnostics) = match compiled {
            Ok(template) => (Some(template), template.warnings()),
            Err(mistakes) => (None, mistakes.as_slice()),
        };
        let json = diagnostics_to_json(source, "", diagnostics);
        Self {
            name: template.map(|template| template.name().to_owned()),
            diagnostics: serde_json::from_str(&json).unwrap_or_default(),
            keys: template.iter().flat_map(|template| template.keys()).map(str::to_owned).collect(),
        }
    }

    /// Whether pictures can be marked.
    pub fn is_usable(&self) -> bool {
        self.name.is_some()
    }
}

/// Whether a mistake is among them; warnings are none.
pub(crate) fn has_mistakes(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

/// What a picture is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Its format, as `JPEG`.
    pub format: String,
    /// How it is coded, as `baseline, 4:2:0`; empty where there is only one way.
    pub structure: String,
    /// Width in pixels, as shown.
    pub width: u32,
    /// Height in pixels, as shown.
    pub height: u32,
    /// How it is turned for showing: EXIF's 1 to 8.
    pub orientation: u8,
}

impl From<&Inspection> for Facts {
    fn from(inspection: &Inspection) -> Self {
        let (width, height) = inspection.shown_size();
        let structure = match &inspection.structure {
            Structure::Jpeg(jpeg) => format!("{}, {}", jpeg.process, jpeg.sampling()),
            Structure::Png(png) => format!("{}, {} bits", png.colors, png.bits),
            Structure::WebP { is_lossless, .. } => if *is_lossless { "lossless" } else { "lossy" }.to_owned(),
            _ => String::new(),
        };
        let format = inspection.format.to_string();
        Self { format, structure, width, height, orientation: inspection.orientation }
    }
}

/// How a mark came into a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Method {
    /// `spliced`, `rewritten` or `encoded`.
    pub way: &'static str,
    /// The renderer's own words for all of it.
    pub words: String,
}

/// A rendition, but its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rendition {
    /// Its media type.
    pub content_type: &'static str,
    /// Ending of a file's name, without the dot.
    pub extension: &'static str,
    /// Width in pixels, as shown.
    pub width: u32,
    /// Height in pixels, as shown.
    pub height: u32,
    /// How the mark came into the file.
    pub method: Method,
    /// Characters that the fonts do not have.
    pub missing_glyphs: String,
}

impl From<&Output> for Rendition {
    fn from(output: &Output) -> Self {
        use sealmark_watermark_render::Method as M;
        let way = match output.method {
            M::Spliced(_) => "spliced",
            M::Rewritten(_) => "rewritten",
            M::Repacked => "repacked",
            M::Encoded(_) => "encoded",
        };
        Self {
            content_type: output.content_type,
            extension: output.extension,
            width: output.width,
            height: output.height,
            method: Method { way, words: output.method.to_string() },
            missing_glyphs: output.missing_glyphs.iter().collect(),
        }
    }
}
