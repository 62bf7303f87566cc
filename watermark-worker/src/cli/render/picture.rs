//! One picture: read, marked, verified, written.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Instant, UNIX_EPOCH},
};

use sealmark_watermark_dsl::{Template, Variables};
use sealmark_watermark_render::{Format, Limits, Method, Rect, Resources, render, verify};

use super::inputs::Input;
use crate::cli::{chain, variables::Setting, write_whole};

/// What every picture is marked with.
pub(super) struct Job<'a> {
    pub(super) template: &'a Template,
    pub(super) resources: &'a Resources,
    pub(super) settings: &'a [Setting],
    pub(super) variables: &'a Variables,
    pub(super) out: &'a Path,
    /// Whether files that are there are replaced.
    pub(super) force: bool,
    /// What has been written: a template that changes the format can give two files one name.
    pub(super) written: Mutex<BTreeSet<PathBuf>>,
}

/// A picture that is done.
#[derive(Debug, Clone)]
pub(super) struct Marked {
    pub(super) source: PathBuf,
    pub(super) target: PathBuf,
    pub(super) bytes_before: u64,
    pub(super) bytes: u64,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) method: Method,
    pub(super) touched: Vec<Rect>,
    pub(super) missing_glyphs: Vec<char>,
    pub(super) ms: u64,
}

/// A picture that is not.
#[derive(Debug, Clone)]
pub(super) struct Failed {
    pub(super) source: PathBuf,
    pub(super) message: String,
}

impl Job<'_> {
    /// Marks a picture and writes it.
    pub(super) fn mark(&self, input: &Input) -> Result<Marked, Failed> {
        self.try_mark(input).map_err(|message| Failed { source: input.source.clone(), message })
    }

    fn try_mark(&self, input: &Input) -> Result<Marked, String> {
        let begun = Instant::now();
        let unreadable = |error: io::Error| format!("it cannot be read: {error}");
        let metadata = fs::metadata(&input.source).map_err(unreadable)?;
        self.check_target(&input.source, &self.out.join(&input.name))?;
        let source = fs::read(&input.source).map_err(unreadable)?;
        let limits = Limits::default();
        let variables = self.variables(&input.source, &metadata);
        let output = render(&source, self.template, &variables, self.resources, &limits).map_err(|e| chain(&e))?;
        verify(&source, &output, &limits).map_err(|error| chain(&error))?;

        let mut target = self.out.join(&input.name);
        if Format::sniff(&source).is_ok_and(|format| format.extension() != output.extension) {
            target.set_extension(output.extension);
        }
        if !self.written.lock().unwrap_or_else(PoisonError::into_inner).insert(target.clone()) {
            return Err(format!("another picture has become {}", target.display()));
        }
        self.check_target(&input.source, &target)?;
        let unwritable = |error: io::Error| format!("{} cannot be written: {error}", target.display());
        target.parent().map_or(Ok(()), fs::create_dir_all).map_err(unwritable)?;
        write_whole(&target, &output.bytes, self.force).map_err(unwritable)?;
        Ok(Marked {
            source: input.source.clone(),
            bytes_before: source.len() as u64,
            bytes: output.bytes.len() as u64,
            width: output.width,
            height: output.height,
            method: output.method,
            touched: output.touched,
            missing_glyphs: output.missing_glyphs,
            ms: begun.elapsed().as_millis() as u64,
            target,
        })
    }

    /// Whether the target may be written, as far as can be said before.
    fn check_target(&self, source: &Path, target: &Path) -> Result<(), String> {
        if self.force || !target.exists() {
            return Ok(());
        }
        let real = |path| fs::canonicalize(path).ok();
        let shown = target.display();
        Err(if real(source) == real(target) {
            "it would be written over itself; --force does so".to_owned()
        } else {
            format!("{shown} is there already; --force replaces it")
        })
    }

    fn variables(&self, path: &Path, metadata: &fs::Metadata) -> Variables {
        let mut variables = self.variables.clone();
        variables.image_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        variables.timestamp_ms = changed.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        // Once more, over what the file says; each was tried when it was read.
        self.settings.iter().for_each(|setting| drop(setting.apply(&mut variables)));
        variables
    }
}
