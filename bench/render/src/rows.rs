//! The rows of the table.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use clap::ValueEnum;
use sealmark_bench_report::Target;

use crate::{
    Options,
    agreement::Ours,
    marks::{self, Kind, Laid},
    ours,
    peer::{self, IMAGE, MAGICK, OURS, PILLOW, PILLOW_PASTE, SHARP, SHARP_PLAIN, TURBO, VERIFY, VIPS, ZUNE},
    preview,
    rounds::{self, Entry, Measured, Section},
    spec::Spec,
    worker,
};

/// Of JPEG; WebP has 80, which is sharp's own.
const QUALITY: u8 = 90;
const WEBP_QUALITY: u8 = 80;

/// A row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Row {
    Corner,
    Logo,
    Tenth,
    All,
    Small,
    Restarts,
    Optimized,
    Progressive,
    Png,
    Webp,
    Memory,
    Verify,
    Worker,
    Preview,
}

/// A picture with a mark, and who draws it.
struct Case {
    picture: &'static str,
    kind: Kind,
    loaded: bool,
    peers: &'static [&'static str],
    /// By which ratio to whom.
    targets: &'static [(&'static str, f64)],
}

const EVERYBODY: &[&str] = &[OURS, SHARP, SHARP_PLAIN, VIPS, PILLOW, TURBO, ZUNE, IMAGE, MAGICK];
const TILED: &[&str] = &[OURS, SHARP, SHARP_PLAIN, VIPS, PILLOW, PILLOW_PASTE, TURBO, ZUNE, IMAGE, MAGICK];
const CORNER: &[(&str, f64)] = &[(SHARP, 20.0), (SHARP_PLAIN, 13.0), (VIPS, 8.0), (PILLOW, 4.0), (TURBO, 3.0)];

