//! Key values in canonical form: values that the server takes for equal have equal canonical keys.
//!
//! Two questions, two answers. `compared`: with which stored key can this value be equal (`key = value`)? `stored`:
//! which key will the server store for it (INSERT)? `42.5` equals no integer, but is stored as 43. Where the server's
//! answer depends on something not known here (its version, its sql_mode, an index), the answer is `Unknown`.
//! What servers do was tried on MariaDB 10.11.

mod numeric;
mod temporal;
mod uuid;

use std::fmt;

use crate::value::number::{Integral, Number};
use crate::value::{Charset, Value};

use super::collation::{KeyBytes, TextCollation};

/// Why a TIMESTAMP column is no shard key.
pub const NO_TIMESTAMP: &str = "what a text in a TIMESTAMP column means depends on the session's time zone, so that it is no \
                                shard key: make it a DATETIME column";

/// Why a FLOAT or DOUBLE column is no shard key.
pub const NO_FLOAT: &str = "numbers of FLOAT and DOUBLE columns are rounded when they are compared, so that they are no shard \
                            key: make it a DECIMAL or an integer column";

/// How the key column stores and compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// TINYINT to BIGINT, signed or unsigned.
    Integer(IntegerRange),
    /// CHAR, VARCHAR, TEXT.
    Text(TextCollation, Option<Capacity>),
    /// BINARY, VARBINARY, BLOB.
    Bytes(Option<Capacity>),
    /// DATE.
    Date,
    /// DATETIME without fractions of a second.
    DateTime,
    /// TIME without fractions of a second.
    Time,
    /// DECIMAL.
    Decimal(Digits),
    /// YEAR.
    Year,
    /// BIT of so many bits, as a number.
    Bit(u8),
    /// MariaDB's UUID.
    Uuid,
    /// ENUM or SET, by the texts of their members; which those are, the live column says.
    Enum(TextCollation),
}

/// What a DECIMAL column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digits {
    /// Behind the point.
    pub scale: u8,
    /// In all; `None`: not known.
    pub precision: Option<u8>,
}

/// The least and the greatest integer that the column holds: beyond them a server that is not strict stores another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IntegerRange {
    /// The least.
    pub min: i64,
    /// The greatest.
    pub max: u64,
}

impl IntegerRange {
    /// Any integer that some column can hold: of columns whose type is not known.
    pub const ANY: Self = Self { min: i64::MIN, max: u64::MAX };

    fn contains(self, value: i128) -> bool {
        (i128::from(self.min)..=i128::from(self.max)).contains(&value)
    }
}

/// How much a text or byte column holds: beyond it a server that is not strict cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Capacity {
    /// Characters of a text column, bytes of a byte column.
    pub max: u64,
    /// CHAR loses trailing spaces, BINARY gets trailing zero bytes.
    pub fixed: bool,
}

/// The canonical form of one key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// From `i64::MIN` to `u64::MAX`.
    Integer(i128),
    /// A text's or byte string's canonical bytes.
    Bytes(KeyBytes),
    /// A number with a fraction, or beyond 64 bits, with as many digits behind the point as its column has.
    Decimal(KeyBytes),
}

/// What is known of the key that a value stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Canonical {
    Key(Key),
    /// No row has such a key.
    Nowhere,
    Null,
    Unknown,
}

/// Integers up to here are doubles and back without loss; from here on two integers may be the same double.
const EXACT_DOUBLES: i128 = 1 << 53;

impl KeyType {
    /// An integer key of a column whose width is not known.
    pub const INTEGER: Self = Self::Integer(IntegerRange::ANY);

