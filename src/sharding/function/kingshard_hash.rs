//! `kingshard-hash` and `gaea-hash`: an integer modulo the number of tables; a text that is no number by its CRC-32. And
//! what all functions of the two systems have in common: their integers and the number of tables.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::params::{ParamError, Reader};
use super::registry::Built;

/// How many tables each node has, in order.
#[derive(Debug)]
pub(super) struct Locations(Vec<usize>);

impl Locations {
    pub(super) fn read(params: &Reader<'_>) -> Result<Self, ParamError> {
        let fail = |message: &str| ParamError::new("locations", message);
        let list = params.list("locations")?.ok_or_else(|| fail("missing: the number of tables on each node"))?;
        let counts: Option<Vec<usize>> = list.iter().map(|count| count.trim().parse().ok()).collect();
        let counts = counts.ok_or_else(|| fail("should be numbers of tables, as in [4, 4]"))?;
        if let Some(nodes) = params.integer("nodes")?
            && usize::try_from(nodes) != Ok(counts.len())
        {
            return Err(fail(&format!("has {} numbers, and there are {nodes} nodes", counts.len())));
        }
        let tables = counts.iter().try_fold(0_usize, |sum, count| sum.checked_add(*count));
        match tables {
            Some(1..=super::slots::MAX_SLOTS) => Ok(Self(counts)),
            _ => Err(fail("there must be at least one table, and at most 65536")),
        }
    }

    pub(super) fn tables(&self) -> usize {
        self.0.iter().sum()
    }
}

/// An integer of 64 bits; an unsigned one keeps its bits. Texts are decimal digits with a sign or none.
pub(super) fn go_integer(input: Input<'_>) -> Result<i64, Refused> {
    match input {
        Input::Integer(value) => {
            let unsigned = || u64::try_from(value).map(|value| value as i64);
            i64::try_from(value).or_else(|_| unsigned()).map_err(|_| "the key has more than 64 bits".into())
        }
        Input::Text(text) => text.parse().map_err(|_| format!("\"{text}\" is no integer of 64 bits").into()),
        _ => Err("the key should be an integer or a text".into()),
    }
}

#[derive(Debug)]
struct Hash {
    tables: u64,
}

pub(super) fn read(params: &Reader<'_>) -> Built {
    Ok(Arc::new(Hash { tables: Locations::read(params)?.tables() as u64 }))
}

impl Compute for Hash {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let hash = match key.input {
            Input::Text(text) => text_hash(text),
            Input::Bytes(bytes) => crc32fast::hash(bytes).into(),
            input => go_integer(input)? as u64,
        };
        Ok(Outcome::Number((hash % self.tables) as i64))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.tables as usize)
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }
}

fn text_hash(text: &str) -> u64 {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok()).flatten();
    number.unwrap_or_else(|| crc32fast::hash(text.as_bytes()).into())
}
