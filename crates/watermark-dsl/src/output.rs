//! What becomes of the file: format, quality, metadata and size.

use crate::words::words;

/// What becomes of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Format. Default: the source's.
    pub format: OutputFormat,
    /// Quality where it is lossy. Default: the source's.
    pub quality: Quality,
    /// Metadata that is kept where the source has it, sorted, each once. Default: ICC profile and copyright.
    pub keep: Vec<Metadata>,
    /// Metadata that is taken out whatever `keep` says, sorted, each once. Default: GPS.
    pub strip: Vec<Metadata>,
    /// Longest side in pixels; larger pictures are shrunk. Default: as they are.
    pub max_edge_px: Option<u32>,
}

impl Default for Output {
    fn default() -> Self {
        Self {
            format: OutputFormat::Source,
            quality: Quality::Source,
            keep: vec![Metadata::Icc, Metadata::Copyright],
            strip: vec![Metadata::Gps],
            max_edge_px: None,
        }
    }
}

impl Output {
    /// Whether this is kept: named by `keep` and not by `strip`.
    pub fn keeps(&self, metadata: Metadata) -> bool {
        self.keep.contains(&metadata) && !self.strip.contains(&metadata)
    }
}

words! {
    /// Format of the output.
    OutputFormat {
        /// That of the source.
        Source = "source",
        /// JPEG
        Jpeg = "jpeg",
        /// PNG
        Png = "png",
        /// WebP
        WebP = "webp",
    }
}

/// Quality of a lossy output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quality {
    /// As near to the source as the format allows.
    Source,
    /// 1 to 100, as libjpeg counts.
    Percent(u8),
}

words! {
    /// A kind of metadata.
    Metadata {
        /// The ICC colour profile.
        Icc = "icc",
        /// Copyright and artist, wherever they stand.
        Copyright = "copyright",
        /// The EXIF block, without its place.
        Exif = "exif",
        /// The XMP packet, without its place.
        Xmp = "xmp",
        /// The IPTC block, without its place.
        Iptc = "iptc",
        /// The place where the picture was taken, wherever it stands.
        Gps = "gps",
    }
}

/// What counts for videos only; stills take no notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Video {
    /// Every how many frames the mark is drawn, 1 to 100,000.
    pub frame_interval: u32,
}
