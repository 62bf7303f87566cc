//! Planes that hold, row by row, only what lies between the first and the last pixel of interest: a line of text
//! across the picture costs its own length, not the picture.

/// Which pixels may be covered: one span a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hull {
    top: i64,
    /// First column and one past the last; empty where the first is not smaller.
    rows: Vec<(i64, i64)>,
}

const EMPTY: (i64, i64) = (i64::MAX, i64::MIN);

/// Farthest from the picture's origin that anything is drawn which is not cut at the picture's edges. It bounds the
/// rows of a hull.
const FAR: i64 = 1 << 16;

/// A rectangle that may reach out of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) left: i64,
    pub(crate) top: i64,
    pub(crate) right: i64,
    pub(crate) bottom: i64,
}

impl Area {
    pub(crate) const EVERYWHERE: Self = Self { left: -FAR, top: -FAR, right: FAR, bottom: FAR };

    pub(crate) fn grown(self, by: i64) -> Self {
        let Self { left, top, right, bottom } = self;
        Self { left: left - by, top: top - by, right: right + by, bottom: bottom + by }
    }
}

impl Hull {
    /// Around closed lines: each row from the leftmost to the rightmost point of any of them in it.
    pub(crate) fn around<'a>(lines: impl Iterator<Item = &'a [(f64, f64); 2]> + Clone, within: Area) -> Self {
        let (mut top, mut bottom) = (f64::INFINITY, f64::NEG_INFINITY);
        for [a, b] in lines.clone() {
            (top, bottom) = (top.min(a.1).min(b.1), bottom.max(a.1).max(b.1));
        }
        let row = |y: f64| (y.floor() as i64).clamp(within.top, within.bottom);
        let (first, end) = (row(top), row(bottom.ceil()));
        let Ok(count) = usize::try_from(end - first) else { return Self::default() };
        let mut rows = vec![EMPTY; count];
        for [a, b] in lines {
            let (a, b) = if a.1 <= b.1 { (a, b) } else { (b, a) };
            let slope = if b.1 > a.1 { (b.0 - a.0) / (b.1 - a.1) } else { 0.0 };
            let (from, to) = (row(a.1), row(b.1));
            for y in from..=to.min(end - 1) {
                let at = |edge: i64| a.0 + ((edge as f64).clamp(a.1, b.1) - a.1) * slope;
                let (x0, x1) = if slope == 0.0 { (a.0.min(b.0), a.0.max(b.0)) } else { (at(y), at(y + 1)) };
                let (left, right) = (x0.min(x1).floor() as i64, x0.max(x1).ceil() as i64);
                if let Some(span) = usize::try_from(y - first).ok().and_then(|at| rows.get_mut(at)) {
                    *span = (span.0.min(left.max(within.left)), span.1.max(right.min(within.right)));
                }
            }
        }
        Self { top: first, rows }
    }

    /// The same with everything that is at most so many pixels away, across and up and down.
    pub(crate) fn grown(&self, by: i64) -> Self {
        if self.rows.is_empty() || by <= 0 {
            return self.clone();
        }
        let count = self.rows.len() as i64;
        let rows = (-by..count + by).map(|y| {
            let near = (y - by).max(0) as usize..((y + by + 1).min(count)).max(0) as usize;
            let spans = self.rows.get(near).unwrap_or_default().iter().filter(|span| span.0 < span.1);
            spans.fold(EMPTY, |all, span| (all.0.min(span.0 - by), all.1.max(span.1 + by)))
        });
        Self { top: self.top - by, rows: rows.collect() }
    }

    /// All that is in either, and in the row between.
    pub(crate) fn union(&self, other: &Self) -> Self {
        if self.rows.is_empty() {
            return other.clone();
        }
        if other.rows.is_empty() {
            return self.clone();
        }
        let top = self.top.min(other.top);
        let bottom = self.bottom().max(other.bottom());
        let rows = (top..bottom).map(|y| {
            let (a, b) = (self.span(y), other.span(y));
            (a.0.min(b.0), a.1.max(b.1))
        });
        Self { top, rows: rows.collect() }
    }

    /// What of it lies in an area.
    pub(crate) fn clipped(&self, area: Area) -> Self {
        let (top, bottom) = (self.top.max(area.top), self.bottom().min(area.bottom));
        let rows = (top..bottom).map(|y| {
            let span = self.span(y);
            (span.0.max(area.left), span.1.min(area.right))
        });
        Self { top, rows: rows.collect() }
    }

    pub(crate) fn top(&self) -> i64 {
        self.top
    }

    pub(crate) fn bottom(&self) -> i64 {
        self.top + self.rows.len() as i64
    }

    /// The span of a row.
    pub(crate) fn span(&self, y: i64) -> (i64, i64) {
        usize::try_from(y - self.top).ok().and_then(|at| self.rows.get(at)).copied().unwrap_or(EMPTY)
    }

    /// How many pixels it has.
    pub(crate) fn pixels(&self) -> u64 {
        self.rows.iter().map(|(from, to)| u64::try_from(to.saturating_sub(*from)).unwrap_or(0)).sum()
    }
}

