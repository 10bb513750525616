//! The absolute value of an integer by its remainder: `mycat-mod`, `mycat-mod-before-2020-10`, `gaea-mod`,
//! `gaea-mycat-mod`.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Outcome, Refused, Takes};
use super::java;
use super::kingshard_hash::{Locations, go_integer};
use super::params::{ParamError, Reader};
use super::registry::Built;

/// Integers of any length.
#[derive(Debug)]
struct Mycat {
    count: u64,
    /// Whether a text that is no integer is hashed, or refused.
    hashes_texts: bool,
}

/// Integers of 64 bits.
#[derive(Debug)]
struct Gaea {
    tables: i64,
}

pub(super) fn mycat(params: &Reader<'_>) -> Built {
    Ok(Arc::new(Mycat { count: count(params, "count")?, hashes_texts: true }))
}

pub(super) fn mycat_before_2020_10(params: &Reader<'_>) -> Built {
    Ok(Arc::new(Mycat { count: count(params, "count")?, hashes_texts: false }))
}

pub(super) fn gaea(params: &Reader<'_>) -> Built {
    Ok(Arc::new(Gaea { tables: Locations::read(params)?.tables() as i64 }))
}

/// A number of nodes; there may be more than a rule can have, for keys to be compared.
pub(super) fn count(params: &Reader<'_>, key: &'static str) -> Result<u64, ParamError> {
    let count = params.required_integer(key)?;
    let found = u64::try_from(count).ok().filter(|count| *count > 0);
    found.ok_or_else(|| ParamError::new(key, format!("{count} should be at least 1")))
}

impl Compute for Mycat {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let text = key.input.need_text()?;
        let magnitude = match java::Integer::parse(&text) {
            Some(integer) => integer.remainder(self.count),
            None if self.hashes_texts => u64::from(java::hash(&text).unsigned_abs()) % self.count,
            None => return Err(format!("\"{}\" is no integer", &*text).into()),
        };
        Ok(Outcome::Number(magnitude as i64))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.count as usize)
    }

    fn takes(&self) -> Takes {
        if self.hashes_texts { Takes::Anything } else { Takes::IntegersAndTexts }
    }
}

impl Compute for Gaea {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        // The least integer has no absolute value: it stays negative, and so does its remainder.
        Ok(Outcome::Number(go_integer(key.input)?.wrapping_abs() % self.tables))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.tables as usize)
    }

    fn takes(&self) -> Takes {
        Takes::IntegersAndTexts
    }
}
