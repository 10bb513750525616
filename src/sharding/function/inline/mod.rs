//! `inline` and `shardingsphere-inline`: a text with expressions in it, as in `t_${id % 4}`, computed from the key as
//! Groovy computes them: `%` keeps the sign, `/` makes a fraction, texts and numbers do not mix. A small language, read and
//! computed here: nothing is executed, and what it lacks is an error when the rule is read.

mod expression;
mod method;
mod number;
mod parser;

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::params::{ParamError, Reader};
use super::registry::Built;
use expression::{Expression, Value};
use number::Number;

#[derive(Debug)]
struct Inline {
    parts: Vec<Part>,
    columns: Vec<String>,
    is_constant: bool,
    /// The names that the expression may give; a bucket is an index into them.
    names: Vec<String>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Expression(Expression),
}

pub(super) fn read(params: &Reader<'_>) -> Built {
    const KEY: &str = "algorithm-expression";
    let text = params.required(KEY)?.trim();
    let columns = read_columns(params)?;
    if text.is_empty() {
        return Err(ParamError::new(KEY, "is empty"));
    }
    let parts = parts(text).map_err(|reason| ParamError::new(KEY, format!("\"{text}\": {reason}")))?;
    let is_constant = parts.iter().all(|part| matches!(part, Part::Text(_)));
    if is_constant && !columns.iter().any(|column| text.contains(column)) {
        return Err(ParamError::new(KEY, format!("\"{text}\" does not use the column {}", columns.join(", "))));
    }
    let names = params.list("names")?.unwrap_or_default().into_iter().map(str::to_owned).collect();
    let inline = Inline { parts, columns, is_constant, names };
    match inline.missed() {
        Some(given) => {
            Err(ParamError::new("names", format!("no integer leads to one of them: of 0 \"{text}\" makes \"{given}\"")))
        }
        None => Ok(Arc::new(inline)),
    }
}

/// The columns of the key in their order, as the expression calls them.
fn read_columns(params: &Reader<'_>) -> Result<Vec<String>, ParamError> {
    let columns = match (params.list("columns")?, params.text("sharding-columns")?) {
        (Some(columns), _) => columns,
        (None, Some(columns)) => columns.split(',').collect(),
        (None, None) => vec![params.required("column")?],
    };
    let columns: Vec<String> = columns.iter().map(|column| column.trim().to_owned()).collect();
    match columns.is_empty() || columns.iter().any(String::is_empty) {
        true => Err(ParamError::new("columns", "should be names, as in [\"a\", \"b\"]")),
        false => Ok(columns),
    }
}

