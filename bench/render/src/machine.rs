//! What was measured on, and with which versions.

use std::{fs, process::Command};

use sealmark_bench_report::machine::{self, first_line};

use crate::peer::Tools;

/// Looks at this machine and at what is installed; facts of the report.
pub(crate) fn describe(tools: &Tools) -> Vec<(String, String)> {
    let mut facts = machine::describe();
    facts.push(("peers".to_owned(), versions(tools).join(", ")));
    facts
}

fn versions(tools: &Tools) -> Vec<String> {
    let mut all = Vec::new();
    let sharp = "import sharp from 'sharp'; const v = sharp.versions; \
                 console.log(`sharp ${v.sharp} (libvips ${v.vips}, mozjpeg ${v.mozjpeg}), node ${process.version}`)";
    all.push(first_line(Command::new("node").args(["--input-type=module", "-e", sharp]).current_dir(&tools.folder)));
    if let Some(packages) = &tools.python {
        let python = "import PIL, platform, pyvips\nfrom PIL import features\n\
                      print(f'Pillow {PIL.__version__} (libjpeg-turbo {features.version(\"libjpeg_turbo\")}), pyvips {pyvips.__version__} \
                      (libvips {pyvips.version(0)}.{pyvips.version(1)}.{pyvips.version(2)}), Python {platform.python_version()}')";
        all.push(first_line(Command::new("python3").args(["-c", python]).env("PYTHONPATH", packages)));
    }
    if let Some(convert) = &tools.convert {
        let line = first_line(Command::new(convert).arg("-version"));
        all.push(line.trim_start_matches("Version: ").split(" https").next().unwrap_or_default().to_owned());
    }
    let lock = fs::read_to_string(tools.folder.join("peers/Cargo.lock")).unwrap_or_default();
    for name in ["turbojpeg", "turbojpeg-sys", "zune-jpeg", "jpeg-encoder", "image", "imageproc"] {
        let entry =
            lock.split_once(&format!("name = \"{name}\"\nversion = \"")).and_then(|(_, rest)| rest.split_once('"'));
        all.extend(entry.map(|(version, _)| format!("{name} {version}")));
    }
    all.retain(|line| !line.is_empty());
    all
}
