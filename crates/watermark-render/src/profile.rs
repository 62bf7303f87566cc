//! Ink in a picture's own colours.

use std::{cell::RefCell, collections::HashMap};

/// From sRGB, which templates are written in, to the colours of a picture with an ICC profile.
///
/// Profiles of a matrix and curves (all cameras and screens) and gray ones are understood; with others, which are
/// tables for printers and scanners, ink stays as it is. Relative colorimetric; what the profile cannot say is clipped.
/// All floats are rounded as IEEE 754 says, and powers are `libm`'s.
#[derive(Debug)]
pub struct InkColors {
    model: Model,
    known: RefCell<HashMap<[u16; 3], [u16; 3]>>,
}

#[derive(Debug)]
enum Model {
    Rgb { from_xyz: [[f64; 3]; 3], curves: Box<[Curve; 3]> },
    Gray(Curve),
}

/// Linear sRGB to XYZ under D50, by rows. Source: ICC.1:2022, and IEC 61966-2-1 adapted by Bradford's method.
const SRGB_TO_XYZ: [[f64; 3]; 3] = [
    [0.436_074_7, 0.385_064_9, 0.143_080_4],
    [0.222_504_5, 0.716_878_6, 0.060_616_9],
    [0.013_932_2, 0.097_104_5, 0.714_173_3],
];

/// Profiles that differ from sRGB by less than this, of 65,535, are sRGB.
const SAME: u16 = 200;

/// Most colours that are remembered.
const MAX_KNOWN: usize = 1 << 16;

impl InkColors {
    /// The colours of a profile. None where ink is to stay as it is: for sRGB itself, and for what is not understood.
    pub fn for_profile(icc: &[u8]) -> Option<Self> {
        let curve = |name: &[u8; 4]| Curve::parse(tag(icc, name)?);
        // XYZ as the space between: a matrix has no meaning in the other one.
        let model = match (icc.get(16..20)?, icc.get(20..24)?) {
            (b"RGB ", b"XYZ ") => {
                let [red, green, blue] = [b"rXYZ", b"gXYZ", b"bXYZ"].map(|name| xyz(tag(icc, name)?));
                let (red, green, blue) = (red?, green?, blue?);
                let to_xyz = std::array::from_fn(|row| [red[row], green[row], blue[row]]);
                let curves = Box::new([curve(b"rTRC")?, curve(b"gTRC")?, curve(b"bTRC")?]);
                Model::Rgb { from_xyz: inverse(&to_xyz)?, curves }
            }
            (b"GRAY", _) => Model::Gray(curve(b"kTRC")?),
            _ => return None,
        };
        let colors = Self { model, known: RefCell::default() };
        const LEVELS: [u16; 5] = [0, 9_000, 30_000, 50_000, u16::MAX];
        let all = || LEVELS.into_iter();
        let mut samples = all().flat_map(|r| all().flat_map(move |g| all().map(move |b| [r, g, b])));
        let is_same = |color: [u16; 3]| {
            let own = colors.computed(color);
            own.iter().zip(color).all(|(own, srgb)| own.abs_diff(srgb) <= SAME)
        };
        (!samples.all(is_same)).then_some(colors)
    }

    /// An sRGB colour, 0 to 65,535, in the profile's colours; in a gray profile its three values are the same.
    pub fn convert(&self, color: [u16; 3]) -> [u16; 3] {
        let known = self.known.borrow().get(&color).copied();
        known.unwrap_or_else(|| {
            let converted = self.computed(color);
            let mut known = self.known.borrow_mut();
            if known.len() < MAX_KNOWN {
                known.insert(color, converted);
            }
            converted
        })
    }

    fn computed(&self, color: [u16; 3]) -> [u16; 3] {
        let linear = color.map(|value| srgb_to_linear(f64::from(value) / 65_535.0));
        let xyz = times(&SRGB_TO_XYZ, linear);
        // A cast from a float goes to the nearest end of the range.
        let whole = |value: f64| (value * 65_535.0 + 0.5) as u16;
        match &self.model {
            Model::Rgb { from_xyz, curves } => {
                // So little light is what is left of rounded numbers, and a steep curve would make it seen.
                let own = times(from_xyz, xyz).map(|light| if light < 1e-4 { 0.0 } else { light });
                std::array::from_fn(|at| whole(curves[at].inverse(own[at])))
            }
            Model::Gray(curve) => [whole(curve.inverse(xyz[1])); 3],
        }
    }
}

