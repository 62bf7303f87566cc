//! Files of many progressive scans whose blocks are known, with marks of any shape on them.

use super::{super::coefficients::Plane, *};
use crate::Rect;

const WIDTH: u16 = 150;
const HEIGHT: u16 = 90;

/// Components, first and last coefficient, bit before and bit of each scan: as libjpeg's own script.
const SCRIPT: [(&[u8], u8, u8, u8, u8); 10] = [
    (&[1, 2, 3], 0, 0, 0, 1),
    (&[1], 1, 5, 0, 2),
    (&[3], 1, 63, 0, 1),
    (&[2], 1, 63, 0, 1),
    (&[1], 6, 63, 0, 2),
    (&[1], 1, 63, 2, 1),
    (&[1, 2, 3], 0, 0, 1, 0),
    (&[3], 1, 63, 1, 0),
    (&[2], 1, 63, 1, 0),
    (&[1], 1, 63, 1, 0),
];

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A value of up to so many bits, mostly of few.
    fn value(&mut self, bits: u64) -> i16 {
        let bits = self.below(bits) + 1;
        let value = self.below(1 << bits) as i16;
        if self.chance(50) { -value } else { value }
    }

    /// Coefficients of blocks of which `percent` have any but a DC; those beside the picture never have.
    fn fill(&mut self, plane: &mut Plane, at: usize, edges: (u32, u32), percent: u64, bits: u64) {
        let block = &mut plane.blocks[at];
        *block = [0; 64];
        block[0] = self.value(10);
        let (x, y) = (at as u32 % plane.wide, at as u32 / plane.wide);
        if x < edges.0 && y < edges.1 && self.chance(percent) {
            for _ in 0..self.below(40) {
                let end = if self.chance(70) { 12 } else { 63 };
                let place = self.below(end) as usize + 1;
                block[place] = self.value(bits);
            }
        }
    }
}

/// A file with these tables, one before each scan, and these data.
fn file(restart: u16, specs: &[HuffmanSpec], scans: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![0xff, 0xd8];
    let mut segment = |marker: u8, payload: &[u8], data: &[u8]| {
        out.extend([0xff, marker]);
        out.extend((payload.len() as u16 + 2).to_be_bytes());
        out.extend_from_slice(payload);
        out.extend_from_slice(data);
    };
    segment(0xdb, &[&[0][..], &[1; 64]].concat(), &[]);
    let size = [HEIGHT.to_be_bytes(), WIDTH.to_be_bytes()].concat();
    segment(0xc2, &[&[8][..], &size, &[3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0]].concat(), &[]);
    segment(0xdd, &restart.to_be_bytes(), &[]);
    for ((script, spec), data) in SCRIPT.iter().zip(specs).zip(scans) {
        let &(components, first, last, high, low) = script;
        let mut table = vec![if first == 0 { 0x00 } else { 0x10 }];
        spec.write(&mut table);
        segment(0xc4, &table, &[]);
        let names = components.iter().flat_map(|name| [*name, 0]);
        let header: Vec<u8> = [components.len() as u8].into_iter().chain(names).collect();
        segment(0xda, &[&header[..], &[first, last, high << 4 | low]].concat(), data);
    }
    out.extend([0xff, 0xd9]);
    out
}

/// A file with these coefficients and no code more than it needs.
fn encoded(restart: u16, coefficients: &Coefficients) -> Vec<u8> {
    let one = HuffmanSpec { counts: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], symbols: vec![0] };
    let empty = file(0, &vec![one; SCRIPT.len()], &vec![Vec::new(); SCRIPT.len()]);
    let header = Header::parse(&empty).unwrap();
    let (mut specs, mut scans) = (Vec::new(), Vec::new());
    for scan in &header.scans {
        let (wide, high) = scan.mcus(&header.frame);
        let step = if restart == 0 { wide * high } else { u32::from(restart) };
        let pieces = (0..wide * high).step_by(step as usize).map(|from| {
            let mcus = from..(from + step).min(wide * high);
            Piece { bytes: 0..0, mcus, marked: Vec::new(), end: 0 }
        });
        let mut marks = Marks::new(&header, scan, pieces.collect(), coefficients).unwrap();
        marks.write_whole(&header, scan, coefficients).unwrap();
        let mut counts = Counts::new(1);
        marks.tokens.iter().filter(|token| token.table() == 0).for_each(|token| counts.count(0, token.symbol));
        // A scan that refines DCs has no codes at all.
        counts.count(0, 0);
        let spec = counts.optimal(0);
        let encoders = vec![Encoder::new(&spec); header.tables.len()];
        let one = Rewritten { bytes: &empty, scans: vec![marks], specs: Vec::new(), encoders, codes: Codes::Own };
        let mut data = Vec::new();
        one.write(0, &mut data).unwrap();
        specs.push(spec);
        scans.push(data);
    }
    file(restart, &specs, &scans)
}

