//! Columns of a table whose rows go to other tables of the same definition: how each is asked for, and how what came is
//! written as a literal that means the same in every session.

use data_encoding::HEXLOWER;

use super::cells::Kind;
use super::failure::Failure;
use super::long::Sql;
use super::stage::quoted;
use super::typed_json::{self, Unkept};
use crate::wire::text;

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    shape: Shape,
    /// Computed by the server from other columns.
    pub is_generated: bool,
    /// The server may set it where it changes other columns of the row.
    pub is_set_on_update: bool,
    /// The server numbers rows.
    pub is_numbered: bool,
}

/// How its values are written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    /// As gathering does it.
    Plain(Kind),
    /// DOUBLE: its text, which as a number might be taken for a decimal.
    Real,
    /// BIT, as a number.
    Bits,
    /// In this character set.
    Text(String),
    /// BINARY, BLOB, GEOMETRY.
    Binary,
    /// Dates and times, which are ASCII.
    Ascii,
}

impl Column {
    /// From a row of SHOW FULL COLUMNS.
    pub(super) fn read(row: &[String]) -> Option<Self> {
        let [name, kind, collation, _, _, _, extra, ..] = row else { return None };
        let lower = kind.to_ascii_lowercase();
        let word = lower.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        let shape = match (Kind::of(kind), word) {
            (Kind::Bytes, "double" | "real") => Shape::Real,
            (Kind::Bytes, "bit") => Shape::Bits,
            (Kind::Bytes, "date" | "datetime" | "time") => Shape::Ascii,
            (Kind::Bytes, _) => match collation.split_once('_') {
                Some((charset, _)) => Shape::Text(charset.to_owned()),
                None if collation == "binary" || collation.is_empty() => Shape::Binary,
                None => Shape::Text(collation.clone()),
            },
            (kind, _) => Shape::Plain(kind),
        };
        let extra = extra.to_ascii_lowercase();
        Some(Self {
            name: name.clone(),
            shape,
            is_generated: ["virtual generated", "stored generated", "persistent"]
                .iter()
                .any(|word| extra.contains(word)),
            is_set_on_update: extra.contains("on update"),
            is_numbered: extra.contains("auto_increment"),
        })
    }

    /// What is asked for to get the column of the table with this qualifier (`t.`).
    pub(super) fn expression(&self, qualifier: &str) -> String {
        let column = format!("{qualifier}{}", quoted(&self.name));
        match &self.shape {
            Shape::Plain(kind) => kind.expression(&column),
            Shape::Bits => format!("{column} + 0"),
            Shape::Real | Shape::Text(_) | Shape::Binary | Shape::Ascii => column,
        }
    }

    /// Writes a value that came for `expression`.
    pub(super) fn write(&self, cell: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), Failure> {
        let Some(bytes) = cell else {
            out.extend_from_slice(b"NULL");
            return Ok(());
        };
        match &self.shape {
            Shape::Plain(Kind::Json) => {
                let text = |bytes: &[u8], out: &mut Vec<u8>| write_text("utf8mb4", bytes, out);
                typed_json::write(bytes, text, out).map_err(|Unkept| unkept(&self.name))?;
            }
            Shape::Plain(Kind::Float) | Shape::Real | Shape::Ascii => write_ascii(bytes, out),
            Shape::Plain(kind) => kind.write(cell, out).map_err(|Unkept| unkept(&self.name))?,
            Shape::Bits => out.extend_from_slice(bytes),
            Shape::Text(charset) => write_text(charset, bytes, out),
            Shape::Binary => write_hex("_binary ", bytes, out),
        }
        Ok(())
    }

    /// The same in a row whose text begins at `row`. What is long goes as a parameter: as bytes, which a column takes for its
    /// own.
    pub(super) fn store(&self, cell: Option<&[u8]>, row: usize, sql: &mut Sql) -> Result<(), Failure> {
        match (&self.shape, cell) {
            (Shape::Text(_) | Shape::Binary, Some(bytes)) if sql.takes_apart(bytes, row) => {
                sql.push_apart(b"", bytes, b"");
                Ok(())
            }
            (Shape::Plain(kind @ Kind::Json), Some(bytes)) if typed_json::is_plain(bytes) => {
                kind.store(cell, row, sql).map_err(|Unkept| unkept(&self.name))
            }
            _ => self.write(cell, &mut sql.text),
        }
    }

    /// The same for a comparison with the column, which an index must be able to answer.
    pub(super) fn write_compared(&self, cell: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), Failure> {
        match (&self.shape, cell) {
            (Shape::Plain(Kind::Float) | Shape::Real, Some(bytes)) => out.extend_from_slice(bytes),
            _ => self.write(cell, out)?,
        }
        Ok(())
    }

