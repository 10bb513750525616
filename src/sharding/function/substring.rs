//! `mycat-substring`: the number that a part of the key's text is.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Outcome, Refused, Takes};
use super::java;
use super::params::Reader;
use super::registry::Built;

#[derive(Debug)]
struct Substring {
    start: i64,
    size: i64,
    count: i64,
    default: i64,
}

pub(super) fn mycat(params: &Reader<'_>) -> Built {
    Ok(Arc::new(Substring {
        start: params.required_integer("startIndex")?,
        size: params.required_integer("size")?,
        count: params.integer("partitionCount")?.unwrap_or(0),
        default: params.integer("defaultPartition")?.unwrap_or(0),
    }))
}

impl Compute for Substring {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let text = key.input.need_text()?;
        let units: Vec<u16> = text.encode_utf16().collect();
        let bound = |bound: i64| usize::try_from(bound).ok();
        let part = bound(self.start).zip(bound(self.start + self.size)).and_then(|(start, end)| units.get(start..end));
        let part = part.ok_or("the text is too short")?;
        let part = String::from_utf16_lossy(part);
        let number = java::parse_int(&part).ok_or_else(|| format!("\"{part}\" is no number"))?;
        let number = i64::from(number);
        Ok(Outcome::Number(if self.count > 0 && number >= self.count { self.default } else { number }))
    }

    fn buckets(&self) -> Buckets {
        match usize::try_from(self.count.max(self.default + 1)) {
            Ok(count) if self.count > 0 => Buckets::Count(count),
            _ => Buckets::Any,
        }
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }
}
