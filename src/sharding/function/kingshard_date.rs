//! Years, months and days of kingshard and Gaea: `kingshard-date-year`, `-month`, `-day` and the same of `gaea`. A text is
//! read by position, a number is a moment in seconds. The number of the period (2015, 201503, 20150304) names the table.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::calendar::{self, DAY_MS, Date};
use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::kingshard_hash::go_integer;
use super::params::{ParamError, Reader};
use super::registry::Built;

#[derive(Debug)]
struct Periods {
    unit: Unit,
    zone: TimeZone,
    /// The periods that there are tables for, in order. A bucket is an index into it.
    known: Vec<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Unit {
    Year,
    Month,
    Day,
}

pub(super) fn kingshard_year(params: &Reader<'_>) -> Built {
    read(params, Unit::Year, false)
}

pub(super) fn kingshard_month(params: &Reader<'_>) -> Built {
    read(params, Unit::Month, false)
}

pub(super) fn kingshard_day(params: &Reader<'_>) -> Built {
    read(params, Unit::Day, false)
}

pub(super) fn gaea_year(params: &Reader<'_>) -> Built {
    read(params, Unit::Year, true)
}

pub(super) fn gaea_month(params: &Reader<'_>) -> Built {
    read(params, Unit::Month, true)
}

pub(super) fn gaea_day(params: &Reader<'_>) -> Built {
    read(params, Unit::Day, true)
}

fn read(params: &Reader<'_>, unit: Unit, is_ordered: bool) -> Built {
    let zone = calendar::read_zone(params)?;
    let list = params.list("date_range")?.ok_or_else(|| ParamError::new("date_range", "missing"))?;
    let mut known: Vec<i64> = Vec::new();
    for entry in list {
        let periods = unit.periods(entry).map_err(|reason| ParamError::new("date_range", reason))?;
        if is_ordered && known.last() >= periods.first() && !periods.is_empty() {
            let message = format!("\"{entry}\" overlaps with an earlier entry, or is before it");
            return Err(ParamError::new("date_range", message));
        }
        known.extend(periods);
    }
    known.sort_unstable();
    known.dedup();
    Ok(Arc::new(Periods { unit, zone, known }))
}

impl Unit {
    /// `2015`, or `2014-2016` with all between.
    fn periods(self, entry: &str) -> Result<Vec<i64>, String> {
        /// More than there can be tables.
        const MOST: i64 = 65_536;
        let form = match self {
            Self::Year => "2015",
            Self::Month => "201503",
            Self::Day => "20150304",
        };
        let fail = || format!("\"{entry}\" should be as {form}, or two such with - between");
        let (first, last) = entry.split_once('-').unwrap_or((entry, entry));
        let start = |text: &str| text.trim().parse::<i64>().ok().and_then(|number| self.index(number)).ok_or_else(fail);
        let (first, last) = (start(first)?, start(last)?);
        let (first, last) = (first.min(last), first.max(last));
        if last - first >= MOST {
            return Err(format!("\"{entry}\" has more than {MOST} periods"));
        }
        Ok((first..=last).map(|index| self.number(index)).collect())
    }

    /// The period of a number, counted on.
    fn index(self, number: i64) -> Option<i64> {
        let (year, month, day) = match self {
            Self::Year => return Some(number),
            Self::Month => (number / 100, number % 100, 1),
            Self::Day => (number / 10_000, number / 100 % 100, number % 100),
        };
        let is_date = (1..=12).contains(&month) && (1..=31).contains(&day) && year > 0;
        is_date.then(|| match self {
            Self::Year => year,
            Self::Month => year * 12 + month - 1,
            Self::Day => Date { year, month, day }.gregorian_days(),
        })
    }

    /// The inverse of `index`.
    fn number(self, index: i64) -> i64 {
        match self {
            Self::Year => index,
            Self::Month => index.div_euclid(12) * 100 + index.rem_euclid(12) + 1,
            Self::Day => {
                let date = Date::of_gregorian_days(index);
                date.year * 10_000 + date.month * 100 + date.day
            }
        }
    }

    /// The number in a text, by position: bytes 0-3, 5-6, 8-9.
    fn number_in(self, text: &str) -> Result<i64, Refused> {
        let fail = || Refused::from(format!("\"{text}\" is no date as in 2015-03-04"));
        let bytes = text.as_bytes();
        if self != Self::Year && bytes.len() < 10 {
            return Err(fail());
        }
        let parts: &[(usize, usize)] = match self {
            Self::Year => &[(0, 4)],
            Self::Month => &[(0, 4), (5, 7)],
            Self::Day => &[(0, 4), (5, 7), (8, 10)],
        };
        let mut digits = Vec::with_capacity(8);
        for (start, end) in parts {
            digits.extend_from_slice(bytes.get(*start..*end).ok_or_else(fail)?);
        }
        std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse().ok()).ok_or_else(fail)
    }
}

impl Periods {
    fn number(&self, input: Input<'_>) -> Result<i64, Refused> {
        if let Input::Text(text) = input {
            return self.unit.number_in(text);
        }
        let date = self.date_at(go_integer(input)?)?;
        match self.unit {
            Unit::Year => Ok(date.year),
            // Months and days are read by position from a text, which a year of five digits does not fit.
            Unit::Month | Unit::Day => self.unit.number_in(&date_text(date)),
        }
    }

    /// The day of a moment in seconds, where the process's clocks are.
    fn date_at(&self, second: i64) -> Result<Date, Refused> {
        /// Seconds of 400 years, after which the calendar begins again.
        const CYCLE: i64 = 146_097 * 86_400;
        /// 9950: from here on clocks change as they did 400 years before.
        const FAR: i64 = 251_824_000_000;
        let cycles = if second > FAR { (second - FAR) / CYCLE + 1 } else { 0 };
        let moment = Timestamp::from_second(second - cycles * CYCLE).unwrap_or(Timestamp::MIN);
        let offset = i64::from(self.zone.to_offset(moment).seconds());
        let wall = second.checked_add(offset).ok_or("the moment is too far away")?;
        Ok(Date::of_gregorian_days(wall.div_euclid(DAY_MS / 1000)))
    }
}

/// As Go writes it.
fn date_text(date: Date) -> String {
    let Date { year, month, day } = date;
    match year {
        0.. => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("-{:04}-{month:02}-{day:02}", -year),
    }
}

impl Compute for Periods {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        self.number(key.input).map(Outcome::Number)
    }

    fn bucket(&self, key: &Given<'_>) -> Result<usize, Refused> {
        let number = self.number(key.input)?;
        let found = self.known.binary_search(&number);
        found.map_err(|_| format!("date_range has no {number}").into())
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.known.len())
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }

    /// Of dates and of moments the periods ascend; of other texts they do not.
    fn range(&self, low: Option<Input<'_>>, high: Option<Input<'_>>, _: usize) -> Option<Vec<usize>> {
        let number = |end: Input<'_>| self.number(end).ok();
        let low = low.map_or(Some(i64::MIN), number)?;
        let high = high.map_or(Some(i64::MAX), number)?;
        let met = self.known.iter().enumerate().filter(|(_, period)| (low..=high).contains(*period));
        Some(met.map(|(bucket, _)| bucket).collect())
    }

    fn keeps_order(&self) -> bool {
        true
    }

    fn label(&self, bucket: usize) -> Option<String> {
        self.known.get(bucket).map(i64::to_string)
    }
}
