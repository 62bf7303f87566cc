//! The files of a folder, and a stamp that tells whether any of them has changed.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Deepest folder in a folder.
const MAX_DEPTH: usize = 8;

/// Most files of a folder and those in it.
const MAX_FILES: usize = 10_000;

/// The files below a folder with one of these endings, in any case, sorted by name.
///
/// Links are followed. What is hidden by a dot is not looked at: version control, and what editors put down meanwhile.
///
/// # Errors
/// When a folder cannot be read, and where there are too many files or folders in folders.
pub fn files(folder: &Path, endings: &[&str]) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    walk(folder, endings, MAX_DEPTH, &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, endings: &[&str], depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let too_much = |what| Err(io::Error::other(format!("{}: {what}", folder.display())));
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_hidden(&entry.file_name()) {
            continue;
        }
        let path = entry.path();
        // A link that leads nowhere is no file.
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if metadata.is_dir() {
            if depth == 0 {
                return too_much("too many folders in folders");
            }
            walk(&path, endings, depth - 1, found)?;
        } else if metadata.is_file() && has_ending(&path, endings) {
            if found.len() == MAX_FILES {
                return too_much("too many files");
            }
            found.push(path);
        }
    }
    Ok(())
}

/// Whether a file's name ends with one of these, without the dot and in any case.
pub fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.iter().any(|known| known.eq_ignore_ascii_case(ending)))
}

/// Whether a name begins with a dot.
pub fn is_hidden(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// The folders in a folder, by name, sorted; hidden ones are left out.
pub(crate) fn folders(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let (name, path) = entry.map(|entry| (entry.file_name(), entry.path()))?;
        if let (false, true, Ok(name)) = (is_hidden(&name), path.is_dir(), name.into_string()) {
            found.push((name, path));
        }
    }
    found.sort();
    Ok(found)
}

/// Which files there are and when each was written last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp(Vec<(PathBuf, Option<Written>)>);

/// Size, times and number of a file: writing it, or putting another in its place, changes one of them.
type Written = (u64, i64, i64, i64, u64);

impl Stamp {
    /// That of files as they are now; one that is not there counts as well.
    pub(crate) fn of(paths: Vec<PathBuf>) -> Self {
        let written = |path: &Path| {
            let m = fs::metadata(path).ok()?;
            Some((m.size(), m.mtime_nsec() + m.mtime() * 1_000_000_000, m.ctime(), m.ctime_nsec(), m.ino()))
        };
        Self(paths.into_iter().map(|path| (written(&path), path)).map(|(written, path)| (path, written)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_below_and_hidden_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.png", "a.PNG", "c.txt", ".d.png", "in/e.svg", ".git/f.png"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        let found = files(folder.path(), &["png", "svg"]).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.strip_prefix(folder.path()).unwrap().to_str()).collect();
        assert_eq!(names, [Some("a.PNG"), Some("b.png"), Some("in/e.svg")]);
        assert!(files(&folder.path().join("absent"), &["png"]).is_err());

        let before = Stamp::of(found.clone());
        assert_eq!(Stamp::of(found.clone()), before);
        fs::write(&found[0], "another size").unwrap();
        assert_ne!(Stamp::of(found.clone()), before);
        fs::remove_file(&found[0]).unwrap();
        assert_ne!(Stamp::of(found), before);
    }

    #[test]
    fn a_link_in_a_circle_ends() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        assert!(files(folder.path(), &["png"]).unwrap_err().to_string().contains("too many folders"));
    }
}
