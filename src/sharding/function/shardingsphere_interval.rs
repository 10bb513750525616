//! `shardingsphere-interval`: windows of time from a lower bound on; each window's start, formatted, names its table.

use std::collections::HashSet;
use std::sync::Arc;

use super::calendar::Date;
use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::params::{ParamError, Reader};
use super::registry::Built;
use super::shardingsphere_auto_interval::day_in_month;

#[derive(Debug)]
struct Interval {
    pattern: Pattern,
    /// The starts of the windows as seconds since 1970, and the end of the last; each with its table's suffix.
    starts: Vec<(i64, String)>,
    end: i64,
    /// The suffixes, in the order of their first windows. A bucket is an index into it.
    suffixes: Vec<String>,
}

/// The most windows that there may be.
const MOST_WINDOWS: usize = 65_536;

pub(super) fn read(params: &Reader<'_>) -> Built {
    let pattern = Pattern::read(params, "datetime-pattern")?;
    let suffix = Pattern::read(params, "sharding-suffix-pattern")?;
    let bound = |key: &'static str| -> Result<Moment, ParamError> {
        let text = params.required(key)?;
        pattern.parse(text).ok_or_else(|| ParamError::new(key, format!("\"{text}\" does not fit datetime-pattern")))
    };
    let (lower, upper) = (bound("datetime-lower")?, bound("datetime-upper")?);
    let amount = params.integer("datetime-interval-amount")?.unwrap_or(1);
    let unit = params.choice(
        "datetime-interval-unit",
        &[
            ("DAYS", Unit::Days(1)),
            ("SECONDS", Unit::Seconds(1)),
            ("MINUTES", Unit::Seconds(60)),
            ("HOURS", Unit::Seconds(3600)),
            ("WEEKS", Unit::Days(7)),
            ("MONTHS", Unit::Months(1)),
            ("YEARS", Unit::Months(12)),
            ("DECADES", Unit::Months(120)),
        ],
    )?;
    if amount < 1 {
        return Err(ParamError::new("datetime-interval-amount", format!("{amount} should be at least 1")));
    }
    if !pattern.has(Field::Hour) && matches!(unit, Unit::Seconds(_)) {
        return Err(ParamError::new("datetime-interval-unit", "is finer than datetime-pattern"));
    }
    let mut starts = Vec::new();
    let mut start = lower;
    while start.seconds() <= upper.seconds() {
        if starts.len() == MOST_WINDOWS {
            return Err(ParamError::new("datetime-upper", format!("there are more than {MOST_WINDOWS} windows")));
        }
        starts.push((start.seconds(), suffix.format(start)));
        start = unit.after(start, amount);
    }
    let mut seen = HashSet::new();
    let suffixes = starts.iter().map(|(_, suffix)| suffix).filter(|suffix| seen.insert(*suffix)).cloned().collect();
    Ok(Arc::new(Interval { pattern, starts, end: start.seconds(), suffixes }))
}

/// A date and time; what a pattern lacks is the first of its kind.
#[derive(Debug, Clone, Copy)]
struct Moment {
    date: Date,
    /// Seconds of the day.
    time: i64,
}

#[derive(Debug, Clone, Copy)]
enum Unit {
    Seconds(i64),
    Days(i64),
    Months(i64),
}

impl Moment {
    fn seconds(self) -> i64 {
        self.date.gregorian_days() * 86_400 + self.time
    }

    fn of_seconds(seconds: i64) -> Self {
        Self { date: Date::of_gregorian_days(seconds.div_euclid(86_400)), time: seconds.rem_euclid(86_400) }
    }
}

impl Unit {
    fn after(self, moment: Moment, amount: i64) -> Moment {
        match self {
            Self::Seconds(seconds) => Moment::of_seconds(moment.seconds() + seconds * amount),
            Self::Days(days) => Moment::of_seconds(moment.seconds() + days * amount * 86_400),
            Self::Months(months) => {
                let month = moment.date.month - 1 + months * amount;
                let (year, month) = (moment.date.year + month.div_euclid(12), month.rem_euclid(12) + 1);
                let date = Date { year, month, ..moment.date };
                Moment { date: day_in_month(date).unwrap_or(date), ..moment }
            }
        }
    }
}

