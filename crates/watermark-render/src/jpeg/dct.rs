//! The discrete cosine transform of 8x8 blocks and its inverse, in floats: the same bits on every machine, for each
//! operation is one that IEEE 754 rounds exactly. Source: Arai, Agui and Nakajima, "A fast DCT-SQ scheme for images",
//! 1988; its output is scaled by [`SCALES`], which a quantization table takes in.

/// Place of each coefficient of a row-by-row block in zigzag order. Source: T.81, figure A.6.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// The other way: where a coefficient of a row-by-row block is in zigzag order.
const FROM_ZIGZAG: [u8; 64] = {
    let mut from = [0; 64];
    let mut at = 0;
    while at < 64 {
        from[ZIGZAG[at] as usize] = at as u8;
        at += 1;
    }
    from
};

/// A block in zigzag order, row by row.
#[inline(always)]
pub(super) fn row_by_row(block: &[i16; 64]) -> [i16; 64] {
    std::array::from_fn(|place| block[usize::from(FROM_ZIGZAG[place] & 63)])
}

/// A block row by row, in zigzag order.
#[inline(always)]
pub(super) fn zigzag(block: &[i16; 64]) -> [i16; 64] {
    std::array::from_fn(|at| block[usize::from(ZIGZAG[at] & 63)])
}

/// cos(k π / 16) times the square root of 2; 1 for k = 0.
const SCALES: [f64; 8] = [
    1.0,
    1.387_039_845_322_147_5,
    1.306_562_964_876_376_5,
    1.175_875_602_419_359,
    1.0,
    0.785_694_958_387_102_3,
    0.541_196_100_146_197,
    0.275_899_379_282_943_1,
];

/// A row of eight values, or eight columns at once.
type Row = [f32; 8];

/// Factors of a quantization table for both directions, row by row.
#[derive(Debug, Clone)]
pub(super) struct Factors {
    /// What a quantized coefficient is multiplied with before [`inverse`].
    pub(super) dequantize: [f32; 64],
    /// What a coefficient of [`forward`] is multiplied with to be quantized.
    pub(super) quantize: [f32; 64],
}

impl Factors {
    /// Of a table in zigzag order.
    pub(super) fn new(table: &[u16; 64]) -> Self {
        let mut factors = Self { dequantize: [0.0; 64], quantize: [0.0; 64] };
        for (place, step) in ZIGZAG.iter().map(|place| usize::from(*place)).zip(table) {
            let scale = SCALES[place / 8] * SCALES[place % 8];
            factors.dequantize[place] = (f64::from(*step) * scale / 8.0) as f32;
            factors.quantize[place] = (1.0 / (f64::from(*step) * scale * 8.0)) as f32;
        }
        factors
    }
}

/// Samples to scaled coefficients, in place, row by row.
// Inlined, they are torn apart into single values.
#[inline(never)]
pub(super) fn forward(block: &mut [f32; 64]) {
    both_ways(block, forward_columns);
}

/// Scaled coefficients to samples, in place, row by row.
#[inline(never)]
pub(super) fn inverse(block: &mut [f32; 64]) {
    both_ways(block, inverse_columns);
}

#[inline(always)]
fn both_ways(block: &mut [f32; 64], columns: fn([Row; 8]) -> [Row; 8]) {
    let mut rows = [[0.0; 8]; 8];
    for (row, values) in rows.iter_mut().zip(block.chunks_exact(8)) {
        row.copy_from_slice(values);
    }
    let rows = transposed(&columns(transposed(&columns(rows))));
    for (row, values) in rows.iter().zip(block.chunks_exact_mut(8)) {
        values.copy_from_slice(row);
    }
}

#[inline(always)]
fn transposed(rows: &[Row; 8]) -> [Row; 8] {
    std::array::from_fn(|x| std::array::from_fn(|y| rows[y][x]))
}

#[inline(always)]
fn add(a: Row, b: Row) -> Row {
    std::array::from_fn(|i| a[i] + b[i])
}

#[inline(always)]
fn sub(a: Row, b: Row) -> Row {
    std::array::from_fn(|i| a[i] - b[i])
}

#[inline(always)]
fn times(a: Row, factor: f32) -> Row {
    std::array::from_fn(|i| a[i] * factor)
}

const C2: f32 = 1.847_759_1;
const C4: f32 = std::f32::consts::SQRT_2;
const C4_HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;
const C6: f32 = 0.382_683_43;

