//! `padding-mod` and `gaea-mycat-padding-mod`: the key's decimal text, padded with zeros or cut to a length; a part of it, as a number,
//! modulo the number of tables.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Outcome, Refused, Takes};
use super::kingshard_hash::{Locations, go_integer};
use super::params::{ParamError, Reader};
use super::registry::Built;

#[derive(Debug)]
struct PaddingMod {
    pads_left: bool,
    length: usize,
    begin: usize,
    end: usize,
    tables: i64,
}

/// Gaea's function under names of our own.
pub(super) fn own(params: &Reader<'_>) -> Built {
    let pads_left = params.choice("pad", &[("left", true), ("right", false)])?;
    let size = |key: &'static str| size(params, key);
    let (length, begin, end) = (size("length")?, size("from")?, size("to")?);
    let tables = params.required_count("buckets")? as i64;
    if begin >= end {
        return Err(ParamError::new("to", format!("{end} should be greater than from, {begin}")));
    }
    if end > length {
        return Err(ParamError::new("length", format!("{length} should be at least to, {end}")));
    }
    // A part of more digits is no number of 64 bits.
    if end - begin > 18 {
        return Err(ParamError::new("to", "the part should have at most 18 digits"));
    }
    Ok(Arc::new(PaddingMod { pads_left, length, begin, end, tables }))
}

fn size(params: &Reader<'_>, key: &'static str) -> Result<usize, ParamError> {
    let given = params.required_integer(key)?;
    let size = usize::try_from(given).ok().filter(|size| *size <= 1000);
    size.ok_or_else(|| ParamError::new(key, format!("{given} should be from 0 to 1000")))
}

pub(super) fn gaea(params: &Reader<'_>) -> Built {
    let pads_left = match params.required_integer("pad_from")? {
        0 => true,
        1 => false,
        other => return Err(ParamError::new("pad_from", format!("{other} should be 0 (left) or 1 (right)"))),
    };
    let size = |key: &'static str| size(params, key);
    let (length, begin, end) = (size("pad_length")?, size("mod_begin")?, size("mod_end")?);
    let tables = Locations::read(params)?.tables() as i64;
    if begin >= end {
        return Err(ParamError::new("mod_end", format!("{end} should be greater than mod_begin, {begin}")));
    }
    if length < end - begin {
        return Err(ParamError::new("pad_length", format!("{length} is less than the part from {begin} to {end}")));
    }
    if tables < 2 {
        return Err(ParamError::new("locations", "there must be at least two tables"));
    }
    Ok(Arc::new(PaddingMod { pads_left, length, begin, end, tables }))
}

impl Compute for PaddingMod {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let digits = go_integer(key.input)?.to_string();
        let padded = match digits.len() > self.length {
            true => digits[..self.length].to_owned(),
            false if self.pads_left && digits.starts_with('-') => {
                return Err("a negative key cannot be padded on the left".into());
            }
            false if self.pads_left => format!("{digits:0>width$}", width = self.length),
            false => format!("{digits:0<width$}", width = self.length),
        };
        let part = padded.get(self.begin..self.end).ok_or("mod_end is beyond the padded key")?;
        let number: i64 = part.parse().map_err(|_| format!("\"{part}\" is no number"))?;
        Ok(Outcome::Number(number.wrapping_abs() % self.tables))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.tables as usize)
    }

    fn takes(&self) -> Takes {
        Takes::IntegersAndTexts
    }
}
