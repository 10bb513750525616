//! `shardingsphere-mod`: an integer by its remainder, never negative. Parts of the number's text may be cut off first, and
//! the result may be padded with zeros: then it names the table.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::java;
use super::mycat_mod::count;
use super::params::{ParamError, Reader};
use super::registry::Built;

#[derive(Debug)]
struct Mod {
    count: u64,
    /// Characters cut off at the start and at the end.
    cut: Option<(usize, usize)>,
    /// Digits of a padded result.
    width: Option<usize>,
}

pub(super) fn read(params: &Reader<'_>) -> Built {
    let count = count(params, "sharding-count")?;
    let offset = |key: &'static str| -> Result<usize, ParamError> {
        let offset = params.integer(key)?.unwrap_or(0);
        usize::try_from(offset).map_err(|_| ParamError::new(key, format!("{offset} is negative")))
    };
    let cut = Some((offset("start-offset")?, offset("stop-offset")?)).filter(|cut| *cut != (0, 0));
    let pads = params.choice("zero-padding", &[("false", false), ("true", true)])?;
    let width = pads.then(|| (count - 1).to_string().len());
    Ok(Arc::new(Mod { count, cut, width }))
}

impl Mod {
    fn remainder(&self, input: Input<'_>) -> Result<u64, Refused> {
        let number = match (self.cut, input) {
            (None, Input::Integer(value)) => return Ok((value as i64).rem_euclid(self.count as i64) as u64),
            (None, Input::Huge(text) | Input::Decimal(text)) => {
                let decimal = java::Decimal::parse(text).ok_or("the key is no number")?;
                return Ok(decimal.truncated().low_bits().rem_euclid(self.count as i64) as u64);
            }
            (None, input) => java::Integer::parse(&input.need_text()?),
            (Some((start, stop)), input) => {
                let text = input.need_text()?;
                let units: Vec<u16> = text.encode_utf16().collect();
                let end = units.len().checked_sub(stop);
                let part = end.and_then(|end| units.get(start..end)).ok_or("the key is shorter than the offsets")?;
                java::Integer::parse(&String::from_utf16_lossy(part))
            }
        };
        let number = number.ok_or("the key is no integer")?;
        let magnitude = number.remainder(self.count);
        Ok(if number.negative && magnitude > 0 { self.count - magnitude } else { magnitude })
    }
}

impl Compute for Mod {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let rest = self.remainder(key.input)?;
        Ok(match self.width {
            Some(width) => Outcome::Name(format!("{rest:0width$}")),
            None => Outcome::Number(rest as i64),
        })
    }

    fn bucket(&self, key: &Given<'_>) -> Result<usize, Refused> {
        self.remainder(key.input).map(|rest| rest as usize)
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.count as usize)
    }

    fn takes(&self) -> Takes {
        Takes::IntegersAndTexts
    }

    fn label(&self, bucket: usize) -> Option<String> {
        self.width.map(|width| format!("{bucket:0width$}"))
    }
}
