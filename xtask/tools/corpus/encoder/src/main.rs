//! Writes the corpus's files of the crate `jpeg-encoder`. Arguments: the folder of the inputs, that of the files.

use std::{
    env,
    error::Error,
    fs::{self, File},
    io::BufWriter,
    path::{Path, PathBuf},
};

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// A picture of 8 bits RGB.
struct Picture {
    width: u16,
    height: u16,
    samples: Vec<u8>,
}

/// Reads a PPM as Pillow writes it: three lines of text, then the samples.
fn ppm(bytes: &[u8]) -> Option<Picture> {
    let mut rest = bytes;
    let mut words = Vec::new();
    while words.len() < 4 {
        let end = rest.iter().position(u8::is_ascii_whitespace)?;
        words.push(std::str::from_utf8(&rest[..end]).ok()?);
        rest = &rest[end + 1..];
    }
    Some(Picture { width: words[1].parse().ok()?, height: words[2].parse().ok()?, samples: rest.to_vec() })
}

const SAMPLINGS: [(&str, SamplingFactor); 8] = [
    ("444", SamplingFactor::F_1_1),
    ("422", SamplingFactor::F_2_1),
    ("440", SamplingFactor::F_1_2),
    ("420", SamplingFactor::F_2_2),
    ("411", SamplingFactor::F_4_1),
    ("410", SamplingFactor::F_4_2),
    ("441", SamplingFactor::F_1_4),
    ("2x4", SamplingFactor::F_2_4),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let (Some(inputs), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err("two folders are needed".into());
    };
    let read = |name: &str| -> Result<Picture, Box<dyn Error>> {
        Ok(ppm(&fs::read(inputs.join(name).with_extension("ppm"))?).ok_or("not a PPM")?)
    };
    for source in ["chelsea", "seventeen", "one", "noise"] {
        let picture = read(source)?;
        for (name, sampling) in SAMPLINGS {
            let name = format!("{source}-{name}");
            write(&out, &name, &picture, ColorType::Rgb, |encoder| encoder.set_sampling_factor(sampling))?;
            if source == "chelsea" {
                write(&out, &format!("{name}-optimized"), &picture, ColorType::Rgb, |encoder| {
                    encoder.set_sampling_factor(sampling);
                    encoder.set_optimized_huffman_tables(true);
                })?;
                // Not both: 0.7.1 miscounts the intervals of optimized files.
                write(&out, &format!("{name}-restarts"), &picture, ColorType::Rgb, |encoder| {
                    encoder.set_sampling_factor(sampling);
                    encoder.set_restart_interval(6);
                })?;
                write(&out, &format!("{name}-progressive"), &picture, ColorType::Rgb, |encoder| {
                    encoder.set_sampling_factor(sampling);
                    encoder.set_progressive(true);
                })?;
            }
        }
    }
    for source in ["coffee", "seventeen"] {
        let rgb = read(source)?;
        let samples = rgb.samples.chunks_exact(3);
        let cmyk = Picture {
            samples: samples.clone().flat_map(|p| [255 - p[0], 255 - p[1], 255 - p[2], 20]).collect(),
            ..rgb
        };
        let gray = Picture { samples: samples.map(|p| p[1]).collect(), ..rgb };
        for (name, optimized, progressive) in
            [("", false, false), ("-optimized", true, false), ("-progressive", false, true)]
        {
            let set = |encoder: &mut Encoder<BufWriter<File>>| {
                encoder.set_optimized_huffman_tables(optimized);
                encoder.set_progressive(progressive);
            };
            write(&out, &format!("{source}-cmyk{name}"), &cmyk, ColorType::Cmyk, set)?;
            write(&out, &format!("{source}-ycck{name}"), &cmyk, ColorType::CmykAsYcck, set)?;
            write(&out, &format!("{source}-gray{name}"), &gray, ColorType::Luma, set)?;
        }
        write(&out, &format!("{source}-ycck-420"), &cmyk, ColorType::CmykAsYcck, |encoder| {
            encoder.set_sampling_factor(SamplingFactor::F_2_2);
        })?;
    }
    Ok(())
}

fn write(
    out: &Path,
    name: &str,
    picture: &Picture,
    colors: ColorType,
    set: impl FnOnce(&mut Encoder<BufWriter<File>>),
) -> Result<(), Box<dyn Error>> {
    let mut encoder = Encoder::new_file(out.join(format!("{name}.jpg")), 87)?;
    set(&mut encoder);
    Ok(encoder.encode(&picture.samples, picture.width, picture.height, colors)?)
}
