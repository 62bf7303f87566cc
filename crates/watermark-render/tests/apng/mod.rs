//! Animated PNGs, written chunk by chunk so that any of it can be wrong, and read in another way than the renderer reads them.
#![allow(dead_code, reason = "each test file is a crate of its own and uses a part of this")]
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

use std::io::{Cursor, Write};

use flate2::{Compression, write::ZlibEncoder};
use png::{BlendOp, DisposeOp, FrameControl, Transformations};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Name and payload of a chunk.
pub(crate) type Chunk = ([u8; 4], Vec<u8>);

/// Pixels in RGBA of 16 bits, row by row.
pub(crate) type Pixels = Vec<[u16; 4]>;

/// A picture of an animation, and its bytes row by row, without filters.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) place: [u32; 4],
    pub(crate) delay: (u16, u16),
    pub(crate) disposal: u8,
    pub(crate) blending: u8,
    pub(crate) rows: Vec<Vec<u8>>,
}

/// An animated PNG before it is one.
#[derive(Clone)]
pub(crate) struct Apng {
    pub(crate) size: (u32, u32),
    pub(crate) bits: u8,
    pub(crate) color: u8,
    pub(crate) is_interlaced: bool,
    pub(crate) promised: u32,
    pub(crate) plays: u32,
    /// Palette, transparency and the like.
    pub(crate) others: Vec<Chunk>,
    /// A picture before the first that is none of the animation.
    pub(crate) fallback: Option<Part>,
    pub(crate) parts: Vec<Part>,
}

pub(crate) fn chunk(name: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let named = [&name[..], payload].concat();
    let length = u32::try_from(payload.len()).unwrap();
    [&length.to_be_bytes()[..], &named, &crc32fast::hash(&named).to_be_bytes()].concat()
}

/// Every chunk of a file: name and payload.
pub(crate) fn chunks(png: &[u8]) -> Vec<Chunk> {
    let mut rest = &png[8..];
    let mut found = Vec::new();
    while !rest.is_empty() {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        found.push((rest[4..8].try_into().unwrap(), rest[8..8 + length].to_vec()));
        rest = &rest[12 + length..];
    }
    found
}

/// A file of these chunks.
pub(crate) fn file(chunks: &[Chunk]) -> Vec<u8> {
    let chunks = chunks.iter().flat_map(|(name, payload)| chunk(name, payload));
    SIGNATURE.iter().copied().chain(chunks).collect()
}

/// Something for every byte, from a fixed sequence.
fn scrambled(seed: u32, count: usize) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(count).collect()
}

impl Apng {
    /// Three pictures, the last two in the middle, of a kind of samples.
    pub(crate) fn new(bits: u8, color: u8) -> Self {
        let mut others = Vec::new();
        if color == 3 {
            others.push((*b"PLTE", scrambled(5, 3 << bits)));
        }
        let mut new = Self {
            size: (71, 53),
            bits,
            color,
            is_interlaced: false,
            promised: 3,
            plays: 7,
            others,
            fallback: None,
            parts: Vec::new(),
        };
        new.parts = vec![
            new.part(1, [0, 0, 71, 53], 0, 0),
            new.part(2, [11, 6, 23, 19], 2, 1),
            new.part(3, [17, 9, 30, 21], 1, 1),
        ];
        new
    }

    /// A picture at left and top, so wide and high.
    pub(crate) fn part(&self, seed: u32, place: [u32; 4], disposal: u8, blending: u8) -> Part {
        let channels = [1, 0, 3, 1, 2, 0, 4][usize::from(self.color)];
        let row_bytes = (place[2] as usize * channels * usize::from(self.bits)).div_ceil(8);
        let rows = scrambled(seed, row_bytes * place[3] as usize).chunks(row_bytes).map(<[u8]>::to_vec).collect();
        Part { place, delay: (u16::try_from(seed).unwrap(), 10), disposal, blending, rows }
    }

    /// All of a picture, packed.
    fn packed(&self, part: &Part) -> Vec<u8> {
        let channels = [1, 0, 3, 1, 2, 0, 4][usize::from(self.color)];
        let pixel_bits = channels * usize::from(self.bits);
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        if !self.is_interlaced {
            part.rows.iter().for_each(|row| zlib.write_all(&[&[0], &row[..]].concat()).unwrap());
            return zlib.finish().unwrap();
        }
        // Source: PNG, third edition, 8.2: the first column and row of each pass, and how far it is to the next.
        let passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
        for (x, y, dx, dy) in passes {
            let columns: Vec<usize> = (x..part.place[2] as usize).step_by(dx).collect();
            for row in part.rows.iter().skip(y).step_by(dy).filter(|_| !columns.is_empty()) {
                let bit = |at: usize| row[at / 8] >> (7 - at % 8) & 1;
                let bits: Vec<u8> =
                    columns.iter().flat_map(|x| (0..pixel_bits).map(move |at| x * pixel_bits + at)).map(bit).collect();
                let bytes =
                    bits.chunks(8).map(|bits| bits.iter().enumerate().map(|(at, bit)| bit << (7 - at)).sum::<u8>());
                zlib.write_all(&[0]).unwrap();
                zlib.write_all(&bytes.collect::<Vec<u8>>()).unwrap();
            }
        }
        zlib.finish().unwrap()
    }