/// A pattern of `java.time`: each letter is a digit.
#[derive(Debug)]
struct Pattern {
    text: String,
    parts: Vec<(Field, usize)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Field {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Fraction,
    Sign(char),
}

impl Pattern {
    fn read(params: &Reader<'_>, key: &'static str) -> Result<Self, ParamError> {
        let text = params.required(key)?;
        Self::of(text).ok_or_else(|| {
            ParamError::new(key, format!("\"{text}\" should be made of yyyy, MM, dd, HH, mm, ss, SSS and signs"))
        })
    }

    fn of(text: &str) -> Option<Self> {
        let mut parts: Vec<(Field, usize)> = Vec::new();
        for letter in text.chars() {
            let field = match letter {
                'y' | 'u' => Field::Year,
                'M' => Field::Month,
                'd' => Field::Day,
                'H' => Field::Hour,
                'm' => Field::Minute,
                's' => Field::Second,
                'S' => Field::Fraction,
                letter if letter.is_ascii_alphabetic() => return None,
                sign => Field::Sign(sign),
            };
            match parts.last_mut() {
                Some((last, count)) if *last == field && !matches!(field, Field::Sign(_)) => *count += 1,
                _ => parts.push((field, 1)),
            }
        }
        let is_known = |(field, count): &(Field, usize)| match field {
            Field::Year => *count == 4,
            Field::Fraction => (1..=9).contains(count),
            Field::Sign(_) => true,
            _ => *count == 2,
        };
        parts.iter().all(is_known).then(|| Self { text: text.to_owned(), parts })
    }

    fn has(&self, field: Field) -> bool {
        self.parts.iter().any(|(other, _)| *other == field)
    }

    /// The moment that is all of the text.
    fn parse(&self, text: &str) -> Option<Moment> {
        let mut rest = text;
        let mut date = Date { year: 1970, month: 1, day: 1 };
        let mut time = [0_i64; 3];
        for (field, count) in &self.parts {
            if let Field::Sign(sign) = field {
                rest = rest.strip_prefix(*sign)?;
                continue;
            }
            let (digits, after) = rest.split_at_checked(*count)?;
            rest = after;
            let value = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()?;
            match field {
                Field::Year => date.year = value,
                Field::Month => date.month = value,
                Field::Day => date.day = value,
                Field::Hour => time[0] = value,
                Field::Minute => time[1] = value,
                Field::Second => time[2] = value,
                Field::Fraction | Field::Sign(_) => {}
            }
        }
        let [hour, minute, second] = time;
        let is_time = hour < 24 && minute < 60 && second < 60 || time == [24, 0, 0];
        let is_year = date.year > 0 || !self.has(Field::Year);
        let date = day_in_month(date).filter(|_| rest.is_empty() && is_time && is_year)?;
        let moment = Moment { date, time: hour * 3600 + minute * 60 + second };
        Some(Moment::of_seconds(moment.seconds()))
    }

