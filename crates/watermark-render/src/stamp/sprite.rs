//! Ink in rows, each as the spans of it that are not transparent: between the letters of a text there is little to keep.

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
    /// One past the last span of each row.
    rows: Vec<usize>,
    spans: Vec<Span>,
    inks: Vec<Ink>,
    color: Option<[u16; 3]>,
}

/// Pixels side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    /// The first column, and one past the last.
    start: u32,
    end: u32,
    /// Where its inks begin.
    from: usize,
}

/// So many transparent pixels side by side are not kept; to begin another span costs as much as a few of them.
const GAP: usize = 8;

/// Pixels that are looked at together.
const MANY: usize = 32;

impl Sprite {
    /// Columns.
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    /// A row's spans of ink from left to right: the first column and the inks, a few of which may be transparent.
    pub fn row(&self, row: u32) -> impl Iterator<Item = (u32, &[Ink])> {
        self.part(row, 0, u32::MAX)
    }

    /// The colour of all its ink; none where there are several.
    pub(crate) const fn color(&self) -> Option<[u16; 3]> {
        self.color
    }

    pub(super) fn recolored(&self, mut recolor: impl FnMut([u16; 3]) -> [u16; 3]) -> Self {
        let inks = self.inks.iter().map(|ink| match ink.alpha {
            0 => *ink,
            alpha => Ink { color: recolor(ink.color), alpha },
        });
        let inks: Vec<Ink> = inks.collect();
        Self { color: only_color(&inks), inks, rows: self.rows.clone(), spans: self.spans.clone(), ..*self }
    }

    /// What a row's spans have between `column` and `column + width`, counted from `column`.
    #[inline]
    pub(super) fn part(&self, row: u32, column: u32, width: u32) -> impl Iterator<Item = (u32, &[Ink])> {
        let row = row as usize;
        let first = row.checked_sub(1).map_or(Some(0), |before| self.rows.get(before).copied());
        let spans = first.zip(self.rows.get(row)).and_then(|(first, end)| self.spans.get(first..*end));
        let spans = spans.unwrap_or_default();
        let near = &spans[spans.partition_point(|span| span.end <= column)..];
        let end = column.saturating_add(width);
        near.iter().take_while(move |span| span.start < end).map(move |span| {
            let (start, end) = (span.start.max(column), span.end.min(end));
            let from = span.from + (start - span.start) as usize;
            (start - column, self.inks.get(from..from + (end - start) as usize).unwrap_or_default())
        })
    }
}

/// The first pixel that has as much as `least`, which is not zero.
fn first_ink<T>(pixels: &[T], least: u32, amount: impl Fn(&T) -> u16 + Copy) -> Option<usize> {
    let (many, _) = pixels.as_chunks::<MANY>();
    // All of them looked at together is faster than one by one.
    let is_clear = |pixels: &&[T; MANY]| pixels.iter().fold(0, |all, pixel| all | amount(pixel)) == 0;
    let skipped = MANY * many.iter().take_while(is_clear).count();
    Some(skipped + pixels[skipped..].iter().position(|pixel| u32::from(amount(pixel)) >= least)?)
}

fn only_color(inks: &[Ink]) -> Option<[u16; 3]> {
    let mut drawn = inks.iter().filter(|ink| ink.alpha > 0).map(|ink| ink.color);
    drawn.next().filter(|first| drawn.all(|color| color == *first))
}

/// Puts a sprite together, row after row from its top.
#[derive(Debug, Default)]
pub(crate) struct SpriteBuilder {
    /// One past the last span of each row.
    rows: Vec<usize>,
    /// First column, one past the last, and where the inks begin.
    spans: Vec<(i64, i64, usize)>,
    inks: Vec<Ink>,
}

impl SpriteBuilder {
    /// Adds the next row, which begins at a column that may be negative.
    pub(crate) fn push(&mut self, start: i64, inks: &[Ink]) {
        self.push_with(start, inks, 1, |ink| ink.alpha, |ink| *ink);
    }

