//! `watermark-worker check`: every mistake of templates.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use sealmark_watermark_dsl::{Code, Diagnostic, diagnostics_to_json};
use sealmark_watermark_render::Available;
use serde_json::{Value, json};
use watermark_worker::{LoadError, Objects, Shelves, Source, report};

use super::{Resources, SOME_FAILED, chain, say, usage};

const EXAMPLES: &str = "\
Examples:
  watermark-worker check shop.seal
  watermark-worker check --fonts fonts --assets logos templates/*.seal
  watermark-worker check --json shop.seal
  watermark-worker check --explain E0007

Pictures and fonts that a template names are looked for where --assets and --fonts say where.
Exit code 0: all are right; 1: there is a mistake; 2: the command line makes no sense.";

/// Options of `check`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Template files
    #[arg(required_unless_present = "explain")]
    templates: Vec<PathBuf>,
    /// Print one JSON array with an object for each template
    #[arg(long)]
    json: bool,
    /// Say more about a code of a mistake
    #[arg(long, value_name = "CODE", conflicts_with_all = ["templates", "json"])]
    explain: Option<String>,
    #[command(flatten)]
    resources: Resources,
}

/// Checks templates.
pub(crate) fn run(options: &Options) -> ExitCode {
    if let Some(code) = &options.explain {
        return explain(code);
    }
    let places = options.resources.places(&PathBuf::new());
    let shelf = match Shelves::read(&places, &Objects::default()) {
        Ok(shelves) => shelves.shared,
        Err(error) => return usage(&chain(&error)),
    };
    let available = Available {
        fonts: places.fonts.as_ref().map(|_| &shelf.resources),
        assets: places.assets.as_ref().map(|_| &shelf.resources),
        keys: None,
    };
    let mut objects = Vec::new();
    let mut is_right = true;
    for path in &options.templates {
        let source = Source::read(path, places.includes.as_deref());
        let checked = source.and_then(|source| source.check(available).map(|()| source));
        is_right &= checked.is_ok();
        if options.json {
            objects.push(object(path, &checked));
            continue;
        }
        match checked {
            Ok(Source { template, text, path, .. }) => {
                let warnings = report(&path, &text, template.warnings());
                if !warnings.is_empty() {
                    say(warnings.trim_end());
                }
                say(&format!("{}: template {:?} is right", path.display(), template.name()));
            }
            Err(error) => say(&chain(&error)),
        }
    }
    if options.json {
        say(&Value::from(objects).to_string());
    }
    if is_right { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) }
}

fn object(path: &std::path::Path, checked: &Result<Source, LoadError>) -> Value {
    let file = path.display().to_string();
    let diagnostics = |text: &str, found: &[Diagnostic]| -> Value {
        serde_json::from_str(&diagnostics_to_json(text, &file, found)).unwrap_or_default()
    };
    match checked {
        Ok(Source { template, text, .. }) => {
            json!({ "file": file, "is_right": true, "name": template.name(), "error": null,
                "diagnostics": diagnostics(text, template.warnings()) })
        }
        Err(LoadError::Wrong { text, mistakes, .. }) => {
            json!({ "file": file, "is_right": false, "name": null, "error": null,
                "diagnostics": diagnostics(text, mistakes) })
        }
        Err(error) => {
            json!({ "file": file, "is_right": false, "name": null, "error": chain(error), "diagnostics": [] })
        }
    }
}

fn explain(code: &str) -> ExitCode {
    let Some(code) = Code::from_text(code) else {
        let known: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        return usage(&format!("there is no code {code:?}; there are {}", known.join(", ")));
    };
    say(&format!("{code}: {}\n\n{}", code.title(), code.explain()));
    ExitCode::SUCCESS
}
