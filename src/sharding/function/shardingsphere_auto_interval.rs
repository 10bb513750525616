//! `shardingsphere-auto-interval`: equal steps of seconds between two moments; before is the first bucket, after the last.

use std::sync::Arc;

use super::calendar::Date;
use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes, ascending};
use super::params::{ParamError, Reader};
use super::registry::Built;

#[derive(Debug)]
struct AutoInterval {
    lower: i64,
    step: i64,
    tables: i64,
}

pub(super) fn read(params: &Reader<'_>) -> Built {
    let moment = |key: &'static str| -> Result<i64, ParamError> {
        let text = params.required(key)?;
        seconds(text)
            .filter(|_| text.len() == DATE_TIME)
            .ok_or_else(|| ParamError::new(key, format!("\"{text}\" should be as in 2020-01-01 00:00:00")))
    };
    let (lower, upper) = (moment("datetime-lower")?, moment("datetime-upper")?);
    let step = params.required_integer("sharding-seconds")?;
    if step <= 0 {
        return Err(ParamError::new("sharding-seconds", "should be at least 1"));
    }
    Ok(Arc::new(AutoInterval { lower, step, tables: (upper - lower) / step + 2 }))
}

/// Characters of a date with time.
const DATE_TIME: usize = 19;

/// Seconds since 1970 of a text that begins with a date and time.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let bytes = text.as_bytes().get(..DATE_TIME)?;
    let number = |from: usize, to: usize| {
        bytes[from..to]
            .iter()
            .try_fold(0_i64, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0')))
    };
    let signs = [bytes[4], bytes[7], bytes[10], bytes[13], bytes[16]];
    if signs != *b"-- ::" {
        return None;
    }
    let date = Date { year: number(0, 4)?, month: number(5, 7)?, day: number(8, 10)? };
    let day = day_in_month(date)?;
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let is_time = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    let is_midnight = (hour, minute, second) == (24, 0, 0);
    (is_time || is_midnight).then(|| day.gregorian_days() * 86_400 + hour * 3600 + minute * 60 + second)
}

/// A day up to the 31st counts as the month's last where the month is shorter.
pub(super) fn day_in_month(date: Date) -> Option<Date> {
    if !(1..=12).contains(&date.month) || !(1..=31).contains(&date.day) {
        return None;
    }
    let first = |month: i64| Date { year: date.year, month, day: 1 }.gregorian_days();
    let days = first(date.month + 1) - first(date.month);
    Some(Date { day: date.day.min(days), ..date })
}

/// A double in hundredths, exactly: `BigDecimal` with two digits, halves to even.
fn hundredths(steps: f64) -> i64 {
    let whole = (steps * 100.0).floor();
    let above_half = steps.mul_add(100.0, -(whole + 0.5));
    let is_up = above_half > 0.0 || (above_half == 0.0 && whole % 2.0 != 0.0);
    whole as i64 + i64::from(is_up)
}

impl Compute for AutoInterval {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let fail = || Refused::from("the key should begin with a date and time as in 2020-01-01 00:00:00");
        let Input::Text(text) = key.input else { return Err(fail()) };
        let since = seconds(text).ok_or_else(fail)? - self.lower;
        let hundredths = hundredths(since as f64 / self.step as f64);
        // Up to the next whole step.
        let number = hundredths.div_euclid(100) + i64::from(hundredths.rem_euclid(100) != 0);
        Ok(Outcome::Number(number.clamp(0, self.tables - 1)))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.tables as usize)
    }

    fn takes(&self) -> Takes {
        Takes::Times
    }

    fn range(&self, low: Option<Input<'_>>, high: Option<Input<'_>>, buckets: usize) -> Option<Vec<usize>> {
        ascending(self, low, high, buckets)
    }

    fn keeps_order(&self) -> bool {
        true
    }
}
