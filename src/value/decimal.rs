//! Exact numbers as the servers write them: a sign, digits, and digits after a point.

use std::cmp::Ordering;

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
mod tests {
    use super::*;

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
    fn only_numbers_are_numbers() {
        for text in ["0", "-1.5", ".5", "5.", "00012"] {
            assert!(is_decimal(text.as_bytes()), "{text}");
        }
        for text in ["", "-", ".", "-.", "1e5", "1.2.3", "+1", " 1", "NULL"] {
            assert!(!is_decimal(text.as_bytes()), "{text}");
        }
    }
}
