//! What was measured on, and with which versions.

use std::{fs, process::Command};

use crate::peer::Tools;

/// Looks at this machine and at what is installed; lines of the report.
pub(crate) fn describe(tools: &Tools) -> Vec<(String, String)> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total_kib: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().split(' ').next()?.parse().ok())
        .unwrap_or(0);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let machine = format!(
        "{cores} × {}, {} GiB, {}",
        model.map_or("unknown processor", |(_, name)| name.trim()),
        total_kib.div_ceil(1 << 20),
        first_line(Command::new("uname").arg("-sr")),
    );
    [
        ("date", jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string()),
        ("machine", machine),
        ("load before", load.split(' ').next().unwrap_or_default().to_owned()),
        ("commit", first_line(Command::new("git").args(["describe", "--always", "--dirty"]))),
        ("peers", versions(tools).join(", ")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
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

fn first_line(command: &mut Command) -> String {
    let text = command.output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().trim().to_owned()
}
