//! A folder with pictures and templates, and the program run in it.

use std::{
    fs,
    io::{Cursor, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::Value;
use tempfile::TempDir;

/// What a run came to.
pub(super) struct Ran {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

/// A folder of one test.
pub(super) struct Bench {
    folder: TempDir,
}

impl Bench {
    /// A folder with these files.
    pub(super) fn with(files: &[(&str, &[u8])]) -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        files.iter().for_each(|(name, bytes)| bench.write(name, bytes));
        bench
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(super) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Names of everything below a folder, sorted, hidden files too.
    pub(super) fn names(&self, folder: &str) -> Vec<String> {
        fn walk(root: &Path, folder: &Path, names: &mut Vec<String>) {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(root, &path, names);
                } else {
                    names.push(path.strip_prefix(root).unwrap().display().to_string());
                }
            }
        }
        let mut names = Vec::new();
        walk(&self.path(folder), &self.path(folder), &mut names);
        names.sort();
        names
    }

    /// Runs the program in the folder, with arguments between spaces.
    pub(super) fn run(&self, arguments: &str) -> Ran {
        self.run_with(arguments, b"")
    }

    /// Runs it with something on its standard input.
    pub(super) fn run_with(&self, arguments: &str, input: &[u8]) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_watermark-worker"))
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .env_remove("SEALMARK_CONFIG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

impl Ran {
    /// Holds it to an exit code.
    #[track_caller]
    pub(super) fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "out:\n{}\nerr:\n{}", self.out, self.err);
        self
    }

    /// Holds it to what is said, on standard output or beside it.
    #[track_caller]
    pub(super) fn says(self, part: &str) -> Self {
        let is_said = self.out.contains(part) || self.err.contains(part);
        assert!(is_said, "{part:?} in\nout:\n{}\nerr:\n{}", self.out, self.err);
        self
    }

    /// The JSON values of the lines on standard output.
    #[track_caller]
    pub(super) fn json(&self) -> Vec<Value> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {}", self.out));
        self.out.lines().map(read).collect()
    }
}

/// A picture with a gradient.
pub(super) fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| image::Rgb([(x * 3 % 200) as u8, (y * 5 % 200) as u8, 90]))
}

pub(super) fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    DynamicImage::ImageRgb8(picture(width, height)).write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

pub(super) fn jpeg() -> Vec<u8> {
    encoded(160, 120, ImageFormat::Jpeg)
}

pub(super) fn png() -> Vec<u8> {
    encoded(90, 60, ImageFormat::Png)
}

/// A mark in the corner.
pub(super) const SHOP: &[u8] = b"template \"shop\" {\n  text \"(c) {user_id}\" { size = 12%h }\n}\n";

/// A logo.
pub(super) const LOGO: &[u8] =
    br##"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><path fill="#f00" d="M0 0h20v20z"/></svg>"##;
