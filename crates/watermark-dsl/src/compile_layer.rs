//! Layers: their properties checked, and the defaults filled in.

use crate::{
    Blend, Code, Color, Diagnostic, FingerprintLayer, ImageLayer, ImageSize, Layer, LayerNode, Length, Named, Opacity,
    Pair, Placement, PropertyNode, QrLayer, QrLevel, QrStyle, Span, TextNode, TileLayer, TilePattern, ValueNode,
    compile::Compiler,
    expression::{Concrete, Expression, Unit},
    grammar::{PLACEMENT, properties},
    suggest::nearest,
    value::{LengthRange, Takes},
};

/// Below this a mark can hardly be seen.
const FAINT: f64 = 0.05;

pub(crate) const LENGTH: &str = "a length in `px`, `%w`, `%h` or `%min`";

/// A size: over nothing.
pub(crate) const SIZE: LengthRange =
    LengthRange { least: 0.1, most_px: 10_000.0, most_percent: 100.0, most_em: None, plain_percent: false };

const GAP: LengthRange =
    LengthRange { least: 0.0, most_px: 10_000.0, most_percent: 100.0, most_em: None, plain_percent: true };

impl Compiler<'_> {
    /// A layer, and what repeats it.
    pub(crate) fn layer(&mut self, node: &LayerNode) -> Option<Layer> {
        let keyword = node.keyword.name.as_str();
        if node.tile.is_some() && keyword == "fingerprint" {
            let message = "only `text`, `image` and `qr` can be repeated";
            self.report(Diagnostic::new(Code::NotHere, node.keyword.span, message));
            return None;
        }
        let layer = match keyword {
            "text" => Layer::Text(self.text_layer(node)),
            "image" => Layer::Image(self.image_layer(node)),
            "qr" => Layer::Qr(self.qr_layer(node)?),
            _ => Layer::Fingerprint(self.fingerprint_layer(node)?),
        };
        if node.tile.is_none() {
            return Some(layer);
        }
        let pattern = self.pattern(node);
        Some(Layer::Tile(TileLayer { pattern, layer: Box::new(layer) }))
    }

    /// The properties that the layer knows, each once. What has a hole is reported already and left out.
    pub(crate) fn known<'n>(&mut self, node: &'n LayerNode) -> Vec<&'n PropertyNode> {
        let keyword = node.keyword.name.as_str();
        let (label, allowed) = match node.tile {
            None => (keyword.to_owned(), properties(keyword).to_vec()),
            Some(_) => {
                let own = properties(keyword).iter().filter(|name| !PLACEMENT.contains(name));
                (format!("tile {keyword}"), own.chain(properties("tile")).copied().collect())
            }
        };
        let mut known: Vec<&PropertyNode> = Vec::with_capacity(node.properties.len().min(allowed.len()));
        for property in &node.properties {
            let Named { name, span } = &property.name;
            if !allowed.contains(&name.as_str()) {
                let is_tile = node.tile.is_some() && PLACEMENT.contains(&name.as_str());
                let otherwise = || {
                    Some(match is_tile {
                        true => "a tile covers the whole picture; `offset` moves it".to_owned(),
                        false => format!("the properties of `{label}` are {}", allowed.join(", ")),
                    })
                };
                let meant = if is_tile { None } else { nearest(name, allowed.iter().copied()) };
                let message = format!("`{label}` has no property `{name}`");
                let diagnostic = Diagnostic::new(Code::UnknownProperty, *span, message);
                self.report(diagnostic.meant(meant, otherwise));
            } else if known.iter().any(|other| other.name.name == *name) {
                let message = format!("`{name}` is given twice");
                self.report(Diagnostic::new(Code::DuplicateProperty, *span, message).hint("keep one of them"));
            } else {
                known.push(property);
            }
        }
        known.retain(|property| !property.has_hole);
        known
    }

    /// Reports what the layer cannot do without.
    fn missing(&mut self, node: &LayerNode, property: &str, example: &str) {
        if !node.properties.iter().any(|given| given.name.name == property) {
            let message = format!("`{}` needs `{property}`", node.keyword.name);
            let hint = format!("as in `{property} = {example}`");
            self.report(Diagnostic::new(Code::MissingProperty, node.keyword.span, message).hint(hint));
        }
    }

    /// Sets one of the properties that every layer has; gives whether it is one.
    pub(crate) fn place(&mut self, placement: &mut Placement, property: &PropertyNode, is_tile: bool) -> bool {
        let name = property.name.name.as_str();
        let takes = |what, example| Takes { property: name, what, example };
        match name {
            "anchor" => {
                let takes = takes("the name of a place", "bottom_right");
                let anchor = self.single(property, takes).and_then(|value| self.word(value, takes));
                placement.anchor = anchor.unwrap_or(placement.anchor);
            }
            "margin" => {
                let range = LengthRange { most_percent: 50.0, ..GAP };
                let takes = takes("one length, or one across and one down", "2%");
                placement.margin = self.pair(property, takes, &range).unwrap_or(placement.margin);
            }
            "offset" => {
                let range = LengthRange { least: -1.0, ..GAP };
                let takes = takes("a length to the right and one down", "1% -2%");
                placement.offset = self.pair(property, takes, &range).unwrap_or(placement.offset);
            }
            // The angle of a tile turns its grid.
            "angle" if !is_tile => {
                let takes = takes("an angle", "-30deg");
                let angle = self.single(property, takes).and_then(|value| self.angle(value, takes));
                placement.angle_deg = angle.unwrap_or(placement.angle_deg);
            }
            "blend" => {
                let takes = takes("the name of a blend mode", "multiply");
                let blend: Option<Blend> = self.single(property, takes).and_then(|value| self.word(value, takes));
                placement.blend = blend.unwrap_or(placement.blend);
            }
            "opacity" => {
                let takes = takes("a percentage or a fraction", "55%");
                let Some(value) = self.single(property, takes) else { return true };
                placement.opacity = self.opacity(value, takes).unwrap_or(placement.opacity);
                if placement.opacity.get() < FAINT {
                    let message = "a mark as faint as this can hardly be seen";
                    self.report(Diagnostic::new(Code::FaintMark, value.span, message).hint("5% is about the least"));
                }
            }
            _ => return false,
        }
        true
    }

    fn pattern(&mut self, node: &LayerNode) -> TilePattern {
        let mut pattern = TilePattern { angle_deg: 0.0, gap: Pair::both(Length::shorter(10.0)), stagger: 0.5 };
        // What is unknown or given twice was reported with the layer itself.
        for name in ["angle", "gap", "stagger"] {
            let given = node.properties.iter().find(|property| property.name.name == name && !property.has_hole);
            let Some(property) = given else { continue };
            let takes = |what, example| Takes { property: name, what, example };
            match name {
                "angle" => {
                    let takes = takes("an angle", "-30deg");
                    let angle = self.single(property, takes).and_then(|value| self.angle(value, takes));
                    pattern.angle_deg = angle.unwrap_or(pattern.angle_deg);
                }
                "gap" => {
                    let takes = takes("one length, or one across and one down", "12%w");
                    pattern.gap = self.pair(property, takes, &GAP).unwrap_or(pattern.gap);
                }
                _ => {
                    let takes = takes("a percentage or a fraction", "50%");
                    let Some(value) = self.single(property, takes) else { continue };
                    let Some(stagger) = self.fraction(value, takes) else { continue };
                    if (0.0..1.0).contains(&stagger) {
                        // Minus zero would be another spelling of zero.
                        pattern.stagger = if stagger == 0.0 { 0.0 } else { stagger };
                    } else {
                        self.out_of_range::<()>(value.span, name, "from 0% to under 100%");
                    }
                }
            }
        }
        pattern
    }

    fn image_layer(&mut self, node: &LayerNode) -> ImageLayer {
        let mut layer = ImageLayer {
            name: node.text.as_ref().and_then(|text| self.asset_name(text)).unwrap_or_default(),
            size: ImageSize { width: None, height: None },
            placement: Placement::DEFAULT,
        };
        for property in self.known(node) {
            if self.place(&mut layer.placement, property, node.tile.is_some()) {
                continue;
            }
            let name = property.name.name.as_str();
            let takes = Takes { property: name, what: LENGTH, example: "12%w" };
            let length = |this: &mut Self| {
                let value = this.single(property, takes)?;
                this.length(value, takes, &SIZE)
            };
            match name {
                "scale" => layer.size.width = length(self),
                "height" => layer.size.height = length(self),
                _ => {}
            }
        }
        if layer.size.width.is_none() && layer.size.height.is_none() {
            layer.size.width = Some(Length::shorter(15.0));
        }
        layer
    }

    /// The name of a picture in the folder of assets.
    fn asset_name(&mut self, text: &TextNode) -> Option<String> {
        let checked = self.text(text)?;
        let Some(Concrete::Text(name)) = checked.as_constant() else {
            let message = "the name of a picture has to be the same for every picture";
            self.report(Diagnostic::new(Code::NotConstant, text.span, message));
            return None;
        };
        let is_path = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !is_path || name.len() > 200 || name.contains(|c: char| c.is_control() || matches!(c, '\\' | ':')) {
            let message = "this cannot be the name of a picture";
            let hint = "it is up to 200 bytes as `logo.png` or `shop/logo.png`, without `..`, `\\` and `:`";
            self.report(Diagnostic::new(Code::BadName, text.span, message).hint(hint));
        }
        Some(name.clone())
    }

    fn qr_layer(&mut self, node: &LayerNode) -> Option<QrLayer> {
        self.missing(node, "payload", "sha256(user_id + upload_id)");
        let mut payload = None;
        let mut style = QrStyle::DEFAULT;
        let mut placement = Placement { opacity: Opacity::FULL, ..Placement::DEFAULT };
        for property in self.known(node) {
            if self.place(&mut placement, property, node.tile.is_some()) {
                continue;
            }
            let name = property.name.name.as_str();
            let takes = |what, example| Takes { property: name, what, example };
            match name {
                "payload" => payload = self.payload_property(property),
                "scale" => {
                    let takes = takes("a part of the shorter side, or a length", "0.12");
                    let scale = self.single(property, takes).and_then(|value| self.scale(value, takes));
                    style.size = scale.unwrap_or(style.size);
                }
                "color" | "background" => {
                    let takes = takes("a colour", "#000");
                    let Some(color) = self.single(property, takes).and_then(|value| self.color(value, takes)) else {
                        continue;
                    };
                    *(if name == "color" { &mut style.color } else { &mut style.background }) = color;
                }
                "quiet" => {
                    let takes = takes("a number of modules", "4");
                    let quiet = self.single(property, takes).and_then(|value| self.whole(value, takes, 0, 16));
                    style.quiet_modules =
                        quiet.and_then(|quiet| u8::try_from(quiet).ok()).unwrap_or(style.quiet_modules);
                }
                "level" => {
                    let takes = takes("how much may be damaged", "medium");
                    let level: Option<QrLevel> = self.single(property, takes).and_then(|value| self.word(value, takes));
                    style.level = level.unwrap_or(style.level);
                }
                _ => {}
            }
        }
        self.check_scans(&style, &placement, node.keyword.span);
        Some(QrLayer { payload: payload?, style, placement })
    }

    fn check_scans(&mut self, style: &QrStyle, placement: &Placement, span: Span) {
        let is_opaque = |color: Color| color.a == u8::MAX;
        let is_judged = is_opaque(style.color) && is_opaque(style.background);
        let is_flat = is_judged && style.background.lightness() - style.color.lightness() < 0.4;
        if is_flat || style.quiet_modules < 2 || placement.opacity.get() < 0.25 {
            let message = "this code will be hard to read";
            let hint = "dark on light, 2 modules of `quiet` and an opacity of 25% are about the least";
            self.report(Diagnostic::new(Code::HardToScan, span, message).hint(hint));
        }
    }

    /// A part of the shorter side, or a length.
    pub(crate) fn scale(&mut self, value: &ValueNode, takes: Takes<'_>) -> Option<Length> {
        let number = match self.fixed(value, takes)? {
            Concrete::Quantity(_, Unit::Length(_)) => return self.length(value, takes, &SIZE),
            Concrete::Quantity(percent, Unit::Percent) => percent,
            Concrete::Decimal(part) => part * 100.0,
            Concrete::Whole(part) => part as f64 * 100.0,
            other => return self.wrong_type(value, &other, takes),
        };
        if !(0.1..=100.0).contains(&number) {
            return self.out_of_range(value.span, takes.property, "from 0.001 to 1 of the shorter side");
        }
        Some(Length::shorter(number))
    }

    fn payload_property(&mut self, property: &PropertyNode) -> Option<Expression> {
        let takes = Takes { property: "payload", what: "a text, a number or a digest", example: "sha256(user_id)" };
        let value = self.single(property, takes)?;
        self.payload(value)
    }

    fn fingerprint_layer(&mut self, node: &LayerNode) -> Option<FingerprintLayer> {
        self.missing(node, "payload", "hmac(key.trace, media_id)");
        let mut payload = None;
        let mut strength = 0.5;
        for property in self.known(node) {
            if property.name.name == "payload" {
                payload = self.payload_property(property);
                continue;
            }
            let takes = Takes { property: "strength", what: "a percentage or a fraction", example: "50%" };
            let value = self.single(property, takes).and_then(|value| self.opacity(value, takes));
            strength = value.map_or(strength, Opacity::get);
        }
        Some(FingerprintLayer { payload: payload?, strength })
    }
}

impl QrStyle {
    pub(crate) const DEFAULT: Self = Self {
        size: Length::shorter(15.0),
        color: Color::BLACK,
        background: Color::WHITE,
        quiet_modules: 4,
        level: QrLevel::Medium,
    };
}
