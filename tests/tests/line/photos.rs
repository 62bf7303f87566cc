//! Real photographs by the real native client, on both stores and both databases.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use image::{DynamicImage, GenericImageView, ImageDecoder, ImageReader};
use sealmark_protocol::{FailureCode, MediaId, MediaState};
use sealmark_tests::{
    client::ApiClient,
    line::{Line, Options, StoreKind, root, sample},
};
use serde_json::Value;

const PHOTOS: [&str; 5] = ["astronaut.png", "chelsea.png", "coffee-turned.jpg", "hubble_deep_field.jpg", "rocket.jpg"];

async fn every_photo_gets_its_version(options: Options) -> Result<()> {
    let line = Line::start_with(options).await?;
    let token = line.token("acme", "demo")?;
    let photos: Vec<PathBuf> = PHOTOS.iter().map(|name| sample(name)).collect();
    let mut digests = Vec::new();
    for run in 0..2 {
        let out = line.folder().join(format!("out-{run}"));
        let printed = line.upload(&token, &photos, &["--json", "--out", &out.display().to_string()]).await?;
        let results: Vec<Value> =
            printed.lines().map(serde_json::from_str).collect::<Result<_, _>>().context(printed.clone())?;
        ensure!(results.len() == PHOTOS.len(), "{printed}");
        let mut found: Vec<(String, String)> = Vec::new();
        for (photo, result) in photos.iter().zip(&results) {
            let current = &result["version"];
            assert_eq!(current["version"], 1, "{result}");
            let saved = result["saved_to"].as_str().with_context(|| result.to_string())?;
            marked_only_where_it_should(photo, Path::new(saved))?;
            found.push((photo.display().to_string(), current["digest"].to_string()));
        }
        digests.push(found);
    }
    assert_eq!(digests[0], digests[1], "the same photo, user and template give the same bytes");
    Ok(())
}

/// The version is upright, as large as the picture as shown, and differs from it in a corner alone.
fn marked_only_where_it_should(photo: &Path, version: &Path) -> Result<()> {
    let (before, after) = (upright(photo)?, upright(version)?);
    assert_eq!(before.dimensions(), after.dimensions(), "{}", photo.display());
    let (width, height) = before.dimensions();
    let (before, after) = (before.to_rgb8(), after.to_rgb8());
    let (mut corner, mut rest) = (0_u64, 0_u64);
    for (x, y, pixel) in before.enumerate_pixels() {
        let other = after.get_pixel(x, y);
        let difference: u64 = (0..3).map(|i| u64::from(pixel.0[i].abs_diff(other.0[i]))).sum();
        *(if x >= width / 3 && y >= height * 3 / 4 { &mut corner } else { &mut rest }) += difference;
    }
    ensure!(corner > 10_000, "{}: no mark in the corner ({corner})", photo.display());
    ensure!(rest == 0, "{}: {rest} outside of the mark", photo.display());
    Ok(())
}

fn upright(path: &Path) -> Result<DynamicImage> {
    let mut decoder = ImageReader::open(path)?.with_guessed_format()?.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}

