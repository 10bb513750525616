//! Keys of DECIMAL, YEAR and BIT columns. A decimal's canonical form has as many digits behind the point as its column, and
//! without any it is that of an integer. Years and bits are integers; what a year of one or two digits is compared with is left
//! to the servers, which differ.

use crate::sharding::collation::KeyBytes;
use crate::value::number::{Integral, Number};
use crate::value::{Charset, Value};

use super::{Canonical, Digits, IntegerRange, Key, leading_number};

/// Decimal digits that a double keeps, whatever they are.
const EXACT_IN_DOUBLES: usize = 15;
/// Years that a column holds, beside 0.
const YEARS: std::ops::RangeInclusive<i128> = 1901..=2155;

/// A value beside a DECIMAL column. Exact numbers are compared as such, texts and doubles as doubles. A number with more digits
/// behind the point than the column equals none, yet is rounded where the server looks by an index.
pub(super) fn compared_decimal(digits: Digits, value: &Value<'_>) -> Canonical {
    let is_narrow = digits.precision.is_some_and(|precision| usize::from(precision) <= EXACT_IN_DOUBLES);
    let exact = match value {
        Value::Int(_) | Value::UInt(_) | Value::Decimal(_) => exact(digits, value),
        Value::Text { .. } | Value::Binary(_) | Value::Double(_) if is_narrow => of_few_digits(digits, value),
        _ => None,
    };
    match exact {
        Some(Integral::Exact(unscaled)) => key(digits, unscaled),
        Some(Integral::Fractional(_) | Integral::TooLarge) | None => Canonical::Unknown,
    }
}

/// What a DECIMAL column stores: rounded, halves away from zero.
pub(super) fn stored_decimal(digits: Digits, value: &Value<'_>) -> Canonical {
    let found = match value {
        Value::Text { bytes, charset } => of_text(digits, bytes, *charset),
        Value::Binary(bytes) => of_text(digits, bytes, Charset::Binary),
        Value::Double(_) => of_few_digits(digits, value),
        _ => exact(digits, value),
    };
    match found {
        Some(Integral::Exact(unscaled) | Integral::Fractional(unscaled)) => key(digits, unscaled),
        Some(Integral::TooLarge) | None => Canonical::Unknown,
    }
}

/// The number in units of the column's last digit.
fn exact(digits: Digits, value: &Value<'_>) -> Option<Integral> {
    /// A server's decimals keep at least so many digits behind the point, before they are rounded.
    const KEPT: usize = 30;
    let text = match value {
        Value::Int(integer) => integer.to_string().into_bytes().into(),
        Value::UInt(integer) => integer.to_string().into_bytes().into(),
        Value::Decimal(text) => text.clone(),
        _ => return None,
    };
    let number = Number::decimal(&text).filter(|number| number.fraction_digits() <= KEPT)?;
    Some(number.times_ten_to(digits.scale).integral())
}

/// The same of a text without a power of ten.
fn of_text(digits: Digits, bytes: &[u8], charset: Charset) -> Option<Integral> {
    let number = leading_number(bytes, charset).filter(|number| number.exponent().is_none())?;
    Some(number.times_ten_to(digits.scale).integral())
}

/// The same of a text or double that stands for one decimal only.
fn of_few_digits(digits: Digits, value: &Value<'_>) -> Option<Integral> {
    let written;
    let (bytes, charset): (&[u8], _) = match value {
        Value::Text { bytes, charset } => (bytes, *charset),
        Value::Binary(bytes) => (bytes, Charset::Binary),
        Value::Double(double) if double.is_finite() => {
            written = double.to_string();
            (written.as_bytes(), Charset::Ascii)
        }
        _ => return None,
    };
    let is_short = leading_number(bytes, charset).is_some_and(|number| number.digits() <= EXACT_IN_DOUBLES);
    is_short.then(|| of_text(digits, bytes, charset)).flatten()
}

fn key(digits: Digits, unscaled: i128) -> Canonical {
    let magnitude = unscaled.unsigned_abs().to_string();
    if digits.precision.is_some_and(|precision| magnitude.len() > usize::from(precision)) {
        return Canonical::Unknown;
    }
    if digits.scale == 0 && IntegerRange::ANY.contains(unscaled) {
        return Canonical::Key(Key::Integer(unscaled));
    }
    let scale = usize::from(digits.scale);
    let padded = format!("{magnitude:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    let point = if scale == 0 { "" } else { "." };
    Canonical::Key(Key::Decimal(KeyBytes::from_slice(format!("{sign}{whole}{point}{fraction}").as_bytes())))
}

/// A year of four digits.
pub(super) fn compared_year(value: &Value<'_>) -> Canonical {
    let year = match value {
        Value::Int(year) => Some(i128::from(*year)),
        Value::Text { bytes, .. } if bytes.len() == 4 => ascii_number(bytes),
        _ => None,
    };
    year.filter(|year| YEARS.contains(year)).map_or(Canonical::Unknown, |year| Canonical::Key(Key::Integer(year)))
}

/// What a YEAR column stores: of one or two digits a year from 1970 to 2069. Only as a number 0 is no year.
pub(super) fn stored_year(value: &Value<'_>) -> Canonical {
    let short = |year: i128| if year < 70 { 2000 + year } else { 1900 + year };
    let year = match value {
        Value::Int(0) => Some(0),
        Value::Int(year @ 1..=99) => Some(short(i128::from(*year))),
        Value::Text { bytes, .. } if (1..=2).contains(&bytes.len()) => ascii_number(bytes).map(short),
        _ => return compared_year(value),
    };
    year.map_or(Canonical::Unknown, |year| Canonical::Key(Key::Integer(year)))
}

fn ascii_number(digits: &[u8]) -> Option<i128> {
    digits.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i128::from(digit - b'0')))
}