/// Source: IEC 61966-2-1, 5.2.
fn srgb_to_linear(value: f64) -> f64 {
    if value <= 0.040_45 { value / 12.92 } else { libm::pow((value + 0.055) / 1.055, 2.4) }
}

fn times(matrix: &[[f64; 3]; 3], [x, y, z]: [f64; 3]) -> [f64; 3] {
    matrix.map(|[a, b, c]| a * x + b * y + c * z)
}

fn inverse(m: &[[f64; 3]; 3]) -> Option<[[f64; 3]; 3]> {
    // Of the rows and columns that remain, going round.
    let minor = |row: usize, column: usize| {
        let at = |down: usize, right: usize| m[(row + down) % 3][(column + right) % 3];
        at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)
    };
    let determinant: f64 = (0..3).map(|column| m[0][column] * minor(0, column)).sum();
    let inverse: [[f64; 3]; 3] =
        std::array::from_fn(|row| std::array::from_fn(|column| minor(column, row) / determinant));
    inverse.as_flattened().iter().all(|value| value.is_finite()).then_some(inverse)
}

/// The data of a tag. Source: ICC.1:2022, 7.3.
fn tag<'a>(icc: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    let count = number(icc, 128)?.min(200);
    let entry = |at: u32| icc.get(132 + 12 * usize::try_from(at).ok()?..);
    let found = (0..count).filter_map(entry).find(|entry| entry.starts_with(wanted))?;
    let (from, size) = (usize::try_from(number(found, 4)?).ok()?, usize::try_from(number(found, 8)?).ok()?);
    icc.get(from..from.checked_add(size)?)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes))
}

/// 16 bits before the point, with a sign, and 16 behind it.
fn fixed(bytes: &[u8], at: usize) -> Option<f64> {
    number(bytes, at).map(|value| f64::from(value as i32) / 65_536.0)
}

/// Source: ICC.1:2022, 10.31.
fn xyz(data: &[u8]) -> Option<[f64; 3]> {
    data.starts_with(b"XYZ ").then_some(())?;
    Some([fixed(data, 8)?, fixed(data, 12)?, fixed(data, 16)?])
}

/// From a value to light, at equal steps; grows from each to the next.
#[derive(Debug)]
struct Curve(Vec<f64>);

const STEPS: usize = 4_096;

impl Curve {
    /// Source: ICC.1:2022, 10.6 and 10.18.
    fn parse(data: &[u8]) -> Option<Self> {
        if data.starts_with(b"para") {
            let kind = u16::from_be_bytes([*data.get(8)?, *data.get(9)?]);
            let p = |at: usize| fixed(data, 12 + 4 * at);
            let (g, mut a, mut b, mut c, mut d, mut e, mut f) = (p(0)?, 1.0, 0.0, 0.0, f64::NEG_INFINITY, 0.0, 0.0);
            if (1..=4).contains(&kind) {
                (a, b) = (p(1)?, p(2)?);
                d = -b / a;
            }
            match kind {
                0 | 1 => {}
                2 => (e, f) = (p(3)?, p(3)?),
                3 => (c, d) = (p(3)?, p(4)?),
                4 => (c, d, e, f) = (p(3)?, p(4)?, p(5)?, p(6)?),
                _ => return None,
            }
            let light = |value: f64| if value >= d { libm::pow(a * value + b, g) + e } else { c * value + f };
            return Some(Self::growing((0..STEPS).map(|at| light(at as f64 / (STEPS - 1) as f64))));
        }
        data.starts_with(b"curv").then_some(())?;
        let count = usize::try_from(number(data, 8)?).ok()?;
        let points = data.get(12..)?.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        match count {
            0 => Some(Self(vec![0.0, 1.0])),
            1 => {
                let gamma = f64::from(points.into_iter().next()?) / 256.0;
                Some(Self::growing((0..STEPS).map(|at| libm::pow(at as f64 / (STEPS - 1) as f64, gamma))))
            }
            _ => {
                let points: Vec<f64> =
                    points.take(count.min(1 << 16)).map(|point| f64::from(point) / 65_535.0).collect();
                (points.len() >= 2).then(|| Self::growing(points.into_iter()))
            }
        }
    }

