//! Ranges of integers from a map file: `mycat-range` and `dble-number-range` give each a node, `mycat-range-mod` gives
//! each a group of nodes, and the key's remainder the node in it.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::java;
use super::long::is_null;
use super::map_file::{self, Range};
use super::params::Reader;
use super::registry::Built;

#[derive(Debug)]
struct NumberRange {
    ranges: Vec<Range>,
    default: Option<i64>,
    takes_null: bool,
}

#[derive(Debug)]
struct RangeMod {
    /// `number` is how many nodes the range has.
    ranges: Vec<Range>,
    default: Option<i64>,
}

pub(super) fn mycat(params: &Reader<'_>) -> Built {
    read(params, false)
}

pub(super) fn dble(params: &Reader<'_>) -> Built {
    read(params, true)
}

fn read(params: &Reader<'_>, takes_null: bool) -> Built {
    let ranges = Range::read_all(params, "mapFile")?;
    Ok(Arc::new(NumberRange { ranges, default: map_file::default_node(params)?, takes_null }))
}

pub(super) fn mycat_range_mod(params: &Reader<'_>) -> Built {
    let ranges = Range::read_all(params, "mapFile")?;
    Ok(Arc::new(RangeMod { ranges, default: map_file::default_node(params)? }))
}

fn long(input: Input<'_>) -> Result<i64, Refused> {
    let text = input.need_text()?;
    java::parse_long(&text).ok_or_else(|| java::not_a_long(&text))
}

fn outside() -> Refused {
    "the key is in none of the ranges, and there is no default".into()
}

/// The bounds of a range of keys as 64 bits; `None` if they are no integers.
pub(super) fn bounds(low: Option<Input<'_>>, high: Option<Input<'_>>) -> Option<(i64, i64)> {
    let bound = |end: Option<Input<'_>>, open: i64| match end {
        None => Some(open),
        Some(Input::Integer(value)) => Some(value.clamp(i64::MIN.into(), i64::MAX.into()) as i64),
        Some(_) => None,
    };
    Some((bound(low, i64::MIN)?, bound(high, i64::MAX)?))
}

impl Compute for NumberRange {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        if self.takes_null && is_null(key.input) {
            return self.default.map(Outcome::Number).ok_or_else(outside);
        }
        let key = long(key.input)?;
        let found = self.ranges.iter().find(|range| range.contains(key));
        found.map(|range| range.number).or(self.default).map(Outcome::Number).ok_or_else(outside)
    }

    fn buckets(&self) -> Buckets {
        let most = self.ranges.iter().map(|range| range.number).chain(self.default).max().unwrap_or(0);
        Buckets::Count(usize::try_from(most).unwrap_or(0) + 1)
    }

    fn takes(&self) -> Takes {
        Takes::Integers
    }

    fn range(&self, low: Option<Input<'_>>, high: Option<Input<'_>>, _: usize) -> Option<Vec<usize>> {
        let (low, high) = bounds(low, high)?;
        let met = self.ranges.iter().filter(|range| range.meets(low, high)).map(|range| range.number);
        Some(met.chain(self.default).filter_map(|node| usize::try_from(node).ok()).collect())
    }

    fn keeps_order(&self) -> bool {
        true
    }
}

impl RangeMod {
    /// The ranges with the first node of each.
    fn groups(&self) -> impl Iterator<Item = (&Range, i64)> {
        self.ranges.iter().scan(0_i64, |first, range| {
            let own = *first;
            *first = first.saturating_add(range.number);
            Some((range, own))
        })
    }
}

impl Compute for RangeMod {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let key = long(key.input)?;
        let Some((range, first)) = self.groups().find(|(range, _)| range.contains(key)) else {
            return self.default.map(Outcome::Number).ok_or_else(outside);
        };
        let size = u64::try_from(range.number).ok().filter(|size| *size > 0);
        let size = size.ok_or("the range has no nodes")?;
        Ok(Outcome::Number(first + (key.unsigned_abs() % size) as i64))
    }

    fn buckets(&self) -> Buckets {
        let all = self.ranges.iter().map(|range| range.number.max(0)).sum::<i64>();
        Buckets::Count(usize::try_from(all.max(self.default.map_or(0, |node| node + 1))).unwrap_or(0))
    }

    fn takes(&self) -> Takes {
        Takes::Integers
    }

    fn range(&self, low: Option<Input<'_>>, high: Option<Input<'_>>, _: usize) -> Option<Vec<usize>> {
        let (low, high) = bounds(low, high)?;
        let met = self.groups().filter(|(range, _)| range.meets(low, high));
        let nodes = met.flat_map(|(range, first)| first..first + range.number);
        Some(nodes.chain(self.default).filter_map(|node| usize::try_from(node).ok()).collect())
    }

    fn keeps_order(&self) -> bool {
        true
    }
}
