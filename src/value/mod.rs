//! SQL values as MySQL sees them, as far as placement needs them: a literal or a bound parameter, with what is known
//! of its type and character set, borrowed from the statement wherever possible.

pub mod charset;
pub mod decimal;
pub mod number;
mod pairs;

use std::borrow::Cow;

pub use charset::Charset;

/// One value of a statement: a literal, or a bound parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Null,
    Int(i64),
    /// An integer above `i64::MAX`; smaller ones are `Int`.
    UInt(u64),
    /// An exact number as text: optional sign, digits, optional fraction (`-12.50`). Integers beyond 64 bits too.
    Decimal(Cow<'a, [u8]>),
    Double(f64),
    /// Character data: `bytes`, already unescaped, are in `charset`.
    Text {
        bytes: Cow<'a, [u8]>,
        charset: Charset,
    },
    /// Bytes without a character set: `_binary'..'`, a BLOB parameter.
    Binary(Cow<'a, [u8]>),
    /// `x'2A'`, `0x2A`: bytes beside texts and bytes, and perhaps a number beside numbers.
    Hex(Cow<'a, [u8]>),
    /// A bound date, or date with time, as MySQL writes it: `2015-01-05`, `2015-01-05 10:00:00.500000`. A text beside it is
    /// compared as a date; a text in its place would not be.
    Temporal(Cow<'a, [u8]>),
    /// Legal SQL whose value, or whose conversion, is not known here (times of day, expressions). It can stand for any value.
    Unknown,
}

impl Value<'_> {
    /// The same, without the statement that it was read from.
    pub fn into_owned(self) -> Value<'static> {
        let owned = |bytes: Cow<'_, [u8]>| Cow::Owned(bytes.into_owned());
        match self {
            Self::Null => Value::Null,
            Self::Int(value) => Value::Int(value),
            Self::UInt(value) => Value::UInt(value),
            Self::Decimal(text) => Value::Decimal(owned(text)),
            Self::Double(value) => Value::Double(value),
            Self::Text { bytes, charset } => Value::Text { bytes: owned(bytes), charset },
            Self::Binary(bytes) => Value::Binary(owned(bytes)),
            Self::Hex(bytes) => Value::Hex(owned(bytes)),
            Self::Temporal(text) => Value::Temporal(owned(text)),
            Self::Unknown => Value::Unknown,
        }
    }
}