    /// Whether keys that are equal (in a join) have the same canonical form under both types.
    pub fn agrees_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Integer(_), Self::Integer(_)) | (Self::Bytes(_), Self::Bytes(_)) => true,
            (Self::Date, Self::Date) | (Self::DateTime, Self::DateTime) | (Self::Time, Self::Time) => true,
            (Self::Year, Self::Year) | (Self::Bit(_), Self::Bit(_)) | (Self::Uuid, Self::Uuid) => true,
            (Self::Decimal(left), Self::Decimal(right)) => left.scale == right.scale,
            (Self::Text(left, _) | Self::Enum(left), Self::Text(right, _) | Self::Enum(right)) => {
                left.agrees_with(*right)
            }
            (Self::Integer(_) | Self::Text(..) | Self::Bytes(_) | Self::Date | Self::DateTime, _) => false,
            (Self::Time | Self::Decimal(_) | Self::Year | Self::Bit(_) | Self::Uuid | Self::Enum(_), _) => false,
        }
    }

    pub(super) fn compared(&self, value: &Value<'_>) -> Canonical {
        match (value, self) {
            (Value::Null, _) => Canonical::Null,
            (Value::Unknown, _) => Canonical::Unknown,
            (Value::Hex(_), _) if !self.is_of_bytes() => Canonical::Unknown,
            (_, Self::Integer(_)) => compared_integer(value),
            (_, Self::Date) => temporal::date(value),
            (_, Self::DateTime) => temporal::date_time(value),
            (_, Self::Time) => temporal::time(value),
            (_, Self::Decimal(digits)) => numeric::compared_decimal(*digits, value),
            (_, Self::Year) => numeric::compared_year(value),
            (_, Self::Bit(_)) => numeric::compared_bits(value),
            (_, Self::Uuid) => uuid::canonical(value),
            (_, Self::Enum(collation)) => member(*collation, value),
            // Beside a number the column's texts count as numbers: 'x', '0' and '0.0' are all 0.
            (
                Value::Int(_) | Value::UInt(_) | Value::Decimal(_) | Value::Double(_),
                Self::Text(..) | Self::Bytes(_),
            ) => Canonical::Unknown,
            // Beside a date they count as dates.
            (Value::Temporal(_), Self::Text(..) | Self::Bytes(_)) => Canonical::Unknown,
            (Value::Text { bytes, charset }, Self::Text(collation, _)) => canonical_text(*collation, bytes, *charset),
            // Bytes are compared as bytes, which is finer than any collation.
            (Value::Binary(bytes) | Value::Hex(bytes), Self::Text(collation, _)) => {
                canonical_text(*collation, bytes, collation.charset())
            }
            (Value::Text { bytes, .. } | Value::Binary(bytes) | Value::Hex(bytes), Self::Bytes(_)) => {
                Canonical::Key(Key::Bytes(KeyBytes::from_slice(bytes)))
            }
        }
    }

    /// What is neither a number nor a time.
    fn is_of_bytes(&self) -> bool {
        matches!(self, Self::Text(..) | Self::Bytes(_))
    }

    pub(super) fn stored(&self, value: &Value<'_>) -> Canonical {
        match (value, self) {
            (Value::Null, _) => Canonical::Null,
            (Value::Unknown, _) => Canonical::Unknown,
            (Value::Hex(_), _) if !self.is_of_bytes() => Canonical::Unknown,
            (_, Self::Integer(range)) => match stored_integer(value) {
                Some(integer) if range.contains(integer) => Canonical::Key(Key::Integer(integer)),
                _ => Canonical::Unknown,
            },
            (_, Self::Date) => temporal::stored_date(value),
            (_, Self::DateTime) => temporal::stored_date_time(value),
            (_, Self::Time) => temporal::time(value),
            (_, Self::Decimal(digits)) => numeric::stored_decimal(*digits, value),
            (_, Self::Year) => numeric::stored_year(value),
            (_, Self::Bit(width)) => numeric::stored_bits(*width, value),
            (_, Self::Uuid) => uuid::canonical(value),
            (_, Self::Enum(collation)) => member(*collation, value),
            (Value::Int(integer), _) => self.stored_ascii(&integer.to_string()),
            (Value::UInt(integer), _) => self.stored_ascii(&integer.to_string()),
            (Value::Decimal(_) | Value::Double(_) | Value::Temporal(_), Self::Text(..) | Self::Bytes(_)) => {
                Canonical::Unknown
            }
            (Value::Text { bytes, charset }, Self::Text(collation, capacity)) => {
                stored_text(*collation, *capacity, bytes, *charset)
            }
            (Value::Binary(bytes) | Value::Hex(bytes), Self::Text(collation, capacity)) => {
                stored_text(*collation, *capacity, bytes, collation.charset())
            }
            (Value::Text { bytes, .. } | Value::Binary(bytes) | Value::Hex(bytes), Self::Bytes(capacity)) => {
                stored_bytes(*capacity, bytes)
            }
        }
    }

    /// The key of a text as the column writes it.
    pub(super) fn of_text(&self, text: &str) -> Option<Key> {
        match self {
            Self::Text(collation, _) | Self::Enum(collation) => collation.canonical(text).map(Key::Bytes),
            _ => None,
        }
    }

    /// What a text or byte column stores for a text of ASCII characters.
    fn stored_ascii(&self, text: &str) -> Canonical {
        match self {
            Self::Integer(_) | Self::Date | Self::DateTime | Self::Time => Canonical::Unknown,
            Self::Decimal(_) | Self::Year | Self::Bit(_) | Self::Uuid | Self::Enum(_) => Canonical::Unknown,
            Self::Text(collation, capacity) => stored_text(*collation, *capacity, text.as_bytes(), Charset::Ascii),
            Self::Bytes(capacity) => stored_bytes(*capacity, text.as_bytes()),
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(_) => f.write_str("integer"),
            Self::Text(collation, _) => write!(f, "text ({})", collation.name()),
            Self::Bytes(_) => f.write_str("bytes"),
            Self::Date => f.write_str("date"),
            Self::DateTime => f.write_str("datetime"),
            Self::Time => f.write_str("time"),
            Self::Decimal(digits) => write!(f, "decimal, scale {}", digits.scale),
            Self::Year => f.write_str("year"),
            Self::Bit(_) => f.write_str("bit"),
            Self::Uuid => f.write_str("uuid"),
            Self::Enum(collation) => write!(f, "enum ({})", collation.name()),
        }
    }
}

