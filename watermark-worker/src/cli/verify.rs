//! `watermark-worker verify`: how two pictures differ, and where.

use std::{fs, path::PathBuf, process::ExitCode};

use clap::Args;
use sealmark_watermark_render::{Comparison, Limits, Measure, Rect, RenderError, compare};
use serde_json::{Value, json};

use super::{SOME_FAILED, USAGE, chain, counted, grouped, say};

const EXAMPLES: &str = "\
Examples:
  watermark-worker verify before.jpg after.jpg
  watermark-worker verify before.jpg after.jpg --touched 1200,900,400,60
  watermark-worker verify before.png after.png --touched 0,0,64,64 --touched 100,0,64,64 --json

JPEGs of the same structure are compared coefficient by coefficient, everything else pixel by pixel as shown.
A rectangle is x,y,width,height in pixels as shown; of a JPEG every MCU that it reaches may differ.
Exit code 0: nothing differs outside of the rectangles, or none were given; 1: more differs; 2: a file cannot be
read, or the command line makes no sense.";

/// Most boxes that are printed for people.
const MAX_BOXES: usize = 20;

/// Options of `verify`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The picture as it was
    before: PathBuf,
    /// The picture as it is
    after: PathBuf,
    /// A rectangle where they may differ; may be given more than once
    #[arg(long, value_name = "X,Y,W,H", value_parser = rectangle)]
    touched: Vec<Rect>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn rectangle(given: &str) -> Result<Rect, String> {
    let numbers: Result<Vec<u32>, _> = given.split(',').map(|number| number.trim().parse()).collect();
    match numbers.as_deref() {
        Ok(&[x, y, width, height]) if width > 0 && height > 0 => Ok(Rect { x, y, width, height }),
        _ => Err("a rectangle is X,Y,W,H in pixels, as 10,20,300,40".to_owned()),
    }
}

/// Compares two files.
pub(crate) fn run(options: &Options) -> ExitCode {
    let failed = |message: String, code| {
        if options.json {
            say(&json!({ "before": name(&options.before), "after": name(&options.after), "error": message })
                .to_string());
        } else {
            eprintln!("error: {message}");
        }
        ExitCode::from(code)
    };
    let read = |path: &PathBuf| fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()));
    let (before, after) = match (read(&options.before), read(&options.after)) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(message), _) | (_, Err(message)) => return failed(message, USAGE),
    };
    let comparison = match compare(&before, &after, &options.touched, &Limits::default()) {
        Ok(comparison) => comparison,
        Err(error @ RenderError::VerifyFailed { .. }) => return failed(chain(&error), SOME_FAILED),
        Err(error) => return failed(chain(&error), USAGE),
    };
    if options.json {
        say(&object(options, &comparison).to_string());
    } else {
        tell(options, &comparison);
    }
    let is_right = options.touched.is_empty() || comparison.outside == 0;
    if is_right { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) }
}

fn name(path: &std::path::Path) -> String {
    path.display().to_string()
}

fn tell(options: &Options, found: &Comparison) {
    let (unit, by) = match found.measure {
        Measure::Coefficients => ("MCUs", "compared coefficient by coefficient".to_owned()),
        Measure::Pixels(reason) => ("pixels", format!("compared pixel by pixel, for {reason}")),
    };
    let (before, after) = (options.before.display(), options.after.display());
    say(&format!("{before} and {after}: {by}"));
    if found.different == 0 {
        return say(&format!("  none of {} {unit} differ", grouped(found.total)));
    }
    let (different, total) = (grouped(found.different), grouped(found.total));
    say(&format!("  {different} of {total} {unit} differ, by at most {}", found.largest));
    boxes("in", &found.boxes);
    if !options.touched.is_empty() {
        say(&format!("  {} of them outside of the given rectangles", grouped(found.outside)));
        boxes("outside in", &found.boxes_outside);
    }
}

fn boxes(how: &str, boxes: &[Rect]) {
    if boxes.is_empty() {
        return;
    }
    let written = |rect: &Rect| format!("{}x{} at {},{}", rect.width, rect.height, rect.x, rect.y);
    let shown: Vec<String> = boxes.iter().take(MAX_BOXES).map(written).collect();
    let more = boxes.len().saturating_sub(MAX_BOXES);
    let end = if more > 0 { format!(", and {more} more") } else { String::new() };
    say(&format!("  {how} {}: {}{end}", counted(boxes.len() as u64, "box", "boxes"), shown.join(", ")));
}

fn object(options: &Options, found: &Comparison) -> Value {
    let (measure, because) = match found.measure {
        Measure::Coefficients => ("coefficients", None),
        Measure::Pixels(reason) => ("pixels", Some(reason.to_string())),
    };
    let is_asked = !options.touched.is_empty();
    json!({
        "before": name(&options.before),
        "after": name(&options.after),
        "measure": measure,
        "because": because,
        "total": found.total,
        "different": found.different,
        "largest": found.largest,
        "boxes": rectangles(&found.boxes),
        "outside": is_asked.then_some(found.outside),
        "boxes_outside": is_asked.then(|| rectangles(&found.boxes_outside)),
    })
}

/// Rectangles as JSON.
pub(super) fn rectangles(rects: &[Rect]) -> Vec<Value> {
    let object = |rect: &Rect| json!({ "x": rect.x, "y": rect.y, "width": rect.width, "height": rect.height });
    rects.iter().map(object).collect()
}
