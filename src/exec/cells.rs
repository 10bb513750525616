//! Values on their way from one server to another: how a column is asked for, and how what came is written as a literal,
//! so that the same value is stored.
//!
//! Text travels in the column's own character set (nothing is converted on either side). Where a type's text is not its
//! value (FLOAT is shown rounded, a TIMESTAMP in the hour that the clocks go back means two moments) something else is
//! asked for.

use super::long::Sql;
use super::typed_json::{self, Unkept};

/// How the values of a column travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Digits, which need no quotes.
    Number,
    /// A string of bytes, in the column's own character set.
    Bytes,
    /// FLOAT, shown as DOUBLE.
    Float,
    /// ENUM and SET, by number: the text may stand for several.
    Member,
    /// TIMESTAMP, as seconds since 1970.
    Moment,
    /// MySQL's JSON, which takes no bytes.
    Json,
    /// MariaDB's UUID and INET6, which take bytes for their binary form.
    Ascii,
}

impl Kind {
    /// For a column of this type, as SHOW COLUMNS has it: `int(11) unsigned`.
    pub(super) fn of(column_type: &str) -> Self {
        let lower = column_type.to_ascii_lowercase();
        let word = lower.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        match word {
            "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" | "year" => Self::Number,
            "float" => Self::Float,
            "enum" | "set" => Self::Member,
            "timestamp" => Self::Moment,
            "json" => Self::Json,
            "uuid" | "inet4" | "inet6" => Self::Ascii,
            _ => Self::Bytes,
        }
    }

    /// What is asked for to get the column of this (quoted) name.
    pub(super) fn expression(self, column: &str) -> String {
        match self {
            Self::Number | Self::Bytes | Self::Ascii => column.to_owned(),
            Self::Json => typed_json::expression(column),
            Self::Float => format!("{column} - 0e0"),
            Self::Member => format!("CAST({column} AS UNSIGNED)"),
            Self::Moment => format!("UNIX_TIMESTAMP({column})"),
        }
    }

    /// Writes the value that came, in a row whose text begins at `row`. What is long goes as a parameter: as bytes, which a
    /// column takes for its own.
    pub(super) fn store(self, cell: Option<&[u8]>, row: usize, sql: &mut Sql) -> Result<(), Unkept> {
        match (self, cell) {
            (Self::Bytes, Some(bytes)) if sql.takes_apart(bytes, row) => sql.push_apart(b"", bytes, b""),
            (Self::Json, Some(bytes)) if sql.takes_apart(bytes, row) && typed_json::is_plain(bytes) => {
                sql.push_apart(b"CONVERT(", &bytes[1..], b" USING utf8mb4)");
            }
            _ => self.write(cell, &mut sql.text)?,
        }
        Ok(())
    }

    /// Writes the value that came as a literal.
    pub(super) fn write(self, cell: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), Unkept> {
        let Some(bytes) = cell else {
            out.extend_from_slice(b"NULL");
            return Ok(());
        };
        match self {
            Self::Number | Self::Member => out.extend_from_slice(bytes),
            Self::Moment => {
                out.extend_from_slice(b"FROM_UNIXTIME(");
                out.extend_from_slice(bytes);
                out.push(b')');
            }
            Self::Bytes | Self::Float => write_quoted(bytes, out),
            Self::Json => return typed_json::write(bytes, write_utf8, out),
            Self::Ascii => {
                out.extend_from_slice(b"_latin1");
                write_quoted(bytes, out);
            }
        }
        Ok(())
    }
}

fn write_utf8(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"_utf8mb4");
    write_quoted(bytes, out);
}

/// Writes a string for a server that takes backslashes as escapes.
fn write_quoted(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'\'');
    let mut rest = bytes;
    while let Some(at) = memchr::memchr3(b'\'', b'\\', 0, rest) {
        out.extend_from_slice(&rest[..at]);
        out.push(b'\\');
        out.push(if rest[at] == 0 { b'0' } else { rest[at] });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_by_their_first_word() {
        let cases = [
            ("int(10) unsigned", Kind::Number),
            ("decimal(10,2)", Kind::Number),
            ("float(7,2)", Kind::Float),
            ("double", Kind::Bytes),
            ("set('float')", Kind::Member),
            ("timestamp(6)", Kind::Moment),
            ("time", Kind::Bytes),
            ("bit(5)", Kind::Bytes),
            ("longtext", Kind::Bytes),
            ("JSON", Kind::Json),
            ("inet6", Kind::Ascii),
            ("point", Kind::Bytes),
        ];
        for (text, kind) in cases {
            assert_eq!(Kind::of(text), kind, "{text}");
        }
    }

    #[test]
    fn literals_give_back_what_came() {
        let written = |kind: Kind, cell: Option<&[u8]>| {
            let mut out = Vec::new();
            assert_eq!(kind.write(cell, &mut out), Ok(()));
            String::from_utf8_lossy(&out).into_owned()
        };
        assert_eq!(written(Kind::Number, Some(b"-42.50")), "-42.50");
        assert_eq!(written(Kind::Bytes, None), "NULL");
        assert_eq!(written(Kind::Bytes, Some(b"it's \\ \0 \n")), "'it\\'s \\\\ \\0 \n'");
        assert_eq!(written(Kind::Json, Some(b" {}")), "_utf8mb4'{}'");
        assert_eq!(written(Kind::Moment, Some(b"1.500")), "FROM_UNIXTIME(1.500)");
    }
}