/// A fraction equals no integer, yet MariaDB 10.11 finds 43 for `key = 42.5` when it looks by index. So it is left to
/// the servers.
fn compared_integer(value: &Value<'_>) -> Canonical {
    let exact = match value {
        Value::Int(integer) => Some(i128::from(*integer)),
        Value::UInt(integer) => Some(i128::from(*integer)),
        Value::Decimal(text) => match Number::decimal(text).map(|number| number.integral()) {
            Some(Integral::Exact(integer)) if !IntegerRange::ANY.contains(integer) => return Canonical::Nowhere,
            Some(Integral::Exact(integer)) => Some(integer),
            Some(Integral::Fractional(_) | Integral::TooLarge) | None => None,
        },
        Value::Double(double) if double.fract() == 0.0 => below_exact_doubles(*double as i128),
        Value::Text { bytes, charset } => compared_text(bytes, *charset),
        Value::Binary(bytes) => compared_text(bytes, Charset::Binary),
        Value::Double(_) | Value::Hex(_) | Value::Null | Value::Temporal(_) | Value::Unknown => None,
    };
    exact.map_or(Canonical::Unknown, |integer| Canonical::Key(Key::Integer(integer)))
}

/// Text beside an integer: both become doubles. Only numbers that every server's reading makes the same double of.
fn compared_text(text: &[u8], charset: Charset) -> Option<i128> {
    /// Decimal digits, and powers of ten, up to which a double is exact whatever the algorithm.
    const EXACT: (usize, u32) = (15, 22);
    let number = leading_number(text, charset)?;
    if number.exponent().is_some() || number.fraction_digits() > 0 {
        let exponent = number.exponent().unwrap_or(0).unsigned_abs();
        if number.digits() > EXACT.0 || exponent > EXACT.1 {
            return None;
        }
    }
    match number.integral() {
        Integral::Exact(integer) => below_exact_doubles(integer),
        Integral::Fractional(_) | Integral::TooLarge => None,
    }
}

fn below_exact_doubles(integer: i128) -> Option<i128> {
    (-EXACT_DOUBLES < integer && integer < EXACT_DOUBLES).then_some(integer)
}

/// The integer that the server stores, before it is fitted into the column's range.
fn stored_integer(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(integer) => Some(i128::from(*integer)),
        Value::UInt(integer) => Some(i128::from(*integer)),
        Value::Decimal(text) => {
            /// A server's decimals keep at least so many digits behind the point, before they are rounded to integers.
            const KEPT: usize = 30;
            Number::decimal(text).filter(|number| number.fraction_digits() <= KEPT).and_then(|number| rounded(&number))
        }
        // Unlike decimals and texts, doubles round halves to even.
        Value::Double(double) if double.is_finite() => below_exact_doubles(double.round_ties_even() as i128),
        Value::Text { bytes, charset } => stored_number(bytes, *charset),
        Value::Binary(bytes) => stored_number(bytes, Charset::Binary),
        Value::Double(_) | Value::Hex(_) | Value::Null | Value::Temporal(_) | Value::Unknown => None,
    }
}

