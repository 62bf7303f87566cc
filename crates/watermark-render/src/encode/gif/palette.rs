//! At most 255 colours and nothing: those outside of the mark as they are, if they are few enough.

use std::collections::BTreeMap;

use super::MAX_EXACT_COLORS;

type Counts = BTreeMap<[u8; 3], u32>;

const MAX_COLORS: usize = 255;

/// Colours, and which of them stands for which.
pub(super) struct Palette {
    colors: Vec<[u8; 3]>,
    indices: BTreeMap<[u8; 3], u8>,
}

impl Palette {
    /// What is transparent.
    pub(super) const TRANSPARENT: u8 = 0;

    /// For pixels of these colours, counted; the picture's own come first.
    pub(super) fn new(own: Counts, marks: Counts) -> Self {
        let mut exact: Vec<[u8; 3]> = own.keys().copied().collect();
        let mut rest: Counts = marks;
        if exact.len() > MAX_EXACT_COLORS {
            exact.clear();
            for (color, count) in own {
                *rest.entry(color).or_default() += count;
            }
        }
        rest.retain(|color, _| exact.binary_search(color).is_err());
        let free = MAX_COLORS - exact.len();
        let mut colors = vec![[0; 3]];
        colors.extend(exact);
        if rest.len() <= free {
            colors.extend(rest.keys());
        } else {
            colors.extend(reduced(rest, free));
        }
        let indices = colors.iter().zip(0..=u8::MAX).skip(1).map(|(color, index)| (*color, index)).collect();
        Self { colors, indices }
    }

    /// The colour that stands for this one.
    pub(super) fn index(&mut self, color: [u8; 3]) -> u8 {
        *self.indices.entry(color).or_insert_with(|| {
            let nearest = self.colors.iter().zip(0..=u8::MAX).skip(1).min_by_key(|(other, _)| distance(color, **other));
            nearest.map_or(Self::TRANSPARENT, |(_, index)| index)
        })
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.colors.into_flattened()
    }
}

/// By how much two colours differ, as the eye weighs red, green and blue.
fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    let square = |at: usize| u32::from(a[at].abs_diff(b[at])).pow(2);
    2 * square(0) + 4 * square(1) + square(2)
}

/// Few colours for many, by median cut: the box whose pixels differ most is cut in two until there are enough.
fn reduced(counts: Counts, count: usize) -> Vec<[u8; 3]> {
    let mut boxes = vec![Box::new(counts.into_iter().collect())];
    while boxes.len() < count {
        let Some(widest) = (0..boxes.len()).max_by_key(|at| boxes[*at].spread).filter(|at| boxes[*at].spread > 0)
        else {
            break;
        };
        let (low, high) = boxes.swap_remove(widest).cut();
        boxes.extend([low, high]);
    }
    boxes.iter().map(Box::mean).collect()
}

struct Box {
    colors: Vec<([u8; 3], u32)>,
    /// The channel in which they differ most.
    channel: usize,
    /// How much they differ in it, all pixels together.
    spread: u64,
}

impl Box {
    fn new(colors: Vec<([u8; 3], u32)>) -> Self {
        let pixels: u64 = colors.iter().map(|(_, count)| u64::from(*count)).sum();
        let of = |channel: usize| {
            let values = || colors.iter().map(|(color, count)| (u64::from(color[channel]), u64::from(*count)));
            let mean = values().map(|(value, count)| value * count).sum::<u64>() / pixels.max(1);
            let spread: u64 = values().map(|(value, count)| value.abs_diff(mean).pow(2) * count).sum();
            spread * [2, 4, 1][channel]
        };
        let spreads = [of(0), of(1), of(2)];
        let channel = (0..3).max_by_key(|channel| spreads[*channel]).unwrap_or(0);
        // Colours that differ by less than the mean is rounded by still differ.
        let spread = if colors.len() > 1 { spreads[channel].max(1) } else { 0 };
        Self { colors, channel, spread }
    }

    /// At least two colours, cut so that both halves have as many pixels as possible.
    fn cut(mut self) -> (Self, Self) {
        self.colors.sort_unstable_by_key(|(color, _)| (color[self.channel], *color));
        let half = self.colors.iter().map(|(_, count)| u64::from(*count)).sum::<u64>() / 2;
        let mut sum = 0;
        let middle = self.colors.iter().position(|(_, count)| {
            sum += u64::from(*count);
            sum > half
        });
        let at = middle.unwrap_or(0).clamp(1, self.colors.len() - 1);
        let high = self.colors.split_off(at);
        (Self::new(self.colors), Self::new(high))
    }

    fn mean(&self) -> [u8; 3] {
        let pixels: u64 = self.colors.iter().map(|(_, count)| u64::from(*count)).sum();
        std::array::from_fn(|channel| {
            let sum: u64 = self.colors.iter().map(|(color, count)| u64::from(color[channel]) * u64::from(*count)).sum();
            ((sum + pixels / 2) / pixels.max(1)) as u8
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(colors: impl IntoIterator<Item = [u8; 3]>) -> Counts {
        let mut counts = Counts::new();
        colors.into_iter().for_each(|color| *counts.entry(color).or_default() += 1);
        counts
    }

    #[test]
    fn few_colours_stay_and_the_mark_takes_what_is_left() {
        let own: Vec<[u8; 3]> = (0..224).map(|at| [at, 0, 7]).collect();
        let marks: Vec<[u8; 3]> = (0..2_000_u32).map(|at| [(at % 250) as u8, (at / 8) as u8, 200]).collect();
        let mut palette = Palette::new(counts(own.clone()), counts(marks.clone()));
        assert_eq!(palette.colors.len(), 256);
        for color in own {
            let index = palette.index(color);
            assert_eq!(palette.colors[usize::from(index)], color);
        }
        let sum: u32 = marks
            .iter()
            .map(|color| {
                let index = palette.index(*color);
                distance(*color, palette.colors[usize::from(index)])
            })
            .sum();
        assert!(sum / 2_000 < 4_000, "{sum}");
    }

    #[test]
    fn many_colours_become_near_ones() {
        let many: Vec<[u8; 3]> =
            (0..5_000_u32).map(|at| [(at % 256) as u8, (at / 20) as u8, (at * 7 % 256) as u8]).collect();
        let mut palette = Palette::new(counts(many.clone()), Counts::new());
        assert_eq!(palette.colors.len(), 256);
        for color in many {
            let index = palette.index(color);
            assert_ne!(index, Palette::TRANSPARENT);
            assert!(distance(color, palette.colors[usize::from(index)]) < 12_000);
        }
        assert_eq!(Palette::new(Counts::new(), Counts::new()).into_bytes().len(), 3);
    }
}
