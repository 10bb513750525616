//! Rows that tell names: the answers to EXPLAIN, CHECK TABLE and their kind, on their way to the client. Such rows are few,
//! and are read and written anew.

use std::borrow::Cow;

use crate::plan::Renames;
use crate::wire::ColumnType;
use crate::wire::cells::{CellPlaces, write_binary};
use crate::wire::column::ColumnDefinition;
use crate::wire::walker::AnswerKind;
use crate::wire::{WireError, text};

/// The columns of one answer.
#[derive(Debug, Default)]
pub(super) struct NamedRows {
    types: Vec<u8>,
    /// By column: it holds what servers say in messages, and not SQL.
    are_messages: Vec<bool>,
    places: CellPlaces,
}

impl NamedRows {
    /// Another result begins.
    pub(super) fn begin(&mut self) {
        self.types.clear();
        self.are_messages.clear();
    }

    /// Takes the definition of the next column.
    pub(super) fn note(&mut self, definition: &[u8]) -> Result<(), WireError> {
        let column = ColumnDefinition::parse(definition)?;
        self.types.push(column.column_type);
        self.are_messages.push(column.name.eq_ignore_ascii_case(b"Msg_text"));
        Ok(())
    }

    /// Appends a row with the client's names.
    pub(super) fn rename(
        &mut self,
        kind: AnswerKind,
        payload: &[u8],
        renames: &Renames<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        let is_binary = matches!(kind, AnswerKind::Execute { .. } | AnswerKind::Fetch);
        match is_binary {
            true => self.places.read_binary(payload, &self.types)?,
            false => self.places.read_text(payload, self.types.len())?,
        }
        let cell = |(index, is_message): (usize, &bool)| {
            let cell = self.places.cell(index, payload)?;
            let renamed = match is_message {
                true => std::str::from_utf8(cell).ok().and_then(|text| renames.message(text)).map(String::into_bytes),
                // The bytes of a number may look like a name.
                false => is_text(self.types[index]).then(|| renames.sql(cell)).flatten(),
            };
            Some(renamed.map_or(Cow::Borrowed(cell), Cow::Owned))
        };
        let cells: Vec<Option<Cow<'_, [u8]>>> = self.are_messages.iter().enumerate().map(cell).collect();
        let cells = cells.iter().map(Option::as_deref);
        match is_binary {
            true => write_binary(cells, &self.types, out),
            false => text::write_row(out, cells),
        }
        Ok(())
    }
}

fn is_text(column_type: u8) -> bool {
    use ColumnType::{MYSQL_TYPE_GEOMETRY, MYSQL_TYPE_JSON, MYSQL_TYPE_NEWDECIMAL, MYSQL_TYPE_VARCHAR};
    let is_among_texts = (MYSQL_TYPE_JSON as u8..MYSQL_TYPE_GEOMETRY as u8).contains(&column_type);
    column_type == MYSQL_TYPE_VARCHAR as u8 || is_among_texts && column_type != MYSQL_TYPE_NEWDECIMAL as u8
}
