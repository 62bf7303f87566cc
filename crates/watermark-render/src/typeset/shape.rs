//! Shaping of one item: characters to glyphs, ligatures, marks and forms, in the order in which they are seen.

use std::ops::Range;

use harfrust::{Buffer, BufferFlags, Direction, Feature, Font, Script, ShapeOptions, ShaperFont, Tag, shape};

/// A glyph after shaping, in font units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ShapedGlyph {
    pub(super) glyph: u32,
    /// Byte of the text where the characters begin that it stands for.
    pub(super) cluster: usize,
    pub(super) advance: f64,
    /// Moved to the right of, and above, where the pen is.
    pub(super) offset: (f64, f64),
}

/// Shapes a part of `text`; what stands around it on its line (`context`) decides how letters at its ends join.
pub(super) fn shape_item(
    text: &str,
    range: Range<usize>,
    context: Range<usize>,
    font: &Font,
    script: Script,
    is_rtl: bool,
    is_spaced: bool,
) -> Vec<ShapedGlyph> {
    let Some(piece) = text.get(range.clone()) else { return Vec::new() };
    let mut buffer = Buffer::new();
    for (at, c) in piece.char_indices() {
        buffer.push(c.into(), u32::try_from(range.start + at).unwrap_or(u32::MAX));
    }
    buffer.set_pre_context(text.get(context.start..range.start).unwrap_or_default());
    buffer.set_post_context(text.get(range.end..context.end).unwrap_or_default());
    buffer.set_direction(if is_rtl { Direction::RightToLeft } else { Direction::LeftToRight });
    buffer.set_script(Some(script));
    let mut flags = BufferFlags::REMOVE_DEFAULT_IGNORABLES;
    flags.set(BufferFlags::BEGINNING_OF_TEXT, range.start == context.start);
    flags.set(BufferFlags::END_OF_TEXT, range.end == context.end);
    buffer.set_flags(flags);
    // Two letters drawn as one cannot be spaced.
    let off = [b"liga", b"clig"].map(|tag| Feature::new(Tag::new(tag), 0, ..));
    let options = ShapeOptions::new().features(if is_spaced { &off } else { &[] });
    if shape(&ShaperFont::new(font), &mut buffer, options).is_err() {
        return Vec::new();
    }
    let glyphs = buffer.glyph_infos().iter().zip(buffer.glyph_positions());
    glyphs
        .map(|(info, position)| ShapedGlyph {
            glyph: info.glyph_id,
            cluster: usize::try_from(info.cluster).unwrap_or(usize::MAX),
            advance: f64::from(position.x_advance),
            offset: (f64::from(position.x_offset), f64::from(position.y_offset)),
        })
        .collect()
}

/// Whether letters of a script hang together, so that a gap would break them.
pub(super) fn is_joined(script: Script) -> bool {
    const JOINED: [&[u8; 4]; 11] = [
        b"Arab", b"Syrc", b"Mong", b"Nkoo", b"Phag", b"Mand", b"Adlm", b"Rohg", // cursive
        b"Deva", b"Beng", b"Guru", // under one headline
    ];
    JOINED.iter().any(|tag| script.tag() == Tag::new(tag))
}
