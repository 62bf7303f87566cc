//! Marks on hundreds of JPEGs of many encoders, proven by libjpeg and Pillow instead of by ourselves.
//!
//! `cargo xtask test` makes the pictures, and `cargo xtask corpus` runs this test alone. Each picture is marked with
//! two templates. The way that it goes must be the one that `expected.txt` names, so that nothing falls back
//! unnoticed; `SEALMARK_UPDATE_CORPUS=1` writes that table anew. Then `oracle.py` compares the coefficients that
//! libjpeg reads from both files, and the pixels that Pillow shows with those of a mark blended in the plain way.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

mod marking;
mod oracle;
mod outcome;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use marking::{Marked, mark_all};
use oracle::{Case, Kind};
use outcome::{Table, Way};

/// Pictures over this size in bytes are marked only in the larger sweep: they show nothing that small ones do not.
const LARGE_BYTES: u64 = 1_000_000;

/// The corpus's files, by name: the maker's folder and the file's own, without its ending.
fn corpus() -> BTreeMap<String, PathBuf> {
    let folder = env::var_os("SEALMARK_CORPUS").map(PathBuf::from);
    let folder = folder.expect("SEALMARK_CORPUS names no folder; `cargo xtask test` and `cargo xtask corpus` make it");
    let is_full = env::var_os("SEALMARK_CORPUS_FULL").is_some();
    let mut files = BTreeMap::new();
    for maker in fs::read_dir(&folder).unwrap() {
        for file in fs::read_dir(maker.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let is_taken = is_full || path.metadata().unwrap().len() <= LARGE_BYTES;
            if is_taken && path.extension().is_some_and(|extension| extension == "jpg") {
                let name = path.strip_prefix(&folder).unwrap().with_extension("");
                files.insert(name.to_str().unwrap().to_owned(), path);
            }
        }
    }
    files
}

/// A fresh folder for what a test writes.
fn work(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn every_picture_goes_its_way_and_keeps_all_but_its_mark() {
    let files = corpus();
    let marked = mark_all(&files, &work("marked"));

    let found = Table::of(&marked);
    println!("{}", found.summary());
    let mut mistakes = found.mistakes();

    let cases: Vec<Case> = marked.iter().filter_map(Case::of).collect();
    let kept =
        |maker: &str| cases.iter().filter(|case| case.kind == Kind::Kept && case.name.starts_with(maker)).count();
    assert!(kept("") >= 2 * 200, "only {} pictures keep their coefficients", kept("") / 2);
    for maker in ["libjpeg-turbo/", "sharp/", "imagemagick/", "pillow/", "ffmpeg/", "jpeg-encoder/", "from-", "rare/"] {
        assert!(kept(maker) > 0, "no picture of {maker} keeps its coefficients");
    }
    let report = oracle::run(&work("marked-report"), &cases);
    println!("{}", report.summary);
    mistakes.extend(report.complaints);
    assert!(mistakes.is_empty(), "{} mistakes:\n{}", mistakes.len(), mistakes.join("\n"));
}

/// What the oracle says of files in which something is wrong.
#[test]
fn the_oracle_finds_what_is_wrong() {
    let names = [
        "libjpeg-turbo/chelsea-420",
        "libjpeg-turbo/chelsea-422-optimized-restarts",
        "libjpeg-turbo/chelsea-progressive",
        "pillow/orientation-6-420",
        "pillow/orientation-7-cmyk",
        "jpeg-encoder/coffee-ycck-420",
    ];
    let files: BTreeMap<String, PathBuf> = corpus().into_iter().filter(|(name, _)| names.contains(&&**name)).collect();
    assert_eq!(files.len(), names.len());
    let marked = mark_all(&files, &work("wrong"));
    let cases: Vec<Case> = marked.iter().filter_map(Case::of).collect();
    assert_eq!(cases.len(), 2 * names.len());
    let folder = work("wrong-report");
    assert_eq!(oracle::run(&folder, &cases).complaints, [""; 0]);

    for wrong in oracle::WRONGS {
        let report = oracle::run_with(&folder, &cases, Some(wrong.name));
        for case in &cases {
            let own = report.complaints.iter().find(|complaint| complaint.starts_with(&format!("{} ", case.id)));
            let own = own.unwrap_or_else(|| panic!("{} goes through with {}", case.id, wrong.name));
            assert!(own.contains(wrong.complaint), "of {} is said: {own}", wrong.name);
        }
    }
}

/// Names of the templates, and the ways of one picture with each.
fn ways(marked: &[Marked]) -> BTreeMap<&str, Vec<&Way>> {
    let mut ways: BTreeMap<&str, Vec<&Way>> = BTreeMap::new();
    for one in marked {
        ways.entry(&one.name).or_default().push(&one.way);
    }
    ways
}
