//! Answers that ShardGate makes itself: OK, ERR and small result sets, framed for the client.

use mysql_common::constants::{ColumnFlags, ColumnType, StatusFlags};

use super::error::ClientMessage;
use crate::wire::binary as wire_binary;
use crate::wire::column::{BINARY_COLLATION, ColumnDefinition, in_form};
use crate::wire::packet;
use crate::wire::response::{self, EofPacket, ErrPacket, OkPacket};
use crate::wire::writer::Put;

/// The form that the client negotiated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub deprecate_eof: bool,
    pub session_track: bool,
    pub extended_metadata: bool,
    /// Rows are in binary form: a prepared statement is executed.
    pub binary: bool,
}

/// One column of a result set of ShardGate's own.
#[derive(Debug, Clone)]
pub(super) struct LocalColumn {
    pub name: String,
    pub kind: ColumnType,
    pub flags: ColumnFlags,
    /// Collation id: 63 for what is no text.
    pub charset: u16,
    /// Display width, in bytes.
    pub length: u32,
    pub decimals: u8,
}

impl LocalColumn {
    /// The payload of its definition, without extended metadata.
    pub(super) fn definition(&self) -> Vec<u8> {
        let mut payload = Vec::new();
        ColumnDefinition {
            schema: b"",
            table: b"",
            org_table: b"",
            name: self.name.as_bytes(),
            org_name: b"",
            extended: None,
            charset: self.charset,
            length: self.length,
            column_type: self.kind as u8,
            flags: self.flags,
            decimals: self.decimals,
            default: None,
        }
        .write(&mut payload);
        payload
    }

    /// A number. All of them carry BINARY_FLAG on the wire.
    pub(super) fn number(name: &str, kind: ColumnType, flags: ColumnFlags, length: u32) -> LocalColumn {
        let flags = flags | ColumnFlags::BINARY_FLAG;
        LocalColumn { name: name.to_owned(), kind, flags, charset: BINARY_COLLATION, length, decimals: 0 }
    }

    /// Text in utf8mb4, up to `length` characters.
    pub(super) fn text(name: &str, length: u32) -> LocalColumn {
        LocalColumn {
            name: name.to_owned(),
            kind: ColumnType::MYSQL_TYPE_VAR_STRING,
            flags: ColumnFlags::empty(),
            charset: 45,
            length: length.saturating_mul(4),
            decimals: 39,
        }
    }
}

/// Appends an OK packet.
pub(super) fn ok(out: &mut Vec<u8>, seq: &mut u8, ok: &OkPacket<'_>, form: Form) {
    let at = packet::begin(out);
    ok.write(out, response::OK, form.session_track);
    packet::finish(out, at, seq);
}

/// Appends an ERR packet.
pub(super) fn error(out: &mut Vec<u8>, seq: &mut u8, message: &ClientMessage) {
    let at = packet::begin(out);
    ErrPacket { code: message.code, message: message.text.as_bytes() }.write(out);
    packet::finish(out, at, seq);
}

/// Appends an ERR packet for a client that was not greeted yet.
pub(super) fn error_before_greeting(out: &mut Vec<u8>, message: &ClientMessage) {
    let at = packet::begin(out);
    ErrPacket { code: message.code, message: message.text.as_bytes() }.write_before_handshake(out);
    packet::finish(out, at, &mut 0);
}

/// Appends a whole result set. All cells are text or NULL.
pub(super) fn result_set(
    out: &mut Vec<u8>,
    seq: &mut u8,
    columns: &[LocalColumn],
    rows: &[Vec<Option<String>>],
    end: &OkPacket<'_>,
    form: Form,
) {
    column_definitions(out, seq, columns, end.status, form);
    for row in rows {
        let at = packet::begin(out);
        if form.binary {
            binary_row(out, columns, row);
        } else {
            row.iter().for_each(|cell| out.put_cell(cell.as_deref().map(str::as_bytes)));
        }
        packet::finish(out, at, seq);
    }
    let at = packet::begin(out);
    response::write_end_of_rows(out, end, form.deprecate_eof, form.session_track);
    packet::finish(out, at, seq);
}

