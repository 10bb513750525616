//! Rows in text form: the answers to COM_QUERY.

use crate::wire::WireError;
use crate::wire::reader::Reader;
use crate::wire::writer::Put;

/// Appends the payload of a row. None is NULL.
pub fn write_row<'a>(out: &mut Vec<u8>, cells: impl IntoIterator<Item = Option<&'a [u8]>>) {
    for cell in cells {
        out.put_cell(cell);
    }
}

/// The cells of a row. After an error nothing follows. That there are as many as columns is for the caller to check.
pub fn cells(payload: &[u8]) -> impl Iterator<Item = Result<Option<&[u8]>, WireError>> {
    let mut reader = Reader::new(payload);
    std::iter::from_fn(move || {
        if reader.is_empty() {
            return None;
        }
        let cell = reader.cell();
        if cell.is_err() {
            reader.rest();
        }
        Some(cell)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_row() {
        let mut out = Vec::new();
        write_row(&mut out, [Some(&b"42"[..]), None, Some(b"")]);
        assert_eq!(out, b"\x0242\xFB\x00");
        assert_eq!(
            cells(b"\x01a\x05b").collect::<Vec<_>>(),
            [Ok(Some(&b"a"[..])), Err(WireError::Truncated("row cell"))]
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(payload in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = cells(&payload).count();
        }

        #[test]
        fn rows_come_back(row in prop::collection::vec(prop::option::of(prop::collection::vec(any::<u8>(), 0..300)), 0..9)) {
            let mut out = Vec::new();
            write_row(&mut out, row.iter().map(Option::as_deref));
            let back: Vec<_> = cells(&out).map(Result::unwrap).collect();
            prop_assert_eq!(back, row.iter().map(Option::as_deref).collect::<Vec<_>>());
        }
    }
}
