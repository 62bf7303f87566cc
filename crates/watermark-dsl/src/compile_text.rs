//! The text layer.

use crate::{
    Align, Code, Color, Diagnostic, LayerNode, Length, Outline, Placement, Plate, PropertyNode, Shadow, Span,
    TextColor, TextLayer, TextLength, TextNode, TextStyle, Value,
    compile::Compiler,
    compile_layer::{LENGTH, SIZE},
    expression::{Concrete, Expression},
    limits::{MAX_FONTS, MAX_TEXT_CHARS},
    value::{LengthRange, Takes},
};

/// A move, to either side.
const MOVE: LengthRange =
    LengthRange { least: -1.0, most_px: 1_000.0, most_percent: 10.0, most_em: Some(10.0), plain_percent: false };

/// A distance.
const REACH: LengthRange = LengthRange { least: 0.0, ..MOVE };

impl Compiler<'_> {
    pub(crate) fn text_layer(&mut self, node: &LayerNode) -> TextLayer {
        let text = node.text.as_ref().and_then(|text| self.shown_text(text));
        let mut layer = TextLayer {
            text: text.unwrap_or_else(|| Expression::constant(Concrete::Text(String::new()))),
            style: TextStyle::default(),
            placement: Placement::DEFAULT,
        };
        let properties = self.known(node);
        for property in &properties {
            if !self.place(&mut layer.placement, property, node.tile.is_some()) {
                self.style(&mut layer.style, property);
            }
        }
        self.check_shows(&layer, &properties);
        layer
    }

    /// The text of a layer: not empty, and not too long.
    fn shown_text(&mut self, node: &TextNode) -> Option<Expression> {
        let text = self.text(node)?;
        let chars: usize = text.written().map(|part| part.chars().count()).sum();
        if chars > MAX_TEXT_CHARS {
            let message = format!("this text has {chars} characters; at most {MAX_TEXT_CHARS} are drawn");
            self.report(Diagnostic::new(Code::TextTooLong, node.span, message));
        }
        let is_blank = match text.as_constant() {
            Some(Concrete::Text(text)) => text.trim().is_empty(),
            _ => false,
        };
        if is_blank {
            self.report(Diagnostic::new(Code::DrawsNothing, node.span, "this text draws nothing"));
        }
        Some(text)
    }

    /// Sets one property. Where the value is wrong the default stays, and the report keeps the template from use.
    fn style(&mut self, style: &mut TextStyle, property: &PropertyNode) {
        let name = property.name.name.as_str();
        let takes = |what, example| Takes { property: name, what, example };
        match name {
            "font" => {
                let takes = takes("a name in quotes, then those of its fallbacks", "\"DejaVu Sans\"");
                let fonts = self.fonts(property, takes);
                style.fonts = fonts.unwrap_or_else(|| std::mem::take(&mut style.fonts));
            }
            "weight" => {
                let takes = takes("100 to 900, `normal` or `bold`", "bold");
                style.weight = self.weight(property, takes).unwrap_or(style.weight);
            }
            "size" | "max_width" => {
                let takes = takes(LENGTH, "3.5%w");
                let Some(value) = self.single(property, takes) else { return };
                let Some(length) = self.length(value, takes, &SIZE) else { return };
                if name == "size" {
                    style.size = length;
                } else {
                    style.max_width = Some(length);
                }
            }
            "color" => {
                let takes = takes("a colour or `auto`", "#fff");
                let Some(value) = self.single(property, takes) else { return };
                if matches!(&value.value, Value::Word(word) if word == "auto") {
                    style.color = TextColor::Auto;
                } else if let Some(color) = self.color(value, takes) {
                    style.color = TextColor::Fixed(color);
                }
            }
            "letter_spacing" => {
                let takes = takes("a length, also in `em`", "0.05em");
                let spacing = self.single(property, takes).and_then(|value| self.text_length(value, takes, &MOVE));
                style.letter_spacing = spacing.unwrap_or(style.letter_spacing);
            }
            "line_height" => {
                let takes = takes("a number of sizes", "1.2");
                let height = self.single(property, takes).and_then(|value| self.number(value, takes, 0.5, 5.0));
                style.line_height = height.unwrap_or(style.line_height);
            }
            "align" => {
                let takes = takes("the name of a side", "center");
                let align: Option<Align> = self.single(property, takes).and_then(|value| self.word(value, takes));
                style.align = align.unwrap_or(style.align);
            }
            "outline" => {
                let takes = takes("a length and a colour", "0.06em black");
                let [width, color] = &property.values[..] else { return self.wrong_values(property, takes) };
                let width = self.text_length(width, takes, &REACH);
                if let (Some(width), Some(color)) = (width, self.color(color, takes)) {
                    style.outline = Some(Outline { width, color });
                }
            }
            "plate" => {
                let takes = takes("a colour, if wanted then a padding and a radius", "#0008 0.4em 0.2em");
                style.plate = self.plate(property, takes);
            }
            "shadow" => {
                let takes = takes("two lengths, if wanted a third for the blur, and a colour", "1px 1px #0008");
                style.shadow = self.shadow(property, takes);
            }
            // The properties of a tile, which its pattern reads.
            _ => {}
        }
    }

    fn wrong_values(&mut self, property: &PropertyNode, takes: Takes<'_>) {
        if let (Some(first), Some(last)) = (property.values.first(), property.values.last()) {
            self.wrong::<()>(first.span.to(last.span), takes, "");
        }
    }

    fn fonts(&mut self, property: &PropertyNode, takes: Takes<'_>) -> Option<Vec<String>> {
        let mut fonts: Vec<String> = Vec::new();
        let mut is_right = true;
        for value in &property.values {
            match self.fixed_text(value, takes) {
                Some(font) if font.trim().is_empty() || font.chars().count() > 100 => {
                    let message = "this cannot be the name of a font";
                    self.report(Diagnostic::new(Code::BadName, value.span, message).hint("it has 1 to 100 characters"));
                    is_right = false;
                }
                Some(font) if fonts.len() == MAX_FONTS => {
                    let message = format!("more than {MAX_FONTS} fonts; `{font}` is one too many");
                    self.report(Diagnostic::new(Code::TooManyNames, value.span, message));
                    return None;
                }
                Some(font) => fonts.push(font),
                None => is_right = false,
            }
        }
        (is_right && !fonts.is_empty()).then_some(fonts)
    }

    fn weight(&mut self, property: &PropertyNode, takes: Takes<'_>) -> Option<u16> {
        let value = self.single(property, takes)?;
        if let Value::Word(word) = &value.value {
            match word.as_str() {
                "normal" => return Some(400),
                "bold" => return Some(700),
                _ => {}
            }
        }
        self.whole(value, takes, 100, 900).and_then(|weight| u16::try_from(weight).ok())
    }

    /// `colour`, `colour padding` or `colour padding radius`.
    fn plate(&mut self, property: &PropertyNode, takes: Takes<'_>) -> Option<Plate> {
        let (color, lengths) = property.values.split_first()?;
        if lengths.len() > 2 {
            self.wrong_values(property, takes);
            return None;
        }
        let color = self.color(color, takes);
        let lengths: Vec<Option<TextLength>> =
            lengths.iter().map(|length| self.text_length(length, takes, &REACH)).collect();
        let lengths: Vec<TextLength> = lengths.into_iter().collect::<Option<_>>()?;
        Some(Plate {
            color: color?,
            padding: lengths.first().copied().unwrap_or(TextLength::Em(0.4)),
            radius: lengths.get(1).copied().unwrap_or(TextLength::ZERO),
        })
    }

    /// `dx dy colour` or `dx dy blur colour`.
    fn shadow(&mut self, property: &PropertyNode, takes: Takes<'_>) -> Option<Shadow> {
        let (dx, dy, blur, color) = match &property.values[..] {
            [dx, dy, color] => (dx, dy, None, color),
            [dx, dy, blur, color] => (dx, dy, Some(blur), color),
            _ => {
                self.wrong_values(property, takes);
                return None;
            }
        };
        // All of them are looked at before the first one missing ends it, so that one run shows every mistake.
        let dx = self.text_length(dx, takes, &MOVE);
        let dy = self.text_length(dy, takes, &MOVE);
        let blur = blur.map(|blur| self.text_length(blur, takes, &REACH));
        let color = self.color(color, takes);
        let blur = match blur {
            Some(blur) => Some(blur?),
            None => None,
        };
        Some(Shadow { dx: dx?, dy: dy?, blur, color: color? })
    }

    /// Finds letters that cannot be seen, and properties that change nothing.
    fn check_shows(&mut self, layer: &TextLayer, properties: &[&PropertyNode]) {
        let span = |name: &str| -> Option<Span> {
            let property = properties.iter().find(|property| property.name.name == name)?;
            property.values.first().map(|value| value.span)
        };
        let style = &layer.style;
        let is_clear = matches!(style.color, TextColor::Fixed(Color { a: 0, .. }));
        if let (true, None, Some(span)) = (is_clear, style.outline, span("color")) {
            let message = "text in a fully transparent colour draws nothing";
            self.report(Diagnostic::new(Code::DrawsNothing, span, message));
        }
        let is_one_line = style.max_width.is_none() && !layer.text.written().any(|text| text.contains('\n'));
        for name in ["align", "line_height"] {
            if let (true, Some(span)) = (is_one_line, span(name)) {
                let message = format!("`{name}` changes nothing in a text of one line");
                let hint = "write `\\n` into the text, or give `max_width`";
                self.report(Diagnostic::new(Code::NoEffect, span, message).hint(hint));
            }
        }
    }
}

impl Default for TextStyle {
    fn default() -> Self {
        Self {
            fonts: vec!["DejaVu Sans".to_owned()],
            weight: 400,
            size: Length::shorter(4.0),
            color: TextColor::Fixed(Color::WHITE),
            letter_spacing: TextLength::ZERO,
            line_height: 1.2,
            align: Align::Auto,
            max_width: None,
            outline: None,
            shadow: None,
            plate: None,
        }
    }
}