fn stored_number(text: &[u8], charset: Charset) -> Option<i128> {
    /// Digits that fit into 64 bits, whatever they are; and powers of ten. `0e9999999999` is stored as the greatest
    /// integer.
    const SIMPLE: (usize, u32) = (19, 300);
    let number = leading_number(text, charset)?;
    let is_simple = |exponent: i32| exponent.unsigned_abs() <= SIMPLE.1 && number.digits() <= SIMPLE.0;
    if number.exponent().is_none_or(is_simple) { rounded(&number) } else { None }
}

fn rounded(number: &Number<'_>) -> Option<i128> {
    match number.integral() {
        Integral::Exact(integer) | Integral::Fractional(integer) => Some(integer),
        Integral::TooLarge => None,
    }
}

/// The number that a text starts with, if servers agree on what that is. Spaces and tabs before it do not count; which
/// other characters are spaces depends on the character set (0xA0 is one in latin1), and on the server: a line break is
/// none for MySQL, which stores 0 then.
fn leading_number(text: &[u8], charset: Charset) -> Option<Number<'_>> {
    if charset == Charset::NotAscii {
        return None;
    }
    let start = text.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(text.len());
    let text = &text[start..];
    if text.first().is_some_and(|byte| !byte.is_ascii_graphic()) {
        return None;
    }
    Some(Number::prefix(text).0)
}

fn canonical_text(collation: TextCollation, bytes: &[u8], charset: Charset) -> Canonical {
    let text = charset.decode(bytes);
    match text.and_then(|text| collation.canonical(&text)) {
        Some(bytes) => Canonical::Key(Key::Bytes(bytes)),
        None => Canonical::Unknown,
    }
}

/// A member of an ENUM or SET of which the members are not known: no number of one, nor several.
fn member(collation: TextCollation, value: &Value<'_>) -> Canonical {
    match value {
        Value::Text { bytes, charset }
            if !bytes.contains(&b',') && bytes.iter().any(|byte| !byte.is_ascii_digit() && *byte != b' ') =>
        {
            canonical_text(collation, bytes, *charset)
        }
        _ => Canonical::Unknown,
    }
}

/// Trailing spaces: CHAR drops them, VARCHAR drops those that do not fit, TEXT keeps them.
fn stored_text(collation: TextCollation, capacity: Option<Capacity>, bytes: &[u8], charset: Charset) -> Canonical {
    let Some(text) = charset.decode(bytes) else { return Canonical::Unknown };
    let trimmed = text.trim_end_matches(' ');
    let spaces_count = !collation.pads() && trimmed.len() < text.len();
    let kept = match capacity {
        Some(Capacity { fixed: true, .. }) => trimmed,
        None if spaces_count => return Canonical::Unknown,
        _ if spaces_count => &text,
        _ => trimmed,
    };
    match capacity {
        Some(Capacity { max, .. }) if kept.chars().count() as u64 > max => Canonical::Unknown,
        _ => collation.canonical(kept).map_or(Canonical::Unknown, |bytes| Canonical::Key(Key::Bytes(bytes))),
    }
}

fn stored_bytes(capacity: Option<Capacity>, bytes: &[u8]) -> Canonical {
    /// The longest BINARY column.
    const MAX_BINARY: u64 = 255;
    let mut stored = KeyBytes::from_slice(bytes);
    match capacity {
        Some(Capacity { max, .. }) if bytes.len() as u64 > max => return Canonical::Unknown,
        Some(Capacity { max, fixed: true }) if max > MAX_BINARY => return Canonical::Unknown,
        Some(Capacity { max, fixed: true }) => stored.resize(max as usize, 0),
        Some(Capacity { fixed: false, .. }) | None => {}
    }
    Canonical::Key(Key::Bytes(stored))
}

#[cfg(test)]
mod tests;
