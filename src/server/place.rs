//! `shardgate place`: JSON lines with keys in, the same lines with what the named function computes out. So a team
//! compares keys of its own with its old proxy before it switches. The form of the lines is that of `tests/cases/vectors`.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde_json::{Map, Value as Json, json};

use crate::sharding::function::compute::{Given, Input, Outcome};
use crate::sharding::function::params::{Param, Params};
use crate::sharding::function::{Named, registry};

/// Writes a line for each line read. 1 if one of them could not be understood; a key that the function has no place for is
/// an answer.
pub fn place(lines: impl BufRead, mut out: impl Write) -> anyhow::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    let mut last: Option<(String, Result<Named, String>)> = None;
    for line in lines.lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let placed = match serde_json::from_str::<Json>(&line) {
            Ok(Json::Object(object)) => answered(object, &mut last),
            Ok(_) => Err("the line is no JSON object".to_owned()),
            Err(error) => Err(format!("the line is no JSON: {error}")),
        };
        let placed = placed.unwrap_or_else(|error| {
            code = ExitCode::from(1);
            Json::Object(Map::from_iter([("line".to_owned(), line.into()), ("error".to_owned(), error.into())]))
        });
        writeln!(out, "{placed}")?;
    }
    out.flush()?;
    Ok(code)
}

/// The object with what ShardGate computes as `result` or `error`. Consecutive lines mostly have the same function and
/// parameters, which are read once: `last`.
fn answered(mut object: Map<String, Json>, last: &mut Option<(String, Result<Named, String>)>) -> Result<Json, String> {
    let text = |name: &str| {
        let text = object.get(name).and_then(Json::as_str);
        text.map(str::to_owned).ok_or_else(|| format!("\"{name}\" is missing or no text"))
    };
    let (system, function) = (text("system")?, text("function")?);
    let params = object.get("params").cloned().unwrap_or_else(|| json!({}));
    let identity = format!("{system} {function} {params}");
    if last.as_ref().is_none_or(|(known, _)| *known != identity) {
        *last = Some((identity, named(&system, &function, &params)));
    }
    let Some((_, named)) = last else { return Err("there is no function".to_owned()) };
    let outcome = named.as_ref().map_err(Clone::clone).and_then(|named| computed(named, &object));
    for stale in ["result", "error"] {
        object.remove(stale);
    }
    match outcome {
        Ok(outcome) => object.insert("result".to_owned(), shown(outcome)),
        Err(error) => object.insert("error".to_owned(), error.into()),
    };
    Ok(Json::Object(object))
}

fn named(system: &str, function: &str, params: &Json) -> Result<Named, String> {
    let known = registry::original(system, function);
    let kind = known.or_else(|| registry::named(function).filter(|_| system == "shardgate"));
    let kind = kind.ok_or_else(|| format!("unknown function \"{function}\" of system \"{system}\""))?;
    let params = params.as_object().ok_or("\"params\" is no object")?;
    let params: Params = params.iter().map(|(name, value)| (name.clone(), parameter(value))).collect();
    Named::read(kind, params).0.map_err(|error| error.to_string())
}

fn parameter(value: &Json) -> Param {
    match value {
        Json::Null => Param::Null,
        Json::Bool(_) | Json::Number(_) => Param::Text(value.to_string()),
        Json::Object(object) => {
            Param::Table(object.iter().map(|(name, value)| (name.clone(), parameter(value))).collect())
        }
        Json::String(text) => Param::Text(text.clone()),
        Json::Array(items) => Param::List(items.iter().map(parameter).collect()),
    }
}

fn computed(named: &Named, object: &Map<String, Json>) -> Result<Outcome, String> {
    let text = |name: &str| object.get(name).and_then(Json::as_str).unwrap_or_default();
    let kind = ["java_type", "go_type", "sql_type"].into_iter().map(text).find(|kind| !kind.is_empty());
    let key = object.get("key").unwrap_or(&Json::Null);
    let compute = |input: Input<'_>| {
        let given = Given { input, kind: kind.unwrap_or_default() };
        named.compute().compute(&given).map_err(|refused| refused.to_string())
    };
    match (key, text("key_type")) {
        (Json::Array(all), _) => {
            let written: Vec<String> = all.iter().map(Json::to_string).collect();
            let inputs: Vec<Input<'_>> =
                all.iter().zip(&written).map(|(value, written)| scalar(value, written, "")).collect();
            compute(Input::Tuple(&inputs))
        }
        (Json::String(digits), "bytes_hex") => {
            let bytes =
                HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok().ok_or("the key should be hexadecimal digits")?;
            compute(Input::Bytes(&bytes))
        }
        (key, key_type) => compute(scalar(key, &key.to_string(), key_type)),
    }
}

/// `written`: the key as JSON has it.
fn scalar<'k>(key: &'k Json, written: &'k str, key_type: &str) -> Input<'k> {
    match (key, key_type) {
        (Json::Null, _) => Input::Null,
        (Json::Bool(value), _) => Input::Bool(*value),
        (Json::String(text), "decimal") => Input::Decimal(text),
        (Json::String(text), "float") => Input::Float(text),
        (Json::String(text), "bool") => Input::Bool(text.eq_ignore_ascii_case("true")),
        (Json::String(text), _) => Input::Text(text),
        (Json::Number(_), _) if written.contains(['.', 'e', 'E']) => match key_type {
            "float" => Input::Float(written),
            _ => Input::Decimal(written),
        },
        (Json::Number(_), _) => written.parse().map_or(Input::Huge(written), Input::Integer),
        (Json::Array(_) | Json::Object(_), _) => Input::Null,
    }
}

fn shown(outcome: Outcome) -> Json {
    match outcome {
        Outcome::Number(number) => number.into(),
        Outcome::Numbers(numbers) => numbers.into(),
        Outcome::Name(name) => name.into(),
        Outcome::KeyspaceId(id) => HEXLOWER.encode(&id).into(),
        Outcome::KeyspaceIds(start, end) => json!([HEXLOWER.encode(&start), HEXLOWER.encode(&end)]),
    }
}
