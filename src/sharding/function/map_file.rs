//! Map files of Cobar, MyCAT and dble, as text: lines `key=node` and lines `from-to=node`.

use super::java;
use super::params::{ParamError, Reader};

/// The lines of the map that say something: left and right of the first `=`, trimmed.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.lines().map(java::trim).filter(|line| !line.starts_with('#') && !line.starts_with("//"));
    lines.filter_map(|line| line.split_once('=')).map(|(left, right)| (java::trim(left), java::trim(right)))
}

/// The contents of the map that a parameter holds; it must be there.
pub(super) fn required<'a>(params: &Reader<'a>, key: &'static str) -> Result<&'a str, ParamError> {
    params
        .text(key)?
        .ok_or_else(|| ParamError::new(key, "missing: give the map's lines, or { file = \"...\" } with its path"))
}

/// A line `from-to=number`: inclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) number: i64,
}

impl Range {
    pub(super) fn contains(&self, key: i64) -> bool {
        (self.first..=self.last).contains(&key)
    }

    /// Whether any key of `low..=high` is in it.
    pub(super) fn meets(&self, low: i64, high: i64) -> bool {
        self.first <= high && low <= self.last && self.first <= self.last
    }

    /// All ranges of a map, in its order.
    pub(super) fn read_all(params: &Reader<'_>, key: &'static str) -> Result<Vec<Self>, ParamError> {
        let read = |(left, right): (&str, &str)| {
            let fail = || {
                let message = format!("\"{left}={right}\" should be a range and a number, as in 0-500M=0");
                ParamError::new(key, message)
            };
            let (first, last) = left.split_once('-').ok_or_else(fail)?;
            let last = last.split('-').next().unwrap_or_default();
            let bound = |text: &str| scaled(java::trim(text)).ok_or_else(fail);
            let number = java::parse_int(right).ok_or_else(fail)?;
            Ok(Self { first: bound(first)?, last: bound(last)?, number: number.into() })
        };
        lines(required(params, key)?).map(read).collect()
    }
}

/// `200M1` is 2,000,001 and `7K` is 7,000: M is ten thousand.
fn scaled(text: &str) -> Option<i64> {
    let text = text.to_uppercase();
    let (at, factor) = match (text.find('M'), text.find('K')) {
        (Some(at), _) => (at, 10_000),
        (None, Some(at)) => (at, 1_000),
        (None, None) => return java::parse_long(&text),
    };
    if at == 0 {
        return None;
    }
    let scaled = java::parse_long(&text[..at])?.wrapping_mul(factor);
    match &text[at + 1..] {
        "" => Some(scaled),
        rest => Some(scaled.wrapping_add(java::parse_int(rest)?.into())),
    }
}

/// A default node: none if it is left out or negative.
pub(super) fn default_node(params: &Reader<'_>) -> Result<Option<i64>, ParamError> {
    Ok(params.integer("defaultNode")?.filter(|node| *node >= 0))
}
