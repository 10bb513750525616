//! What an expression is made of, and what it gives where the columns have values.

use std::cmp::Ordering;
use std::fmt;

use super::method::Method;
use super::number::Number;

/// An expression, read.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    Literal(Value),
    /// A name: the column, or nothing.
    Name(String),
    Unary(Unary, Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// `&&`, and `||` (true): the second is computed only where the first does not decide.
    Both(bool, Box<Expression>, Box<Expression>),
    /// `condition ? one : other`.
    Choice(Box<[Expression; 3]>),
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
    Bool(bool),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Unary {
    Minus,
    Plus,
    /// `~`
    Flip,
    /// `!`
    Not,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    ShiftLeft,
    ShiftRight,
    ShiftRightUnsigned,
    And,
    Xor,
    Or,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Bool(value) => value.fmt(f),
        }
    }
}

impl Value {
    pub(super) fn number(self) -> Result<Number, String> {
        match self {
            Self::Number(number) => Ok(number),
            Self::Text(text) => Err(format!("\"{text}\" is a text, not a number")),
            Self::Bool(value) => Err(format!("{value} is no number")),
        }
    }

    /// Groovy's truth: a number that is not 0, a text that is not empty.
    fn is_true(&self) -> bool {
        match self {
            Self::Number(number) => !number.is_zero(),
            Self::Text(text) => !text.is_empty(),
            Self::Bool(value) => *value,
        }
    }
}

impl Expression {
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
            Self::Unary(operator, of) => unary(*operator, of.value(known)?),
            Self::Binary(operator, left, right) => binary(*operator, left.value(known)?, right.value(known)?),
            Self::Both(decides, left, right) => {
                let left = left.value(known)?.is_true();
                Ok(Value::Bool(if left == *decides { left } else { right.value(known)?.is_true() }))
            }
            Self::Choice(parts) => {
                let [condition, one, other] = &**parts;
                if condition.value(known)?.is_true() { one.value(known) } else { other.value(known) }
            }
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

fn unary(operator: Unary, of: Value) -> Result<Value, String> {
    Ok(Value::Number(match operator {
        Unary::Not => return Ok(Value::Bool(!of.is_true())),
        Unary::Minus => of.number()?.negated()?,
        Unary::Plus => of.number()?,
        Unary::Flip => of.number()?.flipped()?,
    }))
}

fn binary(operator: Operator, left: Value, right: Value) -> Result<Value, String> {
    if operator == Operator::Add && matches!(left, Value::Text(_)) {
        return Ok(Value::Text(format!("{left}{right}")));
    }
    let compared = |is_meant: fn(Ordering) -> bool| Ok(Value::Bool(is_meant(order(&left, &right)?)));
    let compute: fn(Number, Number) -> Result<Number, &'static str> = match operator {
        Operator::Less => return compared(Ordering::is_lt),
        Operator::LessOrEqual => return compared(Ordering::is_le),
        Operator::Greater => return compared(Ordering::is_gt),
        Operator::GreaterOrEqual => return compared(Ordering::is_ge),
        Operator::Equal => return compared(Ordering::is_eq),
        Operator::NotEqual => return compared(Ordering::is_ne),
        Operator::Add => Number::add,
        Operator::Subtract => Number::subtract,
        Operator::Multiply => Number::multiply,
        Operator::Divide => Number::divide,
        Operator::Remainder => Number::remainder,
        Operator::Power => Number::power,
        Operator::ShiftLeft => Number::shifted_left,
        Operator::ShiftRight => Number::shifted_right,
        Operator::ShiftRightUnsigned => Number::shifted_right_unsigned,
        Operator::And => |left, right| left.bitwise(right, |one, other| one & other),
        Operator::Xor => |left, right| left.bitwise(right, |one, other| one ^ other),
        Operator::Or => |left, right| left.bitwise(right, |one, other| one | other),
    };
    Ok(Value::Number(compute(left.number()?, right.number()?)?))
}

/// Numbers by what they are worth, texts by their UTF-16 units.
fn order(left: &Value, right: &Value) -> Result<Ordering, String> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Ok(left.compared(*right)?),
        (Value::Text(left), Value::Text(right)) => Ok(left.encode_utf16().cmp(right.encode_utf16())),
        (Value::Bool(left), Value::Bool(right)) => Ok(left.cmp(right)),
        _ => Err(format!("{left} and {right} are of different kinds, and are not compared")),
    }
}

pub(super) fn index(value: Value) -> Result<i64, String> {
    value.number()?.index().ok_or_else(|| "a place in a text is an integer".to_owned())
}

/// Units `from` to before `to`.
pub(super) fn units(text: &str, from: i64, to: i64) -> Result<Value, String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let bounds = usize::try_from(from).ok().zip(usize::try_from(to).ok());
    let part = bounds.and_then(|(from, to)| units.get(from..to));
    let part = part.ok_or_else(|| format!("\"{text}\" is too short"))?;
    String::from_utf16(part).map(Value::Text).map_err(|_| format!("that cuts a character of \"{text}\" in two"))
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