impl Row {
    /// Its title in the report.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Corner => "JPEG 12 MP, text in a corner",
            Self::Logo => "JPEG 12 MP, logo in a corner",
            Self::Tenth => "JPEG 12 MP, tiled, a tenth of the MCUs",
            Self::All => "JPEG 12 MP, tiled, all MCUs",
            Self::Small => "JPEG 2 MP, text in a corner",
            Self::Restarts => "JPEG 12 MP with restart markers, text in a corner",
            Self::Optimized => "JPEG 12 MP with codes of its own, text in a corner",
            Self::Progressive => "Progressive JPEG 12 MP, text in a corner",
            Self::Png => "PNG 12 MP, text in a corner",
            Self::Webp => "WebP 2 MP, text in a corner",
            Self::Memory => "Peak memory, JPEG 12 MP, text in a corner",
            Self::Verify => "Verifying, JPEG 12 MP, text in a corner",
            Self::Worker => "Worker, end to end",
            Self::Preview => "Preview in the browser, 2 MP, after one key press",
        }
    }

    /// None for what is not one picture rendered by many.
    fn case(self) -> Option<Case> {
        let case = |picture, kind, peers, targets| Case { picture, kind, loaded: false, peers, targets };
        Some(match self {
            Self::Corner | Self::Memory => case("12mp.jpg", Kind::Corner, EVERYBODY, CORNER),
            Self::Logo => case("12mp.jpg", Kind::Logo, EVERYBODY, CORNER),
            Self::Tenth => case("12mp.jpg", Kind::Tenth, TILED, &[(SHARP, 14.0), (PILLOW, 4.5), (TURBO, 1.7)]),
            Self::All => case("12mp.jpg", Kind::All, TILED, &[(SHARP, 6.0), (TURBO, 1.0)]),
            Self::Preview => case("2mp.jpg", Kind::Corner, &[], &[]),
            Self::Small => {
                Case { loaded: true, ..case("2mp.jpg", Kind::Corner, EVERYBODY, &[(SHARP, 17.0), (PILLOW, 5.0)]) }
            }
            Self::Restarts => Case { loaded: true, ..case("12mp-restarts.jpg", Kind::Corner, &[OURS], &[]) },
            Self::Optimized => case("12mp-optimized.jpg", Kind::Corner, &[OURS, SHARP, PILLOW, TURBO], &[]),
            Self::Progressive => case(
                "12mp-progressive.jpg",
                Kind::Corner,
                &[OURS, SHARP, VIPS, PILLOW, TURBO, ZUNE, MAGICK],
                &[(SHARP, 3.0), (PILLOW, 1.5)],
            ),
            Self::Png => case("12mp.png", Kind::Corner, &[OURS, SHARP, VIPS, PILLOW, IMAGE, MAGICK], &[(SHARP, 5.0)]),
            Self::Webp => case("2mp.webp", Kind::Corner, &[OURS, SHARP, VIPS, PILLOW, MAGICK], &[(SHARP, 2.5)]),
            Self::Verify => Case { loaded: true, ..case("12mp.jpg", Kind::Corner, &[OURS], &[]) },
            Self::Worker => return None,
        })
    }

    /// Measures it.
    ///
    /// # Errors
    /// When a picture is missing or a mark cannot be laid out; who cannot be measured is a line of the section.
    pub(crate) fn measure(self, pictures: &Path, options: &Options) -> Result<Section> {
        let Some(case) = self.case() else { return worker::measure(self.title(), pictures, options) };
        let bench = Bench { row: self, pictures, options };
        let laid = bench.lay(case.picture, case.kind)?;
        let mut entries: Vec<Entry> =
            case.peers.iter().map(|peer| bench.entry(peer, peer, &case, &laid)).collect::<Result<_>>()?;
        // It takes ImageMagick longer than all others together.
        entries.retain(|entry| entry.name != MAGICK || self != Self::Png || options.full);
        if self == Self::Preview {
            let tiled = bench.lay(case.picture, Kind::All)?;
            return preview::measure(self.title(), &pictures.join(case.picture), &[laid, tiled], options);
        }
        let folder = options.tools.work.join(self.to_possible_value().context("no name")?.get_name());
        match self {
            Self::Memory => bench.memory(entries, &laid, &case, &folder),
            Self::Restarts => {
                let without = Case { picture: "12mp.jpg", ..case };
                entries.push(bench.entry("Sealmark, the same without", OURS, &without, &laid)?);
                bench.beside(entries, &laid, &folder)
            }
            Self::Verify => {
                let dot = bench.lay(case.picture, Kind::Dot)?;
                entries.push(bench.entry("Sealmark, verify", VERIFY, &case, &laid)?);
                entries.push(bench.entry("Sealmark, scan", OURS, &case, &dot)?);
                bench.beside(entries, &laid, &folder)
            }
            _ => bench.table(entries, &laid, &case, &folder),
        }
    }
}

struct Bench<'a> {
    row: Row,
    pictures: &'a Path,
    options: &'a Options,
}

