//! Our own renderer, as it is measured.

use std::fs;

use anyhow::{Context, Result, anyhow};
use sealmark_watermark_dsl::{Template, Variables, render_diagnostics};
use sealmark_watermark_render::{Limits, Output, Resources, render, verify};

use crate::spec::Spec;

/// What a server has loaded before a picture comes.
struct Loaded {
    template: Template,
    resources: Resources,
}

impl Loaded {
    fn new(spec: &Spec, logo: Option<&[u8]>) -> Result<Self> {
        let template = Template::from_source(&spec.template)
            .map_err(|mistakes| anyhow!("{}", render_diagnostics(&spec.template, "bench.seal", &mistakes)))?;
        let mut resources = Resources::embedded();
        if let Some(logo) = logo {
            resources.assets.add("logo.png", logo, &Limits::default())?;
        }
        Ok(Self { template, resources })
    }

    fn render(&self, source: &[u8]) -> Result<Output> {
        Ok(render(source, &self.template, &Variables::default(), &self.resources, &Limits::default())?)
    }
}

/// Rendering: the font read, the template compiled and the logo decoded each time, unless the spec says otherwise.
///
/// # Errors
/// When a file cannot be read or the template has mistakes.
pub(crate) fn rendering(spec: &Spec) -> Result<impl FnMut() -> Result<Vec<u8>>> {
    let source = fs::read(&spec.source).with_context(|| spec.source.clone())?;
    let logo = spec.mark.logo.as_ref().map(fs::read).transpose()?;
    let loaded = if spec.loaded { Some(Loaded::new(spec, logo.as_deref())?) } else { None };
    Ok(move || match &loaded {
        Some(loaded) => Ok(loaded.render(&source)?.bytes),
        None => Ok(Loaded::new(spec, logo.as_deref())?.render(&source)?.bytes),
    })
}

/// Verifying a rendition; the rendering is not measured.
///
/// # Errors
/// As [`rendering`], and when it cannot be rendered.
pub(crate) fn verifying(spec: &Spec) -> Result<impl FnMut() -> Result<Vec<u8>>> {
    let source = fs::read(&spec.source).with_context(|| spec.source.clone())?;
    let output = Loaded::new(spec, None)?.render(&source)?;
    Ok(move || {
        verify(&source, &output, &Limits::default())?;
        Ok(Vec::new())
    })
}

/// How the mark comes into a file, in the renderer's own words.
///
/// # Errors
/// As [`rendering`].
pub(crate) fn method(spec: &Spec) -> Result<String> {
    let source = fs::read(&spec.source).with_context(|| spec.source.clone())?;
    let logo = spec.mark.logo.as_ref().map(fs::read).transpose()?;
    Ok(Loaded::new(spec, logo.as_deref())?.render(&source)?.method.to_string())
}
