//! `watermark-worker explain`: what a picture is, and how a mark comes into it.

mod object;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use sealmark_watermark_dsl::{Template, Variables};
use sealmark_watermark_render::{
    Comparison, Found, HuffmanTables, Inspection, Limits, Measure, MetadataKind, Output, Refusal, Structure, compare,
    inspect, render, verify,
};
use serde_json::Value;

use self::object::object;
use super::{
    KeyOptions, Resources, SOME_FAILED, chain, counted, grouped, load, say, usage,
    variables::{Setting, setting},
};

const EXAMPLES: &str = "\
Examples:
  watermark-worker explain photo.jpg
  watermark-worker explain --template shop.seal --set user_id=7 photos/*.jpg
  watermark-worker explain --json photo.jpg

The picture is marked in memory, by the template or by a small text, and the result compared with it: what is said of
the way and of the metadata is what happens. Nothing is written.
Exit code 0: all said; 1: a file cannot be read or marked; 2: the command line makes no sense; 3: the template is wrong.";

/// What a picture is marked with where no template is given.
const TRIAL: &str = r#"template "trial" { text "Sealmark" { size = 4%min } }"#;

/// Options of `explain`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Pictures
    #[arg(required = true)]
    images: Vec<PathBuf>,
    /// A template to mark them with
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// A variable of the template, as user_id=7 or tags.sale=yes
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting, requires = "template")]
    settings: Vec<Setting>,
    #[command(flatten)]
    keys: KeyOptions,
    #[command(flatten)]
    resources: Resources,
    /// Print one JSON array with an object for each picture
    #[arg(long)]
    json: bool,
}

/// A picture, and what marking it came to.
struct Explained {
    path: PathBuf,
    bytes: u64,
    inspection: Result<Inspection, String>,
    trial: Result<Trial, String>,
}

/// A mark on trial.
struct Trial {
    output: Output,
    /// The output's own metadata, where its format is one that is looked into.
    after: Option<Inspection>,
    comparison: Option<Comparison>,
}

/// Explains pictures.
pub(crate) fn run(options: &Options) -> ExitCode {
    let keys = match options.keys.read() {
        Ok(keys) => keys,
        Err(message) => return usage(&message),
    };
    let loaded = match &options.template {
        Some(path) => load(path, &options.resources, &keys).map(|(source, resources)| (source.template, resources)),
        None => match Template::from_source(TRIAL) {
            Ok(template) => Ok((template, sealmark_watermark_render::Resources::embedded())),
            Err(mistakes) => return usage(&format!("{mistakes:?}")),
        },
    };
    let (template, resources) = match loaded {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let mut variables = Variables { keys: keys.all(), ..Variables::default() };
    // Each was tried when it was read.
    options.settings.iter().for_each(|setting| drop(setting.apply(&mut variables)));
    let mut objects = Vec::new();
    let mut is_done = true;
    for path in &options.images {
        let explained = explain(path, &template, &variables, &resources);
        is_done &= explained.trial.is_ok();
        if options.json {
            objects.push(object(&explained));
        } else {
            tell(&explained, options.template.is_some().then(|| template.name()));
        }
    }
    if options.json {
        say(&Value::from(objects).to_string());
    }
    if is_done { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) }
}

fn explain(
    path: &Path,
    template: &Template,
    variables: &Variables,
    resources: &sealmark_watermark_render::Resources,
) -> Explained {
    let path = path.to_owned();
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let message = format!("it cannot be read: {error}");
            return Explained { path, bytes: 0, inspection: Err(message.clone()), trial: Err(message) };
        }
    };
    let limits = Limits::default();
    let mut variables = variables.clone();
    if variables.image_name.is_empty() {
        variables.image_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    }
    let trial = render(&bytes, template, &variables, resources, &limits).and_then(|output| {
        verify(&bytes, &output, &limits)?;
        let after = inspect(&output.bytes).ok();
        let comparison = compare(&bytes, &output.bytes, &[], &limits).ok();
        Ok(Trial { output, after, comparison })
    });
    let said = |error: sealmark_watermark_render::RenderError| chain(&error);
    Explained { path, bytes: bytes.len() as u64, inspection: inspect(&bytes).map_err(said), trial: trial.map_err(said) }
}

/// What becomes of a kind of metadata.
fn fate(found: &Found, after: &Inspection) -> (&'static str, usize) {
    match after.metadata.iter().find(|kept| kept.kind == found.kind) {
        Some(kept) if kept.digest == found.digest => ("kept", kept.bytes),
        Some(kept) => ("kept in part", kept.bytes),
        None => ("dropped", 0),
    }
}

/// What is against keeping the coefficients of a JPEG.
fn refusal(inspection: &Inspection) -> Option<Refusal> {
    match &inspection.structure {
        Structure::Jpeg(jpeg) => jpeg.refusal,
        _ => None,
    }
}

fn tell(explained: &Explained, template: Option<&str>) {
    say(&explained.path.display().to_string());
    let row = |name: &str, text: &str| say(&format!("  {name:<10} {text}"));
    match &explained.inspection {
        Ok(inspection) => tell_inspection(inspection, explained, &row),
        Err(message) => row("format", message),
    }
    match (&explained.trial, &explained.inspection) {
        (Ok(trial), _) => tell_trial(trial, explained.bytes, template, &row),
        (Err(message), Ok(inspection)) => {
            row("a mark", &format!("cannot be put on: {message}"));
            // Of a picture that is marked the method says it.
            if let Some(refusal) = refusal(inspection) {
                row("", &format!("its coefficients cannot be kept: {refusal}"));
            }
        }
        (Err(_), Err(_)) => {}
    }
}

fn tell_inspection(inspection: &Inspection, explained: &Explained, row: &impl Fn(&str, &str)) {
    row("format", &format!("{}, {}", inspection.format, structure(&inspection.structure)));
    let (width, height) = inspection.shown_size();
    let turned = if inspection.orientation > 1 {
        let (width, height, orientation) = (inspection.width, inspection.height, inspection.orientation);
        format!(", stored as {width}x{height} (orientation {orientation})")
    } else {
        String::new()
    };
    row("size", &format!("{width}x{height} pixels{turned}, {}", counted(explained.bytes, "byte", "bytes")));
    let after = explained.trial.as_ref().ok().and_then(|trial| trial.after.as_ref());
    for found in &inspection.metadata {
        let mut text = format!("{}, {}", found.kind, counted(found.bytes as u64, "byte", "bytes"));
        match (found.kind, &inspection.icc_name) {
            (MetadataKind::Icc, Some(name)) => text.push_str(&format!(", {name:?}")),
            (MetadataKind::Exif, _) if inspection.has_position => text.push_str(", with a position"),
            _ => {}
        }
        if let Some(after) = after {
            let (fate, bytes) = fate(found, after);
            text.push_str(&format!(": {fate}"));
            if fate == "kept in part" {
                text.push_str(&format!(", {}", counted(bytes as u64, "byte", "bytes")));
            }
        }
        row("metadata", &text);
    }
    if inspection.metadata.is_empty() {
        row("metadata", "none");
    }
}

fn structure(structure: &Structure) -> String {
    match structure {
        Structure::Jpeg(jpeg) => {
            let restarts = match jpeg.restart_interval {
                0 => "no restart markers".to_owned(),
                mcus => format!("a restart marker every {}", counted(mcus.into(), "MCU", "MCUs")),
            };
            let scans = counted(jpeg.scans as u64, "scan", "scans");
            let mut text = format!("{}, {} bits, {}, {scans}, {restarts}", jpeg.process, jpeg.bits, jpeg.sampling());
            text.push_str(&match jpeg.tables {
                HuffmanTables::None => ", no Huffman tables".to_owned(),
                tables => format!(", {tables} Huffman tables"),
            });
            if jpeg.trailing_bytes > 0 {
                text.push_str(&format!(", {} behind its end", counted(jpeg.trailing_bytes as u64, "byte", "bytes")));
            }
            if !jpeg.is_whole {
                text.push_str(", its end is missing");
            }
            text
        }
        Structure::Png(png) => {
            let passes = if png.is_interlaced { ", interlaced" } else { "" };
            let fallback = if png.has_fallback { ", and another for readers of stills" } else { "" };
            format!("{}, {} bits{passes}{}{fallback}", png.colors, png.bits, pictures(png.frames))
        }
        Structure::WebP { is_lossless, has_alpha, frames } => {
            let loss = if *is_lossless { "lossless" } else { "lossy" };
            let alpha = if *has_alpha { ", with alpha" } else { "" };
            format!("{loss}{alpha}{}", pictures(*frames))
        }
        Structure::Gif { frames } => format!("up to 256 colours{}", pictures(*frames)),
        Structure::Plain { bits, colors } => format!("{colors}, {bits} bits"),
        _ => "of a kind that is not looked into".to_owned(),
    }
}

/// How many pictures an animation shows; nothing of a still.
fn pictures(frames: u32) -> String {
    if frames > 1 { format!(", {}", counted(frames.into(), "picture", "pictures")) } else { String::new() }
}

fn tell_trial(trial: &Trial, bytes: u64, template: Option<&str>, row: &impl Fn(&str, &str)) {
    row("a mark", &trial.output.method.to_string());
    let Some(name) = template else { return };
    if let Some(found) = &trial.comparison {
        let (different, total) = (grouped(found.different), grouped(found.total));
        let unit = if found.measure == Measure::Coefficients { "MCUs" } else { "pixels" };
        row("template", &format!("{name:?} changes {different} of {total} {unit}"));
    }
    let after = counted(trial.output.bytes.len() as u64, "byte", "bytes");
    row("result", &format!("{after}, from {}", grouped(bytes)));
    if !trial.output.missing_glyphs.is_empty() {
        row("missing", &format!("the fonts lack {:?}", trial.output.missing_glyphs));
    }
}
