//! How a mark's colour mixes with the picture's. Source: W3C Compositing and Blending 1, 9.1.

/// A separable blend mode.
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
}

const FULL: u64 = 65_535;

impl BlendMode {
    /// All five.
    pub const ALL: [Self; 5] = [Self::Normal, Self::Multiply, Self::Screen, Self::Overlay, Self::SoftLight];

    /// As written in a template.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Multiply => "multiply",
            Self::Screen => "screen",
            Self::Overlay => "overlay",
            Self::SoftLight => "soft_light",
        }
    }

    /// The mixed value of one channel, 0 to 65,535, for a picture's value and an opaque ink's: the function B(cb, cs)
    /// of the specification. Alpha comes on top of it.
    pub fn mix(self, below: u16, ink: u16) -> u16 {
        let (b, s) = (u64::from(below), u64::from(ink));
        let product = |a: u64, b: u64| (a * b + FULL / 2) / FULL;
        let screen = |a: u64, b: u64| a + b - product(a, b);
        let mixed = match self {
            Self::Normal => s,
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
