//! What the encoder does not write into a PNG: the small chunks that say what its colours mean.

/// Chunks without which the same samples would be other colours; none holds anything about people or places.
/// Source: PNG, third edition, 11.3.2.
const COLOR_CHUNKS: [&[u8; 4]; 4] = [b"cHRM", b"gAMA", b"sRGB", b"cICP"];

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Every chunk before the pixels: its name and its payload. None where the bytes are no PNG.
pub(crate) fn chunks_before_pixels(png: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = png.strip_prefix(SIGNATURE).unwrap_or_default();
    std::iter::from_fn(move || {
        let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?);
        let size = usize::try_from(length).ok()?.checked_add(12)?;
        let chunk = rest.get(..size)?;
        rest = &rest[size..];
        let name = chunk.get(4..8)?;
        (name != b"IDAT").then_some((name, &chunk[8..size - 4]))
    })
}

/// The chunks of a PNG that say what its colours mean, each kind once: name and payload.
pub(crate) fn color_chunks(png: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let found = |wanted: [u8; 4]| {
        let mut chunks = chunks_before_pixels(png).filter(|(name, _)| *name == wanted);
        // 32 bytes of values are the most that one of them has, cHRM.
        chunks.find(|(_, payload)| payload.len() <= 32).map(|(_, payload)| (wanted, payload))
    };
    COLOR_CHUNKS.iter().filter_map(|wanted| found(**wanted)).collect()
}

/// Whether any chunk before the pixels can speak of people or places: text, EXIF, time.
pub(crate) fn has_private_chunks(png: &[u8]) -> bool {
    chunks_before_pixels(png).any(|(name, _)| matches!(name, b"tEXt" | b"zTXt" | b"iTXt" | b"eXIf" | b"tIME"))
}
