//! `watermark-worker render`: files and folders of pictures, marked by all processors.

mod inputs;
mod picture;
mod summary;

use std::{
    fs,
    io::{self, IsTerminal},
    num::NonZero,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use sealmark_watermark_dsl::Variables;

use self::{
    inputs::{Input, Inputs},
    picture::{Failed, Job, Marked},
    summary::Summary,
};
use super::{
    KeyOptions, Resources, SOME_FAILED, load, say, usage,
    variables::{Setting, setting},
    wrong_template,
};

const EXAMPLES: &str = "\
Examples:
  watermark-worker render --template shop.seal --set user_id=7 photo.jpg --out marked
  watermark-worker render --template shop.seal --assets logos --out marked photos scans/*.png
  watermark-worker render --template trace.seal --key trace=trace.key --json --out marked photos

Of a folder every picture in it and below is taken, and keeps its place below the output folder. A picture is verified
before it is written, and is there as a whole or not at all. image.name is the file's name and timestamp_ms the time it
was last changed, unless they are set.
Exit code 0: all done; 1: some files failed, the others are done; 2: the command line makes no sense, or two files
would get one name; 3: the template is wrong. With 2 and 3 nothing is written.";

/// Options of `render`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The template
    #[arg(long, value_name = "FILE")]
    template: PathBuf,
    /// A variable of the template, as user_id=7 or tags.sale=yes; see docs/templates.md for their names
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<Setting>,
    #[command(flatten)]
    keys: KeyOptions,
    #[command(flatten)]
    resources: Resources,
    /// Files and folders of pictures
    #[arg(required = true, value_name = "IN")]
    inputs: Vec<PathBuf>,
    /// Folder that the marked pictures are written to, under their own names
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Pictures at once; by default as many as there are processors
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
    /// Replace files that are there already, the pictures themselves too
    #[arg(long)]
    force: bool,
    /// Print one JSON object for each picture, and one with the summary at the end
    #[arg(long)]
    json: bool,
}

/// Marks pictures.
pub(crate) fn run(options: &Options) -> ExitCode {
    let begun = Instant::now();
    let keys = match options.keys.read() {
        Ok(keys) => keys,
        Err(message) => return usage(&message),
    };
    let (source, resources) = match load(&options.template, &options.resources, &keys) {
        Ok(loaded) => loaded,
        Err(error) => return wrong_template(&error),
    };
    let inputs = Inputs::gather(&options.inputs, &options.out);
    if !inputs.clashes.is_empty() {
        return usage(&inputs.clashes.join("\n       "));
    }
    if let Err(error) = check_out(&options.out) {
        eprintln!("error: nothing can be written to {}: {error}", options.out.display());
        return ExitCode::from(SOME_FAILED);
    }
    let mut variables = Variables { keys: keys.all(), ..Variables::default() };
    // Each was tried when it was read.
    options.settings.iter().for_each(|setting| drop(setting.apply(&mut variables)));
    let job = Job {
        template: &source.template,
        resources: &resources,
        settings: &options.settings,
        variables: &variables,
        out: &options.out,
        force: options.force,
        written: Mutex::default(),
    };
    let threads = threads(options, inputs.files.len());
    let results = all(&job, &inputs.files, threads, options.json);
    let mut summary = Summary::new(threads, inputs.left_out);
    inputs.unreadable.iter().for_each(|failed| {
        report(&Err(failed.clone()), options.json, &ProgressBar::hidden());
        summary.count(&Err(failed.clone()));
    });
    results.iter().for_each(|result| summary.count(result));
    summary.wall_ms = begun.elapsed().as_millis() as u64;
    say(&if options.json { summary.to_json() } else { summary.to_string() });
    if summary.failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) }
}

fn threads(options: &Options, files: usize) -> usize {
    let processors = || thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    options.jobs.unwrap_or_else(processors).get().min(files.max(1))
}

/// Makes the folder and tries to write into it, before an hour of rendering turns out to be for nothing.
fn check_out(out: &Path) -> io::Result<()> {
    fs::create_dir_all(out)?;
    tempfile::Builder::new().prefix(".sealmark-").tempfile_in(out).map(drop)
}

/// Marks all, several at once; the results come in the order of the files.
fn all(job: &Job<'_>, files: &[Input], threads: usize, json: bool) -> Vec<Result<Marked, Failed>> {
    let bar = bar(files.len() as u64);
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Result<Marked, Failed>)>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(input) = files.get(at) else { return };
                    let result = job.mark(input);
                    report(&result, json, &bar);
                    bar.inc(1);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                }
            });
        }
    });
    bar.finish_and_clear();
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

/// A bar for people who watch; nothing where nobody does.
fn bar(files: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} pictures, {per_sec}, {eta} left");
    ProgressBar::new(files).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Says at once what has failed, and as JSON also what has not.
fn report(result: &Result<Marked, Failed>, json: bool, bar: &ProgressBar) {
    bar.suspend(|| match result {
        _ if json => say(&summary::line(result)),
        Ok(marked) if !marked.missing_glyphs.is_empty() => eprintln!(
            "{}: the fonts lack {:?}; a box stands in their place",
            marked.source.display(),
            marked.missing_glyphs
        ),
        Ok(_) => {}
        Err(failed) => eprintln!("{}: {}", failed.source.display(), failed.message),
    });
}
