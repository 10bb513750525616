//! Methods of values, and functions of classes that do the same.

use std::ops::RangeInclusive;

use super::expression::{Value, index, units};
use super::number::Number;
use crate::sharding::function::java;

/// What is done with a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Method {
    HashCode,
    Length,
    /// Of a text, and by `as long`.
    ToLong,
    ToInteger,
    /// Of numbers only.
    LongValue,
    IntValue,
    /// Of texts only, which may not have blanks around them.
    ParseLong,
    ParseInt,
    ToText,
    IntDiv,
    Remainder,
    /// Never negative.
    FloorRemainder,
    Abs,
    Substring,
    Trim,
    LowerCase,
    UpperCase,
}

/// Methods by name, with how many values each takes.
const METHODS: &[(&str, Method, RangeInclusive<usize>)] = &[
    ("hashCode", Method::HashCode, 0..=0),
    ("length", Method::Length, 0..=0),
    ("size", Method::Length, 0..=0),
    ("toLong", Method::ToLong, 0..=0),
    ("longValue", Method::LongValue, 0..=0),
    ("toInteger", Method::ToInteger, 0..=0),
    ("intValue", Method::IntValue, 0..=0),
    ("toString", Method::ToText, 0..=0),
    ("intdiv", Method::IntDiv, 1..=1),
    ("mod", Method::Remainder, 1..=1),
    ("abs", Method::Abs, 0..=0),
    ("substring", Method::Substring, 1..=2),
    ("trim", Method::Trim, 0..=0),
    ("toLowerCase", Method::LowerCase, 0..=0),
    ("toUpperCase", Method::UpperCase, 0..=0),
];

/// Functions of classes: how many values each takes, of which the first is the method's.
const FUNCTIONS: &[(&str, &str, Method, usize)] = &[
    ("Math", "abs", Method::Abs, 1),
    ("Math", "floorMod", Method::FloorRemainder, 2),
    ("Long", "parseLong", Method::ParseLong, 1),
    ("Long", "valueOf", Method::ParseLong, 1),
    ("Integer", "parseInt", Method::ParseInt, 1),
    ("Integer", "valueOf", Method::ParseInt, 1),
    ("String", "valueOf", Method::ToText, 1),
];

impl Method {
    /// The method of this name that takes so many values.
    pub(super) fn named(name: &str, count: usize) -> Result<Self, String> {
        let known = METHODS.iter().find(|(known, _, counts)| *known == name && counts.contains(&count));
        known.map(|(_, method, _)| *method).ok_or_else(|| {
            let names: Vec<&str> = METHODS.iter().map(|(name, ..)| *name).collect();
            format!("{name} with {count} values is not known; known are {}", names.join(", "))
        })
    }

    /// The function of a class.
    pub(super) fn function(class: &str, name: &str, count: usize) -> Option<Self> {
        let is_meant = |(of, function, _, values): &&(&str, &str, Self, usize)| {
            *of == class && *function == name && *values == count
        };
        FUNCTIONS.iter().find(is_meant).map(|(.., method, _)| *method)
    }

    pub(super) fn call(self, of: Value, arguments: &[Value]) -> Result<Value, String> {
        let argument = |at: usize| arguments.get(at).cloned().ok_or_else(|| "a value is missing".to_owned());
        let result = match (self, of) {
            (Self::ToText, value) => return Ok(Value::Text(value.to_string())),
            (Self::Substring, Value::Text(text)) => {
                let end = arguments.get(1).cloned().map(index);
                let end = end.unwrap_or_else(|| Ok(text.encode_utf16().count() as i64))?;
                return units(&text, index(argument(0)?)?, end);
            }
            (Self::Trim, Value::Text(text)) => return Ok(Value::Text(java::trim(&text).to_owned())),
            (Self::LowerCase, Value::Text(text)) => return Ok(Value::Text(text.to_lowercase())),
            (Self::UpperCase, Value::Text(text)) => return Ok(Value::Text(text.to_uppercase())),
            (Self::HashCode, Value::Text(text)) => Number::Int(java::hash(&text)),
            (Self::Length, Value::Text(text)) => Number::Int(text.encode_utf16().count() as i32),
            (Self::ToLong, Value::Text(text)) => long(java::trim(&text))?,
            (Self::ToInteger, Value::Text(text)) => int(java::trim(&text))?,
            (Self::ParseLong, Value::Text(text)) => long(&text)?,
            (Self::ParseInt, Value::Text(text)) => int(&text)?,
            (Self::ParseLong | Self::ParseInt, other) => return Err(format!("{other} is no text")),
            (Self::LongValue | Self::IntValue, Value::Text(text)) => {
                return Err(format!("\"{text}\" is a text: say toLong() or toInteger()"));
            }
            (Self::Length | Self::Substring | Self::Trim | Self::LowerCase | Self::UpperCase, _) => {
                return Err("the key is a number, not a text".to_owned());
            }
            (Self::HashCode, value) => value.number()?.hash(),
            (Self::ToLong | Self::LongValue, value) => Number::Long(value.number()?.whole()),
            (Self::ToInteger | Self::IntValue, value) => Number::Int(value.number()?.whole() as i32),
            (Self::IntDiv, value) => value.number()?.divide_whole(argument(0)?.number()?)?,
            (Self::Remainder, value) => value.number()?.remainder(argument(0)?.number()?)?,
            (Self::FloorRemainder, value) => value.number()?.floor_remainder(argument(0)?.number()?)?,
            (Self::Abs, value) => value.number()?.abs()?,
        };
        Ok(Value::Number(result))
    }
}

fn long(text: &str) -> Result<Number, String> {
    java::parse_long(text).map(Number::Long).ok_or_else(|| format!("\"{text}\" is no number"))
}

fn int(text: &str) -> Result<Number, String> {
    java::parse_int(text).map(Number::Int).ok_or_else(|| format!("\"{text}\" is no number"))
}
