//! Drawn marks, ready to be blended any number of times, and still without a picture below.

mod grid;
mod sprite;
mod turn;

use std::sync::Arc;

use grid::Grid;
pub(crate) use sprite::SpriteBuilder;
pub use sprite::{Ink, Sprite};

use crate::{BlendMode, Rect};

/// Where a sprite lies: its top left corner in pixels of the picture, which it may reach out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// Column.
    pub x: i64,
    /// Row.
    pub y: i64,
}

/// A drawn mark: one sprite in one or many places.
#[derive(Debug, Clone)]
pub struct Stamp {
    sprite: Arc<Sprite>,
    places: Vec<Place>,
    blend: BlendMode,
    grid: Grid,
}

impl Stamp {
    /// A sprite in places, the lowest first.
    pub fn new(sprite: Arc<Sprite>, places: Vec<Place>, blend: BlendMode) -> Self {
        let grid = Grid::new(&sprite, &places);
        Self { sprite, places, blend, grid }
    }

    /// What is drawn in each place.
    pub fn sprite(&self) -> &Sprite {
        &self.sprite
    }

    /// The places, the lowest first: where two overlap, the later one is blended onto the earlier.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// How it mixes with the picture.
    pub const fn blend(&self) -> BlendMode {
        self.blend
    }

    /// The same stamp with every colour of its ink replaced.
    #[must_use]
    pub fn recolored(&self, recolor: impl FnMut([u16; 3]) -> [u16; 3]) -> Self {
        Self { sprite: Arc::new(self.sprite.recolored(recolor)), ..self.clone() }
    }

    /// For each place the rectangle of a picture of this size that it may change; places outside are left out.
    pub fn touched(&self, width: u32, height: u32) -> Vec<Rect> {
        let all = Rect { x: 0, y: 0, width, height };
        self.places.iter().filter_map(|place| self.clipped(*place, all)).collect()
    }

    fn clipped(&self, place: Place, to: Rect) -> Option<Rect> {
        let span = |start: i64, length: u32, from: u32, end: u32| {
            let first = start.max(from.into());
            let last = start.saturating_add(length.into()).min(end.into());
            Some((u32::try_from(first).ok()?, u32::try_from(last.checked_sub(first)?).ok().filter(|n| *n > 0)?))
        };
        let (x, width) = span(place.x, self.sprite.width(), to.x, to.right())?;
        let (y, height) = span(place.y, self.sprite.height(), to.y, to.bottom())?;
        Some(Rect { x, y, width, height })
    }

    /// Visits all ink in a rectangle of the picture: runs of pixels with their first column and their row, cut at its
    /// edges, place after place and from top to bottom in each. Some pixels of a run may have no alpha.
    ///
    /// The cost is that of the ink, and of a look at the places that are near, however many there are.
    pub fn for_each_span(&self, rect: Rect, mut visit: impl FnMut(u32, u32, &[Ink])) {
        self.any_span(rect, |x, y, inks| {
            visit(x, y, inks);
            false
        });
    }

    /// Whether any ink with an alpha over 0 lies in a rectangle of the picture.
    pub fn covers(&self, rect: Rect) -> bool {
        self.any_span(rect, |_, _, inks| inks.iter().any(|ink| ink.alpha > 0))
    }

    /// Visits spans until one is what was looked for.
    fn any_span(&self, rect: Rect, mut is_wanted: impl FnMut(u32, u32, &[Ink]) -> bool) -> bool {
        self.grid.any_near(rect, self.places.len(), |at| {
            let Some(place) = self.places.get(at) else { return false };
            let Some(part) = self.clipped(*place, rect) else { return false };
            (part.y..part.bottom()).any(|y| {
                // Both are inside of the sprite, which `clipped` has seen to.
                let row = u32::try_from(i64::from(y) - place.y).unwrap_or(u32::MAX);
                let column = u32::try_from(i64::from(part.x) - place.x).unwrap_or(u32::MAX);
                let mut spans = self.sprite.part(row, column, part.width);
                spans.any(|(skipped, inks)| is_wanted(part.x + skipped, y, inks))
            })
        })
    }
}
