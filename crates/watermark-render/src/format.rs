//! Formats, told by their first bytes and never by a name.

use std::fmt;

use crate::RenderError;

/// A format that is read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG, ITU-T T.81.
    Jpeg,
    /// PNG, ISO/IEC 15948.
    Png,
}

impl Format {
    /// Tells the format from the first bytes.
    ///
    /// # Errors
    /// [`RenderError::UnsupportedFormat`] for everything but JPEG and PNG.
    pub fn sniff(bytes: &[u8]) -> Result<Self, RenderError> {
        if bytes.starts_with(b"\xff\xd8\xff") {
            return Ok(Self::Jpeg);
        }
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Ok(Self::Png);
        }
        let brand = bytes.get(4..12).unwrap_or_default();
        let found = match bytes {
            [] => "an empty file",
            [b'G', b'I', b'F', b'8', ..] => "a GIF",
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "a WebP",
            [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => "a TIFF or a raw photograph",
            [b'B', b'M', ..] => "a BMP",
            [b'%', b'P', b'D', b'F', ..] => "a PDF",
            [0xff, 0x0a, ..] => "a JPEG XL",
            _ if brand.starts_with(b"ftypavi") => "an AVIF",
            _ if brand.starts_with(b"ftyphei") || brand == b"ftypmif1" => "a HEIC",
            _ => "something else",
        };
        Err(RenderError::UnsupportedFormat { found })
    }

    /// Media type, RFC 2046 and RFC 2083.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// Ending of a file's name, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
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
            (b"GIF89a", "a GIF"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "a WebP"),
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
    }
}
