//! The chunks of a PNG. Source: PNG, third edition, 5.3 and 11.3.

use std::io::Cursor;

use image::{ImageDecoder, codecs::png::PngDecoder};

use super::Part;
use crate::notes::{Credits, Notes};

/// Chunks without which the same samples would be other colours; none holds anything about people or places.
/// Source: PNG, third edition, 11.3.2.
const COLOR_CHUNKS: [&[u8; 4]; 4] = [b"cHRM", b"gAMA", b"sRGB", b"cICP"];

/// What else a PNG may consist of without saying anything.
const STRUCTURE: [&[u8; 4]; 9] = [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"iCCP", b"acTL", b"fcTL", b"fdAT"];

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Keyword, and no compression, language or translation.
const XMP: &[u8] = b"XML:com.adobe.xmp\0\0\0\0\0";

/// Name and payload of each chunk; none where the bytes are no PNG.
pub(super) fn chunks(png: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = png.strip_prefix(SIGNATURE).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, more) = rest.split_first_chunk::<4>()?;
        let (name, more) = more.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let payload = more.get(..length)?;
        rest = more.get(length.checked_add(4)?..)?;
        Some((*name, payload))
    })
}

/// What the header says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Of a sample, or of an index into the palette.
    pub(crate) bits: u8,
    /// Source: PNG, third edition, 11.2.1.
    pub(crate) color: u8,
    pub(crate) is_interlaced: bool,
}

pub(crate) fn header(png: &[u8]) -> Option<Header> {
    let (name, payload) = chunks(png).next()?;
    let &[w3, w2, w1, w0, h3, h2, h1, h0, bits, color, 0, 0, interlace] = payload else { return None };
    let (width, height) = (u32::from_be_bytes([w3, w2, w1, w0]), u32::from_be_bytes([h3, h2, h1, h0]));
    (&name == b"IHDR" && interlace < 2).then_some(Header { width, height, bits, color, is_interlaced: interlace == 1 })
}

/// The pixels as they are packed.
pub(crate) struct Packed {
    /// All of `IDAT`.
    pub(crate) zlib: Vec<u8>,
    pub(crate) has_transparent_color: bool,
}

/// The pixels of a still that is whole. Sums are checked.
pub(crate) fn pixels(png: &[u8]) -> Option<Packed> {
    let mut packed = Packed { zlib: Vec::with_capacity(png.len()), has_transparent_color: false };
    let mut rest = png.strip_prefix(SIGNATURE)?;
    let mut is_over = false;
    loop {
        let length = usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok()?;
        let body = rest.get(4..length.checked_add(8)?)?;
        rest = rest.get(length + 8..)?;
        let (sum, more) = rest.split_first_chunk::<4>()?;
        rest = more;
        let (name, payload) = body.split_first_chunk::<4>()?;
        let is_critical = matches!(name, b"IHDR" | b"IDAT" | b"IEND");
        if is_critical && crc32fast::hash(body) != u32::from_be_bytes(*sum) {
            return None;
        }
        match name {
            // What a decoder must know, and none does. Source: PNG, third edition, 5.4.
            [b'A'..=b'Z', ..] if !is_critical && name != b"PLTE" => return None,
            b"IDAT" if is_over => return None,
            b"IDAT" => packed.zlib.extend_from_slice(payload),
            b"acTL" => return None,
            b"tRNS" => packed.has_transparent_color = true,
            b"IEND" => return Some(packed),
            _ => {}
        }
        is_over = !packed.zlib.is_empty() && name != b"IDAT";
    }
}

/// The profile, if it is no longer than this, in bytes.
///
/// # Errors
/// Where what stands before the pixels cannot be read.
pub(crate) fn profile(png: &[u8], max_bytes: u64) -> Result<Option<Vec<u8>>, image::ImageError> {
    let mut bounds = image::Limits::no_limits();
    bounds.max_alloc = Some(max_bytes);
    let mut decoder = PngDecoder::with_limits(Cursor::new(png), bounds)?;
    Ok(decoder.icc_profile().ok().flatten())
}

/// The chunk of the profile, as it is.
pub(crate) fn profile_chunk(png: &[u8]) -> Option<&[u8]> {
    chunks_before_pixels(png).find(|(name, _)| name == b"iCCP").map(|(_, payload)| payload)
}

/// A file with the source's header, and other pixels of the same kind.
pub(crate) fn file(source: &[u8], zlib: &[u8], keeps_profile: bool, notes: &Notes) -> Option<Vec<u8>> {
    let (_, header) = chunks(source).next()?;
    let mut out = Vec::with_capacity(zlib.len() + 4096);
    out.extend_from_slice(SIGNATURE);
    append(&mut out, b"IHDR", header)?;
    if let Some(profile) = profile_chunk(source).filter(|_| keeps_profile) {
        append(&mut out, b"iCCP", profile)?;
    }
    for (name, payload) in color_chunks(source) {
        append(&mut out, &name, payload)?;
    }
    for (name, payload) in note_chunks(notes) {
        append(&mut out, &name, &payload)?;
    }
    // A chunk says its length in 31 bits.
    for part in zlib.chunks(1 << 30) {
        append(&mut out, b"IDAT", part)?;
    }
    append(&mut out, b"IEND", &[])?;
    Some(out)
}

