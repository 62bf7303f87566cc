//! One face of a font file: what it is called, how heavy it is, what it has.

use std::fmt;

use harfrust::{
    Font, Tag,
    font::{Blob, Format, attribute::Style, name::NameId},
};

use crate::{fonts::hex, glyph::has_colors};

const WEIGHT_AXIS: Tag = Tag::new(b"wght");

/// Most faces that are read from a collection.
const MAX_FACES: u32 = 256;

/// Names a face in a [`crate::Fonts`], at one weight: the SHA-256 of its file, its number in the file, and where it
/// stands on the weight axis of a variable font.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FaceId {
    pub(crate) file: [u8; 32],
    pub(crate) index: u16,
    pub(crate) weight: Option<u16>,
}

impl fmt::Display for FaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", hex(&self.file[..8]), self.index)?;
        self.weight.map_or(Ok(()), |weight| write!(f, "@{weight}"))
    }
}

impl fmt::Debug for FaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why bytes are no font.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FontFailure {
    /// They are neither TrueType nor OpenType.
    #[error("it is neither TrueType nor OpenType")]
    Unreadable,
    /// They have no table of characters, or no glyphs.
    #[error("it has no characters")]
    NoCharacters,
    /// They name no family.
    #[error("it names no family")]
    NoName,
}

/// A face at its default weight.
pub(crate) struct Face {
    font: Font,
    /// Number in its file.
    pub(crate) index: u16,
    /// What it calls its family, the name for any number of weights first.
    pub(crate) families: Vec<String>,
    /// Lightest and heaviest.
    weights: (u16, u16),
    is_variable: bool,
    is_slanted: bool,
    /// How far it is from the normal width, in thousandths.
    off_width: u32,
    /// Whether it has glyphs with colours of their own.
    pub(crate) is_color: bool,
}

/// Every face of a file.
pub(crate) fn read_faces(bytes: Blob) -> Result<Vec<Face>, FontFailure> {
    let format = Format::new(&bytes).filter(Format::is_sfnt).ok_or(FontFailure::Unreadable)?;
    let count = format.num_fonts().clamp(1, MAX_FACES);
    let faces: Vec<Face> = (0..count)
        .filter_map(|index| Some((u16::try_from(index).ok()?, Font::new(bytes.clone(), index)?)))
        .filter(|(_, font)| font.num_glyphs() > 0 && font.charmap().has_unicode())
        .map(|(index, font)| Face::new(index, font))
        .collect();
    if faces.is_empty() { Err(FontFailure::NoCharacters) } else { Ok(faces) }
}

impl Face {
    fn new(index: u16, font: Font) -> Self {
        let attributes = font.default_attributes();
        let own = weight(attributes.weight.value());
        let axis = font.axes().get_by_tag(WEIGHT_AXIS);
        let families = [NameId::TYPOGRAPHIC_FAMILY_NAME, NameId::FAMILY_NAME].into_iter().filter_map(|id| {
            let name: String = font.names().get(id)?.english_or_first()?.name().chars().take(200).collect();
            Some(name.trim().to_owned()).filter(|name| !name.is_empty())
        });
        let mut families: Vec<String> = families.collect();
        families.dedup();
        Self {
            index,
            families,
            weights: axis.map_or((own, own), |axis| (weight(axis.min_value()), weight(axis.max_value()))),
            is_variable: axis.is_some(),
            is_slanted: attributes.style != Style::Normal,
            off_width: ((attributes.width.ratio() - 1.0).abs() * 1_000.0) as u32,
            is_color: has_colors(&font),
            font,
        }
    }

    /// How badly it fits a weight; the least fits best. Upright and normal width before anything else, then weight as
    /// CSS Fonts 4, 5.2 has it: between 400 and 500 first up to 500, else first away from the middle.
    pub(crate) fn distance(&self, wanted: u16) -> (bool, u32, u8, u16) {
        let nearest = wanted.clamp(self.weights.0, self.weights.1.max(self.weights.0));
        let side = match (wanted, nearest) {
            (wanted, nearest) if wanted == nearest => 0,
            (400..=500, nearest) if nearest > wanted && nearest <= 500 => 0,
            (..=500, nearest) if nearest < wanted => 1,
            (501.., nearest) if nearest > wanted => 1,
            _ => 2,
        };
        (self.is_slanted, self.off_width, side, nearest.abs_diff(wanted))
    }

    /// The place on its weight axis for a weight; none without an axis.
    pub(crate) fn nearest_weight(&self, wanted: u16) -> Option<u16> {
        self.is_variable.then(|| wanted.clamp(self.weights.0, self.weights.1.max(self.weights.0)))
    }

    /// Whether it has a glyph for a character.
    pub(crate) fn has(&self, c: char) -> bool {
        self.font.charmap().map_unicode(c).is_some()
    }

    pub(crate) fn at_weight(&self, weight: Option<u16>) -> Font {
        match weight {
            Some(weight) => self.font.instance_builder().variations([(WEIGHT_AXIS, f32::from(weight))]).build(),
            None => self.font.clone(),
        }
    }
}

fn weight(value: f32) -> u16 {
    // A cast from a float goes to the nearest end of the range.
    (value.round() as u16).clamp(1, 1_000)
}
