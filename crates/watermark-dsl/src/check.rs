//! Values as written to checked calculations: names are looked up, types compared, and what is fixed is calculated.

use crate::{
    ArgumentNode, Code, Color, Diagnostic, Function, Named, Operator, Piece, Span, TextNode, Type, UnaryOperator,
    Value, ValueNode, Variable, Variables,
    compile::Compiler,
    evaluate::{ValueError, Values},
    expression::{Concrete, Expression, Kind, Unit},
    format_spec::FormatSpec,
    limits::{MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_PARTS, MAX_VALUE_BYTES},
    suggest::nearest,
};

impl Compiler<'_> {
    /// Checks a value. None where it is wrong, which is reported then.
    pub(crate) fn check(&mut self, node: &ValueNode) -> Option<Expression> {
        let expression = self.check_or_key(node)?;
        if expression.value_type() == Type::Key {
            let message = "a key is secret; it cannot be shown, compared or calculated with";
            let hint = format!("use it as in `{}`", Function::Hmac.example());
            self.report(Diagnostic::new(Code::SecretShown, node.span, message).hint(hint));
            return None;
        }
        Some(expression)
    }

    fn check_or_key(&mut self, node: &ValueNode) -> Option<Expression> {
        match &node.value {
            Value::Number { digits, unit } => self.literal(digits, unit, node.span),
            Value::Color(color) => Some(Expression::constant(Concrete::Color(*color))),
            Value::Word(word) => self.name(word, node.span),
            Value::Text(text) => self.text(text),
            Value::List(_) => {
                let message = "a list does not belong here";
                let hint = "only `keep` and `strip` take one, as in `keep = [icc, copyright]`";
                self.report(Diagnostic::new(Code::WrongValue, node.span, message).hint(hint));
                None
            }
            Value::Call { name, arguments } => self.call(name, arguments, node.span),
            Value::Unary { operator, operand } => self.unary(*operator, operand, node.span),
            Value::Chain { first, rest } => {
                let mut left = self.check(first);
                let mut span = first.span;
                for (operator, sign, right) in rest {
                    // The right side is looked at even where the left one is wrong: one run shows every mistake.
                    let right_span = right.span;
                    let right = self.check(right);
                    left = match (left, right) {
                        (Some(left), Some(right)) => self.binary(*operator, *sign, (left, span), (right, right_span)),
                        _ => None,
                    };
                    span = span.to(right_span);
                }
                left
            }
        }
    }

    /// A number with its unit.
    fn literal(&mut self, digits: &str, unit: &str, span: Span) -> Option<Expression> {
        let too_large = |this: &mut Self| {
            this.report(Diagnostic::new(Code::OutOfRange, span, "this number is too large"));
            None
        };
        if unit.is_empty() && !digits.contains('.') {
            let Ok(number) = digits.parse() else { return too_large(self) };
            return Some(Expression::constant(Concrete::Whole(number)));
        }
        // Digits alone always parse; hundreds of them give infinity, which nothing has a use for.
        let Some(number) = digits.parse::<f64>().ok().filter(|number| number.is_finite()) else {
            return too_large(self);
        };
        if unit.is_empty() {
            return Some(Expression::constant(Concrete::Decimal(number)));
        }
        if let Some(unit) = Unit::from_text(unit) {
            return Some(Expression::constant(Concrete::Quantity(number, unit)));
        }
        let message = format!("there is no unit `{unit}`");
        let near = nearest(unit, ["px", "%w", "%h", "%min", "em", "deg"]).filter(|_| unit.len() > 1);
        let hint = "lengths are in `px`, `%w`, `%h` or `%min`, of letters also in `em`; angles are in `deg`";
        let diagnostic = Diagnostic::new(Code::UnknownUnit, span, message).hint(hint);
        self.report(match near {
            Some(near) => diagnostic.replace(span, format!("{digits}{near}")),
            None => diagnostic,
        });
        None
    }

    /// A constant, a variable, a tag, a key, a truth value or a colour.
    fn name(&mut self, word: &str, span: Span) -> Option<Expression> {
        if let Some(constant) = self.constants.get_mut(word) {
            constant.is_used = true;
            // None where its value is wrong, which is reported at that place.
            return constant.value.clone();
        }
        if let Some(variable) = Variable::from_name(word) {
            return Some(Expression::new(Kind::Variable(variable), variable.variable_type()));
        }
        match word.split_once('.') {
            Some(("tags", name)) if !name.contains('.') => {
                return Some(Expression::new(Kind::Tag(name.to_owned()), Type::Text));
            }
            Some(("key", name)) if !name.contains('.') => {
                return Some(Expression::new(Kind::Key(name.to_owned()), Type::Key));
            }
            _ => {}
        }
        match word {
            "true" => return Some(Expression::constant(Concrete::Bool(true))),
            "false" => return Some(Expression::constant(Concrete::Bool(false))),
            _ => {}
        }
        if let Some(color) = Color::from_name(word) {
            return Some(Expression::constant(Concrete::Color(color)));
        }
        let variables = || Variable::ALL.iter().map(|variable| variable.name());
        let otherwise = || {
            let variables: Vec<&str> = variables().collect();
            Some(format!("the variables are {}, tags.name", variables.join(", ")))
        };
        let constants = self.constants.keys().map(String::as_str);
        let meant = nearest(word, variables().chain(["width", "height"]).chain(constants));
        let message = format!("there is no variable `{word}`");
        let diagnostic = Diagnostic::new(Code::UnknownVariable, span, message).meant(meant, otherwise);
        self.report(diagnostic);
        None
    }

    /// A text with its calculations.
    pub(crate) fn text(&mut self, text: &TextNode) -> Option<Expression> {
        let mut parts = Vec::with_capacity(text.pieces.len().min(MAX_EXPRESSION_PARTS));
        let mut is_whole = !text.has_hole;
        // A constant may be thousands of times longer than its name: what is too much is not even put together.
        let (mut so_many, mut so_long) = (0, 0);
        for piece in &text.pieces {
            match &piece.piece {
                Piece::Literal(literal) => parts.push(Expression::constant(Concrete::Text(literal.clone()))),
                Piece::Computed { value, format } => {
                    let part = self.check(value).and_then(|checked| match format {
                        Some(format) => self.format(checked, &format.name, format.span),
                        None => self.printable(checked, value.span, "a text"),
                    });
                    let Some(part) = part else {
                        is_whole = false;
                        continue;
                    };
                    so_many += part.parts();
                    so_long += part.written().map(str::len).sum::<usize>();
                    if so_many <= 2 * MAX_EXPRESSION_PARTS && so_long <= 2 * MAX_VALUE_BYTES {
                        parts.push(part);
                    }
                }
            }
        }
        if !is_whole {
            return None;
        }
        let joined = self.bounded(Expression::concat(parts), text.span)?;
        if so_many > 2 * MAX_EXPRESSION_PARTS || so_long > 2 * MAX_VALUE_BYTES {
            let message = "the constants in this text make it far too long";
            self.report(Diagnostic::new(Code::TextTooLong, text.span, message));
            return None;
        }
        Some(joined)
    }

    /// Refuses what cannot be shown in a text.
    fn printable(&mut self, value: Expression, span: Span, place: &str) -> Option<Expression> {
        if value.value_type().is_printable() {
            return Some(value);
        }
        let message = format!("{} cannot stand in {place}", value.value_type().described());
        self.report(Diagnostic::new(Code::WrongValue, span, message));
        None
    }

    fn format(&mut self, value: Expression, format: &str, span: Span) -> Option<Expression> {
        let value_type = value.value_type();
        if let Some(spec) = FormatSpec::new(format, value_type) {
            return self.folded(Expression::new(Kind::Format(Box::new(value), spec), Type::Text), span);
        }
        let message = format!("this is no format for {}", value_type.described());
        let hint = match value_type {
            Type::Whole => "as in `{image.width:04}`, up to 20 digits",
            Type::Time => "as in `{timestamp_ms:%Y-%m-%d}`",
            Type::Decimal => "as in `{ratio:.2}`, up to 17 digits",
            Type::Text | Type::Digest => "as in `{image.name:.20}`, up to 1000 characters",
            _ => "only numbers, times, texts and digests have formats",
        };
        self.report(Diagnostic::new(Code::BadFormat, span, message).hint(hint));
        None
    }

    fn call(&mut self, name: &Named, arguments: &[ArgumentNode], span: Span) -> Option<Expression> {
        let function = Function::ALL.iter().copied().find(|function| function.as_str() == name.name);
        let mut checked = Vec::with_capacity(arguments.len());
        for (index, argument) in arguments.iter().enumerate() {
            if let Some(name) = &argument.name {
                let message = "functions take their values by place, not by name";
                self.report(Diagnostic::new(Code::WrongArguments, name.span, message));
            }
            let is_key = index == 0 && function == Some(Function::Hmac);
            let value = if is_key { self.check_or_key(&argument.value) } else { self.check(&argument.value) };
            checked.push(value.map(|value| (value, argument.value.span)));
        }
        let Some(function) = function else {
            let names = || Function::ALL.iter().map(|function| function.as_str());
            let otherwise = || Some(format!("the functions are {}", names().collect::<Vec<_>>().join(", ")));
            let message = format!("there is no function `{}`", name.name);
            let diagnostic = Diagnostic::new(Code::UnknownFunction, name.span, message);
            self.report(diagnostic.meant(nearest(&name.name, names()), otherwise));
            return None;
        };
        if arguments.len() != function.arity() {
            let (takes, values) = (function.arity(), if function.arity() == 1 { "value" } else { "values" });
            let message = format!("`{}` takes {takes} {values}, found {}", name.name, arguments.len());
            let hint = format!("as in `{}`", function.example());
            self.report(Diagnostic::new(Code::WrongArguments, span, message).hint(hint));
            return None;
        }
        let mut checked: Vec<(Expression, Span)> = checked.into_iter().collect::<Option<_>>()?;
        let place = format!("`{}`", function.as_str());
        match function {
            Function::Sha256 | Function::Upper | Function::Lower => {
                self.printable(checked[0].0.clone(), checked[0].1, &place)?;
            }
            Function::Hmac => {
                let key = checked[0].0.value_type() == Type::Key;
                key.then_some(()).or_else(|| self.wrong_argument(function, "a key", &checked[0]))?;
                self.printable(checked[1].0.clone(), checked[1].1, &place)?;
            }
            Function::Date => {
                let is_time = matches!(checked[0].0.value_type(), Type::Time | Type::Whole);
                is_time.then_some(()).or_else(|| self.wrong_argument(function, "a time", &checked[0]))?;
                let format = self.text_argument(function, &checked[1])?;
                if !crate::date::is_date_format(&format) {
                    let hint = "a date is made of %Y %m %d %H %M %S and others; a percent sign is `%%`";
                    let message = "this is no format for a date";
                    self.report(Diagnostic::new(Code::BadFormat, checked[1].1, message).hint(hint));
                    return None;
                }
            }
            Function::Format => {
                let format = self.text_argument(function, &checked[1])?;
                let (value, _) = checked.swap_remove(0);
                return self.format(value, &format, checked[0].1);
            }
            Function::Truncate => {
                self.printable(checked[0].0.clone(), checked[0].1, &place)?;
                match checked[1].0.as_constant() {
                    Some(Concrete::Whole(0..=1_000)) => {}
                    _ => self.wrong_argument(function, "a fixed number from 0 to 1000", &checked[1])?,
                }
            }
        }
        let value_type = match function {
            Function::Sha256 | Function::Hmac => Type::Digest,
            _ => Type::Text,
        };
        let arguments = checked.into_iter().map(|(value, _)| value).collect();
        self.folded(Expression::new(Kind::Call(function, arguments), value_type), span)
    }

    fn wrong_argument(&mut self, function: Function, what: &str, found: &(Expression, Span)) -> Option<()> {
        let found_type = found.0.value_type().described();
        let message = format!("`{}` takes {what} here, found {found_type}", function.as_str());
        let hint = format!("as in `{}`", function.example());
        self.report(Diagnostic::new(Code::WrongValue, found.1, message).hint(hint));
        None
    }

    fn text_argument(&mut self, function: Function, found: &(Expression, Span)) -> Option<String> {
        match found.0.as_constant() {
            Some(Concrete::Text(text)) => Some(text.clone()),
            _ => {
                self.wrong_argument(function, "a fixed text", found);
                None
            }
        }
    }

    fn unary(&mut self, operator: UnaryOperator, operand: &ValueNode, span: Span) -> Option<Expression> {
        let value = self.check(operand)?;
        let value_type = value.value_type();
        let (is_right, sign, wanted) = match operator {
            UnaryOperator::Not => (value_type == Type::Bool, "not", "true or false"),
            UnaryOperator::Minus => {
                let is_right = matches!(value_type, Type::Whole | Type::Decimal) || value_type.is_quantity();
                (is_right, "-", "a number")
            }
        };
        if !is_right {
            let message = format!("`{sign}` takes {wanted}, found {}", value_type.described());
            self.report(Diagnostic::new(Code::WrongValue, operand.span, message));
            return None;
        }
        self.folded(Expression::new(Kind::Unary(operator, Box::new(value)), value_type), span)
    }

    fn binary(
        &mut self,
        operator: Operator,
        sign: Span,
        left: (Expression, Span),
        right: (Expression, Span),
    ) -> Option<Expression> {
        let ((left, left_span), (right, right_span)) = (left, right);
        let span = left_span.to(right_span);
        let is_text = |value: &Expression| matches!(value.value_type(), Type::Text | Type::Digest);
        if operator == Operator::Add && (is_text(&left) || is_text(&right)) {
            let left = self.printable(left, left_span, "a text")?;
            let right = self.printable(right, right_span, "a text")?;
            return self.bounded(Expression::concat([left, right]), span);
        }
        match crate::operators::result_type(operator, &left, &right) {
            Ok(value_type) => {
                let kind = Kind::Binary(operator, Box::new(left), Box::new(right));
                self.folded(Expression::new(kind, value_type), span)
            }
            Err(mismatch) => {
                self.report(mismatch.diagnostic(sign));
                None
            }
        }
    }

    /// Calculates what is fixed; digests stay as written, since they are longer than what they stand for.
    fn folded(&mut self, expression: Expression, span: Span) -> Option<Expression> {
        let is_fixed = match expression.kind() {
            Kind::Unary(_, operand) => operand.is_constant(),
            Kind::Binary(_, left, right) => left.is_constant() && right.is_constant(),
            Kind::Call(Function::Sha256 | Function::Hmac, _) => false,
            Kind::Call(_, arguments) => arguments.iter().all(Expression::is_constant),
            Kind::Format(value, _) => value.is_constant(),
            // Relative lengths compare differently in each picture, but no comparison comes here unfixed.
            _ => false,
        };
        if !is_fixed || crate::operators::needs_picture(&expression) {
            return self.bounded(expression, span);
        }
        let variables = Variables::default();
        match (Values { variables: &variables, width: 0, height: 0 }).of(&expression) {
            Ok(value) => self.bounded(Expression::constant(value), span),
            Err(error) => {
                let code = match error {
                    ValueError::TextTooLong { .. } => Code::TextTooLong,
                    _ => Code::Arithmetic,
                };
                self.report(Diagnostic::new(code, span, error.to_string()));
                None
            }
        }
    }

    fn bounded(&mut self, expression: Expression, span: Span) -> Option<Expression> {
        let text_bytes = expression.written().map(str::len).max().unwrap_or(0);
        let (code, message) = if expression.parts() > MAX_EXPRESSION_PARTS {
            (Code::TooManyParts, format!("more than {MAX_EXPRESSION_PARTS} names, values and calls in one calculation"))
        } else if expression.depth() > MAX_EXPRESSION_DEPTH {
            (Code::NestedTooDeep, format!("a calculation nested deeper than {MAX_EXPRESSION_DEPTH}"))
        } else if text_bytes > MAX_VALUE_BYTES {
            (Code::TextTooLong, ValueError::TextTooLong { bytes: text_bytes }.to_string())
        } else {
            return Some(expression);
        };
        self.report(Diagnostic::new(code, span, message));
        None
    }
}
