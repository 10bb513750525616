//! `vitess-cfc`: bytes of several components, each hashed on its own and cut to its own length, so that a prefix of whole
//! components (LIKE 'ab%') leads to a range of keyspace ids.

use std::sync::Arc;

use md5::{Digest, Md5};
use xxhash_rust::xxh64::xxh64;

use super::compute::{Buckets, Compute, Given, Outcome, Refused, Takes};
use super::params::{ParamError, Reader};
use super::registry::Built;
use super::vitess::{KeyRanges, key_bytes};

#[derive(Debug)]
struct Cfc {
    hash: Option<Hash>,
    /// Where components end; the last one ends with the key.
    offsets: Vec<usize>,
    /// The key is a pattern of LIKE.
    is_prefix: bool,
    ranges: KeyRanges,
}

#[derive(Debug, Clone, Copy)]
enum Hash {
    Md5,
    XxHash,
}

pub(super) fn read(params: &Reader<'_>) -> Built {
    let ranges = KeyRanges::read(params)?;
    let is_prefix = params.choice("mode", &[("equal", false), ("prefix", true)])?;
    let hash = match params.text("hash")? {
        None => None,
        Some("md5") => Some(Hash::Md5),
        Some("xxhash64") => Some(Hash::XxHash),
        Some(other) => return Err(ParamError::new("hash", format!("\"{other}\" is not one of md5, xxhash64"))),
    };
    let offsets = params.text("offsets")?.map(|text| offsets(text, hash.is_some())).transpose()?;
    match (hash, offsets) {
        (Some(_), None) => {
            Err(ParamError::new("offsets", "missing beside hash: where components end, as in \"[2,4]\""))
        }
        (hash, offsets) => Ok(Arc::new(Cfc { hash, offsets: offsets.unwrap_or_default(), is_prefix, ranges })),
    }
}

/// `[2,4]`: ascending from 1.
fn offsets(text: &str, is_used: bool) -> Result<Vec<usize>, ParamError> {
    let fail = || ParamError::new("offsets", format!("\"{text}\" should be ascending numbers from 1, as in [2,4]"));
    let inner = text.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).ok_or_else(fail)?;
    let numbers: Option<Vec<usize>> =
        inner.split(',').filter(|part| !part.trim().is_empty()).map(|part| part.trim().parse().ok()).collect();
    let numbers = numbers.ok_or_else(fail)?;
    let is_ascending =
        numbers.first().is_some_and(|first| *first > 0) && numbers.is_sorted_by(|left, right| left < right);
    if is_used && !is_ascending { Err(fail()) } else { Ok(numbers) }
}

impl Cfc {
    /// The hash of each component, of `bytes` as far as they have whole ones; what is behind the last offset if it is
    /// not `whole_only`.
    fn hashed(&self, bytes: &[u8], whole_only: bool) -> Vec<u8> {
        let Some(hash) = self.hash else { return bytes.to_vec() };
        let mut id = Vec::with_capacity(bytes.len());
        let mut start = 0;
        for &end in self.offsets.iter().take_while(|end| **end <= bytes.len()) {
            hash.append(&bytes[start..end], &mut id);
            start = end;
        }
        let has_all = self.offsets.last().is_none_or(|last| *last <= bytes.len());
        if has_all && !(whole_only && start == bytes.len()) {
            hash.append(&bytes[start..], &mut id);
        }
        id
    }

    fn id(&self, bytes: &[u8]) -> Result<Vec<u8>, Refused> {
        let needed = self.offsets.last().copied().filter(|_| self.hash.is_some()).unwrap_or(0);
        if bytes.len() < needed {
            return Err(format!("the key has {} bytes, and the components need {needed}", bytes.len()).into());
        }
        Ok(self.hashed(bytes, false))
    }
}

impl Hash {
    /// Appends the hash, cut to the component's length.
    fn append(self, component: &[u8], id: &mut Vec<u8>) {
        let digest: &[u8] = match self {
            Self::Md5 => &Md5::digest(component),
            Self::XxHash => &xxh64(component, 0).to_le_bytes(),
        };
        id.extend_from_slice(&digest[..component.len().min(digest.len())]);
    }
}

/// The bytes before the first `%` or `_` that no backslash makes a character.
fn prefix(pattern: &[u8]) -> Vec<u8> {
    let mut prefix = Vec::new();
    let mut rest = pattern.iter();
    while let Some(&byte) = rest.next() {
        match byte {
            b'%' | b'_' => break,
            b'\\' => match rest.next() {
                None => prefix.push(b'\\'),
                Some(&escaped) => prefix.push(match escaped {
                    b'0' => 0,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'Z' => 26,
                    other => other,
                }),
            },
            other => prefix.push(other),
        }
    }
    prefix
}

/// The next id of the same length; empty if there is none.
fn after(id: &[u8]) -> Vec<u8> {
    let mut next = id.to_vec();
    for byte in next.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            return next;
        }
    }
    Vec::new()
}

impl Compute for Cfc {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let bytes = key_bytes(key)?;
        if !self.is_prefix {
            return self.id(&bytes).map(Outcome::KeyspaceId);
        }
        let start = self.hashed(&prefix(&bytes), true);
        let end = after(&start);
        Ok(Outcome::KeyspaceIds(start, end))
    }

    fn bucket(&self, key: &Given<'_>) -> Result<usize, Refused> {
        self.ranges.bucket(&self.id(&key_bytes(key)?)?)
    }

    fn buckets(&self) -> Buckets {
        match self.is_prefix {
            true => Buckets::None("mode = \"prefix\" is for comparing keys only"),
            false => self.ranges.buckets(),
        }
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }

    fn label(&self, bucket: usize) -> Option<String> {
        self.ranges.label(bucket)
    }
}
