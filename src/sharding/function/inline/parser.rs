//! Expressions as they are written: Groovy's operators in their order of binding, from `? :` down to parentheses.

use super::expression::{Expression, Operator, Unary, Value};
use super::method::Method;
use super::number::Number;
use crate::sharding::function::scanner::Scanner;

/// The whole text as one expression.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let mut parser = Parser { text: Scanner::new(text) };
    let expression = parser.choice()?;
    match parser.text.rest.trim_start() {
        "" => Ok(expression),
        rest => Err(format!("\"{rest}\" is not understood")),
    }
}

/// Operators by how they bind, the weakest first; of those that begin alike the longer ones first.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("|", Operator::Or)],
    &[("^", Operator::Xor)],
    &[("&", Operator::And)],
    &[("==", Operator::Equal), ("!=", Operator::NotEqual)],
    &[("<=", Operator::LessOrEqual), (">=", Operator::GreaterOrEqual), ("<", Operator::Less), (">", Operator::Greater)],
    &[(">>>", Operator::ShiftRightUnsigned), (">>", Operator::ShiftRight), ("<<", Operator::ShiftLeft)],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)],
];

/// Signs that begin like an operator of `LEVELS`, and are another.
const LONGER: &[&str] = &["||", "&&", "<<", ">>", "**", "<=>", "->", "==~"];

/// The level of `<`, on which `as` is too.
const RELATIONS: usize = 4;

struct Parser<'a> {
    text: Scanner<'a>,
}

