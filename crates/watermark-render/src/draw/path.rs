//! Outlines to short straight lines in pixels, which is all that is filled, stroked and measured.

use crate::{
    Frame,
    geometry::Turn,
    glyph::{Point, Step},
};

/// Closed contours as lines between points in pixels.
#[derive(Debug, Clone, Default)]
pub(crate) struct Path {
    lines: Vec<[Point; 2]>,
    start: Point,
    pen: Point,
}

/// How far a line may be from the curve that it stands for, in pixels.
const TOLERANCE_PX: f64 = 0.04;

/// Farther out nothing is drawn; it keeps counts of pixels from overflowing.
const FAR_PX: f64 = (1_i64 << 30) as f64;

/// Most lines for one curve.
const MAX_LINES: f64 = 256.0;

impl Path {
    pub(crate) fn lines(&self) -> &[[Point; 2]] {
        &self.lines
    }

    /// Adds contours; `to_px` says where a point of theirs is.
    pub(crate) fn add(&mut self, steps: &[Step], to_px: impl Fn(Point) -> Point) {
        for step in steps {
            match *step {
                Step::Move(to) => {
                    self.close();
                    self.start = to_px(to);
                    self.pen = self.start;
                }
                Step::Line(to) => self.line(to_px(to)),
                Step::Quad(a, to) => self.quad(to_px(a), to_px(to)),
                Step::Cubic(a, b, to) => self.cubic(to_px(a), to_px(b), to_px(to)),
            }
        }
        self.close();
    }

    /// Adds a closed polygon.
    pub(crate) fn add_polygon(&mut self, points: impl IntoIterator<Item = Point>) {
        let mut points = points.into_iter();
        let Some(first) = points.next() else { return };
        (self.start, self.pen) = (first, first);
        points.for_each(|to| self.line(to));
        self.close();
    }

    /// Adds a rectangle with round corners, turned.
    pub(crate) fn add_plate(&mut self, frame: &Frame, radius: f64, turn: &Turn) {
        let radius = radius.clamp(0.0, (frame.width.min(frame.height) / 2.0).max(0.0));
        let (right, bottom) = (frame.x + frame.width, frame.y + frame.height);
        if radius < TOLERANCE_PX {
            self.add_polygon(turn.corners(frame));
            return;
        }
        /// Where the handles of a cubic must be for a quarter of a circle, as a part of the radius.
        const HANDLE: f64 = 0.552_284_749_830_793_4;
        let (near, far) = (radius * (1.0 - HANDLE), radius);
        let steps = [
            Step::Move((frame.x + far, frame.y)),
            Step::Line((right - far, frame.y)),
            Step::Cubic((right - near, frame.y), (right, frame.y + near), (right, frame.y + far)),
            Step::Line((right, bottom - far)),
            Step::Cubic((right, bottom - near), (right - near, bottom), (right - far, bottom)),
            Step::Line((frame.x + far, bottom)),
            Step::Cubic((frame.x + near, bottom), (frame.x, bottom - near), (frame.x, bottom - far)),
            Step::Line((frame.x, frame.y + far)),
            Step::Cubic((frame.x, frame.y + near), (frame.x + near, frame.y), (frame.x + far, frame.y)),
        ];
        self.add(&steps, |at| turn.point(at));
    }

    /// The same, moved.
    pub(crate) fn moved(&self, dx: f64, dy: f64) -> Self {
        let lines = self.lines.iter().map(|line| line.map(|(x, y)| (x + dx, y + dy)));
        Self { lines: lines.collect(), ..Self::default() }
    }

    fn line(&mut self, to: Point) {
        let line = [self.pen, to];
        let is_number = line.iter().all(|at| !at.0.is_nan() && !at.1.is_nan());
        let line = line.map(|(x, y)| (x.clamp(-FAR_PX, FAR_PX), y.clamp(-FAR_PX, FAR_PX)));
        if is_number && line[0] != line[1] {
            self.lines.push(line);
        }
        self.pen = to;
    }

    fn close(&mut self) {
        self.line(self.start);
    }

    fn quad(&mut self, a: Point, to: Point) {
        let from = self.pen;
        let bend = (from.0 - 2.0 * a.0 + to.0, from.1 - 2.0 * a.1 + to.1);
        // A quadratic is at most a quarter of its second difference away from its chord.
        let count = pieces((bend.0 * bend.0 + bend.1 * bend.1).sqrt() / 4.0);
        for at in 1..count {
            let t = f64::from(at) / f64::from(count);
            self.line(between(between(from, a, t), between(a, to, t), t));
        }
        self.line(to);
    }

    fn cubic(&mut self, a: Point, b: Point, to: Point) {
        let from = self.pen;
        let bend = |p: Point, q: Point, r: Point| {
            let (x, y) = (p.0 - 2.0 * q.0 + r.0, p.1 - 2.0 * q.1 + r.1);
            (x * x + y * y).sqrt()
        };
        let count = pieces(bend(from, a, b).max(bend(a, b, to)) * 0.75);
        for at in 1..count {
            let t = f64::from(at) / f64::from(count);
            let (p, q, r) = (between(from, a, t), between(a, b, t), between(b, to, t));
            self.line(between(between(p, q, t), between(q, r, t), t));
        }
        self.line(to);
    }
}

/// How many lines follow a curve that is so far from its chord: the error falls with the square of their number.
fn pieces(error_px: f64) -> u32 {
    (error_px / TOLERANCE_PX).sqrt().ceil().clamp(1.0, MAX_LINES) as u32
}

fn between(a: Point, b: Point, t: f64) -> Point {
    (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t)
}
