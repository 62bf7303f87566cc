//! Who is measured, and how each is started.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::spec::Spec;

/// We.
pub(crate) const OURS: &str = "Sealmark";
/// We, proving what we did.
pub(crate) const VERIFY: &str = "Sealmark, verify";
/// ImageMagick, whose program is named in [`CONVERT`].
pub(crate) const MAGICK: &str = "ImageMagick";
/// The variable with ImageMagick's program.
pub(crate) const CONVERT: &str = "BENCH_CONVERT";

pub(crate) const SHARP: &str = "sharp";
pub(crate) const SHARP_PLAIN: &str = "sharp, optimiseCoding off";
pub(crate) const VIPS: &str = "libvips";
pub(crate) const PILLOW: &str = "Pillow";
pub(crate) const PILLOW_PASTE: &str = "Pillow, paste";
pub(crate) const TURBO: &str = "libjpeg-turbo, planes";
pub(crate) const ZUNE: &str = "zune-jpeg + jpeg-encoder";
pub(crate) const IMAGE: &str = "image + imageproc";

/// Where everything lies; xtask says it.
#[derive(Debug, Args)]
pub(crate) struct Tools {
    /// Folder for what is made on the way
    #[arg(long, env = "BENCH_WORK")]
    pub(crate) work: PathBuf,
    /// The report of a whole run
    #[arg(long, env = "BENCH_REPORT")]
    pub(crate) report: PathBuf,
    /// bench/render, with sharp.mjs, peer.py and the lock files
    #[arg(long, env = "BENCH_RENDER")]
    pub(crate) folder: PathBuf,
    /// The sample photos
    #[arg(long, env = "BENCH_SAMPLES")]
    pub(crate) samples: PathBuf,
    /// The font
    #[arg(long, env = "BENCH_FONT")]
    pub(crate) font: PathBuf,
    /// The program with the peers in Rust
    #[arg(long, env = "BENCH_PEERS")]
    pub(crate) in_rust: PathBuf,
    /// Whether it has libjpeg-turbo
    #[arg(long, env = "BENCH_TURBO")]
    pub(crate) turbo: bool,
    /// The program that measures the worker in the whole line
    #[arg(long, env = "BENCH_WORKER")]
    pub(crate) worker: Option<PathBuf>,
    /// The Python packages
    #[arg(long, env = "BENCH_PYTHON")]
    pub(crate) python: Option<PathBuf>,
    /// tests/browser with its driver of Chromium
    #[arg(long, env = "BENCH_BROWSER")]
    pub(crate) browser: Option<PathBuf>,
    /// The page's folder
    #[arg(long, env = "BENCH_WWW")]
    pub(crate) www: PathBuf,
    /// ImageMagick's program for files
    #[arg(long, env = CONVERT)]
    pub(crate) convert: Option<PathBuf>,
}

impl Tools {
    /// The program of a peer, without the file of what to do.
    ///
    /// # Errors
    /// Why there is none here.
    pub(crate) fn command(&self, peer: &str) -> Result<Command> {
        Ok(match peer {
            SHARP | SHARP_PLAIN => {
                ensure!(self.folder.join("node_modules/sharp").is_dir(), "sharp could not be installed");
                let mut command = Command::new("node");
                command.arg(self.folder.join("sharp.mjs")).env("FONTCONFIG_FILE", self.fonts_conf()?);
                command
            }
            VIPS | PILLOW | PILLOW_PASTE => self.python("peer.py")?,
            TURBO | ZUNE | IMAGE => {
                ensure!(peer != TURBO || self.turbo, "built without libjpeg-turbo, for lack of cmake or nasm");
                let mut command = Command::new(&self.in_rust);
                command.arg("work");
                command
            }
            _ => {
                ensure!(peer != MAGICK || self.convert.is_some(), "ImageMagick could not be installed");
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("work");
                command
            }
        })
    }

    fn python(&self, script: &str) -> Result<Command> {
        let packages = self.python.as_ref().context("the Python packages could not be installed")?;
        let mut command = Command::new("python3");
        command.arg("-B").arg(self.folder.join(script)).env("PYTHONPATH", packages);
        command.env("FONTCONFIG_FILE", self.fonts_conf()?);
        Ok(command)
    }

    /// Only the one font, so that all who ask fontconfig get the same, and soon.
    fn fonts_conf(&self) -> Result<PathBuf> {
        let folder = self.font.parent().context("a font without a folder")?;
        let file = self.work.join("fonts.conf");
        let cache = self.work.join("fontconfig");
        std::fs::create_dir_all(&cache)?;
        let (folder, cache) = (folder.display(), cache.display());
        std::fs::write(&file, format!("<fontconfig><dir>{folder}</dir><cachedir>{cache}</cachedir></fontconfig>\n"))?;
        Ok(file)
    }

    /// Makes the pictures, some of them by Pillow where that is there.
    ///
    /// # Errors
    /// When a program fails.
    pub(crate) fn make_pictures(&self, out: &Path) -> Result<()> {
        let status = Command::new(&self.in_rust).arg("pictures").arg(&self.samples).arg(out).status()?;
        ensure!(status.success(), "the pictures cannot be made");
        if let Ok(mut pillow) = self.python("pictures.py") {
            let status = pillow.arg(out).status()?;
            ensure!(status.success(), "Pillow cannot write its pictures");
        }
        Ok(())
    }
}

/// How a peer is set, for the report.
pub(crate) fn settings(spec: &Spec) -> String {
    let (logo, tiled) = (spec.mark.logo.is_some(), spec.mark.pitch.is_some());
    let Spec { quality, format, .. } = spec;
    let mut encoder = match format.as_str() {
        "png" => "PNG as it comes".to_owned(),
        "webp" => format!("quality {quality}"),
        _ => format!("quality {quality}, 4:2:0"),
    };
    if spec.progressive {
        encoder.push_str(", progressive");
    }
    match spec.peer.as_str() {
        OURS if spec.loaded => "font and template loaded".to_owned(),
        OURS if logo => "logo decoded, template compiled each time".to_owned(),
        OURS => "font read, template compiled each time".to_owned(),
        SHARP | SHARP_PLAIN => {
            let mark = match (logo, tiled) {
                (true, _) => "PNG",
                (_, true) => "an SVG with `tile`",
                _ => "an SVG",
            };
            let off = if spec.peer == SHARP_PLAIN { ", optimiseCoding: false" } else { "" };
            format!("`composite` of {mark}, {encoder}{off}, concurrency 1, no cache")
        }
        VIPS => {
            format!("`composite2` of {}, sequential, {encoder}, no cache", if logo { "PNG" } else { "an SVG" })
        }
        PILLOW if tiled => format!("`ImageDraw.text`, `alpha_composite` of the whole, {encoder}"),
        PILLOW => format!("{}`alpha_composite` of the box, {encoder}", if logo { "" } else { "`ImageDraw.text`, " }),
        PILLOW_PASTE => format!("text drawn once, `paste` through it as mask, {encoder}"),
        TURBO => format!("{}blended on Y, Cb and Cr, {encoder}", if logo { "" } else { "ab_glyph, " }),
        ZUNE => format!("{}blended on RGB, {encoder}", if logo { "" } else { "ab_glyph, " }),
        IMAGE => {
            // Its encoder knows no other.
            let encoder = encoder.replace("4:2:0", "4:4:4");
            format!("{}`overlay`, {encoder}", if logo { "" } else { "`draw_text_mut`, " })
        }
        _ => format!("`convert`, {encoder}; the start of the process included"),
    }
}
