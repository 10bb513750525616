//! `shardingsphere-hash-mod`: Java's `hashCode()` of the key, its absolute value, by its remainder. An `Integer` and a
//! `Long` of the same negative value have other hashes, and which of them a key was depends on how it was written; where
//! that is not known, and matters, the key has no place.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::java;
use super::mycat_mod::count;
use super::params::Reader;
use super::registry::Built;

#[derive(Debug)]
struct HashMod {
    count: u64,
}

pub(super) fn read(params: &Reader<'_>) -> Built {
    Ok(Arc::new(HashMod { count: count(params, "sharding-count")? }))
}

fn long_hash(value: i64) -> i32 {
    (value ^ ((value as u64) >> 32) as i64) as i32
}

/// `BigInteger.hashCode()`: its 32-bit digits as a polynomial of 31, with its sign.
fn big_integer_hash(text: &str) -> Option<i32> {
    Some(digits_hash(&java::Integer::parse(text)?))
}

fn digits_hash(integer: &java::Integer) -> i32 {
    let mut words: Vec<u32> = Vec::new();
    for digit in integer.digits() {
        let mut carry = u64::from(*digit);
        for word in &mut words {
            let value = u64::from(*word) * 10 + carry;
            *word = value as u32;
            carry = value >> 32;
        }
        if carry > 0 {
            words.push(carry as u32);
        }
    }
    let hash = words.iter().rev().fold(0_i32, |hash, word| hash.wrapping_mul(31).wrapping_add(*word as i32));
    if integer.negative { hash.wrapping_neg() } else { hash }
}

/// `BigDecimal.hashCode()`: that of the digits, and their scale.
fn big_decimal_hash(text: &str) -> Option<i32> {
    let decimal = java::Decimal::parse(text)?;
    Some(digits_hash(&decimal.unscaled).wrapping_mul(31).wrapping_add(decimal.scale))
}

fn hash(key: &Given<'_>) -> Result<i32, Refused> {
    let not_a_number = || Refused::from("the key is no number");
    match (key.input, key.kind) {
        (Input::Text(text), _) => Ok(java::hash(text)),
        (Input::Integer(value), "BigInteger") => big_integer_hash(&value.to_string()).ok_or_else(not_a_number),
        (Input::Integer(value), kind) => match (i32::try_from(value), i64::try_from(value)) {
            (Ok(int), Ok(long)) => match kind {
                "Integer" => Ok(int),
                "Long" => Ok(long_hash(long)),
                _ if int == long_hash(long) => Ok(int),
                _ => Err("a negative key is on one table as an INT and on another as a BIGINT".into()),
            },
            (_, Ok(long)) => Ok(long_hash(long)),
            (_, Err(_)) => big_integer_hash(&value.to_string()).ok_or_else(not_a_number),
        },
        (Input::Huge(text), _) => big_integer_hash(text).ok_or_else(not_a_number),
        (Input::Decimal(text), _) => big_decimal_hash(text).ok_or_else(not_a_number),
        (Input::Bool(value), _) => Ok(if value { 1231 } else { 1237 }),
        (Input::Null | Input::Float(_) | Input::Bytes(_) | Input::Tuple(_), _) => {
            Err("the key should be an integer or a text".into())
        }
    }
}

impl Compute for HashMod {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        Ok(Outcome::Number((u64::from(hash(key)?.unsigned_abs()) % self.count) as i64))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.count as usize)
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }
}
