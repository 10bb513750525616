//! `date`: days, weeks, months, quarters or years, counted from a first one, in steps; beyond the last bucket there is
//! nothing, or it begins again.

use std::sync::Arc;

use super::calendar::Date;
use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::params::{ParamError, Reader};
use super::registry::Built;

#[derive(Debug)]
struct Periods {
    unit: Unit,
    /// The number of the first period.
    begin: i64,
    /// Periods of one bucket.
    step: i64,
    buckets: i64,
    /// After the last bucket comes the first, and before the first the last.
    wraps: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Unit {
    Day,
    /// From Monday on.
    Week,
    Month,
    Quarter,
    Year,
}

pub(super) fn read(params: &Reader<'_>) -> Built {
    let words = [
        ("day", Unit::Day),
        ("week", Unit::Week),
        ("month", Unit::Month),
        ("quarter", Unit::Quarter),
        ("year", Unit::Year),
    ];
    if params.text("unit")?.is_none() {
        return Err(ParamError::new("unit", "missing: one of day, week, month, quarter, year"));
    }
    let unit = params.choice("unit", &words)?;
    let wraps = params.choice("wrap", &[("false", false), ("true", true)])?;
    let day = |key: &'static str| -> Result<Option<i64>, ParamError> {
        let Some(text) = params.text(key)? else { return Ok(None) };
        let date =
            date_of(text).ok_or_else(|| ParamError::new(key, format!("\"{text}\" should be a date, as in 2024-01-31")));
        date.map(|date| Some(unit.number(date)))
    };
    let (begin, end) = (day("begin")?, day("end")?);
    let begin = match begin {
        Some(begin) => begin,
        None if wraps => unit.number(Date { year: 1970, month: 1, day: 1 }),
        None => return Err(ParamError::new("begin", "missing: the first date, as in 2024-01-01")),
    };
    let step = params.integer("step")?.unwrap_or(1);
    if step < 1 {
        return Err(ParamError::new("step", format!("{step} should be at least 1")));
    }
    let buckets = match (end, params.integer("buckets")?) {
        (Some(_), Some(_)) => return Err(ParamError::new("buckets", "follows from end: give one of them")),
        (Some(end), None) if end < begin => return Err(ParamError::new("end", "is before begin")),
        (Some(end), None) => (end - begin) / step + 1,
        (None, Some(buckets)) => buckets,
        (None, None) => return Err(ParamError::new("end", "missing: give the last date, or the number of buckets")),
    };
    if !(1..=super::slots::MAX_SLOTS as i64).contains(&buckets) {
        let key = if end.is_some() { "end" } else { "buckets" };
        return Err(ParamError::new(key, format!("{buckets} buckets should be from 1 to {}", super::slots::MAX_SLOTS)));
    }
    Ok(Arc::new(Periods { unit, begin, step, buckets, wraps }))
}

/// The date that a text begins with.
fn date_of(text: &str) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i64>().ok())?
    };
    let is_dashed = text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let is_whole = text.len() == 10 || text.get(10..11).is_some_and(|sign| sign == " " || sign == "T");
    let date = Date { year: number(0..4)?, month: number(5..7)?, day: number(8..10)? };
    // A day that does not exist would be counted as another.
    (is_dashed && is_whole && Date::of_gregorian_days(date.gregorian_days()) == date).then_some(date)
}

impl Unit {
    /// Periods since some first one.
    fn number(self, date: Date) -> i64 {
        match self {
            Self::Day => date.gregorian_days(),
            // 1969-12-29 was a Monday.
            Self::Week => (date.gregorian_days() + 3).div_euclid(7),
            Self::Month => date.year * 12 + date.month - 1,
            Self::Quarter => date.year * 4 + (date.month - 1) / 3,
            Self::Year => date.year,
        }
    }

    /// How names of tables show the period.
    fn label(self, number: i64) -> String {
        let day = |days: i64| {
            let Date { year, month, day } = Date::of_gregorian_days(days);
            format!("{year:04}{month:02}{day:02}")
        };
        match self {
            Self::Day => day(number),
            Self::Week => day(number * 7 - 3),
            Self::Month => format!("{:04}{:02}", number.div_euclid(12), number.rem_euclid(12) + 1),
            Self::Quarter => format!("{:04}q{}", number.div_euclid(4), number.rem_euclid(4) + 1),
            Self::Year => format!("{number:04}"),
        }
    }
}

impl Periods {
    /// Steps since the first period, negative before it.
    fn steps(&self, input: Input<'_>) -> Result<i64, Refused> {
        let text = input.need_text()?;
        let date = date_of(&text).ok_or_else(|| format!("\"{}\" is no date", &*text))?;
        Ok((self.unit.number(date) - self.begin).div_euclid(self.step))
    }
}

impl Compute for Periods {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let steps = self.steps(key.input)?;
        match self.wraps {
            true => Ok(Outcome::Number(steps.rem_euclid(self.buckets))),
            false if (0..self.buckets).contains(&steps) => Ok(Outcome::Number(steps)),
            false => Err("the date is before begin, or after the last bucket".into()),
        }
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.buckets as usize)
    }

    fn takes(&self) -> Takes {
        Takes::Times
    }

    fn range(&self, low: Option<Input<'_>>, high: Option<Input<'_>>, _: usize) -> Option<Vec<usize>> {
        let end = |end: Option<Input<'_>>| end.map(|end| self.steps(end).ok());
        let (low, high) = match (end(low), end(high)) {
            (Some(None), _) | (_, Some(None)) => return None,
            (low, high) => (low.flatten(), high.flatten()),
        };
        if self.wraps {
            let (low, high) = (low?, high?);
            let steps = if high - low < self.buckets { low..=high } else { 0..=self.buckets - 1 };
            return Some(steps.map(|step| step.rem_euclid(self.buckets) as usize).collect());
        }
        let first = low.map_or(0, |low| low.max(0));
        let last = high.map_or(self.buckets - 1, |high| high.min(self.buckets - 1));
        Some((first..=last).map(|step| step as usize).collect())
    }

    fn keeps_order(&self) -> bool {
        !self.wraps
    }

    fn label(&self, bucket: usize) -> Option<String> {
        (!self.wraps).then(|| self.unit.label(self.begin + bucket as i64 * self.step))
    }
}
