//! Values as written to values as meant: one function for each type that a property takes.

use crate::{
    Anchor, Code, Color, Diagnostic, Length, LengthUnit, Opacity, PropertyNode, Shadow, Span, Value, ValueNode,
    diagnostic::Diagnostics, suggest::did_you_mean,
};

/// A type that a property takes, in the words of a diagnostic.
pub(crate) struct Takes<'a> {
    pub(crate) property: &'a str,
    pub(crate) what: &'static str,
    pub(crate) example: &'static str,
}

/// Least and greatest of a length, in pixels and in percent.
pub(crate) struct LengthRange {
    pub(crate) least: f64,
    pub(crate) most_px: f64,
    pub(crate) most_percent: f64,
    /// Whether a plain `%` is the same as `%min`.
    pub(crate) plain_percent: bool,
}

impl Takes<'_> {
    /// The one value of the property; more than one is reported.
    pub(crate) fn single<'p>(&self, property: &'p PropertyNode, out: &mut Diagnostics) -> Option<&'p ValueNode> {
        let (first, others) = property.values.split_first()?;
        if let Some(second) = others.first() {
            let span = second.span.to(others.last().map_or(second.span, |last| last.span));
            let message = format!("`{}` takes one value", self.property);
            out.push(Diagnostic::new(Code::WrongValue, span, message).hint(self.example_hint()));
            return None;
        }
        Some(first)
    }

    fn wrong<T>(&self, value: &ValueNode, out: &mut Diagnostics) -> Option<T> {
        let found = match &value.value {
            Value::Number { unit, .. } if unit.is_empty() => "a number without a unit",
            Value::Number { .. } => "a number with a unit",
            Value::Color(_) => "a colour",
            Value::Word(_) => "a word",
            Value::Text(_) => "a text",
        };
        let message = format!("`{}` takes {}, found {found}", self.property, self.what);
        out.push(Diagnostic::new(Code::WrongValue, value.span, message).hint(self.example_hint()));
        None
    }

    fn example_hint(&self) -> String {
        format!("as in `{} = {}`", self.property, self.example)
    }

    fn out_of_range<T>(&self, span: Span, range: &str, out: &mut Diagnostics) -> Option<T> {
        let message = format!("`{}` is out of range", self.property);
        out.push(Diagnostic::new(Code::OutOfRange, span, message).hint(format!("it goes {range}")));
        None
    }

    pub(crate) fn length(&self, value: &ValueNode, range: &LengthRange, out: &mut Diagnostics) -> Option<Length> {
        let Value::Number { number, unit } = &value.value else { return self.wrong(value, out) };
        let unit = match unit.as_str() {
            "px" => LengthUnit::Px,
            "%w" => LengthUnit::Width,
            "%h" => LengthUnit::Height,
            "%min" => LengthUnit::Shorter,
            "%" if range.plain_percent => LengthUnit::Shorter,
            // Zero is zero in every unit.
            "" if *number == 0.0 => LengthUnit::Px,
            "" => return self.wrong(value, out),
            "%" => {
                let message = format!("percent of what? `{}` needs to know", self.property);
                let hint =
                    format!("write `{number}%w` (width), `{number}%h` (height) or `{number}%min` (shorter side)");
                out.push(Diagnostic::new(Code::UnknownUnit, value.span, message).hint(hint));
                return None;
            }
            other => {
                let message = format!("there is no unit `{other}`");
                let hint = "lengths are in `px`, `%w`, `%h` or `%min`";
                out.push(Diagnostic::new(Code::UnknownUnit, value.span, message).hint(hint));
                return None;
            }
        };
        let most = if unit == LengthUnit::Px { range.most_px } else { range.most_percent };
        let least = if range.least < 0.0 { -most } else { range.least };
        if *number < least || *number > most {
            return self.out_of_range(value.span, &format!("from {least}{u} to {most}{u}", u = unit.as_str()), out);
        }
        // Minus zero and the units of zero would be other spellings of the same length.
        Some(if *number == 0.0 { Length { value: 0.0, unit: LengthUnit::Px } } else { Length { value: *number, unit } })
    }

    pub(crate) fn text(&self, value: &ValueNode, out: &mut Diagnostics) -> Option<String> {
        match &value.value {
            Value::Text(text) => Some(text.clone()),
            _ => self.wrong(value, out),
        }
    }

    pub(crate) fn color(&self, value: &ValueNode, out: &mut Diagnostics) -> Option<Color> {
        match value.value {
            Value::Color(color) => Some(color),
            _ => self.wrong(value, out),
        }
    }

    pub(crate) fn opacity(&self, value: &ValueNode, out: &mut Diagnostics) -> Option<Opacity> {
        let Value::Number { number, unit } = &value.value else { return self.wrong(value, out) };
        let fraction = match unit.as_str() {
            "" => *number,
            "%" => *number / 100.0,
            _ => return self.wrong(value, out),
        };
        match Opacity::new(fraction) {
            Ok(opacity) => Some(opacity),
            Err(_) if *number == 0.0 => {
                let message = "a layer with an opacity of 0 draws nothing";
                out.push(Diagnostic::new(Code::DrawsNothing, value.span, message));
                None
            }
            Err(_) if unit.is_empty() && (1.0..=100.0).contains(number) => {
                let message = "`opacity` is out of range";
                let hint = format!("write `{number}%`, or a fraction up to 1");
                out.push(Diagnostic::new(Code::OutOfRange, value.span, message).hint(hint));
                None
            }
            Err(_) => self.out_of_range(value.span, "up to 100%, or up to 1", out),
        }
    }

    pub(crate) fn anchor(&self, value: &ValueNode, out: &mut Diagnostics) -> Option<Anchor> {
        let Value::Word(word) = &value.value else { return self.wrong(value, out) };
        if let Some(anchor) = Anchor::from_name(word) {
            return Some(anchor);
        }
        let names = Anchor::ALL.map(Anchor::as_str);
        let hint = did_you_mean(word, names).unwrap_or_else(|| format!("the anchors are {}", names.join(", ")));
        let message = format!("there is no anchor `{word}`");
        out.push(Diagnostic::new(Code::UnknownWord, value.span, message).hint(hint));
        None
    }

    /// `dx dy colour` or `dx dy blur colour`.
    pub(crate) fn shadow(&self, property: &PropertyNode, out: &mut Diagnostics) -> Option<Shadow> {
        let offset = LengthRange { least: -1.0, most_px: 1_000.0, most_percent: 10.0, plain_percent: false };
        let softness = LengthRange { least: 0.0, ..offset };
        let (dx, dy, blur, color) = match &property.values[..] {
            [dx, dy, color] => (dx, dy, None, color),
            [dx, dy, blur, color] => (dx, dy, Some(blur), color),
            values => {
                let (first, last) = (values.first()?, values.last()?);
                let message = format!("`{}` takes {}", self.property, self.what);
                let span = first.span.to(last.span);
                out.push(Diagnostic::new(Code::WrongValue, span, message).hint(self.example_hint()));
                return None;
            }
        };
        // All of them are looked at before the first one missing ends it, so that one run shows every mistake.
        let dx = self.length(dx, &offset, out);
        let dy = self.length(dy, &offset, out);
        let blur = blur.map(|blur| self.length(blur, &softness, out));
        let color = self.color(color, out);
        let blur = match blur {
            Some(blur) => Some(blur?),
            None => None,
        };
        Some(Shadow { dx: dx?, dy: dy?, blur, color: color? })
    }
}
