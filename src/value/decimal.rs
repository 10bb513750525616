//! Exact numbers as the servers write them: a sign, digits, and digits after a point.

use std::cmp::Ordering;

/// An exact number of any length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// From the highest to the lowest, `scale` of them after the point; each is 0 to 9.
    digits: Vec<u8>,
    scale: usize,
}

impl Decimal {
    /// The number that is all of `text`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if !is_decimal(text) {
            return None;
        }
        let (negative, unsigned) = (text.starts_with(b"-"), text.strip_prefix(b"-").unwrap_or(text));
        let scale = unsigned.iter().position(|byte| *byte == b'.').map_or(0, |point| unsigned.len() - point - 1);
        let digits = unsigned.iter().filter(|byte| **byte != b'.').map(|byte| byte - b'0').collect();
        Some(Self { negative, digits, scale })
    }

    /// The sum, with the larger of both scales.
    pub fn plus(mut self, mut other: Self) -> Self {
        let scale = self.scale.max(other.scale);
        self.widen(scale);
        other.widen(scale);
        let whole = self.digits.len().max(other.digits.len()) + 1;
        self.lengthen(whole);
        other.lengthen(whole);
        if self.negative == other.negative {
            add(&mut self.digits, &other.digits);
        } else if self.digits >= other.digits {
            subtract(&mut self.digits, &other.digits);
        } else {
            subtract(&mut other.digits, &self.digits);
            return other.trimmed();
        }
        self.trimmed()
    }

    /// The quotient as servers write it with `scale` digits after the point: they compute decimals nine by nine, cut off what is
    /// behind, and round the rest, halves away from zero. So a quotient is cut where all digits that were computed are written.
    /// `None` for a division by zero.
    pub fn divided(mut self, by: u64, scale: usize) -> Option<Self> {
        if by == 0 {
            return None;
        }
        let computed = scale.next_multiple_of(9);
        if self.scale < computed {
            self.widen(computed);
        }
        let (mut rest, by) = (0_u128, u128::from(by));
        for digit in &mut self.digits {
            rest = rest * 10 + u128::from(*digit);
            *digit = (rest / by) as u8;
            rest %= by;
        }
        self.digits.truncate(self.digits.len() - (self.scale - computed));
        self.scale = computed;
        Some(self.rounded(scale))
    }

    /// The number with `scale` digits after the point; halves are rounded away from zero.
    pub fn rounded(mut self, scale: usize) -> Self {
        if self.scale < scale {
            self.widen(scale);
        }
        let cut = self.digits.len() - (self.scale - scale);
        let is_up = self.digits.get(cut).is_some_and(|digit| *digit >= 5);
        self.digits.truncate(cut);
        self.scale = scale;
        self.lengthen(cut + 1);
        if is_up {
            let mut one = vec![0; self.digits.len()];
            one[self.digits.len() - 1] = 1;
            add(&mut self.digits, &one);
        }
        self.trimmed()
    }

    /// How many digits it has, without zeros before it.
    pub fn precision(&self) -> usize {
        self.digits.len()
    }

    fn widen(&mut self, scale: usize) {
        self.digits.resize(self.digits.len() + scale - self.scale, 0);
        self.scale = scale;
    }

    fn lengthen(&mut self, digits: usize) {
        let missing = digits.saturating_sub(self.digits.len());
        self.digits.splice(0..0, std::iter::repeat_n(0, missing));
    }

    fn trimmed(mut self) -> Self {
        let zeros = self.digits.iter().take_while(|digit| **digit == 0).count();
        let whole = self.digits.len().saturating_sub(self.scale);
        self.digits.drain(..zeros.min(whole));
        self.negative &= self.digits.iter().any(|digit| *digit != 0);
        self
    }
}

