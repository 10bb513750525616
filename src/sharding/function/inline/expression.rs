//! The expressions: literals, the column, `+ - * / %`, parentheses, a few methods, and parts of texts (`[0..3]`).

use std::fmt;

use super::number::Number;
use crate::sharding::function::java;
use crate::sharding::function::scanner::Scanner;

/// An expression, read.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    Literal(Value),
    /// A name: the column, or nothing.
    Name(String),
    Negated(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// A method of the value.
    Method(Method, Box<Expression>, Vec<Expression>),
    /// Characters from the first to the last, both included; negative ones count from the end.
    Part(Box<Expression>, Box<Expression>, Option<Box<Expression>>),
}

/// What an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Number(Number),
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Method {
    HashCode,
    Length,
    ToLong,
    ToInteger,
    ToText,
    IntDiv,
    Abs,
    Substring,
}

/// Methods by name, with how many values each takes.
const METHODS: &[(&str, Method, std::ops::RangeInclusive<usize>)] = &[
    ("hashCode", Method::HashCode, 0..=0),
    ("length", Method::Length, 0..=0),
    ("size", Method::Length, 0..=0),
    ("toLong", Method::ToLong, 0..=0),
    ("longValue", Method::ToLong, 0..=0),
    ("toInteger", Method::ToInteger, 0..=0),
    ("intValue", Method::ToInteger, 0..=0),
    ("toString", Method::ToText, 0..=0),
    ("intdiv", Method::IntDiv, 1..=1),
    ("abs", Method::Abs, 0..=0),
    ("substring", Method::Substring, 1..=2),
];

/// Functions of classes, as the methods that do the same.
const FUNCTIONS: &[(&str, &str, Method)] = &[
    ("Math", "abs", Method::Abs),
    ("Long", "parseLong", Method::ToLong),
    ("Long", "valueOf", Method::ToLong),
    ("Integer", "parseInt", Method::ToInteger),
    ("Integer", "valueOf", Method::ToInteger),
    ("String", "valueOf", Method::ToText),
];

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Expression {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { text: Scanner::new(text) };
        let expression = parser.cast()?;
        match parser.text.rest.trim_start() {
            "" => Ok(expression),
            rest => Err(format!("\"{rest}\" is not understood")),
        }
    }

    /// The value where columns have these ones, by their names.
    pub(super) fn value(&self, known: &[(&str, Value)]) -> Result<Value, String> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Name(name) => {
                let found = known.iter().find(|(column, _)| column == name).map(|(_, value)| value.clone());
                found.ok_or_else(|| {
                    let columns: Vec<&str> = known.iter().map(|(column, _)| *column).collect();
                    format!("{name} is not the column {}", columns.join(" or "))
                })
            }
            Self::Negated(inner) => Ok(Value::Number(number(inner.value(known)?)?.negated()?)),
            Self::Binary(operator, left, right) => binary(*operator, left.value(known)?, right.value(known)?),
            Self::Method(method, of, arguments) => {
                let arguments: Result<Vec<Value>, String> =
                    arguments.iter().map(|argument| argument.value(known)).collect();
                method.call(of.value(known)?, &arguments?)
            }
            Self::Part(of, first, last) => {
                let Value::Text(text) = of.value(known)? else { return Err("[ ] takes texts only".to_owned()) };
                let first = index(first.value(known)?)?;
                let last = last.as_ref().map_or(Ok(first), |last| index(last.value(known)?))?;
                part(&text, first, last)
            }
        }
    }
}

fn number(value: Value) -> Result<Number, String> {
    match value {
        Value::Number(number) => Ok(number),
        Value::Text(text) => Err(format!("\"{text}\" is a text, not a number")),
    }
}

fn index(value: Value) -> Result<i64, String> {
    number(value)?.index().ok_or_else(|| "a place in a text is an integer".to_owned())
}

fn whole(number: Number) -> Result<i64, String> {
    number.whole().ok_or_else(|| "the number has more than 64 bits".to_owned())
}

