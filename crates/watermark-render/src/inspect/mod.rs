//! What a file is, without decoding it: its size, how it is built, and what it holds beside pixels.

mod others;

use std::fmt;

use exif::Context;
use image::metadata::Orientation;
use sha2::{Digest, Sha256};

use crate::{Format, JpegStructure, RenderError, container, container::png::chunks_before_pixels, jpeg, metadata};

/// A kind of data beside the pixels. What says what the samples mean (JFIF, Adobe's segment, gamma) is none of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MetadataKind {
    /// The ICC profile.
    Icc,
    /// EXIF.
    Exif,
    /// XMP.
    Xmp,
    /// IPTC records, and Photoshop's other resources.
    Iptc,
    /// Comments and texts.
    Text,
    /// Anything else: other pictures, the camera maker's own.
    Other,
}

impl fmt::Display for MetadataKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Icc => "ICC profile",
            Self::Exif => "EXIF",
            Self::Xmp => "XMP",
            Self::Iptc => "IPTC",
            Self::Text => "text",
            Self::Other => "other",
        })
    }
}

/// All the metadata of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its kind.
    pub kind: MetadataKind,
    /// Bytes of its segments or chunks, without their headers; of a PNG's profile as unpacked.
    pub bytes: usize,
    /// SHA-256 of them.
    pub digest: [u8; 32],
}

/// How a PNG is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PngStructure {
    /// Bits of a sample, or of an index into the palette.
    pub bits: u8,
    /// What a pixel consists of, in the words of the standard.
    pub colors: &'static str,
    /// Whether it comes in seven passes.
    pub is_interlaced: bool,
    /// How many pictures it shows.
    pub frames: u32,
    /// Whether readers that know of no animation are shown another picture.
    pub has_fallback: bool,
}

/// How a file is built.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Structure {
    /// A JPEG.
    Jpeg(JpegStructure),
    /// A PNG.
    Png(PngStructure),
    /// A WebP.
    WebP {
        /// Whether its pixels are coded without loss.
        is_lossless: bool,
        /// Whether a pixel may be transparent.
        has_alpha: bool,
        /// How many pictures it shows.
        frames: u32,
    },
    /// A GIF.
    Gif {
        /// How many pictures it shows.
        frames: u32,
    },
    /// A BMP or a TIFF.
    Plain {
        /// Bits of a sample.
        bits: u8,
        /// What a pixel consists of, in the words of PNG's standard.
        colors: &'static str,
    },
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Its format.
    pub format: Format,
    /// Width as stored, in pixels.
    pub width: u32,
    /// Height as stored, in pixels.
    pub height: u32,
    /// How it is turned for showing: EXIF's 1 to 8.
    pub orientation: u8,
    /// What the ICC profile calls itself, where there is one that does.
    pub icc_name: Option<String>,
    /// Whether EXIF says where the picture was taken.
    pub has_position: bool,
    /// What else it holds, one entry a kind, sorted.
    pub metadata: Vec<Found>,
    /// How it is built.
    pub structure: Structure,
}

/// Looks into a file, and decodes nothing. A broken one says as much as it can.
///
/// # Errors
/// [`RenderError::UnsupportedFormat`], and [`RenderError::BrokenImage`] where not even a size is to be found.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, RenderError> {
    let format = Format::sniff(bytes)?;
    let found = match format {
        Format::Jpeg => of_jpeg(bytes),
        Format::Png => of_png(bytes),
        Format::WebP => others::webp(bytes),
        Format::Gif => others::gif(bytes),
        Format::Bmp => others::bmp(bytes),
        Format::Tiff => others::tiff(bytes),
    };
    found.ok_or(RenderError::BrokenImage { format, source: None })
}