impl std::fmt::Display for Decimal {
    /// As the servers write it: one digit before the point at least.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let whole = self.digits.len().saturating_sub(self.scale);
        f.write_str(if self.negative { "-" } else { "" })?;
        if whole == 0 {
            f.write_str("0")?;
        }
        for (index, digit) in self.digits.iter().enumerate() {
            if index == whole {
                f.write_str(".")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// Both have the same length, and there is room for the carry.
fn add(digits: &mut [u8], other: &[u8]) {
    let mut carry = 0;
    for (digit, more) in digits.iter_mut().zip(other).rev() {
        let sum = *digit + more + carry;
        (*digit, carry) = (sum % 10, sum / 10);
    }
}

/// Both have the same length, and `digits` is not the smaller number.
fn subtract(digits: &mut [u8], other: &[u8]) {
    let mut borrow = 0;
    for (digit, less) in digits.iter_mut().zip(other).rev() {
        let less = less + borrow;
        borrow = u8::from(*digit < less);
        *digit = *digit + 10 * borrow - less;
    }
}

/// Whether all of `text` is such a number.
pub fn is_decimal(text: &[u8]) -> bool {
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    let mut points = 0;
    let is_number = unsigned.iter().all(|byte| {
        points += usize::from(*byte == b'.');
        byte.is_ascii_digit() || *byte == b'.'
    });
    is_number && points <= 1 && unsigned.len() > points
}

/// The order of two numbers, of which `is_decimal` holds.
pub fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let (left, right) = (Parts::of(left), Parts::of(right));
    match (left.negative, right.negative) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => left.compare_size(&right),
        (true, true) => right.compare_size(&left),
    }
}

struct Parts<'a> {
    /// Zero is not.
    negative: bool,
    /// Without zeros before it.
    whole: &'a [u8],
    /// Without zeros after it.
    fraction: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(text: &'a [u8]) -> Self {
        let (negative, unsigned) = match text {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let (whole, fraction) = match unsigned.iter().position(|byte| *byte == b'.') {
            Some(point) => (&unsigned[..point], &unsigned[point + 1..]),
            None => (unsigned, &unsigned[..0]),
        };
        let zeros = whole.iter().take_while(|digit| **digit == b'0').count();
        let idle = fraction.iter().rev().take_while(|digit| **digit == b'0').count();
        let (whole, fraction) = (&whole[zeros..], &fraction[..fraction.len() - idle]);
        Self { negative: negative && !(whole.is_empty() && fraction.is_empty()), whole, fraction }
    }

    fn compare_size(&self, other: &Self) -> Ordering {
        let by_length = self.whole.len().cmp(&other.whole.len());
        by_length.then_with(|| self.whole.cmp(other.whole)).then_with(|| self.fraction.cmp(other.fraction))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_ordered_by_value() {
        let long = "12345678901234567890123456789012345.5";
        let rising = ["-100", "-12.6", "-12.5000001", "-12.50", "-0.01", "0", "0.001", "0.01", "1", "9.99", "10", long];
        for (index, left) in rising.iter().enumerate() {
            for (other, right) in rising.iter().enumerate() {
                assert_eq!(compare(left.as_bytes(), right.as_bytes()), index.cmp(&other), "{left} {right}");
            }
        }
        for (left, right) in [("0", "-0.00"), ("1", "1.000"), ("007", "7"), (".5", "0.50")] {
            assert_eq!(compare(left.as_bytes(), right.as_bytes()), Ordering::Equal, "{left} {right}");
        }
    }

    #[test]
    fn sums_and_quotients_are_exact() {
        let number = |text: &str| Decimal::parse(text.as_bytes()).unwrap();
        for (left, right, sum) in [
            ("1", "2", "3"),
            ("999.99", "0.01", "1000.00"),
            ("-5", "5.00", "0.00"),
            ("0.1", "-0.25", "-0.15"),
            ("-1.5", "-2", "-3.5"),
            (
                "99999999999999999999999999999999999999999999999999",
                "1",
                "100000000000000000000000000000000000000000000000000",
            ),
            ("10", "-0.001", "9.999"),
        ] {
            assert_eq!(number(left).plus(number(right)).to_string(), sum, "{left} + {right}");
            assert_eq!(number(right).plus(number(left)).to_string(), sum, "{right} + {left}");
        }
        for (left, by, scale, quotient) in [
            ("10", 4, 4, "2.5000"),
            ("1", 3, 4, "0.3333"),
            ("2", 3, 4, "0.6667"),
            ("-2", 3, 4, "-0.6667"),
            ("-1", 8, 2, "-0.13"),
            ("0.00001", 1, 4, "0.0000"),
            ("-0.00001", 1, 4, "0.0000"),
            ("9.99995", 1, 4, "10.0000"),
            ("7", 7, 0, "1"),
            ("113", 5, 0, "22"),
            ("2.00000", 3, 9, "0.666666666"),
            ("2", 3, 14, "0.66666666666667"),
            ("-2.00000000000000", 3, 18, "-0.666666666666666666"),
            ("123456789012345678901234567890.5", 10, 4, "12345678901234567890123456789.0500"),
        ] {
            assert_eq!(number(left).divided(by, scale).unwrap().to_string(), quotient, "{left} / {by}");
        }
        assert_eq!(number("1").divided(0, 2), None);
    }

    proptest! {
        #[test]
        fn sums_are_those_of_integers(left in -1_000_000_000_i64..1_000_000_000, right in -1_000_000_000_i64..1_000_000_000) {
            let number = |value: i64| Decimal::parse(value.to_string().as_bytes()).unwrap();
            prop_assert_eq!(number(left).plus(number(right)).to_string(), (left + right).to_string());
        }
    }

    #[test]
    fn only_numbers_are_numbers() {
        for text in ["0", "-1.5", ".5", "5.", "00012"] {
            assert!(is_decimal(text.as_bytes()), "{text}");
        }
        for text in ["", "-", ".", "-.", "1e5", "1.2.3", "+1", " 1", "NULL"] {
            assert!(!is_decimal(text.as_bytes()), "{text}");
        }
    }
}
