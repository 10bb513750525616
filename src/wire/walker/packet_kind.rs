//! What one packet is, given what came before it, and what it changes.

use mysql_common::constants::StatusFlags;

use super::{AnswerKind, Phase, ResultWalker, check_control, is_row};
use crate::wire::WireError;
use crate::wire::packet::Header;
use crate::wire::reader::Reader;
use crate::wire::response::{self, EOF_LEN, EofPacket, ErrPacket};

/// One packet of an answer, whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'c> {
    pub kind: PacketKind,
    pub seq: u8,
    pub payload: &'c [u8],
}

/// What a packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketKind {
    /// OK that is a result of its own, or (under DEPRECATE_EOF) ends rows.
    Ok,
    Err,
    Eof,
    LocalInfile,
    /// The number of columns: a result set begins.
    ColumnCount,
    PrepareOk,
    /// The definition of a prepared statement's parameter.
    Param,
    /// The definition of a column.
    Column,
    Row,
    /// A further part of a payload that is too long for one packet.
    Continuation,
}

/// What [`ResultWalker::enter`] found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) kind: PacketKind,
    /// Where in the payload the two bytes of status flags are.
    pub(super) status_at: Option<usize>,
    pub(super) has_session_state: bool,
}

impl Seen {
    fn plain(kind: PacketKind) -> Self {
        Self { kind, status_at: None, has_session_state: false }
    }
}

impl ResultWalker {
    /// Takes the next packet. `payload` is all of it; of a row, at least its first byte.
    // Always: a call and its result through memory would cost as much as what it does.
    #[inline(always)]
    pub(super) fn enter(&mut self, header: Header, payload: &[u8]) -> Result<Seen, WireError> {
        self.next_seq = header.seq.wrapping_add(1);
        if std::mem::replace(&mut self.continued, header.is_continued()) {
            return Ok(Seen::plain(PacketKind::Continuation));
        }
        let first = *payload.first().ok_or(WireError::Malformed("empty packet in an answer"))?;
        if matches!(self.phase, Phase::Rows) && is_row(first, header) {
            self.summary.rows += 1;
            return Ok(Seen::plain(PacketKind::Row));
        }
        check_control(header)?;
        if first == response::ERR {
            return self.error(payload);
        }
        match self.phase {
            Phase::First => self.first(first, payload),
            Phase::Params(left) => self.param(left, payload),
            Phase::Columns(left) => self.column(left, payload),
            Phase::ParamsEnd | Phase::ColumnsEnd => self.end_of_definitions(payload),
            Phase::Rows => self.end_of_rows(payload),
            Phase::LocalInfile | Phase::Done => Err(WireError::Malformed("packet after the end of an answer")),
        }
    }

    fn error(&mut self, payload: &[u8]) -> Result<Seen, WireError> {
        self.summary.error = Some(ErrPacket::parse(payload)?.code);
        self.summary.status = None;
        self.summary.has_rows &= self.phase != Phase::First;
        self.phase = Phase::Done;
        Ok(Seen::plain(PacketKind::Err))
    }

    #[inline]
    fn first(&mut self, first: u8, payload: &[u8]) -> Result<Seen, WireError> {
        match (self.kind, first) {
            (AnswerKind::Prepare, response::OK) => self.prepare_ok(payload),
            (AnswerKind::Single, response::EOF) => self.end_of_rows(payload),
            (AnswerKind::Single, response::OK) => self.ok(payload),
            (AnswerKind::Query | AnswerKind::Execute { .. }, _) => match first {
                response::OK => self.ok(payload),
                response::LOCAL_INFILE => {
                    response::parse_local_infile(payload)?;
                    self.phase = Phase::LocalInfile;
                    Ok(Seen::plain(PacketKind::LocalInfile))
                }
                _ => self.column_count(payload),
            },
            (AnswerKind::Prepare | AnswerKind::Fetch | AnswerKind::FieldList | AnswerKind::Single, _) => {
                Err(WireError::Malformed("first packet of an answer"))
            }
        }
    }

    fn ok(&mut self, payload: &[u8]) -> Result<Seen, WireError> {
        self.summary.has_rows = false;
        let head = OkHead::parse(payload)?;
        self.summary.affected_rows = head.affected_rows;
        self.summary.last_insert_id = head.last_insert_id;
        self.end_of_result(head.status, head.warnings);
        Ok(head.seen())
    }

    fn prepare_ok(&mut self, payload: &[u8]) -> Result<Seen, WireError> {
        let mut reader = Reader::new(payload);
        reader.skip(5, "statement id")?;
        self.prepared_columns = reader.u16("number of columns")?;
        let params = reader.u16("number of parameters")?;
        reader.skip(1, "PREPARE_OK")?;
        self.summary.warnings = if reader.is_empty() { 0 } else { reader.u16("warnings")? };
        self.phase = if params > 0 { Phase::Params(params) } else { self.after_params() };
        Ok(Seen::plain(PacketKind::PrepareOk))
    }

    fn after_params(&self) -> Phase {
        if self.prepared_columns > 0 { Phase::Columns(self.prepared_columns) } else { Phase::Done }
    }