#[test]
fn marked_blocks_are_written_and_all_others_copied_wherever_they_lie() {
    let mut seen = std::collections::BTreeMap::new();
    for seed in 0..120 {
        let mut random = Random(seed);
        let restart = [0, 0, 1, 7][random.below(4) as usize];
        let percent = [2, 20, 90][random.below(3) as usize];
        let (wide, high) = (u32::from(WIDTH.div_ceil(16)), u32::from(HEIGHT.div_ceil(16)));
        let plane =
            |times: u32| Plane { wide: wide * times, blocks: vec![[0; 64]; (wide * times * high * times) as usize] };
        let mut coefficients = Coefficients { planes: vec![plane(2), plane(1), plane(1)] };
        let edges = [(u32::from(WIDTH.div_ceil(8)), u32::from(HEIGHT.div_ceil(8))), (wide, high), (wide, high)];
        for (plane, edges) in coefficients.planes.iter_mut().zip(edges) {
            (0..plane.blocks.len()).for_each(|at| random.fill(plane, at, edges, percent, 6));
        }
        let bytes = encoded(restart, &coefficients);
        let header = Header::parse(&bytes).unwrap();
        assert_eq!(Coefficients::read(&bytes, &header).unwrap(), coefficients, "seed {seed}");

        let rects: Vec<Rect> = (0..=random.below(5))
            .map(|_| {
                let (x, y) = (random.below(WIDTH.into()) as u32, random.below(HEIGHT.into()) as u32);
                let (width, height) = (random.below(60) as u32 + 1, random.below(30) as u32 + 1);
                Rect { x, y, width: width.min(u32::from(WIDTH) - x), height: height.min(u32::from(HEIGHT) - y) }
            })
            .collect();
        let touched = Touched::within(&rects, &header.frame);
        let runs: Vec<_> = header.scans.iter().map(|scan| runs(&header, scan, &touched)).collect();
        let (mut changed, pieces) = Coefficients::read_with_seams(&bytes, &header, &runs).unwrap();
        assert_eq!(changed, coefficients, "seed {seed}");
        let bits = [6, 9][random.below(2) as usize];
        for row in 0..high {
            for column in touched.row(row).iter().flat_map(|(from, to)| *from..*to) {
                for (number, (plane, edges)) in changed.planes.iter_mut().zip(edges).enumerate() {
                    let times = if number == 0 { 2 } else { 1 };
                    for (y, x) in (0..times).flat_map(|y| (0..times).map(move |x| (y, x))) {
                        let at = (row * times + y) * plane.wide + column * times + x;
                        random.fill(plane, at as usize, edges, percent, bits);
                    }
                }
            }
        }
        let rewritten = rewrite(&bytes, &header, &changed, pieces).unwrap();
        let data = (0..SCRIPT.len()).map(|scan| {
            let mut data = Vec::new();
            rewritten.write(scan, &mut data).unwrap();
            data
        });
        let data: Vec<_> = data.collect();
        let output = file(restart, &rewritten.specs, &data);
        let header = Header::parse(&output).unwrap();
        assert_eq!(Coefficients::read(&output, &header).unwrap(), changed, "seed {seed}");
        *seen.entry(format!("{:?}", rewritten.codes)).or_insert(0) += 1;
    }
    assert!(seen.len() > 1, "{seen:?}");
}

