//! What WebPs, GIFs, BMPs and TIFFs are, by their headers.

use std::io::Cursor;

use image::{
    ColorType, ImageDecoder,
    codecs::{bmp::BmpDecoder, tiff::TiffDecoder},
};
use image_webp::WebPDecoder;

use super::{Inspection, List, MetadataKind, Structure, has_position, icc_name};
use crate::{Format, container, metadata, notes::Notes};

/// Source: RFC 9649, 2.
pub(super) fn webp(bytes: &[u8]) -> Option<Inspection> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).ok()?;
    let (width, height) = decoder.dimensions();
    let frames = if decoder.is_animated() { decoder.num_frames() } else { 1 };
    let structure = Structure::WebP { is_lossless: !decoder.is_lossy(), has_alpha: decoder.has_alpha(), frames };
    let profile = decoder.icc_profile().ok().flatten();
    let mut list = List::default();
    let mut exif = None;
    for (name, payload) in container::webp::chunks(bytes) {
        match &name {
            b"ICCP" => list.add(MetadataKind::Icc, payload),
            b"EXIF" => {
                exif = exif.or(Some(payload.strip_prefix(b"Exif\0\0").unwrap_or(payload)));
                list.add(MetadataKind::Exif, payload);
            }
            b"XMP " => list.add(MetadataKind::Xmp, payload),
            name if container::webp::STRUCTURE.contains(&name) => {}
            _ => list.add(MetadataKind::Other, payload),
        }
    }
    Some(Inspection {
        format: Format::WebP,
        width,
        height,
        orientation: metadata::orientation(exif).to_exif(),
        icc_name: profile.as_deref().and_then(icc_name),
        has_position: has_position(exif),
        metadata: list.sorted(),
        structure,
    })
}

/// Source: GIF 89a.
pub(super) fn gif(bytes: &[u8]) -> Option<Inspection> {
    let mut options = gif::DecodeOptions::new();
    options.skip_frame_decoding(true);
    let mut decoder = options.read_info(Cursor::new(bytes)).ok()?;
    let (width, height) = (decoder.width().into(), decoder.height().into());
    let mut frames = 0;
    // What is broken further on is told by whoever decodes it.
    while let Ok(Some(_)) = decoder.next_frame_info() {
        frames += 1;
    }
    let mut list = List::default();
    for (label, payload) in container::gif::foreign(bytes) {
        list.add(if label == [0xfe] { MetadataKind::Text } else { MetadataKind::Other }, &payload);
    }
    Some(Inspection {
        format: Format::Gif,
        width,
        height,
        orientation: 1,
        icc_name: None,
        has_position: false,
        metadata: list.sorted(),
        structure: Structure::Gif { frames },
    })
}

pub(super) fn bmp(bytes: &[u8]) -> Option<Inspection> {
    plain(BmpDecoder::new(Cursor::new(bytes)).ok()?, Format::Bmp, &Notes::default())
}

pub(super) fn tiff(bytes: &[u8]) -> Option<Inspection> {
    plain(TiffDecoder::new(Cursor::new(bytes)).ok()?, Format::Tiff, &Notes::of(bytes, Format::Tiff))
}

fn plain(mut decoder: impl ImageDecoder, format: Format, notes: &Notes) -> Option<Inspection> {
    let (width, height) = decoder.dimensions();
    let color = decoder.color_type();
    let colors = match (color.has_color(), color.has_alpha()) {
        (false, false) => "grayscale",
        (false, true) => "grayscale with alpha",
        (true, false) => "truecolour",
        (true, true) => "truecolour with alpha",
    };
    let profile = decoder.icc_profile().ok().flatten();
    let mut list = List::default();
    let kinds = [(MetadataKind::Icc, &profile), (MetadataKind::Xmp, &notes.xmp), (MetadataKind::Iptc, &notes.iptc)];
    for (kind, payload) in kinds {
        payload.iter().for_each(|payload| list.add(kind, payload));
    }
    let orientation = decoder.orientation().map_or(1, |orientation| orientation.to_exif());
    Some(Inspection {
        format,
        width,
        height,
        orientation,
        icc_name: profile.as_deref().and_then(icc_name),
        has_position: false,
        metadata: list.sorted(),
        structure: Structure::Plain { bits: bits(color), colors },
    })
}

fn bits(color: ColorType) -> u8 {
    (color.bytes_per_pixel() / color.channel_count().max(1)) * 8
}
