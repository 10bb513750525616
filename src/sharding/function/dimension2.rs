//! `cobar-dimension2`: two keys, each with its own segments, side by side: node = x + width * y. A key that is NULL stands
//! for all of its partitions.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::java::Slice;
use super::long::cobar_long;
use super::params::{ParamError, Reader};
use super::registry::Built;
use super::segments::{Segments, Total};
use super::string::read_slice;

#[derive(Debug)]
struct Dimension2 {
    x: Dimension,
    y: Dimension,
}

#[derive(Debug)]
struct Dimension {
    segments: Segments,
    /// `None`: the key is an integer.
    slice: Option<Slice>,
}

pub(super) fn cobar(params: &Reader<'_>) -> Built {
    let x = Dimension::read(params, ["keyTypeX", "partitionCountX", "partitionLengthX", "hashSliceX", "hashLengthX"])?;
    let y = Dimension::read(params, ["keyTypeY", "partitionCountY", "partitionLengthY", "hashSliceY", "hashLengthY"])?;
    Ok(Arc::new(Dimension2 { x, y }))
}

impl Dimension {
    fn read(
        params: &Reader<'_>,
        [key_type, count, length, slice, hash_length]: [&'static str; 5],
    ) -> Result<Self, ParamError> {
        params.required(key_type)?;
        let is_text = params.choice(key_type, &[("long", false), ("string", true)])?;
        let segments = Segments::read(params, count, length, Total::Exactly(1024))?;
        let slice = is_text.then(|| read_slice(params, slice, hash_length)).transpose()?;
        Ok(Self { segments, slice })
    }

    /// `None`: all.
    fn partition(&self, key: Input<'_>) -> Result<Option<i64>, Refused> {
        if key == Input::Null {
            return Ok(None);
        }
        let hash = match self.slice {
            Some(slice) => slice.hash(&key.need_text()?),
            None => cobar_long(key)?,
        };
        Ok(Some(self.segments.partition((hash & 1023) as usize)))
    }

    fn all_of(&self, partition: Option<i64>) -> std::ops::Range<i64> {
        partition.map_or(0..self.segments.partitions() as i64, |one| one..one + 1)
    }
}

impl Compute for Dimension2 {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let Input::Tuple([x, y]) = key.input else { return Err("the function takes two values".into()) };
        let width = self.x.segments.partitions() as i64;
        let columns = self.x.all_of(self.x.partition(*x)?);
        let rows = self.y.all_of(self.y.partition(*y)?);
        Ok(Outcome::Numbers(rows.flat_map(|row| columns.clone().map(move |column| column + width * row)).collect()))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.x.segments.partitions() * self.y.segments.partitions())
    }

    fn takes(&self) -> Takes {
        Takes::IntegersAndTexts
    }

    fn columns(&self) -> usize {
        2
    }

    fn buckets_of(&self, key: &[Option<Input<'_>>]) -> Option<Vec<usize>> {
        let [x, y] = key else { return None };
        let pair = [x.unwrap_or(Input::Null), y.unwrap_or(Input::Null)];
        match self.compute(&Given::new(Input::Tuple(&pair))).ok()? {
            Outcome::Numbers(nodes) => nodes.into_iter().map(|node| usize::try_from(node).ok()).collect(),
            _ => None,
        }
    }
}
