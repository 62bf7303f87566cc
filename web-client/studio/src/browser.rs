//! The same for JavaScript.

use std::error::Error;

use sealmark_watermark_render::{Rect, RenderError};
use serde::Serialize;
use serde_json::{Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{NoPreview, Rendition, Studio, read_variables};

/// [`Studio`] for JavaScript. What is said is JSON, and an error is a text.
#[wasm_bindgen(js_name = Studio)]
#[derive(Debug, Default)]
pub struct JsStudio(Studio);

/// JSON with bytes beside it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Answer {
    json: String,
    bytes: Vec<u8>,
}

#[wasm_bindgen]
impl Answer {
    /// What is said.
    pub fn json(&self) -> String {
        self.json.clone()
    }

    /// The pixels or the file; the second time nothing.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

#[wasm_bindgen(js_class = Studio)]
impl JsStudio {
    /// With the embedded font and nothing else.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// [`Studio::clear`].
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// [`Studio::add_font`]; the families as a JSON array.
    pub fn add_font(&mut self, file: &str, bytes: Vec<u8>) -> Result<String, String> {
        self.0.add_font(file, bytes).map(|families| said(&families)).map_err(|error| chain(&error))
    }

    /// [`Studio::add_picture`].
    pub fn add_picture(&mut self, name: &str, bytes: &[u8]) -> Result<(), String> {
        self.0.add_picture(name, bytes).map_err(|error| chain(&error))
    }

    /// [`Studio::add_template`].
    pub fn add_template(&mut self, name: &str, source: &str) {
        self.0.add_template(name, source);
    }

    /// [`Studio::open`]; a [`crate::Facts`].
    pub fn open(&mut self, photograph: Vec<u8>) -> Result<String, String> {
        self.0.open(photograph).map(|facts| said(&facts)).map_err(|error| chain(&error))
    }

    /// [`Studio::set_pixels`].
    pub fn set_pixels(&mut self, rgba: Vec<u8>, width: u32, height: u32) -> bool {
        self.0.set_pixels(rgba, width, height)
    }

    /// [`Studio::check`]; a [`crate::Report`].
    pub fn check(&self, source: &str) -> String {
        said(&self.0.check(source))
    }

    /// [`Studio::formatted`].
    pub fn formatted(&self, source: &str) -> Option<String> {
        self.0.formatted(source)
    }

    /// [`Studio::explain`].
    pub fn explain(code: &str) -> Option<String> {
        Studio::explain(code).map(str::to_owned)
    }

    /// [`Studio::preview`]; `report`, `rects` (four numbers each), `missing_glyphs` and `error`, and the pixels.
    pub fn preview(&mut self, source: &str, variables: &str) -> Result<Answer, String> {
        let variables = read_variables(variables).map_err(|error| error.to_string())?;
        let (report, drawn) = self.0.preview(source, &variables);
        let json = |rects: Option<Vec<u32>>, missing: &str, error: Option<String>| {
            json!({ "report": value(&report), "rects": rects, "missing_glyphs": missing, "error": error }).to_string()
        };
        Ok(match drawn {
            Ok(drawn) => {
                let rects = drawn.rects.iter().flat_map(|Rect { x, y, width, height }| [*x, *y, *width, *height]);
                Answer { json: json(Some(rects.collect()), &drawn.missing_glyphs, None), bytes: drawn.pixels }
            }
            Err(NoPreview::Refused(error)) => Answer { json: json(None, "", Some(chain(&error))), bytes: Vec::new() },
            Err(NoPreview::Mistakes | NoPreview::NoPixels) => Answer { json: json(None, "", None), bytes: Vec::new() },
        })
    }

    /// [`Studio::render`]; a [`Rendition`] or `null`, and the file.
    pub fn render(&self, source: &str, variables: &str) -> Result<Answer, String> {
        let variables = read_variables(variables).map_err(|error| error.to_string())?;
        let output = self.0.render(source, &variables).map_err(|error: RenderError| chain(&error))?;
        let json = said(&output.as_ref().map(Rendition::from));
        Ok(Answer { json, bytes: output.map(|output| output.bytes).unwrap_or_default() })
    }
}

fn value(what: &impl Serialize) -> Value {
    serde_json::to_value(what).unwrap_or_default()
}

fn said(what: &impl Serialize) -> String {
    value(what).to_string()
}

/// An error with all its causes.
fn chain(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", chain(cause)),
        None => error.to_string(),
    }
}
