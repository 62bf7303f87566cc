//! Where a template names what lies outside of it: fonts, pictures, keys, and layers that not every release can draw.

use sealmark_watermark_dsl::{Ast, Item, LayerNode, Piece, PropertyNode, Span, TextNode, Value, ValueNode};

/// What is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UseKind {
    /// A font.
    Font,
    /// A picture.
    Image,
    /// A key.
    Key,
    /// A layer of this kind; it has no name.
    Fingerprint,
}

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) kind: UseKind,
    pub(crate) name: String,
    pub(crate) span: Span,
}

/// All of a source, in its order.
pub(crate) fn uses(ast: &Ast) -> Vec<Use> {
    let mut found = Finder::default();
    if let Some(template) = &ast.template {
        found.items(&template.items);
    }
    found.uses
}

#[derive(Default)]
struct Finder {
    uses: Vec<Use>,
}

impl Finder {
    fn add(&mut self, kind: UseKind, name: &str, span: Span) {
        self.uses.push(Use { kind, name: name.to_owned(), span });
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Layer(layer) | Item::Block(layer) => self.layer(layer),
                Item::When(when) => {
                    when.condition.iter().for_each(|condition| self.value(condition, false));
                    self.items(&when.then);
                    self.items(&when.otherwise);
                }
                // A constant may be the name of a font.
                Item::Let(constant) => constant.value.iter().for_each(|value| self.value(value, true)),
                Item::Property(property) => self.property(property),
                _ => {}
            }
        }
    }

    fn layer(&mut self, layer: &LayerNode) {
        let keyword = layer.keyword.name.as_str();
        if keyword == "fingerprint" {
            self.add(UseKind::Fingerprint, "", layer.keyword.span);
        }
        if let Some(text) = &layer.text {
            match literal(text).filter(|_| keyword == "image") {
                Some(name) => self.add(UseKind::Image, &name, text.span),
                None => self.text(text),
            }
        }
        layer.properties.iter().for_each(|property| self.property(property));
    }

    fn property(&mut self, property: &PropertyNode) {
        let is_font = property.name.name == "font";
        property.values.iter().for_each(|value| self.value(value, is_font));
    }

    fn text(&mut self, text: &TextNode) {
        for piece in &text.pieces {
            if let Piece::Computed { value, .. } = &piece.piece {
                self.value(value, false);
            }
        }
    }

    fn value(&mut self, node: &ValueNode, may_be_font: bool) {
        match &node.value {
            Value::Word(word) => {
                if let Some(name) = word.strip_prefix("key.") {
                    self.add(UseKind::Key, name, node.span);
                }
            }
            Value::Text(text) => match literal(text).filter(|_| may_be_font) {
                Some(name) => self.add(UseKind::Font, &name, text.span),
                None => self.text(text),
            },
            Value::List(values) => values.iter().for_each(|value| self.value(value, may_be_font)),
            Value::Call { arguments, .. } => arguments.iter().for_each(|argument| self.value(&argument.value, false)),
            Value::Unary { operand, .. } => self.value(operand, false),
            Value::Chain { first, rest } => {
                self.value(first, false);
                rest.iter().for_each(|(_, _, value)| self.value(value, false));
            }
            Value::Number { .. } | Value::Color(_) => {}
        }
    }
}

/// What a text says that has nothing to calculate.
fn literal(text: &TextNode) -> Option<String> {
    let pieces = text.pieces.iter().map(|piece| match &piece.piece {
        Piece::Literal(written) => Some(written.as_str()),
        Piece::Computed { .. } => None,
    });
    pieces.collect()
}