impl Bench<'_> {
    fn size(&self, picture: &str) -> Result<(u32, u32)> {
        // The pixels are the same in all of one size, and WebP may be missing.
        let name = if picture.starts_with("2mp") { "2mp.jpg" } else { "12mp.jpg" };
        Ok(image::image_dimensions(self.pictures.join(name))?)
    }

    fn lay(&self, picture: &str, kind: Kind) -> Result<Laid> {
        let (width, height) = self.size(picture)?;
        marks::lay(kind, width, height, &self.options.tools.font, &self.pictures.join("logo-1040.png"))
    }

    fn entry(&self, name: &str, peer: &str, case: &Case, laid: &Laid) -> Result<Entry> {
        let (width, height) = self.size(case.picture)?;
        let format = match case.picture.rsplit_once('.') {
            Some((_, "png")) => "png",
            Some((_, "webp")) => "webp",
            _ => "jpeg",
        };
        let spec = Spec {
            peer: peer.to_owned(),
            source: self.pictures.join(case.picture).display().to_string(),
            format: format.to_owned(),
            progressive: case.picture.contains("progressive"),
            width,
            height,
            loaded: case.loaded,
            quality: if format == "webp" { WEBP_QUALITY } else { QUALITY },
            template: laid.template.clone(),
            mark: laid.mark.clone(),
        };
        Ok(Entry { name: name.to_owned(), spec })
    }

    /// We beside the peers.
    fn table(&self, entries: Vec<Entry>, laid: &Laid, case: &Case, folder: &Path) -> Result<Section> {
        let source = self.pictures.join(case.picture);
        let source_bytes = fs::metadata(&source).map(|found| found.len()).unwrap_or_default();
        let what = format!("{} Original of {source_bytes} bytes.", describe(laid));
        let columns = ["who", "CPU ms", "best", "worst", "÷ ours", "bytes", "of the original", "mark", "settings"];
        let mut section = Section::new(self.row.title(), what, &columns);
        let mut measured = Vec::new();
        if source_bytes > 0 {
            measured = rounds::times(entries, folder, self.options);
        } else {
            section.notes.push("nobody is measured: Pillow makes this picture, and is not here".to_owned());
        }
        let ours = measured.iter().find(|one| one.name == OURS && one.failure.is_none());
        let agreement = ours.and_then(|ours| Ours::read(&source, &ours.output).ok());
        let ours_ms = ours.and_then(Measured::median_ms);
        for one in &measured {
            let Some(line) = line(one, ours_ms, source_bytes) else {
                section.notes.push(format!(
                    "{}: not measured: {}",
                    one.name,
                    one.failure.as_deref().unwrap_or("no time")
                ));
                continue;
            };
            let mark = match &agreement {
                _ if one.name == OURS => "1".to_owned(),
                Some(agreement) => match agreement.compare(&one.output, &one.spec.mark) {
                    Ok(found) => {
                        if found.correlation < 0.85 || !(0.9..1.1).contains(&found.strength) {
                            section.notes.push(format!("**{} draws another mark.**", one.name));
                        }
                        format!("{:.2}, {:.2}", found.strength, found.correlation)
                    }
                    Err(error) => format!("{error:#}"),
                },
                None => String::new(),
            };
            section.lines.push([line, vec![mark, peer::settings(&one.spec)]].concat());
        }
        if let Some(ours) = ours {
            section.notes.push(format!("ours: {}", ours::method(&ours.spec)?));
        }
        let ratio = |name: &str| {
            let theirs = measured.iter().find(|one| one.name == name)?.median_ms()?;
            Some(theirs / ours_ms?)
        };
        for (name, wanted) in case.targets {
            section.targets.push(Target::at_least(format!("{name} ÷ ours"), *wanted, "", ratio(name)));
        }
        let bytes = |name: &str| Some(measured.iter().find(|one| one.name == name && one.bytes > 0)?.bytes as f64);
        let sizes = |name: &str| Some(bytes(OURS)? / bytes(name)?);
        match self.row {
            Row::Png => {
                section.targets.push(Target::at_most("bytes: ours ÷ sharp", 1.0, "", sizes(SHARP)));
                let of_source = bytes(OURS).map(|ours| ours / source_bytes as f64);
                section.targets.push(Target::at_most("bytes: ours ÷ original", 1.05, "", of_source));
            }
            Row::Webp => section.targets.push(Target::at_most("bytes: ours ÷ sharp", 1.03, "", sizes(SHARP))),
            _ => {}
        }
        section.measured = measured;
        Ok(section)
    }

    /// We beside ourselves.
    fn beside(&self, entries: Vec<Entry>, laid: &Laid, folder: &Path) -> Result<Section> {
        let columns = ["what", "CPU ms", "best", "worst", "÷ first", "bytes", "of the original"];
        let mut what = format!("{} Font and template loaded.", describe(laid));
        if self.row == Row::Verify {
            what.push_str(
                " The scan is rendering a dot in the last MCU: all that stands before it is passed over, and copied, which \
                 is a little more than passing over.",
            );
        }
        let mut section = Section::new(self.row.title(), what, &columns);
        let measured = rounds::times(entries, folder, self.options);
        let first = measured.first().and_then(Measured::median_ms);
        for one in &measured {
            let source_bytes = fs::metadata(&one.spec.source)?.len();
            match line(one, first, source_bytes) {
                Some(line) => section.lines.push(line),
                None => section.notes.push(format!("{}: {}", one.name, one.failure.as_deref().unwrap_or("no time"))),
            }
        }
        let ms = |at: usize| measured.get(at).and_then(Measured::median_ms);
        let ratio = |a: Option<f64>, b: Option<f64>| Some(a? / b?);
        section.targets.push(match self.row {
            Row::Restarts => Target::at_least("without ÷ with", 3.0, "", ratio(ms(1), ms(0))),
            _ => Target::at_most("verify ÷ scan", 1.2, "", ratio(ms(1), ms(2))),
        });
        section.measured = measured;
        Ok(section)
    }

    fn memory(&self, entries: Vec<Entry>, laid: &Laid, case: &Case, folder: &Path) -> Result<Section> {
        let what = format!(
            "{} Most resident memory of a fresh process that does the work once, interpreter and libraries included.",
            describe(laid)
        );
        let mut section = Section::new(self.row.title(), what, &["who", "peak, MB", "÷ original", "÷ ours"]);
        let measured = rounds::peaks(entries, folder, self.options);
        let source = fs::metadata(self.pictures.join(case.picture))?.len() as f64;
        let peak = |name: &str| measured.iter().find(|one| one.name == name).and_then(Measured::peak);
        let ours = peak(OURS);
        for one in &measured {
            let Some(peak) = one.peak().filter(|_| one.failure.is_none()) else {
                section.notes.push(format!("{}: {}", one.name, one.failure.as_deref().unwrap_or("no number")));
                continue;
            };
            section.lines.push(vec![
                one.name.clone(),
                format!("{:.1}", peak / 1e6),
                format!("{:.1}", peak / source),
                ours.map_or(String::new(), |ours| format!("{:.1}", peak / ours)),
            ]);
        }
        section.targets.push(Target::at_most("ours ÷ compressed size", 8.0, "", ours.map(|ours| ours / source)));
        let ratio = |a: Option<f64>, b: Option<f64>| Some(a? / b?);
        section.targets.push(Target::at_least("sharp ÷ ours", 8.0, "", ratio(peak(SHARP), ours)));
        section.measured = measured;
        Ok(section)
    }
}

