//! Turning points of the plane, with sines that are the same on every host.

use crate::Frame;

/// A rotation around a point, clockwise as the picture is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Turn {
    cos: f64,
    sin: f64,
    center: (f64, f64),
}

impl Turn {
    /// By this many degrees; right angles are exact. What is no number does not turn.
    pub(crate) fn new(degrees: f64, center: (f64, f64)) -> Self {
        let degrees = if degrees.is_finite() { libm::fmod(degrees, 360.0) } else { 0.0 };
        let degrees = if degrees < 0.0 { degrees + 360.0 } else { degrees };
        let (cos, sin) = match degrees {
            0.0 | 360.0 => (1.0, 0.0),
            90.0 => (0.0, 1.0),
            180.0 => (-1.0, 0.0),
            270.0 => (0.0, -1.0),
            degrees => {
                let radians = degrees * (std::f64::consts::PI / 180.0);
                (libm::cos(radians), libm::sin(radians))
            }
        };
        Self { cos, sin, center }
    }

    /// The same turn around another point.
    pub(crate) fn around(self, center: (f64, f64)) -> Self {
        Self { center, ..self }
    }

    /// Whether nothing moves.
    pub(crate) fn is_none(&self) -> bool {
        self.cos == 1.0
    }

    /// How many right angles it is, 0 to 3; none for any other angle.
    pub(crate) fn quarters(&self) -> Option<u32> {
        match (self.cos, self.sin) {
            (1.0, _) => Some(0),
            (_, 1.0) => Some(1),
            (-1.0, _) => Some(2),
            (_, -1.0) => Some(3),
            _ => None,
        }
    }

    /// A direction, without the centre.
    pub(crate) fn direction(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (x * self.cos - y * self.sin, x * self.sin + y * self.cos)
    }

    /// The direction that this turn brings to `(x, y)`.
    pub(crate) fn direction_back(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (x * self.cos + y * self.sin, y * self.cos - x * self.sin)
    }

    pub(crate) fn point(&self, (x, y): (f64, f64)) -> (f64, f64) {
        // Coordinates of what is not turned stay what they are, to the last bit.
        if self.is_none() {
            return (x, y);
        }
        let (x, y) = self.direction((x - self.center.0, y - self.center.1));
        (x + self.center.0, y + self.center.1)
    }

    /// Where the corners of a frame go: top left, top right, bottom right, bottom left.
    pub(crate) fn corners(&self, frame: &Frame) -> [(f64, f64); 4] {
        let (right, bottom) = (frame.x + frame.width, frame.y + frame.height);
        [(frame.x, frame.y), (right, frame.y), (right, bottom), (frame.x, bottom)].map(|at| self.point(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_clockwise_and_right_angles_are_exact() {
        assert_eq!(Turn::new(90.0, (10.0, 10.0)).point((12.0, 10.0)), (10.0, 12.0));
        assert_eq!(Turn::new(-450.0, (0.0, 0.0)).quarters(), Some(3));
        assert_eq!(Turn::new(f64::NAN, (0.0, 0.0)).quarters(), Some(0));
        assert_eq!(Turn::new(45.0, (0.0, 0.0)).quarters(), None);
        let turn = Turn::new(33.0, (0.0, 0.0));
        let (x, y) = turn.direction_back(turn.direction((3.0, 4.0)));
        assert!((x - 3.0).abs() < 1e-12 && (y - 4.0).abs() < 1e-12);
    }
}
