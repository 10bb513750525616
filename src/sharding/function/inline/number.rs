//! Numbers as Groovy has them: integers of 32 and 64 bits that wrap, larger ones, and exact fractions.

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

/// Digits behind the point of a fraction that does not end.
const ENDLESS: u32 = 10;

impl Number {
    /// As a literal of this value is, or as the type that the key had.
    pub(super) fn of_integer(value: i128, kind: &str) -> Self {
        match (i32::try_from(value), i64::try_from(value), kind) {
            (Ok(value), _, "" | "Integer") => Self::Int(value),
            (_, Ok(value), "" | "Integer" | "Long") => Self::Long(value),
            _ => Self::Big(value),
        }
    }

    /// A literal.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.split_once('.') {
            None => text.parse().ok().map(|value| Self::of_integer(value, "")),
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

    /// `longValue()`: without what is behind the point. `None`: it has more than 64 bits.
    pub(super) fn whole(self) -> Option<i64> {
        let (digits, scale) = self.decimal();
        i64::try_from(digits / 10_i128.checked_pow(scale)?).ok()
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

    /// `%`, which has the sign of the left.
    pub(super) fn remainder(self, other: Self) -> Computed {
        match (self.integer(), other.integer()) {
            (Some(left), Some(right)) => Ok(self.as_wide_as(other, left.checked_rem(right).ok_or("division by zero")?)),
            _ => Err("% takes integers only"),
        }
    }

    /// `intdiv`, which cuts the fraction off.
    pub(super) fn divide_whole(self, other: Self) -> Computed {
        match (self.integer(), other.integer()) {
            (Some(left), Some(right)) => Ok(self.as_wide_as(other, left.checked_div(right).ok_or("division by zero")?)),
            _ => Err("intdiv takes integers only"),
        }
    }

    /// `/`: exact where the fraction ends, else ten digits.
    pub(super) fn divide(self, other: Self) -> Computed {
        let (left, right, _) = self.aligned(other)?;
        if right == 0 {
            return Err("division by zero");
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
    pub(super) fn hash(self) -> Computed {
        match self {
            Self::Int(value) => Ok(Self::Int(value)),
            Self::Long(value) => Ok(Self::Int((value ^ ((value as u64) >> 32) as i64) as i32)),
            Self::Big(_) | Self::Decimal { .. } => Err("hashCode() takes integers of 64 bits and texts only"),
        }
    }
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
