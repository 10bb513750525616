//! Days since a first day, in steps: `mycat-date` and `dble-date`.

use std::sync::Arc;

use super::calendar::{self, DAY_MS, Date};
use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes, ascending};
use super::java_date::DateFormat;
use super::long::is_null;
use super::params::{ParamError, Reader};
use super::registry::Built;

#[derive(Debug)]
struct Days {
    format: DateFormat,
    begin: i64,
    /// With the number of steps until then: later dates begin again.
    end: Option<(i64, i64)>,
    step: i64,
    /// The day of the month is the number.
    by_day_of_month: bool,
    dble: Option<Dble>,
}

/// dble's own: dates before the first, and NULL, go here.
#[derive(Debug)]
struct Dble {
    default: Option<i64>,
}

pub(super) fn mycat(params: &Reader<'_>) -> Built {
    let mut days = read(params, false)?;
    let natural = params.integer("sNaturalDay")?.unwrap_or(0) == 1;
    // An end that comes to no whole month is taken for a mistake, and the setting for off.
    days.by_day_of_month = natural && days.end.is_none_or(|(_, steps)| days.step == DAY_MS && steps >= 28);
    if natural && !days.by_day_of_month {
        days.by_day_of_month = days.end.is_some_and(|(end, _)| (end - days.begin) / DAY_MS + 1 >= 28);
    }
    Ok(Arc::new(days))
}

pub(super) fn dble(params: &Reader<'_>) -> Built {
    let mut days = read(params, true)?;
    days.dble = Some(Dble { default: params.integer("defaultNode")?.filter(|node| *node >= 0) });
    Ok(Arc::new(days))
}

fn read(params: &Reader<'_>, is_dble: bool) -> Result<Days, ParamError> {
    let format = DateFormat::read(params, "dateFormat", "yyyy-MM-dd")?;
    let step = params.required_integer("sPartionDay")?;
    let step = step.checked_mul(DAY_MS).ok_or_else(|| ParamError::new("sPartionDay", "is too large"))?;
    let begin = params.text("sBeginDate")?.filter(|text| !text.is_empty());
    let begin = match begin {
        Some(text) => format.read_ms("sBeginDate", text)?,
        None if is_dble => return Err(ParamError::new("sBeginDate", "missing")),
        // Then the step is not read either, and only days of the month can be told.
        None => return Ok(Days { format, begin: 0, end: None, step: 0, by_day_of_month: false, dble: None }),
    };
    let end = params.text("sEndDate")?.filter(|text| !text.is_empty() && (is_dble || begin > 0));
    let end = match end {
        Some(text) => {
            let end = format.read_ms("sEndDate", text)?;
            let steps = (end - begin).checked_div(step);
            let steps = steps.ok_or_else(|| ParamError::new("sPartionDay", "is 0"))?;
            Some((end, i64::from(steps as i32) + 1))
        }
        None => None,
    };
    Ok(Days { format, begin, end, step, by_day_of_month: false, dble: None })
}

impl Days {
    fn number(&self, moment: i64) -> Result<i64, Refused> {
        if self.by_day_of_month {
            let wall = calendar::java_wall_ms(moment, self.format.zone());
            return Ok(Date::of_java_days(wall.div_euclid(DAY_MS)).day - 1);
        }
        if let Some(Dble { default }) = self.dble
            && moment < self.begin
        {
            return default.ok_or_else(|| "the date is before the first, and there is no default".into());
        }
        let step = (moment - self.begin).checked_div(self.step).ok_or("sPartionDay is 0")?;
        let step = i64::from(step as i32);
        match self.end {
            Some((end, steps)) if moment > end => step.checked_rem(steps).ok_or_else(|| "there are no steps".into()),
            _ => Ok(step),
        }
    }
}

impl Compute for Days {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        if let Some(Dble { default }) = self.dble
            && is_null(key.input)
        {
            return default.map(Outcome::Number).ok_or_else(|| "there is no default for NULL".into());
        }
        let text = key.input.need_text()?;
        let moment = self.format.epoch_ms(&text).ok_or_else(|| format!("\"{}\" does not fit dateFormat", &*text))?;
        self.number(moment).map(Outcome::Number)
    }

    fn buckets(&self) -> Buckets {
        match self.end {
            _ if self.by_day_of_month => Buckets::Count(31),
            Some((_, steps)) => {
                let default = self.dble.as_ref().and_then(|dble| dble.default).map_or(0, |node| node + 1);
                Buckets::Count(usize::try_from(steps.max(default)).unwrap_or(0))
            }
            None => Buckets::Any,
        }
    }

    fn takes(&self) -> Takes {
        Takes::Times
    }

    fn range(&self, low: Option<Input<'_>>, high: Option<Input<'_>>, buckets: usize) -> Option<Vec<usize>> {
        self.keeps_order().then(|| ascending(self, low, high, buckets))?
    }

    fn keeps_order(&self) -> bool {
        self.end.is_none() && !self.by_day_of_month && self.dble.is_none()
    }
}
