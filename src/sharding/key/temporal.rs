//! Keys that are dates, or dates with times. Their canonical form is MySQL's own text: `2015-01-05`,
//! `2015-01-05 10:00:00`; so it sorts as they do. Only what every server reads alike is known: four digits of the year, two
//! of all else, a day that exists.

use crate::sharding::collation::KeyBytes;
use crate::value::Value;

use super::{Canonical, Key};

/// Characters of a date.
const DATE: usize = 10;
/// Characters of a date with time.
const DATE_TIME: usize = 19;

/// A date beside a column of dates. With a time both would be compared as times.
pub(super) fn date(value: &Value<'_>) -> Canonical {
    let text = match value {
        // Only a bound moment is certainly compared as one: midnight equals its date.
        Value::Temporal(text) => Some(text.strip_suffix(b" 00:00:00").unwrap_or(text)),
        _ => ascii(value),
    };
    let text = text.filter(|text| text.len() == DATE && is_date(text));
    text.map_or(Canonical::Unknown, |text| Canonical::Key(Key::Bytes(KeyBytes::from_slice(text))))
}

/// The date that a column of dates stores: a time is cut off.
pub(super) fn stored_date(value: &Value<'_>) -> Canonical {
    match stored_date_time(value) {
        Canonical::Key(Key::Bytes(bytes)) => Canonical::Key(Key::Bytes(KeyBytes::from_slice(&bytes[..DATE]))),
        other => other,
    }
}

/// What a column of dates with times stores. A date of zeros is stored as it is, or refused; what it is compared with is the
/// servers' to say, which refuse it or not.
pub(super) fn stored_date_time(value: &Value<'_>) -> Canonical {
    const ZEROS: &[u8] = b"0000-00-00 00:00:00";
    match ascii(value) {
        Some(text) if text == ZEROS || text == &ZEROS[..DATE] => {
            Canonical::Key(Key::Bytes(KeyBytes::from_slice(ZEROS)))
        }
        _ => date_time(value),
    }
}

/// A time beside a column of times, and what the column stores for it: `10:00:00`, up to 838 hours either way.
pub(super) fn time(value: &Value<'_>) -> Canonical {
    let Value::Text { bytes, .. } = value else { return Canonical::Unknown };
    let whole = match bytes.iter().position(|byte| *byte == b'.') {
        Some(point) if bytes.len() <= point + 7 && bytes[point + 1..].iter().all(|digit| *digit == b'0') => {
            &bytes[..point]
        }
        Some(_) => return Canonical::Unknown,
        None => bytes,
    };
    let unsigned = whole.strip_prefix(b"-").unwrap_or(whole);
    let hours = match unsigned.len() {
        8 => number(&unsigned[..2]),
        9 => number(&unsigned[..3]).filter(|hours| (100..=838).contains(hours)),
        _ => None,
    };
    let is_rest = |rest: &[u8]| {
        let parts = (number(&rest[1..3]), number(&rest[4..]));
        (rest[0], rest[3]) == (b':', b':') && matches!(parts, (Some(0..=59), Some(0..=59)))
    };
    if hours.is_none() || !is_rest(&unsigned[unsigned.len() - 6..]) {
        return Canonical::Unknown;
    }
    // There is no negative zero.
    let key = if unsigned == b"00:00:00" { unsigned } else { whole };
    Canonical::Key(Key::Bytes(KeyBytes::from_slice(key)))
}

/// A date with time, or a date, beside a column of dates with times.
pub(super) fn date_time(value: &Value<'_>) -> Canonical {
    let Some(text) = ascii(value) else { return Canonical::Unknown };
    // A fraction is rounded, unless the column keeps it.
    let (whole, fraction) = match text.iter().position(|byte| *byte == b'.') {
        Some(point) => (&text[..point], &text[point + 1..]),
        None => (text, &text[..0]),
    };
    if fraction.iter().any(|digit| *digit != b'0') || fraction.len() > 6 {
        return Canonical::Unknown;
    }
    let mut bytes = KeyBytes::from_slice(whole);
    match whole.len() {
        DATE if whole.len() == text.len() && is_date(whole) => bytes.extend_from_slice(b" 00:00:00"),
        DATE_TIME if is_date(&whole[..DATE]) && is_time(&whole[DATE..]) => {}
        _ => return Canonical::Unknown,
    }
    Canonical::Key(Key::Bytes(bytes))
}

