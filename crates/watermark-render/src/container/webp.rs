//! The chunks of a WebP. Source: RFC 9649, 2.

use super::Part;
use crate::notes::Notes;

/// Chunks that say nothing but what the picture is.
pub(crate) const STRUCTURE: [&[u8; 4]; 7] = [b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];

/// Flags of `VP8X`.
const HAS_PROFILE: u8 = 0x20;
const HAS_ALPHA: u8 = 0x10;
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;
const IS_ANIMATED: u8 = 0x02;

/// Longest side of a WebP, in pixels.
pub(crate) const MAX_EDGE_PX: u32 = 16_383;

/// Name and payload of each chunk of a list.
pub(crate) fn list(chunks: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = chunks;
    std::iter::from_fn(move || {
        let (name, more) = rest.split_first_chunk::<4>()?;
        let (length, more) = more.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let payload = more.get(..length)?;
        rest = more.get(length.checked_add(length % 2)?..).unwrap_or_default();
        Some((*name, payload))
    })
}

/// Name and payload of each chunk of a file.
pub(crate) fn chunks(webp: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    list(webp.get(12..).unwrap_or_default())
}

/// What a WebP says of itself.
pub(crate) fn notes(webp: &[u8]) -> Notes {
    let mut notes = Notes::default();
    for (name, payload) in chunks(webp) {
        match &name {
            b"EXIF" => {
                // Some writers keep the beginning that a JPEG's segment has.
                let block = payload.strip_prefix(b"Exif\0\0").unwrap_or(payload);
                notes.exif.get_or_insert_with(|| block.to_vec());
            }
            b"XMP " => {
                notes.xmp.get_or_insert_with(|| payload.to_vec());
            }
            _ => {}
        }
    }
    notes
}

/// The chunks that say this.
pub(crate) fn note_chunks(notes: &Notes) -> Vec<([u8; 4], Vec<u8>)> {
    let exif = notes.exif.iter().map(|block| (*b"EXIF", block.clone()));
    let xmp = notes.xmp.iter().map(|packet| (*b"XMP ", packet.clone()));
    exif.chain(xmp).collect()
}

/// Every chunk that can say something.
pub(crate) fn foreign(webp: &[u8]) -> Vec<Part> {
    let says = |(name, _): &([u8; 4], &[u8])| !STRUCTURE.contains(&name);
    chunks(webp).filter(says).map(|(name, payload)| (name.to_vec(), payload.to_vec())).collect()
}

/// What surrounds the pixels.
pub(crate) struct Surroundings<'a> {
    /// Columns.
    pub(crate) width: u32,
    /// Rows.
    pub(crate) height: u32,
    /// Whether any pixel may be transparent.
    pub(crate) has_alpha: bool,
    /// The ICC profile.
    pub(crate) profile: Option<&'a [u8]>,
    /// What the file says of itself.
    pub(crate) notes: &'a Notes,
    /// How often an animation plays, 0 for ever; none of a still.
    pub(crate) plays: Option<u16>,
}

/// A file around the chunks of its pixels; none where it would be too long.
pub(crate) fn file(around: &Surroundings<'_>, pixels: &[u8]) -> Option<Vec<u8>> {
    let said = note_chunks(around.notes);
    let is_simple = around.profile.is_none() && said.is_empty() && around.plays.is_none();
    // The alpha of a lossy picture stands in a chunk of its own, which the simple form does not have.
    let is_simple = is_simple && !pixels.starts_with(b"ALPH");
    let mut body = b"WEBP".to_vec();
    if !is_simple {
        let mut flags = if around.has_alpha { HAS_ALPHA } else { 0 };
        flags |= if around.profile.is_some() { HAS_PROFILE } else { 0 };
        flags |= if around.notes.exif.is_some() { HAS_EXIF } else { 0 };
        flags |= if around.notes.xmp.is_some() { HAS_XMP } else { 0 };
        flags |= if around.plays.is_some() { IS_ANIMATED } else { 0 };
        let mut extended = vec![flags, 0, 0, 0];
        extended.extend(three_bytes(around.width.checked_sub(1)?));
        extended.extend(three_bytes(around.height.checked_sub(1)?));
        append(&mut body, *b"VP8X", &extended)?;
    }
    if let Some(profile) = around.profile {
        append(&mut body, *b"ICCP", profile)?;
    }
    if let Some(plays) = around.plays {
        let [low, high] = plays.to_le_bytes();
        // Below everything is nothing.
        append(&mut body, *b"ANIM", &[0, 0, 0, 0, low, high])?;
    }
    body.extend_from_slice(pixels);
    for (name, payload) in said {
        append(&mut body, name, &payload)?;
    }
    let length = u32::try_from(body.len()).ok()?;
    Some([b"RIFF", &length.to_le_bytes()[..], &body].concat())
}

/// The chunk of an animation's frame that covers all of it and replaces what was there.
pub(crate) fn frame(width: u32, height: u32, duration_ms: u32, pixels: &[u8]) -> Option<Vec<u8>> {
    let mut payload = vec![0; 6];
    payload.extend(three_bytes(width.checked_sub(1)?));
    payload.extend(three_bytes(height.checked_sub(1)?));
    payload.extend(three_bytes(duration_ms.min(0xff_ffff)));
    // Not blended, not disposed of.
    payload.push(2);
    payload.extend_from_slice(pixels);
    let mut out = Vec::new();
    append(&mut out, *b"ANMF", &payload)?;
    Some(out)
}

fn three_bytes(value: u32) -> [u8; 3] {
    let [a, b, c, _] = value.to_le_bytes();
    [a, b, c]
}

pub(crate) fn append(out: &mut Vec<u8>, name: [u8; 4], payload: &[u8]) -> Option<()> {
    out.extend(name);
    out.extend(u32::try_from(payload.len()).ok()?.to_le_bytes());
    out.extend_from_slice(payload);
    if payload.len() % 2 == 1 {
        out.push(0);
    }
    Some(())
}
