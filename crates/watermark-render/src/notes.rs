//! What a file says of its picture: EXIF, XMP, IPTC, and who made and owns it.

use image::metadata::Orientation;

use crate::{
    Format, Metadata,
    container::{self, Part},
};

/// What a file says, as it stands there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    /// The EXIF block, from its TIFF header on.
    pub(crate) exif: Option<Vec<u8>>,
    /// The XMP packet.
    pub(crate) xmp: Option<Vec<u8>>,
    /// The IPTC records.
    pub(crate) iptc: Option<Vec<u8>>,
    /// Who made and owns it, told elsewhere than in these.
    pub(crate) credits: Credits,
}

/// Who made and who owns a picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Credits {
    pub(crate) artist: Option<String>,
    pub(crate) copyright: Option<String>,
}

/// Longest of either, in characters.
const MAX_CHARS: usize = 1_000;

impl Credits {
    pub(crate) fn set_artist(&mut self, bytes: &[u8]) {
        self.artist = self.artist.take().or_else(|| readable(bytes));
    }

    pub(crate) fn set_copyright(&mut self, bytes: &[u8]) {
        self.copyright = self.copyright.take().or_else(|| readable(bytes));
    }
}

/// UTF-8, or Latin 1 where it is not.
fn readable(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes)
        .map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect::<String>(), str::to_owned);
    let text: String = text.chars().filter(|char| *char != '\0').take(MAX_CHARS).collect();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

impl Notes {
    /// What a file says.
    pub(crate) fn of(bytes: &[u8], format: Format) -> Self {
        match format {
            Format::Jpeg => container::jpeg::notes(bytes),
            Format::Png => container::png::notes(bytes),
            Format::WebP => container::webp::notes(bytes),
            Format::Tiff => container::tiff::notes(bytes),
            Format::Gif | Format::Bmp => Self::default(),
        }
    }

    /// What a rendition of upright pixels in this format says. Where the format has no place for IPTC or for a text of
    /// its own, author and copyright go into EXIF.
    pub(crate) fn kept(&self, metadata: &Metadata, format: Format) -> Self {
        let mut credits = Credits::default();
        if metadata.copyright {
            credits = self.credits.clone();
            if let (Some(records), false) = (&self.iptc, format == Format::Jpeg) {
                Metadata::iptc_credits(records, &mut credits);
            }
        }
        Self {
            exif: metadata.exif_with(self.exif.as_deref(), Orientation::NoTransforms, &credits),
            xmp: self.xmp.clone().filter(|packet| metadata.keeps_xmp(packet)),
            iptc: self.iptc.as_ref().filter(|_| format == Format::Jpeg).and_then(|records| metadata.iptc(records)),
            credits: Credits::default(),
        }
    }

    /// The parts of a file in this format that say this, as [`foreign`] finds them.
    pub(crate) fn parts(&self, format: Format) -> Vec<Part> {
        let named =
            |parts: Vec<([u8; 4], Vec<u8>)>| parts.into_iter().map(|(name, part)| (name.to_vec(), part)).collect();
        match format {
            Format::Jpeg => {
                let segments = container::jpeg::note_segments(self);
                segments.into_iter().map(|(marker, payload)| (vec![marker], payload)).collect()
            }
            Format::Png => named(container::png::note_chunks(self)),
            Format::WebP => named(container::webp::note_chunks(self)),
            Format::Gif | Format::Bmp | Format::Tiff => Vec::new(),
        }
    }
}

/// Every part of a file that can say something, in order.
pub(crate) fn foreign(bytes: &[u8], format: Format) -> Vec<Part> {
    match format {
        Format::Jpeg => container::jpeg::foreign(bytes),
        Format::Png => container::png::foreign(bytes),
        Format::WebP => container::webp::foreign(bytes),
        Format::Gif => container::gif::foreign(bytes),
        // Never written.
        Format::Bmp | Format::Tiff => Vec::new(),
    }
}
