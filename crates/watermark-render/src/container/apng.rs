//! The chunks that make a PNG move. Source: PNG, third edition, 4.9, 5.6 and 11.3.6.

use super::png::{chunks, header};

/// What the chunks of an animation promise. Their sums and their order are left to whoever decodes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Animation {
    /// How many pictures `acTL` promises.
    pub(crate) promised: u32,
    /// Each `fcTL` there is.
    pub(crate) controls: Vec<Control>,
    /// Whether the picture in `IDAT` is none of the animation: it is for readers that know of none.
    pub(crate) has_fallback: bool,
}

/// Where one picture of an animation is, and whether it is cleared away after it was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Control {
    /// Left, top, right and bottom on the canvas.
    edges: [u64; 4],
    disposal: u8,
}

/// Values of `dispose_op`.
const TO_NOTHING: u8 = 1;
const TO_BEFORE: u8 = 2;

/// The animation of a PNG; none where decoders see a still: no `acTL`, or one that is not valid.
pub(crate) fn animation(png: &[u8]) -> Option<Animation> {
    let mut found: Option<Animation> = None;
    let (mut has_pixels, mut has_fallback) = (false, true);
    let mut controls = Vec::new();
    for (name, payload) in chunks(png).take_while(|(name, _)| name != b"IEND") {
        match &name {
            b"acTL" if !has_pixels && found.is_none() => {
                let promised = valid(payload);
                found = promised.map(|promised| Animation { promised, controls: Vec::new(), has_fallback });
            }
            b"IDAT" if !has_pixels && found.is_none() => return None,
            b"IDAT" => has_pixels = true,
            b"fcTL" => {
                has_fallback &= has_pixels;
                controls.extend(Control::read(payload));
            }
            _ => {}
        }
    }
    found.map(|found| Animation { controls, has_fallback, ..found })
}

/// The number of pictures that `acTL` promises, if its values are in their range.
fn valid(payload: &[u8]) -> Option<u32> {
    let &[f3, f2, f1, f0, p3, p2, p1, p0] = payload else { return None };
    let (frames, plays) = (u32::from_be_bytes([f3, f2, f1, f0]), u32::from_be_bytes([p3, p2, p1, p0]));
    (frames > 0 && frames < 1 << 31 && plays < 1 << 31).then_some(frames)
}

impl Control {
    fn read(payload: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u64::from(u32::from_be_bytes(*payload.get(at..)?.first_chunk()?)));
        let (width, height, left, top) = (number(4)?, number(8)?, number(12)?, number(16)?);
        Some(Self { edges: [left, top, left + width, top + height], disposal: *payload.get(24)? })
    }

    fn covers(&self, [left, top, right, bottom]: [u64; 4]) -> bool {
        let [own_left, own_top, own_right, own_bottom] = self.edges;
        own_left <= left && own_top <= top && own_right >= right && own_bottom >= bottom
    }
}

impl Animation {
    /// Whether it is shown as a still is: its only picture is that of `IDAT`.
    pub(crate) fn is_still(&self) -> bool {
        self.promised == 1 && !self.has_fallback
    }

    /// Whether part of the canvas may be seen with nothing on it, though every pixel of every picture is opaque: the first
    /// picture is smaller, or one is cleared away and the next does not cover its place.
    pub(crate) fn has_holes(&self, png: &[u8]) -> bool {
        let Some(header) = header(png) else { return false };
        let canvas = [0, 0, header.width.into(), header.height.into()];
        let is_smaller = self.controls.first().is_some_and(|first| !first.covers(canvas));
        let mut pairs = self.controls.iter().zip(self.controls.iter().skip(1)).enumerate();
        is_smaller
            || pairs.any(|(at, (shown, next))| {
                // Before the first picture there was nothing.
                let is_cleared = shown.disposal == TO_NOTHING || (at == 0 && shown.disposal == TO_BEFORE);
                is_cleared && !next.covers(shown.edges)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"\x89PNG\r\n\x1a\n";

    fn chunk(name: &[u8; 4], payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[..], name, payload, &[0; 4]].concat()
    }

    fn control(width: u32, height: u32, x: u32, y: u32, disposal: u8) -> Vec<u8> {
        let numbers = [0, width, height, x, y].map(u32::to_be_bytes).concat();
        chunk(b"fcTL", &[&numbers[..], &[0, 1, 0, 10, disposal, 0]].concat())
    }

    fn file(parts: &[Vec<u8>]) -> Vec<u8> {
        let size = [9, 8].map(u32::to_be_bytes).concat();
        let header = chunk(b"IHDR", &[&size[..], &[8, 2, 0, 0, 0]].concat());
        [HEAD.to_vec(), header, parts.concat(), chunk(b"IEND", b"")].concat()
    }

    fn promise(frames: u32, plays: u32) -> Vec<u8> {
        chunk(b"acTL", &[frames, plays].map(u32::to_be_bytes).concat())
    }

    #[test]
    fn what_is_not_valid_is_a_still() {
        let (pixels, control) = (chunk(b"IDAT", b""), control(9, 8, 0, 0, 0));
        let found = |parts: &[Vec<u8>]| animation(&file(parts));
        assert_eq!(found(std::slice::from_ref(&pixels)), None);
        assert_eq!(found(&[control.clone(), pixels.clone()]), None);
        assert_eq!(found(&[promise(0, 0), control.clone(), pixels.clone()]), None);
        assert_eq!(found(&[promise(1 << 31, 0), control.clone(), pixels.clone()]), None);
        assert_eq!(found(&[promise(1, 1 << 31), control.clone(), pixels.clone()]), None);
        assert_eq!(found(&[pixels.clone(), promise(1, 0), control.clone()]), None);
        assert_eq!(found(&[chunk(b"acTL", &[0, 0, 0, 1]), control.clone(), pixels.clone()]), None);
        let alone = found(&[promise(0, 0), promise(1, 7), control.clone(), pixels.clone()]).unwrap();
        assert!(alone.is_still() && alone.controls.len() == 1);
        let behind = found(&[promise(1, 0), pixels, control, chunk(b"fdAT", b"")]).unwrap();
        assert!(behind.has_fallback && !behind.is_still());
    }

    #[test]
    fn holes_are_where_nothing_is_left() {
        let has_holes = |controls: &[Vec<u8>]| {
            let png = file(&[vec![promise(9, 0)], controls.to_vec()].concat());
            animation(&png).unwrap().has_holes(&png)
        };
        let (whole, part) = (|disposal| control(9, 8, 0, 0, disposal), |disposal| control(4, 4, 1, 1, disposal));
        assert!(!has_holes(&[whole(0), part(0), whole(0)]));
        assert!(has_holes(&[part(0)]));
        assert!(has_holes(&[whole(1), part(0)]));
        assert!(has_holes(&[whole(2), part(0)]), "the first one's before is nothing");
        assert!(!has_holes(&[whole(0), part(2), part(0)]));
        assert!(!has_holes(&[whole(0), part(1), whole(0)]), "covered at once");
        assert!(has_holes(&[whole(0), part(1), control(3, 4, 1, 1, 0)]));
        assert!(!has_holes(&[whole(0), part(1)]), "after the last one comes the first");
    }
}