    fn growing(points: impl Iterator<Item = f64>) -> Self {
        let mut most = 0.0_f64;
        // `max` and `min` leave out what is no number.
        Self(
            points
                .map(|point| {
                    most = most.max(point).min(1.0);
                    most
                })
                .collect(),
        )
    }

    /// The value of this much light, both 0.0 to 1.0.
    fn inverse(&self, light: f64) -> f64 {
        let light = light.clamp(0.0, 1.0);
        let after = self.0.partition_point(|point| *point < light);
        let Some(before) = after.checked_sub(1) else { return 0.0 };
        let (low, high) = (self.0.get(before).copied().unwrap_or(0.0), self.0.get(after).copied().unwrap_or(1.0));
        let part = if high > low { (light - low) / (high - low) } else { 0.0 };
        ((before as f64 + part) / (self.0.len() - 1) as f64).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

    use super::*;

    /// What another implementation makes of it, at 8 bits.
    fn theirs(profile: &ColorProfile, color: [u8; 3]) -> Vec<u8> {
        let (layout, mut out) = match profile.color_space {
            DataColorSpace::Gray => (Layout::Gray, vec![0]),
            _ => (Layout::Rgb, vec![0; 3]),
        };
        let srgb = ColorProfile::new_srgb();
        let transform = srgb.create_transform_8bit(Layout::Rgb, profile, layout, TransformOptions::default()).unwrap();
        transform.transform(&color, &mut out).unwrap();
        out
    }

    #[test]
    fn colours_are_those_of_another_implementation() {
        let profiles = [
            ColorProfile::new_display_p3(),
            ColorProfile::new_adobe_rgb(),
            ColorProfile::new_pro_photo_rgb(),
            ColorProfile::new_gray_with_gamma(2.2),
        ];
        for profile in profiles {
            let icc = profile.encode().unwrap();
            let colors = InkColors::for_profile(&icc).unwrap();
            for color in
                [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255; 3], [0; 3], [200, 30, 90], [12, 130, 5], [7, 7, 9]]
            {
                let own = colors
                    .convert(color.map(|value| u16::from(value) * 257))
                    .map(|value| (u32::from(value) + 128) / 257);
                for (own, theirs) in own.into_iter().zip(theirs(&profile, color)) {
                    assert!(own.abs_diff(theirs.into()) <= 1, "{color:?}: {own} and {theirs}");
                }
            }
        }
    }

    #[test]
    fn red_in_display_p3_is_what_every_browser_says() {
        let icc = ColorProfile::new_display_p3().encode().unwrap();
        let colors = InkColors::for_profile(&icc).unwrap();
        let red = colors.convert([u16::MAX, 0, 0]).map(|value| (u32::from(value) + 128) / 257);
        for (red, expected) in red.into_iter().zip([234_u32, 51, 35]) {
            assert!(red.abs_diff(expected) <= 1, "{red} for {expected}");
        }
    }

    #[test]
    fn srgb_and_what_is_not_understood_change_nothing() {
        assert!(InkColors::for_profile(&ColorProfile::new_srgb().encode().unwrap()).is_none());
        let good = ColorProfile::new_display_p3().encode().unwrap();
        for length in 0..good.len() {
            let _ = InkColors::for_profile(&good[..length]);
        }
        let mut state = 1_u32;
        for _ in 0..3_000 {
            let mut bad = good.clone();
            for _ in 0..4 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = (state >> 8) as usize % bad.len();
                bad[at] = state as u8;
            }
            if let Some(colors) = InkColors::for_profile(&bad) {
                let _ = colors.convert([1, 30_000, u16::MAX]);
            }
        }
    }
}
