//! What the encoder does not write into a PNG: the small chunks that say what its colours mean.

/// Chunks without which the same samples would be other colours; none holds anything about people or places.
/// Source: PNG, third edition, 11.3.2.
const COLOR_CHUNKS: [&[u8; 4]; 4] = [b"cHRM", b"gAMA", b"sRGB", b"cICP"];

const SIGNATURE_AND_HEADER: usize = 8 + 25;

/// Every chunk before the pixels: its name and all of its bytes, length and checksum included.
pub(crate) fn chunks_before_pixels(png: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = png.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?);
        let size = usize::try_from(length).ok()?.checked_add(12)?;
        let chunk = rest.get(..size)?;
        rest = &rest[size..];
        let name = chunk.get(4..8)?;
        (name != b"IDAT").then_some((name, chunk))
    })
}

/// The chunks of a PNG that say what its colours mean, each kind once.
pub(crate) fn color_chunks(png: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    for wanted in COLOR_CHUNKS {
        // 32 bytes of values are the most that one of them has, cHRM.
        let found = chunks_before_pixels(png).find(|(name, chunk)| *name == wanted && chunk.len() <= 32 + 12);
        kept.extend(found.into_iter().flat_map(|(_, chunk)| chunk));
    }
    kept
}

/// Puts such chunks right behind the header of a PNG that our encoder wrote.
pub(crate) fn with_color_chunks(mut png: Vec<u8>, chunks: &[u8]) -> Vec<u8> {
    if png.len() >= SIGNATURE_AND_HEADER {
        png.splice(SIGNATURE_AND_HEADER..SIGNATURE_AND_HEADER, chunks.iter().copied());
    }
    png
}

/// Whether any chunk before the pixels can speak of people or places: text, EXIF, time.
pub(crate) fn has_private_chunks(png: &[u8]) -> bool {
    chunks_before_pixels(png).any(|(name, _)| matches!(name, b"tEXt" | b"zTXt" | b"iTXt" | b"eXIf" | b"tIME"))
}
