//! Every format and kind that is read, into every format that is written: the digests of the outputs are those of the
//! list `golden/formats.txt`, and each output verifies. The same list holds in wasm, but for lossy WebP.
//!
//! The sources are `files/formats`: one photograph, written by Pillow and ImageMagick. The mark is
//! `golden/formats.seal`; a format that is asked for is an `output` block of its own at the template's end.
//! `SEALMARK_UPDATE_GOLDENS=1` writes the list anew; look at the pictures that changed before it is committed:
//! `SEALMARK_FORMATS_OUT` names a folder for all outputs.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

mod pictures;

use std::{collections::BTreeSet, env, fmt::Write, fs, path::Path};

use pictures::{marked, template};
use sealmark_watermark_dsl::Template;
use sealmark_watermark_render::{EncodeFailure, Format, Limits, RenderError, verify};
use sha2::{Digest, Sha256};

/// What a template may ask for.
const WANTED: [&str; 4] = ["source", "jpeg", "png", "webp"];
/// What the list says instead of a digest.
const REFUSED: &str = "refused";

const HEAD: &str = "\
# Written by tests/formats_golden.rs with SEALMARK_UPDATE_GOLDENS=1.
# A line: the source in files/formats, the format that the template asks for, that of the output with its encoder, and
# the output's SHA-256, or `refused`. `lossy` WebPs are made by libwebp, which is not in the wasm module.
";

fn template_for(wanted: &str) -> Template {
    let source = include_str!("golden/formats.seal");
    let without_end = source.trim_end().strip_suffix('}').unwrap();
    template(&format!("{without_end}  output {{ format = {wanted} }}\n}}\n"))
}

/// The line of the list, but for what libwebp would make where it is not there.
fn line(name: &str, source: &[u8], wanted: &str) -> Option<String> {
    let output = match marked(source, &template_for(wanted)) {
        Ok(output) => output,
        Err(RenderError::Encode { source: EncodeFailure::NoLossyWebP, .. }) => return None,
        Err(RenderError::Animated { .. }) => return Some(format!("{name} {wanted} - {REFUSED}")),
        Err(error) => panic!("{name} as {wanted}: {error:?}"),
    };
    verify(source, &output, &Limits::default()).unwrap_or_else(|error| panic!("{name} as {wanted}: {error:?}"));
    if let Some(folder) = env::var_os("SEALMARK_FORMATS_OUT") {
        fs::write(Path::new(&folder).join(format!("{name}-{wanted}.{}", output.extension)), &output.bytes).unwrap();
    }
    let is_lossy = output.format == Format::WebP && memchr::memmem::find(&output.bytes, b"VP8 ").is_some();
    let digest: String = Sha256::digest(&output.bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    Some(format!("{name} {wanted} {}{} {digest}", output.extension, if is_lossy { "-lossy" } else { "" }))
}

#[test]
fn every_kind_into_every_format() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut names: Vec<String> = fs::read_dir(folder.join("files/formats"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut lines = Vec::new();
    let mut formats = BTreeSet::new();
    for name in &names {
        let source = fs::read(folder.join("files/formats").join(name)).unwrap();
        formats.insert(Format::sniff(&source).unwrap().extension());
        lines.extend(WANTED.iter().filter_map(|wanted| line(name, &source, wanted)));
    }
    assert_eq!(formats.into_iter().collect::<Vec<_>>(), ["bmp", "gif", "jpg", "png", "tif", "webp"]);
    let list = folder.join("golden/formats.txt");
    if env::var_os("SEALMARK_UPDATE_GOLDENS").is_some() {
        if !cfg!(feature = "webp-lossy") {
            panic!("the list needs the feature webp-lossy");
        }
        fs::write(&list, format!("{HEAD}{}\n", lines.join("\n"))).unwrap();
        return;
    }
    let golden = fs::read_to_string(&list).unwrap();
    let golden: Vec<&str> = golden
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter(|line| cfg!(feature = "webp-lossy") || !line.contains(" webp-lossy "))
        .collect();
    let wrong: Vec<&String> = lines.iter().filter(|line| !golden.contains(&line.as_str())).collect();
    assert!(wrong.is_empty(), "not in {}:\n{wrong:#?}", list.display());
    assert_eq!(lines.len(), golden.len(), "the list has lines for what is not there");
}