#[inline(always)]
fn forward_columns(r: [Row; 8]) -> [Row; 8] {
    let (s07, d07) = (add(r[0], r[7]), sub(r[0], r[7]));
    let (s16, d16) = (add(r[1], r[6]), sub(r[1], r[6]));
    let (s25, d25) = (add(r[2], r[5]), sub(r[2], r[5]));
    let (s34, d34) = (add(r[3], r[4]), sub(r[3], r[4]));
    // Even.
    let (a, d) = (add(s07, s34), sub(s07, s34));
    let (b, c) = (add(s16, s25), sub(s16, s25));
    let turned = times(add(c, d), C4_HALF);
    // Odd.
    let (p, q, s) = (add(d34, d25), add(d25, d16), add(d16, d07));
    let z5 = times(sub(p, s), C6);
    let z2 = add(times(p, 0.541_196_1), z5);
    let z4 = add(times(s, 1.306_563), z5);
    let z3 = times(q, C4_HALF);
    let (z11, z13) = (add(d07, z3), sub(d07, z3));
    [add(a, b), add(z11, z4), add(d, turned), sub(z13, z2), sub(a, b), add(z13, z2), sub(d, turned), sub(z11, z4)]
}

#[inline(always)]
fn inverse_columns(r: [Row; 8]) -> [Row; 8] {
    // Even.
    let (s04, d04) = (add(r[0], r[4]), sub(r[0], r[4]));
    let s26 = add(r[2], r[6]);
    let d26 = sub(times(sub(r[2], r[6]), C4), s26);
    let (e0, e3) = (add(s04, s26), sub(s04, s26));
    let (e1, e2) = (add(d04, d26), sub(d04, d26));
    // Odd.
    let (z13, z10) = (add(r[5], r[3]), sub(r[5], r[3]));
    let (z11, z12) = (add(r[1], r[7]), sub(r[1], r[7]));
    let o7 = add(z11, z13);
    let t11 = times(sub(z11, z13), C4);
    let z5 = times(add(z10, z12), C2);
    let t10 = sub(z5, times(z12, 1.082_392_2));
    let t12 = sub(z5, times(z10, 2.613_126));
    let o6 = sub(t12, o7);
    let o5 = sub(t11, o6);
    let o4 = sub(t10, o5);
    [add(e0, o7), add(e1, o6), add(e2, o5), add(e3, o4), sub(e3, o4), sub(e2, o5), sub(e1, o6), sub(e0, o7)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition. Source: T.81, A.3.3.
    fn by_definition(samples: &[f32; 64]) -> [f64; 64] {
        let cosine = |x: usize, u: usize| libm::cos((2 * x + 1) as f64 * u as f64 * std::f64::consts::PI / 16.0);
        let scale = |u: usize| if u == 0 { std::f64::consts::FRAC_1_SQRT_2 } else { 1.0 };
        std::array::from_fn(|place| {
            let (v, u) = (place / 8, place % 8);
            let sum: f64 = (0..64).map(|at| f64::from(samples[at]) * cosine(at % 8, u) * cosine(at / 8, v)).sum();
            sum * scale(u) * scale(v) / 4.0
        })
    }

    proptest! {
        #[test]
        fn both_directions_are_what_the_standard_defines(samples in prop::array::uniform32(-255_f32..255.0)) {
            let samples: [f32; 64] = std::array::from_fn(|at| samples[at % 32] * if at < 32 { 1.0 } else { -0.3 });
            let table: [u16; 64] = std::array::from_fn(|at| 1 + at as u16);
            let factors = Factors::new(&table);
            let expected = by_definition(&samples);
            let mut block = samples;
            forward(&mut block);
            for (zigzag, place) in ZIGZAG.iter().map(|place| usize::from(*place)).enumerate() {
                let step = f64::from(table[zigzag]);
                prop_assert!((f64::from(block[place] * factors.quantize[place]) * step - expected[place]).abs() < 2e-3);
            }
            for (value, (down, up)) in block.iter_mut().zip(factors.quantize.iter().zip(&factors.dequantize)) {
                *value *= down * up;
            }
            inverse(&mut block);
            for (got, sample) in block.iter().zip(&samples) {
                prop_assert!((got - sample).abs() < 2e-3);
            }
        }
    }
}
