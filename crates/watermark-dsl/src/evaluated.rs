//! A template for one picture: every text final, every condition decided. What layout works on.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::{
    Expression, ImageLayer, Layer, Output, Placement, QrStyle, Step, Template, TextStyle, TilePattern, ValueError,
    Variables, Video,
    canonical::{Placed, Quoted, Sized},
    evaluate::Values,
    expression::{Concrete, Kind, hex},
    limits::MAX_TEXT_CHARS,
};

/// A template for one picture. Lengths are still in the units as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// The template's name.
    pub name: String,
    /// Width of the picture as shown, in pixels.
    pub width: u32,
    /// Height of the picture as shown, in pixels.
    pub height: u32,
    /// What to draw, the lowest first; empty where a `skip` was reached, or no condition around a layer holds.
    pub layers: Vec<EvaluatedLayer>,
    /// Whether a `skip` was reached: the picture is meant to go out without a mark.
    pub is_skipped: bool,
    /// What becomes of the file.
    pub output: Output,
    /// What counts for videos only.
    pub video: Option<Video>,
}

/// A layer that is drawn on this picture.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluatedLayer {
    /// Which of the template's layers it is, counted from 1 whatever the conditions.
    pub number: usize,
    /// What it draws.
    pub drawing: Drawing,
}

/// What a layer draws.
#[derive(Debug, Clone, PartialEq)]
pub enum Drawing {
    /// Lines of text.
    Text(TextDrawing),
    /// A picture, as a logo.
    Image(ImageLayer),
    /// A drawing over and over.
    Tile(TileDrawing),
    /// A QR code.
    Qr(QrDrawing),
    /// An invisible mark.
    Fingerprint(FingerprintDrawing),
}

/// Lines of text.
#[derive(Debug, Clone, PartialEq)]
pub struct TextDrawing {
    /// At most 1,000 characters. `\n` begins a new line; there are no other control characters.
    pub text: String,
    /// How it looks.
    pub style: TextStyle,
    /// Where it sits.
    pub placement: Placement,
}

/// A drawing over and over.
#[derive(Debug, Clone, PartialEq)]
pub struct TileDrawing {
    /// How it is repeated.
    pub pattern: TilePattern,
    /// What: a text, an image or a QR code. Of its placement only offset (of the whole grid), blend and opacity
    /// count.
    pub drawing: Box<Drawing>,
}

/// A QR code.
#[derive(Debug, Clone, PartialEq)]
pub struct QrDrawing {
    /// What it says, as [`Payload::to_text`]; it fits into a code of the style's level.
    pub payload: Payload,
    /// How it looks.
    pub style: QrStyle,
    /// Where it sits.
    pub placement: Placement,
}

/// An invisible mark.
#[derive(Debug, Clone, PartialEq)]
pub struct FingerprintDrawing {
    /// What it says, as [`Payload::bytes`].
    pub payload: Payload,
    /// How much it may change, from over 0.0 to 1.0.
    pub strength: f64,
}

/// What a code or a fingerprint says. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Payload {
    /// A text.
    Text(String),
    /// A digest.
    Digest([u8; 32]),
}

impl Payload {
    /// The text, or the digest in lower-case hex.
    pub fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Digest(bytes) => hex(bytes),
        }
    }

    /// The text's UTF-8, or the digest's own 32 bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Digest(bytes) => bytes,
        }
    }
}

/// Why a template cannot be evaluated for a picture.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// A calculation of a layer has no result.
    #[error("layer {layer} has no value for this picture")]
    Layer {
        /// The layer, counted from 1 over the whole template.
        layer: usize,
        /// Why.
        source: ValueError,
    },
    /// A condition has no result.
    #[error("a condition before layer {layer} has no value for this picture")]
    Condition {
        /// The layer that the condition stands before, counted from 1 over the whole template.
        layer: usize,
        /// Why.
        source: ValueError,
    },
}

impl Template {
    /// Decides the conditions and fills in the texts for a picture of this size, as shown.
    ///
    /// Texts are cleaned, since values are anything, a file's name above all: control characters in values become
    /// spaces, those that turn the direction of the text around them are left out, and what is over
    /// [`MAX_TEXT_CHARS`] is cut with an ellipsis. Payloads are taken as they are.
    ///
    /// # Errors
    /// [`EvalError`], where a calculation has no result with these values, or a payload is empty or too long.
    pub fn evaluate(&self, variables: &Variables, width: u32, height: u32) -> Result<Evaluated, EvalError> {
        let mut walk = Walk { values: Values { variables, width, height }, next: 1, layers: Vec::new() };
        let is_skipped = walk.steps(&self.steps, true)?;
        let layers = if is_skipped { Vec::new() } else { walk.layers };
        let (name, output) = (self.name.clone(), self.output.clone());
        Ok(Evaluated { name, width, height, layers, is_skipped, output, video: self.video })
    }
}

struct Walk<'a> {
    values: Values<'a>,
    /// Number of the next layer.
    next: usize,
    layers: Vec<EvaluatedLayer>,
}

