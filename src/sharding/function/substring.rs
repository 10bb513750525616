//! The number that a part of the key's text is: `mycat-substring`, and `substring`, where it counts by the bucket's number or,
//! with `modulo`, by its remainder.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Outcome, Refused, Takes};
use super::java;
use super::params::{ParamError, Reader};
use super::registry::Built;

#[derive(Debug)]
struct Substring {
    start: i64,
    size: i64,
    count: i64,
    default: i64,
}

#[derive(Debug)]
struct Own {
    /// In characters.
    start: usize,
    length: usize,
    buckets: u64,
    is_modulo: bool,
}

pub(super) fn own(params: &Reader<'_>) -> Built {
    let size = |key: &'static str, least: i64| -> Result<usize, ParamError> {
        let given = params.required_integer(key)?;
        let size = usize::try_from(given).ok().filter(|size| (least..=1000).contains(&(*size as i64)));
        size.ok_or_else(|| ParamError::new(key, format!("{given} should be from {least} to 1000")))
    };
    let (start, length) = (size("start", 0)?, size("length", 1)?);
    let buckets = params.required_count("buckets")? as u64;
    let is_modulo = params.choice("modulo", &[("false", false), ("true", true)])?;
    Ok(Arc::new(Own { start, length, buckets, is_modulo }))
}

impl Compute for Own {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let text = key.input.need_text()?;
        let mut characters = text.chars().skip(self.start);
        let mut number = 0_u64;
        for _ in 0..self.length {
            let digit = characters.next().ok_or("the text is too short")?;
            let digit = digit.to_digit(10).ok_or_else(|| format!("\"{digit}\" is no digit"))?;
            number = number
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(digit.into()))
                .ok_or("the number is too large")?;
        }
        match self.is_modulo {
            true => Ok(Outcome::Number((number % self.buckets) as i64)),
            false if number < self.buckets => Ok(Outcome::Number(number as i64)),
            false => Err(format!("{number} is no bucket: there are {}", self.buckets).into()),
        }
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.buckets as usize)
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }
}

pub(super) fn mycat(params: &Reader<'_>) -> Built {
    Ok(Arc::new(Substring {
        start: params.required_integer("startIndex")?,
        size: params.required_integer("size")?,
        count: params.integer("partitionCount")?.unwrap_or(0),
        default: params.integer("defaultPartition")?.unwrap_or(0),
    }))
}

impl Compute for Substring {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let text = key.input.need_text()?;
        let units: Vec<u16> = text.encode_utf16().collect();
        let bound = |bound: i64| usize::try_from(bound).ok();
        let part = bound(self.start).zip(bound(self.start + self.size)).and_then(|(start, end)| units.get(start..end));
        let part = part.ok_or("the text is too short")?;
        let part = String::from_utf16_lossy(part);
        let number = java::parse_int(&part).ok_or_else(|| format!("\"{part}\" is no number"))?;
        let number = i64::from(number);
        Ok(Outcome::Number(if self.count > 0 && number >= self.count { self.default } else { number }))
    }

    fn buckets(&self) -> Buckets {
        match usize::try_from(self.count.max(self.default + 1)) {
            Ok(count) if self.count > 0 => Buckets::Count(count),
            _ => Buckets::Any,
        }
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }
}
