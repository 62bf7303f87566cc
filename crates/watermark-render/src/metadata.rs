//! What a rendition may say about its original, beyond pixels.
//!
//! Kept by default are the ICC profile, without which colours are others, and who made and owns the picture. Everything
//! else goes: places, serial numbers, editing histories, thumbnails without the mark. What is kept of EXIF and IPTC is
//! written anew, field by field, so nothing hides beside it.

use exif::{Context, Exif, Field, In, Reader, Tag, Value, experimental::Writer};
use image::metadata::Orientation;
use sealmark_watermark_dsl::{Metadata as Kind, Output};

use crate::notes::Credits;

/// Which metadata a rendition keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// The ICC profile. Default: kept.
    pub icc: bool,
    /// Author and copyright of EXIF and IPTC. Default: kept.
    pub copyright: bool,
    /// The fields of EXIF, but for positions, thumbnails and the camera maker's own. Default: dropped.
    pub exif: bool,
    /// The fields of IPTC. Default: dropped.
    pub iptc: bool,
    /// The XMP packet; one that speaks of a position goes with the positions. Default: dropped.
    pub xmp: bool,
    /// Positions, where EXIF or XMP is kept. Default: dropped.
    pub gps: bool,
}

impl Default for Metadata {
    fn default() -> Self {
        Self { icc: true, copyright: true, exif: false, iptc: false, xmp: false, gps: false }
    }
}

impl Metadata {
    /// What a template says of it.
    pub fn of(output: &Output) -> Self {
        let keeps = |metadata| output.keeps(metadata);
        Self {
            icc: keeps(Kind::Icc),
            copyright: keeps(Kind::Copyright),
            exif: keeps(Kind::Exif),
            iptc: keeps(Kind::Iptc),
            xmp: keeps(Kind::Xmp),
            gps: keeps(Kind::Gps),
        }
    }
}

/// Longest block of metadata that is looked at, in bytes: what fits a JPEG's segment.
const MAX_BYTES: usize = 65_533;

impl Metadata {
    /// The EXIF block to write in place of one (both begin with the TIFF header), for pixels that are stored turned as
    /// `orientation` says. None where there is nothing to say.
    pub(crate) fn exif(&self, block: Option<&[u8]>, orientation: Orientation) -> Option<Vec<u8>> {
        self.exif_with(block, orientation, &Credits::default())
    }

    /// The same, with author and copyright where it does not name them.
    pub(crate) fn exif_with(
        &self,
        block: Option<&[u8]>,
        orientation: Orientation,
        credits: &Credits,
    ) -> Option<Vec<u8>> {
        let read = block.filter(|block| block.len() <= MAX_BYTES).and_then(read_exif);
        let kept = read.iter().flat_map(Exif::fields).filter(|field| self.keeps(field));
        let mut fields: Vec<Field> = Vec::new();
        for field in kept {
            if !fields.iter().any(|before| (before.tag, before.ifd_num) == (field.tag, field.ifd_num)) {
                fields.push(Field { tag: field.tag, ifd_num: field.ifd_num, value: field.value.clone() });
            }
        }
        for (tag, text) in [(Tag::Artist, &credits.artist), (Tag::Copyright, &credits.copyright)] {
            if let (Some(text), false) = (text, fields.iter().any(|field| field.tag == tag)) {
                let value = Value::Ascii(vec![text.clone().into_bytes()]);
                fields.push(Field { tag, ifd_num: In::PRIMARY, value });
            }
        }
        if orientation != Orientation::NoTransforms {
            let value = Value::Short(vec![u16::from(orientation.to_exif())]);
            fields.push(Field { tag: Tag::Orientation, ifd_num: In::PRIMARY, value });
        }
        // How the pixels are turned must be told even where the rest is too much to be written.
        write_exif(&fields).or_else(|| write_exif(fields.get(fields.len().checked_sub(1)?..)?))
    }

    fn keeps(&self, field: &Field) -> bool {
        if field.ifd_num != In::PRIMARY || field.tag == Tag::Orientation || matches!(field.value, Value::Unknown(..)) {
            return false;
        }
        match (field.tag, field.tag.context()) {
            (Tag::Artist | Tag::Copyright, _) => self.copyright,
            (Tag::MakerNote, _) => false,
            (_, Context::Gps) => self.exif && self.gps,
            _ => self.exif,
        }
    }

    /// The IPTC records to write in place of some. None where there is nothing to say.
    /// Source: IPTC-IIM 4.2, 1.5; the data sets By-line 2:80, Credit 2:110, Source 2:115, Copyright Notice 2:116.
    pub(crate) fn iptc(&self, records: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut has_one = false;
        for (record, number, value) in data_sets(records) {
            let is_encoding = (record, number) == (1, 90);
            let is_notice = record == 2 && matches!(number, 80 | 110 | 115 | 116);
            if self.iptc || (self.copyright && (is_notice || is_encoding)) {
                has_one |= !is_encoding;
                out.extend([0x1c, record, number]);
                out.extend((value.len() as u16).to_be_bytes());
                out.extend_from_slice(value);
            }
        }
        has_one.then_some(out)
    }

