//! A paragraph in pieces that are shaped at once: one direction, one script, one face.

use std::ops::Range;

use harfrust::{Font, Script, unicode};
use icu_properties::{CodePointSetData, props::EmojiPresentation};
use icu_segmenter::GraphemeClusterSegmenter;
use unicode_bidi::{Level, ParagraphBidiInfo};

use super::TextStyle;
use crate::{FaceId, Fonts, RenderError};

/// Asks for an emoji in colour, and for one in black and white.
const COLOR_SELECTOR: char = '\u{fe0f}';
const TEXT_SELECTOR: char = '\u{fe0e}';

/// The faces that a text may use, in the order in which they are asked.
pub(super) struct Faces<'a> {
    fonts: &'a Fonts,
    faces: Vec<(FaceId, Font)>,
}

/// A piece of a paragraph.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    /// Bytes of the paragraph.
    pub(super) range: Range<usize>,
    pub(super) level: Level,
    pub(super) script: Script,
    /// Number of the face.
    pub(super) face: usize,
}

impl<'a> Faces<'a> {
    pub(super) fn new(style: &TextStyle, fonts: &'a Fonts) -> Result<Self, RenderError> {
        let named = style.families.iter().map(|family| fonts.select(family, style.weight));
        let mut ids = named.collect::<Result<Vec<FaceId>, RenderError>>()?;
        ids.extend(fonts.others(&style.families, style.weight));
        let faces = ids.into_iter().map(|id| Ok((id, fonts.font(id)?))).collect::<Result<_, RenderError>>()?;
        Ok(Self { fonts, faces })
    }

    pub(super) fn get(&self, face: usize) -> Option<&(FaceId, Font)> {
        self.faces.get(face)
    }

    /// Whether a face has a glyph for a character.
    pub(super) fn has(&self, face: usize, c: char) -> bool {
        self.faces.get(face).and_then(|(id, _)| self.fonts.face(*id)).is_some_and(|face| face.has(c))
    }

    /// The face for a cluster: the first that has all of it; else the first that has its base; else the first.
    fn choose(&self, cluster: &str) -> usize {
        let wants_color = wants_color(cluster);
        let is_color = |face: &usize| {
            self.faces.get(*face).and_then(|(id, _)| self.fonts.face(*id)).is_some_and(|face| face.is_color)
        };
        let all = 0..self.faces.len();
        let has_all = |face: &usize| self.has_cluster(*face, cluster);
        let colored = || all.clone().filter(is_color).find(has_all);
        let base = |face: &usize| cluster.chars().next().is_some_and(|c| self.has(*face, c));
        let preferred = if wants_color { colored() } else { None };
        preferred.or_else(|| all.clone().find(has_all)).or_else(|| all.clone().find(base)).unwrap_or(0)
    }

    fn has_cluster(&self, face: usize, cluster: &str) -> bool {
        let has_each =
            |text: &mut dyn Iterator<Item = char>| text.filter(|c| !is_ignorable(*c)).all(|c| self.has(face, c));
        // The shaper composes what it can, so a face with the whole letter needs neither its base nor its marks.
        has_each(&mut cluster.chars()) || composed(cluster).is_some_and(|c| self.has(face, c))
    }
}

/// A cluster as one character, where Unicode has it.
fn composed(cluster: &str) -> Option<char> {
    let mut chars = cluster.chars();
    let first = u32::from(chars.next()?);
    let all = chars.try_fold(first, |base, mark| unicode::compose(base, mark.into()))?;
    char::from_u32(all)
}

/// Characters that only steer others: joiners, selectors of variants, marks of direction, tags.
pub(super) fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{e0000}'..='\u{e0fff}')
}

fn wants_color(cluster: &str) -> bool {
    let first = cluster.chars().next();
    let is_emoji = || first.is_some_and(|c| CodePointSetData::new::<EmojiPresentation>().contains(c));
    !cluster.contains(TEXT_SELECTOR) && (cluster.contains(COLOR_SELECTOR) || is_emoji())
}

/// Cuts a paragraph into items, in the order of its bytes.
pub(super) fn itemize(text: &str, bidi: &ParagraphBidiInfo<'_>, faces: &Faces<'_>) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut start = 0;
    for end in GraphemeClusterSegmenter::new().segment_str(text).skip_while(|end| *end == 0) {
        let Some(cluster) = text.get(start..end) else { break };
        let level = bidi.levels.get(start).copied().unwrap_or(bidi.paragraph_level);
        let script = cluster.chars().map(|c| unicode::script(c.into())).find(|script| is_real(*script));
        let face = faces.choose(cluster);
        match items.last_mut() {
            // What belongs to every script takes that of its neighbour: the one before it, or at the start after it.
            Some(item)
                if item.level == level
                    && item.face == face
                    && (script.is_none() || script == Some(item.script) || !is_real(item.script)) =>
            {
                item.range.end = end;
                item.script = script.filter(|_| !is_real(item.script)).unwrap_or(item.script);
            }
            last => {
                let script = script.or(last.map(|item| item.script)).unwrap_or(Script::COMMON);
                items.push(Item { range: start..end, level, script, face });
            }
        }
        start = end;
    }
    items
}

fn is_real(script: Script) -> bool {
    script != Script::COMMON && script != Script::INHERITED && script != Script::UNKNOWN
}
