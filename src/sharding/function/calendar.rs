//! Days and time zones as Java's calendars and Go's clock compute them. The time zones are those that the program was
//! built with: where a row lies must not depend on the machine.

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::params::{ParamError, Reader};

pub(super) const DAY_MS: i64 = 86_400_000;

/// A day of the calendar. Fields may be out of range before they are counted in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: i64,
    /// 1 to 12.
    pub(super) month: i64,
    pub(super) day: i64,
}

/// Days from 1970-01-01 to the first day of the Gregorian calendar, 1582-10-15.
const GREGORIAN_FROM: i64 = -141_427;

impl Date {
    /// Days since 1970-01-01 by the Gregorian calendar; months and days out of range count on.
    pub(super) fn gregorian_days(self) -> i64 {
        let (year, month) = self.in_range();
        let year_from_march = if month <= 2 { year - 1 } else { year };
        let era = year_from_march.div_euclid(400);
        let of_era = year_from_march.rem_euclid(400);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468 + self.day - 1
    }

    fn julian_days(self) -> i64 {
        let (year, month) = self.in_range();
        let year_from_march = if month <= 2 { year - 1 } else { year };
        let of_year = (153 * ((month + 9) % 12) + 2) / 5;
        year_from_march * 365 + year_from_march.div_euclid(4) + of_year - 719_470 + self.day - 1
    }

    /// Days as Java counts them: by the Julian calendar before 1582-10-15.
    pub(super) fn java_days(self) -> i64 {
        let gregorian = self.gregorian_days();
        if gregorian >= GREGORIAN_FROM { gregorian } else { self.julian_days() }
    }

    fn in_range(self) -> (i64, i64) {
        (self.year + (self.month - 1).div_euclid(12), (self.month - 1).rem_euclid(12) + 1)
    }

    pub(super) fn of_gregorian_days(days: i64) -> Self {
        let days = days + 719_468;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        Self::of_march_year(era * 400 + year_of_era, of_year)
    }

    /// The inverse of `java_days`.
    pub(super) fn of_java_days(days: i64) -> Self {
        if days >= GREGORIAN_FROM {
            return Self::of_gregorian_days(days);
        }
        let days = days + 719_470;
        let (era, of_era) = (days.div_euclid(1461), days.rem_euclid(1461));
        let year_of_era = (of_era - of_era / 1460) / 365;
        Self::of_march_year(era * 4 + year_of_era, of_era - 365 * year_of_era)
    }

    fn of_march_year(year: i64, of_year: i64) -> Self {
        let month_from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = (month_from_march + 2) % 12 + 1;
        Self { year: year + i64::from(month <= 2), month, day }
    }
}

/// The time zone that a parameter names; UTC without it.
pub(super) fn read_zone(params: &Reader<'_>) -> Result<TimeZone, ParamError> {
    let name = params.text("timezone")?.unwrap_or("UTC");
    jiff::tz::db().get(name).map_err(|_| {
        ParamError::new("timezone", format!("\"{name}\" is no time zone: give UTC or a name as in Asia/Shanghai"))
    })
}

/// Milliseconds since 1970 of a wall clock that shows so many milliseconds since 1970, as Java has it: of two such moments
/// the later; a time that a clock skips is as much after the skip.
pub(super) fn java_epoch_ms(wall_ms: i64, zone: &TimeZone) -> i64 {
    wall_ms - offset_by_wall(wall_ms, zone) * 1000
}

/// Milliseconds that a wall clock shows since 1970.
pub(super) fn java_wall_ms(epoch_ms: i64, zone: &TimeZone) -> i64 {
    let offset = match Timestamp::from_millisecond(epoch_ms) {
        Ok(moment) if epoch_ms >= JAVA_ZONES_FROM => i64::from(zone.to_offset(moment).seconds()),
        Ok(_) | Err(_) => standard_offset(zone),
    };
    epoch_ms + offset * 1000
}

/// Java knows no changes of clocks before 1900.
const JAVA_ZONES_FROM: i64 = -2_208_988_800_000;

fn offset_by_wall(wall_ms: i64, zone: &TimeZone) -> i64 {
    let civil = civil_of(wall_ms).filter(|_| wall_ms >= JAVA_ZONES_FROM);
    let Some(civil) = civil else { return standard_offset(zone) };
    let offset = match zone.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { before, .. } => before,
        AmbiguousOffset::Fold { after, .. } => after,
    };
    offset.seconds().into()
}

fn civil_of(wall_ms: i64) -> Option<civil::DateTime> {
    let moment = Timestamp::from_millisecond(wall_ms).ok()?;
    Some(TimeZone::UTC.to_datetime(moment))
}

/// The offset from UTC in seconds without daylight saving time, as it is today.
fn standard_offset(zone: &TimeZone) -> i64 {
    /// 2025-01-01 and 2025-07-01: summer somewhere, winter elsewhere.
    const TODAY: [i64; 2] = [1_735_689_600, 1_751_328_000];
    let offset = |second: i64| zone.to_offset(Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH));
    TODAY.map(|second| i64::from(offset(second).seconds())).into_iter().min().unwrap_or(0)
}