pub(crate) fn describe(laid: &Laid) -> String {
    let what = match (&laid.mark.text, laid.mark.pitch) {
        (_, Some(_)) => format!("White text of {} px in {} places,", laid.mark.size_px, laid.mark.places.len()),
        (Some(_), None) => {
            format!("White text of {} px, its box {:.1}% of the picture,", laid.mark.size_px, laid.area * 100.0)
        }
        (None, None) => {
            format!("A PNG of {}x{}, {:.1}% of the picture,", laid.mark.width, laid.mark.height, laid.area * 100.0)
        }
    };
    format!("{what} ink in {:.1}% of the squares of 16x16.", laid.mcus * 100.0)
}

fn line(one: &Measured, ours_ms: Option<f64>, source_bytes: u64) -> Option<Vec<String>> {
    let median = one.median_ms().filter(|_| one.failure.is_none())?;
    let best = one.cpu_ms.iter().copied().fold(f64::INFINITY, f64::min);
    let worst = one.cpu_ms.iter().copied().fold(0.0, f64::max);
    let (bytes, part) = match one.bytes {
        0 => (String::new(), String::new()),
        bytes => (bytes.to_string(), format!("{:.1}%", bytes as f64 / source_bytes.max(1) as f64 * 100.0)),
    };
    Some(vec![
        one.name.clone(),
        format!("{median:.1}"),
        format!("{best:.1}"),
        format!("{worst:.1}"),
        ours_ms.map_or(String::new(), |ours| format!("{:.2}", median / ours)),
        bytes,
        part,
    ])
}