    pub(crate) fn chunks(&self) -> Vec<Chunk> {
        let size = [self.size.0, self.size.1].map(u32::to_be_bytes).concat();
        let header = [&size[..], &[self.bits, self.color, 0, 0, u8::from(self.is_interlaced)]].concat();
        let mut out = vec![(*b"IHDR", header)];
        out.extend(self.others.clone());
        out.push((*b"acTL", [self.promised, self.plays].map(u32::to_be_bytes).concat()));
        let mut number = 0_u32;
        let mut next = || {
            number += 1;
            (number - 1).to_be_bytes()
        };
        if let Some(fallback) = &self.fallback {
            out.push((*b"IDAT", self.packed(fallback)));
        }
        for (at, part) in self.parts.iter().enumerate() {
            let [x, y, width, height] = part.place.map(u32::to_be_bytes);
            let delay = [part.delay.0, part.delay.1].map(u16::to_be_bytes).concat();
            let place = [next(), width, height, x, y].concat();
            out.push((*b"fcTL", [&place[..], &delay, &[part.disposal, part.blending]].concat()));
            let packed = self.packed(part);
            if at == 0 && self.fallback.is_none() {
                out.push((*b"IDAT", packed));
            } else {
                // In two, as an encoder may.
                let (one, other) = packed.split_at(packed.len() / 2);
                out.push((*b"fdAT", [&next()[..], one].concat()));
                out.push((*b"fdAT", [&next()[..], other].concat()));
            }
        }
        out.push((*b"IEND", Vec::new()));
        out
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        file(&self.chunks())
    }
}

/// What a file shows, in RGBA of 16 bits; what is wholly transparent is all zeros.
#[derive(Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) size: (u32, u32),
    pub(crate) plays: u32,
    pub(crate) fallback: Option<Pixels>,
    pub(crate) pictures: Vec<((u16, u16), Pixels)>,
    /// Where each picture is stored: left, top, width and height.
    pub(crate) places: Vec<[u32; 4]>,
}

/// Reads a file that is not interlaced.
pub(crate) fn shown(png: &[u8]) -> Shown {
    let mut decoder = png::Decoder::new(Cursor::new(png));
    decoder.set_transformations(Transformations::EXPAND | Transformations::ALPHA);
    let mut reader = decoder.read_info().unwrap();
    let size = reader.info().size();
    let control = *reader.info().animation_control().unwrap();
    let mut first = reader.info().frame_control;
    let read = |reader: &mut png::Reader<Cursor<&[u8]>>| {
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        bytes.truncate(info.buffer_size());
        let samples: Vec<u16> = match info.bit_depth {
            png::BitDepth::Sixteen => bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect(),
            _ => bytes.iter().map(|byte| u16::from(*byte) * 257).collect(),
        };
        match info.color_type {
            png::ColorType::GrayscaleAlpha => {
                samples.chunks(2).map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]]).collect()
            }
            _ => samples.chunks(4).map(|pixel| pixel.try_into().unwrap()).collect::<Vec<[u16; 4]>>(),
        }
    };
    let fallback = first.is_none().then(|| read(&mut reader).into_iter().map(seen).collect());
    let mut canvas = vec![[0; 4]; size.0 as usize * size.1 as usize];
    let is_wide = reader.info().bit_depth == png::BitDepth::Sixteen;
    let (mut pictures, mut places) = (Vec::new(), Vec::new());
    for at in 0..control.num_frames {
        let frame = first.take().unwrap_or_else(|| *reader.next_frame_info().unwrap());
        let pixels = read(&mut reader);
        let before = canvas.clone();
        let at_canvas = |index: usize| {
            let (x, y) = (index % frame.width as usize, index / frame.width as usize);
            (y + frame.y_offset as usize) * size.0 as usize + x + frame.x_offset as usize
        };
        for (index, pixel) in pixels.into_iter().enumerate() {
            let below = &mut canvas[at_canvas(index)];
            *below = if frame.blend_op == BlendOp::Over { over(*below, pixel, is_wide) } else { pixel };
        }
        let FrameControl { delay_num, delay_den, x_offset, y_offset, width, height, .. } = frame;
        pictures.push(((delay_num, delay_den), canvas.iter().copied().map(seen).collect()));
        places.push([x_offset, y_offset, width, height]);
        match frame.dispose_op {
            DisposeOp::None => {}
            DisposeOp::Previous if at > 0 => canvas = before,
            _ => (0..(width * height) as usize).for_each(|index| canvas[at_canvas(index)] = [0; 4]),
        }
    }
    Shown { size, plays: control.num_plays, fallback, pictures, places }
}

fn seen(pixel: [u16; 4]) -> [u16; 4] {
    if pixel[3] == 0 { [0; 4] } else { pixel }
}

fn over(below: [u16; 4], above: [u16; 4], is_wide: bool) -> [u16; 4] {
    let step = if is_wide { 1.0 } else { 257.0 };
    let level = |value: u16| f64::from(value) / step;
    let max = 65_535.0 / step;
    let (front, back) = (level(above[3]) / max, level(below[3]) / max);
    let alpha = front + back * (1.0 - front);
    if alpha == 0.0 {
        return [0; 4];
    }
    let mix = |at: usize| (level(above[at]) * front + level(below[at]) * back * (1.0 - front)) / alpha;
    let value = |level: f64| ((level + 1e-9).round() * step) as u16;
    [value(mix(0)), value(mix(1)), value(mix(2)), value(alpha * max)]
}
