//! Vitess' functions that make a keyspace id of an integer or of bytes: `vitess-hash`, `vitess-numeric`,
//! `vitess-reverse-bits`, `vitess-binary`, `vitess-binary-md5`, `vitess-xxhash`; or of a text
//! without case and accents: `vitess-unicode-loose-md5`, `vitess-unicode-loose-xxhash`.

use std::sync::Arc;

use des::Des;
use des::cipher::generic_array::GenericArray;
use des::cipher::{BlockEncrypt, KeyInit};
use md5::{Digest, Md5};
use xxhash_rust::xxh64::xxh64;

use super::compute::{Given, Refused, Takes};
use super::params::Reader;
use super::registry::Built;
use super::unicode_loose;
use super::vitess::{KeyRanges, KeyspaceId, Ranged, key_bytes, key_number};

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
    Ok(Arc::new(Ranged { function: method, ranges: KeyRanges::read(params)? }))
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

impl KeyspaceId for Method {
    fn id(&self, key: &Given<'_>) -> Result<Vec<u8>, Refused> {
        Ok(match self {
            Self::Hash => des(key_number(key, true)?).to_vec(),
            Self::Numeric => key_number(key, false)?.to_be_bytes().to_vec(),
            Self::ReverseBits => key_number(key, false)?.reverse_bits().to_be_bytes().to_vec(),
            Self::Binary => key_bytes(key)?,
            Self::Md5 => Md5::digest(key_bytes(key)?).to_vec(),
            Self::XxHash => xxh64(&key_bytes(key)?, 0).to_le_bytes().to_vec(),
            Self::LooseMd5 => Md5::digest(loose_key(key)?).to_vec(),
            Self::LooseXxHash => xxh64(&loose_key(key)?, 0).to_le_bytes().to_vec(),
        })
    }

    fn takes(&self) -> Takes {
        match self {
            Self::Hash | Self::Numeric | Self::ReverseBits => Takes::IntegersAndTexts,
            Self::Binary | Self::Md5 | Self::XxHash | Self::LooseMd5 | Self::LooseXxHash => Takes::Anything,
        }
    }

    fn keeps_order(&self) -> bool {
        *self == Self::Numeric
    }
}
