//! Formats, told by their first bytes and never by a name.

use std::fmt;

use sealmark_watermark_dsl::OutputFormat;

use crate::RenderError;

/// A format that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JPEG, ITU-T T.81.
    Jpeg,
    /// PNG, ISO/IEC 15948.
    Png,
    /// WebP, RFC 9649.
    WebP,
    /// GIF 89a.
    Gif,
    /// Windows bitmap; renditions are PNGs.
    Bmp,
    /// TIFF 6.0 of one page; renditions are PNGs.
    Tiff,
}

impl Format {
    /// Tells the format from the first bytes.
    ///
    /// # Errors
    /// [`RenderError::UnsupportedFormat`] for every other one.
    pub fn sniff(bytes: &[u8]) -> Result<Self, RenderError> {
        let brand = bytes.get(4..12).unwrap_or_default();
        let found = match bytes {
            [0xff, 0xd8, 0xff, ..] => return Ok(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => return Ok(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => return Ok(Self::WebP),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => return Ok(Self::Gif),
            [b'B', b'M', ..] => return Ok(Self::Bmp),
            [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => return Ok(Self::Tiff),
            [] => "an empty file",
            [b'%', b'P', b'D', b'F', ..] => "a PDF",
            [0xff, 0x0a, ..] => "a JPEG XL",
            _ if brand.starts_with(b"ftypavi") => "an AVIF",
            _ if brand.starts_with(b"ftyphei") || brand == b"ftypmif1" => "a HEIC",
            _ => "something else",
        };
        Err(RenderError::UnsupportedFormat { found })
    }

    /// The format of a rendition of such a file, where the template asks for this one. BMP and TIFF, which no browser
    /// or no browser sensibly shows, become PNG, which loses nothing either.
    pub const fn of_output(self, wanted: OutputFormat) -> Self {
        match wanted {
            OutputFormat::Source => match self {
                Self::Bmp | Self::Tiff => Self::Png,
                other => other,
            },
            OutputFormat::Jpeg => Self::Jpeg,
            OutputFormat::Png => Self::Png,
            OutputFormat::WebP => Self::WebP,
        }
    }

    /// Media type, of IANA's list.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
        }
    }

    /// Ending of a file's name, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Tiff => "tif",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_formats_are_called_by_their_names() {
        for (bytes, name) in [
            (&b""[..], "an empty file"),
            (b"\xff\xd8", "something else"),
            (b"II+\0", "something else"),
            (b"\0\0\0\x20ftypheic\0\0\0\0", "a HEIC"),
            (b"\0\0\0\x20ftypavif\0\0\0\0", "an AVIF"),
            (b"<svg xmlns=", "something else"),
        ] {
            match Format::sniff(bytes) {
                Err(RenderError::UnsupportedFormat { found }) => assert_eq!(found, name),
                other => panic!("{bytes:?} gave {other:?}"),
            }
        }
        assert_eq!(Format::sniff(b"\xff\xd8\xff\xe0").unwrap(), Format::Jpeg);
        assert_eq!(Format::sniff(b"RIFF\0\0\0\0WEBPVP8 ").unwrap(), Format::WebP);
    }
}
