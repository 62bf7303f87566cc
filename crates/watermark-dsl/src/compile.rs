//! A tree to a template: names are looked up, values checked, defaults filled in.

use crate::{
    Anchor, Ast, Code, Color, Diagnostic, Item, Layer, LayerNode, Length, LengthUnit, Named, Opacity, Piece,
    PropertyNode, Template, TemplateNode, TextLayer, TextNode, TextPiece, Variable,
    diagnostic::Diagnostics,
    limits::{MAX_NAME_CHARS, MAX_TEXT_CHARS},
    recovery::{LATER, LAYERS},
    suggest::did_you_mean,
    value::{LengthRange, Takes},
};

const PROPERTIES: [&str; 7] = ["font", "size", "color", "opacity", "anchor", "margin", "shadow"];

/// Below this a mark can hardly be seen.
const FAINT: f64 = 0.05;

/// Checks a tree and fills the defaults in.
///
/// # Errors
/// Every mistake of the source in its order, the parser's included; warnings are among them.
pub fn compile(ast: &Ast) -> Result<Template, Vec<Diagnostic>> {
    let mut out = ast.diagnostics.clone();
    let template = ast.template.as_ref().map(|node| template(node, &mut out));
    let has_errors = out.has_errors();
    let diagnostics = out.into_sorted();
    match template {
        Some(template) if !has_errors => Ok(Template { warnings: diagnostics, ..template }),
        _ => Err(diagnostics),
    }
}

fn template(node: &TemplateNode, out: &mut Diagnostics) -> Template {
    if let Some(named) = &node.name {
        check_name(named, out);
    }
    let mut layers = Vec::new();
    for item in &node.items {
        match item {
            Item::Layer(layer) => layers.push(Layer::Text(text_layer(layer, out))),
            Item::LaterLayer(Named { name, span }) => {
                let message = format!("`{name}` is not in this release");
                out.push(Diagnostic::new(Code::NotInThisRelease, *span, message).hint("this release draws `text`"));
            }
            Item::LaterProperty(Named { name, span }) => {
                let message = format!("properties of the template itself, as `{name}`, are not in this release");
                let hint = "this release draws `text \"…\" { … }`";
                out.push(Diagnostic::new(Code::NotInThisRelease, *span, message).hint(hint));
            }
            Item::UnknownLayer(Named { name, span }) => {
                let hint = did_you_mean(name, LAYERS.into_iter().chain(LATER));
                let message = format!("there is no layer `{name}`");
                out.push(Diagnostic::new(Code::UnknownLayer, *span, message).maybe_hint(hint));
            }
        }
    }
    if node.items.is_empty() && !out.has_errors() {
        let message = "this template has no layer, so it would publish pictures without a mark";
        out.push(Diagnostic::new(Code::DrawsNothing, node.span, message));
    }
    let name = node.name.as_ref().map(|named| named.name.clone()).unwrap_or_default();
    Template { name, layers, warnings: Vec::new() }
}

fn check_name(named: &Named, out: &mut Diagnostics) {
    let letters = named.name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if !letters || named.name.is_empty() || named.name.chars().count() > MAX_NAME_CHARS {
        let message = "this cannot be a template's name";
        let hint = format!("a name is 1 to {MAX_NAME_CHARS} of `a-z A-Z 0-9 _ - .`");
        out.push(Diagnostic::new(Code::BadName, named.span, message).hint(hint));
    }
}

fn text_layer(node: &LayerNode, out: &mut Diagnostics) -> TextLayer {
    let mut layer = TextLayer {
        text: node.text.as_ref().map(|text| pieces(text, out)).unwrap_or_default(),
        font: "DejaVu Sans".to_owned(),
        size: Length { value: 4.0, unit: LengthUnit::Shorter },
        color: Color::WHITE,
        opacity: Opacity::DEFAULT,
        anchor: Anchor::BottomRight,
        margin: Length { value: 2.0, unit: LengthUnit::Shorter },
        shadow: None,
    };
    let mut seen = Vec::with_capacity(PROPERTIES.len());
    for property in &node.properties {
        let Named { name, span } = &property.name;
        if !PROPERTIES.contains(&name.as_str()) {
            let hint = did_you_mean(name, PROPERTIES)
                .unwrap_or_else(|| format!("the properties of `text` are {}", PROPERTIES.join(", ")));
            let message = format!("`text` has no property `{name}`");
            out.push(Diagnostic::new(Code::UnknownProperty, *span, message).hint(hint));
        } else if seen.contains(&name) {
            let message = format!("`{name}` is given twice");
            out.push(Diagnostic::new(Code::DuplicateProperty, *span, message).hint("keep one of them"));
        } else {
            seen.push(name);
            if !property.has_hole {
                set(&mut layer, property, out);
            }
        }
    }
    layer
}

