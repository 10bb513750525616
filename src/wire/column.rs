//! Column definitions: what precedes the rows of a result set.

use std::borrow::Cow;

use mysql_common::constants::{ColumnFlags, ColumnType};

use crate::wire::WireError;
use crate::wire::reader::{NULL_CELL, Reader};
use crate::wire::writer::Put;

/// Bytes of the fields after the names.
const FIXED_LEN: usize = 12;
/// The collation number of columns without a character set.
pub const BINARY_COLLATION: u16 = 63;

/// One column of a result set, or one parameter of a prepared statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnDefinition<'a> {
    pub schema: &'a [u8],
    /// The table's alias, or its name if it has none.
    pub table: &'a [u8],
    pub org_table: &'a [u8],
    /// The column's alias, or its name, or the text of an expression.
    pub name: &'a [u8],
    pub org_name: &'a [u8],
    /// MariaDB's extended metadata, as it came; `None` where it was not agreed on.
    pub extended: Option<&'a [u8]>,
    /// The collation's number.
    pub charset: u16,
    /// The greatest length in bytes, or in digits.
    pub length: u32,
    /// [`ColumnType`] as a number, since servers have types of their own.
    pub column_type: u8,
    pub flags: ColumnFlags,
    pub decimals: u8,
    /// Only in the answer to COM_FIELD_LIST: the default value.
    pub default: Option<&'a [u8]>,
}

impl<'a> ColumnDefinition<'a> {
    /// A column that is an expression: it belongs to no table.
    pub fn expression(name: &'a [u8], column_type: ColumnType, charset: u16, length: u32) -> Self {
        Self {
            schema: b"",
            table: b"",
            org_table: b"",
            name,
            org_name: b"",
            extended: None,
            charset,
            length,
            column_type: column_type as u8,
            flags: ColumnFlags::empty(),
            decimals: 0,
            default: None,
        }
    }

    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        catalog(&mut reader)?;
        let schema = reader.lenenc_bytes("schema name")?;
        let table = reader.lenenc_bytes("table name")?;
        let org_table = reader.lenenc_bytes("table name")?;
        let name = reader.lenenc_bytes("column name")?;
        let org_name = reader.lenenc_bytes("column name")?;
        let extended = if has_extended(&reader) { Some(reader.lenenc_bytes("extended metadata")?) } else { None };
        if reader.lenenc_int("column definition")? != FIXED_LEN as u64 {
            return Err(WireError::Malformed("column definition"));
        }
        let charset = reader.u16("collation")?;
        let length = reader.u32("column length")?;
        let column_type = reader.u8("column type")?;
        let flags = ColumnFlags::from_bits_retain(reader.u16("column flags")?);
        let decimals = reader.u8("decimals")?;
        reader.skip(2, "column definition")?;
        let default = if reader.is_empty() { None } else { reader.cell()? };
        if !reader.is_empty() {
            return Err(WireError::Malformed("column definition"));
        }
        Ok(Self {
            schema,
            table,
            org_table,
            name,
            org_name,
            extended,
            charset,
            length,
            column_type,
            flags,
            decimals,
            default,
        })
    }

    /// Appends the payload, as in a result set: without the default value.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put_lenenc_bytes(b"def");
        for name in [self.schema, self.table, self.org_table, self.name, self.org_name] {
            out.put_lenenc_bytes(name);
        }
        if let Some(extended) = self.extended {
            out.put_lenenc_bytes(extended);
        }
        out.put_lenenc_int(FIXED_LEN as u64);
        out.put_u16(self.charset);
        out.put_u32(self.length);
        out.put_u8(self.column_type);
        out.put_u16(self.flags.bits());
        out.put_u8(self.decimals);
        out.put_u16(0);
    }

    /// Appends the payload, as in the answer to COM_FIELD_LIST.
    pub fn write_with_default(&self, out: &mut Vec<u8>) {
        self.write(out);
        match self.default {
            Some(default) => out.put_lenenc_bytes(default),
            None => out.put_u8(NULL_CELL),
        }
    }
}