/// A number beside bits, which count as one.
pub(super) fn compared_bits(value: &Value<'_>) -> Canonical {
    match value {
        Value::Int(number @ 0..) => Canonical::Key(Key::Integer(i128::from(*number))),
        Value::UInt(number) => Canonical::Key(Key::Integer(i128::from(*number))),
        _ => Canonical::Unknown,
    }
}

/// What a column of so many bits stores: of a byte string its bytes.
pub(super) fn stored_bits(width: u8, value: &Value<'_>) -> Canonical {
    let bits = match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::UInt(number) => Some(*number),
        Value::Binary(bytes) if bytes.len() <= 8 => {
            Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
        }
        _ => None,
    };
    let fitting = bits.filter(|bits| u32::from(width) >= u64::BITS - bits.leading_zeros());
    fitting.map_or(Canonical::Unknown, |bits| Canonical::Key(Key::Integer(i128::from(bits))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value<'_> {
        Value::Text { bytes: text.as_bytes().into(), charset: Charset::Utf8 }
    }

    fn decimal(text: &str) -> Value<'_> {
        Value::Decimal(text.as_bytes().into())
    }

    fn shown(canonical: Canonical) -> String {
        match canonical {
            Canonical::Key(Key::Decimal(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            Canonical::Key(Key::Integer(key)) => format!("integer {key}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn decimals_have_the_digits_of_their_column() {
        let money = Digits { scale: 2, precision: Some(10) };
        // Value, compared, stored.
        let cases = [
            (Value::Int(42), "42.00", "42.00"),
            (decimal("42.5"), "42.50", "42.50"),
            (decimal("-0.05"), "-0.05", "-0.05"),
            (decimal("-0.00"), "0.00", "0.00"),
            (decimal("0042.500"), "42.50", "42.50"),
            // By an index 1.01 may be found for it.
            (decimal("1.005"), "Unknown", "1.01"),
            (decimal("-1.005"), "Unknown", "-1.01"),
            (decimal("100000000"), "Unknown", "Unknown"),
            (text("42.5"), "42.50", "42.50"),
            (text(" 42.5x"), "42.50", "42.50"),
            (text("4.25e1"), "Unknown", "Unknown"),
            (text("1.005"), "Unknown", "1.01"),
            (text("0.0000000000000001"), "Unknown", "0.00"),
            (text("x"), "0.00", "0.00"),
            (Value::Double(0.1), "0.10", "0.10"),
            (Value::Double(0.1 + 0.2), "Unknown", "Unknown"),
            (Value::Double(f64::NAN), "Unknown", "Unknown"),
        ];
        for (value, compared, stored) in cases {
            assert_eq!(shown(compared_decimal(money, &value)), compared, "compared: {value:?}");
            assert_eq!(shown(stored_decimal(money, &value)), stored, "stored: {value:?}");
        }
        let wide = Digits { scale: 0, precision: Some(30) };
        assert_eq!(shown(compared_decimal(wide, &decimal("7.0"))), "integer 7");
        assert_eq!(shown(stored_decimal(wide, &decimal("18446744073709551616"))), "18446744073709551616");
        // Several of its numbers are one double.
        assert_eq!(compared_decimal(wide, &text("7")), Canonical::Unknown);
    }

    #[test]
    fn years_of_two_digits_are_stored_and_not_compared() {
        let cases = [
            (Value::Int(2024), "integer 2024", "integer 2024"),
            (Value::Int(69), "Unknown", "integer 2069"),
            (Value::Int(70), "Unknown", "integer 1970"),
            (Value::Int(0), "Unknown", "integer 0"),
            (Value::Int(1900), "Unknown", "Unknown"),
            (Value::Int(-1), "Unknown", "Unknown"),
            (text("2024"), "integer 2024", "integer 2024"),
            (text("0"), "Unknown", "integer 2000"),
            (text("99"), "Unknown", "integer 1999"),
            (text("0000"), "Unknown", "Unknown"),
            (text("x1"), "Unknown", "Unknown"),
            (decimal("2024.0"), "Unknown", "Unknown"),
        ];
        for (value, compared, stored) in cases {
            assert_eq!(shown(compared_year(&value)), compared, "compared: {value:?}");
            assert_eq!(shown(stored_year(&value)), stored, "stored: {value:?}");
        }
    }

    #[test]
    fn bits_are_numbers() {
        assert_eq!(shown(stored_bits(3, &Value::Int(7))), "integer 7");
        assert_eq!(stored_bits(3, &Value::Int(8)), Canonical::Unknown);
        assert_eq!(stored_bits(3, &Value::Int(-1)), Canonical::Unknown);
        assert_eq!(shown(stored_bits(64, &Value::UInt(u64::MAX))), format!("integer {}", u64::MAX));
        assert_eq!(shown(stored_bits(16, &Value::Binary(b"\x01\x02"[..].into()))), "integer 258");
        assert_eq!(shown(compared_bits(&Value::Int(8))), "integer 8");
        // A text would be its bytes.
        assert_eq!(stored_bits(8, &text("7")), Canonical::Unknown);
    }
}