impl Walk<'_> {
    /// Whether a `skip` was reached. Steps that are not taken are still counted.
    fn steps(&mut self, steps: &[Step], is_taken: bool) -> Result<bool, EvalError> {
        let mut is_skipped = false;
        for step in steps {
            // Behind a `skip` nothing counts any more, a calculation without a result neither.
            let is_taken = is_taken && !is_skipped;
            match step {
                Step::Skip => is_skipped |= is_taken,
                Step::Layer(layer) => {
                    let number = self.next;
                    self.next += 1;
                    if is_taken {
                        let drawing = self.drawing(layer);
                        let drawing = drawing.map_err(|source| EvalError::Layer { layer: number, source })?;
                        self.layers.push(EvaluatedLayer { number, drawing });
                    }
                }
                Step::When(branch) => {
                    let holds = is_taken && self.holds(&branch.condition)?;
                    is_skipped |= self.steps(&branch.then, holds)?;
                    is_skipped |= self.steps(&branch.otherwise, is_taken && !holds)?;
                }
            }
        }
        Ok(is_skipped)
    }

    fn holds(&self, condition: &Expression) -> Result<bool, EvalError> {
        let value = self.values.of(condition).map_err(|source| EvalError::Condition { layer: self.next, source })?;
        Ok(value == Concrete::Bool(true))
    }

    fn drawing(&self, layer: &Layer) -> Result<Drawing, ValueError> {
        Ok(match layer {
            Layer::Text(layer) => Drawing::Text(TextDrawing {
                text: self.text(&layer.text)?,
                style: layer.style.clone(),
                placement: layer.placement,
            }),
            Layer::Image(layer) => Drawing::Image(layer.clone()),
            Layer::Tile(tile) => {
                Drawing::Tile(TileDrawing { pattern: tile.pattern, drawing: Box::new(self.drawing(&tile.layer)?) })
            }
            Layer::Qr(layer) => {
                let payload = self.payload(&layer.payload)?;
                let (bytes, most) = (payload.to_text().len(), layer.style.level.most_bytes());
                if bytes > most {
                    return Err(ValueError::PayloadTooLong { bytes, most });
                }
                Drawing::Qr(QrDrawing { payload, style: layer.style, placement: layer.placement })
            }
            Layer::Fingerprint(layer) => Drawing::Fingerprint(FingerprintDrawing {
                payload: self.payload(&layer.payload)?,
                strength: layer.strength,
            }),
        })
    }

    fn payload(&self, expression: &Expression) -> Result<Payload, ValueError> {
        let payload = match self.values.of(expression)? {
            Concrete::Digest(bytes) => Payload::Digest(bytes),
            other => Payload::Text(other.to_text()),
        };
        if payload.bytes().is_empty() { Err(ValueError::EmptyPayload) } else { Ok(payload) }
    }

    /// The text of a layer. What the template says itself stays; values are cleaned.
    fn text(&self, expression: &Expression) -> Result<String, ValueError> {
        let parts = match expression.kind() {
            Kind::Concat(parts) => &parts[..],
            _ => std::slice::from_ref(expression),
        };
        let mut chars: Vec<char> = Vec::new();
        for part in parts {
            let value = self.values.of(part)?.to_text();
            let is_written = part.is_constant();
            let room = (MAX_TEXT_CHARS + 1).saturating_sub(chars.len());
            let shown = value.chars().filter(|c| is_written || !turns_direction(*c));
            let shown = shown.map(|c| if c.is_control() && !(is_written && c == '\n') { ' ' } else { c });
            chars.extend(shown.take(room));
        }
        if chars.len() > MAX_TEXT_CHARS {
            chars.truncate(MAX_TEXT_CHARS - 1);
            chars.push('…');
        }
        Ok(chars.into_iter().collect())
    }
}

/// Whether a character turns the direction of others around it, or breaks the line without being a control character.
/// Source: Unicode Standard Annex 9, 2.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Evaluated {
    /// All of it in one spelling: two pictures of the same bytes with the same spelling get the same rendition, as
    /// long as fonts, assets and renderer are the same.
    pub fn to_canonical(&self) -> String {
        let mut out = format!("evaluated {} {}x{} {{\n", Quoted(&self.name), self.width, self.height);
        for EvaluatedLayer { number: _, drawing } in &self.layers {
            out.push_str("  ");
            write_drawing(&mut out, drawing, None);
            out.push('\n');
        }
        if self.is_skipped {
            out.push_str("  skip\n");
        }
        if let Some(video) = self.video {
            push(&mut out, format_args!("  video {{ frame_interval = {} }}\n", video.frame_interval));
        }
        push(&mut out, format_args!("  {}\n}}\n", self.output));
        out
    }

    /// SHA-256 of [`Self::to_canonical`], in lower-case hex.
    pub fn digest(&self) -> String {
        hex(&Sha256::digest(self.to_canonical()))
    }
}

fn push(out: &mut String, written: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let result = out.write_fmt(written);
    debug_assert!(result.is_ok());
}

fn write_drawing(out: &mut String, drawing: &Drawing, tile: Option<&TilePattern>) {
    if tile.is_some() {
        out.push_str("tile ");
    }
    let payload = |payload: &Payload| match payload {
        Payload::Text(text) => Quoted(text).to_string(),
        Payload::Digest(bytes) => hex(bytes),
    };
    match drawing {
        Drawing::Text(TextDrawing { text, style, placement }) => {
            let placed = Placed { placement, tile };
            push(out, format_args!("text {} {{{style}{placed} }}", Quoted(text)));
        }
        Drawing::Image(image) => {
            let placed = Placed { placement: &image.placement, tile };
            push(out, format_args!("image {} {{{}{placed} }}", Quoted(&image.name), Sized(image)));
        }
        Drawing::Qr(qr) => {
            let placed = Placed { placement: &qr.placement, tile };
            push(out, format_args!("qr {{ payload = {}{}{placed} }}", payload(&qr.payload), qr.style));
        }
        Drawing::Fingerprint(mark) => {
            let payload = payload(&mark.payload);
            push(out, format_args!("fingerprint {{ payload = {payload} strength = {} }}", mark.strength));
        }
        Drawing::Tile(tile) => write_drawing(out, &tile.drawing, Some(&tile.pattern)),
    }
}
