//! A scene to stamps: shapes, coverage, colours; still without a picture below.
//!
//! Nothing here is as large as the picture unless the mark is: see [`hull`].

mod blur;
mod body;
mod compose;
mod cover;
mod hull;
mod path;
mod sample;
mod stroke;
mod tile;

use std::sync::Arc;

use sealmark_watermark_dsl::{Color, Opacity};

pub use blur::MAX_SHADOW_SIGMA;
use body::{Body, resolved};
use compose::{Layer, compose};
use cover::Filler;
use hull::{Area, Hull, Plane};
use path::Path;
pub use stroke::MAX_OUTLINE_PX;
pub use tile::MAX_TILE_PLACES;

use crate::{Fonts, Mark, Place, RenderError, Scene, SceneShadow, Stamp, geometry::Turn};

/// Most pixels from the first to the last ink of all rows of one mark. Eight bytes each in a [`crate::Sprite`], and
/// about as much again while it is drawn.
pub const MAX_SPRITE_PIXELS: u64 = 1 << 26;

/// The same for a mark that is tiled, which is drawn whole wherever it lies.
pub const MAX_TILE_SPRITE_PIXELS: u64 = 1 << 24;

/// Farthest that a shadow is drawn from its mark, in pixels.
const MAX_SHADOW_MOVE_PX: f64 = 4_096.0;

/// Draws every mark of a scene that has any ink in the picture.
///
/// A mark that is not tiled is drawn as far as it lies in the picture.
///
/// # Errors
/// [`RenderError::UnknownFont`] for a face that is not in `fonts`, [`RenderError::UnresolvedColor`] for a scene whose
/// colours [`Scene::resolve_auto`] has not chosen, [`RenderError::MarkTooLarge`] over [`MAX_SPRITE_PIXELS`]
/// or [`MAX_TILE_SPRITE_PIXELS`], [`RenderError::TooManyTiles`] over [`MAX_TILE_PLACES`].
pub fn draw(scene: &Scene, fonts: &Fonts) -> Result<Vec<Stamp>, RenderError> {
    let stamps = scene.marks.iter().map(|mark| stamp(mark, fonts, scene.width, scene.height));
    stamps.filter_map(Result::transpose).collect()
}

fn stamp(mark: &Mark, fonts: &Fonts, width: u32, height: u32) -> Result<Option<Stamp>, RenderError> {
    let angle = mark.rotation_deg + mark.tile.map_or(0.0, |tile| tile.angle_deg);
    let turn = Turn::new(angle, mark.frame.center());
    let body = Body::new(mark, &turn, fonts)?;
    let picture = Area { left: 0, top: 0, right: width.into(), bottom: height.into() };
    let area = if mark.tile.is_some() { Area::EVERYWHERE } else { picture };

    let plate = mark.plate.map(|plate| Ok((plate_path(mark, &turn), resolved(plate.paint)?))).transpose()?;
    let content = body.hull(area);
    let mut all = content.clone();
    if let Some((path, _)) = &plate {
        all = all.union(&Hull::around(path.lines().iter(), area));
    }
    let shadow = mark.shadow.map(|shadow| Shadow::new(shadow, &body, area));
    if let Some(shadow) = &shadow {
        all = all.union(&shadow.hull.clipped(area));
    }
    let pixels = all.pixels() + shadow.as_ref().map_or(0, |shadow| shadow.hull.pixels());
    let max = if mark.tile.is_some() { MAX_TILE_SPRITE_PIXELS } else { MAX_SPRITE_PIXELS };
    if pixels > max {
        return Err(RenderError::MarkTooLarge { pixels, max });
    }

    let layers = body.layers(&content);
    let plate = plate.map(|(path, color)| {
        let mut plane = Plane::new(&Hull::around(path.lines().iter(), area), 0);
        Filler::new().fill(path.lines(), &mut plane);
        (plane, color)
    });
    let shadow = shadow.map(Shadow::draw);
    let mut order = Vec::new();
    order.extend(layers.painted.as_ref().map(Layer::Painted));
    order.extend(layers.letters.as_ref().map(|(plane, color)| Layer::Flat(plane, *color)));
    order.extend(layers.outline.as_ref().map(|(plane, color)| Layer::Beside(plane, *color)));
    order.extend(layers.background.as_ref().map(|(plane, color)| Layer::Flat(plane, *color)));
    order.extend(shadow.as_ref().map(|(plane, color)| Layer::Flat(plane, *color)));
    order.extend(plate.as_ref().map(|(plane, color)| Layer::Flat(plane, *color)));

    let builder = compose(&order, &all, opacity_65535(mark.opacity));
    let Some((sprite, left, row)) = builder.finish() else { return Ok(None) };
    let top = all.top() + row;
    let places = match &mark.tile {
        None => vec![Place { x: left, y: top }],
        Some(tile) => {
            let (right, bottom) = (left + i64::from(sprite.width()), top + i64::from(sprite.height()));
            let moves = tile::places(mark, tile, Area { left, top, right, bottom }, width, height)?;
            moves.into_iter().map(|by| Place { x: left + by.x, y: top + by.y }).collect()
        }
    };
    Ok(Some(Stamp::new(Arc::new(sprite), places, mark.blend)))
}

fn plate_path(mark: &Mark, turn: &Turn) -> Path {
    let mut path = Path::default();
    if let Some(plate) = &mark.plate {
        path.add_plate(&mark.frame.grown(plate.padding), plate.radius, turn);
    }
    path
}

/// A shadow that is still to be drawn.
struct Shadow {
    body: Body,
    /// With all that the blur reaches, also outside of the picture: what lies there still darkens its edge.
    hull: Hull,
    sigma: f64,
    color: Color,
}

impl Shadow {
    fn new(shadow: SceneShadow, body: &Body, area: Area) -> Self {
        let bounded = |by: f64| if by.is_finite() { by.clamp(-MAX_SHADOW_MOVE_PX, MAX_SHADOW_MOVE_PX) } else { 0.0 };
        let body = body.moved(bounded(shadow.dx), bounded(shadow.dy));
        let reach = blur::reach(shadow.sigma);
        let hull = body.hull(area.grown(reach)).grown(reach).clipped(area.grown(reach));
        Self { body, hull, sigma: shadow.sigma, color: shadow.color }
    }

    fn draw(self) -> (Plane<u16>, Color) {
        let mut plane = self.body.layers(&self.hull).silhouette(&self.hull);
        blur::blur(&mut plane, &self.hull, self.sigma);
        (plane, self.color)
    }
}

fn opacity_65535(opacity: Opacity) -> u16 {
    (opacity.get() * 65_535.0).round() as u16
}