    /// The value as routing takes it.
    pub fn value<'c>(&self, cell: Option<&'c [u8]>) -> crate::value::Value<'c> {
        use crate::value::{Charset, Value};
        let Some(bytes) = cell else { return Value::Null };
        let number = || std::str::from_utf8(bytes).ok();
        match &self.shape {
            Shape::Plain(Kind::Number | Kind::Member) | Shape::Bits => {
                match number().and_then(|text| text.parse().ok()) {
                    Some(number) => Value::Int(number),
                    None => {
                        number().and_then(|text| text.parse().ok()).map_or(Value::Decimal(bytes.into()), Value::UInt)
                    }
                }
            }
            Shape::Plain(Kind::Ascii) => Value::Text { bytes: bytes.into(), charset: Charset::Ascii },
            Shape::Text(charset) => Value::Text { bytes: bytes.into(), charset: Charset::from_mysql_name(charset) },
            Shape::Ascii => Value::Text { bytes: bytes.into(), charset: Charset::from_mysql_name("ascii") },
            Shape::Binary => Value::Binary(bytes.into()),
            Shape::Plain(_) | Shape::Real => Value::Unknown,
        }
    }
}

/// What is said of a value that cannot be copied.
pub(super) fn unkept(column: &str) -> Failure {
    Failure::Unsupported(format!(
        "copying the JSON of column '{column}', which has bits or bytes that no JSON text can hold"
    ))
}

fn write_ascii(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'\'');
    out.extend_from_slice(bytes);
    out.push(b'\'');
}

fn write_text(charset: &str, bytes: &[u8], out: &mut Vec<u8>) {
    let is_ascii_like = matches!(charset, "utf8mb4" | "utf8mb3" | "utf8" | "latin1" | "ascii");
    let is_plain = |byte: &u8| (byte.is_ascii_graphic() || *byte == b' ') && !b"'\\".contains(byte);
    if is_ascii_like && bytes.iter().all(is_plain) {
        out.push(b'_');
        out.extend_from_slice(charset.as_bytes());
        write_ascii(bytes, out);
    } else {
        write_hex(&format!("_{charset} "), bytes, out);
    }
}

fn write_hex(introducer: &str, bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(introducer.as_bytes());
    out.extend_from_slice(b"x'");
    let begun = out.len();
    out.resize(begun + HEXLOWER.encode_len(bytes.len()), 0);
    HEXLOWER.encode_mut(bytes, &mut out[begun..]);
    out.push(b'\'');
}

/// The cells of a row as text; NULL is empty.
pub(super) fn shown(row: &[u8]) -> Vec<String> {
    text::cells(row).map(|cell| String::from_utf8_lossy(cell.ok().flatten().unwrap_or_default()).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: &str, collation: &str, extra: &str) -> Column {
        let cells = ["c", kind, collation, "YES", "", "", extra, "", ""];
        Column::read(&cells.map(str::to_owned)).expect("it has all cells")
    }

    #[test]
    fn values_are_written_so_that_they_mean_the_same_everywhere() {
        let cases: [(&str, &str, &[u8], &str); 9] = [
            ("int(11)", "", b"-5", "-5"),
            ("varchar(5)", "utf8mb4_general_ci", b"it's", "_utf8mb4 x'69742773'"),
            ("varchar(5)", "latin1_swedish_ci", b"plain", "_latin1'plain'"),
            ("text", "utf16_bin", b"\0a", "_utf16 x'0061'"),
            ("blob", "", b"\xff", "_binary x'ff'"),
            ("bit(3)", "", b"5", "5"),
            ("double", "", b"1e-7", "'1e-7'"),
            ("datetime", "", b"2024-01-01 00:00:00", "'2024-01-01 00:00:00'"),
            ("enum('a')", "utf8mb4_bin", b"1", "1"),
        ];
        for (kind, collation, cell, wanted) in cases {
            let mut out = Vec::new();
            assert!(column(kind, collation, "").write(Some(cell), &mut out).is_ok());
            assert_eq!(String::from_utf8_lossy(&out), wanted, "{kind}");
        }
    }

    #[test]
    fn what_the_server_fills_in_is_seen() {
        assert!(column("int", "", "VIRTUAL GENERATED").is_generated);
        assert!(column("int", "", "STORED GENERATED").is_generated);
        assert!(!column("timestamp", "", "DEFAULT_GENERATED on update CURRENT_TIMESTAMP").is_generated);
        assert!(column("timestamp", "", "on update current_timestamp()").is_set_on_update);
        assert!(column("int", "", "auto_increment").is_numbered);
    }
}
