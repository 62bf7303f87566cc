//! The one spelling of a template: what a cache or a digest is made from.

use std::fmt::{self, Display, Formatter, Write};

use crate::{
    ImageLayer, Layer, Metadata, Outline, Output, Pair, Placement, Plate, QrStyle, Quality, Shadow, Step, Template,
    TextColor, TextStyle, TilePattern,
    canonical_expression::{InText, write_escaped},
};

impl Template {
    /// The template in its one spelling: every default written out, constants and includes in their places, no
    /// comment, fixed order and white space.
    ///
    /// Sources that mean the same have the same canonical text, and it compiles to the same template again.
    pub fn to_canonical(&self) -> String {
        self.to_string()
    }
}

impl Display for Template {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "template {} {{", Quoted(&self.name))?;
        steps(f, &self.steps, 1)?;
        if let Some(video) = self.video {
            writeln!(f, "  video {{ frame_interval = {} }}", video.frame_interval)?;
        }
        writeln!(f, "  {}", self.output)?;
        writeln!(f, "}}")
    }
}

fn steps(f: &mut Formatter<'_>, list: &[Step], depth: usize) -> fmt::Result {
    let indent = "  ".repeat(depth);
    for step in list {
        match step {
            Step::Layer(layer) => writeln!(f, "{indent}{}", Spelled { layer, tile: None })?,
            Step::Skip => writeln!(f, "{indent}skip")?,
            Step::When(branch) => {
                writeln!(f, "{indent}when {} {{", branch.condition)?;
                steps(f, &branch.then, depth + 1)?;
                if !branch.otherwise.is_empty() {
                    writeln!(f, "{indent}}} else {{")?;
                    steps(f, &branch.otherwise, depth + 1)?;
                }
                writeln!(f, "{indent}}}")?;
            }
        }
    }
    Ok(())
}

/// A layer, and what repeats it.
struct Spelled<'a> {
    layer: &'a Layer,
    tile: Option<&'a TilePattern>,
}

impl Display for Spelled<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let place = |placement| Placed { placement, tile: self.tile };
        if self.tile.is_some() {
            f.write_str("tile ")?;
        }
        match self.layer {
            Layer::Text(layer) => {
                write!(f, "text {} {{{}{} }}", InText(&layer.text), layer.style, place(&layer.placement))
            }
            Layer::Image(layer) => {
                write!(f, "image {} {{{}{} }}", Quoted(&layer.name), Sized(layer), place(&layer.placement))
            }
            Layer::Qr(layer) => {
                write!(f, "qr {{ payload = {}{}{} }}", layer.payload, layer.style, place(&layer.placement))
            }
            Layer::Fingerprint(layer) => {
                write!(f, "fingerprint {{ payload = {} strength = {} }}", layer.payload, layer.strength)
            }
            Layer::Tile(tile) => Spelled { layer: &tile.layer, tile: Some(&tile.pattern) }.fmt(f),
        }
    }
}

/// The properties that every layer has; of a tile, those of the grid.
pub(crate) struct Placed<'a> {
    pub(crate) placement: &'a Placement,
    pub(crate) tile: Option<&'a TilePattern>,
}

impl Display for Placed<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Placement { anchor, margin, offset, angle_deg, blend, opacity } = self.placement;
        match self.tile {
            None => write!(f, " anchor = {} margin = {margin} angle = {angle_deg}deg", anchor.as_str())?,
            Some(TilePattern { angle_deg, gap, stagger }) => {
                write!(f, " angle = {angle_deg}deg gap = {gap} stagger = {stagger}")?;
            }
        }
        write!(f, " offset = {offset} blend = {} opacity = {}", blend.as_str(), opacity.get())
    }
}

impl Display for Pair {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.x, self.y)
    }
}

impl Display for TextStyle {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { fonts, weight, size, color, letter_spacing, line_height, align, .. } = self;
        f.write_str(" font =")?;
        for font in fonts {
            write!(f, " {}", Quoted(font))?;
        }
        write!(f, " weight = {weight} size = {size} color = {color} letter_spacing = {letter_spacing}")?;
        write!(f, " line_height = {line_height} align = {}", align.as_str())?;
        let Self { max_width, outline, shadow, plate, .. } = self;
        if let Some(max_width) = max_width {
            write!(f, " max_width = {max_width}")?;
        }
        if let Some(Outline { width, color }) = outline {
            write!(f, " outline = {width} {color}")?;
        }
        if let Some(Shadow { dx, dy, blur, color }) = shadow {
            write!(f, " shadow = {dx} {dy}")?;
            if let Some(blur) = blur {
                write!(f, " {blur}")?;
            }
            write!(f, " {color}")?;
        }
        if let Some(Plate { color, padding, radius }) = plate {
            write!(f, " plate = {color} {padding} {radius}")?;
        }
        Ok(())
    }
}

impl Display for TextColor {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Fixed(color) => color.fmt(f),
        }
    }
}

/// How large a picture is drawn.
pub(crate) struct Sized<'a>(pub(crate) &'a ImageLayer);

impl Display for Sized<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(width) = self.0.size.width {
            write!(f, " scale = {width}")?;
        }
        if let Some(height) = self.0.size.height {
            write!(f, " height = {height}")?;
        }
        Ok(())
    }
}

impl Display for QrStyle {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { size, color, background, quiet_modules, level } = self;
        write!(f, " scale = {size} color = {color} background = {background}")?;
        write!(f, " quiet = {quiet_modules} level = {}", level.as_str())
    }
}

impl Display for Output {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "output {{ format = {} quality = ", self.format.as_str())?;
        match self.quality {
            Quality::Source => f.write_str("source")?,
            Quality::Percent(percent) => write!(f, "{percent}")?,
        }
        let list = |list: &[Metadata]| list.iter().map(|each| each.as_str()).collect::<Vec<_>>().join(", ");
        write!(f, " keep = [{}] strip = [{}]", list(&self.keep), list(&self.strip))?;
        if let Some(max_edge_px) = self.max_edge_px {
            write!(f, " max_edge = {max_edge_px}px")?;
        }
        f.write_str(" }")
    }
}

/// A fixed text in quotes.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        write_escaped(f, self.0)?;
        f.write_char('"')
    }
}