fn binary(operator: Operator, left: Value, right: Value) -> Result<Value, String> {
    if operator == Operator::Add && matches!(left, Value::Text(_)) {
        return Ok(Value::Text(format!("{left}{right}")));
    }
    let (left, right) = (number(left)?, number(right)?);
    let result = match operator {
        Operator::Add => left.add(right),
        Operator::Subtract => left.subtract(right),
        Operator::Multiply => left.multiply(right),
        Operator::Divide => left.divide(right),
        Operator::Remainder => left.remainder(right),
    };
    Ok(Value::Number(result?))
}

/// Units `from` to before `to`.
fn units(text: &str, from: i64, to: i64) -> Result<Value, String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let bounds = usize::try_from(from).ok().zip(usize::try_from(to).ok());
    let part = bounds.and_then(|(from, to)| units.get(from..to));
    part.map(|part| Value::Text(String::from_utf16_lossy(part))).ok_or_else(|| format!("\"{text}\" is too short"))
}

/// Groovy's `text[first..last]`.
fn part(text: &str, first: i64, last: i64) -> Result<Value, String> {
    let count = text.encode_utf16().count() as i64;
    let from_start = |index: i64| if index < 0 { index + count } else { index };
    let (first, last) = (from_start(first), from_start(last));
    if first > last {
        return Err("parts of texts from right to left are not supported".to_owned());
    }
    units(text, first, last + 1)
}

impl Method {
    fn call(self, of: Value, arguments: &[Value]) -> Result<Value, String> {
        let argument = |at: usize| arguments.get(at).cloned().ok_or_else(|| "a value is missing".to_owned());
        let result = match (self, of) {
            (Self::HashCode, Value::Text(text)) => Number::Int(java::hash(&text)),
            (Self::HashCode, Value::Number(number)) => number.hash()?,
            (Self::Length, Value::Text(text)) => Number::Int(text.encode_utf16().count() as i32),
            (Self::ToText, value) => return Ok(Value::Text(value.to_string())),
            (Self::ToLong, Value::Text(text)) => {
                Number::Long(java::parse_long(java::trim(&text)).ok_or_else(|| format!("\"{text}\" is no number"))?)
            }
            (Self::ToInteger, Value::Text(text)) => {
                Number::Int(java::parse_int(java::trim(&text)).ok_or_else(|| format!("\"{text}\" is no number"))?)
            }
            (Self::ToLong, Value::Number(number)) => Number::Long(whole(number)?),
            (Self::ToInteger, Value::Number(number)) => Number::Int(whole(number)? as i32),
            (Self::IntDiv, Value::Number(left)) => left.divide_whole(number(argument(0)?)?)?,
            (Self::Abs, Value::Number(number)) => number.abs()?,
            (Self::Substring, Value::Text(text)) => {
                let from = index(argument(0)?)?;
                let to = match arguments.get(1) {
                    Some(to) => index(to.clone())?,
                    None => text.encode_utf16().count() as i64,
                };
                return units(&text, from, to);
            }
            (Self::Length | Self::Substring, Value::Number(_)) => {
                return Err("the key is a number, not a text".to_owned());
            }
            (Self::IntDiv | Self::Abs, Value::Text(text)) => return Err(format!("\"{text}\" is a text, not a number")),
        };
        Ok(Value::Number(result))
    }
}

struct Parser<'a> {
    text: Scanner<'a>,
}

impl<'a> Parser<'a> {
    /// `x as int`, which binds weaker than the other operators.
    fn cast(&mut self) -> Result<Expression, String> {
        let mut value = self.sum()?;
        loop {
            let before = self.text.rest;
            if self.text.word() != Some("as") {
                self.text.rest = before;
                return Ok(value);
            }
            let method = match self.text.word() {
                Some("int" | "Integer") => Method::ToInteger,
                Some("long" | "Long") => Method::ToLong,
                Some("String") => Method::ToText,
                other => return Err(format!("as {} is not understood", other.unwrap_or_default())),
            };
            self.text.deeper()?;
            value = Expression::Method(method, Box::new(value), Vec::new());
        }
    }