fn of_jpeg(bytes: &[u8]) -> Option<Inspection> {
    const EXIF: &[u8] = b"Exif\0\0";
    const ICC: &[u8] = b"ICC_PROFILE\0";
    let segments = jpeg::inspect(bytes)?;
    let mut list = List::default();
    let mut profile: Vec<(u8, &[u8])> = Vec::new();
    let mut exif = None;
    for (marker, payload) in segments.others {
        match (marker, payload) {
            (0xe0, payload) if payload.starts_with(b"JFIF\0") => {}
            (0xee, payload) if payload.starts_with(b"Adobe") => {}
            (0xe1, payload) if payload.starts_with(EXIF) => {
                exif = exif.or_else(|| payload.get(EXIF.len()..));
                list.add(MetadataKind::Exif, payload);
            }
            (0xe1, payload) if payload.starts_with(b"http://ns.adobe.com/x") => list.add(MetadataKind::Xmp, payload),
            (0xe2, payload) if payload.starts_with(ICC) => {
                // A number, how many there are, and a part of the profile. Source: ICC.1:2022, B.4.
                if let [number, _, part @ ..] = &payload[ICC.len()..] {
                    profile.push((*number, part));
                }
                list.add(MetadataKind::Icc, payload);
            }
            (0xed, payload) if payload.starts_with(b"Photoshop 3.0\0") => list.add(MetadataKind::Iptc, payload),
            (0xfe, payload) => list.add(MetadataKind::Text, payload),
            (_, payload) => list.add(MetadataKind::Other, payload),
        }
    }
    profile.sort_by_key(|(number, _)| *number);
    let profile: Vec<u8> = profile.into_iter().flat_map(|(_, part)| part).copied().collect();
    Some(Inspection {
        format: Format::Jpeg,
        width: segments.width,
        height: segments.height,
        orientation: metadata::orientation(exif).to_exif(),
        icc_name: icc_name(&profile),
        has_position: has_position(exif),
        metadata: list.sorted(),
        structure: Structure::Jpeg(segments.structure),
    })
}

/// Source: PNG, third edition, 11.2 and 11.3.
fn of_png(bytes: &[u8]) -> Option<Inspection> {
    let (_, header) = chunks_before_pixels(bytes).find(|(name, _)| name == b"IHDR")?;
    let &[w3, w2, w1, w0, h3, h2, h1, h0, bits, color, _, _, interlace] = header.first_chunk::<13>()?;
    let mut list = List::default();
    let mut exif = None;
    let animation = container::apng::animation(bytes);
    // Larger ones than any real profile are a trap.
    let profile = container::png::profile(bytes, 16 << 20).ok().flatten();
    for (name, body) in chunks_before_pixels(bytes) {
        match &name {
            b"eXIf" => {
                exif = exif.or(Some(body));
                list.add(MetadataKind::Exif, body);
            }
            b"iTXt" if body.starts_with(b"XML:com.adobe.xmp\0") => list.add(MetadataKind::Xmp, body),
            b"tEXt" | b"zTXt" | b"iTXt" => list.add(MetadataKind::Text, body),
            // The profile itself: its name and its compression are the writer's.
            b"iCCP" => list.add(MetadataKind::Icc, profile.as_deref().unwrap_or(body)),
            b"tIME" => list.add(MetadataKind::Other, body),
            _ => {}
        }
    }
    let orientation = metadata::orientation(exif).to_exif();
    let colors = match color {
        0 => "grayscale",
        2 => "truecolour",
        3 => "indexed-colour",
        4 => "grayscale with alpha",
        6 => "truecolour with alpha",
        _ => return None,
    };
    Some(Inspection {
        format: Format::Png,
        width: u32::from_be_bytes([w3, w2, w1, w0]),
        height: u32::from_be_bytes([h3, h2, h1, h0]),
        orientation,
        icc_name: profile.as_deref().and_then(icc_name),
        has_position: has_position(exif),
        metadata: list.sorted(),
        structure: Structure::Png(PngStructure {
            bits,
            colors,
            is_interlaced: interlace == 1,
            frames: animation.as_ref().map_or(1, |animation| animation.promised),
            has_fallback: animation.is_some_and(|animation| animation.has_fallback),
        }),
    })
}

fn has_position(exif: Option<&[u8]>) -> bool {
    let read = exif.and_then(metadata::read_exif);
    read.is_some_and(|read| read.fields().any(|field| field.tag.context() == Context::Gps))
}

