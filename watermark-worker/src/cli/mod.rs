//! The commands that work on files.

pub(crate) mod check;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod render;
mod variables;
pub(crate) mod verify;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use sealmark_watermark_render::Available;
use tempfile::NamedTempFile;
pub(crate) use watermark_worker::chain;
use watermark_worker::{Keys, LoadError, Objects, Places, Shelves, Source, report};

/// Some files failed.
const SOME_FAILED: u8 = 1;
/// The command line makes no sense.
const USAGE: u8 = 2;
/// The template is wrong.
const TEMPLATE_WRONG: u8 = 3;

/// What exit codes mean; for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  all done
  1  some files failed; `check` found mistakes, `fmt --check` something to lay out, `verify` more differences
  2  the command line makes no sense, or `verify` cannot read a file
  3  the template is wrong (`render`, `explain`); of `run`: some jobs were cut off";

/// Where a template finds what it names.
#[derive(Debug, Clone, Args)]
pub(crate) struct Resources {
    /// Folder of fonts (.ttf, .otf, .ttc), beside the embedded DejaVu Sans
    #[arg(long, value_name = "DIR")]
    fonts: Option<PathBuf>,
    /// Folder of pictures (.png, .webp, .svg) that templates name
    #[arg(long, value_name = "DIR")]
    assets: Option<PathBuf>,
    /// Folder of included templates; by default the template's own
    #[arg(long, value_name = "DIR")]
    include_dir: Option<PathBuf>,
}

impl Resources {
    fn places(&self, template: &Path) -> Places {
        Places {
            template: template.to_owned(),
            includes: self.include_dir.clone(),
            fonts: self.fonts.clone(),
            assets: self.assets.clone(),
            tenants: None,
        }
    }
}

/// Keys as given on the command line.
#[derive(Clone, Args)]
pub(crate) struct KeyOptions {
    /// A key for `hmac(key.NAME, …)`: 32 or more hex digits, or a file that holds them
    #[arg(long = "key", value_name = "NAME=HEX-OR-FILE")]
    keys: Vec<String>,
}

impl KeyOptions {
    /// The keys; what is wrong never repeats a value.
    fn read(&self) -> Result<Keys, String> {
        let mut keys = Keys::default();
        for given in &self.keys {
            let (name, value) = given.split_once('=').ok_or("--key takes NAME=HEX-OR-FILE")?;
            keys.add(name, value).map_err(|mistake| format!("--key: {mistake}"))?;
        }
        Ok(keys)
    }
}

/// A template that every picture can be marked with, and its fonts and pictures; or what is wrong has been said.
fn load(
    template: &Path,
    resources: &Resources,
    keys: &Keys,
) -> Result<(Source, sealmark_watermark_render::Resources), ExitCode> {
    let places = resources.places(template);
    let wrong = |error: LoadError| wrong_template(&error);
    let source = Source::read(template, places.includes.as_deref()).map_err(wrong)?;
    let shelf = Shelves::read(&places, &Objects::default()).map_err(|error| usage(&chain(&error)))?.shared;
    let known: Vec<&str> = keys.names().collect();
    let available = Available { fonts: Some(&shelf.resources), assets: Some(&shelf.resources), keys: Some(&known) };
    source.check(available).map_err(wrong)?;
    let warnings = report(&source.path, &source.text, source.template.warnings());
    if !warnings.is_empty() {
        eprint!("{warnings}");
    }
    Ok((source, shelf.resources))
}

/// Prints a line; whoever has stopped reading is no reason to fail.
fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

fn usage(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(USAGE)
}

fn wrong_template(error: &LoadError) -> ExitCode {
    eprintln!("{}", chain(error));
    ExitCode::from(TEMPLATE_WRONG)
}

/// A number with commas between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let ahead = digits.len() % 3;
    let (head, rest) = digits.split_at(ahead);
    let groups = rest.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let all = std::iter::once(head.to_owned()).filter(|head| !head.is_empty()).chain(groups);
    all.collect::<Vec<_>>().join(",")
}

/// Several of something, in words.
fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// Writes a file that is there as a whole or not at all. One of that name is only replaced where `may_replace` is set.
fn write_whole(path: &Path, bytes: &[u8], may_replace: bool) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = temporary(folder, path)?;
    file.write_all(bytes)?;
    let persisted = if may_replace { file.persist(path) } else { file.persist_noclobber(path) };
    persisted.map(drop).map_err(|error| error.error)
}

/// A hidden file with the rights of the one that it is to replace, or those of any new file.
fn temporary(folder: &Path, path: &Path) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;

    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix(".sealmark-").suffix(".part").permissions(fs::Permissions::from_mode(0o666));
    let file = builder.tempfile_in(folder)?;
    if let Ok(known) = fs::metadata(path) {
        file.as_file().set_permissions(known.permissions())?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
