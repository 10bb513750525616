//! A ring of Murmur3 points: `murmur`, `mycat-murmur`, `gaea-mycat-murmur`. Each bucket has many points on a ring of 32 bits; a key
//! belongs to the next point from its own hash on.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Outcome, Refused, Takes};
use super::java;
use super::kingshard_hash::Locations;
use super::params::{ParamError, Reader};
use super::registry::Built;

#[derive(Debug)]
struct Murmur {
    seed: i32,
    buckets: usize,
    /// Sorted.
    ring: Vec<(i32, u32)>,
    /// Characters are code points of 32 bits, not UTF-16 units.
    by_code_point: bool,
}

/// Points of one bucket, unless it is said otherwise.
const POINTS: i64 = 160;

/// The most points of a ring.
const MOST_POINTS: i64 = 4_000_000;

/// MyCAT's ring under names of our own, so that its users can change the rule and keep the rows.
pub(super) fn own(params: &Reader<'_>) -> Built {
    let seed = params.integer("seed")?.unwrap_or(0);
    let buckets = params.required_count("buckets")?;
    let points = params.integer("points")?.unwrap_or(POINTS);
    if points < 1 {
        return Err(ParamError::new("points", format!("{points} should be at least 1")));
    }
    build(seed as i32, buckets, |_| points, false, "points")
}

pub(super) fn mycat(params: &Reader<'_>) -> Built {
    let seed = params.integer("seed")?.unwrap_or(0);
    let buckets = params.required_count("count")?;
    let times = params.integer("virtualBucketTimes")?.unwrap_or(POINTS);
    let weights = weights(params.text("weightMapFile")?.unwrap_or_default());
    let points = |bucket: usize| times.saturating_mul(weights.get(&bucket).copied().unwrap_or(1));
    build(seed as i32, buckets, points, false, "virtualBucketTimes")
}

pub(super) fn gaea(params: &Reader<'_>) -> Built {
    let buckets = Locations::read(params)?.tables();
    let times = params.text("virtual_bucket_times")?.filter(|text| !text.is_empty());
    let times = match times {
        Some(_) => params.integer("virtual_bucket_times")?.unwrap_or(POINTS),
        None => POINTS,
    };
    let seed = match params.text("seed")?.filter(|text| !text.is_empty()) {
        Some(_) => params.integer("seed")?.unwrap_or(0),
        None => 0,
    };
    build(seed as i32, buckets, |_| times, true, "virtual_bucket_times")
}

fn build(seed: i32, buckets: usize, points: impl Fn(usize) -> i64, by_code_point: bool, key: &'static str) -> Built {
    let all: i64 = (0..buckets).map(&points).fold(0, i64::saturating_add);
    if all > MOST_POINTS {
        return Err(ParamError::new(key, format!("{all} points on the ring are too many: at most {MOST_POINTS}")));
    }
    let mut ring = BTreeMap::new();
    for bucket in 0..buckets {
        let mut name = Hasher::new(seed);
        format!("SHARD-{bucket}").encode_utf16().for_each(|unit| name.write(unit.into()));
        for point in 0..points(bucket) {
            format!("-NODE-{point}").encode_utf16().for_each(|unit| name.write(unit.into()));
            ring.insert(name.finish(), bucket as u32);
        }
    }
    Ok(Arc::new(Murmur { seed, buckets, ring: ring.into_iter().collect(), by_code_point }))
}

/// A properties file: `bucket=weight`. What is below 1 is 1.
fn weights(text: &str) -> HashMap<usize, i64> {
    let line = |line: &str| {
        let (bucket, weight) = line.split_once(['=', ':'])?;
        Some((bucket.trim().parse().ok()?, i64::from(java::parse_int(weight.trim())?).max(1)))
    };
    text.lines().filter_map(line).collect()
}

/// Murmur3 of 32 bits over UTF-16 units, in pairs.
#[derive(Debug, Clone, Copy)]
struct Hasher {
    state: i32,
    first: Option<u32>,
    units: i32,
}

impl Hasher {
    fn new(seed: i32) -> Self {
        Self { state: seed, first: None, units: 0 }
    }

    fn write(&mut self, unit: u32) {
        self.units = self.units.wrapping_add(1);
        match self.first.take() {
            None => self.first = Some(unit),
            Some(first) => {
                self.state ^= Self::mixed(first | (unit << 16));
                self.state = self.state.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64_u32 as i32);
            }
        }
    }

    fn mixed(k: u32) -> i32 {
        k.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593) as i32
    }

    fn finish(&self) -> i32 {
        let state = self.first.map_or(self.state, |last| self.state ^ Self::mixed(last));
        let mut h = (state ^ self.units.wrapping_mul(2)) as u32;
        h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
        h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
        (h ^ (h >> 16)) as i32
    }
}

impl Compute for Murmur {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let text = key.input.need_text()?;
        let mut hasher = Hasher::new(self.seed);
        match self.by_code_point {
            true => text.chars().for_each(|character| hasher.write(character.into())),
            false => text.encode_utf16().for_each(|unit| hasher.write(unit.into())),
        }
        let hash = hasher.finish();
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
