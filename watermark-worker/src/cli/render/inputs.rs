//! Which pictures are marked, and under which names.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use watermark_worker::folder::{has_ending, is_hidden};

use super::picture::Failed;

/// Endings of pictures that are taken from a folder. One of a format that is not read fails by its name, and a text
/// beside the pictures does not.
const PICTURES: [&str; 14] =
    ["jpg", "jpeg", "jpe", "jfif", "png", "apng", "webp", "gif", "avif", "heic", "heif", "tif", "tiff", "bmp"];

/// Most clashes that are told.
const MAX_CLASHES: usize = 10;

/// A picture, and its name below the output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) source: PathBuf,
    pub(super) name: PathBuf,
}

/// Everything that was named.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    /// The pictures.
    pub(super) files: Vec<Input>,
    /// What cannot be read.
    pub(super) unreadable: Vec<Failed>,
    /// Files in folders that are no pictures.
    pub(super) left_out: u64,
    /// Files that would get one name, a sentence for each two.
    pub(super) clashes: Vec<String>,
}

impl Inputs {
    /// Takes files as they are named, and of folders the pictures in them and below, but for those below `out`.
    pub(super) fn gather(named: &[PathBuf], out: &Path) -> Self {
        let mut inputs = Self::default();
        let out = fs::canonicalize(out).ok();
        for path in named {
            if path.is_dir() {
                inputs.folder(path, path, out.as_deref());
            } else if let Some(name) = path.file_name() {
                inputs.files.push(Input { source: path.clone(), name: name.into() });
            } else {
                inputs.unreadable.push(Failed { source: path.clone(), message: "it is not there".to_owned() });
            }
        }
        inputs.check_names();
        inputs
    }

    fn folder(&mut self, folder: &Path, root: &Path, out: Option<&Path>) {
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                let message = format!("it cannot be read: {error}");
                return self.unreadable.push(Failed { source: folder.to_owned(), message });
            }
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            // A link to a folder may lead in a circle, so only those to files are followed.
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_hidden(&entry.file_name()) || (is_folder && fs::canonicalize(&path).ok().as_deref() == out) {
                continue;
            }
            if is_folder {
                self.folder(&path, root, out);
            } else if path.is_file() && has_ending(&path, &PICTURES) {
                let name = path.strip_prefix(root).unwrap_or(&path).to_owned();
                self.files.push(Input { source: path, name });
            } else {
                self.left_out += 1;
            }
        }
    }

    /// Finds two files that would get one name. A file that was named twice is one file.
    fn check_names(&mut self) {
        let mut known: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
        let mut clashes = Vec::new();
        self.files.retain(|input| {
            let Some(before) = known.get(&input.name) else {
                known.insert(input.name.clone(), input.source.clone());
                return true;
            };
            let real = |path: &Path| fs::canonicalize(path).ok();
            if real(before) != real(&input.source) {
                let (one, other) = (before.display(), input.source.display());
                clashes.push(format!("{one} and {other} would both become {}", input.name.display()));
            }
            false
        });
        let more = clashes.len().saturating_sub(MAX_CLASHES);
        clashes.truncate(MAX_CLASHES);
        if more > 0 {
            clashes.push(format!("and {more} more"));
        }
        self.clashes = clashes;
    }
}