/// A file may end more blocks than it has: the last code of an interval says so, and nobody reads further.
#[test]
fn a_run_that_goes_on_behind_the_last_block_ends_with_it() {
    let (wide, high) = (u32::from(WIDTH.div_ceil(16)), u32::from(HEIGHT.div_ceil(16)));
    let plane =
        |times: u32| Plane { wide: wide * times, blocks: vec![[0; 64]; (wide * times * high * times) as usize] };
    let coefficients = Coefficients { planes: vec![plane(2), plane(1), plane(1)] };
    let one = HuffmanSpec { counts: [0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], symbols: vec![0x00, 0xb0] };
    // All are zero: DCs of no bits, bits of DCs, and one code that ends 4,094 blocks.
    let all_dcs = vec![0; (wide * high * 6 * 2).div_ceil(8) as usize];
    let data = SCRIPT.map(|(_, first, _, high, _)| match (first, high) {
        (0, 0) => all_dcs.clone(),
        (0, _) => vec![0; all_dcs.len() / 2],
        _ => vec![0b0111_1111, 0b1111_0111],
    });
    let bytes = file(0, &vec![one; SCRIPT.len()], &data);
    let header = Header::parse(&bytes).unwrap();
    assert_eq!(Coefficients::read(&bytes, &header).unwrap(), coefficients);
    let last = Rect { x: u32::from(WIDTH) - 1, y: u32::from(HEIGHT) - 1, width: 1, height: 1 };
    let middle = Rect { x: 40, y: 40, width: 20, height: 9 };
    for rects in [vec![last], vec![middle], vec![middle, last]] {
        let touched = Touched::within(&rects, &header.frame);
        let runs: Vec<_> = header.scans.iter().map(|scan| runs(&header, scan, &touched)).collect();
        let (changed, pieces) = Coefficients::read_with_seams(&bytes, &header, &runs).unwrap();
        let rewritten = rewrite(&bytes, &header, &changed, pieces).unwrap();
        let data: Vec<_> = (0..SCRIPT.len())
            .map(|scan| {
                let mut data = Vec::new();
                rewritten.write(scan, &mut data).unwrap();
                data
            })
            .collect();
        let output = file(0, &rewritten.specs, &data);
        let header = Header::parse(&output).unwrap();
        assert_eq!(Coefficients::read(&output, &header).unwrap(), coefficients, "{rects:?}");
    }
}

/// In a sequential file of several scans these bytes mean nothing, and some encoders leave other values there.
#[test]
fn a_sequential_scan_may_say_of_coefficients_and_bits_what_it_likes() {
    let image = image::RgbImage::from_fn(90, 70, |x, y| image::Rgb([(x * 2) as u8, (y * 3) as u8, (x * y) as u8]));
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(&image).unwrap();
    let header = Header::parse(&bytes).unwrap();
    let coefficients = Coefficients::read(&bytes, &header).unwrap();
    // The only scan's last three bytes: first and last coefficient, bits.
    let spectral = header.scans[0].entropy.start - 3;
    for said in [[0, 63, 0], [1, 63, 0], [0, 63, 0x10]] {
        bytes[spectral..][..3].copy_from_slice(&said);
        let header = Header::parse(&bytes).unwrap();
        let touched = Touched::within(&[Rect { x: 30, y: 20, width: 20, height: 9 }], &header.frame);
        let runs: Vec<_> = header.scans.iter().map(|scan| runs(&header, scan, &touched)).collect();
        let (mut changed, pieces) = Coefficients::read_with_seams(&bytes, &header, &runs).unwrap();
        assert_eq!(changed, coefficients);
        for row in 0..header.frame.mcus_high {
            for column in touched.row(row).iter().flat_map(|(from, to)| *from..*to) {
                let mut blocks = Vec::new();
                changed.mcu(&header.frame, column, row, &mut blocks);
                blocks.iter_mut().for_each(|block| block[0] += 9);
                changed.set_mcu(&header.frame, column, row, &blocks);
            }
        }
        let rewritten = rewrite(&bytes, &header, &changed, pieces).unwrap();
        assert_eq!(rewritten.codes, Codes::Own);
        let mut output = bytes[..header.scans[0].entropy.start].to_vec();
        rewritten.write(0, &mut output).unwrap();
        output.extend([0xff, 0xd9]);
        let header = Header::parse(&output).unwrap();
        assert_eq!(Coefficients::read(&output, &header).unwrap(), changed, "{said:?}");
    }
}