/// Text and the expressions in `${...}` or `$->{...}`.
fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        let after = &rest[dollar + 1..];
        if dollar > 0 {
            parts.push(Part::Text(rest[..dollar].to_owned()));
        }
        let Some(inside) = after.strip_prefix('{').or_else(|| after.strip_prefix("->{")) else {
            let (name, behind) = name_at(after)?;
            parts.push(Part::Expression(Expression::Name(name.to_owned())));
            rest = behind;
            continue;
        };
        let end = inside.find('}').ok_or("a { is not closed")?;
        parts.push(Part::Expression(parser::parse(&inside[..end])?));
        rest = &inside[end + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

/// The column in `$column`, and what is behind it.
fn name_at(text: &str) -> Result<(&str, &str), String> {
    let end = text.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(text.len());
    let (name, behind) = text.split_at(end);
    let is_member = behind.strip_prefix('.').is_some_and(|rest| rest.starts_with(char::is_alphabetic));
    if !name.starts_with(|letter: char| letter.is_alphabetic() || letter == '_') || is_member {
        return Err("a $ without {".to_owned());
    }
    Ok((name, behind))
}

impl Inline {
    /// What it makes of 0, where it takes integers and none of many gives one of the names.
    fn missed(&self) -> Option<String> {
        /// Small ones, and such as are cut into parts.
        const MOST: i128 = 200;
        if self.is_constant || self.names.is_empty() || self.columns.len() > 1 {
            return None;
        }
        let of = |number: i128| self.name(&Given::new(Input::Integer(number))).ok();
        let first = of(0)?;
        let mut keys = (0..16_u32).flat_map(|power| (0..MOST).map(move |number| number * 10_i128.pow(power)));
        let is_known = |name: String| self.names.contains(&name);
        (!keys.any(|key| of(key).is_some_and(is_known))).then_some(first)
    }

    fn name(&self, key: &Given<'_>) -> Result<String, Refused> {
        let inputs = match &key.input {
            Input::Tuple(inputs) => *inputs,
            one => std::slice::from_ref(one),
        };
        if inputs.len() != self.columns.len() {
            return Err(format!("the function takes {} values", self.columns.len()).into());
        }
        let values = self.columns.iter().zip(inputs).map(|(column, input)| {
            let value = value(Given { input: *input, kind: key.kind })?;
            Ok((column.as_str(), value))
        });
        let known = values.collect::<Result<Vec<(&str, Value)>, Refused>>()?;
        if self.is_constant && self.parts.is_empty() {
            return Err("the expression is empty".into());
        }
        let mut name = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => name.push_str(text),
                Part::Expression(expression) => {
                    name.push_str(&expression.value(&known).map_err(Refused::from)?.to_string());
                }
            }
        }
        Ok(name)
    }
}

fn value(key: Given<'_>) -> Result<Value, Refused> {
    match (key.input, key.kind) {
        (Input::Null, _) => Err("NULL is no key for this function".into()),
        (Input::Text(text), _) => Ok(Value::Text(text.to_owned())),
        (Input::Integer(value), kind) => Ok(Value::Number(Number::of_integer(value, kind))),
        (Input::Decimal(text), kind) => {
            Ok(Value::Number(Number::parse(text, kind).ok_or("the key has too many digits")?))
        }
        _ => Err("the key should be a number or a text".into()),
    }
}

