//! The segments of a JPEG before its first scan. Source: ITU-T T.81, B.1.1.4.

use super::Part;
use crate::{encode::jpeg::luma_steps, notes::Notes};

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const ICC: &[u8] = b"ICC_PROFILE\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
/// Number of Photoshop's resource with IPTC records.
const IPTC: [u8; 2] = [4, 4];

/// Most bytes of a segment's payload.
const MAX_BYTES: usize = 65_533;

/// Marker and payload of each segment before the first scan.
fn segments(jpeg: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = jpeg.get(2..).unwrap_or_default();
    std::iter::from_fn(move || {
        // Any number of bytes 0xff may stand before a marker.
        while let [0xff, 0xff, ..] = rest {
            rest = &rest[1..];
        }
        let [0xff, marker, high, low, payload @ ..] = rest else { return None };
        let length = usize::from(u16::from_be_bytes([*high, *low])).checked_sub(2)?;
        rest = payload.get(length..)?;
        (*marker != 0xda).then_some((*marker, &payload[..length]))
    })
}

/// What a JPEG says of itself.
pub(crate) fn notes(jpeg: &[u8]) -> Notes {
    let mut notes = Notes::default();
    for (marker, payload) in segments(jpeg) {
        match marker {
            0xe1 => {
                if let Some(block) = payload.strip_prefix(EXIF) {
                    notes.exif.get_or_insert_with(|| block.to_vec());
                } else if let Some(packet) = payload.strip_prefix(XMP) {
                    notes.xmp.get_or_insert_with(|| packet.to_vec());
                }
            }
            0xed => {
                if let Some(records) = payload.strip_prefix(PHOTOSHOP).and_then(iptc) {
                    notes.iptc.get_or_insert_with(|| records.to_vec());
                }
            }
            _ => {}
        }
    }
    notes
}

/// The IPTC records among Photoshop's resources.
fn iptc(mut resources: &[u8]) -> Option<&[u8]> {
    while let [b'8', b'B', b'I', b'M', high, low, name @ ..] = resources {
        // A name with its length, padded to an even count; then the size, and the data padded likewise.
        let name_bytes = (usize::from(*name.first()?) + 2) & !1;
        let (size, data) = name.get(name_bytes..)?.split_first_chunk::<4>()?;
        let size = usize::try_from(u32::from_be_bytes(*size)).ok()?;
        if [*high, *low] == IPTC {
            return data.get(..size);
        }
        resources = data.get(size.checked_add(size % 2)?..)?;
    }
    None
}

/// The ICC profile, put together from its parts. Source: ICC.1:2022, B.4.
pub(crate) fn profile(jpeg: &[u8]) -> Option<Vec<u8>> {
    let parts = segments(jpeg).filter(|(marker, _)| *marker == 0xe2).filter_map(|(_, payload)| {
        let [number, count, part @ ..] = payload.strip_prefix(ICC)? else { return None };
        Some((*number, *count, part))
    });
    let mut parts: Vec<_> = parts.collect();
    parts.sort_by_key(|(number, _, _)| *number);
    let is_whole = parts
        .iter()
        .zip(1..)
        .all(|((number, count, _), at)| u32::from(*number) == at && usize::from(*count) == parts.len());
    (is_whole && !parts.is_empty()).then(|| parts.iter().flat_map(|(_, _, part)| part.iter().copied()).collect())
}

/// The segments of a profile; none where it has too many.
pub(crate) fn profile_segments(profile: &[u8]) -> Option<Vec<(u8, Vec<u8>)>> {
    let parts = profile.chunks(MAX_BYTES - ICC.len() - 2);
    let count = u8::try_from(parts.len()).ok()?;
    Some((1..=count).zip(parts).map(|(number, part)| (0xe2, [ICC, &[number, count], part].concat())).collect())
}

