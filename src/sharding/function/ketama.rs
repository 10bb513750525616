//! `ketama`: a ring of MD5 points, four of each digest, as memcached's clients made it popular. A key belongs to the next
//! point from its own hash on; with one bucket more only the keys that go to it move.

use std::sync::Arc;

use md5::{Digest, Md5};

use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::params::{ParamError, Reader};
use super::registry::Built;

#[derive(Debug)]
struct Ketama {
    buckets: usize,
    /// Sorted.
    ring: Vec<(u32, u32)>,
}

/// Points of one bucket, unless it is said otherwise.
const POINTS: i64 = 160;

/// The most points of a ring.
const MOST_POINTS: i64 = 4_000_000;

pub(super) fn read(params: &Reader<'_>) -> Built {
    let buckets = params.required_count("buckets")?;
    let points = params.integer("points")?.unwrap_or(POINTS);
    if points < 4 || points % 4 != 0 || points.saturating_mul(buckets as i64) > MOST_POINTS {
        let message = format!("{points} should be a multiple of 4, and at most {MOST_POINTS} of all buckets together");
        return Err(ParamError::new("points", message));
    }
    let mut ring = Vec::new();
    for bucket in 0..buckets {
        for digest in 0..points / 4 {
            let hash = Md5::digest(format!("{bucket}-{digest}"));
            ring.extend((0..4).map(|part| (word(&hash, part), bucket as u32)));
        }
    }
    ring.sort_unstable();
    // Of two buckets on one point the lower has it.
    ring.dedup_by_key(|(point, _)| *point);
    Ok(Arc::new(Ketama { buckets, ring }))
}

/// A little-endian word of the digest.
fn word(digest: &[u8], part: usize) -> u32 {
    digest[part * 4..part * 4 + 4].iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

impl Compute for Ketama {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let digest = match key.input {
            Input::Bytes(bytes) => Md5::digest(bytes),
            input => Md5::digest(input.need_text()?.as_bytes()),
        };
        let hash = word(&digest, 0);
        let next = self.ring.partition_point(|(point, _)| *point < hash);
        let (_, bucket) = self.ring.get(next).or(self.ring.first()).ok_or("the ring has no points")?;
        Ok(Outcome::Number((*bucket).into()))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.buckets)
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }
}
