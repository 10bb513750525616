//! Numbers as Groovy has them: integers of 32 and 64 bits that wrap, larger ones, and exact fractions.

use std::cmp::Ordering;
use std::fmt;

/// A number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Int(i32),
    Long(i64),
    /// Java's would be of any size; beyond 128 bits it is an error here.
    Big(i128),
    /// `digits` with the point before the last `scale` of them.
    Decimal {
        digits: i128,
        scale: u32,
    },
}

type Computed = Result<Number, &'static str>;

const TOO_LARGE: &str = "the number has too many digits";
const DIVISION_BY_ZERO: &str = "division by zero";

/// Digits behind the point of a fraction that does not end.
const ENDLESS: u32 = 10;

impl Number {
    /// As a literal of this value is, or as the type that the key had.
    pub(super) fn of_integer(value: i128, kind: &str) -> Self {
        match (i32::try_from(value), i64::try_from(value), kind) {
            (Ok(value), _, "" | "Integer") => Self::Int(value),
            (_, Ok(value), "" | "Integer" | "Long") => Self::Long(value),
            (.., "BigDecimal") => Self::Decimal { digits: value, scale: 0 },
            _ => Self::Big(value),
        }
    }

    /// A literal, or what was of this type.
    pub(super) fn parse(text: &str, kind: &str) -> Option<Self> {
        match text.split_once('.') {
            None => text.parse().ok().map(|value| Self::of_integer(value, kind)),
            Some((whole, fraction)) => {
                let digits = format!("{whole}{fraction}").parse().ok()?;
                Some(Self::Decimal { digits, scale: fraction.len() as u32 })
            }
        }
    }

