//! The marks: written as templates, and laid out by us, so that the peers know where to draw the same.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use sealmark_watermark_dsl::{Template, Variables, render_diagnostics};
use sealmark_watermark_render::{Content, Limits, Rect, Resources, Scene, Stamp, draw, layout};

use crate::spec::Mark;

/// What a text says.
const TEXT: &str = "© Sealmark 2026";
/// Of texts.
const OPACITY: f64 = 0.55;
/// Part of the picture that the box of a mark in a corner takes.
const BOX: f64 = 0.03;
/// Side of an MCU of 4:2:0.
const MCU: u32 = 16;

/// Which mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text in a corner.
    Corner,
    /// A PNG in a corner.
    Logo,
    /// Text over and over, about a tenth of the MCUs.
    Tenth,
    /// Text over and over, each MCU.
    All,
    /// A dot in the last MCU: nearly nothing but the scan before it.
    Dot,
}

/// A mark laid out.
#[derive(Debug)]
pub(crate) struct Laid {
    pub(crate) template: String,
    pub(crate) mark: Mark,
    /// Part of the picture's MCUs in which it has ink.
    pub(crate) mcus: f64,
    /// Part of the picture that its box takes.
    pub(crate) area: f64,
}

/// Lays a mark out on a picture of this size.
///
/// # Errors
/// When the template has mistakes or cannot be drawn, which would be ours.
pub(crate) fn lay(kind: Kind, width: u32, height: u32, font: &Path, logo: &Path) -> Result<Laid> {
    let desk = Desk { width, height, font, logo };
    match kind {
        Kind::Corner => {
            let first = desk.lay(&corner(100.0), 100.0, None)?;
            let size = (100.0 * (BOX / first.area).sqrt()).round();
            desk.lay(&corner(size), size, None)
        }
        Kind::Logo => {
            let logo_width = image::image_dimensions(logo)?.0;
            let template = format!(
                "template \"bench\" {{ image \"logo.png\" {{ scale = {logo_width}px  opacity = 100%  margin = 2% }} }}"
            );
            desk.lay(&template, 0.0, None)
        }
        Kind::Tenth => {
            let (mut least, mut most) = (0, 600);
            while most - least > 1 {
                let middle = i32::midpoint(least, most);
                if desk.tiled(64.0, middle)?.mcus > 0.095 { least = middle } else { most = middle }
            }
            desk.tiled(64.0, most)
        }
        Kind::All => desk.tiled(28.0, 2),
        Kind::Dot => {
            desk.lay("template \"bench\" { text \".\" { size = 8px  opacity = 100%  margin = 1px } }", 8.0, None)
        }
    }
}

fn corner(size: f64) -> String {
    format!("template \"bench\" {{ text \"{TEXT}\" {{ size = {size}px  opacity = {OPACITY}  margin = 2% }} }}")
}

struct Desk<'a> {
    width: u32,
    height: u32,
    font: &'a Path,
    logo: &'a Path,
}