impl Compute for Inline {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        self.name(key).map(Outcome::Name)
    }

    fn bucket(&self, key: &Given<'_>) -> Result<usize, Refused> {
        let name = self.name(key)?;
        let found = self.names.iter().position(|known| *known == name);
        found.ok_or_else(|| format!("the expression gives \"{name}\", which is none of the names").into())
    }

    fn buckets(&self) -> Buckets {
        match self.names.len() {
            0 => Buckets::None("names is missing: what the expression can give, as in [\"t_0\", \"t_1\"]"),
            count => Buckets::Count(count),
        }
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }

    fn columns(&self) -> usize {
        self.columns.len()
    }

    fn label(&self, bucket: usize) -> Option<String> {
        self.names.get(bucket).cloned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use crate::sharding::function::compute::{Given, Input, Outcome};
    use crate::sharding::function::params::{Param, Params};
    use crate::sharding::function::{Named, registry};

    fn read(expression: &str, names: &[&str]) -> Result<Named, String> {
        let text = |text: &str| Param::Text(text.to_owned());
        let params: Params = [
            ("algorithm-expression".to_owned(), text(expression)),
            ("column".to_owned(), text("id")),
            ("names".to_owned(), Param::List(names.iter().map(|name| text(name)).collect())),
        ]
        .into();
        Named::read(registry::named("inline").unwrap(), params).0.map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_are_cut_to_integers() {
        let cases = [
            ("ds_${((id % 32) / 16) as int}", 31, "ds_1"),
            ("ds_${(id / 4).intValue()}", 7, "ds_1"),
            ("ds_${id / 4 as long}", -7, "ds_-1"),
        ];
        for (expression, key, wanted) in cases {
            let named = read(expression, &["ds_0", "ds_1"]).unwrap();
            let given = named.compute().compute(&Given::new(Input::Integer(key)));
            assert_eq!(given.ok(), Some(Outcome::Name(wanted.to_owned())), "{expression}");
        }
    }

    /// What Groovy 2.4.21 gives.
    #[test]
    fn groovy_is_followed() {
        let of = |expression: &str, key: Input<'_>, kind: &str| {
            let named = read(expression, &[]).unwrap_or_else(|error| panic!("{error}"));
            match named.compute().compute(&Given { input: key, kind }) {
                Ok(Outcome::Name(name)) => name,
                other => format!("{other:?}"),
            }
        };
        let integers = [
            ("t_${id % 4}", -5, "t_-1"),
            ("t_${id % 4}", -9_223_372_036_854_775_809, "t_3"),
            ("t_${-id % 4}", 18_446_744_073_709_551_619, "t_1"),
            ("t_${id.hashCode() % 4}", 18_446_744_073_709_551_619, "t_0"),
            ("t_${id.toLong()}", 18_446_744_073_709_551_619, "t_3"),
            ("t_${010 + id}", 1, "t_9"),
            ("t_${0x10 + id}", 1, "t_17"),
            ("t_$id", 7, "t_7"),
            ("${id}_t", 7, "7_t"),
            ("t_${id & 3}_${id | 8}_${id ^ 5}_${~id}", 6, "t_2_14_3_-7"),
            ("t_${id >> 1}_${id << 2}_${id >>> 28}", -8, "t_-4_-32_15"),
            ("t_${id << 33}", 1, "t_2"),
            ("t_${id ** 2}", 5, "t_25"),
            ("t_${-2 ** 2 + id}", 0, "t_-4"),
            ("t_${id > 10 ? 1 : 0}", 11, "t_1"),
            ("t_${id < 0 || id >= 100 ? 'x' : id < 50 ? 'low' : 'high'}", 60, "t_high"),
            ("t_${id % 2 == 0 && id != 4 ? 0 : 1}", 4, "t_1"),
            ("t_${!(id % 2) ? 0 : 1}", 3, "t_1"),
            ("t_${(id / 100) as int}_${(int) (id / 100)}_${(int) id / 4}", 250, "t_2_2_62.5"),
            ("t_${id.mod(4)}_${Math.floorMod(id, 4)}", -5, "t_-1_3"),
            ("t_${id + 1 << 2 & 12}", 1, "t_8"),
        ];
        for (expression, key, wanted) in integers {
            assert_eq!(of(expression, Input::Integer(key), ""), wanted, "{expression}");
        }
        assert_eq!(of("t_${id % 4}", Input::Integer(-5), "BigInteger"), "t_3");
        for text in [("t_${id.trim().toLowerCase()}", " Ab ", "t_ab"), ("t_${id == 'a' ? 0 : 1}", "a", "t_0")] {
            assert_eq!(of(text.0, Input::Text(text.1), ""), text.2);
        }
        let refused = [
            ("t_${Long.parseLong(id)}", Input::Integer(7), ""),
            ("t_${id.longValue()}", Input::Text("7"), ""),
            ("t_${id % 4}", Input::Integer(100), "BigDecimal"),
            ("t_${id == 5}", Input::Text("5"), ""),
        ];
        for (expression, key, kind) in refused {
            let given = of(expression, key, kind);
            assert!(given.starts_with("Err"), "{expression}: {given}");
        }
        for broken in ["t_${id +}", "t_${09 + id}", "t_${id ?: 1}", "t_${'a\\n'}", "t_${id <=> 1}", "t_$id.name"] {
            assert!(read(broken, &[]).is_err(), "{broken}");
        }
    }

    #[test]
    fn names_that_no_key_leads_to_are_refused() {
        let error = read("<GROOVY>ds_${id % 2}", &["ds_0", "ds_1"]).unwrap_err();
        assert!(error.contains("\"<GROOVY>ds_0\""), "{error}");
        for expression in ["ds_${id.intdiv(1000000)}", "ds_${id % 7}", "ds_${id.substring(0, 1)}"] {
            assert!(read(expression, &["ds_5"]).is_ok(), "{expression}");
        }
    }
}
