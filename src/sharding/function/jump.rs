//! The jump consistent hash of Lamping and Veach: `jump`, `mycat-jump`, `dble-jump-string-hash`. With one bucket more only
//! the keys that go to it move.

use std::sync::Arc;

use xxhash_rust::xxh64::xxh64;

use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::java::{self, Slice};
use super::long::is_null;
use super::params::{ParamError, Reader};
use super::registry::Built;

#[derive(Debug)]
struct Jump {
    buckets: i64,
    hash: Hash,
}

/// What is hashed, and how.
#[derive(Debug)]
enum Hash {
    /// XXH64 of the key's text or bytes.
    Own,
    /// Java's hash of the text: 32 bits, with their sign.
    Mycat,
    /// Cobar's hash of a slice: 64 bits.
    Dble(Slice),
}

pub(super) fn own(params: &Reader<'_>) -> Built {
    Ok(Arc::new(Jump { buckets: params.required_count("buckets")? as i64, hash: Hash::Own }))
}

pub(super) fn mycat(params: &Reader<'_>) -> Built {
    let buckets = params.required_integer("totalBuckets")?;
    if !(0..=i64::from(i32::MAX)).contains(&buckets) {
        return Err(ParamError::new("totalBuckets", format!("{buckets} should not be negative")));
    }
    Ok(Arc::new(Jump { buckets, hash: Hash::Mycat }))
}

pub(super) fn dble(params: &Reader<'_>) -> Built {
    let buckets = params.required_count("partitionCount")? as i64;
    let slice =
        params.text("hashSlice")?.map_or(Ok(Slice { start: 0, end: 0 }), |text| Slice::parse("hashSlice", text));
    Ok(Arc::new(Jump { buckets, hash: Hash::Dble(slice?) }))
}

fn jump(mut key: u64, buckets: i64) -> i64 {
    let (mut bucket, mut next) = (-1_i64, 0_i64);
    while next < buckets {
        bucket = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((bucket + 1) as f64 * ((1_i64 << 31) as f64 / ((key >> 33) + 1) as f64)) as i64;
    }
    bucket
}

impl Compute for Jump {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let hash = match (&self.hash, key.input) {
            (Hash::Own, Input::Bytes(bytes)) => xxh64(bytes, 0),
            (Hash::Own, input) => xxh64(input.need_text()?.as_bytes(), 0),
            (Hash::Mycat, input) => i64::from(java::hash(&input.need_text()?)) as u64,
            (Hash::Dble(_), input) if is_null(input) => return Ok(Outcome::Number(0)),
            (Hash::Dble(slice), input) => slice.hash(&input.need_text()?) as u64,
        };
        Ok(Outcome::Number(jump(hash, self.buckets)))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.buckets as usize)
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }
}
