//! Marks into JPEGs without compressing them anew. How: docs/jpeg.md.

mod alpha;
mod bits;
mod coefficients;
mod color;
mod compare;
mod dct;
mod frame;
mod huffman;
mod ink;
mod inspect;
mod lanes;
mod look;
mod luma;
mod markers;
mod mix;
mod proof;
mod recode;
mod refusal;
mod rewrite;
mod scan;
mod scan_writer;
mod segments;
mod skip;
mod splice;
mod token;
mod touched;
mod whole;

use std::cell::OnceCell;

use image::metadata::Orientation;

use self::{
    coefficients::Coefficients,
    color::ColorModel,
    frame::Process,
    huffman::HuffmanSpec,
    ink::Inker,
    luma::Means,
    markers::Header,
    rewrite::{rewrite, runs},
    segments::Assembly,
    splice::Splice,
    touched::Touched,
};
pub(crate) use self::{compare::compare, inspect::inspect, proof::Difference, whole::is_whole};
pub use self::{
    inspect::{HuffmanTables, JpegProcess, JpegStructure},
    refusal::Refusal,
    splice::Codes,
};
use crate::{BlendMode, Limits, Metadata, Method, Rect, Stamp, metadata};

/// A JPEG whose coefficients can be kept.
#[derive(Debug)]
pub(crate) struct Original<'a> {
    bytes: &'a [u8],
    header: Header,
    model: ColorModel,
    means: OnceCell<Result<Means, Refusal>>,
    max_decoded_bytes: u64,
}

/// A marked JPEG.
#[derive(Debug)]
pub(crate) struct MarkedJpeg {
    pub(crate) bytes: Vec<u8>,
    pub(crate) method: Method,
}

impl<'a> Original<'a> {
    /// Takes a file apart.
    pub(crate) fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, Refusal> {
        let header = Header::parse(bytes)?;
        let model = ColorModel::of(&header, bytes)?;
        if !is_spliced(&header) && Coefficients::size_bytes(&header.frame) > limits.max_decoded_bytes {
            return Err(Refusal::TooLarge);
        }
        Ok(Self { bytes, header, model, means: OnceCell::new(), max_decoded_bytes: limits.max_decoded_bytes })
    }

    /// Width and height as stored, in pixels.
    pub(crate) const fn size(&self) -> (u32, u32) {
        (self.header.frame.width, self.header.frame.height)
    }

    /// How the pixels are turned for showing.
    pub(crate) fn orientation(&self) -> Orientation {
        metadata::orientation(segments::exif(&self.header, self.bytes))
    }

    /// Mean luma of a rectangle (pixels as stored), 0.0 to 1.0, to the MCU.
    pub(crate) fn mean_luma(&self, rect: Rect) -> Result<f64, Refusal> {
        let means = self.means.get_or_init(|| Means::read(self.bytes, &self.header, self.model));
        means.as_ref().map(|means| means.mean(rect, &self.header.frame)).map_err(|refusal| *refusal)
    }

    /// The file with marks on it, and what is kept of its metadata.
    pub(crate) fn mark(&self, stamps: &[Stamp], metadata: &Metadata) -> Result<MarkedJpeg, Refusal> {
        let header = &self.header;
        if !self.model.is_rgb() && stamps.iter().any(|stamp| stamp.blend() != BlendMode::Normal) {
            return Err(Refusal::BlendOfInks);
        }
        let touched = Touched::by(stamps, &header.frame);
        let mut inker = Inker::new(header, stamps, self.model);
        if is_spliced(header) {
            let mut splice = Splice::new(self.bytes, header, &touched, &mut inker)?;
            let specs: Vec<_> = splice.tables().into_iter().map(|(at, spec)| (at, spec.clone())).collect();
            let tables = specs.iter().map(|(at, spec)| (*at, spec)).collect();
            let bytes = self.assembly(tables, metadata).write(|_, out| splice.write(&mut inker, out))?;
            return Ok(MarkedJpeg { bytes, method: Method::Spliced(splice.codes()) });
        }
        let runs: Vec<_> = header.scans.iter().map(|scan| runs(header, scan, &touched)).collect();
        let size_bytes = Coefficients::size_bytes(&header.frame) + rewrite::size_bytes(header, &runs);
        if size_bytes > self.max_decoded_bytes {
            return Err(Refusal::TooLarge);
        }
        let (mut coefficients, pieces) = Coefficients::read_with_seams(self.bytes, header, &runs)?;
        let mut blocks = Vec::new();
        for row in 0..header.frame.mcus_high {
            for column in touched.row(row).iter().flat_map(|(from, to)| *from..*to) {
                coefficients.mcu(&header.frame, column, row, &mut blocks);
                inker.mark(column, row, &mut blocks);
                coefficients.set_mcu(&header.frame, column, row, &blocks);
            }
        }
        let rewritten = rewrite(self.bytes, header, &coefficients, pieces)?;
        let tables = rewritten.specs.iter().enumerate().collect();
        let bytes = self.assembly(tables, metadata).write(|which, out| rewritten.write(which, out))?;
        Ok(MarkedJpeg { bytes, method: Method::Rewritten(rewritten.codes) })
    }

    fn assembly<'b>(&'b self, tables: Vec<(usize, &'b HuffmanSpec)>, metadata: &'b Metadata) -> Assembly<'b> {
        Assembly { bytes: self.bytes, header: &self.header, tables, metadata, orientation: self.orientation() }
    }

    /// Proves that `output` has the same coefficients outside of `touched` (pixels as stored), and no metadata but what
    /// is kept of this file's.
    pub(crate) fn prove(&self, output: &[u8], touched: &[Rect], metadata: &Metadata) -> Result<(), Difference> {
        let after = Header::parse(output).map_err(Difference::Unreadable)?;
        let expected = segments::metadata_segments(self.bytes, &self.header, metadata, self.orientation());
        let present = segments::present_metadata(output, &after);
        let expected = expected.iter().map(|(marker, payload)| (*marker, &payload[..]));
        if !expected.eq(present) {
            return Err(Difference::Metadata);
        }
        let touched = Touched::within(touched, &self.header.frame);
        proof::prove((&self.header, self.bytes), (&after, output), &touched)
    }
}

/// Whether the scan can be spliced: it is the only one and holds all.
fn is_spliced(header: &Header) -> bool {
    let [scan] = &header.scans[..] else { return false };
    header.frame.process == Process::Sequential && scan.components.len() == header.frame.components.len()
}
