//! The studio's preview in Chromium, beside the same work natively.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use sealmark_bench_report::{Target, median};
use sealmark_studio::Studio;
use sealmark_watermark_dsl::Variables;
use serde::Deserialize;

use crate::{Options, marks::Laid, rounds::Section, rows::describe};

/// Key presses in each template, for each round that others get.
const PRESSES: usize = 12;

/// What `tests/browser/studio_bench.mjs` says.
#[derive(Debug, Deserialize)]
struct Measured {
    version: String,
    all: Vec<Times>,
    bytes: Bytes,
}

/// Of each key press, in milliseconds; the script says what each is.
#[derive(Debug, Deserialize)]
struct Times {
    drawn: Vec<f64>,
    painted: Vec<f64>,
    module: Vec<f64>,
    file: Vec<f64>,
    render: Vec<f64>,
}

/// How long the module is.
#[derive(Debug, Deserialize)]
struct Bytes {
    raw: u64,
    gzip: u64,
    brotli: u64,
}

/// Measures the row: a mark in a corner, and one all over.
///
/// # Errors
/// When the script fails, or the picture cannot be read.
pub(crate) fn measure(title: &str, picture: &Path, marks: &[Laid], options: &Options) -> Result<Section> {
    let columns = ["what", "drawn", "best", "worst", "painted", "module", "native", "module ÷ native"];
    let what = "A letter is typed into the template's text, the next one when everything is still. *Drawn* is from the key press \
                until the canvas has the new pixels, *painted* until the browser has painted them, which waits for the screen; \
                *module* is the part of it in wasm, in a Worker, and *native* the same calls of the same crates. The second \
                line of each template is the worker's file, which then takes the preview's place: written by the same module, \
                the same bytes, decoded by the browser. Wall-clock time, medians.";
    let mut section = Section::new(title, what, &columns);
    let mut drawn = None;
    match &options.tools.browser {
        None => section.notes.push("not measured: Chromium could not be installed".to_owned()),
        Some(browser) => {
            let measured = in_chromium(browser, picture, marks, options)?;
            for ((laid, times), name) in marks.iter().zip(&measured.all).zip(["corner", "all over"]) {
                let (preview_ms, render_ms) = natively(picture, laid, times.drawn.len())?;
                drawn = drawn.or(median(&times.drawn));
                section.lines.push(line(name, &times.drawn, &times.painted, &times.module, preview_ms));
                section.lines.push(line("its file", &times.file, &times.file, &times.render, render_ms));
                section.notes.push(format!("{name}: {}", describe(laid)));
            }
            let Bytes { raw, gzip, brotli } = measured.bytes;
            let sizes = format!("the module has {raw} bytes, {gzip} by `gzip -9`, {brotli} by brotli");
            section.notes.push(format!("Chromium {}, without a graphics card; {sizes}", measured.version));
        }
    }
    section.targets.push(Target::at_most("ms from the key press until it is drawn, in a corner", 16.0, "", drawn));
    Ok(section)
}

fn in_chromium(browser: &Path, picture: &Path, marks: &[Laid], options: &Options) -> Result<Measured> {
    let mut script = Command::new("node");
    script.arg(browser.join("studio_bench.mjs")).arg(&options.tools.www).arg(picture);
    script.arg((PRESSES * options.runs()).to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut script = script.spawn().context("starting node")?;
    let templates: Vec<&str> = marks.iter().map(|laid| laid.template.as_str()).collect();
    script.stdin.take().context("no standard input")?.write_all(&serde_json::to_vec(&templates)?)?;
    let output = script.wait_with_output()?;
    ensure!(output.status.success(), "studio_bench.mjs ended with {}", output.status);
    serde_json::from_slice(&output.stdout).context("reading what studio_bench.mjs says")
}

/// Medians of the preview and of the file, in milliseconds.
fn natively(picture: &Path, laid: &Laid, times: usize) -> Result<(Option<f64>, Option<f64>)> {
    let bytes = fs::read(picture)?;
    let pixels = image::load_from_memory(&bytes)?.into_rgba8();
    let (width, height) = pixels.dimensions();
    let (mut studio, variables) = (Studio::default(), Variables::default());
    studio.open(bytes)?;
    ensure!(studio.set_pixels(pixels.into_raw(), width, height), "no preview of {}", picture.display());
    let (mut previews, mut files) = (Vec::new(), Vec::new());
    for _ in 0..times {
        let begun = Instant::now();
        let drawn = studio.preview(&laid.template, &variables).1;
        previews.push(begun.elapsed().as_secs_f64() * 1e3);
        let begun = Instant::now();
        let file = studio.render(&laid.template, &variables)?;
        files.push(begun.elapsed().as_secs_f64() * 1e3);
        ensure!(drawn.is_ok() && file.is_some(), "the template has mistakes");
    }
    Ok((median(&previews), median(&files)))
}

fn line(name: &str, drawn: &[f64], painted: &[f64], module: &[f64], native_ms: Option<f64>) -> Vec<String> {
    let of = |ms: Option<f64>| ms.map_or(String::new(), |ms| format!("{ms:.1}"));
    let best = drawn.iter().copied().reduce(f64::min);
    let worst = drawn.iter().copied().reduce(f64::max);
    let ratio = median(module).zip(native_ms).map_or(String::new(), |(ours, native)| format!("{:.2}", ours / native));
    let numbers = [median(drawn), best, worst, median(painted), median(module), native_ms].map(of);
    [vec![name.to_owned()], numbers.to_vec(), vec![ratio]].concat()
}
