//! How Java sees texts and numbers: UTF-16 units, `hashCode`, `parseLong`, and Cobar's slices. Several systems' functions
//! are made of these.

use super::compute::Refused;
use super::params::ParamError;

/// `String.hashCode()`.
pub(super) fn hash(text: &str) -> i32 {
    text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// An integer as `BigInteger`, `Long.parseLong` and `Integer.parseInt` read it: a sign or none, then decimal digits of any
/// script of the Basic Multilingual Plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Integer {
    pub(super) negative: bool,
    /// Values of the digits, without leading zeros.
    digits: smallvec::SmallVec<[u8; 40]>,
}

impl Integer {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if unsigned.is_empty() {
            return None;
        }
        let mut digits = smallvec::SmallVec::new();
        for character in unsigned.chars() {
            let value = digit(character)?;
            if value != 0 || !digits.is_empty() {
                digits.push(value);
            }
        }
        Some(Self { negative, digits })
    }

    /// The absolute value modulo `modulus`, which is not 0.
    pub(super) fn remainder(&self, modulus: u64) -> u64 {
        let modulus = u128::from(modulus);
        let fold = |rest: u128, digit: &u8| (rest * 10 + u128::from(*digit)) % modulus;
        self.digits.iter().fold(0, fold) as u64
    }

    /// The lowest 64 bits in two's complement: `BigInteger.longValue()`.
    pub(super) fn low_bits(&self) -> i64 {
        let value =
            self.digits.iter().fold(0_i64, |value, digit| value.wrapping_mul(10).wrapping_add(i64::from(*digit)));
        if self.negative { value.wrapping_neg() } else { value }
    }

    /// The value, if it has 64 bits.
    pub(super) fn to_i64(&self) -> Option<i64> {
        let fold = |value: i128, digit: &u8| value.checked_mul(10)?.checked_add(i128::from(*digit));
        let value = self.digits.iter().try_fold(0_i128, fold)?;
        i64::try_from(if self.negative { -value } else { value }).ok()
    }

    /// Values of the digits, without leading zeros.
    pub(super) fn digits(&self) -> &[u8] {
        &self.digits
    }
}

/// `BigDecimal`: digits, and how many of them are behind the point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) unscaled: Integer,
    pub(super) scale: i32,
}

impl Decimal {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_int(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let unscaled = Integer::parse(&format!("{whole}{fraction}"))?;
        Some(Self { unscaled, scale: (fraction.len() as i32).checked_sub(exponent)? })
    }

    /// The integer before the point. Of a power of ten beyond 64 bits the lowest 64 bits are right.
    pub(super) fn truncated(&self) -> Integer {
        let mut digits = self.unscaled.digits.clone();
        match usize::try_from(self.scale) {
            Ok(behind) => digits.truncate(digits.len().saturating_sub(behind)),
            Err(_) => digits.extend(std::iter::repeat_n(0, self.scale.unsigned_abs().min(64) as usize)),
        }
        Integer { negative: self.unscaled.negative, digits }
    }
}

/// `Long.parseLong`.
pub(super) fn parse_long(text: &str) -> Option<i64> {
    Integer::parse(text)?.to_i64()
}

/// `Integer.parseInt`.
pub(super) fn parse_int(text: &str) -> Option<i32> {
    parse_long(text).and_then(|value| i32::try_from(value).ok())
}

/// The error of `parse_long` on a key.
pub(super) fn not_a_long(text: &str) -> Refused {
    format!("\"{text}\" is no integer of 64 bits").into()
}

/// `Character.digit(unit, 10)`: the value of a decimal digit of any script whose digits are one UTF-16 unit.
pub(super) fn digit(character: char) -> Option<u8> {
    if character.is_ascii() {
        return character.to_digit(10).map(|digit| digit as u8);
    }
    /// The zeros; the other nine follow each.
    const ZEROS: &[u16] = &[
        0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50,
        0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50,
        0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
    ];
    let unit = u16::try_from(u32::from(character)).ok()?;
    let zero = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&unit))?;
    Some((unit - zero) as u8)
}

/// `String.trim()`.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|character| character <= ' ')
}

/// The part of a text that is hashed: Cobar's `hashSlice`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) start: i64,
    pub(super) end: i64,
}

impl Slice {
    /// The first eight units.
    pub(super) const DEFAULT: Self = Self { start: 0, end: 8 };

    /// `8`: the first eight; `-3`: the last three; `2:5`, `-4:0` (0: to the end), `:`.
    pub(super) fn parse(key: &'static str, text: &str) -> Result<Self, ParamError> {
        let number = |part: &str| match trim(part) {
            "" => Ok(0),
            part => parse_int(part)
                .map(i64::from)
                .ok_or_else(|| ParamError::new(key, format!("\"{text}\" should be a slice, as in 8, -3, 2:5 or -4:0"))),
        };
        match text.split_once(':') {
            Some((start, end)) => Ok(Self { start: number(start)?, end: number(end)? }),
            None if trim(text).is_empty() => Err(ParamError::new(key, "is empty")),
            None => Ok(Self::of_length(number(text)?)),
        }
    }

    /// The first `length`, or if it is negative the last `-length`.
    pub(super) fn of_length(length: i64) -> Self {
        if length >= 0 { Self { start: 0, end: length } } else { Self { start: length, end: 0 } }
    }

    /// The range of units in a text of `of` units, where bounds that count from the end count from `len`.
    pub(super) fn bounds(self, len: usize, of: usize) -> std::ops::Range<usize> {
        let from_end = |bound: i64| bound.saturating_add(len as i64);
        let start = if self.start >= 0 { self.start } else { from_end(self.start) };
        let end = if self.end > 0 { self.end } else { from_end(self.end) };
        let clip = |bound: i64| usize::try_from(bound).unwrap_or(0).min(of);
        if clip(start) < clip(end) { clip(start)..clip(end) } else { 0..0 }
    }

    /// Cobar's hash of the slice: 64 bits, wrapping.
    pub(super) fn hash(self, text: &str) -> i64 {
        let units = text.encode_utf16().count();
        let bounds = self.bounds(units, units);
        let slice = text.encode_utf16().skip(bounds.start).take(bounds.len());
        slice.fold(0_i64, |hash, unit| hash.wrapping_mul(31).wrapping_add(i64::from(unit)))
    }
}
