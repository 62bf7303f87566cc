//! The older form: `payload`, `location` and `persistence` directly in the template. It means a QR code.
//!
//! ```text
//! payload = sha256(user_id + timestamp_ms % 86400)
//! location = "qr_overlay(bottom_right, scale=0.12)"
//! persistence = "frame_interval(3) + noise_resilient(luma_alpha=0.35)"
//! ```
//!
//! `luma_alpha` is the layer's opacity, and only brightness changes; `frame_interval` is kept for videos.

use crate::{
    ArgumentNode, Blend, Code, Diagnostic, Layer, Named, Opacity, Operator, Piece, Placement, PropertyNode, QrLayer,
    QrStyle, Span, Step, TextNode, Value, ValueNode, Video, compile::Compiler, expression::Expression,
    lexer::TokenKind, parse_value::value, recovery::Cursor, suggest::nearest, value::Takes,
};

/// What of the older form was found.
#[derive(Default)]
pub(crate) struct OlderForm {
    seen: Vec<String>,
    first: Option<Span>,
    payload: Option<Expression>,
    location: Option<(Placement, QrStyle)>,
    luma_alpha: Option<Opacity>,
}

const LOCATION: &str = "\"qr_overlay(bottom_right, scale=0.12)\"";
const PERSISTENCE: &str = "\"frame_interval(3) + noise_resilient(luma_alpha=0.35)\"";

