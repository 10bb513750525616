//! Ranges of integers: `shardingsphere-boundary-range` by a list of boundaries, `shardingsphere-volume-range` in equal
//! steps. The first range has all that is below, the last all that is above.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::java;
use super::number_range::bounds;
use super::params::{ParamError, Reader};
use super::registry::Built;

/// Bucket i has the keys from boundary i - 1 to before boundary i.
#[derive(Debug)]
struct Boundaries(Vec<i64>);

pub(super) fn boundary(params: &Reader<'_>) -> Built {
    let text = params.required("sharding-ranges")?;
    let mut boundaries: Vec<i64> = text.split(',').filter_map(|part| java::parse_long(java::trim(part))).collect();
    if boundaries.is_empty() {
        return Err(ParamError::new("sharding-ranges", format!("\"{text}\" should be integers, as in 1000,2000")));
    }
    boundaries.sort_unstable();
    Ok(Arc::new(Boundaries(boundaries)))
}

pub(super) fn volume(params: &Reader<'_>) -> Built {
    let lower = params.required_integer("range-lower")?;
    let upper = params.required_integer("range-upper")?;
    let volume = params.required_integer("sharding-volume")?;
    let width = upper.checked_sub(lower).filter(|width| volume > 0 && *width >= volume);
    let width = width.ok_or_else(|| {
        ParamError::new(
            "sharding-volume",
            format!("{volume} should be at least 1 and at most range-upper - range-lower"),
        )
    })?;
    let steps = width / volume;
    if steps > super::slots::MAX_SLOTS as i64 {
        return Err(ParamError::new("sharding-volume", format!("{steps} ranges are too many")));
    }
    let mut boundaries: Vec<i64> = (0..=steps).map(|step| lower + step * volume).collect();
    if width % volume != 0 {
        boundaries.push(upper);
    }
    Ok(Arc::new(Boundaries(boundaries)))
}

impl Compute for Boundaries {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let text = match key.input {
            // A decimal literal is an error there too.
            Input::Null => return Err("NULL is no key for this function".into()),
            input => input.need_text()?,
        };
        let key = java::parse_long(&text).ok_or_else(|| java::not_a_long(&text))?;
        Ok(Outcome::Number(self.0.partition_point(|boundary| *boundary <= key) as i64))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.0.len() + 1)
    }

    fn takes(&self) -> Takes {
        Takes::Integers
    }

    fn range(&self, low: Option<Input<'_>>, high: Option<Input<'_>>, _: usize) -> Option<Vec<usize>> {
        let (low, high) = bounds(low, high)?;
        let bucket = |key: i64| self.0.partition_point(|boundary| *boundary <= key);
        Some((bucket(low)..=bucket(high)).collect())
    }

    fn keeps_order(&self) -> bool {
        true
    }
}