    fn sum(&mut self) -> Result<Expression, String> {
        self.text.deeper()?;
        let mut left = self.product()?;
        loop {
            let operator = if self.text.take("+") {
                Operator::Add
            } else if self.text.take("-") {
                Operator::Subtract
            } else {
                return Ok(left);
            };
            self.text.deeper()?;
            left = Expression::Binary(operator, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Result<Expression, String> {
        let mut left = self.unary()?;
        loop {
            let operator = if self.text.take("*") {
                Operator::Multiply
            } else if self.text.take("/") {
                Operator::Divide
            } else if self.text.take("%") {
                Operator::Remainder
            } else {
                return Ok(left);
            };
            self.text.deeper()?;
            left = Expression::Binary(operator, Box::new(left), Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Result<Expression, String> {
        if self.text.take("-") {
            self.text.deeper()?;
            return Ok(Expression::Negated(Box::new(self.unary()?)));
        }
        let mut value = self.primary()?;
        loop {
            if self.text.take("[") {
                let first = self.sum()?;
                let last = if self.text.take("..") { Some(Box::new(self.sum()?)) } else { None };
                self.text.need("]")?;
                value = Expression::Part(Box::new(value), Box::new(first), last);
            } else if !self.text.rest.trim_start().starts_with("..") && self.text.take(".") {
                let name = self.text.word().ok_or("a method's name is missing")?;
                value = self.method(name, value)?;
            } else {
                return Ok(value);
            }
            self.text.deeper()?;
        }
    }

    fn method(&mut self, name: &str, of: Expression) -> Result<Expression, String> {
        let arguments = self.arguments()?;
        let class = match &of {
            Expression::Name(class) => {
                FUNCTIONS.iter().find(|(known, function, _)| known == class && *function == name)
            }
            _ => None,
        };
        if let (Some((.., method)), [argument]) = (class, arguments.as_slice()) {
            return Ok(Expression::Method(*method, Box::new(argument.clone()), Vec::new()));
        }
        let known = METHODS.iter().find(|(known, _, count)| *known == name && count.contains(&arguments.len()));
        let (_, method, _) = known.ok_or_else(|| {
            let names: Vec<&str> = METHODS.iter().map(|(name, ..)| *name).collect();
            format!("{name} with {} values is not known; known are {}", arguments.len(), names.join(", "))
        })?;
        Ok(Expression::Method(*method, Box::new(of), arguments))
    }

    fn arguments(&mut self) -> Result<Vec<Expression>, String> {
        self.text.need("(")?;
        let mut arguments = Vec::new();
        while !self.text.take(")") {
            if !arguments.is_empty() {
                self.text.need(",")?;
            }
            arguments.push(self.sum()?);
        }
        Ok(arguments)
    }

    fn primary(&mut self) -> Result<Expression, String> {
        if self.text.take("(") {
            let inner = self.cast()?;
            self.text.need(")")?;
            return Ok(inner);
        }
        for quote in ["'", "\""] {
            if self.text.take(quote) {
                let (text, rest) = self.text.rest.split_once(quote).ok_or("a text is not closed")?;
                self.text.rest = rest;
                return Ok(Expression::Literal(Value::Text(text.to_owned())));
            }
        }
        let word = self.text.word().ok_or_else(|| format!("\"{}\" is not understood", self.text.rest))?;
        if !word.starts_with(|letter: char| letter.is_ascii_digit()) {
            return Ok(Expression::Name(word.to_owned()));
        }
        let fraction =
            self.text.rest.strip_prefix('.').filter(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()));
        let literal = match (word.strip_suffix(['L', 'l']), fraction) {
            (Some(digits), None) => digits.parse().ok().map(Number::Long),
            (None, Some(fraction)) => {
                self.text.rest = fraction;
                let digits = self.text.word().unwrap_or_default();
                Number::parse(&format!("{word}.{digits}"))
            }
            _ => Number::parse(word),
        };
        literal
            .map(|number| Expression::Literal(Value::Number(number)))
            .ok_or_else(|| format!("\"{word}\" is no number"))
    }
}
