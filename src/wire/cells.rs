//! Where the cells of a row are, in text and in binary form, for those who look at some of them. One owner reads many
//! rows with it, and nothing is allocated once its buffer has grown.

use mysql_common::constants::ColumnType;

use crate::wire::WireError;
use crate::wire::reader::{NULL_CELL, Reader};
use crate::wire::writer::Put;

/// The places of one row's cells.
#[derive(Debug, Clone, Default)]
pub struct CellPlaces {
    places: Vec<Place>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    start: u32,
    end: u32,
    is_null: bool,
}

impl CellPlaces {
    /// Reads a text row of so many columns.
    pub fn read_text(&mut self, payload: &[u8], columns: usize) -> Result<(), WireError> {
        self.places.clear();
        let mut reader = Reader::new(payload);
        for _ in 0..columns {
            let is_null = reader.peek() == Some(NULL_CELL);
            let len = reader.cell()?.map_or(0, <[u8]>::len);
            self.push(payload, &reader, len, is_null)?;
        }
        if reader.is_empty() { Ok(()) } else { Err(WireError::Malformed("number of cells")) }
    }

    /// Reads a binary row with columns of these types.
    pub fn read_binary(&mut self, payload: &[u8], types: &[u8]) -> Result<(), WireError> {
        self.places.clear();
        let mut reader = Reader::new(payload);
        reader.skip(1, "row")?;
        let nulls = reader.bytes(bitmap_len(types.len()), "NULL bitmap")?;
        for (index, column_type) in types.iter().enumerate() {
            let is_null = is_null(nulls, index);
            let len = if is_null { 0 } else { skip_value(&mut reader, *column_type)? };
            self.push(payload, &reader, len, is_null)?;
        }
        if reader.is_empty() { Ok(()) } else { Err(WireError::Malformed("number of cells")) }
    }

    fn push(&mut self, payload: &[u8], reader: &Reader<'_>, len: usize, is_null: bool) -> Result<(), WireError> {
        let end = payload.len() - reader.remaining();
        let too_large = |_| WireError::PacketTooLarge { limit: u32::MAX as usize };
        let (start, end) = (u32::try_from(end - len).map_err(too_large)?, u32::try_from(end).map_err(too_large)?);
        self.places.push(Place { start, end, is_null });
        Ok(())
    }

    /// The value of a cell of `payload`, which was read last, without a length before it; `None` is NULL.
    pub fn cell<'p>(&self, index: usize, payload: &'p [u8]) -> Option<&'p [u8]> {
        let place = self.places.get(index).filter(|place| !place.is_null)?;
        payload.get(place.start as usize..place.end as usize)
    }

    /// Where the first `columns` cells end.
    pub fn end_of(&self, columns: usize) -> usize {
        columns.checked_sub(1).and_then(|last| self.places.get(last)).map_or(0, |place| place.end as usize)
    }
}

/// Appends the payload of a binary row that has only the first `shown` of `columns` cells of `payload`, which was read
/// last with `places`.
pub fn cut_binary(payload: &[u8], places: &CellPlaces, columns: usize, shown: usize, out: &mut Vec<u8>) {
    let values = 1 + bitmap_len(columns);
    let nulls = payload.get(1..values).unwrap_or_default();
    out.push(0);
    let bitmap = out.len();
    out.resize(bitmap + bitmap_len(shown), 0);
    for index in (0..shown).filter(|index| is_null(nulls, *index)) {
        out[bitmap + (index + 2) / 8] |= 1 << ((index + 2) % 8);
    }
    out.extend_from_slice(payload.get(values..places.end_of(shown)).unwrap_or_default());
}

/// Appends the payload of a binary row with these cells, of columns of these types.
pub fn write_binary<'c>(cells: impl Iterator<Item = Option<&'c [u8]>>, types: &[u8], out: &mut Vec<u8>) {
    out.push(0);
    let bitmap = out.len();
    let cells: Vec<Option<&[u8]>> = cells.collect();
    out.resize(bitmap + bitmap_len(cells.len()), 0);
    for (index, (cell, column_type)) in cells.iter().zip(types).enumerate() {
        match cell {
            None => out[bitmap + (index + 2) / 8] |= 1 << ((index + 2) % 8),
            Some(bytes) => match fixed_len(*column_type) {
                Some(Length::Known(_)) => out.extend_from_slice(bytes),
                Some(Length::Byte) => {
                    out.push(bytes.len() as u8);
                    out.extend_from_slice(bytes);
                }
                None => out.put_lenenc_bytes(bytes),
            },
        }
    }
}

// The bitmap of a row begins with its third bit.
fn bitmap_len(columns: usize) -> usize {
    (columns + 2).div_ceil(8)
}

