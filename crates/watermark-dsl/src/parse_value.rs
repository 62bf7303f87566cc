//! Values: numbers, colours, words, texts, lists and calculations.

use crate::{
    ArgumentNode, Code, Color, Diagnostic, Operator, Span, UnaryOperator, Value, ValueNode,
    lexer::{Token, TokenKind},
    limits::{MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_PARTS},
    parse_property::text_node,
    recovery::Cursor,
};

/// Ranks over those of the operators.
const NOT_RANK: u8 = 3;

/// Reads one value. Where that fails it has reported, and stands somewhere in what could not be read.
pub(crate) fn value(c: &mut Cursor<'_>) -> Option<ValueNode> {
    ranked(c, 1)
}

/// Reads a value of operators that bind at least this tightly.
fn ranked(c: &mut Cursor<'_>, rank: u8) -> Option<ValueNode> {
    if rank == NOT_RANK && c.sees_word("not") {
        let token = c.bump();
        let operand = c.descend(|c| ranked(c, NOT_RANK))?;
        return Some(unary(UnaryOperator::Not, token.span, operand));
    }
    if rank > 5 {
        return signed(c);
    }
    let first = ranked(c, rank + 1)?;
    let mut rest = Vec::new();
    while let Some((operator, token)) = operator(c).filter(|(operator, _)| operator.rank() == rank) {
        if rank == 3 && !rest.is_empty() {
            let message = "comparisons cannot be chained";
            c.report(Diagnostic::new(Code::Unexpected, token.span, message).hint("join two of them by `and`"));
            return None;
        }
        if rest.len() == MAX_EXPRESSION_PARTS {
            let message = format!("more than {MAX_EXPRESSION_PARTS} values in one calculation");
            c.report(Diagnostic::new(Code::TooManyParts, token.span, message));
            return None;
        }
        c.bump();
        if let TokenKind::Pair(pair @ ("&&" | "||")) = token.kind {
            let word = operator.as_str();
            let message = format!("expected `{word}`, found `{pair}`");
            c.report(Diagnostic::new(Code::Unexpected, token.span, message).meant(Some(word), || None));
        }
        rest.push((operator, token.span, ranked(c, rank + 1)?));
    }
    let Some((_, _, last)) = rest.last() else { return Some(first) };
    let span = first.span.to(last.span);
    Some(ValueNode { value: Value::Chain { first: Box::new(first), rest }, span })
}

fn unary(operator: UnaryOperator, sign: Span, operand: ValueNode) -> ValueNode {
    let span = sign.to(operand.span);
    ValueNode { value: Value::Unary { operator, operand: Box::new(operand) }, span }
}

/// The operator that stands here, if what follows belongs to the same value.
fn operator(c: &Cursor<'_>) -> Option<(Operator, Token)> {
    let token = c.peek();
    let operator = match token.kind {
        TokenKind::Word => match c.slice(token.span) {
            // A property may have one of these as its name as little as any other word.
            "or" => Operator::Or,
            "and" => Operator::And,
            _ => return None,
        },
        TokenKind::Pair(pair) => match pair {
            "==" => Operator::Equal,
            "!=" => Operator::NotEqual,
            "<=" => Operator::LessOrEqual,
            ">=" => Operator::GreaterOrEqual,
            "&&" => Operator::And,
            _ => Operator::Or,
        },
        TokenKind::Sign(sign) => match sign {
            '<' => Operator::Less,
            '>' => Operator::Greater,
            '+' => Operator::Add,
            '-' if c.is_list_of_values && begins_a_value(c, token) => return None,
            '-' => Operator::Subtract,
            '*' => Operator::Multiply,
            '/' => Operator::Divide,
            '%' => Operator::Remainder,
            _ => return None,
        },
        _ => return None,
    };
    Some((operator, token))
}

/// Whether a `-` is the sign of the next value: white space before it and none behind it.
fn begins_a_value(c: &Cursor<'_>, minus: Token) -> bool {
    let before = c.slice(Span::new(0, minus.span.start));
    before.ends_with(char::is_whitespace) && c.ahead(1).span.start == minus.span.end
}

fn signed(c: &mut Cursor<'_>) -> Option<ValueNode> {
    let token = c.peek();
    if token.kind != TokenKind::Sign('-') {
        return primary(c);
    }
    c.bump();
    let next = c.peek();
    if let TokenKind::Number { digits } = next.kind {
        c.bump();
        let (digits, unit) = c.slice(next.span).split_at(digits);
        let value = Value::Number { digits: format!("-{digits}"), unit: unit.to_owned() };
        return Some(ValueNode { value, span: token.span.to(next.span) });
    }
    let operand = c.descend(signed)?;
    Some(unary(UnaryOperator::Minus, token.span, operand))
}

