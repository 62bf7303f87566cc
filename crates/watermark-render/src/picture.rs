//! Pictures that marks show: logos, decoded once and kept in several sizes.

use std::{collections::BTreeMap, fmt, io::Cursor, sync::Arc};

use image::{DynamicImage, ImageReader};
use sha2::{Digest, Sha256};

use crate::{Limits, RenderError, fonts::hex};

/// A decoded picture, and the same halved again and again: to draw it small costs what the small one costs.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    levels: Vec<Level>,
}

/// Pixels in RGBA, alpha premultiplied, 0 to 65,535, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixels: Vec<[u16; 4]>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture").field("width", &self.width()).field("height", &self.height()).finish_non_exhaustive()
    }
}

impl Picture {
    /// Pixels in RGBA with straight alpha, four samples a pixel, row by row.
    ///
    /// # Errors
    /// [`RenderError::BrokenPicture`] unless there are `width * height` of them, at least one.
    pub fn from_rgba8(width: u32, height: u32, samples: &[u8]) -> Result<Self, RenderError> {
        let expected = u64::from(width) * u64::from(height) * 4;
        if expected == 0 || samples.len() as u64 != expected {
            return Err(RenderError::BrokenPicture { name: String::new(), source: None });
        }
        let pixels = samples.chunks_exact(4).map(|pixel| {
            let alpha = u32::from(pixel[3]) * 257;
            let color = |at: usize| ((u32::from(pixel[at]) * 257 * alpha + 32_767) / 65_535) as u16;
            [color(0), color(1), color(2), alpha as u16]
        });
        let mut levels = vec![Level { width, height, pixels: pixels.collect() }];
        while let Some(last) = levels.last().filter(|last| last.width > 1 || last.height > 1) {
            let half = last.halved();
            levels.push(half);
        }
        Ok(Self { levels })
    }

    /// Decodes a PNG or a WebP (of an animated one the first picture).
    ///
    /// # Errors
    /// [`RenderError::BrokenPicture`] where it is neither, is broken, or is larger than `limits` allow.
    pub fn decode(name: &str, bytes: &[u8], limits: &Limits) -> Result<Self, RenderError> {
        let broken = |source| RenderError::BrokenPicture { name: name.to_owned(), source };
        let decoded = (|| {
            let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
            let mut bounds = image::Limits::no_limits();
            bounds.max_alloc = Some(limits.max_decoded_bytes);
            reader.limits(bounds);
            reader.decode()
        })();
        let image: DynamicImage = decoded.map_err(|source| broken(Some(source)))?;
        if u64::from(image.width()) * u64::from(image.height()) > limits.max_pixels {
            return Err(broken(None));
        }
        let image = image.to_rgba8();
        Self::from_rgba8(image.width(), image.height(), &image).map_err(|_| broken(None))
    }

    /// Columns.
    pub fn width(&self) -> u32 {
        self.levels.first().map_or(0, |level| level.width)
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.levels.first().map_or(0, |level| level.height)
    }

    /// The smallest level that still has as many pixels as are asked for, else the largest.
    pub(crate) fn level(&self, width: f64, height: f64) -> Option<&Level> {
        let is_enough = |level: &&Level| f64::from(level.width) >= width && f64::from(level.height) >= height;
        self.levels.iter().rev().find(is_enough).or(self.levels.first())
    }
}

impl Level {
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

/// The pictures that templates can name. A clone is cheap.
#[derive(Debug, Clone, Default)]
pub struct Assets {
    by_name: Arc<BTreeMap<String, Asset>>,
}

#[derive(Debug, Clone)]
struct Asset {
    picture: Arc<Picture>,
    digest: [u8; 32],
}

impl Assets {
    /// Adds a picture under the name that templates use, in the place of one of that name.
    ///
    /// # Errors
    /// Those of [`Picture::decode`].
    pub fn add(&mut self, name: &str, bytes: &[u8], limits: &Limits) -> Result<(), RenderError> {
        let picture = Arc::new(Picture::decode(name, bytes, limits)?);
        let digest = Sha256::digest(bytes).into();
        Arc::make_mut(&mut self.by_name).insert(name.to_owned(), Asset { picture, digest });
        Ok(())
    }

    /// The picture of this name.
    ///
    /// # Errors
    /// [`RenderError::UnknownPicture`] where there is none.
    pub fn get(&self, name: &str) -> Result<Arc<Picture>, RenderError> {
        self.by_name.get(name).map(|asset| Arc::clone(&asset.picture)).ok_or_else(|| RenderError::UnknownPicture {
            name: name.to_owned(),
            known: self.names().map(str::to_owned).collect(),
        })
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// SHA-256 over every name and every file's own SHA-256, in hex; see [`crate::Fonts::digest`].
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for (name, asset) in self.by_name.iter() {
            hasher.update(u64::try_from(name.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(name);
            hasher.update(asset.digest);
        }
        hex(&hasher.finalize())
    }
}