    /// Author and copyright of IPTC records, for a format that has no place for them.
    pub(crate) fn iptc_credits(records: &[u8], credits: &mut Credits) {
        for (record, number, value) in data_sets(records) {
            match (record, number) {
                (2, 80) => credits.set_artist(value),
                (2, 116) => credits.set_copyright(value),
                _ => {}
            }
        }
    }

    /// Whether an XMP packet is kept.
    pub(crate) fn keeps_xmp(&self, packet: &[u8]) -> bool {
        self.xmp && (self.gps || memchr::memmem::find(packet, b"GPS").is_none())
    }
}

/// Record, number and value of each data set, up to the first that is broken, or too long to be a notice: those from
/// 32 KiB on have another form.
fn data_sets(records: &[u8]) -> impl Iterator<Item = (u8, u8, &[u8])> {
    let mut rest = records;
    std::iter::from_fn(move || {
        let [0x1c, record, number, high, low, more @ ..] = rest else { return None };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (value, more) = more.split_at_checked(length).filter(|_| length < 0x8000)?;
        rest = more;
        Some((*record, *number, value))
    })
}

/// Reads an EXIF block; what is broken in it is left out.
pub(crate) fn read_exif(block: &[u8]) -> Option<Exif> {
    let mut reader = Reader::new();
    reader.continue_on_error(true);
    reader.read_raw(block.to_vec()).or_else(|error| error.distill_partial_result(|_| {})).ok()
}

/// Writes an EXIF block; none where there are no fields, or too many.
fn write_exif(fields: &[Field]) -> Option<Vec<u8>> {
    if fields.is_empty() {
        return None;
    }
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut out = std::io::Cursor::new(Vec::new());
    writer.write(&mut out, false).ok()?;
    Some(out.into_inner()).filter(|block| block.len() <= MAX_BYTES - 6)
}

/// What an EXIF block says of how the pixels are turned.
pub(crate) fn orientation(block: Option<&[u8]>) -> Orientation {
    block.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(fields: &[(Tag, Value)]) -> Vec<u8> {
        let fields: Vec<Field> =
            fields.iter().map(|(tag, value)| Field { tag: *tag, ifd_num: In::PRIMARY, value: value.clone() }).collect();
        let mut writer = Writer::new();
        fields.iter().for_each(|field| writer.push_field(field));
        let mut out = std::io::Cursor::new(Vec::new());
        writer.write(&mut out, true).unwrap();
        out.into_inner()
    }

    fn tags(block: &[u8]) -> Vec<Tag> {
        let mut tags: Vec<Tag> = read_exif(block).unwrap().fields().map(|field| field.tag).collect();
        tags.sort_by_key(|tag| tag.number());
        tags
    }

    #[test]
    fn of_exif_the_notices_stay_and_the_position_goes() {
        let text = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
        let source = block(&[
            (Tag::Make, text("camera")),
            (Tag::Orientation, Value::Short(vec![6])),
            (Tag::Artist, text("Ada")),
            (Tag::Copyright, text("(c) Ada")),
            (Tag::BodySerialNumber, text("12345")),
            (Tag::GPSLatitudeRef, text("N")),
        ]);
        let kept = |metadata: Metadata, orientation| metadata.exif(Some(&source), orientation);
        let default = kept(Metadata::default(), Orientation::Rotate90).unwrap();
        assert_eq!(tags(&default), [Tag::Orientation, Tag::Artist, Tag::Copyright]);
        assert_eq!(orientation(Some(&default)), Orientation::Rotate90);
        let upright = kept(Metadata::default(), Orientation::NoTransforms).unwrap();
        assert_eq!(tags(&upright), [Tag::Artist, Tag::Copyright]);
        let none = Metadata { copyright: false, ..Metadata::default() };
        assert_eq!(kept(none, Orientation::NoTransforms), None);
        let all = tags(&kept(Metadata { exif: true, ..Metadata::default() }, Orientation::NoTransforms).unwrap());
        assert!(all.contains(&Tag::Make) && !all.contains(&Tag::GPSLatitudeRef), "{all:?}");
        let gps = Metadata { exif: true, gps: true, ..Metadata::default() };
        assert!(tags(&kept(gps, Orientation::NoTransforms).unwrap()).contains(&Tag::GPSLatitudeRef));
    }

    #[test]
    fn of_iptc_the_notices_stay() {
        let records = b"\x1c\x02\x05\x00\x03abc\x1c\x02\x74\x00\x02ME\x1c\x02\x50\x00\x01A\x1c\x02";
        let kept = Metadata::default().iptc(records).unwrap();
        assert_eq!(kept, b"\x1c\x02\x74\x00\x02ME\x1c\x02\x50\x00\x01A");
        assert_eq!(Metadata::default().iptc(b"\x1c\x02\x05\x00\x03abc"), None);
        assert_eq!(Metadata::default().iptc(b"\x1c\x02\x74\x70\x02ME"), None);
    }

    #[test]
    fn garbage_says_nothing() {
        for garbage in [&b""[..], b"II*\0", b"MM\0*\xff\xff\xff\xff", &[0xff; 100]] {
            assert_eq!(Metadata::default().exif(Some(garbage), Orientation::NoTransforms), None);
        }
    }
}
