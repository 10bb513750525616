//! Ranges of a remainder from a map file: `mycat-pattern` and `dble-pattern-range` take the key's, `mycat-prefix-pattern`
//! that of the sum of the text's first characters.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Outcome, Refused, Takes};
use super::java;
use super::long::is_null;
use super::map_file::{self, Range};
use super::params::{ParamError, Reader};
use super::registry::Built;

#[derive(Debug)]
struct Pattern {
    modulus: i64,
    ranges: Vec<Range>,
    /// Where keys are that are no numbers.
    default: Option<i64>,
    is_dble: bool,
}

#[derive(Debug)]
struct Prefix {
    modulus: i64,
    length: usize,
    ranges: Vec<Range>,
}

pub(super) fn mycat(params: &Reader<'_>) -> Built {
    let (modulus, ranges) = read(params)?;
    let default = Some(params.integer("defaultNode")?.unwrap_or(0));
    Ok(Arc::new(Pattern { modulus, ranges, default, is_dble: false }))
}

pub(super) fn dble(params: &Reader<'_>) -> Built {
    let (modulus, mut ranges) = read(params)?;
    ranges.sort_by_key(|range| range.first);
    let default = map_file::default_node(params)?;
    Ok(Arc::new(Pattern { modulus, ranges, default, is_dble: true }))
}

pub(super) fn mycat_prefix(params: &Reader<'_>) -> Built {
    let (modulus, ranges) = read(params)?;
    let length = params.required_integer("prefixLength")?;
    let length = usize::try_from(length).map_err(|_| ParamError::new("prefixLength", "is negative"))?;
    Ok(Arc::new(Prefix { modulus, length, ranges }))
}

fn read(params: &Reader<'_>) -> Result<(i64, Vec<Range>), ParamError> {
    let modulus = params.integer("patternValue")?.unwrap_or(1024);
    Ok((modulus, Range::read_all(params, "mapFile")?))
}

fn node(ranges: &[Range], key: i64, modulus: i64) -> Result<Option<i64>, Refused> {
    let hash = key.checked_rem(modulus).ok_or("patternValue is 0")?;
    Ok(ranges.iter().find(|range| range.contains(hash)).map(|range| range.number))
}

fn outside() -> Refused {
    "the key is in none of the ranges".into()
}

fn count(ranges: &[Range], default: Option<i64>) -> Buckets {
    let most = ranges.iter().map(|range| range.number).chain(default).max().unwrap_or(0);
    Buckets::Count(usize::try_from(most).unwrap_or(0) + 1)
}

impl Compute for Pattern {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        if self.is_dble && is_null(key.input) {
            return self.default.map(Outcome::Number).ok_or_else(outside);
        }
        let text = key.input.need_text()?;
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.default.map(Outcome::Number).ok_or_else(outside);
        }
        let key = java::parse_long(&text).ok_or_else(|| java::not_a_long(&text))?;
        node(&self.ranges, key, self.modulus)?.map(Outcome::Number).ok_or_else(outside)
    }

    fn buckets(&self) -> Buckets {
        count(&self.ranges, self.default)
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }
}

impl Compute for Prefix {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let text = key.input.need_text()?;
        let sum = text.encode_utf16().take(self.length).map(i64::from).sum();
        node(&self.ranges, sum, self.modulus)?.map(Outcome::Number).ok_or_else(outside)
    }

    fn buckets(&self) -> Buckets {
        count(&self.ranges, None)
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }
}
