//! Numbers in text, as MySQL reads them: the longest prefix that is a number, and what integer it is, exactly.

/// The number that a text starts with: sign, digits, and a power of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number<'a> {
    negative: bool,
    /// Digits before the point.
    whole: &'a [u8],
    /// Digits after the point.
    fraction: &'a [u8],
    exponent: Option<i32>,
}

/// A number as integers see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integral {
    /// It is this integer.
    Exact(i128),
    /// It is none; rounded to the nearest, halves away from zero, it is this one.
    Fractional(i128),
    /// It is, or may be, beyond 30 digits.
    TooLarge,
}

/// More digits than any integer column holds; computing stops there.
const MAX_DIGITS: i64 = 30;

impl<'a> Number<'a> {
    /// The number at the start of `text`, and the bytes behind it. No digits: 0, and all of `text` is left.
    pub fn prefix(text: &'a [u8]) -> (Self, &'a [u8]) {
        let (negative, unsigned) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        let (whole, rest) = digits(unsigned);
        let (fraction, rest) = match rest {
            [b'.', after @ ..] => digits(after),
            _ => (&rest[..0], rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return (Self { negative: false, whole, fraction, exponent: None }, text);
        }
        let (exponent, rest) = exponent(rest);
        (Self { negative, whole, fraction, exponent }, rest)
    }

    /// The number that is all of `text`, without an exponent.
    pub fn decimal(text: &'a [u8]) -> Option<Self> {
        let (number, rest) = Self::prefix(text);
        (rest.is_empty() && !text.is_empty() && number.exponent.is_none()).then_some(number)
    }

    /// Digits written before and after the point, without leading zeros of the whole part.
    pub fn digits(&self) -> usize {
        self.whole.iter().skip_while(|digit| **digit == b'0').count() + self.fraction.len()
    }

    /// Digits written after the point.
    pub fn fraction_digits(&self) -> usize {
        self.fraction.len()
    }

    /// The power of ten written after `e`; `None` if there is no such part.
    pub fn exponent(&self) -> Option<i32> {
        self.exponent
    }

    /// The number with its point moved to the right by so many places.
    pub fn times_ten_to(self, places: u8) -> Self {
        Self { exponent: Some(self.exponent.unwrap_or(0).saturating_add(i32::from(places))), ..self }
    }

    /// The integer that it is, or is near.
    pub fn integral(&self) -> Integral {
        let point = self.whole.len() as i64 + i64::from(self.exponent.unwrap_or(0));
        let mut value: i128 = 0;
        let mut rest = self.whole.iter().chain(self.fraction);
        for place in 0..point {
            let Some(digit) = rest.next() else {
                // Only zeros are left: 10^(point - place) times what there is.
                return match value {
                    0 => Integral::Exact(0),
                    _ if point - place > MAX_DIGITS => Integral::TooLarge,
                    _ => self.signed(value.checked_mul(10_i128.pow((point - place) as u32)), false),
                };
            };
            value = value * 10 + i128::from(digit - b'0');
            if value >= 10_i128.pow(MAX_DIGITS as u32) {
                return Integral::TooLarge;
            }
        }
        let is_fractional = rest.clone().any(|digit| *digit != b'0');
        // With a negative point there are zeros between it and the first digit: less than a half.
        let rounds_up = point >= 0 && rest.next().is_some_and(|digit| *digit >= b'5');
        self.signed(Some(value + i128::from(rounds_up)), is_fractional)
    }

    fn signed(&self, magnitude: Option<i128>, is_fractional: bool) -> Integral {
        let Some(magnitude) = magnitude else { return Integral::TooLarge };
        let value = if self.negative { -magnitude } else { magnitude };
        if is_fractional { Integral::Fractional(value) } else { Integral::Exact(value) }
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// `e5`, `E-5`: the exponent and what follows; an `e` without digits is no part of the number.
fn exponent(text: &[u8]) -> (Option<i32>, &[u8]) {
    let [b'e' | b'E', after @ ..] = text else { return (None, text) };
    let (negative, unsigned) = match after {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, after),
    };
    let (digits, rest) = digits(unsigned);
    if digits.is_empty() {
        return (None, text);
    }
    let magnitude = digits
        .iter()
        .fold(0_i32, |value, digit| value.saturating_mul(10).saturating_add(i32::from(digit - b'0')).min(1_000_000));
    (Some(if negative { -magnitude } else { magnitude }), rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prefixes_are_read_as_integers() {
        use Integral::{Exact, Fractional, TooLarge};
        let cases: &[(&str, Integral, &str)] = &[
            ("42", Exact(42), ""),
            ("-42", Exact(-42), ""),
            ("+42x", Exact(42), "x"),
            ("", Exact(0), ""),
            ("abc", Exact(0), "abc"),
            ("-", Exact(0), "-"),
            (".", Exact(0), "."),
            ("-+1", Exact(0), "-+1"),
            ("42.", Exact(42), ""),
            ("42.000", Exact(42), ""),
            (".5", Fractional(1), ""),
            ("-.5", Fractional(-1), ""),
            ("42.4999", Fractional(42), ""),
            ("42.5", Fractional(43), ""),
            ("-42.5", Fractional(-43), ""),
            ("4.2e1", Exact(42), ""),
            ("420E-1", Exact(42), ""),
            ("425e-1", Fractional(43), ""),
            ("5e-1", Fractional(1), ""),
            ("5e-2", Fractional(0), ""),
            ("42e", Exact(42), "e"),
            ("42e+", Exact(42), "e+"),
            ("0x2A", Exact(0), "x2A"),
            ("0e999999999999", Exact(0), ""),
            ("1e1000", TooLarge, ""),
            ("1e-1000000000000", Fractional(0), ""),
            ("18446744073709551615", Exact(18446744073709551615), ""),
            ("999999999999999999999999999999", Exact(999_999_999_999_999_999_999_999_999_999), ""),
            ("1000000000000000000000000000000", TooLarge, ""),
            ("0000000000000000000000000000000000000000042", Exact(42), ""),
        ];
        for (text, wanted, left) in cases {
            let (number, rest) = Number::prefix(text.as_bytes());
            assert_eq!((number.integral(), rest), (*wanted, left.as_bytes()), "{text}");
        }
    }

    #[test]
    fn decimals_are_whole_texts_without_exponent() {
        for (text, wanted) in
            [("42.0", true), ("-0.5", true), ("", false), ("1e2", false), ("4x", false), (" 4", false)]
        {
            assert_eq!(Number::decimal(text.as_bytes()).is_some(), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let (number, rest) = Number::prefix(&text);
            prop_assert!(text.ends_with(rest));
            let _ = (number.integral(), number.digits());
        }

        #[test]
        fn integers_come_back(value in any::<i64>(), zeros in 0_usize..5) {
            let text = format!("{value}.{}", "0".repeat(zeros));
            prop_assert_eq!(Number::prefix(text.as_bytes()).0.integral(), Integral::Exact(value.into()));
        }
    }
}
