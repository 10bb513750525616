//! Months: `mycat-month` and `mycat-month-and-history`.

use std::sync::Arc;

use super::calendar::Date;
use super::compute::{Buckets, Compute, Given, Outcome, Refused, Takes};
use super::java_date::DateFormat;
use super::params::{ParamError, Reader};
use super::registry::Built;

#[derive(Debug)]
struct Month {
    format: DateFormat,
    /// Without it the month of the year is the number.
    begin: Option<Date>,
    /// How many months there are until the end: later ones begin again.
    months: Option<i64>,
    keeps_negative: bool,
}

pub(super) fn month(params: &Reader<'_>) -> Built {
    read(params, false)
}

pub(super) fn month_and_history(params: &Reader<'_>) -> Built {
    read(params, true)
}

fn read(params: &Reader<'_>, is_history: bool) -> Built {
    let format = DateFormat::read(params, "dateFormat", "yyyy-MM-dd")?;
    let day = |key: &'static str| -> Result<Option<Date>, ParamError> {
        let Some(text) = params.text(key)?.filter(|text| !text.is_empty()) else { return Ok(None) };
        let day = format.parse(text).map(|parsed| parsed.day());
        day.map(Some).ok_or_else(|| ParamError::new(key, format!("\"{text}\" does not fit dateFormat")))
    };
    let (begin, end) = (day("sBeginDate")?, day("sEndDate")?);
    let months = match (begin, end) {
        (None, Some(_)) => return Err(ParamError::new("sBeginDate", "missing beside sEndDate")),
        (None, None) if is_history => return Err(ParamError::new("sBeginDate", "missing")),
        (Some(begin), Some(end)) => {
            let months = months_between(begin, end) + 1;
            if months < 1 {
                return Err(ParamError::new("sEndDate", "is before sBeginDate"));
            }
            Some(months)
        }
        (_, None) => None,
    };
    Ok(Arc::new(Month { format, begin, months, keeps_negative: is_history }))
}

fn months_between(from: Date, to: Date) -> i64 {
    // Java's years before Christ count on from 1 again: the year 0 is the first of them.
    let year = |date: Date| if date.year > 0 { date.year } else { 1 - date.year };
    12 * (year(to) - year(from)) + to.month - from.month
}

impl Compute for Month {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let text = key.input.need_text()?;
        let parsed = self.format.parse(&text).ok_or_else(|| format!("\"{}\" does not fit dateFormat", &*text))?;
        let day = parsed.day();
        let Some(begin) = self.begin else { return Ok(Outcome::Number(day.month - 1)) };
        let index = months_between(begin, day);
        let number = match self.months {
            Some(months) if index < 0 => (months - (-index % months)) % months,
            Some(months) => index % months,
            None if self.keeps_negative => index,
            None => index.max(0),
        };
        Ok(Outcome::Number(number))
    }

    fn buckets(&self) -> Buckets {
        match (self.begin, self.months) {
            (None, _) => Buckets::Count(12),
            (Some(_), Some(months)) => Buckets::Count(months as usize),
            (Some(_), None) => Buckets::Any,
        }
    }

    fn takes(&self) -> Takes {
        Takes::Times
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::super::compute::Input;
    use super::super::params::Param;
    use super::super::{Named, registry};
    use super::*;

    /// What Java's Calendar.YEAR comes to.
    #[test]
    fn years_before_christ_are_counted_without_a_sign() {
        let cases = [
            ("mycat-month", "2015-01-01", "", "-2015-01-01", 12),
            ("mycat-month", "2015-01-01", "", "-2020-01-05", 72),
            ("mycat-month", "2014-11-15", "2015-03-01", "-2015-01-01", 4),
            ("mycat-month-and-history", "2015-01-01", "", "-2014-1-6", 0),
            ("mycat-month-and-history", "0001-01-01", "", "0000-02-01", 1),
        ];
        for (kind, begin, end, key, wanted) in cases {
            let params = [("sBeginDate", begin), ("sEndDate", end)]
                .map(|(name, value)| (name.to_owned(), Param::Text(value.to_owned())));
            let named = Named::read(registry::named(kind).unwrap(), params.into()).0.unwrap();
            let given = named.compute().compute(&Given::new(Input::Text(key)));
            assert_eq!(given, Ok(Outcome::Number(wanted)), "{kind} {key}");
        }
    }
}
