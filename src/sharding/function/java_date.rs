//! Java's `SimpleDateFormat`, lenient as it is: text behind the date is ignored, fields out of range count on, a date
//! before 1582 is one of the Julian calendar.

use jiff::tz::TimeZone;

use super::calendar::{self, DAY_MS, Date};
use super::java;
use super::params::{ParamError, Reader};

/// A pattern of digits and signs: `yyyy-MM-dd HH:mm:ss`.
#[derive(Debug, Clone)]
pub(super) struct DateFormat {
    parts: Vec<Part>,
    zone: TimeZone,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Field(Field, usize),
    Sign(char),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Field {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
}

/// A date and time as it was written: what is left out is that of 1970-01-01.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parsed {
    date: Date,
    time_ms: i64,
}

impl Parsed {
    /// The day that the fields come to.
    pub(super) fn day(&self) -> Date {
        Date::of_java_days(self.date.java_days() + self.time_ms.div_euclid(DAY_MS))
    }

    fn wall_ms(&self) -> i64 {
        self.date.java_days() * DAY_MS + self.time_ms
    }
}

impl DateFormat {
    /// The pattern of a parameter, or this one.
    pub(super) fn read(params: &Reader<'_>, key: &'static str, default: &str) -> Result<Self, ParamError> {
        let pattern = params.text(key)?.unwrap_or(default);
        let zone = calendar::read_zone(params)?;
        Self::parse_pattern(pattern, zone).ok_or_else(|| {
            let message =
                format!("\"{pattern}\" should be a pattern of yyyy, MM, dd, HH, mm, ss and SSS, with signs between");
            ParamError::new(key, message)
        })
    }

    fn parse_pattern(pattern: &str, zone: TimeZone) -> Option<Self> {
        let mut parts: Vec<Part> = Vec::new();
        for character in pattern.chars() {
            let field = match character {
                'y' => Field::Year,
                'M' => Field::Month,
                'd' => Field::Day,
                'H' => Field::Hour,
                'm' => Field::Minute,
                's' => Field::Second,
                'S' => Field::Millisecond,
                letter if letter.is_ascii_alphabetic() || letter == '\'' => return None,
                sign => {
                    parts.push(Part::Sign(sign));
                    continue;
                }
            };
            match parts.last_mut() {
                Some(Part::Field(last, count)) if *last == field => *count += 1,
                _ => parts.push(Part::Field(field, 1)),
            }
        }
        // MMM is a name, and yy a year of this century or the last.
        let is_known = |part: &Part| !matches!(part, Part::Field(Field::Month, 3..) | Part::Field(Field::Year, ..=2));
        (!parts.is_empty() && parts.iter().all(is_known)).then_some(Self { parts, zone })
    }

    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The date that a text begins with; `None` if it does not.
    pub(super) fn parse(&self, text: &str) -> Option<Parsed> {
        let text: Vec<char> = text.chars().collect();
        let mut at = 0;
        let mut parsed = Parsed { date: Date { year: 1970, month: 1, day: 1 }, time_ms: 0 };
        for (index, part) in self.parts.iter().enumerate() {
            let (field, count) = match *part {
                Part::Sign(sign) => {
                    if *text.get(at)? != sign {
                        return None;
                    }
                    at += 1;
                    continue;
                }
                Part::Field(field, count) => (field, count),
            };
            // Fields that follow each other without a sign have as many characters as the pattern has letters.
            let is_bounded = matches!(self.parts.get(index + 1), Some(Part::Field(..)));
            let end = if is_bounded { Some(at + count).filter(|end| *end <= text.len())? } else { text.len() };
            let (value, next) = number(&text[..end], at)?;
            at = next;
            let value = i64::from(value);
            match field {
                Field::Year => parsed.date.year = value,
                Field::Month => parsed.date.month = value,
                Field::Day => parsed.date.day = value,
                Field::Hour => parsed.time_ms += value * 3_600_000,
                Field::Minute => parsed.time_ms += value * 60_000,
                Field::Second => parsed.time_ms += value * 1000,
                Field::Millisecond => parsed.time_ms += value,
            }
        }
        Some(parsed)
    }

    /// Milliseconds since 1970.
    pub(super) fn epoch_ms(&self, text: &str) -> Option<i64> {
        Some(calendar::java_epoch_ms(self.parse(text)?.wall_ms(), &self.zone))
    }

    /// The moment of a parameter.
    pub(super) fn read_ms(&self, key: &'static str, text: &str) -> Result<i64, ParamError> {
        self.epoch_ms(text).ok_or_else(|| ParamError::new(key, format!("\"{text}\" does not fit dateFormat")))
    }
}

/// Blanks, a minus or none, digits: the number's lowest 32 bits, and where it ends.
fn number(text: &[char], from: usize) -> Option<(i32, usize)> {
    let start = from + text.get(from..)?.iter().take_while(|character| matches!(character, ' ' | '\t')).count();
    let digits_from = start + usize::from(text.get(start) == Some(&'-'));
    let digits = text.get(digits_from..)?.iter().take_while(|digit| java::digit(**digit).is_some()).count();
    let end = digits_from + digits;
    let value = java::Integer::parse(&text[start..end].iter().collect::<String>())?;
    Some((value.low_bits() as i32, end))
}
