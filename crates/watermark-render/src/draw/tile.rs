//! Where the repetitions of a mark lie.

use super::hull::Area;
use crate::{Frame, Mark, Place, RenderError, Tile, geometry::Turn};

/// Most places that a tiled mark is drawn in.
pub const MAX_TILE_PLACES: usize = 65_536;

/// Places whose distance would be less are counted as so far away, in pixels.
const MIN_PITCH_PX: f64 = 1.0;

/// More would put the next place out of any picture anyway.
const MAX_PITCH_PX: f64 = 1e9;

/// Every place, as a move from the mark's own, at which a sprite that lies at `sprite` shows in the picture; from top
/// to bottom and from left to right.
pub(super) fn places(
    mark: &Mark,
    tile: &Tile,
    sprite: Area,
    width: u32,
    height: u32,
) -> Result<Vec<Place>, RenderError> {
    let plate = mark.plate.map_or(0.0, |plate| plate.padding.max(0.0));
    let Frame { width: frame_width, height: frame_height, .. } = mark.frame.grown(plate);
    let pitch = |length: f64, gap: f64| {
        let pitch = length + gap;
        if pitch.is_finite() { pitch.clamp(MIN_PITCH_PX, MAX_PITCH_PX) } else { MAX_PITCH_PX }
    };
    let (pitch_x, pitch_y) = (pitch(frame_width, tile.gap_x), pitch(frame_height, tile.gap_y));
    let stagger = if tile.stagger.is_finite() { libm::fmod(tile.stagger, 1.0) } else { 0.0 };
    let turn = Turn::new(tile.angle_deg, (0.0, 0.0));

    // Moves after which the sprite still touches the picture, and the same seen along rows and columns.
    let (left, right) = ((-sprite.right) as f64, (i64::from(width) - sprite.left) as f64);
    let (top, bottom) = ((-sprite.bottom) as f64, (i64::from(height) - sprite.top) as f64);
    let corners = [(left, top), (right, top), (left, bottom), (right, bottom)].map(|at| turn.direction_back(at));
    let range = |of: fn(&(f64, f64)) -> f64| {
        let all = corners.iter().map(of);
        (all.clone().fold(f64::INFINITY, f64::min), all.fold(f64::NEG_INFINITY, f64::max))
    };
    let ((least_x, most_x), (least_y, most_y)) = (range(|at| at.0), range(|at| at.1));
    let rows = (least_y / pitch_y).floor()..=(most_y / pitch_y).ceil();
    let columns = (most_x - least_x) / pitch_x + 3.0;
    let too_many = RenderError::TooManyTiles { max: MAX_TILE_PLACES };
    // A turned pattern is looked through in a larger rectangle than it fills.
    if (rows.end() - rows.start() + 1.0) * columns > 4.0 * MAX_TILE_PLACES as f64 + 64.0 {
        return Err(too_many);
    }

    let mut places = Vec::new();
    let mut row = *rows.start();
    while row <= *rows.end() {
        let shift = if libm::fmod(row, 2.0) == 0.0 { 0.0 } else { stagger };
        let mut column = (least_x / pitch_x - shift).floor();
        while (column + shift) * pitch_x <= most_x + pitch_x {
            let (x, y) = turn.direction(((column + shift) * pitch_x, row * pitch_y));
            let place = Place { x: x.round() as i64, y: y.round() as i64 };
            let shows_x = place.x + sprite.right > 0 && place.x + sprite.left < width.into();
            let shows_y = place.y + sprite.bottom > 0 && place.y + sprite.top < height.into();
            if shows_x && shows_y {
                places.push(place);
            }
            column += 1.0;
        }
        row += 1.0;
    }
    if places.len() > MAX_TILE_PLACES {
        return Err(too_many);
    }
    places.sort_by_key(|place| (place.y, place.x));
    Ok(places)
}
