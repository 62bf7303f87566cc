//! The one spelling of a template: what a cache or a digest is made from.

use std::fmt::{self, Write};

use crate::{Layer, Shadow, Template, TextLayer, TextPiece};

impl Template {
    /// The template in its one spelling: every default written out, no comment, fixed order and white space.
    ///
    /// Sources that mean the same have the same canonical text, and it compiles to the same template again.
    pub fn to_canonical(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "template {} {{", Quoted(&self.name))?;
        for layer in &self.layers {
            match layer {
                Layer::Text(text) => writeln!(f, "  {text}")?,
            }
        }
        writeln!(f, "}}")
    }
}

impl fmt::Display for TextLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text \"")?;
        for piece in &self.text {
            match piece {
                TextPiece::Literal(literal) => {
                    write_escaped(f, &literal.replace('{', "{{").replace('}', "}}"))?;
                }
                TextPiece::Variable(variable) => write!(f, "{{{variable}}}")?,
            }
        }
        let Self { text: _, font, size, color, opacity, anchor, margin, shadow } = self;
        write!(f, "\" {{ font = {} size = {size} color = {color}", Quoted(font))?;
        write!(f, " opacity = {} anchor = {} margin = {margin}", opacity.get(), anchor.as_str())?;
        if let Some(Shadow { dx, dy, blur, color }) = shadow {
            write!(f, " shadow = {dx} {dy}")?;
            if let Some(blur) = blur {
                write!(f, " {blur}")?;
            }
            write!(f, " {color}")?;
        }
        f.write_str(" }")
    }
}

struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        write_escaped(f, self.0)?;
        f.write_char('"')
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    Ok(())
}
