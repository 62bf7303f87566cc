//! Which planes a JPEG has, and a mark's colour in them.

use super::{
    Refusal,
    markers::{APP0, APP14, Header},
};

/// Meaning of a JPEG's components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColorModel {
    Gray,
    YCbCr,
    Rgb,
    /// The inks, 255 is none of it: as Adobe writes them.
    InvertedCmyk,
    /// The same, the first three as luma and chroma.
    InvertedYcck,
    /// The inks, 0 is none of it: where no Adobe segment says otherwise.
    Cmyk,
}

impl ColorModel {
    /// What the header tells. Source: ITU-T T.872, 6.1 (Adobe's segment); component names as libjpeg takes them.
    pub(super) fn of(header: &Header, bytes: &[u8]) -> Result<Self, Refusal> {
        let payload = |marker, start: &[u8]| {
            header
                .segments()
                .filter(|segment| segment.marker == marker)
                .map(|segment| &bytes[segment.payload.clone()])
                .find(|payload| payload.starts_with(start))
        };
        // A segment that is too short to say it is none of Adobe's.
        let adobe = payload(APP14, b"Adobe").and_then(|payload| payload.get(11).copied());
        let has_jfif = payload(APP0, b"JFIF\0").is_some();
        let ids: Vec<u8> = header.frame.components.iter().map(|component| component.id).collect();
        Ok(match (&ids[..], adobe) {
            ([_], _) => Self::Gray,
            ([_, _, _], _) if has_jfif => Self::YCbCr,
            ([_, _, _], Some(0)) => Self::Rgb,
            ([_, _, _], Some(1)) => Self::YCbCr,
            (b"RGB", None) => Self::Rgb,
            ([_, _, _], None) => Self::YCbCr,
            ([_, _, _, _], None) => Self::Cmyk,
            ([_, _, _, _], Some(0)) => Self::InvertedCmyk,
            ([_, _, _, _], Some(2)) => Self::InvertedYcck,
            _ => return Err(Refusal::UnknownColors),
        })
    }

    /// A colour in sRGB, 0 to 255, as samples of the components. As inks it has as much black as it can: a mark of black
    /// on paper is black ink alone.
    #[inline(always)]
    pub(super) fn planes(self, rgb: [f32; 3]) -> [f32; 4] {
        match self {
            Self::Gray => [ycc(rgb)[0], 0.0, 0.0, 0.0],
            Self::YCbCr => {
                let [y, cb, cr] = ycc(rgb);
                [y, cb, cr, 0.0]
            }
            Self::Rgb => [rgb[0], rgb[1], rgb[2], 0.0],
            Self::InvertedCmyk => inverted_cmyk(rgb),
            Self::Cmyk => inverted_cmyk(rgb).map(|ink| 255.0 - ink),
            Self::InvertedYcck => {
                let [c, m, y, k] = inverted_cmyk(rgb);
                let [luma, cb, cr] = ycc([255.0 - c, 255.0 - m, 255.0 - y]);
                [luma, cb, cr, k]
            }
        }
    }

    /// The same of several colours, each channel by itself.
    #[inline(always)]
    pub(super) fn planes_of<const N: usize>(self, rgb: [[f32; N]; 3]) -> [[f32; N]; 4] {
        let mut planes = [[0.0; N]; 4];
        let [y, cb, cr, k] = &mut planes;
        let [red, green, blue] = &rgb;
        let colors = red.iter().zip(green).zip(blue).map(|((r, g), b)| [*r, *g, *b]);
        let out = y.iter_mut().zip(cb).zip(cr).zip(k);
        let set = |(((one, two), three), four): (((&mut f32, &mut f32), &mut f32), &mut f32), samples: [f32; 4]| {
            [*one, *two, *three, *four] = samples;
        };
        match self {
            // Known beforehand, it becomes a few instructions for all of them together.
            Self::YCbCr => out.zip(colors).for_each(|(out, color)| set(out, Self::YCbCr.planes(color))),
            _ => out.zip(colors).for_each(|(out, color)| set(out, self.planes(color))),
        }
        planes
    }

    /// Whether pixels can be told in red, green and blue from the components alone, and back.
    pub(super) const fn is_rgb(self) -> bool {
        matches!(self, Self::Gray | Self::YCbCr | Self::Rgb)
    }

    /// Samples of the components as red, green and blue; for models that [`is_rgb`](Self::is_rgb).
    pub(super) fn rgb(self, planes: [f32; 4]) -> [f32; 3] {
        let [y, cb, cr, _] = planes;
        match self {
            Self::Gray => [y; 3],
            Self::YCbCr => {
                let (cb, cr) = (cb - 128.0, cr - 128.0);
                [y + 1.402 * cr, y - 0.344_136_3 * cb - 0.714_136_3 * cr, y + 1.772 * cb]
            }
            _ => [y, cb, cr],
        }
    }

    /// Luma of Rec. 601 of samples of the components, 0 to 255; of inks about.
    pub(super) fn luma(self, planes: [f32; 4]) -> f32 {
        let [c, m, y, k] = planes;
        match self {
            Self::Gray | Self::YCbCr => c,
            Self::Rgb => ycc([c, m, y])[0],
            Self::InvertedCmyk => ycc([c, m, y])[0] * k / 255.0,
            Self::Cmyk => (255.0 - ycc([c, m, y])[0]) * (255.0 - k) / 255.0,
            // The luma is that of how much ink there is.
            Self::InvertedYcck => (255.0 - c) * k / 255.0,
        }
    }
}

/// Source: ITU-T T.871, 7.
#[inline(always)]
fn ycc([r, g, b]: [f32; 3]) -> [f32; 3] {
    [
        0.299 * r + 0.587 * g + 0.114 * b,
        -0.168_735_9 * r - 0.331_264_1 * g + 0.5 * b + 128.0,
        0.5 * r - 0.418_687_6 * g - 0.081_312_4 * b + 128.0,
    ]
}

#[inline(always)]
fn inverted_cmyk([r, g, b]: [f32; 3]) -> [f32; 4] {
    let k = r.max(g).max(b);
    if k <= 0.0 {
        return [255.0, 255.0, 255.0, 0.0];
    }
    let ink = 255.0 / k;
    [r * ink, g * ink, b * ink, k]
}
