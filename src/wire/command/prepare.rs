//! The answer to COM_STMT_PREPARE: its first packet, and what makes it whole.

use mysql_common::constants::ColumnType;

use crate::wire::WireError;
use crate::wire::column::{BINARY_COLLATION, ColumnDefinition};
use crate::wire::packet;
use crate::wire::reader::Reader;
use crate::wire::response::OK;
use crate::wire::writer::Put;

const EOF: u8 = 0xFE;

/// What the server made of a statement. Definitions of parameters, then of columns, follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrepareOk {
    pub statement_id: u32,
    pub columns: u16,
    pub params: u16,
    pub warnings: u16,
}

impl PrepareOk {
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        if reader.u8("PREPARE_OK")? != OK {
            return Err(WireError::Malformed("PREPARE_OK"));
        }
        let statement_id = reader.u32("statement id")?;
        let columns = reader.u16("number of columns")?;
        let params = reader.u16("number of parameters")?;
        reader.skip(1, "PREPARE_OK")?;
        let warnings = if reader.is_empty() { 0 } else { reader.u16("warnings")? };
        Ok(Self { statement_id, columns, params, warnings })
    }

    /// Appends the payload.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put_u8(OK);
        out.put_u32(self.statement_id);
        out.put_u16(self.columns);
        out.put_u16(self.params);
        out.put_u8(0);
        out.put_u16(self.warnings);
    }
}

/// Whether it is the definition of a parameter or column, which begins with the catalogue's name.
pub fn is_definition(payload: &[u8]) -> bool {
    payload.starts_with(b"\x03def")
}

/// The answer to COM_STMT_PREPARE with as many definitions of parameters as it counts, from one that has fewer and is over;
/// framed. MySQL (9.7) leaves out those that its optimiser has taken out of a statement. `None`: it lacks something else.
pub fn completed<'p>(payloads: impl Iterator<Item = &'p [u8]>) -> Option<Vec<u8>> {
    let payloads: Vec<&[u8]> = payloads.collect();
    let (first, rest) = payloads.split_first()?;
    let ok = PrepareOk::parse(first).ok()?;
    let definitions: Vec<&[u8]> = rest.iter().copied().filter(|payload| is_definition(payload)).collect();
    let end = rest.iter().find(|payload| payload.first() == Some(&EOF));
    let (params, columns) = definitions.split_at_checked(definitions.len().checked_sub(usize::from(ok.columns))?)?;
    let missing = usize::from(ok.params).checked_sub(params.len())?;
    let mut unknown = Vec::new();
    ColumnDefinition::expression(b"?", ColumnType::MYSQL_TYPE_VAR_STRING, BINARY_COLLATION, 0).write(&mut unknown);
    let (mut out, mut seq) = (Vec::new(), 1);
    packet::write_packet(&mut out, &mut seq, first);
    for list in [[params, &vec![unknown.as_slice(); missing]].concat(), columns.to_vec()] {
        let end = end.filter(|_| !list.is_empty());
        list.iter().chain(end).for_each(|payload| packet::write_packet(&mut out, &mut seq, payload));
    }
    Some(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::wire::walker::{AnswerKind, ResultWalker, State};
    use proptest::prelude::*;

    #[test]
    fn missing_parameters_are_filled_in() {
        let mut first = Vec::new();
        PrepareOk { statement_id: 7, columns: 1, params: 3, warnings: 0 }.write(&mut first);
        let definition = |name: &[u8]| {
            let mut out = Vec::new();
            ColumnDefinition::expression(name, ColumnType::MYSQL_TYPE_LONG, BINARY_COLLATION, 11).write(&mut out);
            out
        };
        let (param, column, eof) = (definition(b"?"), definition(b"a"), b"\xfe\0\0\x02\0".as_slice());
        let names = |sent: &[&[u8]]| {
            let bytes = completed(sent.iter().copied()).unwrap();
            let mut walker = ResultWalker::new(AnswerKind::Prepare, sent.len() < 5);
            let progress = walker.walk(&bytes).unwrap();
            assert_eq!(progress.state, State::Complete);
            let mut rest = bytes.as_slice();
            let mut names = Vec::new();
            while let Some(header) = packet::parse_header(rest) {
                let payload = &rest[packet::HEADER_LEN..][..header.len as usize];
                names.extend(ColumnDefinition::parse(payload).map(|found| found.name.to_vec()));
                rest = &rest[packet::HEADER_LEN + payload.len()..];
            }
            names
        };
        let wanted = [b"?", b"?", b"?", b"a"].map(|name| name.to_vec());
        assert_eq!(names(&[&first, &param, &column]), wanted);
        assert_eq!(names(&[&first, &param, eof, &column, eof]), wanted);
        assert_eq!(names(&[&first, &column]), wanted);
        assert_eq!(completed([first.as_slice()].into_iter()), None);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(payload in prop::collection::vec(any::<u8>(), 0..20)) {
            let _ = PrepareOk::parse(&payload);
        }

        #[test]
        fn answers_come_back(statement_id in any::<u32>(), columns in any::<u16>(), params in any::<u16>(), warnings in any::<u16>()) {
            let ok = PrepareOk { statement_id, columns, params, warnings };
            let mut out = Vec::new();
            ok.write(&mut out);
            prop_assert_eq!(out.len(), 12);
            prop_assert_eq!(PrepareOk::parse(&out).unwrap(), ok);
        }
    }
}
