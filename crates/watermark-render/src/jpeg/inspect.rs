//! How a JPEG is built, as far as its segments tell. Source: ITU-T T.81, annex B.
//!
//! This walk refuses nothing: it is there to say what a file is that cannot be marked as it is.

use std::{fmt, ops::Range};

use super::{
    huffman::HuffmanSpec,
    markers::{DHT, DRI, EOI, SOI, SOS},
};

/// How the samples of a JPEG are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JpegProcess {
    /// Sequential, Huffman codes, 8 bits: what every reader knows.
    Baseline,
    /// Sequential with more tables or more bits.
    Extended,
    /// Progressive.
    Progressive,
    /// Lossless.
    Lossless,
    /// With arithmetic codes.
    Arithmetic,
    /// Hierarchical.
    Hierarchical,
}

impl fmt::Display for JpegProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Baseline => "baseline",
            Self::Extended => "extended sequential",
            Self::Progressive => "progressive",
            Self::Lossless => "lossless",
            Self::Arithmetic => "arithmetic",
            Self::Hierarchical => "hierarchical",
        })
    }
}

/// Whose a JPEG's Huffman tables are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HuffmanTables {
    /// The file has none.
    None,
    /// Those that the standard gives as examples, told by how many codes there are of each length.
    Standard,
    /// Made for this picture.
    Own,
}

impl fmt::Display for HuffmanTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Standard => "standard",
            Self::Own => "optimized",
        })
    }
}

/// How a JPEG is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JpegStructure {
    /// How its samples are coded.
    pub process: JpegProcess,
    /// Bits of a sample.
    pub bits: u8,
    /// Sampling factors of each component, across and down.
    pub factors: Vec<(u8, u8)>,
    /// MCUs between two restart markers; 0 where there are none.
    pub restart_interval: u32,
    /// Scans.
    pub scans: usize,
    /// Its tables.
    pub tables: HuffmanTables,
    /// Bytes behind its end.
    pub trailing_bytes: usize,
    /// Whether its end is there.
    pub is_whole: bool,
}

impl JpegStructure {
    /// The sampling in the usual words, as `4:2:0`; the factors where there are none for it.
    pub fn sampling(&self) -> String {
        let listed = || self.factors.iter().map(|(h, v)| format!("{h}x{v}")).collect::<Vec<_>>().join(", ");
        match self.factors[..] {
            [_] => "grayscale".to_owned(),
            [(h, v), (1, 1), (1, 1)] => match (h, v) {
                (1, 1) => "4:4:4".to_owned(),
                (2, 1) => "4:2:2".to_owned(),
                (2, 2) => "4:2:0".to_owned(),
                (1, 2) => "4:4:0".to_owned(),
                (4, 1) => "4:1:1".to_owned(),
                (4, 2) => "4:1:0".to_owned(),
                _ => listed(),
            },
            _ => listed(),
        }
    }
}

/// A JPEG's size as stored, how it is built, and its other segments: marker and payload.
pub(crate) struct Segments<'a> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) structure: JpegStructure,
    pub(crate) others: Vec<(u8, &'a [u8])>,
}

