//! The file around the scans: which segments a rendition keeps.

use image::metadata::Orientation;

use super::{
    Refusal,
    huffman::HuffmanSpec,
    markers::{APP0, APP1, APP2, APP13, APP14, APP15, COM, DHT, EOI, Header, Part, SOI},
    token::class_bits,
};
use crate::Metadata;

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const ICC: &[u8] = b"ICC_PROFILE\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
/// Bytes of JFIF's segment without the thumbnail.
const JFIF_BYTES: usize = 14;
/// Number of Photoshop's resource with IPTC records.
const IPTC: u16 = 0x0404;

/// The EXIF block of a file, from its TIFF header on.
pub(super) fn exif<'a>(header: &Header, bytes: &'a [u8]) -> Option<&'a [u8]> {
    header
        .segments()
        .filter(|segment| segment.marker == APP1)
        .find_map(|segment| bytes[segment.payload.clone()].strip_prefix(EXIF))
}

/// What a segment becomes; none where it goes.
fn kept(marker: u8, payload: &[u8], metadata: &Metadata, exif_now: &mut Option<Vec<u8>>) -> Option<Vec<u8>> {
    match marker {
        APP0 => {
            let mut jfif = payload.get(..JFIF_BYTES).filter(|jfif| jfif.starts_with(b"JFIF\0"))?.to_vec();
            jfif[12..].fill(0);
            Some(jfif)
        }
        APP1 if payload.starts_with(EXIF) => exif_now.take(),
        APP1 => {
            let packet = payload.strip_prefix(XMP)?;
            metadata.keeps_xmp(packet).then(|| payload.to_vec())
        }
        APP2 => (metadata.icc && payload.starts_with(ICC)).then(|| payload.to_vec()),
        APP13 => photoshop(payload.strip_prefix(PHOTOSHOP)?, metadata),
        // What the components mean.
        APP14 => payload.starts_with(b"Adobe").then(|| payload.to_vec()),
        0xe3..=0xec | APP15 | COM | 0xf0..=0xfd => None,
        _ => Some(payload.to_vec()),
    }
}

/// Photoshop's resources with the IPTC records that are kept, and nothing else.
fn photoshop(mut resources: &[u8], metadata: &Metadata) -> Option<Vec<u8>> {
    while let [b'8', b'B', b'I', b'M', high, low, name @ ..] = resources {
        // A name with its length, padded to an even count; then the size, and the data padded likewise.
        let name_length = (usize::from(*name.first()?) + 2) & !1;
        let (size, data) = name.get(name_length..)?.split_first_chunk::<4>()?;
        let size = usize::try_from(u32::from_be_bytes(*size)).ok()?;
        let records = data.get(..size)?;
        if u16::from_be_bytes([*high, *low]) == IPTC {
            let mut records = metadata.iptc(records)?;
            let mut out = [PHOTOSHOP, b"8BIM", &IPTC.to_be_bytes(), &[0, 0]].concat();
            out.extend(u32::try_from(records.len()).ok()?.to_be_bytes());
            if records.len() % 2 == 1 {
                records.push(0);
            }
            out.extend(records);
            return Some(out);
        }
        resources = data.get(size.checked_add(size % 2)?..)?;
    }
    None
}

/// A file on its way together again.
pub(super) struct Assembly<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) header: &'a Header,
    /// Tables that have changed: which of [`Header::tables`], and what it is now.
    pub(super) tables: Vec<(usize, &'a HuffmanSpec)>,
    pub(super) metadata: &'a Metadata,
    pub(super) orientation: Orientation,
}

impl Assembly<'_> {
    /// The file, with what is kept of its metadata; `entropy` appends the data of a scan.
    pub(super) fn write(
        &self,
        mut entropy: impl FnMut(usize, &mut Vec<u8>) -> Result<(), Refusal>,
    ) -> Result<Vec<u8>, Refusal> {
        let mut out = Vec::with_capacity(self.bytes.len() + self.bytes.len() / 16 + 4_096);
        out.extend([0xff, SOI]);
        for (marker, payload) in metadata_segments(self.bytes, self.header, self.metadata, self.orientation) {
            append(&mut out, marker, &payload);
        }
        for (number, part) in self.header.parts.iter().enumerate() {
            match part {
                Part::Segment(segment) if segment.marker == DHT => append(&mut out, DHT, &self.tables(number)),
                Part::Segment(segment) if is_metadata(segment.marker) => {}
                Part::Segment(segment) => append(&mut out, segment.marker, &self.bytes[segment.payload.clone()]),
                Part::Scan(segment, which) => {
                    append(&mut out, segment.marker, &self.bytes[segment.payload.clone()]);
                    entropy(*which, &mut out)?;
                }
            }
        }
        out.extend([0xff, EOI]);
        Ok(out)
    }

    /// The tables of a DHT segment, as they are now.
    fn tables(&self, part: usize) -> Vec<u8> {
        let mut out = Vec::new();
        for (at, table) in self.header.tables.iter().enumerate().filter(|(_, table)| table.part == part) {
            let now = self.tables.iter().find(|(which, _)| *which == at);
            out.push(class_bits(table.class) | table.slot);
            now.map_or(&table.spec, |(_, spec)| spec).write(&mut out);
        }
        out
    }
}

const fn is_metadata(marker: u8) -> bool {
    matches!(marker, 0xe0..=0xfe)
}

/// The metadata of a rendition of this file, in order.
pub(super) fn metadata_segments(
    bytes: &[u8],
    header: &Header,
    metadata: &Metadata,
    orientation: Orientation,
) -> Vec<(u8, Vec<u8>)> {
    let mut exif_now = metadata.exif(exif(header, bytes), orientation).map(|block| [EXIF, &block].concat());
    let segments = header.segments().filter(|segment| is_metadata(segment.marker));
    segments
        .filter_map(|segment| {
            let payload = &bytes[segment.payload.clone()];
            Some((segment.marker, kept(segment.marker, payload, metadata, &mut exif_now)?))
        })
        .collect()
}

/// The metadata that a file has, in order.
pub(super) fn present_metadata<'a>(bytes: &'a [u8], header: &Header) -> Vec<(u8, &'a [u8])> {
    let segments = header.segments().filter(|segment| is_metadata(segment.marker));
    segments.map(|segment| (segment.marker, &bytes[segment.payload.clone()])).collect()
}

fn append(out: &mut Vec<u8>, marker: u8, payload: &[u8]) {
    out.extend([0xff, marker]);
    // No payload is longer than it was, but for tables: four of each class, and EXIF, whose length is checked.
    out.extend((payload.len() as u16 + 2).to_be_bytes());
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_photoshops_resources_only_the_notices_stay() {
        let record = b"\x1c\x02\x74\x00\x02ME";
        let other = b"8BIM\x04\x25\x03abc\x00\x00\x00\x01x\x00";
        let iptc = [&b"8BIM\x04\x04\x00\x00\x00\x00\x00\x07"[..], record, b"\0"].concat();
        let kept = photoshop(&[&other[..], &iptc].concat(), &Metadata::default()).unwrap();
        assert_eq!(kept, [PHOTOSHOP, &iptc].concat());
        assert_eq!(photoshop(other, &Metadata::default()), None);
        assert_eq!(photoshop(&iptc[..14], &Metadata::default()), None);
        assert_eq!(photoshop(b"8BIM\x04\x04\xff", &Metadata::default()), None);
    }
}
