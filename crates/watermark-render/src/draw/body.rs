//! A mark's content as shapes in pixels: what is filled, what is painted, and in which colours.

use std::{io::Cursor, sync::Arc};

use harfrust::font::glyph::bitmap::Pixels;
use image::{ImageFormat, ImageReader};
use sealmark_watermark_dsl::Color;

use super::{
    cover::Filler,
    hull::{Area, Hull, Plane},
    path::Path,
    sample::{Placed, Rgba, over},
    stroke::{self, stroke},
};
use crate::{
    Content, Fonts, Frame, Mark, Paint, Picture, Qr, RenderError, Text,
    geometry::Turn,
    glyph::{Look, look},
};

/// Content in its place.
#[derive(Default)]
pub(super) struct Body {
    /// Filled below everything else.
    background: Option<(Path, Color)>,
    /// Filled one by one in one colour.
    letters: Vec<Path>,
    color: Option<Color>,
    /// Width and colour of the line around the letters.
    outline: Option<(f64, Color)>,
    /// Painted over the letters, in order.
    parts: Vec<Part>,
}

/// Something with colours of its own.
enum Part {
    Fill(Path, Color),
    Picture(Placed, u8),
}

/// What a body covers, each on a plane of its own.
pub(super) struct Layers {
    pub(super) background: Option<(Plane<u16>, Color)>,
    pub(super) letters: Option<(Plane<u16>, Color)>,
    /// Only beside the letters.
    pub(super) outline: Option<(Plane<u16>, Color)>,
    pub(super) painted: Option<Plane<Rgba>>,
}

/// Most pixels of a picture in a font, on either side.
const MAX_GLYPH_PX: u32 = 2_048;

impl Body {
    pub(super) fn new(mark: &Mark, turn: &Turn, fonts: &Fonts) -> Result<Self, RenderError> {
        let mut body = Self::default();
        match &mark.content {
            Content::Text(text) => body.add_text(text, mark, turn, fonts)?,
            Content::Image(picture) => {
                let placed = Placed { picture: Arc::clone(picture), frame: mark.frame, turn: *turn, is_snapped: true };
                body.parts.push(Part::Picture(placed, u8::MAX));
            }
            Content::Qr(qr) => body.add_qr(qr, mark, turn)?,
        }
        Ok(body)
    }

