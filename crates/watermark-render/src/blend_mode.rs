//! How a mark's colour mixes with the picture's. Source: W3C Compositing and Blending 1, 9.1.

/// A blend mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum BlendMode {
    /// The mark's colour.
    #[default]
    Normal,
    /// The product: darker.
    Multiply,
    /// The product of the complements: lighter.
    Screen,
    /// Multiply where the picture is dark, screen where it is light.
    Overlay,
    /// Darker or lighter as under a soft light of the mark's colour.
    SoftLight,
    /// The mark's luma with the picture's own hue and saturation.
    Luminosity,
}

const FULL: u64 = 65_535;

impl BlendMode {
    /// All six.
    pub const ALL: [Self; 6] =
        [Self::Normal, Self::Multiply, Self::Screen, Self::Overlay, Self::SoftLight, Self::Luminosity];

    /// As written in a template.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Multiply => "multiply",
            Self::Screen => "screen",
            Self::Overlay => "overlay",
            Self::SoftLight => "soft_light",
            Self::Luminosity => "luminosity",
        }
    }

    /// The mixed colour, for a picture's colour and an opaque ink's, 0 to 65,535: the function B(cb, cs) of the
    /// specification. Alpha comes on top of it.
    pub fn mix_colors(self, below: [u16; 3], ink: [u16; 3]) -> [u16; 3] {
        match self {
            Self::Luminosity => luminosity(below, ink),
            separable => std::array::from_fn(|channel| separable.mix(below[channel], ink[channel])),
        }
    }

    /// The mixed value of one channel, 0 to 65,535, for a picture's value and an opaque ink's: the function B(cb, cs)
    /// of the specification. Alpha comes on top of it. Of luminosity that of gray.
    pub fn mix(self, below: u16, ink: u16) -> u16 {
        let (b, s) = (u64::from(below), u64::from(ink));
        let product = |a: u64, b: u64| (a * b + FULL / 2) / FULL;
        let screen = |a: u64, b: u64| a + b - product(a, b);
        let mixed = match self {
            Self::Normal | Self::Luminosity => s,
            Self::Multiply => product(b, s),
            Self::Screen => screen(b, s),
            // Hard light with the two exchanged.
            Self::Overlay if 2 * b <= FULL => product(2 * b, s),
            Self::Overlay => screen(2 * b - FULL, s),
            Self::SoftLight => return soft_light(below, ink),
        };
        mixed.min(FULL) as u16
    }
}

/// Source: W3C Compositing and Blending 1, 9.2, SetLum and ClipColor.
fn luminosity(below: [u16; 3], ink: [u16; 3]) -> [u16; 3] {
    let luma = |[r, g, b]: [i64; 3]| (30 * r + 59 * g + 11 * b + 50) / 100;
    let full = FULL as i64;
    let (below, ink) = (below.map(i64::from), ink.map(i64::from));
    let goal = luma(ink);
    let moved = below.map(|channel| channel + goal - luma(below));
    let middle = luma(moved);
    let (least, most) = (moved.into_iter().min().unwrap_or(0), moved.into_iter().max().unwrap_or(0));
    let clipped = moved.map(|channel| {
        let away = channel - middle;
        let low = if least < 0 && middle > least { away * middle / (middle - least) } else { away };
        if most > full && most > middle { low * (full - middle) / (most - middle) + middle } else { low + middle }
    });
    clipped.map(|channel| channel.clamp(0, full) as u16)
}

fn soft_light(below: u16, ink: u16) -> u16 {
    let (b, s) = (f64::from(below) / 65_535.0, f64::from(ink) / 65_535.0);
    let mixed = if s <= 0.5 {
        b - (1.0 - 2.0 * s) * b * (1.0 - b)
    } else {
        // A square root is exact to the last bit on every host.
        let d = if b <= 0.25 { ((16.0 * b - 12.0) * b + 4.0) * b } else { b.sqrt() };
        b + (2.0 * s - 1.0) * (d - b)
    };
    (mixed * 65_535.0).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_those_of_the_specification() {
        const WHITE: u16 = 65_535;
        for value in (0..=WHITE).step_by(257) {
            assert_eq!(BlendMode::Normal.mix(1_234, value), value);
            assert_eq!(BlendMode::Multiply.mix(value, WHITE), value);
            assert_eq!(BlendMode::Multiply.mix(value, 0), 0);
            assert_eq!(BlendMode::Screen.mix(value, 0), value);
            assert_eq!(BlendMode::Screen.mix(value, WHITE), WHITE);
            assert_eq!(BlendMode::Overlay.mix(0, value), 0);
            assert_eq!(BlendMode::Overlay.mix(WHITE, value), WHITE);
            for ink in [0, 32_767, 32_768, WHITE] {
                assert!(BlendMode::SoftLight.mix(value, ink).abs_diff(value) <= WHITE / 3, "{value} {ink}");
            }
        }
    }

    #[test]
    fn luminosity_changes_luma_alone() {
        let gray = BlendMode::Luminosity.mix_colors([10_000, 30_000, 20_000], [40_000; 3]);
        assert_eq!(gray.map(|channel| i32::from(channel) - i32::from(gray[0])), [0, 20_000, 10_000]);
        let luma = |[r, g, b]: [u16; 3]| (30 * u64::from(r) + 59 * u64::from(g) + 11 * u64::from(b)) / 100;
        assert!(luma(gray).abs_diff(40_000) <= 2);
        assert_eq!(BlendMode::Luminosity.mix_colors([65_535, 0, 0], [0; 3]), [0; 3]);
        assert_eq!(BlendMode::Luminosity.mix_colors([65_535, 0, 0], [65_535; 3]), [65_535; 3]);
        assert_eq!(BlendMode::Luminosity.mix_colors([7; 3], [9_000; 3]), [9_000; 3]);
    }

    #[test]
    fn values_in_between_are_those_of_the_formulas() {
        // 0.25 and 0.75 of 65,535.
        let (low, high) = (16_384, 49_151);
        assert!(BlendMode::Overlay.mix(low, high).abs_diff(24_576) <= 1);
        assert!(BlendMode::Overlay.mix(high, low).abs_diff(40_959) <= 1);
        // 0.25 - 0.5 * 0.25 * 0.75 and 0.25 + 0.5 * (0.5 - 0.25)
        assert!(BlendMode::SoftLight.mix(low, low).abs_diff(10_240) <= 1);
        assert!(BlendMode::SoftLight.mix(low, high).abs_diff(24_576) <= 1);
    }
}
