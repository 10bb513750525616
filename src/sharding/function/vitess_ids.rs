//! Vitess' functions that make a keyspace id of an integer or of bytes: `vitess-hash`, `vitess-numeric`,
//! `vitess-reverse-bits`, `vitess-binary`, `vitess-binary-md5`, `vitess-xxhash`; or of a text
//! without case and accents: `vitess-unicode-loose-md5`, `vitess-unicode-loose-xxhash`.

use std::sync::Arc;

use des::Des;
use des::cipher::generic_array::GenericArray;
use des::cipher::{BlockEncrypt, KeyInit};
use md5::{Digest, Md5};
use xxhash_rust::xxh64::xxh64;

use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::params::Reader;
use super::registry::Built;
use super::unicode_loose;
use super::vitess::{KeyRanges, key_bytes, key_number};

#[derive(Debug)]
struct Ids {
    method: Method,
    ranges: KeyRanges,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Method {
    /// DES of the number with a key of zeros.
    Hash,
    Numeric,
    ReverseBits,
    Binary,
    Md5,
    XxHash,
    LooseMd5,
    LooseXxHash,
}

pub(super) fn hash(params: &Reader<'_>) -> Built {
    read(params, Method::Hash)
}

pub(super) fn numeric(params: &Reader<'_>) -> Built {
    read(params, Method::Numeric)
}

pub(super) fn reverse_bits(params: &Reader<'_>) -> Built {
    read(params, Method::ReverseBits)
}

pub(super) fn binary(params: &Reader<'_>) -> Built {
    read(params, Method::Binary)
}

pub(super) fn binary_md5(params: &Reader<'_>) -> Built {
    read(params, Method::Md5)
}

pub(super) fn xxhash(params: &Reader<'_>) -> Built {
    read(params, Method::XxHash)
}

pub(super) fn unicode_loose_md5(params: &Reader<'_>) -> Built {
    read(params, Method::LooseMd5)
}

pub(super) fn unicode_loose_xxhash(params: &Reader<'_>) -> Built {
    read(params, Method::LooseXxHash)
}

fn read(params: &Reader<'_>, method: Method) -> Built {
    Ok(Arc::new(Ids { method, ranges: KeyRanges::read(params)? }))
}

fn des(number: u64) -> [u8; 8] {
    let mut block = GenericArray::from(number.to_be_bytes());
    Des::new(&GenericArray::default()).encrypt_block(&mut block);
    block.into()
}

fn loose_key(key: &Given<'_>) -> Result<Vec<u8>, Refused> {
    let bytes = key_bytes(key)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| "the key is no UTF-8")?;
    Ok(unicode_loose::key(text))
}

impl Ids {
    fn id(&self, key: &Given<'_>) -> Result<Vec<u8>, Refused> {
        Ok(match self.method {
            Method::Hash => des(key_number(key, true)?).to_vec(),
            Method::Numeric => key_number(key, false)?.to_be_bytes().to_vec(),
            Method::ReverseBits => key_number(key, false)?.reverse_bits().to_be_bytes().to_vec(),
            Method::Binary => key_bytes(key)?,
            Method::Md5 => Md5::digest(key_bytes(key)?).to_vec(),
            Method::XxHash => xxh64(&key_bytes(key)?, 0).to_le_bytes().to_vec(),
            Method::LooseMd5 => Md5::digest(loose_key(key)?).to_vec(),
            Method::LooseXxHash => xxh64(&loose_key(key)?, 0).to_le_bytes().to_vec(),
        })
    }
}

impl Compute for Ids {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        self.id(key).map(Outcome::KeyspaceId)
    }

    fn bucket(&self, key: &Given<'_>) -> Result<usize, Refused> {
        self.ranges.bucket(&self.id(key)?)
    }

    fn buckets(&self) -> Buckets {
        self.ranges.buckets()
    }

    fn takes(&self) -> Takes {
        match self.method {
            Method::Hash | Method::Numeric | Method::ReverseBits => Takes::IntegersAndTexts,
            Method::Binary | Method::Md5 | Method::XxHash | Method::LooseMd5 | Method::LooseXxHash => Takes::Anything,
        }
    }

    /// Unsigned numbers are in the order of their ids.
    fn range(&self, low: Option<Input<'_>>, high: Option<Input<'_>>, buckets: usize) -> Option<Vec<usize>> {
        let bound = |end: Option<Input<'_>>, open: u64| match end {
            None => Some(open),
            Some(Input::Integer(value)) => Some(u64::try_from(value.max(0)).unwrap_or(u64::MAX)),
            Some(_) => None,
        };
        if !self.keeps_order() {
            return None;
        }
        let (low, high) = (bound(low, 0)?, bound(high, u64::MAX)?);
        Some(
            (0..buckets).filter(|bucket| self.ranges.meets(*bucket, &low.to_be_bytes(), &high.to_be_bytes())).collect(),
        )
    }

    fn keeps_order(&self) -> bool {
        self.method == Method::Numeric
    }

    fn label(&self, bucket: usize) -> Option<String> {
        self.ranges.label(bucket)
    }
}