    fn format(&self, moment: Moment) -> String {
        let time = moment.time;
        self.parts
            .iter()
            .map(|(field, count)| match field {
                Field::Year => format!("{:04}", moment.date.year),
                Field::Month => format!("{:02}", moment.date.month),
                Field::Day => format!("{:02}", moment.date.day),
                Field::Hour => format!("{:02}", time / 3600),
                Field::Minute => format!("{:02}", time / 60 % 60),
                Field::Second => format!("{:02}", time % 60),
                Field::Fraction => "0".repeat(*count),
                Field::Sign(sign) => sign.to_string(),
            })
            .collect()
    }
}

impl Interval {
    fn moment(&self, key: &Given<'_>) -> Result<i64, Refused> {
        let fail = || Refused::from("the key does not fit datetime-pattern");
        let has_time = self.pattern.has(Field::Hour);
        let text = match (key.input, key.kind) {
            (Input::Text(text), "LocalDateTime") => text.replacen('T', " ", 1),
            (Input::Text(_), "Date" | "LocalDate") if has_time => return Err(fail()),
            (Input::Text(text), "Timestamp" | "Date" | "LocalDate") => text.to_owned(),
            (input, _) => return self.moment_of_text(&input.need_text()?).ok_or_else(fail),
        };
        // A value with a type of its own is brought into the pattern's form.
        let (date, time) = text.split_once(' ').unwrap_or((&text, "00:00:00"));
        let time = time.split('.').next().unwrap_or_default();
        let time = if time.len() == 5 { format!("{time}:00") } else { time.to_owned() };
        let full = Pattern::of("yyyy-MM-dd HH:mm:ss").ok_or_else(fail)?;
        let moment = full.parse(&format!("{date} {time}")).ok_or_else(fail)?;
        self.moment_of_text(&self.pattern.format(moment)).ok_or_else(fail)
    }

    /// A longer text is cut to the pattern's length. A shorter one is read by as much of the pattern, which must make a
    /// whole date, and an hour if there are times.
    fn moment_of_text(&self, text: &str) -> Option<i64> {
        let units = self.pattern.text.chars().count();
        let cut: String = text.chars().take(units).collect();
        let length = cut.chars().count();
        if length == units {
            return Some(self.pattern.parse(&cut)?.seconds());
        }
        let pattern = Pattern::of(&self.pattern.text.chars().take(length).collect::<String>())?;
        let needed = [Field::Year, Field::Month, Field::Day, Field::Hour];
        let has_all = needed.into_iter().filter(|field| self.pattern.has(*field)).all(|field| pattern.has(field));
        Some(pattern.parse(&cut).filter(|_| has_all)?.seconds())
    }

    /// The suffix of the window that has this moment.
    fn suffix(&self, moment: i64) -> Option<&str> {
        let after = self.starts.partition_point(|(start, _)| *start <= moment);
        let (_, suffix) = self.starts.get(after.checked_sub(1)?).filter(|_| moment < self.end)?;
        Some(suffix)
    }

    fn bucket_at(&self, moment: i64) -> Option<usize> {
        let suffix = self.suffix(moment)?;
        self.suffixes.iter().position(|known| known == suffix)
    }
}

fn outside() -> Refused {
    "the key is in no window that has a table".into()
}

impl Compute for Interval {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let bucket = self.bucket(key)?;
        Ok(Outcome::Name(format!("t_{}", self.suffixes[bucket])))
    }

    fn bucket(&self, key: &Given<'_>) -> Result<usize, Refused> {
        self.bucket_at(self.moment(key)?).ok_or_else(outside)
    }

    fn buckets(&self) -> Buckets {
        Buckets::Count(self.suffixes.len())
    }

    fn takes(&self) -> Takes {
        Takes::Times
    }

    fn range(&self, low: Option<Input<'_>>, high: Option<Input<'_>>, _: usize) -> Option<Vec<usize>> {
        let moment = |end: Input<'_>| self.moment(&Given::new(end)).ok();
        let low = low.map_or(Some(i64::MIN), moment)?;
        let high = high.map_or(Some(i64::MAX), moment)?;
        let ends = self.starts.iter().skip(1).map(|(start, _)| *start).chain([self.end]);
        let met = self.starts.iter().zip(ends).filter(|((start, _), end)| *start <= high && low < *end);
        Some(met.filter_map(|((start, _), _)| self.bucket_at(*start)).collect())
    }

    fn keeps_order(&self) -> bool {
        true
    }

    fn label(&self, bucket: usize) -> Option<String> {
        self.suffixes.get(bucket).cloned()
    }
}