    fn integer(self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(value.into()),
            Self::Long(value) => Some(value.into()),
            Self::Big(value) => Some(value),
            Self::Decimal { .. } => None,
        }
    }

    /// `intValue()` of an index.
    pub(super) fn index(self) -> Option<i64> {
        self.integer().and_then(|value| i64::try_from(value).ok())
    }

    /// `longValue()`: without what is behind the point, and of larger ones the lowest 64 bits.
    pub(super) fn whole(self) -> i64 {
        let (digits, scale) = self.decimal();
        // What has more digits behind the point than fit is less than 1.
        10_i128.checked_pow(scale).map_or(0, |power| (digits / power) as i64)
    }

    pub(super) fn is_zero(self) -> bool {
        self.decimal().0 == 0
    }

    pub(super) fn compared(self, other: Self) -> Result<Ordering, &'static str> {
        let (left, right, _) = self.aligned(other)?;
        Ok(left.cmp(&right))
    }

    /// An integer as wide as the wider of both.
    fn as_wide_as(self, other: Self, value: i128) -> Self {
        match (self, other) {
            (Self::Int(_), Self::Int(_)) => Self::Int(value as i32),
            (Self::Int(_) | Self::Long(_), Self::Int(_) | Self::Long(_)) => Self::Long(value as i64),
            _ => Self::Big(value),
        }
    }

    fn decimal(self) -> (i128, u32) {
        match self {
            Self::Decimal { digits, scale } => (digits, scale),
            other => (other.integer().unwrap_or(0), 0),
        }
    }

    /// Digits of both with as many behind the point.
    fn aligned(self, other: Self) -> Result<(i128, i128, u32), &'static str> {
        let ((left, left_scale), (right, right_scale)) = (self.decimal(), other.decimal());
        let scale = left_scale.max(right_scale);
        let raised = |digits: i128, from: u32| {
            10_i128.checked_pow(scale - from).and_then(|factor| digits.checked_mul(factor)).ok_or(TOO_LARGE)
        };
        Ok((raised(left, left_scale)?, raised(right, right_scale)?, scale))
    }

    pub(super) fn add(self, other: Self) -> Computed {
        match (self.integer(), other.integer()) {
            (Some(left), Some(right)) => Ok(self.as_wide_as(other, left.checked_add(right).ok_or(TOO_LARGE)?)),
            _ => {
                let (left, right, scale) = self.aligned(other)?;
                Ok(Self::Decimal { digits: left.checked_add(right).ok_or(TOO_LARGE)?, scale })
            }
        }
    }

    pub(super) fn negated(self) -> Computed {
        Ok(match self {
            Self::Int(value) => Self::Int(value.wrapping_neg()),
            Self::Long(value) => Self::Long(value.wrapping_neg()),
            Self::Big(value) => Self::Big(value.checked_neg().ok_or(TOO_LARGE)?),
            Self::Decimal { digits, scale } => Self::Decimal { digits: digits.checked_neg().ok_or(TOO_LARGE)?, scale },
        })
    }

    /// `Math.abs`: the least integer of its width stays negative.
    pub(super) fn abs(self) -> Computed {
        Ok(match self {
            Self::Int(value) => Self::Int(value.wrapping_abs()),
            Self::Long(value) => Self::Long(value.wrapping_abs()),
            Self::Big(value) => Self::Big(value.checked_abs().ok_or(TOO_LARGE)?),
            Self::Decimal { digits, scale } => Self::Decimal { digits: digits.checked_abs().ok_or(TOO_LARGE)?, scale },
        })
    }

    pub(super) fn subtract(self, other: Self) -> Computed {
        match (self.integer(), other.integer()) {
            (Some(left), Some(right)) => Ok(self.as_wide_as(other, left.checked_sub(right).ok_or(TOO_LARGE)?)),
            _ => self.add(other.negated()?),
        }
    }

    pub(super) fn multiply(self, other: Self) -> Computed {
        let ((left, left_scale), (right, right_scale)) = (self.decimal(), other.decimal());
        let digits = left.checked_mul(right).ok_or(TOO_LARGE)?;
        match (self.integer(), other.integer()) {
            (Some(_), Some(_)) => Ok(self.as_wide_as(other, digits)),
            _ => Ok(Self::Decimal { digits, scale: left_scale + right_scale }),
        }
    }

    /// `%`, which has the sign of the left; but as Java's `BigInteger.mod` none where one has more than 64 bits.
    pub(super) fn remainder(self, other: Self) -> Computed {
        let (Some(left), Some(right)) = (self.integer(), other.integer()) else { return Err("% takes integers only") };
        match (self, other) {
            (Self::Big(_), _) | (_, Self::Big(_)) if right <= 0 => Err("% by a large number that is not positive"),
            (Self::Big(_), _) | (_, Self::Big(_)) => Ok(Self::Big(left.rem_euclid(right))),
            _ => Ok(self.as_wide_as(other, left.checked_rem(right).ok_or(DIVISION_BY_ZERO)?)),
        }
    }

    /// `Math.floorMod`, which has the sign of the right.
    pub(super) fn floor_remainder(self, other: Self) -> Computed {
        match (self, other) {
            (Self::Int(_) | Self::Long(_), Self::Int(_) | Self::Long(_)) => {
                let rest = self.remainder(other)?;
                let (left, right) = (rest.integer().unwrap_or(0), other.integer().unwrap_or(0));
                let is_other = left != 0 && (left < 0) != (right < 0);
                Ok(self.as_wide_as(other, if is_other { left + right } else { left }))
            }
            _ => Err("floorMod takes integers of 64 bits only"),
        }
    }

    /// `**`: of integers with an exponent that is not negative; as wide as need be.
    pub(super) fn power(self, exponent: Self) -> Computed {
        let (Some(base), Self::Int(exponent)) = (self.integer(), exponent) else {
            return Err("** takes integers only");
        };
        let exponent = u32::try_from(exponent).map_err(|_| "** takes exponents from 0")?;
        let value = base.checked_pow(exponent).ok_or(TOO_LARGE)?;
        Ok(match (self, i32::try_from(value), i64::try_from(value)) {
            (Self::Int(_), Ok(value), _) => Self::Int(value),
            (Self::Long(_), _, Ok(value)) => Self::Long(value),
            _ => Self::Big(value),
        })
    }

    /// `&`, `|`, `^`.
    pub(super) fn bitwise(self, other: Self, of: fn(i128, i128) -> i128) -> Computed {
        match (self.integer(), other.integer()) {
            (Some(left), Some(right)) => Ok(self.as_wide_as(other, of(left, right))),
            _ => Err("& | ^ take integers only"),
        }
    }

    /// `~`.
    pub(super) fn flipped(self) -> Computed {
        self.bitwise(Self::Int(-1), |value, ones| value ^ ones)
    }

    /// `<<`: by as many bits as the lowest bits of the right say.
    pub(super) fn shifted_left(self, by: Self) -> Computed {
        self.shifted(by, i32::wrapping_shl, i64::wrapping_shl)
    }

    /// `>>`, which keeps the sign.
    pub(super) fn shifted_right(self, by: Self) -> Computed {
        self.shifted(by, i32::wrapping_shr, i64::wrapping_shr)
    }

    /// `>>>`, which does not.
    pub(super) fn shifted_right_unsigned(self, by: Self) -> Computed {
        let (of_int, of_long) = (
            |value: i32, by: u32| (value as u32).wrapping_shr(by) as i32,
            |value: i64, by: u32| (value as u64).wrapping_shr(by) as i64,
        );
        self.shifted(by, of_int, of_long)
    }

    fn shifted(self, by: Self, of_int: fn(i32, u32) -> i32, of_long: fn(i64, u32) -> i64) -> Computed {
        let by = by.integer().ok_or("shifts take integers only")? as u32;
        match self {
            Self::Int(value) => Ok(Self::Int(of_int(value, by))),
            Self::Long(value) => Ok(Self::Long(of_long(value, by))),
            Self::Big(_) | Self::Decimal { .. } => Err("shifts take integers of 64 bits only"),
        }
    }

    /// `intdiv`, which cuts the fraction off.
    pub(super) fn divide_whole(self, other: Self) -> Computed {
        match (self.integer(), other.integer()) {
            (Some(left), Some(right)) => Ok(self.as_wide_as(other, left.checked_div(right).ok_or(DIVISION_BY_ZERO)?)),
            _ => Err("intdiv takes integers only"),
        }
    }

    /// `/`: exact where the fraction ends, else ten digits.
    pub(super) fn divide(self, other: Self) -> Computed {
        let (left, right, _) = self.aligned(other)?;
        if right == 0 {
            return Err(DIVISION_BY_ZERO);
        }
        for scale in 0..=18 {
            let raised = left.checked_mul(10_i128.pow(scale)).ok_or(TOO_LARGE)?;
            if raised % right == 0 {
                return Ok(Self::Decimal { digits: raised / right, scale });
            }
        }
        let raised = left.checked_mul(10_i128.pow(ENDLESS)).ok_or(TOO_LARGE)?;
        let half_up = i128::from((raised % right).unsigned_abs() * 2 >= right.unsigned_abs());
        let away = if (raised < 0) == (right < 0) { half_up } else { -half_up };
        Ok(Self::Decimal { digits: raised / right + away, scale: ENDLESS })
    }

    /// Java's `hashCode()`.
    pub(super) fn hash(self) -> Self {
        Self::Int(match self {
            Self::Int(value) => value,
            Self::Long(value) => (value ^ ((value as u64) >> 32) as i64) as i32,
            Self::Big(value) => hash_of_large(value),
            Self::Decimal { digits, scale } => hash_of_large(digits).wrapping_mul(31).wrapping_add(scale as i32),
        })
    }
}

/// Over the 32-bit words of what it is worth without its sign, the highest first.
fn hash_of_large(value: i128) -> i32 {
    let words = (0..4).rev().map(|place| (value.unsigned_abs() >> (32 * place)) as i32);
    let hash = words.fold(0_i32, |hash, word| hash.wrapping_mul(31).wrapping_add(word));
    if value < 0 { hash.wrapping_neg() } else { hash }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Int(value) => write!(f, "{value}"),
            Self::Long(value) => write!(f, "{value}"),
            Self::Big(value) => write!(f, "{value}"),
            Self::Decimal { digits, scale: 0 } => write!(f, "{digits}"),
            Self::Decimal { digits, scale } => {
                let sign = if digits < 0 { "-" } else { "" };
                let all = format!("{:0>width$}", digits.unsigned_abs(), width = scale as usize + 1);
                let (whole, fraction) = all.split_at(all.len() - scale as usize);
                write!(f, "{sign}{whole}.{fraction}")
            }
        }
    }
}
