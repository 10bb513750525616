//! `range`: bounds cut the keys into buckets, from the least up. Numbers are compared as numbers; texts and dates as they are
//! written, so that dates come in their order. `range-mod`: in each range the remainder of the key decides.

use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::params::{ParamError, Reader};
use super::registry::Built;
use crate::sharding::key::{Canonical, KeyType};
use crate::value::{Charset, Value};

/// The keys before the first bound are in bucket 0, those from the last bound on in the last bucket.
#[derive(Debug)]
struct Range {
    bounds: Bounds,
    /// Keys below it are in no bucket.
    min: Option<Bound>,
    /// Keys from it on are in no bucket.
    max: Option<Bound>,
}

#[derive(Debug)]
enum Bounds {
    Numbers(Vec<i128>),
    Texts(Vec<String>),
}

#[derive(Debug, Clone, PartialEq)]
enum Bound {
    Number(i128),
    Text(String),
}

/// For each range the first of its buckets, and how many it has.
#[derive(Debug)]
struct RangeMod {
    range: Range,
    groups: Vec<(usize, usize)>,
}

pub(super) fn range(params: &Reader<'_>) -> Built {
    Ok(Arc::new(read(params)?))
}

pub(super) fn range_mod(params: &Reader<'_>) -> Built {
    let range = read(params)?;
    if matches!(range.bounds, Bounds::Texts(_)) {
        return Err(ParamError::new("bounds", "should be whole numbers: there is no remainder of a text"));
    }
    let counts = params.list("counts")?.ok_or_else(|| ParamError::new("counts", "missing"))?;
    if counts.len() != range.ranges() {
        let message = format!("there are {} ranges, and {} counts: each range needs one", range.ranges(), counts.len());
        return Err(ParamError::new("counts", message));
    }
    let mut groups = Vec::new();
    let mut first = 0_usize;
    for count in counts {
        let size = count.trim().parse::<usize>().ok().filter(|size| (1..=super::slots::MAX_SLOTS).contains(size));
        let size =
            size.ok_or_else(|| ParamError::new("counts", format!("\"{count}\" should be a number of buckets")))?;
        groups.push((first, size));
        first += size;
    }
    Ok(Arc::new(RangeMod { range, groups }))
}

fn read(params: &Reader<'_>) -> Result<Range, ParamError> {
    let written = params.list("bounds")?.filter(|list| !list.is_empty());
    let written =
        written.ok_or_else(|| ParamError::new("bounds", "missing: give the first key of each further bucket"))?;
    let numbers: Option<Vec<i128>> = written.iter().map(|text| text.trim().parse().ok()).collect();
    let bounds = match numbers {
        Some(numbers) => Bounds::Numbers(numbers),
        None => Bounds::Texts(written.iter().map(|text| (*text).to_owned()).collect()),
    };
    let is_ascending = match &bounds {
        Bounds::Numbers(numbers) => numbers.is_sorted_by(|left, right| left < right),
        Bounds::Texts(texts) => texts.is_sorted_by(|left, right| left < right),
    };
    if !is_ascending {
        return Err(ParamError::new("bounds", "each should be greater than the one before it"));
    }
    let end = |key: &'static str| -> Result<Option<Bound>, ParamError> {
        let Some(text) = params.text(key)? else { return Ok(None) };
        match &bounds {
            Bounds::Texts(_) => Ok(Some(Bound::Text(text.to_owned()))),
            Bounds::Numbers(_) => match text.trim().parse() {
                Ok(number) => Ok(Some(Bound::Number(number))),
                Err(_) => Err(ParamError::new(key, format!("\"{text}\" should be a whole number, as the bounds are"))),
            },
        }
    };
    let (min, max) = (end("min")?, end("max")?);
    let range = Range { bounds, min, max };
    let ends = [&range.min, &range.max].map(|end| end.as_ref().map(|end| range.position(end)));
    // Otherwise the first or the last bucket would be empty.
    if ends[0].is_some_and(|position| position > 0) {
        return Err(ParamError::new("min", "should be below the first bound"));
    }
    let last = match &range.bounds {
        Bounds::Numbers(numbers) => numbers.last().map(|last| Bound::Number(*last)),
        Bounds::Texts(texts) => texts.last().map(|last| Bound::Text(last.clone())),
    };
    if ends[1].is_some_and(|position| position + 1 < range.ranges()) || range.max.is_some() && range.max == last {
        return Err(ParamError::new("max", "should be above the last bound"));
    }
    Ok(range)
}

impl Range {
    fn ranges(&self) -> usize {
        match &self.bounds {
            Bounds::Numbers(numbers) => numbers.len() + 1,
            Bounds::Texts(texts) => texts.len() + 1,
        }
    }

    /// How many bounds are not above the key.
    fn position(&self, key: &Bound) -> usize {
        match (&self.bounds, key) {
            (Bounds::Numbers(bounds), Bound::Number(key)) => bounds.partition_point(|bound| bound <= key),
            (Bounds::Texts(bounds), Bound::Text(key)) => bounds.partition_point(|bound| bound <= key),
            // Bounds and ends are of one kind.
            (Bounds::Numbers(_), Bound::Text(_)) | (Bounds::Texts(_), Bound::Number(_)) => 0,
        }
    }

