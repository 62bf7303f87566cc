//! From samples to quantized coefficients. Source: Arai, Agui, Nakajima, "A fast DCT-SQ scheme for images", 1988, as
//! libjpeg's `jfdctflt.c` has it; every operation is rounded as IEEE 754 says, so that every host agrees.

use super::{ZIGZAG, planes::Block};

/// The coefficients of a block in the zigzag's order, and which of them are not 0, the first at the lowest bit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quantized {
    pub(super) values: [i16; 64],
    pub(super) present: u64,
}

impl Default for Quantized {
    fn default() -> Self {
        Self { values: [0; 64], present: 0 }
    }
}

/// What a transformed block is multiplied by.
pub(super) struct Divisors {
    /// Column by column: the transform leaves its block turned.
    turned: Block,
}

/// By how much the transform leaves row or column `k` too large: 1 for the first, cos(k π / 16) √2 for others.
const TOO_LARGE: [f64; 8] = [
    1.0,
    1.387_039_845_322_147_5,
    1.306_562_964_876_376_4,
    1.175_875_602_419_358_6,
    1.0,
    0.785_694_958_387_102_1,
    0.541_196_100_146_197,
    0.275_899_379_282_943,
];

impl Divisors {
    /// For steps in rows.
    pub(super) fn new(steps: &[u8; 64]) -> Self {
        let turned = std::array::from_fn(|x: usize| {
            std::array::from_fn(|y: usize| {
                (1.0 / (f64::from(steps[8 * y + x]) * TOO_LARGE[x] * TOO_LARGE[y] * 8.0)) as f32
            })
        });
        Self { turned }
    }

    pub(super) fn quantize(&self, mut block: Block, out: &mut Quantized) {
        transform(&mut block);
        let mut block = turned(&block);
        transform(&mut block);
        let mut rounded = [[0_i16; 8]; 8];
        for ((line, factors), values) in rounded.iter_mut().zip(&self.turned).zip(&block) {
            for ((out, factor), value) in line.iter_mut().zip(factors).zip(values) {
                // To the nearest, by way of a positive number. No coefficient is larger than 2^11.
                *out = ((value * factor + 16_384.5) as i32 - 16_384) as i16;
            }
        }
        let rounded = rounded.as_flattened();
        out.present = 0;
        for (at, (value, from)) in out.values.iter_mut().zip(TURNED_ZIGZAG).enumerate() {
            *value = rounded[usize::from(from)];
            out.present |= u64::from(*value != 0) << at;
        }
    }
}

/// The zigzag in a block that is turned.
const TURNED_ZIGZAG: [u8; 64] = {
    let mut order = [0; 64];
    let mut at = 0;
    while at < 64 {
        order[at] = ZIGZAG[at] % 8 * 8 + ZIGZAG[at] / 8;
        at += 1;
    }
    order
};

fn turned(block: &Block) -> Block {
    std::array::from_fn(|x| std::array::from_fn(|y| block[y][x]))
}

type Line = [f32; 8];

fn add(a: Line, b: Line) -> Line {
    std::array::from_fn(|at| a[at] + b[at])
}

fn subtract(a: Line, b: Line) -> Line {
    std::array::from_fn(|at| a[at] - b[at])
}

fn times(a: Line, factor: f32) -> Line {
    a.map(|value| value * factor)
}

/// Transforms the eight columns, side by side.
fn transform(rows: &mut Block) {
    const C4: f32 = std::f32::consts::FRAC_1_SQRT_2;
    const C6: f32 = 0.382_683_43;
    const C2_LESS_C6: f32 = 0.541_196_1;
    const C2_AND_C6: f32 = 1.306_562_9;
    let [r0, r1, r2, r3, r4, r5, r6, r7] = *rows;
    let (s0, d0) = (add(r0, r7), subtract(r0, r7));
    let (s1, d1) = (add(r1, r6), subtract(r1, r6));
    let (s2, d2) = (add(r2, r5), subtract(r2, r5));
    let (s3, d3) = (add(r3, r4), subtract(r3, r4));
    // Even.
    let (a, b) = (add(s0, s3), subtract(s0, s3));
    let (c, d) = (add(s1, s2), subtract(s1, s2));
    rows[0] = add(a, c);
    rows[4] = subtract(a, c);
    let z1 = times(add(d, b), C4);
    rows[2] = add(b, z1);
    rows[6] = subtract(b, z1);
    // Odd.
    let (a, b, c) = (add(d3, d2), add(d2, d1), add(d1, d0));
    let z5 = times(subtract(a, c), C6);
    let z2 = add(times(a, C2_LESS_C6), z5);
    let z4 = add(times(c, C2_AND_C6), z5);
    let z3 = times(b, C4);
    let (z11, z13) = (add(d0, z3), subtract(d0, z3));
    rows[5] = add(z13, z2);
    rows[3] = subtract(z13, z2);
    rows[1] = add(z11, z4);
    rows[7] = subtract(z11, z4);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_transform_of_the_standard() {
        let block: Block =
            std::array::from_fn(|y| std::array::from_fn(|x| ((x * 37 + y * 59 + x * y * 11) % 255) as f32 - 128.0));
        let mut out = Quantized::default();
        Divisors::new(&[1; 64]).quantize(block, &mut out);
        for (at, order) in ZIGZAG.iter().enumerate() {
            let (u, v) = (f64::from(order % 8), f64::from(order / 8));
            let part = |frequency: f64, place: usize| {
                libm::cos((2.0 * place as f64 + 1.0) * frequency * std::f64::consts::PI / 16.0)
            };
            let scale = |frequency: f64| if frequency == 0.0 { std::f64::consts::FRAC_1_SQRT_2 } else { 1.0 };
            let mut sum = 0.0;
            for (y, line) in block.iter().enumerate() {
                for (x, value) in line.iter().enumerate() {
                    sum += f64::from(*value) * part(u, x) * part(v, y);
                }
            }
            let exact = sum * scale(u) * scale(v) / 4.0;
            assert!((f64::from(out.values[at]) - exact).abs() < 0.51, "{at}: {} for {exact}", out.values[at]);
            assert_eq!(out.present >> at & 1 == 1, out.values[at] != 0);
        }
    }
}