    #[inline]
    fn column_count(&mut self, payload: &[u8]) -> Result<Seen, WireError> {
        let mut reader = Reader::new(payload);
        let count = u16::try_from(reader.lenenc_int("number of columns")?);
        match count {
            Ok(count @ 1..) if reader.is_empty() => self.phase = Phase::Columns(count),
            _ => return Err(WireError::Malformed("number of columns")),
        }
        self.summary.rows = 0;
        self.summary.has_rows = true;
        Ok(Seen::plain(PacketKind::ColumnCount))
    }

    fn param(&mut self, left: u16, payload: &[u8]) -> Result<Seen, WireError> {
        check_definition(payload)?;
        self.phase = match (left - 1, self.deprecate_eof) {
            (0, true) => self.after_params(),
            (0, false) => Phase::ParamsEnd,
            (left, _) => Phase::Params(left),
        };
        Ok(Seen::plain(PacketKind::Param))
    }

    #[inline]
    fn column(&mut self, left: u16, payload: &[u8]) -> Result<Seen, WireError> {
        if self.kind == AnswerKind::FieldList {
            if payload.first() == Some(&response::EOF) {
                return self.end_of_rows(payload);
            }
            return check_definition(payload).map(|()| Seen::plain(PacketKind::Column));
        }
        check_definition(payload)?;
        self.phase = match (left - 1, self.deprecate_eof, self.kind) {
            (0, false, _) => Phase::ColumnsEnd,
            (0, true, AnswerKind::Prepare) => Phase::Done,
            (0, true, _) => Phase::Rows,
            (left, ..) => Phase::Columns(left),
        };
        Ok(Seen::plain(PacketKind::Column))
    }

    /// The EOF after parameters or columns.
    #[inline]
    fn end_of_definitions(&mut self, payload: &[u8]) -> Result<Seen, WireError> {
        let eof = EofPacket::parse(payload)?;
        self.summary.status = Some(eof.status);
        match (self.phase, self.kind) {
            (Phase::ParamsEnd, _) => self.phase = self.after_params(),
            (_, AnswerKind::Prepare) => self.phase = Phase::Done,
            (_, AnswerKind::Execute { cursor: true }) if is_cursor(eof.status) => {
                self.end_of_result(eof.status, eof.warnings);
            }
            _ => self.phase = Phase::Rows,
        }
        Ok(Seen { kind: PacketKind::Eof, status_at: Some(EOF_STATUS_AT), has_session_state: false })
    }

    /// EOF, or the OK that stands for it.
    #[inline]
    fn end_of_rows(&mut self, payload: &[u8]) -> Result<Seen, WireError> {
        if self.deprecate_eof && payload.len() != EOF_LEN {
            let head = OkHead::parse(payload)?;
            self.end_of_result(head.status, head.warnings);
            return Ok(head.seen());
        }
        let eof = EofPacket::parse(payload)?;
        self.end_of_result(eof.status, eof.warnings);
        Ok(Seen { kind: PacketKind::Eof, status_at: Some(EOF_STATUS_AT), has_session_state: false })
    }

    #[inline]
    fn end_of_result(&mut self, status: StatusFlags, warnings: u16) {
        self.summary.status = Some(status);
        self.summary.warnings = warnings;
        let is_chain = matches!(self.kind, AnswerKind::Query | AnswerKind::Execute { .. });
        let has_more = is_chain && status.contains(StatusFlags::SERVER_MORE_RESULTS_EXISTS);
        self.phase = if has_more { Phase::First } else { Phase::Done };
    }
}

/// Whether a cursor was opened, so that no rows follow the columns. A procedure that used a cursor inside leaves the flag
/// set in the result sets after it (seen with MariaDB 10.11), but those announce more results, and have rows.
fn is_cursor(status: StatusFlags) -> bool {
    status.contains(StatusFlags::SERVER_STATUS_CURSOR_EXISTS)
        && !status.contains(StatusFlags::SERVER_MORE_RESULTS_EXISTS)
}

/// Where an EOF packet has its status flags.
const EOF_STATUS_AT: usize = 3;

/// The fields at the start of an OK packet.
struct OkHead {
    affected_rows: u64,
    last_insert_id: u64,
    status: StatusFlags,
    warnings: u16,
    status_at: usize,
}

impl OkHead {
    fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        if !matches!(reader.u8("OK packet")?, response::OK | response::EOF) {
            return Err(WireError::Malformed("end of rows"));
        }
        let affected_rows = reader.lenenc_int("affected rows")?;
        let last_insert_id = reader.lenenc_int("last insert id")?;
        let status_at = payload.len() - reader.remaining();
        let status = StatusFlags::from_bits_retain(reader.u16("status flags")?);
        Ok(Self { affected_rows, last_insert_id, status, warnings: reader.u16("warnings")?, status_at })
    }

    fn seen(&self) -> Seen {
        let has_session_state = self.status.contains(StatusFlags::SERVER_SESSION_STATE_CHANGED);
        Seen { kind: PacketKind::Ok, status_at: Some(self.status_at), has_session_state }
    }
}

/// Definitions begin with the catalog, always `def`.
fn check_definition(payload: &[u8]) -> Result<(), WireError> {
    if payload.starts_with(b"\x03def") { Ok(()) } else { Err(WireError::Malformed("column definition")) }
}
