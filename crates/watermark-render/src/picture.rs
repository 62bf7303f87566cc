//! Pictures that marks show: logos, of pixels or of shapes.

use std::{
    borrow::Cow,
    fmt,
    io::Cursor,
    sync::{Arc, OnceLock},
};

use image::{DynamicImage, ImageReader};
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{ImageHrefResolver, Options, Tree},
};

use crate::{Limits, RenderError, container};

/// A logo. One of pixels that is drawn small is kept halved again and again as well: it then costs what the small one
/// costs.
#[derive(Clone)]
pub struct Picture(Source);

#[derive(Clone)]
enum Source {
    /// As large as it is, and each half of the one before, once any of them has been asked for.
    Pixels(Level, OnceLock<Vec<Level>>),
    Shapes(Arc<Tree>),
}

/// Pixels in RGBA, alpha premultiplied, 0 to 65,535, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixels: Vec<[u16; 4]>,
}

/// Why bytes are no picture for a mark.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureFailure {
    /// It has more pixels than allowed.
    #[error("it has too many pixels")]
    TooLarge,
    /// There are not `width * height` pixels, or none at all.
    #[error("its samples are not those of its size")]
    Samples,
    /// It is no PNG and no WebP, or a broken one.
    #[error("it cannot be decoded")]
    Pixels(#[source] image::ImageError),
    /// It is an animated WebP with a picture of another size than it says.
    #[error("its pictures have other sizes than it says")]
    Misfit,
    /// It is a broken SVG.
    #[error("it is no SVG that can be read")]
    Shapes(#[source] resvg::usvg::Error),
    /// It is an SVG with texts or pictures in it, which would be missing: they must be paths.
    #[error("texts and pictures in an SVG must be turned into paths")]
    NotOnlyPaths,
}

/// Most bytes of an SVG.
const MAX_SVG_BYTES: usize = 1 << 20;

/// Longest side that shapes are drawn at, in pixels; what is larger is stretched.
const MAX_SHAPES_PX: f64 = 4_096.0;

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture").field("width", &self.width()).field("height", &self.height()).finish_non_exhaustive()
    }
}

impl PartialEq for Picture {
    /// The same pixels, or the same shapes in memory.
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Source::Pixels(own, _), Source::Pixels(others, _)) => own == others,
            (Source::Shapes(own), Source::Shapes(others)) => Arc::ptr_eq(own, others),
            _ => false,
        }
    }
}

impl Picture {
    /// Pixels in RGBA with straight alpha, four samples a pixel, row by row.
    ///
    /// # Errors
    /// [`PictureFailure::Samples`] unless there are `width * height` of them, at least one.
    pub fn from_rgba8(width: u32, height: u32, samples: &[u8]) -> Result<Self, PictureFailure> {
        let expected = u64::from(width) * u64::from(height) * 4;
        if expected == 0 || samples.len() as u64 != expected {
            return Err(PictureFailure::Samples);
        }
        let (samples, _) = samples.as_chunks::<4>();
        let pixels = samples.iter().map(|[r, g, b, a]| {
            let alpha = u32::from(*a) * 257;
            let color = [*r, *g, *b].map(|value| u32::from(value) * 257);
            let [r, g, b] = match a {
                0 => [0; 3],
                255 => color,
                _ => color.map(|value| (value * alpha + 32_767) / 65_535),
            };
            [r as u16, g as u16, b as u16, alpha as u16]
        });
        Ok(Self(Source::Pixels(Level { width, height, pixels: pixels.collect() }, OnceLock::new())))
    }

    /// Decodes a PNG, a WebP (of an animated one the first picture) or an SVG of paths, at most 1 MiB of it.
    ///
    /// `name` is only what an error calls it.
    ///
    /// # Errors
    /// [`RenderError::BrokenPicture`].
    pub fn decode(name: &str, bytes: &[u8], limits: &Limits) -> Result<Self, RenderError> {
        let decoded = if is_svg(bytes) { shapes(bytes) } else { pixels(bytes, limits) };
        decoded.map_err(|failure| RenderError::BrokenPicture { name: name.to_owned(), failure })
    }

    /// Columns.
    pub fn width(&self) -> u32 {
        match &self.0 {
            Source::Pixels(level, _) => level.width,
            // A cast from a float goes to the nearest end of the range.
            Source::Shapes(tree) => (tree.size().width().ceil() as u32).max(1),
        }
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        match &self.0 {
            Source::Pixels(level, _) => level.height,
            Source::Shapes(tree) => (tree.size().height().ceil() as u32).max(1),
        }
    }

