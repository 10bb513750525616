//! `mycat-hash-mod`: Java's hash of the key's text, mixed, its absolute value modulo `count`.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Outcome, Refused, Takes};
use super::java;
use super::mycat_mod::count;
use super::params::Reader;
use super::registry::Built;

#[derive(Debug)]
struct HashMod {
    count: u64,
}

pub(super) fn read(params: &Reader<'_>) -> Built {
    Ok(Arc::new(HashMod { count: count(params, "count")? }))
}

/// Wang's and Jenkins' mix, but with shifts that keep the sign.
fn mixed(hash: i32) -> i32 {
    let mut k = hash;
    k = (!k).wrapping_add(k << 21);
    k ^= k >> 24;
    k = k.wrapping_add(k << 3).wrapping_add(k << 8);
    k ^= k >> 14;
    k = k.wrapping_add(k << 2).wrapping_add(k << 4);
    k ^= k >> 28;
    k.wrapping_add(k << 31)
}

impl Compute for HashMod {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let hash = mixed(java::hash(&key.input.need_text()?));
        Ok(Outcome::Number((u64::from(hash.unsigned_abs()) % self.count) as i64))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.count as usize)
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }
}
