//! Asking `oracle.py`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::marking::Marked;

/// What is to be proven of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It has its source's coefficients outside of the mark.
    Kept,
    /// It was encoded anew: it can be shown, in the right size.
    Encoded,
}

/// A source, its output, and what the output says of itself.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// How the oracle calls it.
    pub(crate) id: String,
    line: String,
}

impl Case {
    /// None where there is no output.
    pub(crate) fn of(marked: &Marked) -> Option<Self> {
        let done = marked.done.as_ref()?;
        let kind = if marked.way.is_kept() { Kind::Kept } else { Kind::Encoded };
        let rects =
            done.output.touched.iter().map(|rect| format!("{},{},{},{}", rect.x, rect.y, rect.width, rect.height));
        let id = format!("{}:{}", marked.name, marked.template);
        let fields = [
            id.clone(),
            format!("{kind:?}"),
            path(&marked.source),
            path(&done.path),
            path(&done.mark),
            done.output.width.to_string(),
            done.output.height.to_string(),
            rects.collect::<Vec<_>>().join(";"),
        ];
        Some(Self { name: marked.name.clone(), kind, line: fields.join("\t"), id })
    }
}

fn path(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// What the oracle says.
pub(crate) struct Report {
    /// One line each: the case's id, a space, what is wrong.
    pub(crate) complaints: Vec<String>,
    pub(crate) summary: String,
}

/// Something to be done wrong to each output, and what must be said of it.
pub(crate) struct Wrong {
    pub(crate) name: &'static str,
    pub(crate) complaint: &'static str,
}

/// The wrongs that `oracle.py` can do.
pub(crate) const WRONGS: [Wrong; 7] = [
    Wrong { name: "coefficient", complaint: "outside of the mark" },
    Wrong { name: "elsewhere", complaint: "outside of the mark" },
    Wrong { name: "quantization", complaint: "quantization" },
    Wrong { name: "unmarked", complaint: "nothing has changed" },
    Wrong { name: "color", complaint: "another mark" },
    Wrong { name: "moved", complaint: "another place" },
    Wrong { name: "cut", complaint: "warning" },
];

/// Compares all cases.
pub(crate) fn run(folder: &Path, cases: &[Case]) -> Report {
    run_with(folder, cases, None)
}

/// The same, after something has been done wrong to each output.
pub(crate) fn run_with(folder: &Path, cases: &[Case], wrong: Option<&str>) -> Report {
    let list = folder.join("cases.tsv");
    let lines: Vec<&str> = cases.iter().map(|case| &*case.line).collect();
    fs::write(&list, lines.join("\n")).unwrap();
    let packages = env::var_os("SEALMARK_CORPUS_PYTHON").map(PathBuf::from);
    let packages = packages.expect("SEALMARK_CORPUS_PYTHON names no folder; `cargo xtask corpus` makes it");
    let mut command = Command::new("python3");
    command.arg("-B").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/oracle.py"));
    command.arg(&list).args(wrong.map(|wrong| format!("--wrong={wrong}"))).env("PYTHONPATH", packages);
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "the oracle gave up:\n{out}{errors}");
    let (complaints, summary): (Vec<&str>, Vec<&str>) = out.lines().partition(|line| line.starts_with("WRONG "));
    Report {
        complaints: complaints.iter().filter_map(|line| line.strip_prefix("WRONG ")).map(str::to_owned).collect(),
        summary: summary.join("\n"),
    }
}