impl Parser<'_> {
    /// `condition ? one : other`.
    fn choice(&mut self) -> Result<Expression, String> {
        let condition = self.both(true)?;
        if !self.text.take("?") {
            return Ok(condition);
        }
        self.text.deeper()?;
        let one = self.choice()?;
        self.text.need(":")?;
        let other = self.choice()?;
        Ok(Expression::Choice(Box::new([condition, one, other])))
    }

    /// `||`, or else `&&`.
    fn both(&mut self, is_or: bool) -> Result<Expression, String> {
        let part = |parser: &mut Self| if is_or { parser.both(false) } else { parser.level(0) };
        let mut left = part(self)?;
        while self.text.take(if is_or { "||" } else { "&&" }) {
            self.text.deeper()?;
            left = Expression::Both(is_or, Box::new(left), Box::new(part(self)?));
        }
        Ok(left)
    }

    fn level(&mut self, level: usize) -> Result<Expression, String> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        loop {
            let found = operators.iter().find(|(sign, _)| self.take_operator(sign));
            left = match found {
                Some((_, operator)) => {
                    self.text.deeper()?;
                    Expression::Binary(*operator, Box::new(left), Box::new(self.level(level + 1)?))
                }
                None if level == RELATIONS => match self.cast()? {
                    Some(method) => Expression::Method(method, Box::new(left), Vec::new()),
                    None => return Ok(left),
                },
                None => return Ok(left),
            };
        }
    }

    fn take_operator(&mut self, sign: &str) -> bool {
        let rest = self.text.rest.trim_start();
        let is_longer =
            |longer: &&str| longer.len() > sign.len() && longer.starts_with(sign) && rest.starts_with(*longer);
        !LONGER.iter().any(is_longer) && self.text.take(sign)
    }

    /// `as int`.
    fn cast(&mut self) -> Result<Option<Method>, String> {
        let before = self.text.rest;
        if self.text.word() != Some("as") {
            self.text.rest = before;
            return Ok(None);
        }
        self.text.deeper()?;
        let class = self.text.word().unwrap_or_default();
        class_of(class).map(Some).ok_or_else(|| format!("as {class} is not understood"))
    }

    fn unary(&mut self) -> Result<Expression, String> {
        let signs = [("-", Unary::Minus), ("+", Unary::Plus), ("~", Unary::Flip), ("!", Unary::Not)];
        if let Some((_, operator)) = signs.iter().find(|(sign, _)| self.text.take(sign)) {
            self.text.deeper()?;
            return Ok(Expression::Unary(*operator, Box::new(self.unary()?)));
        }
        if let Some(method) = self.cast_before() {
            self.text.deeper()?;
            return Ok(Expression::Method(method, Box::new(self.unary()?), Vec::new()));
        }
        let base = self.with_methods()?;
        if !self.text.take("**") {
            return Ok(base);
        }
        self.text.deeper()?;
        Ok(Expression::Binary(Operator::Power, Box::new(base), Box::new(self.unary()?)))
    }

    /// `(int)` before a value.
    fn cast_before(&mut self) -> Option<Method> {
        let before = self.text.rest;
        let class = if self.text.take("(") { self.text.word().and_then(class_of) } else { None };
        let class = class.filter(|_| self.text.take(")"));
        if class.is_none() {
            self.text.rest = before;
        }
        class
    }

    fn with_methods(&mut self) -> Result<Expression, String> {
        let mut value = self.primary()?;
        loop {
            if self.text.take("[") {
                let first = self.level(RELATIONS + 1)?;
                let last = if self.text.take("..") { Some(Box::new(self.level(RELATIONS + 1)?)) } else { None };
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
        let mut arguments = self.arguments()?;
        let class = match &of {
            Expression::Name(class) => Method::function(class, name, arguments.len()),
            _ => None,
        };
        if let Some(method) = class {
            let of = arguments.remove(0);
            return Ok(Expression::Method(method, Box::new(of), arguments));
        }
        Ok(Expression::Method(Method::named(name, arguments.len())?, Box::new(of), arguments))
    }

    fn arguments(&mut self) -> Result<Vec<Expression>, String> {
        self.text.need("(")?;
        let mut arguments = Vec::new();
        while !self.text.take(")") {
            if !arguments.is_empty() {
                self.text.need(",")?;
            }
            arguments.push(self.choice()?);
        }
        Ok(arguments)
    }

    fn primary(&mut self) -> Result<Expression, String> {
        self.text.deeper()?;
        if self.text.take("(") {
            let inner = self.choice()?;
            self.text.need(")")?;
            return Ok(inner);
        }
        for quote in ["'", "\""] {
            if self.text.take(quote) {
                let (text, rest) = self.text.rest.split_once(quote).ok_or("a text is not closed")?;
                self.text.rest = rest;
                if text.contains(['\\', '$']) {
                    return Err(format!("\\ and $ within a text (\"{text}\") are not understood"));
                }
                return Ok(Expression::Literal(Value::Text(text.to_owned())));
            }
        }
        let word = self.text.word().ok_or_else(|| format!("\"{}\" is not understood", self.text.rest))?;
        match word {
            "true" | "false" => Ok(Expression::Literal(Value::Bool(word == "true"))),
            _ if word.starts_with(|letter: char| letter.is_ascii_digit()) => self.number(word),
            _ => Ok(Expression::Name(word.to_owned())),
        }
    }

    /// A number that begins with these digits.
    fn number(&mut self, word: &str) -> Result<Expression, String> {
        let fraction =
            self.text.rest.strip_prefix('.').filter(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()));
        let literal = match fraction {
            Some(fraction) => {
                self.text.rest = fraction;
                let digits = self.text.word().unwrap_or_default();
                Number::parse(&format!("{word}.{digits}"), "")
            }
            None => integer(word),
        };
        literal
            .map(|number| Expression::Literal(Value::Number(number)))
            .ok_or_else(|| format!("\"{word}\" is no number"))
    }
}

/// What `as` and `(...)` make of a value.
fn class_of(name: &str) -> Option<Method> {
    match name {
        "int" | "Integer" => Some(Method::ToInteger),
        "long" | "Long" => Some(Method::ToLong),
        "String" => Some(Method::ToText),
        _ => None,
    }
}

/// `12`, `12L`, `0x1F`, and `017`, which is 15.
fn integer(word: &str) -> Option<Number> {
    let (digits, is_long) = match word.strip_suffix(['L', 'l']) {
        Some(digits) => (digits, true),
        None => (word, false),
    };
    let digits = digits.replace('_', "");
    let value = match (digits.strip_prefix("0x").or(digits.strip_prefix("0X")), digits.strip_prefix('0')) {
        (Some(hexadecimal), _) => i128::from_str_radix(hexadecimal, 16).ok()?,
        (None, Some(octal)) if !octal.is_empty() => i128::from_str_radix(octal, 8).ok()?,
        _ => digits.parse().ok()?,
    };
    match is_long {
        true => i64::try_from(value).ok().map(Number::Long),
        false => Some(Number::of_integer(value, "")),
    }
}