#[tokio::test(flavor = "multi_thread")]
async fn on_seaweedfs_and_sqlite() -> Result<()> {
    every_photo_gets_its_version(Options::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn on_seaweedfs_and_postgresql() -> Result<()> {
    every_photo_gets_its_version(Options { postgres: true, ..Options::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn on_minio_and_postgresql() -> Result<()> {
    if sealmark_tests::minio::skipped("the line on MinIO and PostgreSQL") {
        return Ok(());
    }
    every_photo_gets_its_version(Options { store: StoreKind::Minio, postgres: true, ..Options::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turned_photo_is_shown_upright_and_has_lost_its_position() -> Result<()> {
    let line = Line::start().await?;
    let out = line.folder().join("out");
    line.upload(&line.token("acme", "u")?, &[sample("coffee-turned.jpg")], &["--out", &out.display().to_string()])
        .await?;
    let version = std::fs::read_dir(&out)?.next().context("no version")??.path();
    let mut decoder = ImageReader::open(&version)?.into_decoder()?;
    assert_eq!(decoder.dimensions(), (400, 600), "its coefficients are kept, so it is stored as it was");
    assert_eq!(upright(&version)?.dimensions(), (600, 400));
    let exif = decoder.exif_metadata()?.context("no EXIF block")?;
    assert_eq!(exif[8..12], [0, 1, 0x01, 0x12], "of the EXIF data the orientation alone is left, so no position");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_format_gets_its_version_too() -> Result<()> {
    let line = Line::start().await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let catalogue = line.catalogue().await?;
    for (name, extension, content_type) in [
        ("moving.gif", "gif", "image/gif"),
        ("lossy.webp", "webp", "image/webp"),
        ("moving.webp", "webp", "image/webp"),
        ("moving.png", "png", "image/png"),
        ("still.bmp", "png", "image/png"),
        ("still.tif", "png", "image/png"),
    ] {
        let original = std::fs::read(root().join("crates/watermark-render/tests/files").join(name))?;
        let id = client.upload(name, &original).await?.media_id;
        let record = line.wait_for_media(&catalogue, id, "the version", |record| record.state.is_final()).await?;
        let current = record.current.with_context(|| format!("{name}: {:?}", record.failure))?;
        ensure!(current.key.ends_with(&format!(".{extension}")), "{name} became {}", current.key);
        let answer = line.http.get(format!("{}/m/{id}", line.url())).send().await?.error_for_status()?;
        assert_eq!(answer.headers()["content-type"], content_type, "{name}");
        let version = answer.bytes().await?;
        ensure!(version != original, "{name} has no mark");
        assert_eq!(image::guess_format(&version)?.to_mime_type(), content_type, "{name}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_megabytes_pass_the_api_by() -> Result<()> {
    let line = Line::start_with(Options { workers: 1, ..Options::default() }).await?;
    // A photograph with 200 MB behind its end: large to send, quick to draw on.
    let mut bytes = std::fs::read(sample("hubble_deep_field.jpg"))?;
    let mut state = 1_u64;
    while bytes.len() < 200_000_000 {
        // A little generator, so that nothing on the way can compress it.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&(state ^ (state >> 29)).to_le_bytes());
    }
    let file = line.folder().join("large.jpg");
    std::fs::write(&file, &bytes)?;
    drop(bytes);
    let printed = line.upload(&line.token("acme", "u")?, &[file], &["--json"]).await?;
    let result: Value = serde_json::from_str(printed.trim())?;
    assert_eq!(result["state"], "ready", "{printed}");
    let (sent, answered) = (line.api_proxy.sent_bytes(), line.api_proxy.answered_bytes());
    println!("a 200 MB upload: presign-api received {sent} bytes and answered {answered}");
    ensure!(sent < 1_000_000 && answered < 1_000_000, "{sent} bytes to the API, {answered} from it");
    ensure!(line.browser_store_proxy.sent_bytes() >= 200_000_000, "the parts went straight to the store");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_fails_for_good_and_says_so() -> Result<()> {
    let line = Line::start().await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let photo = std::fs::read(sample("rocket.jpg"))?;
    let catalogue = line.catalogue().await?;
    let readme = std::fs::read(root().join("samples/README.md"))?;
    let cases: [(&str, &[u8], FailureCode); 4] = [
        ("notes.jpg", &readme, FailureCode::UnsupportedFormat),
        ("page.heic", b"\0\0\0\x20ftypheic\0\0\0\0", FailureCode::UnsupportedFormat),
        ("half.jpg", &photo[..photo.len() / 2], FailureCode::BrokenImage),
        ("bomb.png", &png_header_of(60_000, 60_000), FailureCode::ImageTooLarge),
    ];
    let mut ids: Vec<(MediaId, FailureCode)> = Vec::new();
    for (name, bytes, expected) in cases {
        ids.push((client.upload(name, bytes).await?.media_id, expected));
    }
    for (id, expected) in &ids {
        let record = line.wait_for_media(&catalogue, *id, "the failure", |record| record.state.is_final()).await?;
        assert_eq!(record.state, MediaState::Failed);
        assert_eq!(record.failure.map(|failure| failure.code), Some(*expected), "{}", record.file_name);
        assert_eq!(record.current, None);
    }
    // Each is one dead letter, and the worker goes on.
    assert_eq!(catalogue.dead_letters(100).await?.len(), ids.len());
    let good = client.upload("rocket.jpg", &photo).await?;
    let record =
        line.wait_for_media(&catalogue, good.media_id, "the version", |record| record.state.is_final()).await?;
    assert_eq!(record.state, MediaState::Ready);
    Ok(())
}

/// A PNG that promises a picture of this size and has nothing of it.
fn png_header_of(width: u32, height: u32) -> Vec<u8> {
    let mut header = width.to_be_bytes().to_vec();
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    // An empty zlib stream for the pixels.
    for (kind, data) in [(b"IHDR", &header[..]), (b"IDAT", &[0x78, 0x9c, 3, 0, 0, 0, 0, 1]), (b"IEND", &[])] {
        let chunk = [&kind[..], data].concat();
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(&chunk);
        bytes.extend(crc32(&chunk).to_be_bytes());
    }
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}
