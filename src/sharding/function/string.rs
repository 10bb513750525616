//! The hash of a slice of a text, and its slot among counted segments: `cobar-string`, `mycat-string`,
//! `dble-string-hash`, `gaea-mycat-string`. Numbers are hashed as their decimal text.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::java::Slice;
use super::kingshard_hash::Locations;
use super::long::is_null;
use super::params::{ParamError, Reader};
use super::registry::Built;
use super::segments::{Segments, Total};

#[derive(Debug)]
struct Text {
    system: System,
    slice: Slice,
    segments: Segments,
}

#[derive(Debug, Clone, Copy)]
enum System {
    /// NULL is hashed as the text `null`.
    Cobar,
    Mycat,
    /// NULL is 0.
    Dble,
    /// Code points, not UTF-16 units; bounds from the end count bytes.
    Gaea,
}

pub(super) fn cobar(params: &Reader<'_>) -> Built {
    read(params, System::Cobar, Total::Exactly(1024))
}

pub(super) fn mycat(params: &Reader<'_>) -> Built {
    read(params, System::Mycat, Total::Exactly(1024))
}

pub(super) fn dble(params: &Reader<'_>) -> Built {
    read(params, System::Dble, Total::UpTo(2880))
}

fn read(params: &Reader<'_>, system: System, total: Total) -> Built {
    let segments = Segments::read(params, "partitionCount", "partitionLength", total)?;
    let slice = read_slice(params, "hashSlice", "hashLength")?;
    Ok(Arc::new(Text { system, slice, segments }))
}

/// The slice by either of its parameters.
pub(super) fn read_slice(params: &Reader<'_>, slice: &'static str, length: &'static str) -> Result<Slice, ParamError> {
    match (params.text(slice)?, params.integer(length)?) {
        (Some(text), _) => Slice::parse(slice, text),
        (None, Some(length)) => Ok(Slice::of_length(length)),
        (None, None) => Ok(Slice::DEFAULT),
    }
}

pub(super) fn gaea(params: &Reader<'_>) -> Built {
    let segments = Segments::read(params, "partition_count", "partition_length", Total::Exactly(1024))?;
    let tables = Locations::read(params)?.tables();
    if segments.partitions() != tables {
        let message = format!("there are {} partitions, and {tables} tables in locations", segments.partitions());
        return Err(ParamError::new("partition_count", message));
    }
    let slice = gaea_slice(params.required("hash_slice")?)?;
    Ok(Arc::new(Text { system: System::Gaea, slice, segments }))
}

/// As [`Slice::parse`], but blanks are allowed only around the whole.
fn gaea_slice(text: &str) -> Result<Slice, ParamError> {
    let inner = text.trim();
    let number = |part: &str| part.is_empty() || part.parse::<i32>().is_ok();
    if inner.is_empty() || !inner.splitn(2, ':').all(number) {
        return Err(ParamError::new("hash_slice", format!("\"{text}\" should be a slice, as in 8, -3, 2:5 or -4:0")));
    }
    Slice::parse("hash_slice", inner)
}

impl Text {
    fn hash(&self, input: Input<'_>) -> Result<i64, Refused> {
        match self.system {
            System::Cobar if input == Input::Null => Ok(self.slice.hash("null")),
            System::Cobar | System::Mycat | System::Dble => Ok(self.slice.hash(&input.need_text()?)),
            System::Gaea => {
                let text = input.need_text()?;
                let bounds = self.slice.bounds(text.len(), text.chars().count());
                let slice = text.chars().skip(bounds.start).take(bounds.len());
                let fold = |hash: i64, point: char| hash.wrapping_mul(31).wrapping_add(i64::from(u32::from(point)));
                Ok(slice.fold(0, fold))
            }
        }
    }
}

impl Compute for Text {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        if matches!(self.system, System::Dble) && is_null(key.input) {
            return Ok(Outcome::Number(0));
        }
        let slot = self.hash(key.input)?.rem_euclid(self.segments.slots() as i64) as usize;
        Ok(Outcome::Number(self.segments.partition(slot)))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.segments.partitions())
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }
}
