//! One picture for every property of the language: those that `docs/templates.md` shows. They are compared with what is
//! rendered now; `SEALMARK_UPDATE_GOLDENS=1` (or `cargo xtask pictures`) makes them anew. Look at them before committing.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

use std::{env, fs, path::PathBuf};

use image::{DynamicImage, codecs::jpeg::JpegEncoder, imageops::FilterType};
use sealmark_watermark_dsl::{Template, Variables, examples::EXAMPLES};
use sealmark_watermark_render::{Limits, Method, Proof, Resources, render, verify};

/// Differences that the decoding of a few coefficients of other roundings may make, of 255.
const TOLERANCE: u8 = 1;

const FONTS: [&[u8]; 3] = [
    include_bytes!("fonts/NotoSansCJK.otf"),
    include_bytes!("fonts/NotoSans-Regular.ttf"),
    include_bytes!("fonts/NotoSans-Bold.ttf"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The photograph that all examples are drawn on.
fn photograph() -> Vec<u8> {
    let sample = image::open(root().join("samples/rocket.jpg")).unwrap();
    let small = sample.resize_exact(480, 320, FilterType::Lanczos3);
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 85).encode_image(&small.to_rgb8()).unwrap();
    bytes
}

fn resources() -> Resources {
    let mut resources = Resources::embedded();
    for font in FONTS {
        resources.fonts.add("a test's font", font.to_vec()).unwrap();
    }
    let logo = fs::read(root().join("www/img/favicon.svg")).unwrap();
    resources.assets.add("logo.png", &logo, &Limits::default()).unwrap();
    resources
}

fn variables() -> Variables {
    Variables {
        user_id: "ada".into(),
        tenant: "acme".into(),
        upload_id: "01a1ff84-5f4e-74bb-9ffc-bc4a2fed3719".into(),
        media_id: "01a1ff84-6031-7274-af46-d50fab4e905f".into(),
        image_name: "rocket.jpg".into(),
        timestamp_ms: 1_795_288_158_373,
        ..Variables::default()
    }
}

#[test]
fn every_example_is_drawn_as_its_picture_shows() {
    let (source, resources, variables) = (photograph(), resources(), variables());
    let folder = root().join("docs/pictures/templates");
    let is_update = env::var_os("SEALMARK_UPDATE_GOLDENS").is_some();
    fs::create_dir_all(&folder).unwrap();
    let mut wrong = Vec::new();
    for (name, template) in EXAMPLES {
        let template = Template::from_source(template).unwrap();
        let output = render(&source, &template, &variables, &resources, &Limits::default()).unwrap();
        assert!(matches!(output.method, Method::Spliced(_)), "{name}: {}", output.method);
        assert_eq!(verify(&source, &output, &Limits::default()).unwrap(), Proof::Coefficients, "{name}");
        assert!(output.missing_glyphs.is_empty(), "{name}: {:?}", output.missing_glyphs);
        let path = folder.join(format!("{name}.jpg"));
        if is_update {
            fs::write(path, &output.bytes).unwrap();
            continue;
        }
        let pixels = |bytes: &[u8]| image::load_from_memory(bytes).map(DynamicImage::into_rgb8).unwrap();
        let golden = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (golden, new) = (pixels(&golden), pixels(&output.bytes));
        assert_eq!(golden.dimensions(), new.dimensions(), "{name}");
        let most = golden.iter().zip(new.iter()).map(|(golden, new)| golden.abs_diff(*new)).max().unwrap();
        if most > TOLERANCE {
            let new = env::temp_dir().join(format!("{name}.new.jpg"));
            fs::write(&new, &output.bytes).unwrap();
            wrong.push(format!("{name} differs by up to {most}; new: {}", new.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // No picture is left of an example that is gone.
    for entry in fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        assert!(EXAMPLES.iter().any(|(name, _)| format!("{name}.jpg") == file), "{file} belongs to no example");
    }
}
