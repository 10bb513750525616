//! `kingshard-range` and `gaea-range`: table i has the keys from i * `table_row_limit` to before (i + 1) * that.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::kingshard_hash::{Locations, go_integer};
use super::number_range::bounds;
use super::params::{ParamError, Reader};
use super::registry::Built;

#[derive(Debug)]
struct Range {
    limit: i64,
    tables: i64,
}

pub(super) fn read(params: &Reader<'_>) -> Built {
    let tables = Locations::read(params)?.tables() as i64;
    let limit = params.required_integer("table_row_limit")?;
    if limit < 0 {
        return Err(ParamError::new("table_row_limit", "is negative"));
    }
    Ok(Arc::new(Range { limit, tables }))
}

impl Compute for Range {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let table = go_integer(key.input)?.checked_div_euclid(self.limit);
        let table = table.filter(|table| (0..self.tables).contains(table));
        table.map(Outcome::Number).ok_or_else(|| "the key is in no table's range".into())
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.tables as usize)
    }

    fn takes(&self) -> Takes {
        Takes::Integers
    }

    fn range(&self, low: Option<Input<'_>>, high: Option<Input<'_>>, _: usize) -> Option<Vec<usize>> {
        let (low, high) = bounds(low, high)?;
        let first = low.checked_div_euclid(self.limit)?.max(0);
        let last = high.checked_div_euclid(self.limit)?.min(self.tables - 1);
        Some((first..=last).map(|table| table as usize).collect())
    }

    fn keeps_order(&self) -> bool {
        true
    }
}
