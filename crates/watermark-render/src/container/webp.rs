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

/// Longest that a picture of an animation is shown, in milliseconds.
pub(crate) const MAX_DURATION_MS: u32 = 0xff_ffff;

/// How often an animation plays, as a WebP can say it: more often than that is for ever, 0.
pub(crate) fn plays_said(plays: u32) -> u16 {
    u16::try_from(plays).unwrap_or(0)
}

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

/// Whether the lossy pictures with alpha in an animation are as large as their frames say: `image-webp` 0.2.4 takes it
/// for granted, and panics where it is not so. It steps from frame to frame in its own way, so every place that looks
/// like a frame counts.
pub(crate) fn alpha_frames_fit(webp: &[u8]) -> bool {
    memchr::memmem::find_iter(webp, b"ANMF").all(|at| {
        let frame = webp.get(at + 8..).unwrap_or_default();
        alpha_frame_sizes(frame).is_none_or(|(said, coded)| said == coded)
    })
}

/// Width and height that a frame with alpha says, and those of its pixels. Source: RFC 9649, 2.7.1.1; RFC 6386, 9.1.
fn alpha_frame_sizes(frame: &[u8]) -> Option<([u32; 2], [u32; 2])> {
    let ([_, _, _, _, _, _, w0, w1, w2, h0, h1, h2, ..], rest) = frame.split_first_chunk::<16>()?;
    let (_, rest) = rest.split_first_chunk::<4>().filter(|(name, _)| *name == b"ALPH")?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length);
    let lossy = rest.get(usize::try_from(length.saturating_add(length % 2)).ok()?..)?;
    // Behind the chunk's name and length, the frame's tag and the start code.
    let [w, x, h, y, ..] = lossy.get(14..)? else { return None };
    let said = [[*w0, *w1, *w2, 0], [*h0, *h1, *h2, 0]].map(|side| u32::from_le_bytes(side) + 1);
    Some((said, [[*w, *x], [*h, *y]].map(|side| u32::from(u16::from_le_bytes(side) & 0x3fff))))
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
    payload.extend(three_bytes(duration_ms.min(MAX_DURATION_MS)));
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