fn primary(c: &mut Cursor<'_>) -> Option<ValueNode> {
    let token = c.peek();
    match token.kind {
        TokenKind::Number { digits } => {
            c.bump();
            let (digits, unit) = c.slice(token.span).split_at(digits);
            let value = Value::Number { digits: digits.to_owned(), unit: unit.to_owned() };
            Some(ValueNode { value, span: token.span })
        }
        TokenKind::Color => {
            c.bump();
            match Color::from_hex(&c.slice(token.span)[1..]) {
                Some(color) => Some(ValueNode { value: Value::Color(color), span: token.span }),
                None => {
                    let message = format!("{} is no colour", c.describe(token));
                    let hint = "a colour is `#rgb`, `#rgba`, `#rrggbb` or `#rrggbbaa`";
                    c.report(Diagnostic::new(Code::BadColor, token.span, message).hint(hint));
                    None
                }
            }
        }
        TokenKind::Text { closed } => {
            c.bump();
            Some(ValueNode { value: Value::Text(text_node(c, token, closed)), span: token.span })
        }
        TokenKind::Word if !matches!(c.slice(token.span), "and" | "or" | "not") => word(c),
        TokenKind::Sign('(') => c.descend(|c| {
            c.bump();
            let outer = std::mem::take(&mut c.is_list_of_values);
            let inner = value(c);
            c.is_list_of_values = outer;
            let inner = inner?;
            if c.take(')') {
                return Some(inner);
            }
            c.expected("`)`");
            None
        }),
        TokenKind::Sign('[') => c.descend(list),
        _ => {
            c.expected("a value");
            None
        }
    }
}

/// Words joined by points, or a call.
fn word(c: &mut Cursor<'_>) -> Option<ValueNode> {
    let first = c.bump();
    let mut span = first.span;
    while c.sees('.') && c.peek().span.start == span.end {
        let next = c.ahead(1);
        if next.kind != TokenKind::Word || next.span.start != span.end + 1 {
            c.bump();
            c.expected("a name behind the point");
            return None;
        }
        c.bump();
        c.bump();
        span = span.to(next.span);
    }
    if c.sees('(') && c.peek().span.start == span.end {
        let name = c.named(Token { span, ..first });
        return c.descend(|c| {
            c.bump();
            let outer = std::mem::take(&mut c.is_list_of_values);
            let arguments = arguments(c);
            c.is_list_of_values = outer;
            let (arguments, end) = arguments?;
            Some(ValueNode { value: Value::Call { name, arguments }, span: span.to(end) })
        });
    }
    let minus = c.peek();
    let touches = |end: usize, token: Token| token.span.start == end;
    let is_joined = minus.kind == TokenKind::Sign('-')
        && touches(span.end, minus)
        && c.ahead(1).kind == TokenKind::Word
        && touches(minus.span.end, c.ahead(1));
    if c.is_list_of_values && is_joined {
        let message = "expected a value, found `-`";
        let hint = "words are joined by `_`, as in `bottom_right`; a calculation has spaces around its `-`";
        c.report(Diagnostic::new(Code::Unexpected, minus.span, message).hint(hint));
        return None;
    }
    Some(ValueNode { value: Value::Word(c.slice(span).to_owned()), span })
}

/// What stands between the parentheses of a call, and the closing one.
fn arguments(c: &mut Cursor<'_>) -> Option<(Vec<ArgumentNode>, Span)> {
    let mut arguments = Vec::new();
    loop {
        let here = c.peek();
        if c.take(')') {
            return Some((arguments, here.span));
        }
        let name = c.at_property().then(|| {
            let token = c.bump();
            c.bump();
            c.named(token)
        });
        arguments.push(ArgumentNode { name, value: value(c)? });
        if !c.take(',') && !c.sees(')') {
            c.expected("`,` or `)`");
            return None;
        }
        // More than any function takes is a mistake anyway.
        if arguments.len() == MAX_EXPRESSION_DEPTH {
            c.expected("`)`");
            return None;
        }
    }
}

fn list(c: &mut Cursor<'_>) -> Option<ValueNode> {
    let open = c.bump();
    let outer = std::mem::take(&mut c.is_list_of_values);
    let mut values = Vec::new();
    let closed = loop {
        let here = c.peek();
        if c.take(']') {
            break Some(here.span);
        }
        let Some(value) = value(c) else { break None };
        values.push(value);
        if !c.take(',') && !c.sees(']') {
            c.expected("`,` or `]`");
            break None;
        }
    };
    c.is_list_of_values = outer;
    Some(ValueNode { value: Value::List(values), span: open.span.to(closed?) })
}