    /// Pixels to draw it from at a size: the fewest that are enough, mostly less than twice as many on each side. Shapes
    /// have just as many, or twice as many for what is turned, which takes four samples a pixel.
    pub(crate) fn level(&self, width: f64, height: f64, is_turned: bool) -> Option<Cow<'_, Level>> {
        match &self.0 {
            Source::Pixels(level, halves) => {
                let is_enough = |wide: u32, high: u32| f64::from(wide) >= width && f64::from(high) >= height;
                let half = Some(level).filter(|level| is_enough(level.width.div_ceil(2), level.height.div_ceil(2)));
                let half = half.and_then(|level| {
                    let halves = halves.get_or_init(|| level.halves());
                    halves.iter().rev().find(|half| is_enough(half.width, half.height))
                });
                Some(Cow::Borrowed(half.unwrap_or(level)))
            }
            Source::Shapes(tree) => {
                let times = if is_turned { 2.0 } else { 1.0 };
                drawn(tree, width * times, height * times).map(Cow::Owned)
            }
        }
    }
}

fn is_svg(bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    start.starts_with(b"<")
}

fn pixels(bytes: &[u8], limits: &Limits) -> Result<Picture, PictureFailure> {
    if !container::webp::alpha_frames_fit(bytes) {
        return Err(PictureFailure::Misfit);
    }
    let decoded = (|| {
        let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
        let mut bounds = image::Limits::no_limits();
        bounds.max_alloc = Some(limits.max_decoded_bytes);
        reader.limits(bounds);
        reader.decode()
    })();
    let image: DynamicImage = decoded.map_err(PictureFailure::Pixels)?;
    if u64::from(image.width()) * u64::from(image.height()) > limits.max_pixels {
        return Err(PictureFailure::TooLarge);
    }
    let image = image.into_rgba8();
    Picture::from_rgba8(image.width(), image.height(), &image)
}

fn shapes(bytes: &[u8]) -> Result<Picture, PictureFailure> {
    if bytes.len() > MAX_SVG_BYTES {
        return Err(PictureFailure::TooLarge);
    }
    let has = |element: &[u8]| bytes.windows(element.len()).any(|window| window == element);
    if [&b"<text"[..], b":text", b"<image", b":image", b"<feImage", b":feImage"].into_iter().any(has) {
        return Err(PictureFailure::NotOnlyPaths);
    }
    // Nothing that it refers to is fetched, from a disk least of all.
    let image_href_resolver =
        ImageHrefResolver { resolve_data: Box::new(|_, _, _| None), resolve_string: Box::new(|_, _| None) };
    let options = Options { image_href_resolver, ..Options::default() };
    let tree = Tree::from_data(bytes, &options).map_err(PictureFailure::Shapes)?;
    Ok(Picture(Source::Shapes(Arc::new(tree))))
}

fn drawn(tree: &Tree, width: f64, height: f64) -> Option<Level> {
    let side = |px: f64| px.round().clamp(1.0, MAX_SHAPES_PX) as u32;
    let (width, height) = (side(width), side(height));
    let mut pixmap = Pixmap::new(width, height)?;
    let size = tree.size();
    let scale = Transform::from_scale(width as f32 / size.width(), height as f32 / size.height());
    resvg::render(tree, scale, &mut pixmap.as_mut());
    let pixels = pixmap.data().chunks_exact(4).map(|pixel| {
        let wide = |at: usize| u16::from(pixel[at]) * 257;
        [wide(0), wide(1), wide(2), wide(3)]
    });
    Some(Level { width, height, pixels: pixels.collect() })
}

impl Level {
    /// The half of it, the half of that, and so on down to one pixel.
    fn halves(&self) -> Vec<Self> {
        let mut halves: Vec<Self> = Vec::new();
        while let Some(last) = Some(halves.last().unwrap_or(self)).filter(|last| last.width > 1 || last.height > 1) {
            let half = last.halved();
            halves.push(half);
        }
        halves
    }

    /// Half as many columns and rows, rounded up; each pixel is the mean of what it stands for.
    fn halved(&self) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let mut pixels = Vec::with_capacity(width as usize * height as usize);
        for y in 0..height {
            for x in 0..width {
                let (right, below) = ((2 * x + 1).min(self.width - 1), (2 * y + 1).min(self.height - 1));
                let four = [(2 * x, 2 * y), (right, 2 * y), (2 * x, below), (right, below)]
                    .map(|(x, y)| self.pixels[y as usize * self.width as usize + x as usize]);
                let mean = |at: usize| (four.iter().map(|pixel| u32::from(pixel[at])).sum::<u32>() + 2) / 4;
                pixels.push([mean(0) as u16, mean(1) as u16, mean(2) as u16, mean(3) as u16]);
            }
        }
        Self { width, height, pixels }
    }

    /// Turned clockwise by so many right angles.
    pub(crate) fn quarters(&self, turns: u32) -> Self {
        let (width, height) =
            if turns.is_multiple_of(2) { (self.width, self.height) } else { (self.height, self.width) };
        let source = |x: u32, y: u32| match turns % 4 {
            1 => (y, self.height - 1 - x),
            2 => (self.width - 1 - x, self.height - 1 - y),
            3 => (self.width - 1 - y, x),
            _ => (x, y),
        };
        let all = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let pixels = all.map(|(x, y)| {
            let (x, y) = source(x, y);
            self.pixels[y as usize * self.width as usize + x as usize]
        });
        Self { width, height, pixels: pixels.collect() }
    }
}
