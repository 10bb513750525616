//! `cobar-expression`: what a rule of Cobar has as its algorithm, as in `func1(${id} % 1024)` or `(f(${a}) + f(${b})) % 128`: functions
//! of columns, and their numbers added, subtracted and divided with remainder as Cobar does that: numbers are as wide as they need,
//! and `%` takes the lower 32 bits of those of 64. It has no other operators (`*` is an error in Cobar too).

use std::collections::BTreeMap;
use std::sync::Arc;

use smallvec::SmallVec;

use super::Named;
use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::java::Decimal;
use super::params::{Param, ParamError, Params, Reader};
use super::registry::{self, Built};
use super::scanner::Scanner;

#[derive(Debug)]
struct CobarExpression {
    /// In lower case, as Cobar compares them.
    columns: Vec<String>,
    expression: Expression,
    functions: Vec<Named>,
}

#[derive(Debug)]
enum Expression {
    Null,
    Number(i128),
    /// By its place in the key.
    Column(usize),
    /// By its place among the functions.
    Call(usize, Vec<Expression>),
    Negated(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
}

#[derive(Debug, Clone, Copy)]
enum Operator {
    Add,
    Subtract,
    Remainder,
}

/// What a part of the expression gives.
#[derive(Debug, Clone)]
enum Value {
    Null,
    Number(i128),
    /// As it is written: only functions take these.
    Other(String),
    /// Of a function of which a value is NULL.
    Several(Vec<i64>),
}

pub(super) fn read(params: &Reader<'_>) -> Built {
    const KEY: &str = "expression";
    let text = params.required(KEY)?.trim();
    let columns =
        params.list("columns")?.ok_or_else(|| ParamError::new("columns", "missing: the columns of the key"))?;
    let columns: Vec<String> = columns.iter().map(|column| column.trim().to_lowercase()).collect();
    let (mut names, mut functions) = (BTreeMap::new(), Vec::new());
    for (name, param) in params.table("functions")?.into_iter().flatten() {
        names.insert(name.as_str(), functions.len());
        functions
            .push(read_function(param).map_err(|reason| ParamError::new("functions", format!("{name}: {reason}")))?);
    }
    let mut parser =
        Parser { text: Scanner::new(text), columns: &columns, names: &names, used: vec![false; columns.len()] };
    let parsed = parser.whole();
    let used = parser.used;
    let expression = parsed.map_err(|reason| ParamError::new(KEY, format!("\"{text}\": {reason}")))?;
    if let Some(unused) = used.iter().position(|is_used| !is_used) {
        return Err(ParamError::new("columns", format!("\"{text}\" does not use {}", columns[unused])));
    }
    Ok(Arc::new(CobarExpression { columns, expression, functions }))
}

/// `{ kind = "cobar-long", ... }`
fn read_function(param: &Param) -> Result<Named, String> {
    let Param::Table(params) = param else {
        return Err("should be a function, as in { kind = \"cobar-long\" }".to_owned());
    };
    let Some(Param::Text(name)) = params.get("kind") else { return Err("kind: missing".to_owned()) };
    let kind = registry::named(name).filter(|kind| kind.origin.is_some_and(|(system, _)| system == "cobar"));
    let kind = kind.filter(|kind| kind.name != "cobar-expression");
    let kind = kind.ok_or_else(|| format!("kind: \"{name}\" is no function of Cobar's"))?;
    let own: Params = params.iter().filter(|(name, _)| *name != "kind").map(|(n, p)| (n.clone(), p.clone())).collect();
    let given: Vec<String> = own.keys().cloned().collect();
    let (named, asked) = Named::read(kind, own);
    let named = named.map_err(|error| error.to_string())?;
    match given.iter().find(|given| !asked.contains(&given.as_str())) {
        Some(unknown) => Err(format!("\"{unknown}\" is no parameter of {}", kind.name)),
        None => Ok(named),
    }
}

struct Parser<'a> {
    text: Scanner<'a>,
    columns: &'a [String],
    names: &'a BTreeMap<&'a str, usize>,
    used: Vec<bool>,
}

