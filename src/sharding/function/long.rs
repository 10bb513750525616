//! An integer's slot among counted segments: `cobar-long`, `mycat-long`, `mycat-long-before-2020`, `dble-hash`,
//! `gaea-mycat-long`. They differ in how a key becomes 64 bits, and in how many slots there are.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::java;
use super::kingshard_hash::{Locations, go_integer};
use super::params::{ParamError, Reader};
use super::registry::Built;
use super::segments::{Segments, Total};

#[derive(Debug)]
struct Long {
    system: System,
    segments: Segments,
}

#[derive(Debug, Clone, Copy)]
enum System {
    Cobar,
    /// Since 2020 the upper half of the key is folded into the lower.
    Mycat,
    MycatBefore2020,
    Dble,
    Gaea,
}

pub(super) fn cobar(params: &Reader<'_>) -> Built {
    read(params, System::Cobar)
}

pub(super) fn mycat(params: &Reader<'_>) -> Built {
    read(params, System::Mycat)
}

pub(super) fn mycat_before_2020(params: &Reader<'_>) -> Built {
    read(params, System::MycatBefore2020)
}

pub(super) fn dble(params: &Reader<'_>) -> Built {
    /// More than these dble does not start with.
    const MOST: usize = 2880;
    let segments = Segments::read(params, "partitionCount", "partitionLength", Total::UpTo(MOST))?;
    Ok(Arc::new(Long { system: System::Dble, segments }))
}

pub(super) fn gaea(params: &Reader<'_>) -> Built {
    let segments = Segments::read(params, "partition_count", "partition_length", Total::Exactly(1024))?;
    let tables = Locations::read(params)?.tables();
    if segments.partitions() != tables {
        let message = format!("there are {} partitions, and {tables} tables in locations", segments.partitions());
        return Err(ParamError::new("partition_count", message));
    }
    Ok(Arc::new(Long { system: System::Gaea, segments }))
}

fn read(params: &Reader<'_>, system: System) -> Built {
    let segments = Segments::read(params, "partitionCount", "partitionLength", Total::Exactly(1024))?;
    Ok(Arc::new(Long { system, segments }))
}

impl Long {
    fn key(&self, input: Input<'_>) -> Result<i64, Refused> {
        match self.system {
            System::Cobar => cobar_long(input),
            System::Gaea => go_integer(input),
            System::Dble if is_null(input) => Ok(0),
            System::Mycat | System::MycatBefore2020 | System::Dble => {
                let text = input.need_text()?;
                java::parse_long(&text).ok_or_else(|| java::not_a_long(&text))
            }
        }
    }
}

impl Compute for Long {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let key = self.key(key.input)?;
        let key = match self.system {
            System::Mycat => ((key as u64) >> 32) as i64 ^ key,
            System::Cobar | System::MycatBefore2020 | System::Dble | System::Gaea => key,
        };
        let slot = key.rem_euclid(self.segments.slots() as i64) as usize;
        Ok(Outcome::Number(self.segments.partition(slot)))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.segments.partitions())
    }

    fn takes(&self) -> Takes {
        Takes::IntegersAndTexts
    }
}

/// dble takes the text NULL for SQL's NULL.
pub(super) fn is_null(input: Input<'_>) -> bool {
    match input {
        Input::Null => true,
        Input::Text(text) => text.eq_ignore_ascii_case("null"),
        _ => false,
    }
}

/// `Number.longValue()` of a literal, `Long.parseLong` of a text.
pub(super) fn cobar_long(input: Input<'_>) -> Result<i64, Refused> {
    match input {
        Input::Integer(value) => Ok(value as i64),
        Input::Huge(text) | Input::Decimal(text) => {
            java::Decimal::parse(text).map(|value| value.truncated().low_bits()).ok_or_else(|| java::not_a_long(text))
        }
        Input::Text(text) => java::parse_long(text).ok_or_else(|| java::not_a_long(text)),
        Input::Null | Input::Float(_) | Input::Bool(_) | Input::Bytes(_) | Input::Tuple(_) => {
            Err("the key should be an integer".into())
        }
    }
}
