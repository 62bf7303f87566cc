//! The module in Chromium makes the same bytes as the renderer natively: for every example of the language, every JPEG of
//! the corpus, and every kind of source that is read.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

use std::{
    env, error, fs,
    io::Cursor,
    os::unix::fs::symlink,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::Command,
};

use image::{
    DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, codecs::jpeg::JpegEncoder, imageops::FilterType,
};
use sealmark_studio::{Studio, read_variables};
use sealmark_watermark_dsl::examples::EXAMPLES;
use sealmark_watermark_render::{Format, Limits, Rect, compare};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const FONTS: [&str; 3] = ["NotoSansCJK.otf", "NotoSans-Regular.ttf", "NotoSans-Bold.ttf"];

/// A corner, turned letters with a shadow all over, and colours that the pixels below decide.
const TEMPLATES: [&str; 2] = [
    r#"template "corner" { text "© {user_id} {image.width}" { size = 12%min  color = auto  plate = #0008 } }"#,
    r##"template "all" {
  tile text "Sealmark 真作 {tags.sale}" { font = "DejaVu Sans", "Noto Sans CJK JP"  angle = 30deg  size = 6%min }
  image "logo.png" { anchor = top_left  scale = 20%w  blend = overlay }
  qr { payload = sha256(user_id)  anchor = bottom_left  scale = 20%w }
  text "shade" { shadow = 0.1em 0.1em 0.2em black  outline = 0.05em #08f  size = 10%min  anchor = center }
}"##,
];

const SHEET: (u32, u32) = (640, 360);

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    image.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

/// Sources of our own making, beside the corpus and the renderer's files of other formats.
fn kinds(photograph: &DynamicImage) -> Vec<(&'static str, Vec<u8>)> {
    use DynamicImage as D;
    let png = |image: D| encoded(&image, ImageFormat::Png);
    let mut large = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut large, 90);
    let enlarged = photograph.resize_exact(1600, 1000, FilterType::Triangle).into_rgb8();
    // A turned one: EXIF with orientation 6 and nothing else.
    encoder.set_exif_metadata(b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec()).unwrap();
    encoder.write_image(&enlarged, 1600, 1000, ExtendedColorType::Rgb8).unwrap();
    vec![
        ("photograph.jpg", encoded(photograph, ImageFormat::Jpeg)),
        ("turned.jpg", large),
        ("rgb.png", png(photograph.clone())),
        ("rgb16.png", png(D::ImageRgb16(photograph.to_rgb16()))),
        ("rgba.png", png(D::ImageRgba8(photograph.to_rgba8()))),
        ("rgba16.png", png(D::ImageRgba16(photograph.to_rgba16()))),
        ("gray.png", png(D::ImageLuma8(photograph.to_luma8()))),
        ("gray-alpha.png", png(D::ImageLumaA8(photograph.to_luma_alpha8()))),
        ("no-picture.txt", b"no picture".to_vec()),
    ]
}

/// The corpus's small files, as `corpus` of the renderer's tests takes them.
fn corpus() -> Vec<PathBuf> {
    let folder = env::var_os("SEALMARK_CORPUS").map(PathBuf::from);
    let folder = folder.expect("SEALMARK_CORPUS names no folder; `cargo xtask test` makes it");
    let makers = fs::read_dir(folder).unwrap().map(|maker| maker.unwrap().path());
    let files = makers.flat_map(|maker| fs::read_dir(maker).unwrap()).map(|file| file.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.metadata().unwrap().len() <= 1_000_000).collect();
    files.sort();
    files
}

struct Case {
    name: String,
    source: PathBuf,
    template: String,
}

fn cases(sources: &Path) -> Vec<Case> {
    let photograph = image::open(root().join("samples/rocket.jpg")).unwrap();
    let photograph = photograph.resize_exact(480, 320, FilterType::Lanczos3);
    fs::create_dir_all(sources).unwrap();
    let mut cases = Vec::new();
    let mut add = |name: String, source: &Path, template: &str| {
        cases.push(Case { name, source: source.to_owned(), template: template.to_owned() });
    };
    for (name, bytes) in kinds(&photograph) {
        let path = sources.join(name);
        fs::write(&path, bytes).unwrap();
        TEMPLATES.iter().for_each(|template| add(name.to_owned(), &path, template));
    }
    let files = root().join("crates/watermark-render/tests/files");
    let mut files: Vec<PathBuf> = [files.clone(), files.join("formats")]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        // Natively another crate of the workspace may bring libwebp, which wasm has not.
        if !name.contains("lossy") {
            TEMPLATES.iter().for_each(|template| add(name.clone(), &path, template));
        }
    }
    for (name, template) in EXAMPLES {
        add(format!("example {name}"), &sources.join("photograph.jpg"), template);
    }
    for path in corpus() {
        let name = path.strip_prefix(path.ancestors().nth(2).unwrap()).unwrap().display().to_string();
        TEMPLATES.iter().for_each(|template| add(name.clone(), &path, template));
    }
    cases
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether two outcomes are the same but for how a WebP is packed: `image-webp` 0.2.4 sorts symbols that are as frequent as
/// each other in an order that depends on how long a pointer is.
fn is_packed_otherwise(ours: &Value, theirs: &Value) -> bool {
    let split = |outcome: &Value| {
        let mut rest = outcome.clone();
        let rendition = rest.get_mut("rendition")?.as_object_mut()?;
        rendition.remove("digest");
        let file = rendition.remove("webp")?;
        let digits = file.as_str()?.as_bytes().chunks(2);
        let bytes = digits.map(|two| u8::from_str_radix(str::from_utf8(two).ok()?, 16).ok());
        Some((bytes.collect::<Option<Vec<u8>>>()?, rest))
    };
    let (Some((our_file, ours)), Some((their_file, theirs))) = (split(ours), split(theirs)) else { return false };
    let found = compare(&our_file, &their_file, &[], &Limits::default());
    ours == theirs && our_file.len() == their_file.len() && found.is_ok_and(|found| found.different == 0)
}