fn append(out: &mut Vec<u8>, name: &[u8; 4], payload: &[u8]) -> Option<()> {
    let length = u32::try_from(payload.len()).ok().filter(|length| *length < 1 << 31)?;
    out.extend(length.to_be_bytes());
    let from = out.len();
    out.extend_from_slice(name);
    out.extend_from_slice(payload);
    let sum = crc32fast::hash(&out[from..]);
    out.extend(sum.to_be_bytes());
    Some(())
}

/// Those before the pixels.
pub(crate) fn chunks_before_pixels(png: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    chunks(png).take_while(|(name, _)| name != b"IDAT")
}

/// The chunks of a PNG that say what its colours mean, each kind once: name and payload.
pub(crate) fn color_chunks(png: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let found = |wanted: [u8; 4]| {
        let mut chunks = chunks_before_pixels(png).filter(|(name, _)| *name == wanted);
        // 32 bytes of values are the most that one of them has, cHRM.
        chunks.find(|(_, payload)| payload.len() <= 32)
    };
    COLOR_CHUNKS.iter().filter_map(|wanted| found(**wanted)).collect()
}

/// What a PNG says of itself, uncompressed texts only.
pub(crate) fn notes(png: &[u8]) -> Notes {
    let mut notes = Notes::default();
    for (name, payload) in chunks_before_pixels(png) {
        match &name {
            b"eXIf" => {
                // Some writers keep the beginning that a JPEG's segment has.
                let block = payload.strip_prefix(b"Exif\0\0").unwrap_or(payload);
                notes.exif.get_or_insert_with(|| block.to_vec());
            }
            b"iTXt" | b"tEXt" => {
                if let Some(packet) = payload.strip_prefix(XMP) {
                    notes.xmp.get_or_insert_with(|| packet.to_vec());
                } else if let Some((keyword, text)) = text(&name, payload) {
                    credit(&mut notes.credits, keyword, text);
                }
            }
            _ => {}
        }
    }
    notes
}

/// Keyword and text of a chunk that is not compressed.
fn text<'a>(name: &[u8; 4], payload: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let end = memchr::memchr(0, payload)?;
    let (keyword, rest) = (&payload[..end], &payload[end + 1..]);
    if name == b"tEXt" {
        return Some((keyword, rest));
    }
    let [0, _, rest @ ..] = rest else { return None };
    let rest = &rest[memchr::memchr(0, rest)? + 1..];
    Some((keyword, &rest[memchr::memchr(0, rest)? + 1..]))
}

/// Source: PNG, third edition, 11.3.3.1, predefined keywords.
fn credit(credits: &mut Credits, keyword: &[u8], text: &[u8]) {
    match keyword {
        b"Author" => credits.set_artist(text),
        b"Copyright" => credits.set_copyright(text),
        _ => {}
    }
}

/// The chunks that say this.
pub(crate) fn note_chunks(notes: &Notes) -> Vec<([u8; 4], Vec<u8>)> {
    let exif = notes.exif.iter().map(|block| (*b"eXIf", block.clone()));
    let xmp = notes.xmp.iter().map(|packet| (*b"iTXt", [XMP, packet].concat()));
    exif.chain(xmp).collect()
}

/// Every chunk that can say something.
pub(crate) fn foreign(png: &[u8]) -> Vec<Part> {
    let says = |(name, _): &([u8; 4], &[u8])| !COLOR_CHUNKS.contains(&name) && !STRUCTURE.contains(&name);
    chunks(png).filter(says).map(|(name, payload)| (name.to_vec(), payload.to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut png = SIGNATURE.to_vec();
        for (name, payload) in chunks {
            png.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
            png.extend([&name[..], payload, &[0; 4]].concat());
        }
        png
    }

    #[test]
    fn texts_name_author_and_copyright() {
        let source = png(&[
            (b"tEXt", b"Author\0Ada"),
            (b"iTXt", b"Copyright\0\0\0en\0\0\xc2\xa9 Ada"),
            (b"tEXt", b"Comment\0home"),
            (b"IDAT", b""),
            (b"tEXt", b"Author\0late"),
        ]);
        let notes = notes(&source);
        assert_eq!(notes.credits.artist.as_deref(), Some("Ada"));
        assert_eq!(notes.credits.copyright.as_deref(), Some("© Ada"));
        assert_eq!(foreign(&source).len(), 4);
        assert_eq!(foreign(&png(&[(b"IHDR", b""), (b"gAMA", b"1234"), (b"IDAT", b"")])), []);
    }
}