fn catalog(reader: &mut Reader<'_>) -> Result<(), WireError> {
    match reader.lenenc_bytes("catalog")? {
        b"def" => Ok(()),
        _ => Err(WireError::Malformed("column definition")),
    }
}

/// Whether extended metadata comes next. The definition itself tells: fields of the fixed length end in two zero bytes, which
/// no text of extended metadata does.
fn has_extended(rest: &Reader<'_>) -> bool {
    let fixed = rest.clone().rest().get(..=FIXED_LEN);
    !fixed.is_some_and(|bytes| bytes[0] == FIXED_LEN as u8 && bytes.ends_with(&[0, 0]))
}

/// The definition `payload` with extended metadata, empty if it had none, or without.
pub fn in_form(payload: &[u8], extended: bool) -> Cow<'_, [u8]> {
    match ColumnDefinition::parse(payload) {
        Ok(column) if column.extended.is_some() != extended => {
            let mut out = Vec::with_capacity(payload.len() + 1);
            ColumnDefinition { extended: extended.then_some(b""), ..column }.write(&mut out);
            Cow::Owned(out)
        }
        _ => Cow::Borrowed(payload),
    }
}

/// What a backend calls a thing that clients know by another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Physical<'a> {
    Schema(&'a [u8]),
    Table { schema: &'a [u8], table: &'a [u8] },
}