fn ascii<'v>(value: &'v Value<'_>) -> Option<&'v [u8]> {
    match value {
        Value::Text { bytes, .. } if bytes.is_ascii() => Some(bytes),
        Value::Temporal(bytes) => Some(bytes),
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u32::from(digit - b'0')))
}

fn is_date(text: &[u8]) -> bool {
    let parts = (number(&text[..4]), number(&text[5..7]), number(&text[8..]));
    let (Some(year), Some(month), Some(day)) = parts else { return false };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };
    text[4] == b'-' && text[7] == b'-' && year > 0 && (1..=days).contains(&day)
}

/// ` 10:00:00`
fn is_time(text: &[u8]) -> bool {
    let parts = (number(&text[1..3]), number(&text[4..6]), number(&text[7..]));
    let signs = (text[0], text[3], text[6]) == (b' ', b':', b':');
    signs && matches!(parts, (Some(0..=23), Some(0..=59), Some(0..=59)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Charset;

    fn text(text: &str) -> Value<'_> {
        Value::Text { bytes: text.as_bytes().into(), charset: Charset::Utf8 }
    }

    fn shown(canonical: Canonical) -> String {
        match canonical {
            Canonical::Key(Key::Bytes(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn only_what_every_server_reads_alike_is_known() {
        // Written, compared with a DATE, stored in a DATE, compared with and stored in a DATETIME.
        let cases = [
            ("2015-01-05", "2015-01-05", "2015-01-05", "2015-01-05 00:00:00"),
            ("2016-02-29", "2016-02-29", "2016-02-29", "2016-02-29 00:00:00"),
            ("2015-02-29", "Unknown", "Unknown", "Unknown"),
            ("0000-00-00", "Unknown", "0000-00-00", "0000-00-00 00:00:00"),
            ("0000-00-00 00:00:00", "Unknown", "0000-00-00", "0000-00-00 00:00:00"),
            ("2015-00-05", "Unknown", "Unknown", "Unknown"),
            ("2015-1-5", "Unknown", "Unknown", "Unknown"),
            ("20150105", "Unknown", "Unknown", "Unknown"),
            ("2015-01-05 10:20:30", "Unknown", "2015-01-05", "2015-01-05 10:20:30"),
            ("2015-01-05 10:20:30.000", "Unknown", "2015-01-05", "2015-01-05 10:20:30"),
            ("2015-01-05 10:20:30.5", "Unknown", "Unknown", "Unknown"),
            ("2015-01-05 24:00:00", "Unknown", "Unknown", "Unknown"),
            ("2015-01-05.0", "Unknown", "Unknown", "Unknown"),
            ("", "Unknown", "Unknown", "Unknown"),
        ];
        for (written, compared, stored, with_time) in cases {
            assert_eq!(shown(date(&text(written))), compared, "{written}");
            assert_eq!(shown(stored_date(&text(written))), stored, "{written}");
            assert_eq!(shown(stored_date_time(&text(written))), with_time, "{written}");
        }
        assert_eq!(date_time(&text("0000-00-00")), Canonical::Unknown);
        assert_eq!(date(&Value::Int(20_150_105)), Canonical::Unknown);
        let bound = |text: &'static str| Value::Temporal(text.as_bytes().into());
        assert_eq!(shown(date(&bound("2015-01-05 00:00:00"))), "2015-01-05");
        assert_eq!(date(&bound("2015-01-05 00:00:01")), Canonical::Unknown);
        assert_eq!(shown(date_time(&bound("2015-01-05 10:20:30.000000"))), "2015-01-05 10:20:30");
        assert_eq!(shown(stored_date(&bound("2015-01-05 10:20:30"))), "2015-01-05");
    }

    #[test]
    fn times_go_beyond_a_day() {
        let known = [
            ("10:20:30", "10:20:30"),
            ("-10:20:30.000", "-10:20:30"),
            ("838:59:59", "838:59:59"),
            ("-00:00:00", "00:00:00"),
        ];
        for (written, wanted) in known {
            assert_eq!(shown(time(&text(written))), wanted, "{written}");
        }
        for written in
            ["", "10:20", "102030", "1:2:3", "10:60:00", "10:20:30.5", "839:00:00", "010:00:00", "2024-01-01 10:20:30"]
        {
            assert_eq!(time(&text(written)), Canonical::Unknown, "{written}");
        }
    }
}
