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