    fn add_text(&mut self, text: &Text, mark: &Mark, turn: &Turn, fonts: &Fonts) -> Result<(), RenderError> {
        let color = resolved(text.paint)?;
        self.color = Some(color);
        if let Some(outline) = text.outline.filter(|outline| outline.width > 0.0) {
            self.outline = Some((outline.width, resolved(outline.paint)?));
        }
        for run in &text.runs {
            let font = fonts.font(run.face)?;
            let scale = run.em_px / f64::from(font.units_per_em().max(1));
            for glyph in &run.glyphs {
                let (x, y) = (mark.frame.x + glyph.x, mark.frame.y + glyph.y);
                let to_px = |at: (f64, f64)| turn.point((x + at.0 * scale, y - at.1 * scale));
                let path = |steps: &[_]| {
                    let mut path = Path::default();
                    path.add(steps, to_px);
                    path
                };
                match look(&font, glyph.glyph, run.em_px) {
                    Look::Outline(steps) => self.letters.push(path(&steps)),
                    Look::Layers(layers) => self.parts.extend(layers.iter().map(|(steps, own)| {
                        let own = own.map_or(color, |own| faded(own, color.a));
                        Part::Fill(path(steps), own)
                    })),
                    Look::Bitmap { pixels, bounds } => {
                        let frame = Frame {
                            x: x + bounds.left * scale,
                            y: y - bounds.top * scale,
                            width: (bounds.right - bounds.left) * scale,
                            height: (bounds.top - bounds.bottom) * scale,
                        };
                        // A glyph whose picture is broken shows nothing, as one whose outline is.
                        if let Some(picture) = glyph_picture(pixels) {
                            let placed = Placed { picture: picture.into(), frame, turn: *turn, is_snapped: false };
                            self.parts.push(Part::Picture(placed, color.a));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn add_qr(&mut self, qr: &Qr, mark: &Mark, turn: &Turn) -> Result<(), RenderError> {
        self.color = Some(resolved(qr.paint)?);
        let modules = f64::from(qr.modules.side_with_quiet_zone());
        let room = mark.frame.width.min(mark.frame.height);
        let is_upright = turn.quarters().is_some();
        let module = if is_upright { (room / modules).floor().max(1.0) } else { room / modules };
        let side = module * modules;
        let center = mark.frame.center();
        let corner = (center.0 - side / 2.0, center.1 - side / 2.0);
        let corner = if is_upright { (corner.0.round(), corner.1.round()) } else { corner };
        // Whole pixels stay whole only around a middle that is whole or half.
        let turn = if is_upright { turn.around((corner.0 + side / 2.0, corner.1 + side / 2.0)) } else { *turn };
        if let Some(color) = qr.background {
            let mut path = Path::default();
            path.add_polygon(turn.corners(&Frame { x: corner.0, y: corner.1, width: side, height: side }));
            self.background = Some((path, color));
        }
        let mut path = Path::default();
        let at = |modules: u32, from: f64| from + f64::from(modules + qr.modules.quiet_modules()) * module;
        for (y, start, end) in qr.modules.runs() {
            let (left, right, top) = (at(start, corner.0), at(end, corner.0), at(y, corner.1));
            path.add_polygon(turn.corners(&Frame { x: left, y: top, width: right - left, height: module }));
        }
        self.letters.push(path);
        Ok(())
    }

    /// The same, moved.
    pub(super) fn moved(&self, dx: f64, dy: f64) -> Self {
        let parts = self.parts.iter().map(|part| match part {
            Part::Fill(path, color) => Part::Fill(path.moved(dx, dy), *color),
            Part::Picture(placed, alpha) => Part::Picture(placed.moved(dx, dy), *alpha),
        });
        Self {
            background: self.background.as_ref().map(|(path, color)| (path.moved(dx, dy), *color)),
            letters: self.letters.iter().map(|path| path.moved(dx, dy)).collect(),
            color: self.color,
            outline: self.outline,
            parts: parts.collect(),
        }
    }

    /// Which pixels of an area it may cover.
    pub(super) fn hull(&self, within: Area) -> Hull {
        let reach = self.outline.map_or(0, |(width, _)| stroke::reach(width));
        let letters = self.letters.iter().flat_map(|path| path.lines());
        let letters = Hull::around(letters, within.grown(reach)).grown(reach);
        let mut rest: Vec<[(f64, f64); 2]> = Vec::new();
        if let Some((path, _)) = &self.background {
            rest.extend(path.lines());
        }
        for part in &self.parts {
            match part {
                Part::Fill(path, _) => rest.extend(path.lines()),
                Part::Picture(placed, _) => {
                    let mut edges = Path::default();
                    edges.add_polygon(placed.corners());
                    rest.extend(edges.lines());
                }
            }
        }
        letters.union(&Hull::around(rest.iter(), within)).clipped(within)
    }

    /// What it covers of the pixels of a hull.
    pub(super) fn layers(&self, hull: &Hull) -> Layers {
        let mut filler = Filler::new();
        let color = self.color.unwrap_or(Color::WHITE);
        let background = self.background.as_ref().map(|(path, color)| {
            let mut plane = Plane::new(hull, 0);
            filler.fill(path.lines(), &mut plane);
            (plane, *color)
        });
        let letters = (!self.letters.is_empty()).then(|| {
            let mut plane = Plane::new(hull, 0);
            self.letters.iter().for_each(|path| filler.fill(path.lines(), &mut plane));
            plane
        });
        let outline = self.outline.filter(|_| !self.letters.is_empty()).map(|(width, color)| {
            let lines: Vec<_> = self.letters.iter().flat_map(|path| path.lines()).copied().collect();
            let mut plane = stroke(&lines, width, hull);
            if let Some(letters) = &letters {
                beside(&mut plane, letters);
            }
            (plane, color)
        });
        let painted = (!self.parts.is_empty()).then(|| {
            let mut plane = Plane::new(hull, [0; 4]);
            for part in &self.parts {
                match part {
                    Part::Picture(placed, alpha) => placed.paint(*alpha, &mut plane),
                    Part::Fill(path, color) => paint_path(path, *color, &mut filler, &mut plane),
                }
            }
            plane
        });
        Layers { background, letters: letters.map(|plane| (plane, color)), outline, painted }
    }
}

impl Layers {
    /// How much of each pixel of the hull is covered by anything, whatever its colour.
    pub(super) fn silhouette(&self, hull: &Hull) -> Plane<u16> {
        let mut all = Plane::new(hull, 0_u16);
        for y in all.top()..all.bottom() {
            let row = all.row_mut(y).1;
            let add = |plane: Option<&Plane<u16>>, row: &mut [u16]| {
                let cover = plane.map_or(&[][..], |plane| plane.row(y).1);
                // Outline and letters are beside each other, so together they cover the sum.
                row.iter_mut().zip(cover).for_each(|(all, cover)| *all = all.saturating_add(*cover));
            };
            add(self.background.as_ref().map(|(plane, _)| plane), row);
            add(self.letters.as_ref().map(|(plane, _)| plane), row);
            add(self.outline.as_ref().map(|(plane, _)| plane), row);
            if let Some(painted) = &self.painted {
                row.iter_mut().zip(painted.row(y).1).for_each(|(all, pixel)| *all = all.saturating_add(pixel[3]));
            }
        }
        all
    }
}

/// Keeps of an outline what the letters leave free.
fn beside(outline: &mut Plane<u16>, letters: &Plane<u16>) {
    for y in outline.top()..outline.bottom() {
        for (cover, letter) in outline.row_mut(y).1.iter_mut().zip(letters.row(y).1) {
            *cover = (*cover).min(u16::MAX - letter);
        }
    }
}

fn paint_path(path: &Path, color: Color, filler: &mut Filler, plane: &mut Plane<Rgba>) {
    let hull = Hull::around(path.lines().iter(), Area::EVERYWHERE).clipped(Area {
        top: plane.top(),
        bottom: plane.bottom(),
        ..Area::EVERYWHERE
    });
    let mut cover = Plane::new(&hull, 0);
    filler.fill(path.lines(), &mut cover);
    for y in cover.top()..cover.bottom() {
        let (start, amounts) = cover.row(y);
        let (from, row) = plane.row_mut(y);
        for (x, amount) in (start..).zip(amounts) {
            if let Some(pixel) = usize::try_from(x - from).ok().and_then(|at| row.get_mut(at)) {
                let channel = |value: u8| ((u32::from(value) * 257 * u32::from(*amount) + 32_767) / 65_535) as u16;
                over(pixel, [channel(color.r), channel(color.g), channel(color.b), *amount], color.a);
            }
        }
    }
}

/// A colour behind so much of another's alpha.
fn faded(color: Color, alpha: u8) -> Color {
    Color { a: ((u32::from(color.a) * u32::from(alpha) + 127) / 255) as u8, ..color }
}

pub(super) fn resolved(paint: Paint) -> Result<Color, RenderError> {
    match paint {
        Paint::Color(color) => Ok(color),
        Paint::Auto => Err(RenderError::UnresolvedColor),
    }
}

fn glyph_picture(pixels: Pixels<'_>) -> Option<Picture> {
    match pixels {
        Pixels::Png(png) => {
            let mut reader = ImageReader::with_format(Cursor::new(png), ImageFormat::Png);
            let mut bounds = image::Limits::default();
            (bounds.max_image_width, bounds.max_image_height) = (Some(MAX_GLYPH_PX), Some(MAX_GLYPH_PX));
            reader.limits(bounds);
            let image = reader.decode().ok()?.to_rgba8();
            Picture::from_rgba8(image.width(), image.height(), &image).ok()
        }
        Pixels::Bgra(bgra) => {
            // Stored premultiplied, which our own way of reading does once more: so it is undone first.
            let straight = bgra.data().chunks_exact(4).flat_map(|pixel| {
                let alpha = u32::from(pixel[3]);
                let color = |at: usize| (u32::from(pixel[at]) * 255).checked_div(alpha).unwrap_or(0).min(255) as u8;
                [color(2), color(1), color(0), pixel[3]]
            });
            let straight: Vec<u8> = straight.collect();
            Picture::from_rgba8(bgra.width(), bgra.height(), &straight).ok()
        }
        Pixels::Mask(_) => None,
    }
}