impl Compiler<'_> {
    pub(crate) fn older_form_property(&mut self, property: &PropertyNode) {
        let Named { name, span } = &property.name;
        if self.older_form.seen.contains(name) {
            let message = format!("`{name}` is given twice");
            self.report(Diagnostic::new(Code::DuplicateProperty, *span, message).hint("keep one of them"));
            return;
        }
        self.older_form.seen.push(name.clone());
        self.older_form.first.get_or_insert(*span);
        if property.has_hole {
            return;
        }
        let takes = |what, example| Takes { property: name, what, example };
        match name.as_str() {
            "payload" => {
                let takes = takes("a text, a number or a digest", "sha256(user_id)");
                let value = self.single(property, takes);
                self.older_form.payload = value.and_then(|value| self.payload(value));
            }
            "location" => {
                let inside = self.single(property, takes("a text", LOCATION)).and_then(|value| self.inside(value));
                self.older_form.location = inside.and_then(|inside| self.location(&inside));
            }
            _ => {
                let inside = self.single(property, takes("a text", PERSISTENCE)).and_then(|value| self.inside(value));
                if let Some(inside) = inside {
                    self.persistence(&inside);
                }
            }
        }
    }

    /// The layer that it means.
    pub(crate) fn older_form_layer(&mut self) -> Option<Step> {
        let form = std::mem::take(&mut self.older_form);
        let first = form.first?;
        self.counts_layer(first);
        for (needed, example) in [("payload", "sha256(user_id)"), ("location", LOCATION)] {
            if !form.seen.iter().any(|seen| seen == needed) {
                let message = format!("`{needed}` is missing");
                let hint = format!("as in `{needed} = {example}`");
                self.report(Diagnostic::new(Code::MissingProperty, first, message).hint(hint));
            }
        }
        let (mut placement, style) = form.location?;
        if let Some(opacity) = form.luma_alpha {
            placement = Placement { blend: Blend::Luminosity, opacity, ..placement };
        }
        Some(Step::Layer(Box::new(Layer::Qr(QrLayer { payload: form.payload?, style, placement }))))
    }

    /// What stands in the text, read as a value with the places of the source.
    fn inside(&mut self, value: &ValueNode) -> Option<ValueNode> {
        let Value::Text(TextNode { pieces, span, has_hole: false }) = &value.value else {
            if !matches!(value.value, Value::Text(_)) {
                let message = "the older form has a text in quotes here";
                self.report(Diagnostic::new(Code::BadOlderForm, value.span, message));
            }
            return None;
        };
        // An escape would move everything behind it away from its place in the source.
        let plain = match &pieces[..] {
            [piece] => match &piece.piece {
                Piece::Literal(literal) if literal.len() + 2 == span.end - span.start => Some(literal),
                _ => None,
            },
            _ => None,
        };
        let Some(plain) = plain else {
            let message = "the older form has a text without escapes and braces here";
            self.report(Diagnostic::new(Code::BadOlderForm, *span, message));
            return None;
        };
        let padded = " ".repeat(span.start + 1) + plain;
        let mut cursor = Cursor::new(&padded, Span::new(span.start + 1, padded.len()));
        let read = value_to_end(&mut cursor);
        for diagnostic in cursor.diagnostics.into_sorted() {
            self.report(Diagnostic { code: Code::BadOlderForm, ..diagnostic });
        }
        read
    }

    fn bad<T>(&mut self, span: Span, message: String, meant: Option<&str>, example: &str) -> Option<T> {
        let diagnostic = Diagnostic::new(Code::BadOlderForm, span, message);
        self.report(diagnostic.meant(meant, || Some(format!("as in `{example}`"))));
        None
    }

    /// `qr_overlay(anchor, scale=0.12)`
    fn location(&mut self, inside: &ValueNode) -> Option<(Placement, QrStyle)> {
        let Value::Call { name, arguments } = &inside.value else {
            return self.bad(inside.span, "a location is `qr_overlay(…)`".to_owned(), None, LOCATION);
        };
        if name.name != "qr_overlay" {
            let message = format!("there is no location `{}`", name.name);
            return self.bad(name.span, message, nearest(&name.name, ["qr_overlay"]), LOCATION);
        }
        let mut placement = Placement { opacity: Opacity::FULL, ..Placement::DEFAULT };
        let mut style = QrStyle::DEFAULT;
        let mut is_right = true;
        for (index, ArgumentNode { name, value }) in arguments.iter().enumerate() {
            let done = match name {
                None if index == 0 => {
                    let takes = Takes { property: "anchor", what: "the name of a place", example: "bottom_right" };
                    self.word(value, takes).map(|anchor| placement.anchor = anchor)
                }
                None => {
                    let message = "`qr_overlay` takes an anchor, then named values".to_owned();
                    self.bad(value.span, message, None, LOCATION)
                }
                Some(named) if named.name == "scale" => {
                    let takes =
                        Takes { property: "scale", what: "a part of the shorter side, or a length", example: "0.12" };
                    self.scale(value, takes).map(|size| style.size = size)
                }
                Some(named) => {
                    let message = format!("`qr_overlay` has no `{}`", named.name);
                    self.bad(named.span, message, nearest(&named.name, ["scale"]), LOCATION)
                }
            };
            is_right &= done.is_some();
        }
        is_right.then_some((placement, style))
    }

    /// `frame_interval(3) + noise_resilient(luma_alpha=0.35)`
    fn persistence(&mut self, inside: &ValueNode) {
        let mut parts = Vec::new();
        match &inside.value {
            Value::Chain { first, rest } => {
                parts.push(&**first);
                for (operator, sign, part) in rest {
                    if *operator != Operator::Add {
                        self.bad::<()>(
                            *sign,
                            "the parts of a persistence are joined by `+`".to_owned(),
                            None,
                            PERSISTENCE,
                        );
                    }
                    parts.push(part);
                }
            }
            _ => parts.push(inside),
        }
        for part in parts {
            self.persistence_part(part);
        }
    }

    fn persistence_part(&mut self, part: &ValueNode) {
        let Value::Call { name, arguments } = &part.value else {
            self.bad::<()>(part.span, "this is no part of a persistence".to_owned(), None, PERSISTENCE);
            return;
        };
        let takes = |property, what, example| Takes { property, what, example };
        match (name.name.as_str(), &arguments[..]) {
            ("frame_interval", [ArgumentNode { name: None, value }]) => {
                let takes = takes("frame_interval", "a number of frames", "frame_interval(3)");
                let interval = self.whole(value, takes, 1, 100_000);
                let video = interval.map(|frame_interval| Video { frame_interval });
                if self.video.is_some() {
                    let message = "`frame_interval` is given twice";
                    self.report(Diagnostic::new(Code::DuplicateProperty, name.span, message));
                }
                self.video = video.or(self.video);
            }
            ("noise_resilient", [ArgumentNode { name: Some(named), value }]) if named.name == "luma_alpha" => {
                let takes = takes("luma_alpha", "a fraction", "luma_alpha=0.35");
                if self.older_form.luma_alpha.is_some() {
                    let message = "`luma_alpha` is given twice";
                    self.report(Diagnostic::new(Code::DuplicateProperty, named.span, message));
                }
                self.older_form.luma_alpha = self.opacity(value, takes);
            }
            ("frame_interval" | "noise_resilient", _) => {
                self.bad::<()>(part.span, format!("`{}` takes something else", name.name), None, PERSISTENCE);
            }
            (other, _) => {
                let meant = nearest(other, ["frame_interval", "noise_resilient"]);
                self.bad::<()>(name.span, format!("there is no persistence `{other}`"), meant, PERSISTENCE);
            }
        }
    }
}

fn value_to_end(c: &mut Cursor<'_>) -> Option<ValueNode> {
    let read = value(c)?;
    if c.peek().kind == TokenKind::End {
        return Some(read);
    }
    c.expected("the end of the text");
    None
}