/// A value for each pixel of a hull.
#[derive(Debug, Clone)]
pub(crate) struct Plane<T> {
    top: i64,
    /// First column, and where the values begin and end.
    rows: Vec<(i64, usize, usize)>,
    values: Vec<T>,
}

impl<T: Copy> Plane<T> {
    pub(crate) fn new(hull: &Hull, value: T) -> Self {
        let mut count = 0;
        let rows = hull.rows.iter().map(|(from, to)| {
            let length = usize::try_from(to.saturating_sub(*from)).unwrap_or(0);
            count += length;
            // An empty row begins nowhere; a small number is safe to count on from.
            (if length == 0 { 0 } else { *from }, count - length, count)
        });
        let rows = rows.collect();
        Self { top: hull.top, rows, values: vec![value; count] }
    }

    pub(crate) fn top(&self) -> i64 {
        self.top
    }

    pub(crate) fn bottom(&self) -> i64 {
        self.top + self.rows.len() as i64
    }

    /// First column and values of a row; none of a row that has none.
    pub(crate) fn row(&self, y: i64) -> (i64, &[T]) {
        match usize::try_from(y - self.top).ok().and_then(|at| self.rows.get(at)) {
            Some((from, start, end)) => (*from, self.values.get(*start..*end).unwrap_or_default()),
            None => (0, &[]),
        }
    }

    pub(crate) fn row_mut(&mut self, y: i64) -> (i64, &mut [T]) {
        match usize::try_from(y - self.top).ok().and_then(|at| self.rows.get(at)) {
            Some((from, start, end)) => (*from, self.values.get_mut(*start..*end).unwrap_or_default()),
            None => (0, &mut []),
        }
    }

    /// The value at a pixel; none outside of the hull.
    #[cfg(test)]
    pub(crate) fn at(&self, x: i64, y: i64) -> Option<T> {
        let (from, row) = self.row(y);
        usize::try_from(x - from).ok().and_then(|at| row.get(at)).copied()
    }
}

impl Plane<u16> {
    /// Adds to pixels side by side, up to the most that there is. Outside of the hull nothing is kept.
    pub(crate) fn add_row(&mut self, x: i64, y: i64, amounts: &[u16]) {
        let (from, row) = self.row_mut(y);
        let skip_row = usize::try_from(x - from).unwrap_or(0).min(row.len());
        let skip_amounts = usize::try_from(from - x).unwrap_or(0).min(amounts.len());
        for (here, amount) in row[skip_row..].iter_mut().zip(&amounts[skip_amounts..]) {
            *here = here.saturating_add(*amount);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagonal_costs_its_length() {
        let lines = [[(0.0, 0.0), (1_000.0, 1_000.0)], [(1_000.0, 1_000.0), (0.0, 0.0)]];
        let hull = Hull::around(lines.iter(), Area::EVERYWHERE);
        assert_eq!(hull.pixels(), 1_000);
        assert_eq!(hull.grown(1).span(10), (8, 13));
        assert_eq!(hull.clipped(Area { left: 5, top: 5, right: 8, bottom: 900 }).pixels(), 3);
    }

    #[test]
    fn a_plane_has_what_its_hull_has() {
        let lines = [[(2.2, 1.5), (4.0, 1.5)]];
        let mut plane = Plane::new(&Hull::around(lines.iter(), Area::EVERYWHERE), 7);
        assert_eq!(plane.row(1), (2, &[7, 7][..]));
        plane.row_mut(1).1[1] = 8;
        assert_eq!((plane.at(3, 1), plane.at(4, 1), plane.at(3, 2)), (Some(8), None, None));
    }
}
