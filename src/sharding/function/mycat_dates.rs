//! MyCAT's rarer functions of time: `mycat-range-date-hash`, `mycat-latest-month`, and `mycat-hot-date`, whose rows move
//! as time goes by.

use std::sync::Arc;

use jiff::Timestamp;

use super::calendar::DAY_MS;
use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::java;
use super::java_date::DateFormat;
use super::params::{ParamError, Reader};
use super::registry::Built;

/// Groups of days; in a group a hash of the moment.
#[derive(Debug)]
struct RangeDateHash {
    format: DateFormat,
    begin: i64,
    step: i64,
    group: i32,
}

/// The latest days on node 0, earlier ones in steps after it.
#[derive(Debug)]
struct HotDate {
    format: DateFormat,
    last: i64,
    step: i64,
    /// Without it, as in rules, the function leads nowhere: a row would have to move with the clock.
    now: Option<i64>,
}

/// Day of the month and part of the day.
#[derive(Debug)]
struct LatestMonth {
    split: i64,
    hours: i64,
}

pub(super) fn range_date_hash(params: &Reader<'_>) -> Built {
    let format = DateFormat::read(params, "dateFormat", "yyyy-MM-dd")?;
    let begin = format.read_ms("sBeginDate", params.required("sBeginDate")?)?;
    let days = params.required_integer("sPartionDay")?;
    let group = params.required_integer("groupPartionSize")?;
    let group = i32::try_from(group).ok().filter(|group| *group > 0);
    let group = group.ok_or_else(|| ParamError::new("groupPartionSize", "should be at least 1"))?;
    Ok(Arc::new(RangeDateHash { format, begin, step: days.wrapping_mul(DAY_MS), group }))
}

pub(super) fn hot_date(params: &Reader<'_>) -> Built {
    let format = DateFormat::read(params, "dateFormat", "yyyy-MM-dd")?;
    let last = params.required_integer("sLastDay")?;
    let step = params.required_integer("sPartionDay")?.wrapping_mul(DAY_MS);
    let now = match params.text("now")? {
        None => None,
        Some(text) => {
            let moment: Result<Timestamp, _> = text.parse();
            let fail = |_| ParamError::new("now", format!("\"{text}\" should be as in 2015-06-15T12:34:56Z"));
            Some(moment.map_err(fail)?.as_millisecond())
        }
    };
    Ok(Arc::new(HotDate { format, last, step, now }))
}

pub(super) fn latest_month(params: &Reader<'_>) -> Built {
    let split = params.integer("splitOneDay")?.unwrap_or(0);
    let hours = 24_i64.checked_div(split).filter(|hours| *hours > 0);
    let hours = hours.ok_or_else(|| ParamError::new("splitOneDay", format!("{split} should be from 1 to 24")))?;
    Ok(Arc::new(LatestMonth { split, hours }))
}

fn moment(format: &DateFormat, input: Input<'_>) -> Result<i64, Refused> {
    let text = input.need_text()?;
    format.epoch_ms(&text).ok_or_else(|| format!("\"{}\" does not fit dateFormat", &*text).into())
}

/// Guava's consistent hash.
fn consistent_hash(key: i64, buckets: i32) -> i32 {
    let mut state = key as u64;
    let mut candidate = 0_i32;
    loop {
        state = state.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        let fraction = f64::from(((state >> 33) as i32).wrapping_add(1)) / f64::from(1_u32 << 31);
        let next = (f64::from(candidate.wrapping_add(1)) / fraction) as i32;
        if !(0..buckets).contains(&next) {
            return candidate;
        }
        candidate = next;
    }
}

impl Compute for RangeDateHash {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let moment = moment(&self.format, key.input)?;
        let step = (moment - self.begin).checked_div(self.step).ok_or("sPartionDay is 0")?;
        let group = (step as i32).wrapping_mul(self.group);
        Ok(Outcome::Number(group.wrapping_add(consistent_hash(moment, self.group)).into()))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Any
    }

    fn takes(&self) -> Takes {
        Takes::Times
    }
}

impl Compute for HotDate {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let now = self.now.ok_or("rows would have to move with the clock")?;
        let moment = moment(&self.format, key.input)?;
        if (now - moment) / DAY_MS + 1 - self.last <= 0 {
            return Ok(Outcome::Number(0));
        }
        let before = now - self.last * DAY_MS - moment;
        let step = before.checked_div(self.step).ok_or("sPartionDay is 0")?;
        Ok(Outcome::Number(i64::from(step as i32) + 1))
    }

    fn buckets(&self) -> Buckets {
        Buckets::None("its rows move with the clock, so that no rule can find them; use mycat-date or date")
    }

    fn takes(&self) -> Takes {
        Takes::Times
    }
}

impl Compute for LatestMonth {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let text = key.input.need_text()?;
        let units: Vec<u16> = text.encode_utf16().collect();
        let part = |from_end: usize| {
            let start = units.len().checked_sub(from_end).ok_or("the text is too short")?;
            let part = String::from_utf16_lossy(&units[start..start + 2]);
            java::parse_int(&part).map(i64::from).ok_or(Refused::from("the text should end with day and hour"))
        };
        let (day, hour) = (part(4)?, part(2)?);
        Ok(Outcome::Number((day - 1) * self.split + hour / self.hours))
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count((31 * self.split).max(30 * self.split + 23 / self.hours + 1) as usize)
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }
}