/// A profile's description. Source: ICC.1:2022, 7.2 and 10.15 (`mluc`); ICC.1:2001-04, 6.5.17 (`desc`).
fn icc_name(profile: &[u8]) -> Option<String> {
    let number = |at: usize| Some(u32::from_be_bytes(*profile.get(at..)?.first_chunk::<4>()?) as usize);
    let entries = (0..number(128)?.min(100)).map(|index| 132 + 12 * index);
    let (at, size) = entries
        .filter(|entry| profile.get(*entry..entry + 4) == Some(b"desc"))
        .find_map(|entry| Some((number(entry + 4)?, number(entry + 8)?)))?;
    let tag = profile.get(at..at.checked_add(size)?)?;
    let number = |at: usize| Some(u32::from_be_bytes(*tag.get(at..)?.first_chunk::<4>()?) as usize);
    let name = if tag.starts_with(b"mluc") {
        let (length, offset) = (number(20)?, number(24)?);
        let text = tag.get(offset..offset.checked_add(length)?)?;
        let units = text.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    } else {
        let text = tag.strip_prefix(b"desc\0\0\0\0")?;
        let length = u32::from_be_bytes(*text.first_chunk::<4>()?) as usize;
        String::from_utf8_lossy(text.get(4..length.checked_add(4)?)?).into_owned()
    };
    let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// Metadata by its kind.
#[derive(Default)]
struct List(Vec<(MetadataKind, usize, Sha256)>);

impl List {
    fn add(&mut self, kind: MetadataKind, payload: &[u8]) {
        let at = self.0.iter().position(|(known, ..)| *known == kind).unwrap_or_else(|| {
            self.0.push((kind, 0, Sha256::new()));
            self.0.len() - 1
        });
        self.0[at].1 += payload.len();
        self.0[at].2.update(payload);
    }

    fn sorted(mut self) -> Vec<Found> {
        self.0.sort_by_key(|(kind, ..)| *kind);
        let found = self.0.into_iter();
        found.map(|(kind, bytes, hasher)| Found { kind, bytes, digest: hasher.finalize().into() }).collect()
    }
}

impl Inspection {
    /// Width and height as shown.
    pub fn shown_size(&self) -> (u32, u32) {
        if self.orientation >= Orientation::Rotate90FlipH.to_exif() {
            (self.height, self.width)
        } else {
            (self.width, self.height)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(tag: &[u8]) -> Vec<u8> {
        let mut profile = vec![0; 128];
        profile.extend(1_u32.to_be_bytes());
        profile.extend(b"desc");
        profile.extend(144_u32.to_be_bytes());
        profile.extend((tag.len() as u32).to_be_bytes());
        profile.extend(tag);
        profile
    }

    #[test]
    fn a_profile_tells_its_name_in_both_forms() {
        let old = profile(b"desc\0\0\0\0\0\0\0\x05sRGB\0");
        assert_eq!(icc_name(&old).as_deref(), Some("sRGB"));
        let new = profile(b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS\0\0\0\x04\0\0\0\x1c\0P\0\xb3");
        assert_eq!(icc_name(&new).as_deref(), Some("P³"));
        for cut in 0..new.len() {
            assert_eq!(icc_name(&new[..cut]), None);
        }
        assert_eq!(icc_name(&profile(b"desc\0\0\0\0\xff\xff\xff\xffsRGB")), None);
    }

    #[test]
    fn a_png_is_told_without_its_pixels() {
        let mut bytes = Vec::new();
        let picture = image::GrayAlphaImage::new(5, 3);
        picture.write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
        let text = b"\0\0\0\x05tEXtA\0bcd\0\0\0\0";
        bytes.splice(33..33, *text);
        let found = inspect(&bytes).unwrap();
        assert_eq!((found.format, found.width, found.height, found.orientation), (Format::Png, 5, 3, 1));
        let kinds: Vec<_> = found.metadata.iter().map(|found| (found.kind, found.bytes)).collect();
        assert_eq!(kinds, [(MetadataKind::Text, 5)]);
        let structure = PngStructure {
            bits: 8,
            colors: "grayscale with alpha",
            is_interlaced: false,
            frames: 1,
            has_fallback: false,
        };
        assert_eq!(found.structure, Structure::Png(structure));
        assert!(matches!(inspect(&bytes[..20]), Err(RenderError::BrokenImage { format: Format::Png, .. })));
    }
}
