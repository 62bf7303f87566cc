//! Which places are near: what asks for thousands of small rectangles should not look at thousands of places each
//! time.

use super::{Place, Sprite};
use crate::Rect;

/// Side of a cell in pixels, the least.
const MIN_CELL_PX: i64 = 64;

/// Cells in a row and in a column, the most.
const MAX_CELLS: i64 = 512;

/// Fewer places than this are simply all looked at.
const FEW: usize = 8;

/// A coarse grid over all places; each cell knows the places that may reach into it.
#[derive(Debug, Clone, Default)]
pub(super) struct Grid {
    left: i64,
    top: i64,
    cell: i64,
    columns: i64,
    rows: i64,
    /// Where the places of a cell begin in `places`; one more than there are cells. Empty with few places.
    starts: Vec<u32>,
    /// Numbers of places, in ascending order within each cell.
    places: Vec<u32>,
}

impl Grid {
    pub(super) fn new(sprite: &Sprite, places: &[Place]) -> Self {
        let (width, height) = (i64::from(sprite.width()), i64::from(sprite.height()));
        let x = || places.iter().map(|place| place.x);
        let y = || places.iter().map(|place| place.y);
        let (Some(left), Some(top), Some(right), Some(bottom)) = (x().min(), y().min(), x().max(), y().max()) else {
            return Self::default();
        };
        let span = (right - left + width).max(bottom - top + height);
        // A cell as large as the sprite: no place is in more than four of them.
        let cell = MIN_CELL_PX.max(width.max(height)).max(span / MAX_CELLS + 1);
        if places.len() < FEW || span <= 0 {
            return Self::default();
        }
        let mut grid = Self {
            left,
            top,
            cell,
            columns: (right - left + width) / cell + 1,
            rows: (bottom - top + height) / cell + 1,
            starts: Vec::new(),
            places: Vec::new(),
        };
        let count = usize::try_from(grid.columns * grid.rows).unwrap_or(0);
        let mut counts = vec![0_u32; count + 1];
        let reach = |place: &Place| grid.cells(place.x, place.y, width, height);
        for cell in places.iter().flat_map(reach) {
            counts[cell + 1] += 1;
        }
        for cell in 0..count {
            counts[cell + 1] += counts[cell];
        }
        let mut next = counts.clone();
        let mut order = vec![0_u32; counts[count] as usize];
        for (number, place) in (0_u32..).zip(places) {
            for cell in reach(place) {
                order[next[cell] as usize] = number;
                next[cell] += 1;
            }
        }
        grid.starts = counts;
        grid.places = order;
        grid
    }

    /// Numbers of the cells that a rectangle reaches into.
    fn cells(&self, x: i64, y: i64, width: i64, height: i64) -> impl Iterator<Item = usize> + use<> {
        let range = |from: i64, length: i64, origin: i64, count: i64, cell: i64| {
            let first = (from - origin).div_euclid(cell).max(0);
            let last = (from + length - 1 - origin).div_euclid(cell).min(count - 1);
            first..last + 1
        };
        let columns = range(x, width, self.left, self.columns, self.cell);
        let across = self.columns;
        range(y, height, self.top, self.rows, self.cell)
            .flat_map(move |row| columns.clone().map(move |column| row * across + column))
            .filter_map(|cell| usize::try_from(cell).ok())
    }

    /// Visits the numbers of all places (of `count`) that may reach into a rectangle, in ascending order, until one is
    /// what was looked for.
    pub(super) fn any_near(&self, rect: Rect, count: usize, mut visit: impl FnMut(usize) -> bool) -> bool {
        if self.starts.is_empty() {
            return (0..count).any(visit);
        }
        let of_cell = |cell: usize| {
            let (from, to) = (self.starts[cell] as usize, self.starts[cell + 1] as usize);
            &self.places[from..to]
        };
        let mut cells = self.cells(rect.x.into(), rect.y.into(), rect.width.into(), rect.height.into());
        let Some(first) = cells.next() else { return false };
        let Some(second) = cells.next() else { return of_cell(first).iter().any(|at| visit(*at as usize)) };
        // A place that several cells know must be visited once, and in its turn.
        let mut near: Vec<u32> = [first, second].into_iter().chain(cells).flat_map(of_cell).copied().collect();
        near.sort_unstable();
        near.dedup();
        near.into_iter().any(|at| visit(at as usize))
    }
}
