//! Values of properties: one function for each type that a property takes.

use crate::{
    Code, Color, Diagnostic, Length, LengthUnit, Opacity, Pair, PropertyNode, Span, TextLength, Type, Value, ValueNode,
    compile::Compiler,
    expression::{Concrete, Unit},
    suggest::nearest,
    words::Word,
};

/// What a property takes, in the words of a diagnostic.
#[derive(Clone, Copy)]
pub(crate) struct Takes<'a> {
    pub(crate) property: &'a str,
    pub(crate) what: &'a str,
    pub(crate) example: &'a str,
}

/// Least and greatest of a length, in pixels, in percent and in em.
#[derive(Clone, Copy)]
pub(crate) struct LengthRange {
    /// The same in every unit; under zero it is the greatest with its sign turned.
    pub(crate) least: f64,
    pub(crate) most_px: f64,
    pub(crate) most_percent: f64,
    /// None where `em` has no meaning.
    pub(crate) most_em: Option<f64>,
    /// Whether a plain `%` is the same as `%min`.
    pub(crate) plain_percent: bool,
}

impl Takes<'_> {
    fn example_hint(&self) -> String {
        format!("as in `{} = {}`", self.property, self.example)
    }
}

impl Compiler<'_> {
    /// The one value of the property; more than one is reported.
    pub(crate) fn single<'p>(&mut self, property: &'p PropertyNode, takes: Takes<'_>) -> Option<&'p ValueNode> {
        let (first, others) = property.values.split_first()?;
        if let Some(second) = others.first() {
            let span = second.span.to(others.last().map_or(second.span, |last| last.span));
            let message = format!("`{}` takes one value", takes.property);
            self.report(Diagnostic::new(Code::WrongValue, span, message).hint(takes.example_hint()));
            return None;
        }
        Some(first)
    }

    /// Reports that the property takes something else.
    pub(crate) fn wrong<T>(&mut self, span: Span, takes: Takes<'_>, found: &str) -> Option<T> {
        let found = if found.is_empty() { String::new() } else { format!(", found {found}") };
        let message = format!("`{}` takes {}{found}", takes.property, takes.what);
        self.report(Diagnostic::new(Code::WrongValue, span, message).hint(takes.example_hint()));
        None
    }

    /// A value that is the same for every picture.
    pub(crate) fn fixed(&mut self, value: &ValueNode, takes: Takes<'_>) -> Option<Concrete> {
        if let Value::Word(word) = &value.value
            && !word.contains('.')
            && !self.knows(word)
        {
            let constants = self.constants.keys().map(String::as_str);
            let message = format!("`{}` takes {}, found a word", takes.property, takes.what);
            let diagnostic = Diagnostic::new(Code::WrongValue, value.span, message);
            let diagnostic = diagnostic.meant(nearest(word, constants), || Some(takes.example_hint()));
            self.report(diagnostic);
            return None;
        }
        let checked = self.check(value)?;
        if let Some(fixed) = checked.as_constant() {
            return Some(fixed.clone());
        }
        let message = format!("`{}` has to be the same for every picture", takes.property);
        let hint = "only texts, payloads and conditions may use variables; choose between layers by `when`";
        self.report(Diagnostic::new(Code::NotConstant, value.span, message).hint(hint));
        None
    }

    /// Reports a fixed value of a wrong type.
    pub(crate) fn wrong_type<T>(&mut self, value: &ValueNode, found: &Concrete, takes: Takes<'_>) -> Option<T> {
        let found = match found.value_type() {
            Type::Whole | Type::Decimal => "a number without a unit",
            found => found.described(),
        };
        self.wrong(value.span, takes, found)
    }

    pub(crate) fn out_of_range<T>(&mut self, span: Span, property: &str, range: &str) -> Option<T> {
        let message = format!("`{property}` is out of range");
        self.report(Diagnostic::new(Code::OutOfRange, span, message).hint(format!("it goes {range}")));
        None
    }

    /// A length that may be in `em`.
    pub(crate) fn text_length(
        &mut self,
        value: &ValueNode,
        takes: Takes<'_>,
        range: &LengthRange,
    ) -> Option<TextLength> {
        let fixed = self.fixed(value, takes)?;
        let (number, unit) = match fixed {
            // Zero is zero in every unit.
            Concrete::Whole(0) => (0.0, Unit::Length(LengthUnit::Px)),
            Concrete::Decimal(0.0) => (0.0, Unit::Length(LengthUnit::Px)),
            Concrete::Quantity(number, Unit::Percent) if range.plain_percent => {
                (number, Unit::Length(LengthUnit::Shorter))
            }
            Concrete::Quantity(number, unit @ Unit::Length(_)) => (number, unit),
            Concrete::Quantity(number, Unit::Em) if range.most_em.is_some() => (number, Unit::Em),
            Concrete::Quantity(number, Unit::Percent) => {
                let message = format!("percent of what? `{}` needs to know", takes.property);
                let hint =
                    format!("write `{number}%w` (width), `{number}%h` (height) or `{number}%min` (shorter side)");
                self.report(Diagnostic::new(Code::UnknownUnit, value.span, message).hint(hint));
                return None;
            }
            Concrete::Quantity(_, unit) => {
                let message = format!("`{}` is not measured in `{}`", takes.property, unit.as_str());
                let hint = "it is in `px`, `%w`, `%h` or `%min`";
                self.report(Diagnostic::new(Code::UnknownUnit, value.span, message).hint(hint));
                return None;
            }
            other => return self.wrong_type(value, &other, takes),
        };
        let most = match unit {
            Unit::Length(LengthUnit::Px) => range.most_px,
            Unit::Em => range.most_em.unwrap_or(0.0),
            _ => range.most_percent,
        };
        let least = if range.least < 0.0 { -most } else { range.least };
        if number < least || number > most {
            let range = format!("from {least}{u} to {most}{u}", u = unit.as_str());
            return self.out_of_range(value.span, takes.property, &range);
        }
        Some(match unit {
            // Minus zero and the units of zero would be other spellings of the same length.
            _ if number == 0.0 => TextLength::ZERO,
            Unit::Length(unit) => TextLength::Picture(Length { value: number, unit }),
            _ => TextLength::Em(number),
        })
    }

    pub(crate) fn length(&mut self, value: &ValueNode, takes: Takes<'_>, range: &LengthRange) -> Option<Length> {
        match self.text_length(value, takes, range)? {
            TextLength::Picture(length) => Some(length),
            // The range has no `em`, so it was refused above.
            TextLength::Em(_) => None,
        }
    }

    /// One length for both ways, or one across and one down.
    pub(crate) fn pair(&mut self, property: &PropertyNode, takes: Takes<'_>, range: &LengthRange) -> Option<Pair> {
        match &property.values[..] {
            [both] => self.length(both, takes, range).map(Pair::both),
            [x, y] => {
                let x = self.length(x, takes, range);
                let y = self.length(y, takes, range);
                Some(Pair { x: x?, y: y? })
            }
            values => {
                let (first, last) = (values.first()?, values.last()?);
                self.wrong(first.span.to(last.span), takes, "")
            }
        }
    }

    pub(crate) fn fixed_text(&mut self, value: &ValueNode, takes: Takes<'_>) -> Option<String> {
        match self.fixed(value, takes)? {
            Concrete::Text(text) => Some(text),
            other => self.wrong_type(value, &other, takes),
        }
    }

    pub(crate) fn color(&mut self, value: &ValueNode, takes: Takes<'_>) -> Option<Color> {
        if let Value::Word(word) = &value.value
            && !word.contains('.')
            && !self.knows(word)
        {
            let names = Color::names().map(|name: &str| name).chain(self.constants.keys().map(String::as_str));
            let otherwise =
                || Some("a colour is `#rgb`, `#rrggbbaa`, a name of CSS as `white`, or a constant".to_owned());
            let diagnostic = Diagnostic::new(Code::UnknownWord, value.span, format!("there is no colour `{word}`"));
            let diagnostic = diagnostic.meant(nearest(word, names), otherwise);
            self.report(diagnostic);
            return None;
        }
        match self.fixed(value, takes)? {
            Concrete::Color(color) => Some(color),
            other => self.wrong_type(value, &other, takes),
        }
    }

    /// A part of one: a percentage or a fraction.
    pub(crate) fn fraction(&mut self, value: &ValueNode, takes: Takes<'_>) -> Option<f64> {
        match self.fixed(value, takes)? {
            Concrete::Whole(number) => Some(number as f64),
            Concrete::Decimal(number) => Some(number),
            Concrete::Quantity(number, Unit::Percent) => Some(number / 100.0),
            other => self.wrong_type(value, &other, takes),
        }
    }

    pub(crate) fn opacity(&mut self, value: &ValueNode, takes: Takes<'_>) -> Option<Opacity> {
        let fraction = self.fraction(value, takes)?;
        let is_percent = matches!(&value.value, Value::Number { unit, .. } if unit == "%");
        match Opacity::new(fraction) {
            Ok(opacity) => Some(opacity),
            Err(_) if fraction == 0.0 => {
                let message = format!("a layer with {} of 0 draws nothing", an(takes.property));
                self.report(Diagnostic::new(Code::DrawsNothing, value.span, message));
                None
            }
            Err(_) if !is_percent && (1.0..=100.0).contains(&fraction) => {
                let message = format!("`{}` is out of range", takes.property);
                let hint = format!("write `{fraction}%`, or a fraction up to 1");
                let diagnostic = Diagnostic::new(Code::OutOfRange, value.span, message).hint(hint);
                self.report(diagnostic.replace(value.span, format!("{fraction}%")));
                None
            }
            Err(_) => self.out_of_range(value.span, takes.property, "up to 100%, or up to 1"),
        }
    }

    /// A number without a unit, in a range.
    pub(crate) fn number(&mut self, value: &ValueNode, takes: Takes<'_>, least: f64, most: f64) -> Option<f64> {
        let number = match self.fixed(value, takes)? {
            Concrete::Whole(number) => number as f64,
            Concrete::Decimal(number) => number,
            other => return self.wrong_type(value, &other, takes),
        };
        if number < least || number > most {
            return self.out_of_range(value.span, takes.property, &format!("from {least} to {most}"));
        }
        Some(number)
    }

    /// A whole number without a unit, in a range.
    pub(crate) fn whole(&mut self, value: &ValueNode, takes: Takes<'_>, least: u32, most: u32) -> Option<u32> {
        match self.fixed(value, takes)? {
            Concrete::Whole(number) => match u32::try_from(number) {
                Ok(number) if (least..=most).contains(&number) => Some(number),
                _ => self.out_of_range(value.span, takes.property, &format!("from {least} to {most}")),
            },
            other => self.wrong_type(value, &other, takes),
        }
    }

    /// An angle from -360 to 360 degrees.
    pub(crate) fn angle(&mut self, value: &ValueNode, takes: Takes<'_>) -> Option<f64> {
        let degrees = match self.fixed(value, takes)? {
            Concrete::Whole(0) => 0.0,
            Concrete::Quantity(degrees, Unit::Degree) => degrees,
            other => return self.wrong_type(value, &other, takes),
        };
        if degrees.abs() > 360.0 {
            return self.out_of_range(value.span, takes.property, "from -360deg to 360deg");
        }
        // Minus zero would be another spelling of zero.
        Some(if degrees == 0.0 { 0.0 } else { degrees })
    }

    /// One of a few words.
    pub(crate) fn word<W: Word>(&mut self, value: &ValueNode, takes: Takes<'_>) -> Option<W> {
        let Value::Word(word) = &value.value else {
            let found = match &value.value {
                Value::Text(_) => "a text",
                Value::Number { .. } => "a number",
                Value::Color(_) => "a colour",
                Value::List(_) => "a list",
                _ => "a calculation",
            };
            return self.wrong(value.span, takes, found);
        };
        let words = || W::WORDS.iter().map(|known| known.word());
        if let Some(known) = W::WORDS.iter().copied().find(|known| known.word() == word) {
            return Some(known);
        }
        let message = format!("there is no {} `{word}`", takes.property);
        let otherwise = || Some(format!("it is one of {}", words().collect::<Vec<_>>().join(", ")));
        let diagnostic = Diagnostic::new(Code::UnknownWord, value.span, message);
        self.report(diagnostic.meant(nearest(word, words()), otherwise));
        None
    }
}

/// The property with its article.
fn an(property: &str) -> String {
    let article = if property.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {property}")
}