    /// Adds the next row of anything, most of which is no ink: what has less than `least` of it.
    pub(crate) fn push_with<T>(
        &mut self,
        start: i64,
        pixels: &[T],
        least: u32,
        amount: impl Fn(&T) -> u16 + Copy,
        ink: impl Fn(&T) -> Ink + Copy,
    ) {
        let is_none = |pixel: &T| u32::from(amount(pixel)) < least;
        let mut at = 0;
        while let Some(skipped) = first_ink(&pixels[at..], least, amount) {
            let first = at + skipped;
            let mut end = first + 1;
            // Up to the next gap, or the last that there is.
            loop {
                end += pixels[end..].iter().position(&is_none).unwrap_or(pixels.len() - end);
                let rest = &pixels[end..];
                match rest.iter().take(GAP).position(|pixel| !is_none(pixel)) {
                    Some(none) => end += none + 1,
                    None => break,
                }
            }
            self.spans.push((start + first as i64, start + end as i64, self.inks.len()));
            self.inks.extend(pixels[first..end].iter().map(ink));
            at = end;
        }
        self.rows.push(self.spans.len());
    }

    /// The sprite, and by how much its top left corner is moved from what the rows were counted from: first columns,
    /// then rows. None where there is no ink.
    pub(crate) fn finish(self) -> Option<(Sprite, i64, i64)> {
        let left = self.spans.iter().map(|span| span.0).min()?;
        let right = self.spans.iter().map(|span| span.1).max()?;
        let top = self.rows.iter().position(|end| *end > 0)?;
        let bottom = self.rows.iter().position(|end| *end == self.spans.len())? + 1;
        let column = |at: i64| u32::try_from(at - left).ok();
        let spans = self
            .spans
            .iter()
            .map(|(start, end, from)| Some(Span { start: column(*start)?, end: column(*end)?, from: *from }));
        let sprite = Sprite {
            width: column(right)?,
            rows: self.rows.get(top..bottom)?.to_vec(),
            spans: spans.collect::<Option<_>>()?,
            color: only_color(&self.inks),
            inks: self.inks,
        };
        Some((sprite, left, i64::try_from(top).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inks(alphas: &[u16]) -> Vec<Ink> {
        alphas.iter().map(|alpha| Ink { color: [1, 2, 3], alpha: *alpha }).collect()
    }

    fn sprite() -> Sprite {
        let mut builder = SpriteBuilder::default();
        builder.push(-9, &inks(&[0; 4]));
        // Two spans: a gap of seven stays, one of eight does not.
        let row = [&[0, 1][..], &[0; 7], &[2], &[0; 8], &[3, 4, 0]].concat();
        builder.push(-5, &inks(&row));
        builder.push(0, &[]);
        builder.push(-6, &inks(&[5]));
        builder.push(-6, &inks(&[0]));
        let (sprite, left, top) = builder.finish().unwrap();
        assert_eq!((left, top, sprite.width(), sprite.height()), (-6, 1, 21, 3));
        sprite
    }

    fn alphas<'a>(spans: impl Iterator<Item = (u32, &'a [Ink])>) -> Vec<(u32, Vec<u16>)> {
        spans.map(|(start, inks)| (start, inks.iter().map(|ink| ink.alpha).collect())).collect()
    }

    #[test]
    fn what_is_transparent_is_left_out() {
        let sprite = sprite();
        assert_eq!(alphas(sprite.row(0)), [(2, vec![1, 0, 0, 0, 0, 0, 0, 0, 2]), (19, vec![3, 4])]);
        assert_eq!(alphas(sprite.row(1)), []);
        assert_eq!(alphas(sprite.row(2)), [(0, vec![5])]);
        assert_eq!(alphas(sprite.row(3)), []);
        assert!(SpriteBuilder::default().finish().is_none());
    }

    #[test]
    fn a_part_of_a_row_is_cut_from_its_spans() {
        let sprite = sprite();
        assert_eq!(alphas(sprite.part(0, 10, 10)), [(0, vec![2]), (9, vec![3])]);
        assert_eq!(alphas(sprite.part(0, 11, 8)), []);
        assert_eq!(alphas(sprite.part(0, 20, u32::MAX)), [(0, vec![4])]);
        assert_eq!(alphas(sprite.part(9, 0, 9)), []);
    }
}
