//! `mycat-crc32-slots`: CRC-32 of the key's text onto 102,400 slots, of which each node has an equal range.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Outcome, Refused, Takes};
use super::params::Reader;
use super::registry::Built;

const SLOTS: u64 = 102_400;

#[derive(Debug)]
struct Crc32Slots {
    count: u64,
}

pub(super) fn mycat(params: &Reader<'_>) -> Built {
    Ok(Arc::new(Crc32Slots { count: params.required_count("count")? as u64 }))
}

impl Compute for Crc32Slots {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let slot = u64::from(crc32fast::hash(key.input.need_text()?.as_bytes())) % SLOTS;
        Ok(Outcome::Number((slot / (SLOTS / self.count)).min(self.count - 1) as i64))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.count as usize)
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }
}