impl Desk<'_> {
    /// Text over and over. Its grid is of whole pixels and begins at the picture's corner, for peers that can do no
    /// other.
    fn tiled(&self, size: f64, gap: i32) -> Result<Laid> {
        let template = |gap: (f64, f64), offset: (i64, i64)| {
            format!(
                "template \"bench\" {{ tile text \"{TEXT}\" {{ size = {size}px  opacity = {OPACITY}  stagger = 0%  gap = {:.4}px {:.4}px  \
                 offset = {}px {}px }} }}",
                gap.0, gap.1, offset.0, offset.1
            )
        };
        let (scene, _) = self.scene(&template((1.0, 1.0), (0, 0)))?;
        let frame = scene.marks.first().context("no mark")?.frame;
        let gaps = [frame.width, frame.height].map(|length| length.ceil() + f64::from(gap) - length);
        let pitch = [frame.width, frame.height].map(|length| (length.ceil() as i64) + i64::from(gap));
        let first = self.lay(&template((gaps[0], gaps[1]), (0, 0)), size, Some(pitch))?;
        let (x, y) = *first.mark.places.first().context("no place")?;
        // A pixel from the corner, so that in its cell no letter is cut.
        let offset = (1 - x.rem_euclid(pitch[0]), 1 - y.rem_euclid(pitch[1]));
        self.lay(&template((gaps[0], gaps[1]), offset), size, Some(pitch))
    }

    fn scene(&self, template: &str) -> Result<(Scene, Resources)> {
        let compiled = Template::from_source(template)
            .map_err(|mistakes| anyhow!("{}", render_diagnostics(template, "bench.seal", &mistakes)))?;
        let mut resources = Resources::embedded();
        resources.assets.add("logo.png", &std::fs::read(self.logo)?, &Limits::default())?;
        let scene = layout(&compiled, &Variables::default(), self.width, self.height, &resources)?;
        Ok((scene, resources))
    }

    fn lay(&self, template: &str, size_px: f64, pitch: Option<[i64; 2]>) -> Result<Laid> {
        let (scene, resources) = self.scene(template)?;
        let stamps = draw(&scene, &resources.fonts)?;
        let (mark, stamp) = (scene.marks.first().context("no mark")?, stamps.first().context("no ink")?);
        let mut places: Vec<(i64, i64)> = stamp.places().iter().map(|place| (place.x, place.y)).collect();
        places.sort_by_key(|&(x, y)| (y, x));
        let far = |&(x, y): &(i64, i64)| (x as f64 - mark.frame.x).abs() + (y as f64 - mark.frame.y).abs();
        let own = places.iter().copied().min_by(|a, b| far(a).total_cmp(&far(b))).context("no place")?;
        let pen = match &mark.content {
            Content::Text(text) => text.runs.first().and_then(|run| run.glyphs.first()),
            _ => None,
        };
        let pen = pen
            .map_or((0.0, 0.0), |glyph| (mark.frame.x + glyph.x - own.0 as f64, mark.frame.y + glyph.y - own.1 as f64));
        let sprite = stamp.sprite();
        let boxed = f64::from(sprite.width()) * f64::from(sprite.height());
        let is_text = matches!(mark.content, Content::Text(_));
        Ok(Laid {
            template: template.to_owned(),
            mcus: self.part_of_mcus(stamp),
            area: boxed / (f64::from(self.width) * f64::from(self.height)),
            mark: Mark {
                text: is_text.then(|| TEXT.to_owned()),
                font: self.font.display().to_string(),
                size_px,
                opacity: OPACITY,
                logo: (!is_text).then(|| self.logo.display().to_string()),
                width: sprite.width(),
                height: sprite.height(),
                pen_x: pen.0,
                pen_y: pen.1,
                places,
                pitch: match pitch {
                    Some([across, down]) => Some((u32::try_from(across)?, u32::try_from(down)?)),
                    None => None,
                },
            },
        })
    }

    fn part_of_mcus(&self, stamp: &Stamp) -> f64 {
        let (wide, high) = (self.width.div_ceil(MCU), self.height.div_ceil(MCU));
        let at = |column, row| Rect { x: column * MCU, y: row * MCU, width: MCU, height: MCU };
        let reached = (0..high).flat_map(|row| (0..wide).map(move |column| at(column, row)));
        reached.filter(|rect| stamp.covers(*rect)).count() as f64 / f64::from(wide * high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_as_large_as_the_rows_say() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let font = root.join("crates/watermark-render/fonts/DejaVuSans.ttf");
        let laid = |kind| lay(kind, 4000, 3000, &font, &root.join("samples/chelsea.png")).unwrap();
        let corner = laid(Kind::Corner);
        assert!((0.028..0.032).contains(&corner.area), "{}", corner.area);
        assert!(corner.mark.places.len() == 1 && corner.mark.pitch.is_none());
        let tenth = laid(Kind::Tenth);
        assert!((0.085..=0.095).contains(&tenth.mcus), "{}", tenth.mcus);
        assert!(laid(Kind::All).mcus > 0.99);
        assert!(laid(Kind::Dot).mcus < 0.0001);
        // Peers that repeat a cell find the first place where the cell has it.
        let (across, down) = tenth.mark.pitch.unwrap();
        let (across, down) = (i64::from(across), i64::from(down));
        let is_at = |(x, y): &(i64, i64)| x.rem_euclid(across).abs_diff(1) <= 1 && y.rem_euclid(down).abs_diff(1) <= 1;
        assert!(tenth.mark.places.iter().all(is_at), "{:?}", tenth.mark.places);
    }
}
