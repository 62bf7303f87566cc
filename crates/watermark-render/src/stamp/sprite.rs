//! Ink in rows, each from its first to its last pixel that is not transparent.

/// A pixel of a sprite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ink {
    /// Red, green and blue in sRGB, straight, 0 to 65,535.
    pub color: [u16; 3],
    /// How much of it, the mark's opacity included, 0 to 65,535.
    pub alpha: u16,
}

/// A drawn mark by itself. Its edges are those of its ink.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sprite {
    width: u32,
    rows: Vec<Row>,
    inks: Vec<Ink>,
    color: Option<[u16; 3]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    /// First column that has ink.
    start: u32,
    /// Where its inks begin and end.
    from: usize,
    to: usize,
}

impl Sprite {
    /// Columns.
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    /// A row's first column that has ink, and its inks up to the last that is not transparent.
    pub fn row(&self, row: u32) -> (u32, &[Ink]) {
        match self.rows.get(row as usize) {
            Some(row) => (row.start, self.inks.get(row.from..row.to).unwrap_or_default()),
            None => (0, &[]),
        }
    }

    /// The colour of all its ink; none where there are several.
    pub(crate) const fn color(&self) -> Option<[u16; 3]> {
        self.color
    }

    fn new(width: u32, rows: Vec<Row>, inks: Vec<Ink>) -> Self {
        let mut drawn = inks.iter().filter(|ink| ink.alpha > 0).map(|ink| ink.color);
        let color = drawn.next().filter(|first| drawn.all(|color| color == *first));
        Self { width, rows, inks, color }
    }

    pub(super) fn recolored(&self, mut recolor: impl FnMut([u16; 3]) -> [u16; 3]) -> Self {
        let inks = self.inks.iter().map(|ink| match ink.alpha {
            0 => *ink,
            alpha => Ink { color: recolor(ink.color), alpha },
        });
        Self::new(self.width, self.rows.clone(), inks.collect())
    }

    /// The inks of a row between `column` and `column + width`, and how many columns before them have none.
    pub(super) fn part(&self, row: u32, column: u32, width: u32) -> (u32, &[Ink]) {
        let (start, inks) = self.row(row);
        let end = column.saturating_add(width);
        let first = start.max(column);
        let skip = (first - start) as usize;
        let take = end.saturating_sub(first) as usize;
        let inks = inks.get(skip..).unwrap_or_default();
        (first - column, &inks[..take.min(inks.len())])
    }
}

/// Puts a sprite together, row after row from its top.
#[derive(Debug, Default)]
pub(crate) struct SpriteBuilder {
    /// First column, and where the inks begin and end.
    rows: Vec<(i64, usize, usize)>,
    inks: Vec<Ink>,
}

/// Most pixels that are made room for before they are there: rows may turn out to have no ink.
const MOST_ROOM: usize = 1 << 20;

impl SpriteBuilder {
    /// For about so many pixels.
    pub(crate) fn with_room(pixels: u64) -> Self {
        let room = usize::try_from(pixels).unwrap_or(MOST_ROOM).min(MOST_ROOM);
        Self { rows: Vec::new(), inks: Vec::with_capacity(room) }
    }

    /// Adds the next row, which begins at a column that may be negative. What is transparent at its ends is dropped.
    pub(crate) fn push(&mut self, start: i64, inks: &[Ink]) {
        let first = inks.iter().position(|ink| ink.alpha > 0).unwrap_or(inks.len());
        let end = inks.iter().rposition(|ink| ink.alpha > 0).map_or(first, |last| last + 1);
        let from = self.inks.len();
        self.inks.extend(&inks[first..end]);
        self.rows.push((start + first as i64, from, self.inks.len()));
    }

    /// The sprite, and by how much its top left corner is moved from what the rows were counted from: first columns,
    /// then rows. None where there is no ink.
    pub(crate) fn finish(self) -> Option<(Sprite, i64, i64)> {
        let is_inked = |row: &(i64, usize, usize)| row.1 < row.2;
        let top = self.rows.iter().position(is_inked)?;
        let bottom = self.rows.iter().rposition(is_inked)? + 1;
        let inked = || self.rows.iter().filter(|row| is_inked(row));
        let left = inked().map(|row| row.0).min()?;
        let right = inked().map(|row| row.0 + (row.2 - row.1) as i64).max()?;
        let rows = self.rows.get(top..bottom)?.iter().map(|row| Row {
            start: if is_inked(row) { u32::try_from(row.0 - left).unwrap_or(0) } else { 0 },
            from: row.1,
            to: row.2,
        });
        let sprite = Sprite::new(u32::try_from(right - left).ok()?, rows.collect(), self.inks);
        Some((sprite, left, i64::try_from(top).ok()?))
    }
}
