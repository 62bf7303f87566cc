//! Paragraphs to lines, and lines to glyphs in their places.

use std::ops::Range;

use harfrust::Font;
use icu_segmenter::{GraphemeClusterSegmenter, LineSegmenter, options::LineBreakOptions};
use unicode_bidi::ParagraphBidiInfo;

use super::{
    Align, TextBlock, TextStyle,
    itemize::{Faces, Item, is_ignorable, itemize},
    shape::{ShapedGlyph, is_joined, shape_item},
};
use crate::{
    FaceId, Frame, GlyphRun, PlacedGlyph,
    glyph::{Bounds, look},
};

/// Most lines of a text; what comes after them is left out.
const MAX_LINES: usize = 1_000;

/// Sets paragraph after paragraph.
pub(super) struct Setter<'a> {
    style: &'a TextStyle,
    faces: &'a Faces<'a>,
    lines: Vec<Line>,
    missing: Vec<char>,
}

/// A line that begins at 0.
struct Line {
    runs: Vec<GlyphRun>,
    width: f64,
    ink: Option<Bounds>,
}

/// A paragraph's text and what is known of it.
struct Paragraph<'a> {
    text: &'a str,
    bidi: ParagraphBidiInfo<'a>,
    items: Vec<Item>,
}

impl<'a> Setter<'a> {
    pub(super) fn new(style: &'a TextStyle, faces: &'a Faces<'a>) -> Self {
        Self { style, faces, lines: Vec::new(), missing: Vec::new() }
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        let bidi = ParagraphBidiInfo::new(text, None);
        let items = itemize(text, &bidi, self.faces);
        let paragraph = Paragraph { text, bidi, items };
        for range in self.break_lines(&paragraph) {
            if self.lines.len() < MAX_LINES {
                let line = self.line(&paragraph, range);
                self.lines.push(line);
            }
        }
    }

    /// Where the lines of a paragraph begin and end, without the spaces at their ends.
    fn break_lines(&self, paragraph: &Paragraph<'_>) -> Vec<Range<usize>> {
        let text = paragraph.text;
        let all = 0..text.len();
        let Some(max) = self.style.max_width_px else { return vec![all] };
        // The width of all that comes before each byte that a cluster begins at.
        let mut before = vec![0.0; text.len() + 1];
        for item in &paragraph.items {
            for (glyph, advance) in self.advances(paragraph, item, &(0..text.len())) {
                if let Some(width) = before.get_mut(glyph.cluster + 1) {
                    *width += advance;
                }
            }
        }
        let mut sum = 0.0;
        for width in &mut before {
            sum += *width;
            *width = sum;
        }
        let width = |from: usize, to: usize| before[from + shown(text, from, to).len()] - before[from];
        let mut lines = Vec::new();
        let mut start = 0;
        let mut last = 0;
        let breaks = LineSegmenter::new_for_non_complex_scripts(LineBreakOptions::default());
        for at in breaks.segment_str(text).filter(|at| *at > 0) {
            if width(start, at) > max && last > start {
                lines.push(start..start + shown(text, start, last).len());
                start = last;
            }
            // A word that is longer than a line breaks wherever a letter ends.
            if width(start, at) > max {
                let (word, mut fits) = (start, start);
                for end in GraphemeClusterSegmenter::new().segment_str(&text[word..at]).skip(1) {
                    let end = word + end;
                    if width(start, end) > max && fits > start {
                        lines.push(start..fits);
                        start = fits;
                    }
                    fits = end;
                }
            }
            last = at;
        }
        lines.push(start..start + shown(text, start, text.len()).len());
        lines
    }

    /// The glyphs of an item, as part of a line, with their advances in pixels.
    fn advances(
        &self,
        paragraph: &Paragraph<'_>,
        item: &Item,
        line: &Range<usize>,
    ) -> impl Iterator<Item = (ShapedGlyph, f64)> + use<> {
        let spacing = if is_joined(item.script) { 0.0 } else { self.style.letter_spacing_px };
        let glyphs = match self.faces.get(item.face) {
            Some((_, font)) => {
                let range = item.range.clone();
                let is_rtl = item.level.is_rtl();
                shape_item(paragraph.text, range, line.clone(), font, item.script, is_rtl, spacing != 0.0)
            }
            None => Vec::new(),
        };
        let scale = self.faces.get(item.face).map_or(0.0, |(_, font)| self.scale(font));
        let count = glyphs.len();
        // The last glyph of a cluster carries its gap: marks do not part from their letter.
        let is_last: Vec<bool> =
            (0..count).map(|at| at + 1 == count || glyphs[at].cluster != glyphs[at + 1].cluster).collect();
        glyphs
            .into_iter()
            .zip(is_last)
            .map(move |(glyph, is_last)| (glyph, glyph.advance * scale + if is_last { spacing } else { 0.0 }))
    }

    fn scale(&self, font: &Font) -> f64 {
        self.style.em_px / f64::from(font.units_per_em().max(1))
    }

