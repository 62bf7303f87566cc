//! Marks in PNGs without packing them anew: only the rows under a mark are filtered and coded again.
//!
//! The bits of all other rows are copied as they are, shifted where need be. What a match after a mark reaches back to may
//! have changed, so the tokens of a mark's rows and of one window behind them are coded again, each as it was if it still
//! gives the same bytes. Filters are undone from the first row to the last marked one, for each row needs the one above.

mod bits;
mod codes;
mod deflate;
mod filter;
mod inflate;
mod rows;
mod splice;

use crate::{
    Channels, Pixels, Rect, Stamp,
    container::{apng::animation, png as container},
};

/// Why a PNG's data cannot be kept. It is decoded and encoded anew then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PngRefusal {
    /// An animation: its pictures are put together from one another.
    #[error("the file is animated")]
    Animated,
    /// Adam7: every row is in many places.
    #[error("the file is interlaced")]
    Interlaced,
    /// The mark's colours are not in its palette.
    #[error("the file has a palette")]
    Palette,
    /// Samples of 1, 2 or 4 bits, which have no levels for a mark's edges.
    #[error("the file has samples of less than 8 bits")]
    FewBits,
    /// A colour that stands for nothing.
    #[error("the file has a transparent colour")]
    TransparentColor,
    /// The pixels are to be turned for showing.
    #[error("the file is stored turned")]
    Turned,
    /// The file is broken, or its sums are wrong.
    #[error("the file's data does not fit its sums")]
    Broken,
}

/// A PNG that marks can be put into.
#[derive(Debug)]
pub(crate) struct Original {
    shape: Shape,
    /// The pixels as zlib packed them.
    zlib: Vec<u8>,
}

/// How rows are laid out.
#[derive(Debug, Clone, Copy)]
struct Shape {
    width: u32,
    height: u32,
    channels: Channels,
    /// Bytes of a sample, 1 or 2.
    sample_bytes: usize,
}

impl Shape {
    const fn pixel_bytes(&self) -> usize {
        self.channels.count() * self.sample_bytes
    }

    /// Bytes of a row without its filter.
    const fn row_bytes(&self) -> usize {
        self.width as usize * self.pixel_bytes()
    }

    /// Bytes of a row with its filter.
    const fn stride(&self) -> u64 {
        self.row_bytes() as u64 + 1
    }

    const fn packed_bytes(&self) -> u64 {
        self.stride() * self.height as u64
    }
}

impl Original {
    /// Looks at the chunks, and checks their sums.
    pub(crate) fn open(png: &[u8]) -> Result<Self, PngRefusal> {
        let header = container::header(png).ok_or(PngRefusal::Broken)?;
        if animation(png).is_some() {
            return Err(PngRefusal::Animated);
        }
        if header.is_interlaced {
            return Err(PngRefusal::Interlaced);
        }
        let channels = match header.color {
            0 => Channels::Gray,
            2 => Channels::Rgb,
            3 => return Err(PngRefusal::Palette),
            4 => Channels::GrayAlpha,
            6 => Channels::Rgba,
            _ => return Err(PngRefusal::Broken),
        };
        let sample_bytes = match header.bits {
            8 => 1,
            16 => 2,
            1 | 2 | 4 => return Err(PngRefusal::FewBits),
            _ => return Err(PngRefusal::Broken),
        };
        let pixels = container::pixels(png).ok_or(PngRefusal::Broken)?;
        if pixels.has_transparent_color {
            return Err(PngRefusal::TransparentColor);
        }
        // Deflate with a window of up to 32 KiB, no dictionary. Source: RFC 1950, 2.2.
        let is_zlib = matches!(pixels.zlib[..], [method, flags, ..] if method & 15 == 8
            && method >> 4 <= 7 && flags & 0x20 == 0 && (u32::from(method) << 8 | u32::from(flags)) % 31 == 0);
        if !is_zlib || header.width == 0 || header.height == 0 {
            return Err(PngRefusal::Broken);
        }
        let shape = Shape { width: header.width, height: header.height, channels, sample_bytes };
        Ok(Self { shape, zlib: pixels.zlib })
    }

    /// Columns and rows.
    pub(crate) const fn size(&self) -> (u32, u32) {
        (self.shape.width, self.shape.height)
    }

    /// Bytes of all pixels.
    pub(crate) const fn decoded_bytes(&self) -> u64 {
        self.shape.row_bytes() as u64 * self.shape.height as u64
    }

    /// Whether a pixel has a colour.
    pub(crate) const fn has_color(&self) -> bool {
        matches!(self.shape.channels, Channels::Rgb | Channels::Rgba)
    }

    /// Mean luma of the pixels in a rectangle, as [`Pixels::mean_luma`] has it.
    pub(crate) fn mean_luma(&self, rect: Rect) -> Result<f64, PngRefusal> {
        rows::mean_luma(&self.zlib, &self.shape, rect).map_err(|_| PngRefusal::Broken)
    }

    /// The pixels with marks on them, as zlib packs them.
    pub(crate) fn mark(&self, stamps: &[Stamp]) -> Result<Vec<u8>, PngRefusal> {
        splice::mark(&self.zlib, &self.shape, stamps).map_err(|_| PngRefusal::Broken)
    }
}

/// Calls with the pixels of whole rows, and puts what they have become back.
fn with_pixels<T>(shape: &Shape, rows: &mut [u8], then: impl FnOnce(&mut Pixels<'_>) -> T) -> Option<T> {
    let height = u32::try_from(rows.len() / shape.row_bytes().max(1)).ok()?;
    if shape.sample_bytes == 1 {
        return Some(then(&mut Pixels::bits8(rows, shape.channels, shape.width, height).ok()?));
    }
    let (pairs, _) = rows.as_chunks_mut::<2>();
    let mut samples: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
    let done = then(&mut Pixels::bits16(&mut samples, shape.channels, shape.width, height).ok()?);
    pairs.iter_mut().zip(samples).for_each(|(pair, sample)| *pair = sample.to_be_bytes());
    Some(done)
}