/// Appends a copy of the column definition `payload` with the names that clients know: `logical` gives the name for a
/// physical one, or None if that is the name. The table's own name is asked for; if the definition's `table` is
/// another, it is an alias that the client chose, and stays.
pub fn rename<'n>(
    payload: &[u8],
    logical: impl Fn(Physical<'_>) -> Option<&'n [u8]>,
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    let mut reader = Reader::new(payload);
    catalog(&mut reader)?;
    let schema = reader.lenenc_bytes("schema name")?;
    let table = reader.lenenc_bytes("table name")?;
    let org_table = reader.lenenc_bytes("table name")?;
    let renamed = logical(Physical::Table { schema, table: org_table });
    out.put_lenenc_bytes(b"def");
    out.put_lenenc_bytes(logical(Physical::Schema(schema)).unwrap_or(schema));
    out.put_lenenc_bytes(renamed.filter(|_| table == org_table).unwrap_or(table));
    out.put_lenenc_bytes(renamed.unwrap_or(org_table));
    out.extend_from_slice(reader.rest());
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &[u8] =
        b"\x03def\x06shop_0\x01o\x08orders_0\x02ID\x02id\x0C\x3F\x00\x0B\x00\x00\x00\x03\x03\x42\x00\x00\x00";

    #[test]
    fn a_definition_from_a_server() {
        let column = ColumnDefinition::parse(ID).unwrap();
        assert_eq!((column.schema, column.table, column.org_table), (&b"shop_0"[..], &b"o"[..], &b"orders_0"[..]));
        assert_eq!((column.name, column.org_name), (&b"ID"[..], &b"id"[..]));
        assert_eq!((column.charset, column.length), (BINARY_COLLATION, 11));
        assert_eq!(column.column_type, ColumnType::MYSQL_TYPE_LONG as u8);
        assert!(column.flags.contains(ColumnFlags::NOT_NULL_FLAG | ColumnFlags::PRI_KEY_FLAG));
        let mut out = Vec::new();
        column.write(&mut out);
        assert_eq!(out, ID);
        out.clear();
        column.write_with_default(&mut out);
        assert_eq!(out, [ID, b"\xFB"].concat());
        assert_eq!(ColumnDefinition::parse(&out).unwrap(), column);
        assert!(ColumnDefinition::parse(&[ID, b"\x011x"].concat()).is_err());
    }

    #[test]
    fn extended_metadata_is_told_by_the_definition() {
        let with = |extended: &[u8]| {
            let mut out = Vec::new();
            ColumnDefinition { extended: Some(extended), ..ColumnDefinition::parse(ID).unwrap() }.write(&mut out);
            out
        };
        for extended in [&b""[..], b"\x01\x04json", b"\x00\x04uuid\x01\x04json", b"\x00\x05point"] {
            let payload = with(extended);
            assert_eq!(ColumnDefinition::parse(&payload).unwrap().extended, Some(extended));
            assert_eq!(ColumnDefinition::parse(&[&payload[..], b"\xFB"].concat()).unwrap().extended, Some(extended));
            assert_eq!(&*in_form(&payload, false), ID);
            assert_eq!(&*in_form(&payload, true), payload);
        }
        assert_eq!(ColumnDefinition::parse(&[ID, b"\x0Ctwelve bytes"].concat()).unwrap().extended, None);
        assert_eq!((&*in_form(ID, false), in_form(ID, true)), (ID, with(b"").into()));
    }

    fn renamed(payload: &[u8]) -> Vec<u8> {
        let logical = |name: Physical<'_>| match name {
            Physical::Schema(b"shop_0") => Some(&b"shop"[..]),
            Physical::Table { schema: b"shop_0", table: b"orders_0" } => Some(&b"orders"[..]),
            _ => None,
        };
        let mut out = Vec::new();
        rename(payload, logical, &mut out).unwrap();
        out
    }

    #[test]
    fn physical_names_become_logical_ones() {
        let column = ColumnDefinition::parse(ID).unwrap();
        let cases: &[[&[u8]; 3]; 4] = &[
            [b"shop_0", b"o", b"orders_0"],
            [b"shop_0", b"orders_0", b"orders_0"],
            [b"other", b"orders_0", b"orders_0"],
            [b"", b"", b""],
        ];
        let wanted: &[[&[u8]; 3]; 4] = &[
            [b"shop", b"o", b"orders"],
            [b"shop", b"orders", b"orders"],
            [b"other", b"orders_0", b"orders_0"],
            [b"", b"", b""],
        ];
        for ([schema, table, org_table], wanted) in cases.iter().zip(wanted) {
            let mut payload = Vec::new();
            ColumnDefinition { schema, table, org_table, ..column }.write(&mut payload);
            let payload = renamed(&payload);
            let [schema, table, org_table] = *wanted;
            assert_eq!(
                ColumnDefinition::parse(&payload).unwrap(),
                ColumnDefinition { schema, table, org_table, ..column }
            );
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(mut payload in prop::collection::vec(any::<u8>(), 0..60)) {
            for _ in 0..2 {
                let _ = ColumnDefinition::parse(&payload);
                let _ = rename(&payload, |_| None, &mut Vec::new());
                payload.splice(0..0, *b"\x03def");
            }
        }

        #[test]
        fn definitions_come_back(
            names in prop::array::uniform5(prop::collection::vec(any::<u8>(), 0..260)), charset in any::<u16>(),
            extended in prop::option::of("\\PC{0,30}"),
            length in any::<u32>(), column_type in any::<u8>(), flags in any::<u16>(), decimals in any::<u8>(),
            default in prop::option::of(prop::collection::vec(any::<u8>(), 0..20)),
        ) {
            let [schema, table, org_table, name, org_name] = &names;
            let flags = ColumnFlags::from_bits_retain(flags);
            let extended = extended.as_deref().map(str::as_bytes);
            let column = ColumnDefinition { schema, table, org_table, name, org_name, extended, charset, length, column_type, flags, decimals, default: default.as_deref() };
            let mut out = Vec::new();
            column.write_with_default(&mut out);
            prop_assert_eq!(ColumnDefinition::parse(&out).unwrap(), column);
            let mut same = Vec::new();
            rename(&out, |_| None, &mut same).unwrap();
            prop_assert_eq!(same, out);
        }
    }
}