/// The segments that say this, in order. What is too long for one is left out, but EXIF never is.
pub(crate) fn note_segments(notes: &Notes) -> Vec<(u8, Vec<u8>)> {
    let exif = notes.exif.iter().map(|block| (0xe1, [EXIF, block].concat()));
    let xmp = notes.xmp.iter().map(|packet| (0xe1, [XMP, packet].concat()));
    let iptc = notes.iptc.iter().map(|records| {
        let padding: &[u8] = if records.len() % 2 == 1 { &[0] } else { &[] };
        let size = u32::try_from(records.len()).unwrap_or(u32::MAX).to_be_bytes();
        (0xed, [PHOTOSHOP, b"8BIM", &IPTC, &[0, 0], &size, records, padding].concat())
    });
    exif.chain(xmp).chain(iptc).filter(|(_, payload)| payload.len() <= MAX_BYTES).collect()
}

/// Every segment that can say something but those that tell what the samples mean: JFIF's, Adobe's and the profile's.
pub(crate) fn foreign(jpeg: &[u8]) -> Vec<Part> {
    let says = |(marker, payload): &(u8, &[u8])| match marker {
        0xe0 => !(payload.starts_with(b"JFIF\0") && payload.len() == 14),
        0xe2 => !payload.starts_with(ICC),
        0xee => !payload.starts_with(b"Adobe"),
        0xe1..=0xef | 0xfe => true,
        _ => false,
    };
    segments(jpeg).filter(says).map(|(marker, payload)| (vec![marker], payload.to_vec())).collect()
}

/// Quality on libjpeg's scale, guessed from the first quantization table, that of the luma: at which its steps would
/// be most like those of ITU-T T.81, K.1. None where there is no such table.
pub(crate) fn quality(jpeg: &[u8]) -> Option<u8> {
    let (_, table) = segments(jpeg).find(|(marker, _)| *marker == 0xdb)?;
    let (class, steps) = table.split_first()?;
    let step = |at: usize| -> Option<u32> {
        Some(match class >> 4 {
            0 => u32::from(*steps.get(at)?),
            _ => u32::from(u16::from_be_bytes([*steps.get(2 * at)?, *steps.get(2 * at + 1)?])),
        })
    };
    let sum: u32 = (0..64).map(step).sum::<Option<u32>>()?;
    let sum_at = |quality: u8| luma_steps(quality).iter().map(|step| u32::from(*step)).sum::<u32>();
    (1..=100).min_by_key(|quality| sum_at(*quality).abs_diff(sum))
}

/// The payload of the frame's header: precision, height, width and count; then of each component number, factors and
/// table.
fn frame(jpeg: &[u8]) -> Option<&[u8]> {
    let is_frame = |marker: u8| matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
    segments(jpeg).find(|(marker, _)| is_frame(*marker)).map(|(_, payload)| payload)
}

/// How many components there are.
pub(crate) fn components(jpeg: &[u8]) -> Option<u8> {
    frame(jpeg)?.get(5).copied()
}

/// Whether colour is stored with fewer samples than luma.
pub(crate) fn is_subsampled(jpeg: &[u8]) -> bool {
    let factors = frame(jpeg).and_then(|payload| Some((*payload.get(7)?, *payload.get(10)?)));
    factors.is_some_and(|(luma, color)| luma != color)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quality_is_that_which_the_encoder_was_asked_for() {
        for asked in [5, 25, 50, 75, 90, 95, 100] {
            let mut jpeg = Vec::new();
            let image = image::RgbImage::new(8, 8);
            image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, asked).encode_image(&image).unwrap();
            let found = quality(&jpeg).unwrap();
            assert!(found.abs_diff(asked) <= 1, "{asked}: {found}");
        }
        assert_eq!(quality(b"\xff\xd8\xff\xdb\x00\x04\x00\x10"), None);
    }

    #[test]
    fn what_is_written_is_read() {
        let notes = Notes {
            exif: Some(b"MM".to_vec()),
            xmp: Some(b"<x/>".to_vec()),
            iptc: Some(b"abc".to_vec()),
            ..Notes::default()
        };
        let mut jpeg = vec![0xff, 0xd8];
        let long = vec![7; 100_000];
        for (marker, payload) in note_segments(&notes).into_iter().chain(profile_segments(&long).unwrap()) {
            jpeg.extend([0xff, marker]);
            jpeg.extend(u16::try_from(payload.len() + 2).unwrap().to_be_bytes());
            jpeg.extend(payload);
        }
        assert_eq!(super::notes(&jpeg), notes);
        assert_eq!(profile(&jpeg), Some(long));
        assert_eq!(foreign(&jpeg).len(), 3);
    }
}
