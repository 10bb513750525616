//! One parameter's type, and what its bytes mean.

use mysql_common::constants::ColumnType;

use crate::value::{Charset, Value};
use crate::wire::WireError;
use crate::wire::reader::Reader;

const UNSIGNED: u8 = 0x80;

/// A parameter's type as a client names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParamType {
    /// [`ColumnType`] as a number.
    pub code: u8,
    pub unsigned: bool,
}

impl ParamType {
    pub(super) fn from_bytes(code: u8, flags: u8) -> Self {
        Self { code, unsigned: flags & UNSIGNED != 0 }
    }

    pub(super) fn to_bytes(self) -> [u8; 2] {
        [self.code, if self.unsigned { UNSIGNED } else { 0 }]
    }

    /// Whether values of this type are all NULL, whatever the bitmap says.
    pub(super) fn is_null(self) -> bool {
        self.code == ColumnType::MYSQL_TYPE_NULL as u8
    }

    /// What MySQL tells apart when it looks whether values fit a statement that was executed before: from 1 to 15, and 0 for
    /// NULL, which fits anything.
    pub(super) fn kind(self) -> u8 {
        use ColumnType::*;
        match ColumnType::try_from(self.code) {
            Ok(MYSQL_TYPE_NULL) => 0,
            Ok(MYSQL_TYPE_TINY | MYSQL_TYPE_SHORT | MYSQL_TYPE_INT24 | MYSQL_TYPE_LONG | MYSQL_TYPE_LONGLONG) => {
                1 + u8::from(self.unsigned)
            }
            Ok(MYSQL_TYPE_YEAR) => 3,
            Ok(MYSQL_TYPE_FLOAT) => 4,
            Ok(MYSQL_TYPE_DOUBLE) => 5,
            Ok(MYSQL_TYPE_DECIMAL | MYSQL_TYPE_NEWDECIMAL) => 6,
            Ok(MYSQL_TYPE_DATE) => 7,
            Ok(MYSQL_TYPE_TIME) => 8,
            Ok(MYSQL_TYPE_DATETIME | MYSQL_TYPE_TIMESTAMP) => 9,
            Ok(MYSQL_TYPE_VARCHAR | MYSQL_TYPE_VAR_STRING | MYSQL_TYPE_STRING | MYSQL_TYPE_ENUM | MYSQL_TYPE_SET) => 10,
            Ok(MYSQL_TYPE_TINY_BLOB | MYSQL_TYPE_MEDIUM_BLOB | MYSQL_TYPE_LONG_BLOB | MYSQL_TYPE_BLOB) => 11,
            Ok(MYSQL_TYPE_JSON) => 12,
            Ok(MYSQL_TYPE_BIT) => 13,
            Ok(MYSQL_TYPE_GEOMETRY | MYSQL_TYPE_VECTOR) => 14,
            Ok(_) | Err(_) => 15,
        }
    }

    /// Steps over a value and returns its length, without the length that may stand before it.
    pub(super) fn read(self, reader: &mut Reader<'_>) -> Result<usize, WireError> {
        use ColumnType::*;
        const WHAT: &str = "parameter";
        let known = ColumnType::try_from(self.code).map_err(|_| WireError::Malformed("parameter type"))?;
        let len = match known {
            MYSQL_TYPE_NULL => 0,
            MYSQL_TYPE_TINY => 1,
            MYSQL_TYPE_SHORT | MYSQL_TYPE_YEAR => 2,
            MYSQL_TYPE_LONG | MYSQL_TYPE_INT24 | MYSQL_TYPE_FLOAT => 4,
            MYSQL_TYPE_LONGLONG | MYSQL_TYPE_DOUBLE => 8,
            MYSQL_TYPE_DATE | MYSQL_TYPE_DATETIME | MYSQL_TYPE_TIMESTAMP => temporal_len(reader, &[0, 4, 7, 11])?,
            MYSQL_TYPE_TIME => temporal_len(reader, &[0, 8, 12])?,
            MYSQL_TYPE_DECIMAL
            | MYSQL_TYPE_NEWDECIMAL
            | MYSQL_TYPE_VARCHAR
            | MYSQL_TYPE_VAR_STRING
            | MYSQL_TYPE_STRING
            | MYSQL_TYPE_ENUM
            | MYSQL_TYPE_SET
            | MYSQL_TYPE_BIT
            | MYSQL_TYPE_JSON
            | MYSQL_TYPE_GEOMETRY
            | MYSQL_TYPE_VECTOR
            | MYSQL_TYPE_TINY_BLOB
            | MYSQL_TYPE_MEDIUM_BLOB
            | MYSQL_TYPE_LONG_BLOB
            | MYSQL_TYPE_BLOB => return reader.lenenc_bytes(WHAT).map(<[u8]>::len),
            MYSQL_TYPE_NEWDATE
            | MYSQL_TYPE_TIMESTAMP2
            | MYSQL_TYPE_DATETIME2
            | MYSQL_TYPE_TIME2
            | MYSQL_TYPE_TYPED_ARRAY
            | MYSQL_TYPE_UNKNOWN => return Err(WireError::Malformed("parameter type")),
        };
        reader.skip(len, WHAT)?;
        Ok(len)
    }