    /// The range that the key is in, if it is between the ends.
    fn find(&self, input: Input<'_>) -> Result<usize, Refused> {
        let is_below = |key: Input<'_>, bound: &Bound| match (key, bound) {
            (Input::Text(key), Bound::Text(bound)) => key < bound.as_str(),
            (key, Bound::Number(bound)) => integer(key).is_ok_and(|key| key < *bound),
            (_, Bound::Text(_)) => false,
        };
        let is_outside = self.min.as_ref().is_some_and(|min| is_below(input, min))
            || self.max.as_ref().is_some_and(|max| !is_below(input, max));
        if is_outside { Err("the key is below min, or not below max".into()) } else { self.between_bounds(input) }
    }

    fn between_bounds(&self, input: Input<'_>) -> Result<usize, Refused> {
        match (&self.bounds, input) {
            (Bounds::Numbers(bounds), input) => {
                let key = integer(input)?;
                Ok(bounds.partition_point(|bound| *bound <= key))
            }
            (Bounds::Texts(bounds), Input::Text(key)) => Ok(bounds.partition_point(|bound| bound.as_str() <= key)),
            (Bounds::Texts(_), _) => Err("the bounds are texts, and the key is none".into()),
        }
    }

    /// The first and the last range with keys from `low` to `high`.
    fn met(&self, low: Option<Input<'_>>, high: Option<Input<'_>>) -> Option<(usize, usize)> {
        let first = low.map_or(Some(0), |low| self.between_bounds(low).ok())?;
        let last = high.map_or(Some(self.ranges() - 1), |high| self.between_bounds(high).ok())?;
        Some((first, last))
    }
}

fn integer(input: Input<'_>) -> Result<i128, Refused> {
    match input {
        Input::Integer(key) => Ok(key),
        Input::Text(text) | Input::Huge(text) => {
            text.trim().parse().map_err(|_| format!("\"{text}\" is no whole number").into())
        }
        Input::Decimal(text) => floor(text).ok_or_else(|| format!("\"{text}\" is beyond what can be compared").into()),
        _ => Err("the bounds are whole numbers, and the key is none".into()),
    }
}

/// A date in the form that keys have: they are compared as texts.
fn is_date(text: &str, with_time: bool) -> bool {
    let value = Value::Text { bytes: text.as_bytes().into(), charset: Charset::Ascii };
    let is_key = |key: KeyType| matches!(key.compared(&value), Canonical::Key(_));
    is_key(KeyType::Date) || with_time && is_key(KeyType::DateTime)
}

/// The whole number below, or the number itself.
fn floor(decimal: &str) -> Option<i128> {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let is_whole = fraction.bytes().all(|digit| digit == b'0');
    let below = decimal.starts_with('-') && !is_whole;
    whole.parse::<i128>().ok()?.checked_sub(i128::from(below))
}

impl Compute for Range {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        self.find(key.input).map(|range| Outcome::Number(range as i64))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.ranges())
    }

    fn takes(&self) -> Takes {
        match self.bounds {
            Bounds::Numbers(_) => Takes::Numbers,
            Bounds::Texts(_) => Takes::Times,
        }
    }

    fn unfit_for_dates(&self, with_time: bool) -> Option<String> {
        let Bounds::Texts(bounds) = &self.bounds else {
            return Some("needs dates as bounds, which are texts in quotes: bounds = [\"2024-01-31\"]".to_owned());
        };
        let ends = [&self.min, &self.max].into_iter().flatten().filter_map(|end| match end {
            Bound::Text(text) => Some(text),
            Bound::Number(_) => None,
        });
        let wrong = bounds.iter().chain(ends).find(|text| !is_date(text, with_time))?;
        let example = if with_time { "\"2024-01-31\" or \"2024-01-31 12:00:00\"" } else { "\"2024-01-31\"" };
        Some(format!(
            "has the bound \"{wrong}\" beside a key of dates: it should be a date as MySQL writes it, as in {example}"
        ))
    }

    fn range(&self, low: Option<Input<'_>>, high: Option<Input<'_>>, _: usize) -> Option<Vec<usize>> {
        let (first, last) = self.met(low, high)?;
        Some((first..=last).collect())
    }

    fn keeps_order(&self) -> bool {
        true
    }
}

impl Compute for RangeMod {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let (first, size) = self.groups[self.range.find(key.input)?];
        Ok(Outcome::Number((first as i128 + integer(key.input)?.rem_euclid(size as i128)) as i64))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.groups.iter().map(|(_, size)| size).sum())
    }

    fn takes(&self) -> Takes {
        Takes::Integers
    }

    fn range(&self, low: Option<Input<'_>>, high: Option<Input<'_>>, _: usize) -> Option<Vec<usize>> {
        let (first, last) = self.range.met(low, high)?;
        // Nothing is between the ends.
        let groups = self.groups.get(first..=last.max(first))?;
        Some(groups.iter().flat_map(|(first, size)| *first..first + size).collect())
    }

    fn keeps_order(&self) -> bool {
        true
    }
}