    fn line(&mut self, paragraph: &Paragraph<'_>, range: Range<usize>) -> Line {
        let mut line = Line { runs: Vec::new(), width: 0.0, ink: None };
        if range.is_empty() {
            return line;
        }
        let (levels, runs) = paragraph.bidi.visual_runs(range.clone());
        for run in runs {
            let is_rtl = levels.get(run.start).is_some_and(unicode_bidi::Level::is_rtl);
            let mut items: Vec<Item> = paragraph.items.iter().filter_map(|item| within(item, &run)).collect();
            if is_rtl {
                items.reverse();
            }
            for mut item in items {
                // At a line's end spaces take the paragraph's direction, whatever stands before them.
                item.level = levels.get(run.start).copied().unwrap_or(item.level);
                self.place(paragraph, &item, &range, &mut line);
            }
        }
        // The gap after the last letter is none.
        if line.width != 0.0 && !paragraph.items.last().is_some_and(|item| is_joined(item.script)) {
            line.width -= self.style.letter_spacing_px;
        }
        line
    }

    fn place(&mut self, paragraph: &Paragraph<'_>, item: &Item, range: &Range<usize>, line: &mut Line) {
        let Some((id, font)) = self.faces.get(item.face) else { return };
        let (id, scale): (FaceId, f64) = (*id, self.scale(font));
        let mut glyphs = Vec::new();
        let mut missing = Vec::new();
        for (shaped, advance) in self.advances(paragraph, item, range) {
            if shaped.glyph == 0 {
                missing.push(shaped.cluster);
            }
            let (x, y) = (line.width + shaped.offset.0 * scale, -shaped.offset.1 * scale);
            if let Some(bounds) = look(font, shaped.glyph, self.style.em_px).bounds() {
                let here = Bounds {
                    left: x + bounds.left * scale,
                    right: x + bounds.right * scale,
                    top: y - bounds.top * scale,
                    bottom: y - bounds.bottom * scale,
                };
                line.ink = Some(line.ink.map_or(here, |ink| below(ink, here)));
                glyphs.push(PlacedGlyph { glyph: shaped.glyph, x, y });
            }
            line.width += advance;
        }
        if !glyphs.is_empty() {
            match line.runs.last_mut() {
                Some(run) if run.face == id => run.glyphs.extend(glyphs),
                _ => line.runs.push(GlyphRun { face: id, em_px: self.style.em_px, glyphs }),
            }
        }
        self.note_missing(paragraph.text, item, missing);
    }

    fn note_missing(&mut self, text: &str, item: &Item, mut clusters: Vec<usize>) {
        clusters.sort_unstable();
        clusters.dedup();
        for start in clusters {
            let cluster = text.get(start..item.range.end).unwrap_or_default();
            let end = GraphemeClusterSegmenter::new().segment_str(cluster).nth(1).unwrap_or(cluster.len());
            let chars = cluster.get(..end).unwrap_or_default().chars();
            for c in chars.filter(|c| !is_ignorable(*c) && !self.faces.has(item.face, *c)) {
                if !self.missing.contains(&c) {
                    self.missing.push(c);
                }
            }
        }
    }

    /// All lines below each other.
    pub(super) fn finish(self) -> TextBlock {
        let em = self.style.em_px;
        let width = self.lines.iter().map(|line| line.width).fold(0.0, f64::max);
        let pitch = self.style.line_height * em;
        let (ascent, descent) = self.faces.get(0).map_or((0.0, 0.0), |(_, font)| line_box(font));
        let mut runs = Vec::new();
        let mut ink: Option<Bounds> = None;
        let mut baseline = 0.0;
        let mut last_baseline = 0.0;
        for line in self.lines {
            let dx = match self.style.align {
                Align::Left => 0.0,
                Align::Center => (width - line.width) / 2.0,
                Align::Right => width - line.width,
            };
            if let Some(own) = line.ink {
                let own = Bounds {
                    left: own.left + dx,
                    right: own.right + dx,
                    top: own.top + baseline,
                    bottom: own.bottom + baseline,
                };
                ink = Some(ink.map_or(own, |ink| below(ink, own)));
            }
            runs.extend(line.runs.into_iter().map(|mut run| {
                for glyph in &mut run.glyphs {
                    (glyph.x, glyph.y) = (glyph.x + dx, glyph.y + baseline);
                }
                run
            }));
            last_baseline = baseline;
            baseline += pitch;
        }
        let ink =
            ink.map(|ink| Frame { x: ink.left, y: ink.top, width: ink.right - ink.left, height: ink.bottom - ink.top });
        let lines = Frame { x: 0.0, y: -ascent * em, width, height: (ascent + descent) * em + last_baseline };
        TextBlock { runs, ink, lines, missing: self.missing }
    }
}

/// The union of two rectangles whose y goes down.
fn below(a: Bounds, b: Bounds) -> Bounds {
    Bounds {
        left: a.left.min(b.left),
        right: a.right.max(b.right),
        top: a.top.min(b.top),
        bottom: a.bottom.max(b.bottom),
    }
}

/// How far a font's line reaches above and below its baseline, in ems.
fn line_box(font: &Font) -> (f64, f64) {
    let em = f64::from(font.units_per_em().max(1));
    let line = font.metrics().h_line();
    line.map_or((0.8, 0.2), |line| (line.ascender.to_f64() / em, -line.descender.to_f64() / em))
}

/// A piece of text without the spaces at its end.
fn shown(text: &str, from: usize, to: usize) -> &str {
    text.get(from..to).unwrap_or_default().trim_end()
}

/// The part of an item in a range.
fn within(item: &Item, range: &Range<usize>) -> Option<Item> {
    let part = item.range.start.max(range.start)..item.range.end.min(range.end);
    (part.start < part.end).then(|| Item { range: part, ..item.clone() })
}