/// Sets one property. Where the value is wrong the default stays, and the report keeps the template from use.
fn set(layer: &mut TextLayer, property: &PropertyNode, out: &mut Diagnostics) {
    let name = property.name.name.as_str();
    let takes = |what, example| Takes { property: name, what, example };
    let length = "a length in `px`, `%w`, `%h` or `%min`";
    match name {
        "font" => {
            let takes = takes("a name in quotes", "\"DejaVu Sans\"");
            if let Some(font) = takes.single(property, out).and_then(|value| takes.text(value, out)) {
                layer.font = font;
            }
        }
        "size" => {
            let range = LengthRange { least: 0.1, most_px: 10_000.0, most_percent: 100.0, plain_percent: false };
            let takes = takes(length, "3.5%w");
            let size = takes.single(property, out).and_then(|value| takes.length(value, &range, out));
            layer.size = size.unwrap_or(layer.size);
        }
        "margin" => {
            let range = LengthRange { least: 0.0, most_px: 10_000.0, most_percent: 50.0, plain_percent: true };
            let takes = takes("a length in `px`, `%`, `%w`, `%h` or `%min`", "2%");
            let margin = takes.single(property, out).and_then(|value| takes.length(value, &range, out));
            layer.margin = margin.unwrap_or(layer.margin);
        }
        "color" => {
            let takes = takes("a colour", "#fff");
            let Some(value) = takes.single(property, out) else { return };
            layer.color = takes.color(value, out).unwrap_or(layer.color);
            if layer.color.a == 0 {
                let message = "text in a fully transparent colour draws nothing";
                out.push(Diagnostic::new(Code::DrawsNothing, value.span, message));
            }
        }
        "opacity" => {
            let takes = takes("a percentage or a fraction", "55%");
            let Some(value) = takes.single(property, out) else { return };
            layer.opacity = takes.opacity(value, out).unwrap_or(layer.opacity);
            if layer.opacity.get() < FAINT {
                let message = "a mark as faint as this can hardly be seen";
                out.push(Diagnostic::new(Code::FaintMark, value.span, message).hint("5% is about the least"));
            }
        }
        "anchor" => {
            let takes = takes("the name of a place", "bottom_right");
            let anchor = takes.single(property, out).and_then(|value| takes.anchor(value, out));
            layer.anchor = anchor.unwrap_or(layer.anchor);
        }
        _ => {
            let takes = takes("two lengths, if wanted a third for the blur, and a colour", "1px 1px #0008");
            layer.shadow = takes.shadow(property, out);
        }
    }
}

fn pieces(node: &TextNode, out: &mut Diagnostics) -> Vec<TextPiece> {
    let mut pieces = Vec::new();
    let mut chars = 0;
    let mut is_blank = true;
    for piece in &node.pieces {
        match &piece.piece {
            Piece::Literal(literal) => {
                chars += literal.chars().count();
                is_blank &= literal.trim().is_empty();
                pieces.push(TextPiece::Literal(literal.clone()));
            }
            Piece::Variable(name) => {
                chars += name.chars().count();
                is_blank = false;
                match Variable::from_name(name) {
                    Some(variable) => pieces.push(TextPiece::Variable(variable)),
                    None => {
                        let names: Vec<&str> = Variable::ALL.iter().map(|variable| variable.name()).collect();
                        let hint = did_you_mean(name, names.iter().copied())
                            .unwrap_or_else(|| format!("the variables are {}", names.join(", ")));
                        let message = format!("there is no variable `{name}`");
                        out.push(Diagnostic::new(Code::UnknownVariable, piece.span, message).hint(hint));
                    }
                }
            }
        }
    }
    if chars > MAX_TEXT_CHARS {
        let message = format!("this text has {chars} characters; at most {MAX_TEXT_CHARS} are drawn");
        out.push(Diagnostic::new(Code::TextTooLong, node.span, message));
    }
    // No piece between more than two quotes: what was there is reported already.
    let is_reported = node.pieces.is_empty() && node.span.end - node.span.start != 2;
    if is_blank && !is_reported {
        out.push(Diagnostic::new(Code::DrawsNothing, node.span, "this text draws nothing"));
    }
    pieces
}