impl<'a> Parser<'a> {
    fn whole(&mut self) -> Result<Expression, String> {
        let expression = self.sum()?;
        match self.text.rest.trim_start() {
            "" => Ok(expression),
            rest => Err(format!("\"{rest}\" is not understood: Cobar computes +, -, % and functions")),
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
        while self.text.take("%") {
            self.text.deeper()?;
            left = Expression::Binary(Operator::Remainder, Box::new(left), Box::new(self.unary()?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expression, String> {
        if self.text.take("-") {
            self.text.deeper()?;
            return Ok(Expression::Negated(Box::new(self.unary()?)));
        }
        if self.text.take("(") {
            let inner = self.sum()?;
            self.text.need(")")?;
            return Ok(inner);
        }
        if self.text.take("${") {
            let name = self.text.word().unwrap_or_default().to_lowercase();
            self.text.need("}")?;
            let found = self.columns.iter().position(|column| *column == name);
            let place = found.ok_or_else(|| format!("{name} is none of the columns"))?;
            self.used[place] = true;
            return Ok(Expression::Column(place));
        }
        let word = self.text.word().unwrap_or_default();
        if word.eq_ignore_ascii_case("null") {
            return Ok(Expression::Null);
        }
        if let Ok(number) = word.parse() {
            return Ok(Expression::Number(number));
        }
        let function =
            *self.names.get(word).ok_or_else(|| format!("\"{word}{}\" is not understood", self.text.rest))?;
        self.text.need("(")?;
        let mut arguments = Vec::new();
        while !self.text.take(")") {
            if !arguments.is_empty() {
                self.text.need(",")?;
            }
            arguments.push(self.sum()?);
        }
        Ok(Expression::Call(function, arguments))
    }
}

impl Value {
    fn of(input: Input<'_>) -> Result<Self, Refused> {
        Ok(match input {
            Input::Null => Self::Null,
            Input::Integer(number) => Self::Number(number),
            Input::Huge(text) | Input::Decimal(text) | Input::Text(text) => Self::Other(text.to_owned()),
            Input::Float(_) | Input::Bool(_) | Input::Bytes(_) | Input::Tuple(_) => {
                return Err("the key should be an integer or a text".into());
            }
        })
    }

    fn input(&self) -> Result<Input<'_>, Refused> {
        match self {
            Self::Null => Ok(Input::Null),
            Self::Number(number) => Ok(Input::Integer(*number)),
            Self::Other(text) => Ok(Input::Text(text)),
            Self::Several(_) => Err("several numbers are no value of a function".into()),
        }
    }

    /// `None`: NULL.
    fn number(&self) -> Result<Option<i128>, Refused> {
        match self {
            Self::Null => Ok(None),
            Self::Number(number) => Ok(Some(*number)),
            Self::Other(text) => {
                text.parse().map(Some).map_err(|_| format!("\"{text}\" is no integer to compute with").into())
            }
            Self::Several(_) => Err("several numbers cannot be computed with".into()),
        }
    }
}

/// `%`: of numbers of 64 bits the lower 32, with the sign of the left; of larger ones never negative.
fn remainder(left: i128, right: i128) -> Result<Value, Refused> {
    let (small_left, small_right) = (i64::try_from(left), i64::try_from(right));
    let (Ok(left), Ok(right)) = (small_left, small_right) else {
        return match right {
            0 => Ok(Value::Null),
            right if right < 0 => Err("a number beyond 64 bits has no remainder by a negative one".into()),
            right => Ok(Value::Number(left.rem_euclid(right))),
        };
    };
    match right as i32 {
        0 => Ok(Value::Null),
        right => Ok(Value::Number(i128::from((left as i32).wrapping_rem(right)))),
    }
}

impl CobarExpression {
    fn value(&self, of: &Expression, keys: &[Input<'_>]) -> Result<Value, Refused> {
        Ok(match of {
            Expression::Null => Value::Null,
            Expression::Number(number) => Value::Number(*number),
            Expression::Column(place) => Value::of(*keys.get(*place).ok_or("a value is missing")?)?,
            Expression::Call(function, arguments) => {
                let values: Result<Vec<Value>, Refused> =
                    arguments.iter().map(|argument| self.value(argument, keys)).collect();
                let values = values?;
                let inputs = values.iter().map(Value::input).collect::<Result<Vec<_>, _>>()?;
                let input = match inputs.as_slice() {
                    [one] => *one,
                    several => Input::Tuple(several),
                };
                match self.functions[*function].compute().compute(&Given::new(input))? {
                    Outcome::Number(number) => Value::Number(number.into()),
                    Outcome::Numbers(numbers) => Value::Several(numbers),
                    _ => return Err("the function gives no number".into()),
                }
            }
            Expression::Negated(inner) => {
                self.value(inner, keys)?.number()?.map_or(Value::Null, |number| Value::Number(-number))
            }
            Expression::Binary(operator, left, right) => {
                let (left, right) = (self.value(left, keys)?.number()?, self.value(right, keys)?.number()?);
                let Some((left, right)) = left.zip(right) else { return Ok(Value::Null) };
                let too_large = || Refused::from("the number is too large");
                match operator {
                    Operator::Add => Value::Number(left.checked_add(right).ok_or_else(too_large)?),
                    Operator::Subtract => Value::Number(left.checked_sub(right).ok_or_else(too_large)?),
                    Operator::Remainder => remainder(left, right)?,
                }
            }
        })
    }
}

impl Compute for CobarExpression {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let keys = key.columns(self.columns.len())?;
        match self.value(&self.expression, keys)? {
            // intValue()
            Value::Number(number) => Ok(Outcome::Number(i64::from(number as i32))),
            Value::Several(numbers) => Ok(Outcome::Numbers(numbers)),
            Value::Null => Err("the expression gives NULL".into()),
            Value::Other(text) => {
                let number = Decimal::parse(&text).map(|decimal| decimal.truncated().low_bits());
                let number = number.ok_or_else(|| format!("the expression gives \"{text}\", which is no number"))?;
                Ok(Outcome::Number(i64::from(number as i32)))
            }
        }
    }

    fn buckets(&self) -> Buckets {
        Buckets::Any
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }

    fn columns(&self) -> usize {
        self.columns.len()
    }

    /// A function alone may tell from some of the columns.
    fn buckets_of(&self, key: &[Option<Input<'_>>]) -> Option<Vec<usize>> {
        if let (Expression::Call(function, arguments), true) = (&self.expression, key.iter().any(Option::is_none)) {
            let inputs = arguments.iter().map(|argument| match argument {
                Expression::Column(place) => key.get(*place).copied(),
                Expression::Null => Some(None),
                _ => None,
            });
            let inputs: SmallVec<[Option<Input<'_>>; 4]> = inputs.collect::<Option<_>>()?;
            return self.functions[*function].compute().buckets_of(&inputs);
        }
        let all: SmallVec<[Input<'_>; 4]> = key.iter().copied().collect::<Option<_>>()?;
        let input = match all.as_slice() {
            [one] => *one,
            several => Input::Tuple(several),
        };
        match self.compute(&Given::new(input)).ok()? {
            Outcome::Number(number) => usize::try_from(number).ok().map(|bucket| vec![bucket]),
            Outcome::Numbers(numbers) => numbers.into_iter().map(|number| usize::try_from(number).ok()).collect(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn text(text: &str) -> Param {
        Param::Text(text.to_owned())
    }

    fn computed(expression: &str, columns: &[&str], keys: &[Input<'_>]) -> Result<Outcome, Refused> {
        let long = [("kind", "cobar-long"), ("partitionCount", "4"), ("partitionLength", "256")];
        let long = Param::Table(long.map(|(name, value)| (name.to_owned(), text(value))).into());
        let params: Params = [
            ("expression".to_owned(), text(expression)),
            ("columns".to_owned(), Param::List(columns.iter().map(|column| text(column)).collect())),
            ("functions".to_owned(), Param::Table([("f".to_owned(), long)].into())),
        ]
        .into();
        let named = Named::read(registry::named("cobar-expression").unwrap(), params).0.unwrap();
        let input = if keys.len() == 1 { keys[0] } else { Input::Tuple(keys) };
        named.compute().compute(&Given::new(input))
    }

    #[test]
    fn numbers_are_computed_as_cobar_does() {
        let number = Outcome::Number;
        let cases = [
            ("f(${id} % 1024)", Input::Integer(1300), Some(number(1))),
            ("${id} % 4", Input::Integer(7), Some(number(3))),
            ("${ID} % 4", Input::Integer(-7), Some(number(-3))),
            ("(${id} + 1) % 4", Input::Text("7"), Some(number(0))),
            // Of 64 bits the lower 32 count, which are negative here.
            ("${id} % 1000", Input::Integer(2_147_483_649), Some(number(-647))),
            // Beyond 64 bits it is a remainder without a sign.
            ("${id} % 1000", Input::Integer(-(1_i128 << 70)), Some(number(576))),
            ("${id} % 0", Input::Integer(1), None),
            ("-${id} + 5", Input::Integer(3), Some(number(2))),
            ("f(${id}) - f(0)", Input::Integer(1023), Some(number(3))),
            ("f(${id})", Input::Null, None),
            ("${id} % 4", Input::Text("x"), None),
        ];
        for (expression, key, wanted) in cases {
            assert_eq!(computed(expression, &["id"], &[key]).ok(), wanted, "{expression} {key:?}");
        }
        let both = [Input::Integer(600), Input::Integer(1000)];
        assert_eq!(computed("(f(${a}) + f(${b})) % 4", &["a", "b"], &both).ok(), Some(number(1)));
    }
}
