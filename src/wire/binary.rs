//! Rows in binary form: the answers to COM_STMT_EXECUTE. Only what ShardGate answers by itself is written here.

use mysql_common::constants::ColumnType;

use crate::wire::writer::Put;

/// A cell that ShardGate makes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    Null,
    Int(i64),
    UInt(u64),
    Double(f64),
    Bytes(&'a [u8]),
}

impl Cell<'_> {
    /// The type that the column of such a cell must be defined with; a NULL fits every type.
    pub fn column_type(&self) -> ColumnType {
        match self {
            Self::Null => ColumnType::MYSQL_TYPE_NULL,
            Self::Int(_) | Self::UInt(_) => ColumnType::MYSQL_TYPE_LONGLONG,
            Self::Double(_) => ColumnType::MYSQL_TYPE_DOUBLE,
            Self::Bytes(_) => ColumnType::MYSQL_TYPE_VAR_STRING,
        }
    }
}

/// Appends the payload of a row.
pub fn write_row(out: &mut Vec<u8>, cells: &[Cell<'_>]) {
    out.put_u8(0);
    let bitmap = out.len();
    // The bitmap of a row begins with its third bit.
    out.resize(bitmap + (cells.len() + 2).div_ceil(8), 0);
    for (i, cell) in cells.iter().enumerate() {
        match *cell {
            Cell::Null => out[bitmap + (i + 2) / 8] |= 1 << ((i + 2) % 8),
            Cell::Int(value) => out.put_u64(value as u64),
            Cell::UInt(value) => out.put_u64(value),
            Cell::Double(value) => out.put_u64(value.to_bits()),
            Cell::Bytes(bytes) => out.put_lenenc_bytes(bytes),
        }
    }
}

/// Appends the payload of a row whose cells came in text form, for columns of these types. A number or a time that does
/// not read as one becomes 0.
pub fn write_text_row(out: &mut Vec<u8>, kinds: &[u8], cells: &[Option<&[u8]>]) {
    out.put_u8(0);
    let bitmap = out.len();
    out.resize(bitmap + (cells.len() + 2).div_ceil(8), 0);
    for (i, (cell, kind)) in cells.iter().zip(kinds).enumerate() {
        match cell {
            None => out[bitmap + (i + 2) / 8] |= 1 << ((i + 2) % 8),
            Some(text) => write_text_cell(out, *kind, text),
        }
    }
}

fn write_text_cell(out: &mut Vec<u8>, kind: u8, text: &[u8]) {
    let is = |known: ColumnType| known as u8 == kind;
    let number = || {
        let text = std::str::from_utf8(text).unwrap_or_default();
        text.parse::<u64>().or_else(|_| text.parse::<i64>().map(|value| value as u64)).unwrap_or_default()
    };
    if is(ColumnType::MYSQL_TYPE_LONGLONG) {
        out.put_u64(number());
    } else if is(ColumnType::MYSQL_TYPE_LONG) || is(ColumnType::MYSQL_TYPE_INT24) {
        out.put_u32(number() as u32);
    } else if is(ColumnType::MYSQL_TYPE_SHORT) || is(ColumnType::MYSQL_TYPE_YEAR) {
        out.put_u16(number() as u16);
    } else if is(ColumnType::MYSQL_TYPE_TINY) {
        out.put_u8(number() as u8);
    } else if is(ColumnType::MYSQL_TYPE_DOUBLE) {
        let value: f64 = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or_default();
        out.put_u64(value.to_bits());
    } else if is(ColumnType::MYSQL_TYPE_DATETIME)
        || is(ColumnType::MYSQL_TYPE_TIMESTAMP)
        || is(ColumnType::MYSQL_TYPE_DATE)
    {
        write_moment(out, text);
    } else {
        out.put_lenenc_bytes(text);
    }
}

/// `2024-01-31 12:30:59.5`, in the shortest form that holds it.
fn write_moment(out: &mut Vec<u8>, text: &[u8]) {
    let parts: Vec<&[u8]> = text.split(|byte| !byte.is_ascii_digit()).collect();
    let part = |index: usize| -> u32 {
        let digits = parts.get(index).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default();
        digits.parse().unwrap_or_default()
    };
    let fraction = parts.get(6).map_or(0, |digits| {
        let digits: String = digits.iter().map(|byte| *byte as char).chain("000000".chars()).take(6).collect();
        digits.parse().unwrap_or_default()
    });
    let has_time = (3..6).any(|index| part(index) != 0);
    let length = match (fraction, has_time, (0..3).any(|index| part(index) != 0)) {
        (1.., _, _) => 11,
        (0, true, _) => 7,
        (0, false, true) => 4,
        (0, false, false) => 0,
    };
    out.put_u8(length);
    if length >= 4 {
        out.put_u16(part(0) as u16);
        out.extend([part(1) as u8, part(2) as u8]);
    }
    if length >= 7 {
        out.extend([part(3) as u8, part(4) as u8, part(5) as u8]);
    }
    if length == 11 {
        out.put_u32(fraction);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row() {
        let mut out = Vec::new();
        write_row(&mut out, &[Cell::Int(-2), Cell::Null, Cell::Bytes(b"ab")]);
        assert_eq!(out, b"\x00\x08\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02ab");
        out.clear();
        write_row(&mut out, &[Cell::Null; 7]);
        assert_eq!(out, b"\x00\xFC\x01");
        out.clear();
        write_row(&mut out, &[Cell::Double(1.0), Cell::UInt(u64::MAX)]);
        assert_eq!(out, b"\x00\x00\x00\x00\x00\x00\x00\x00\xF0\x3F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
        assert_eq!(Cell::UInt(1).column_type(), ColumnType::MYSQL_TYPE_LONGLONG);
    }
}
