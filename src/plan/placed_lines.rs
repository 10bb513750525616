//! Lines of a file that is loaded into a sharded table, each with the shard where the row belongs that a server makes of it.
//!
//! A file has texts only, and a server that loads one stores what it can make of them: `12abc` is 12, what is too long is
//! cut, a field that is not there is the column's default. What it stores decides the shard. Where a server would refuse
//! such a text instead, it does so on that shard.

use std::borrow::Cow;

use crate::sharding::key::KeyType;
use crate::sharding::{Located, Part, ShardId, Sharded, Table};
use crate::sql::lines::{Field, Line};
use crate::value::number::{Integral, Number};
use crate::value::{Charset, Value};

use super::PlanError;
use super::rows::numbered;

/// What a row has in a column that its line says nothing of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Default {
    Null,
    /// Its text.
    Given(Vec<u8>),
    /// An expression, or one that is not known.
    Unknown,
}

/// Finds the shards of lines.
#[derive(Debug, Clone)]
pub struct Placer<'s> {
    pub table: &'s Table,
    pub sharded: &'s Sharded,
    /// Of the file.
    pub charset: Charset,
    /// Of the shard key.
    pub default: Default,
    /// Whether lines tell the number that the shards must not make, in their second field; and whether 0 is such a number.
    pub numbers: Option<bool>,
}

impl Placer<'_> {
    /// The shard of a line whose first field is the key.
    pub fn place(&self, line: &Line<'_>) -> Result<ShardId, PlanError> {
        if let Some(keeps_zero) = self.numbers
            && is_left_out(line.field(1), keeps_zero)
        {
            return Err(numbered(self.table));
        }
        let value = self.value(line.field(0));
        match self.sharded.place(&value) {
            Located::Shard(shard) => return Ok(shard),
            located @ (Located::Null | Located::Unplaced | Located::Nowhere) => {
                return Err(PlanError::unplaced(located, self.table, self.sharded, Part::FIRST, &value));
            }
            Located::Anywhere => {}
        }
        let converted = self.converted(&value).unwrap_or(Value::Unknown);
        match self.sharded.place(&converted) {
            Located::Shard(shard) => Ok(shard),
            located => Err(PlanError::unplaced(located, self.table, self.sharded, Part::FIRST, &converted)),
        }
    }

    fn value<'v>(&'v self, field: Field<'v>) -> Value<'v> {
        match field {
            Field::Text(bytes) => self.text(Cow::Borrowed(bytes)),
            Field::Null if self.is_nullable() => Value::Null,
            Field::Null => self.nothing(),
            Field::Missing => match &self.default {
                Default::Null if self.is_nullable() => Value::Null,
                Default::Null => self.nothing(),
                Default::Given(bytes) => Value::Text { bytes: Cow::Borrowed(bytes), charset: Charset::Utf8 },
                Default::Unknown => Value::Unknown,
            },
        }
    }

    fn text<'v>(&self, bytes: Cow<'v, [u8]>) -> Value<'v> {
        match self.charset {
            Charset::Binary => Value::Binary(bytes),
            charset => Value::Text { bytes, charset },
        }
    }

    fn is_nullable(&self) -> bool {
        let kind = self.table.column(&self.sharded.key_column).and_then(|column| column.kind.as_ref());
        kind.is_none_or(|kind| kind.nullable)
    }

    /// What a server makes of NULL in a column that is NOT NULL.
    fn nothing(&self) -> Value<'static> {
        match self.sharded.key {
            KeyType::Integer(_) | KeyType::Decimal(_) | KeyType::Year | KeyType::Bit(_) => Value::Int(0),
            KeyType::Time => Value::Text { bytes: Cow::Borrowed(b"00:00:00"), charset: Charset::Ascii },
            KeyType::Text(..) | KeyType::Bytes(_) => Value::Text { bytes: Cow::Borrowed(b""), charset: Charset::Ascii },
            KeyType::Date | KeyType::DateTime | KeyType::Uuid | KeyType::Enum(_) => Value::Unknown,
        }
    }

    /// What a server stores for a text that is not a value of the column's type.
    fn converted<'v>(&self, value: &'v Value<'_>) -> Option<Value<'v>> {
        let (Value::Text { bytes, .. } | Value::Binary(bytes)) = value else { return None };
        match self.sharded.key {
            KeyType::Integer(range) => {
                let (number, _) = Number::prefix(bytes.trim_ascii_start());
                let integer = match number.integral() {
                    Integral::Exact(integer) | Integral::Fractional(integer) => integer,
                    Integral::TooLarge if bytes.trim_ascii_start().starts_with(b"-") => i128::MIN,
                    Integral::TooLarge => i128::MAX,
                };
                let integer = integer.clamp(i128::from(range.min), i128::from(range.max));
                Some(i64::try_from(integer).map_or_else(|_| Value::UInt(integer as u64), Value::Int))
            }
            KeyType::Text(_, Some(capacity)) => {
                let text = self.charset.decode(bytes)?;
                let kept: String = text.chars().take(usize::try_from(capacity.max).ok()?).collect();
                Some(Value::Text { bytes: Cow::Owned(kept.into_bytes()), charset: Charset::Utf8 })
            }
            KeyType::Bytes(Some(capacity)) => {
                let kept = bytes.get(..usize::try_from(capacity.max).ok()?).unwrap_or(bytes);
                Some(Value::Binary(Cow::Borrowed(kept)))
            }
            KeyType::Text(_, None) | KeyType::Bytes(None) | KeyType::Date | KeyType::DateTime | KeyType::Time => None,
            KeyType::Decimal(_) | KeyType::Year | KeyType::Bit(_) | KeyType::Uuid | KeyType::Enum(_) => None,
        }
    }
}

/// Whether a server would number the row.
fn is_left_out(field: Field<'_>, keeps_zero: bool) -> bool {
    match field {
        Field::Missing | Field::Null => true,
        Field::Text(bytes) => {
            let (number, _) = Number::prefix(bytes.trim_ascii_start());
            !keeps_zero && matches!(number.integral(), Integral::Exact(0) | Integral::Fractional(0))
        }
    }
}
