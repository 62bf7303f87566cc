//! ImageMagick: a process for each picture, as most who use it do.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{peer::CONVERT, spec::Spec};

/// What is measured: all of `convert`, its start included.
///
/// # Errors
/// When the program is not named.
pub(crate) fn work(spec: &Spec) -> Result<impl FnMut() -> Result<Vec<u8>>> {
    let convert = std::env::var_os(CONVERT).context("no ImageMagick")?;
    Ok(move || {
        let output = Command::new(&convert).args(arguments(spec)).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(output.stdout)
    })
}

fn arguments(spec: &Spec) -> Vec<String> {
    let mark = &spec.mark;
    let mut words: Vec<String> = vec![spec.source.clone()];
    let mut add = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
    let at = |x: f64, y: f64| format!("{x:+}{y:+}");
    let (left, top) = mark.places.first().map_or((0.0, 0.0), |(x, y)| (*x as f64, *y as f64));
    let (size, fill) = (mark.size_px.to_string(), format!("rgba(255,255,255,{})", mark.opacity));
    let text = mark.text.as_deref().unwrap_or_default();
    let style = ["-font", &mark.font, "-pointsize", &size, "-fill", &fill];
    if let Some(logo) = &mark.logo {
        add(&[logo, "-geometry", &at(left, top), "-composite"]);
    } else if let Some((across, down)) = mark.pitch {
        let (cell, all) = (format!("{across}x{down}"), format!("rectangle 0,0 {},{}", spec.width, spec.height));
        let pen = at(left.rem_euclid(f64::from(across)) + mark.pen_x, top.rem_euclid(f64::from(down)) + mark.pen_y);
        add(&["(", "-size", &cell, "xc:none"]);
        add(&style);
        add(&["-annotate", &pen, text, "-write", "mpr:cell", "+delete", ")", "-tile", "mpr:cell", "-draw", &all]);
    } else {
        add(&style);
        add(&["-annotate", &at(left + mark.pen_x, top + mark.pen_y), text]);
    }
    let quality = spec.quality.to_string();
    if spec.format != "png" {
        add(&["-quality", &quality]);
    }
    if spec.format == "jpeg" {
        add(&["-sampling-factor", "4:2:0", "-interlace", if spec.progressive { "JPEG" } else { "None" }]);
    }
    add(&[&format!("{}:-", spec.format)]);
    words
}