/// Codes of each length, 1 to 16, of the standard's tables. Source: T.81, K.3.3.
const STANDARD: [[u8; 16]; 4] = [
    [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
    [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
    [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125],
    [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119],
];

/// Walks through the segments; none where there is no frame among them.
pub(crate) fn inspect(bytes: &[u8]) -> Option<Segments<'_>> {
    let mut frame = None;
    let mut others = Vec::new();
    let (mut restart_interval, mut scans) = (0, 0);
    let mut tables = HuffmanTables::None;
    let mut is_hierarchical = false;
    let mut at = 2;
    let end = loop {
        let Some((marker, payload)) = next(bytes, &mut at) else { break None };
        let data = &bytes[payload.clone()];
        match marker {
            EOI => break Some(at),
            SOS => {
                scans += 1;
                at = entropy_end(bytes, payload.end);
            }
            DRI => restart_interval = data.first_chunk::<2>().map_or(0, |value| u16::from_be_bytes(*value).into()),
            DHT => {
                let own = tables == HuffmanTables::Own || !all_standard(data);
                tables = if own { HuffmanTables::Own } else { HuffmanTables::Standard };
            }
            0xde => is_hierarchical = true,
            0xc0..=0xcf if marker != 0xc8 && marker != 0xcc => frame = frame.or_else(|| read_frame(marker, data)),
            0xe0..=0xef | 0xfe => others.push((marker, data)),
            _ => {}
        }
    };
    let Frame { process, bits, width, height, factors } = frame?;
    let process = if is_hierarchical { JpegProcess::Hierarchical } else { process };
    let trailing_bytes = end.map_or(0, |end| bytes.len() - end);
    let structure = JpegStructure {
        process,
        bits,
        factors,
        restart_interval,
        scans,
        tables,
        trailing_bytes,
        is_whole: end.is_some(),
    };
    Some(Segments { width, height, structure, others })
}

struct Frame {
    process: JpegProcess,
    bits: u8,
    width: u32,
    height: u32,
    factors: Vec<(u8, u8)>,
}

fn read_frame(marker: u8, payload: &[u8]) -> Option<Frame> {
    let [bits, h1, h0, w1, w0, count, components @ ..] = payload else { return None };
    let process = match marker {
        0xc0 => JpegProcess::Baseline,
        0xc1 => JpegProcess::Extended,
        0xc2 => JpegProcess::Progressive,
        0xc3 => JpegProcess::Lossless,
        0xc5..=0xc7 => JpegProcess::Hierarchical,
        _ => JpegProcess::Arithmetic,
    };
    let factors = components.chunks_exact(3).take(usize::from(*count)).map(|part| (part[1] >> 4, part[1] & 15));
    Some(Frame {
        process,
        bits: *bits,
        width: u16::from_be_bytes([*w1, *w0]).into(),
        height: u16::from_be_bytes([*h1, *h0]).into(),
        factors: factors.collect(),
    })
}

/// The next segment from `at` on, which is then behind it; bytes that are none are passed over.
fn next(bytes: &[u8], at: &mut usize) -> Option<(u8, Range<usize>)> {
    loop {
        *at += memchr::memchr(0xff, bytes.get(*at..)?)? + 1;
        match *bytes.get(*at)? {
            0xff => {}
            0x00 | 0x01 | 0xd0..=0xd7 | SOI => *at += 1,
            EOI => {
                *at += 1;
                return Some((EOI, *at..*at));
            }
            marker => {
                let length = bytes.get(*at + 1..*at + 3)?;
                let length = usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
                let payload = *at + 3..*at + 1 + length;
                *at = payload.end;
                return (payload.end <= bytes.len()).then_some((marker, payload));
            }
        }
    }
}

/// Where the marker is that ends the entropy-coded data from `start` on.
fn entropy_end(bytes: &[u8], start: usize) -> usize {
    let mut from = start;
    while let Some(found) = bytes.get(from..).and_then(|rest| memchr::memchr(0xff, rest)) {
        match bytes.get(from + found + 1) {
            Some(0x00 | 0xd0..=0xd7) => from += found + 2,
            Some(0xff) => from += found + 1,
            _ => return from + found,
        }
    }
    bytes.len()
}

fn all_standard(mut tables: &[u8]) -> bool {
    while let [kind, rest @ ..] = tables {
        let Some((spec, used)) = HuffmanSpec::read(rest) else { return false };
        let known = if kind >> 4 == 0 { &STANDARD[..2] } else { &STANDARD[2..] };
        if !known.contains(&spec.counts) {
            return false;
        }
        tables = &rest[used..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_our_own_encoder_is_told() {
        let mut bytes = Vec::new();
        let picture = image::RgbImage::from_pixel(40, 24, image::Rgb([90, 120, 150]));
        let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90);
        encoder.encode_image(&picture).unwrap();
        bytes.extend(b"behind");
        let found = inspect(&bytes).unwrap();
        assert_eq!((found.width, found.height), (40, 24));
        let JpegStructure { process, bits, scans, tables, trailing_bytes, is_whole, .. } = found.structure;
        assert_eq!((process, bits, scans), (JpegProcess::Baseline, 8, 1));
        assert_eq!((tables, trailing_bytes, is_whole), (HuffmanTables::Standard, 6, true));
    }

    #[test]
    fn what_is_broken_says_as_much_as_it_can() {
        assert!(inspect(b"\xff\xd8\xff").is_none());
        assert!(inspect(b"\xff\xd8\xff\xc0\xff\xff").is_none());
        let frame = b"\xff\xd8\xff\xc9\x00\x11\x0c\x00\x10\x00\x20\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01";
        let found = inspect(frame).unwrap();
        assert_eq!((found.structure.process, found.structure.bits), (JpegProcess::Arithmetic, 12));
        assert_eq!((found.structure.sampling(), found.structure.is_whole), ("4:2:0".to_owned(), false));
        assert_eq!((found.width, found.height), (32, 16));
    }
}
