//! The first directory of a TIFF. Source: TIFF 6.0, 2.

use crate::notes::Notes;

const ARTIST: u16 = 315;
const SUB_DIRECTORIES: u16 = 330;
const XMP: u16 = 700;
const COPYRIGHT: u16 = 33_432;
const IPTC: u16 = 33_723;
const DNG_VERSION: u16 = 50_706;

/// A TIFF's first directory.
struct Directory<'a> {
    bytes: &'a [u8],
    is_little: bool,
    at: usize,
    count: usize,
}

impl<'a> Directory<'a> {
    fn first(bytes: &'a [u8]) -> Option<Self> {
        let is_little = bytes.starts_with(b"II");
        let mut directory = Self { bytes, is_little, at: 0, count: 0 };
        directory.at = usize::try_from(directory.long(4)?).ok()?;
        directory.count = directory.short(directory.at)?.into();
        Some(directory)
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn long(&self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    /// Where the entry of a tag is.
    fn entry(&self, wanted: u16) -> Option<usize> {
        (0..self.count).map(|at| self.at + 2 + 12 * at).find(|at| self.short(*at) == Some(wanted))
    }

    /// The bytes of a tag, whatever they stand for.
    fn value(&self, wanted: u16) -> Option<&'a [u8]> {
        let entry = self.entry(wanted)?;
        let unit = match self.short(entry + 2)? {
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            _ => 1,
        };
        let size = usize::try_from(self.long(entry + 4)?).ok()?.checked_mul(unit)?;
        let from = if size <= 4 { entry + 8 } else { usize::try_from(self.long(entry + 8)?).ok()? };
        self.bytes.get(from..from.checked_add(size)?)
    }

    /// Whether another directory follows.
    fn has_next(&self) -> bool {
        self.long(self.at + 2 + 12 * self.count).is_some_and(|next| next != 0)
    }
}

/// What kind of a TIFF is not read, if it is one of these: its first picture would be one of many, or the preview of a
/// photograph in a camera's own form.
pub(crate) fn refused(tiff: &[u8]) -> Option<&'static str> {
    let directory = Directory::first(tiff)?;
    let is_raw = tiff.get(8..10) == Some(b"CR")
        || [SUB_DIRECTORIES, DNG_VERSION].into_iter().any(|tag| directory.entry(tag).is_some());
    match (is_raw, directory.has_next()) {
        (true, _) => Some("a raw photograph"),
        (false, true) => Some("a TIFF of several pages"),
        (false, false) => None,
    }
}

/// What a TIFF says of itself, but for its EXIF.
pub(crate) fn notes(tiff: &[u8]) -> Notes {
    let mut notes = Notes::default();
    let Some(directory) = Directory::first(tiff) else { return notes };
    if let Some(artist) = directory.value(ARTIST) {
        notes.credits.set_artist(artist);
    }
    if let Some(copyright) = directory.value(COPYRIGHT) {
        notes.credits.set_copyright(copyright);
    }
    notes.xmp = directory.value(XMP).map(<[u8]>::to_vec);
    notes.iptc = directory.value(IPTC).map(<[u8]>::to_vec);
    notes
}