fn chain(error: &dyn error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", chain(cause)),
        None => error.to_string(),
    }
}

/// What the renderer itself makes of a case, and the preview.
fn native(studio: &mut Studio, case: &Case, variables: &str) -> Value {
    let variables = read_variables(variables).unwrap();
    let mut found = json!({});
    let opened = studio.open(fs::read(&case.source).unwrap());
    match opened.and_then(|_| studio.render(&case.template, &variables)) {
        Ok(output) => {
            let output = output.unwrap();
            found["rendition"] = json!({ "method": output.method.to_string(), "width": output.width,
                "height": output.height, "digest": digest(&output.bytes) });
            if output.format == Format::WebP {
                found["rendition"]["webp"] = hex(&output.bytes).into();
            }
        }
        Err(error) => found["error"] = chain(&error).into(),
    }
    let count = SHEET.0 * SHEET.1 * 4;
    let pixels = (0..count).map(|at| if at % 4 == 3 { 255 } else { (at % 251) as u8 }).collect();
    assert!(studio.set_pixels(pixels, SHEET.0, SHEET.1));
    found["preview"] = studio.preview(&case.template, &variables).1.map_or(Value::Null, |preview| {
        let rects = preview.rects.iter().flat_map(|Rect { x, y, width, height }| [*x, *y, *width, *height]);
        json!({ "rects": rects.collect::<Vec<_>>(), "digest": digest(&preview.pixels) })
    });
    found
}

#[test]
fn chromium_makes_the_same_bytes() {
    let (root, work) = (root(), Path::new(env!("CARGO_TARGET_TMPDIR")).join("same_bytes"));
    let _ = fs::remove_dir_all(&work);
    let module = root.join("www/pkg-studio");
    assert!(module.is_dir(), "there is no {}; `cargo xtask wasm` makes it", module.display());
    let cases = cases(&work.join("sources"));
    symlink(module, work.join("module")).unwrap();
    symlink("/", work.join("all")).unwrap();
    let served = |path: &Path| format!("/all{}", path.display());

    let mut studio = Studio::default();
    let fonts = FONTS.map(|font| root.join("crates/watermark-render/tests/fonts").join(font));
    for font in &fonts {
        studio.add_font("a test's font", fs::read(font).unwrap()).unwrap();
    }
    let logo = root.join("www/img/favicon.svg");
    studio.add_picture("logo.png", &fs::read(&logo).unwrap()).unwrap();
    let variables = json!({ "user_id": "ada", "tenant": "acme", "upload_id": "01a1ff84-5f4e-74bb-9ffc-bc4a2fed3719",
        "media_id": "01a1ff84-6031-7274-af46-d50fab4e905f", "image_name": "rocket.jpg",
        "timestamp_ms": 1_795_288_158_373_i64, "tags": { "sale": "50%" }, "keys": { "trace": "a key of ours" } });
    let said: Vec<Value> = cases
        .iter()
        .map(|case| json!({ "source": served(&case.source), "template": case.template, "variables": variables }))
        .collect();
    let orders = json!({ "fonts": fonts.each_ref().map(|font| served(font)), "logos": { "logo.png": served(&logo) },
        "sheet": { "width": SHEET.0, "height": SHEET.1 }, "cases": said });
    fs::write(work.join("cases.json"), orders.to_string()).unwrap();

    let script = root.join("tests/browser/studio_bytes.mjs");
    let output = Command::new("node").arg(script).arg(&work).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let done: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(done.len(), cases.len());

    let (mut wrong, mut renditions) = (Vec::new(), 0);
    for (case, theirs) in cases.iter().zip(&done) {
        let drawn = catch_unwind(AssertUnwindSafe(|| native(&mut studio, case, &variables.to_string())));
        let Ok(mut ours) = drawn else {
            wrong.push(format!("{} makes rendering panic:\n{}", case.name, case.template));
            continue;
        };
        if case.name.starts_with("example") && ours["rendition"].is_null() {
            wrong.push(format!("{}: {}", case.name, ours["error"]));
        }
        renditions += usize::from(ours["rendition"].is_object());
        if ours["preview"].is_null() {
            // As JSON has it where there is none.
            ours["preview"] = theirs["preview"].clone();
            assert!(theirs["preview"].is_null(), "{}: a preview in Chromium alone", case.name);
        }
        if ours != *theirs && !is_packed_otherwise(&ours, theirs) {
            wrong.push(format!("{}: {ours}\n  in Chromium {theirs}", case.name));
        }
    }
    println!("{renditions} renditions of {} cases are the same", cases.len());
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(renditions > 1_000, "only {renditions} renditions were compared");
    // Bytes that differ are noticed: another user, another mark.
    let other = native(&mut studio, &cases[0], r#"{"user_id":"eve"}"#);
    assert_ne!(other["rendition"]["digest"], done[0]["rendition"]["digest"]);
}
