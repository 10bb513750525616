//! CRC-32 of the key's text onto slots. `mycat-crc32-slots`: 102,400, of which each node has an equal range. `crc32-slots`: as
//! many as the rule says, which maps them to shards.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::params::Reader;
use super::registry::Built;

const SLOTS: u64 = 102_400;

#[derive(Debug)]
struct Crc32Slots {
    count: u64,
}

#[derive(Debug)]
struct Own {
    slots: usize,
}

pub(super) fn own(params: &Reader<'_>) -> Built {
    Ok(Arc::new(Own { slots: params.required_count("slots")? }))
}

impl Compute for Own {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let hash = match key.input {
            Input::Bytes(bytes) => crc32fast::hash(bytes),
            input => crc32fast::hash(input.need_text()?.as_bytes()),
        };
        Ok(Outcome::Number((hash as usize % self.slots) as i64))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Slots(self.slots)
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }
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
