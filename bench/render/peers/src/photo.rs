//! A photograph of 12 megapixels out of small ones, with the grain of film, in every form that is measured.

use std::{fs, io::BufWriter, path::Path};

use anyhow::{Context, Result, ensure};
use image::{
    DynamicImage, ImageReader, Rgb, RgbImage, Rgba, RgbaImage,
    codecs::png::{CompressionType, FilterType, PngEncoder},
    imageops::{self, FilterType as Scaling},
};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

const WIDTH: u32 = 4000;
const HEIGHT: u32 = 3000;
/// Of what the JPEG is to weigh, within 5%.
const BYTES: usize = 3_800_000;
const QUALITY: u8 = 90;
/// From left to right, from top to bottom.
const SAMPLES: [&str; 6] =
    ["hubble_deep_field.jpg", "chelsea.png", "rocket.jpg", "coffee-turned.jpg", "astronaut.png", "chelsea.png"];

/// Makes all pictures.
///
/// # Errors
/// When a sample cannot be read, or the grain cannot be brought to the size.
pub(crate) fn make(samples: &Path, out: &Path) -> Result<()> {
    fs::create_dir_all(out)?;
    let smooth = mosaic(samples)?;
    let grain = grain();
    let encode = |strength: f32| jpeg(&grained(&smooth, &grain, strength), |_| ());
    let (mut least, mut most) = (0.0, 40.0);
    let mut strength = 6.0;
    let mut bytes = encode(strength)?;
    for _ in 0..12 {
        if bytes.len().abs_diff(BYTES) * 100 < BYTES {
            break;
        }
        if bytes.len() < BYTES {
            least = strength
        } else {
            most = strength
        }
        strength = f32::midpoint(least, most);
        bytes = encode(strength)?;
    }
    ensure!(bytes.len().abs_diff(BYTES) * 20 < BYTES, "no grain makes {BYTES} bytes, the last made {}", bytes.len());
    println!("grain {strength:.2}, {} bytes", bytes.len());
    let photo = grained(&smooth, &grain, strength);
    fs::write(out.join("12mp.jpg"), bytes)?;
    let wide = u16::try_from(WIDTH.div_ceil(16))?;
    fs::write(out.join("12mp-restarts.jpg"), jpeg(&photo, |encoder| encoder.set_restart_interval(wide))?)?;
    png(&DynamicImage::ImageRgb8(photo.clone()), &out.join("12mp.png"))?;
    let small = imageops::resize(&photo, 1632, 1224, Scaling::Triangle);
    fs::write(out.join("2mp.jpg"), jpeg(&small, |_| ())?)?;
    png(&DynamicImage::ImageRgb8(small), &out.join("2mp.png"))?;
    png(&DynamicImage::ImageRgba8(logo(1040, 346)), &out.join("logo-1040.png"))
}

fn mosaic(samples: &Path) -> Result<RgbImage> {
    let mut whole = RgbImage::new(WIDTH, HEIGHT);
    let (width, height) = (WIDTH.div_ceil(3), HEIGHT / 2);
    for (at, name) in (0..).zip(SAMPLES) {
        let reader = ImageReader::open(samples.join(name)).with_context(|| name)?;
        let sample = reader.decode()?;
        let mut cell = sample.resize_to_fill(width, height, Scaling::CatmullRom).into_rgb8();
        if at == 5 {
            imageops::flip_horizontal_in_place(&mut cell);
        }
        imageops::replace(&mut whole, &cell, i64::from(at % 3 * width), i64::from(at / 3 * height));
    }
    Ok(whole)
}

/// Normal noise, a little wider than a pixel, as the grains of film are; the same in every run.
fn grain() -> Vec<f32> {
    let (width, height) = (WIDTH as usize, HEIGHT as usize);
    let mut state = 0x5eed_u64;
    let fine: Vec<f32> = (0..width * height)
        .map(|_| {
            // SplitMix64; four sums of 16 bits come near enough to a normal distribution.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            let mixed = mixed ^ mixed >> 31;
            let sum: f32 = (0..4).map(|part| f32::from((mixed >> (16 * part)) as u16)).sum();
            (sum - 131_070.0) / 37_837.0
        })
        .collect();
    let mut across = fine.clone();
    for at in 1..fine.len() - 1 {
        across[at] = 0.25 * fine[at - 1] + 0.5 * fine[at] + 0.25 * fine[at + 1];
    }
    let mut down = across.clone();
    for at in width..across.len() - width {
        // Scaled back to a deviation of one.
        down[at] = (0.25 * across[at - width] + 0.5 * across[at] + 0.25 * across[at + width]) * 2.67;
    }
    down
}

fn grained(smooth: &RgbImage, grain: &[f32], strength: f32) -> RgbImage {
    let mut out = smooth.clone();
    for (Rgb(pixel), grain) in out.pixels_mut().zip(grain) {
        let luma = (0.3 * f32::from(pixel[0]) + 0.6 * f32::from(pixel[1]) + 0.1 * f32::from(pixel[2])) / 255.0;
        // Film shows its grain most in the middle tones.
        let add = grain * strength * (0.4 + 2.4 * luma * (1.0 - luma));
        for channel in pixel {
            *channel = (f32::from(*channel) + add).round().clamp(0.0, 255.0) as u8;
        }
    }
    out
}

/// A rounded plate whose colours change from one side to the other, with a ring on it, half transparent.
fn logo(width: u32, height: u32) -> RgbaImage {
    let (half, radius) = ((width as f32 / 2.0, height as f32 / 2.0), height as f32 * 0.3);
    RgbaImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x as f32 + 0.5 - half.0, y as f32 + 0.5 - half.1);
        let (qx, qy) = ((dx.abs() - half.0 + radius).max(0.0), (dy.abs() - half.1 + radius).max(0.0));
        let plate = (radius - (qx * qx + qy * qy).sqrt() + 0.5).clamp(0.0, 1.0);
        let ring = (half.1 * 0.12 - ((dx * dx + dy * dy).sqrt() - half.1 * 0.6).abs() + 0.5).clamp(0.0, 1.0);
        let at = x as f32 / width as f32;
        let mix = |from: f32, to: f32| ((from + (to - from) * at) * (1.0 - ring) + 255.0 * ring).round() as u8;
        Rgba([mix(20.0, 220.0), mix(70.0, 60.0), mix(160.0, 90.0), (255.0 * plate * (0.6 + 0.35 * ring)).round() as u8])
    })
}

fn jpeg(picture: &RgbImage, set: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    set(&mut encoder);
    encoder.encode(picture, u16::try_from(picture.width())?, u16::try_from(picture.height())?, ColorType::Rgb)?;
    Ok(bytes)
}

fn png(picture: &DynamicImage, path: &Path) -> Result<()> {
    let out = BufWriter::new(fs::File::create(path)?);
    // As most programs write them: the usual level, filters chosen row by row.
    picture.write_with_encoder(PngEncoder::new_with_quality(out, CompressionType::Level(6), FilterType::Adaptive))?;
    Ok(())
}