fn is_null(nulls: &[u8], index: usize) -> bool {
    nulls.get((index + 2) / 8).is_some_and(|byte| byte >> ((index + 2) % 8) & 1 == 1)
}

/// How long a value is that has no length-encoded length before it.
enum Length {
    Known(usize),
    /// A byte before it says so.
    Byte,
}

fn fixed_len(column_type: u8) -> Option<Length> {
    use ColumnType::*;
    let is = |types: &[ColumnType]| types.iter().any(|of| column_type == *of as u8);
    match () {
        () if is(&[MYSQL_TYPE_TINY]) => Some(Length::Known(1)),
        () if is(&[MYSQL_TYPE_SHORT, MYSQL_TYPE_YEAR]) => Some(Length::Known(2)),
        () if is(&[MYSQL_TYPE_LONG, MYSQL_TYPE_INT24, MYSQL_TYPE_FLOAT]) => Some(Length::Known(4)),
        () if is(&[MYSQL_TYPE_LONGLONG, MYSQL_TYPE_DOUBLE]) => Some(Length::Known(8)),
        () if is(&[
            MYSQL_TYPE_DATE,
            MYSQL_TYPE_NEWDATE,
            MYSQL_TYPE_DATETIME,
            MYSQL_TYPE_TIMESTAMP,
            MYSQL_TYPE_TIME,
        ]) =>
        {
            Some(Length::Byte)
        }
        () => None,
    }
}

/// Steps over one value; gives its length without the length before it.
fn skip_value(reader: &mut Reader<'_>, column_type: u8) -> Result<usize, WireError> {
    let len = match fixed_len(column_type) {
        Some(Length::Known(len)) => len,
        Some(Length::Byte) => usize::from(reader.u8("row cell")?),
        None => return Ok(reader.lenenc_bytes("row cell")?.len()),
    };
    reader.skip(len, "row cell").map(|()| len)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::wire::{binary, text};
    use proptest::prelude::*;

    #[test]
    fn a_binary_row_loses_its_last_cells() {
        use binary::Cell::*;
        let types = [ColumnType::MYSQL_TYPE_LONGLONG as u8; 9].map(|of| of);
        let mut types = types.to_vec();
        types[2] = ColumnType::MYSQL_TYPE_VAR_STRING as u8;
        let cells = [Int(-1), Null, Bytes(b"ab"), Int(4), Int(5), Int(6), Null, Int(8), Int(9)];
        let (mut row, mut wanted, mut cut) = (Vec::new(), Vec::new(), Vec::new());
        binary::write_row(&mut row, &cells);
        let mut places = CellPlaces::default();
        places.read_binary(&row, &types).unwrap();
        assert_eq!((places.cell(1, &row), places.cell(2, &row)), (None, Some(&b"ab"[..])));
        for shown in 1..=cells.len() {
            wanted.clear();
            cut.clear();
            binary::write_row(&mut wanted, &cells[..shown]);
            cut_binary(&row, &places, cells.len(), shown, &mut cut);
            assert_eq!(cut, wanted, "{shown}");
            cut.clear();
            write_binary((0..shown).map(|index| places.cell(index, &row)), &types, &mut cut);
            assert_eq!(cut, wanted, "{shown}");
        }
        assert!(places.read_binary(&row, &types[1..]).is_err());
        assert!(places.read_binary(&row[..row.len() - 1], &types).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(
            payload in prop::collection::vec(any::<u8>(), 0..60), types in prop::collection::vec(any::<u8>(), 0..12),
            shown in 0..12_usize,
        ) {
            let mut places = CellPlaces::default();
            let _ = places.read_text(&payload, types.len());
            let _ = places.read_binary(&payload, &types);
            cut_binary(&payload, &places, types.len(), shown.min(types.len()), &mut Vec::new());
        }

        #[test]
        fn cells_of_a_text_row(row in prop::collection::vec(prop::option::of(prop::collection::vec(any::<u8>(), 0..300)), 0..9)) {
            let mut payload = Vec::new();
            text::write_row(&mut payload, row.iter().map(Option::as_deref));
            let mut places = CellPlaces::default();
            places.read_text(&payload, row.len()).unwrap();
            for (index, cell) in row.iter().enumerate() {
                prop_assert_eq!(places.cell(index, &payload), cell.as_deref());
                let mut shown = Vec::new();
                text::write_row(&mut shown, row[..=index].iter().map(Option::as_deref));
                prop_assert_eq!(&payload[..places.end_of(index + 1)], &shown[..]);
            }
            prop_assert!(places.read_text(&payload, row.len() + 1).is_err());
        }
    }
}