/// Appends a whole result set with the definitions and rows that a server gave.
pub(super) fn passed_on(
    out: &mut Vec<u8>,
    seq: &mut u8,
    definitions: &[Vec<u8>],
    rows: &[Vec<u8>],
    end: &OkPacket<'_>,
    form: Form,
) {
    collected_definitions(out, seq, definitions, end, form);
    rows.iter().for_each(|row| packet::write_packet(out, seq, row));
    let at = packet::begin(out);
    response::write_end_of_rows(out, end, form.deprecate_eof, form.session_track);
    packet::finish(out, at, seq);
}

fn collected_definitions(out: &mut Vec<u8>, seq: &mut u8, definitions: &[Vec<u8>], end: &OkPacket<'_>, form: Form) {
    let at = packet::begin(out);
    out.put_lenenc_int(definitions.len() as u64);
    packet::finish(out, at, seq);
    for definition in definitions {
        packet::write_packet(out, seq, &in_form(definition, form.extended_metadata));
    }
    if !form.deprecate_eof {
        let at = packet::begin(out);
        EofPacket { warnings: 0, status: end.status }.write(out);
        packet::finish(out, at, seq);
    }
}

/// Appends a whole result set with definitions and cells as servers gave them in text form.
pub(super) fn collected(
    out: &mut Vec<u8>,
    seq: &mut u8,
    definitions: &[Vec<u8>],
    rows: &[Vec<Option<Vec<u8>>>],
    end: &OkPacket<'_>,
    form: Form,
) {
    collected_definitions(out, seq, definitions, end, form);
    let kinds: Vec<u8> = definitions.iter().map(|payload| column_type(payload)).collect();
    for row in rows {
        let at = packet::begin(out);
        if form.binary {
            let cells: Vec<_> = row.iter().map(Option::as_deref).collect();
            wire_binary::write_text_row(out, &kinds, &cells);
        } else {
            row.iter().for_each(|cell| out.put_cell(cell.as_deref()));
        }
        packet::finish(out, at, seq);
    }
    let at = packet::begin(out);
    response::write_end_of_rows(out, end, form.deprecate_eof, form.session_track);
    packet::finish(out, at, seq);
}

fn column_type(payload: &[u8]) -> u8 {
    ColumnDefinition::parse(payload).map_or(ColumnType::MYSQL_TYPE_VAR_STRING as u8, |column| column.column_type)
}

fn column_definitions(out: &mut Vec<u8>, seq: &mut u8, columns: &[LocalColumn], status: StatusFlags, form: Form) {
    let at = packet::begin(out);
    out.put_lenenc_int(columns.len() as u64);
    packet::finish(out, at, seq);
    for column in columns {
        packet::write_packet(out, seq, &in_form(&column.definition(), form.extended_metadata));
    }
    if !form.deprecate_eof {
        let at = packet::begin(out);
        EofPacket { warnings: 0, status }.write(out);
        packet::finish(out, at, seq);
    }
}

/// A row of COM_STMT_EXECUTE's answer: a bitmap of NULLs with two spare bits, then the values.
fn binary_row(out: &mut Vec<u8>, columns: &[LocalColumn], row: &[Option<String>]) {
    out.put_u8(0);
    let bitmap = out.len();
    out.resize(bitmap + (row.len() + 9) / 8, 0);
    for (index, (cell, column)) in row.iter().zip(columns).enumerate() {
        match cell {
            None => out[bitmap + (index + 2) / 8] |= 1 << ((index + 2) % 8),
            Some(text) if column.kind == ColumnType::MYSQL_TYPE_LONGLONG => {
                // Cells of integer columns are made from integers.
                let bits = text.parse::<u64>().or_else(|_| text.parse::<i64>().map(|v| v as u64)).unwrap_or_default();
                out.put_u64(bits);
            }
            Some(text) if column.kind == ColumnType::MYSQL_TYPE_LONG => {
                let bits = text.parse::<u32>().or_else(|_| text.parse::<i32>().map(|v| v as u32)).unwrap_or_default();
                out.put_u32(bits);
            }
            Some(text) => out.put_lenenc_bytes(text.as_bytes()),
        }
    }
}