    /// What the server takes `bytes` for. A YEAR or INT24 parameter is read differently by different servers, and a time of
    /// day is compared in ways that depend on the current date: those are not known.
    pub(super) fn value(self, bytes: &[u8], charset: Charset) -> Value<'_> {
        use ColumnType::*;
        match ColumnType::try_from(self.code) {
            Ok(MYSQL_TYPE_TINY | MYSQL_TYPE_SHORT | MYSQL_TYPE_LONG | MYSQL_TYPE_LONGLONG) => {
                integer(bytes, self.unsigned)
            }
            Ok(MYSQL_TYPE_FLOAT) => {
                bytes.try_into().map_or(Value::Unknown, |b| Value::Double(f32::from_le_bytes(b).into()))
            }
            Ok(MYSQL_TYPE_DOUBLE) => bytes.try_into().map_or(Value::Unknown, |b| Value::Double(f64::from_le_bytes(b))),
            Ok(MYSQL_TYPE_DECIMAL | MYSQL_TYPE_NEWDECIMAL) if is_decimal(bytes) => Value::Decimal(bytes.into()),
            Ok(MYSQL_TYPE_VARCHAR | MYSQL_TYPE_VAR_STRING | MYSQL_TYPE_STRING) => {
                Value::Text { bytes: bytes.into(), charset }
            }
            Ok(MYSQL_TYPE_TINY_BLOB | MYSQL_TYPE_MEDIUM_BLOB | MYSQL_TYPE_LONG_BLOB | MYSQL_TYPE_BLOB) => {
                Value::Binary(bytes.into())
            }
            Ok(MYSQL_TYPE_DATE) => date(bytes).filter(|_| bytes.len() == 4).map_or(Value::Unknown, temporal),
            Ok(MYSQL_TYPE_DATETIME | MYSQL_TYPE_TIMESTAMP) => date_time(bytes).map_or(Value::Unknown, temporal),
            _ => Value::Unknown,
        }
    }
}

fn temporal(text: String) -> Value<'static> {
    Value::Temporal(text.into_bytes().into())
}

fn date(bytes: &[u8]) -> Option<String> {
    let [low, high, month, day, ..] = bytes else { return None };
    Some(format!("{:04}-{month:02}-{day:02}", u16::from_le_bytes([*low, *high])))
}

/// What is left out is zero.
fn date_time(bytes: &[u8]) -> Option<String> {
    let mut text = date(bytes)?;
    let [hour, minute, second] = *bytes.get(4..7).and_then(<[u8]>::first_chunk).unwrap_or(&[0; 3]);
    text += &format!(" {hour:02}:{minute:02}:{second:02}");
    if let Some(micros) = bytes.get(7..11).and_then(<[u8]>::first_chunk) {
        text += &format!(".{:06}", u32::from_le_bytes(*micros));
    }
    Some(text)
}

fn temporal_len(reader: &mut Reader<'_>, allowed: &[u8]) -> Result<usize, WireError> {
    let len = reader.u8("parameter")?;
    if allowed.contains(&len) { Ok(len.into()) } else { Err(WireError::Malformed("temporal parameter")) }
}

fn integer(bytes: &[u8], unsigned: bool) -> Value<'static> {
    let is_negative = !unsigned && bytes.last().is_some_and(|last| last & 0x80 != 0);
    let mut wide = [if is_negative { 0xFF } else { 0 }; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    let (signed, value) = (i64::from_le_bytes(wide), u64::from_le_bytes(wide));
    if unsigned && signed < 0 { Value::UInt(value) } else { Value::Int(signed) }
}

/// Optional sign, digits, optional fraction: what every server reads as the same number.
fn is_decimal(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let mut parts = digits.splitn(2, |byte| *byte == b'.');
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    parts.next().is_some_and(is_number) && parts.next().is_none_or(is_number)
}
