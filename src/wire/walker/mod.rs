//! Follows the answer to a command through chunks of bytes, without decoding rows: where each packet ends, which packet
//! is the last, and what it says. This is the inner loop of the relay: nothing is allocated, and of a row only the
//! header and the first byte are looked at.
//!
//! Only whole packets are released, so that at any point between two chunks the caller may end the answer with an ERR
//! packet of its own, numbered [`ResultWalker::next_seq`]. The exception is a row that is longer than the caller's
//! buffer, see [`ResultWalker::walk_full`]. What a backend may not send is an error: wrong sequence numbers, a packet
//! that has no place in its phase.

mod packet_kind;
mod patch;
#[cfg(test)]
mod tests;

use mysql_common::constants::StatusFlags;

use crate::wire::WireError;
use crate::wire::error_code::ErrorCode;
use crate::wire::packet::{HEADER_LEN, Header, MAX_PAYLOAD, parse_header};
use crate::wire::response::{self, ErrPacket};

pub use packet_kind::{Packet, PacketKind};
pub use patch::Patch;

use patch::{Chunk, Patched, Plain};

/// The longest packet, in bytes, that is not a row: those must fit into the caller's buffer.
pub const MAX_CONTROL: usize = 1 << 20;

/// Which command is answered: this decides what may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    /// COM_QUERY: OK, ERR, LOCAL INFILE or rows; then more such while MORE_RESULTS_EXISTS is set.
    Query,
    /// COM_STMT_EXECUTE: the same. `cursor`: the command asked for a cursor, so that rows may be left for FETCH.
    Execute { cursor: bool },
    /// COM_STMT_PREPARE: PREPARE_OK, definitions of parameters, definitions of columns; or ERR.
    Prepare,
    /// COM_STMT_FETCH: rows.
    Fetch,
    /// COM_FIELD_LIST: column definitions.
    FieldList,
    /// Every other: one OK, ERR or EOF.
    Single,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The first packet of the answer, or of a further result.
    First,
    /// This many parameter definitions of a prepared statement.
    Params(u16),
    /// The EOF after those.
    ParamsEnd,
    /// Column definitions: this many; unknown, and reported as 1, in the answer to COM_FIELD_LIST.
    Columns(u16),
    /// The EOF after those.
    ColumnsEnd,
    Rows,
    /// The client's file: see [`ResultWalker::resume`].
    LocalInfile,
    /// The answer is complete.
    Done,
}

/// How far a chunk was walked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// This many bytes of the chunk may go to the client. The caller keeps the others, and begins its next chunk with them.
    pub forward: usize,
    pub state: State,
}

/// What the caller does after forwarding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Read more.
    More,
    /// Make the buffer at least this big, then read more: a packet that may not be cut does not fit.
    MoreRoom(usize),
    /// Note the session state in this OK packet (a range of the chunk: its payload, the end of what may be forwarded),
    /// then walk the rest before reading more. The answer may be complete with it: that is for the next call to say.
    SessionState { start: usize, end: usize },
    /// A result ends here, and another follows: only for who asked to pause there.
    NextResult,
    /// Send the client's file, then [`ResultWalker::resume`].
    LocalInfile,
    /// The answer ends at `forward`. Bytes after it belong to the next answer, if there is one to come.
    Complete,
}

/// What the packets of the last result said, and the answer's ERR if it ended in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// From the last OK or EOF; None after an ERR, which does not tell.
    pub status: Option<StatusFlags>,
    pub warnings: u16,
    /// From the last OK that was a result of its own.
    pub affected_rows: u64,
    pub last_insert_id: u64,
    /// Rows of the last result set.
    pub rows: u64,
    /// The last result was a result set, if only the beginning of one.
    pub has_rows: bool,
    pub error: Option<ErrorCode>,
}

/// The position in one answer.
#[derive(Debug, Clone, Copy)]
pub struct ResultWalker {
    kind: AnswerKind,
    deprecate_eof: bool,
    phase: Phase,
    next_seq: u8,
    /// The last packet had the greatest length: the next continues its payload.
    continued: bool,
    /// Bytes still to come of a row whose first part has been forwarded.
    open_row: usize,
    /// Columns of the statement being prepared: they come after its parameters.
    prepared_columns: u16,
    pauses: bool,
    summary: Summary,
}

impl ResultWalker {
    /// For the answer to a command of one packet. `deprecate_eof`: agreed on with the backend.
    pub fn new(kind: AnswerKind, deprecate_eof: bool) -> Self {
        let phase = match kind {
            AnswerKind::Fetch => Phase::Rows,
            AnswerKind::FieldList => Phase::Columns(1),
            AnswerKind::Query | AnswerKind::Execute { .. } | AnswerKind::Prepare | AnswerKind::Single => Phase::First,
        };
        let summary = Summary { has_rows: kind == AnswerKind::Fetch, ..Summary::default() };
        Self {
            kind,
            deprecate_eof,
            phase,
            next_seq: 1,
            continued: false,
            open_row: 0,
            prepared_columns: 0,
            pauses: false,
            summary,
        }
    }

    /// The same, for a command of several packets: its answer begins with the number that follows theirs.
    pub fn starting_at(mut self, seq: u8) -> Self {
        self.next_seq = seq;
        self
    }

    /// From now on stops where a result ends and another follows.
    pub fn pause_between_results(&mut self) {
        self.pauses = true;
    }

    pub fn kind(&self) -> AnswerKind {
        self.kind
    }

    pub fn phase(&self) -> Phase {
        self.phase
    }

    pub fn is_complete(&self) -> bool {
        self.phase == Phase::Done
    }

    /// The number of the next packet: that of the ERR with which the caller may end the answer here.
    pub fn next_seq(&self) -> u8 {
        self.next_seq
    }

    /// Whether all that was forwarded is whole payloads, so that an ERR may follow.
    pub fn is_at_boundary(&self) -> bool {
        self.open_row == 0 && !self.continued
    }

    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Walks the whole packets of `chunk`. On an error the walker stays as it was: no byte of this chunk counts as
    /// forwarded.
    pub fn walk(&mut self, chunk: &[u8]) -> Result<Progress, WireError> {
        self.commit(&mut Plain(chunk), false)
    }

    /// The same, for a `chunk` that fills the caller's buffer: if it begins with a row that does not end in it, this
    /// part of the row may be forwarded. Until the row's end no ERR can follow.
    pub fn walk_full(&mut self, chunk: &[u8]) -> Result<Progress, WireError> {
        self.commit(&mut Plain(chunk), true)
    }

    /// Like [`Self::walk`] or, if `is_full`, [`Self::walk_full`]; and the bytes to forward are changed in place.
    pub fn walk_patched(&mut self, chunk: &mut [u8], is_full: bool, patch: Patch) -> Result<Progress, WireError> {
        self.commit(&mut Patched { bytes: chunk, patch }, is_full)
    }

    /// The next packet, if `bytes` begins with a whole one and the answer goes on. For packets that the caller reads
    /// or rewrites; not while a row is being forwarded in parts.
    pub fn next_packet<'c>(&mut self, bytes: &'c [u8]) -> Result<Option<Packet<'c>>, WireError> {
        debug_assert_eq!(self.open_row, 0, "a row is being forwarded");
        if matches!(self.phase, Phase::Done | Phase::LocalInfile) {
            return Ok(None);
        }
        let mut ahead = *self;
        let Some(header) = ahead.header(bytes)? else {
            return Ok(None);
        };
        let Some(payload) = bytes.get(HEADER_LEN..HEADER_LEN + header.len as usize) else {
            return Ok(None);
        };
        let seen = ahead.enter(header, payload)?;
        *self = ahead;
        Ok(Some(Packet { kind: seen.kind, seq: header.seq, payload }))
    }

    /// Where the last packet of `chunk` begins, which this walker has not walked yet and which ends with that packet.
    pub fn last_packet(&self, chunk: &[u8]) -> usize {
        let (mut at, mut next) = (0, self.open_row.min(chunk.len()));
        while let Some(header) = parse_header(&chunk[next..]) {
            at = next;
            next = chunk.len().min(at + HEADER_LEN + header.len as usize);
        }
        at
    }

    /// The client's file has been sent, empty packet included; `next_seq` is the number after that of its last packet.
    pub fn resume(&mut self, next_seq: u8) {
        if self.phase == Phase::LocalInfile {
            self.phase = Phase::First;
            self.next_seq = next_seq;
        }
    }

    fn commit<C: Chunk>(&mut self, chunk: &mut C, is_full: bool) -> Result<Progress, WireError> {
        let before = *self;
        let progress = self.advance(chunk, is_full);
        if progress.is_err() {
            *self = before;
        }
        progress
    }

    fn advance<C: Chunk>(&mut self, chunk: &mut C, is_full: bool) -> Result<Progress, WireError> {
        let mut at = self.open_row.min(chunk.bytes().len());
        self.open_row -= at;
        loop {
            at = self.skip_rows(chunk, at)?;
            match self.phase {
                Phase::Done => {
                    return Ok(Progress { forward: at, state: State::Complete });
                }
                Phase::LocalInfile => {
                    return Ok(Progress { forward: at, state: State::LocalInfile });
                }
                _ => {}
            }
            let Some(header) = self.header(&chunk.bytes()[at..])? else {
                break;
            };
            let start = at + HEADER_LEN;
            let end = start + header.len as usize;
            if end > chunk.bytes().len() {
                let first = chunk.bytes().get(start).copied();
                let is_row = self.is_cut_row(header, first)?;
                let needed = if first.is_some() { end } else { start + 1 };
                return match (is_full && at == 0, is_row) {
                    (false, _) => Ok(Progress { forward: at, state: State::More }),
                    (true, true) => self.begin_row(chunk, header),
                    (true, false) => Ok(Progress { forward: 0, state: State::MoreRoom(needed) }),
                };
            }
            let seen = self.enter(header, &chunk.bytes()[start..end])?;
            chunk.patch(at, seen.status_at);
            at = end;
            if seen.has_session_state {
                return Ok(Progress { forward: at, state: State::SessionState { start, end } });
            }
            if self.pauses && self.phase == Phase::First {
                return Ok(Progress { forward: at, state: State::NextResult });
            }
        }
        Ok(Progress { forward: at, state: State::More })
    }

    /// Walks over rows that are whole and in one packet each, and stops at anything else.
    #[inline]
    fn skip_rows<C: Chunk>(&mut self, chunk: &mut C, mut at: usize) -> Result<usize, WireError> {
        if !matches!(self.phase, Phase::Rows) || self.continued {
            return Ok(at);
        }
        let (mut seq, mut rows) = (self.next_seq, 0);
        while let Some(&[a, b, c, found, first]) = chunk.bytes()[at..].first_chunk::<{ HEADER_LEN + 1 }>() {
            let len = u32::from_le_bytes([a, b, c, 0]) as usize;
            let end = at + HEADER_LEN + len;
            if first >= response::EOF || len == MAX_PAYLOAD || len == 0 || end > chunk.bytes().len() || found != seq {
                break;
            }
            chunk.patch(at, None);
            seq = seq.wrapping_add(1);
            rows += 1;
            at = end;
        }
        self.next_seq = seq;
        self.summary.rows += rows;
        Ok(at)
    }

    #[inline]
    fn header(&self, bytes: &[u8]) -> Result<Option<Header>, WireError> {
        match parse_header(bytes) {
            Some(header) if header.seq != self.next_seq => Err(self.out_of_order(header, bytes)),
            header => Ok(header),
        }
    }

    /// MySQL (8.0.24 and later) says why before it closes a connection that waits for a command, or that was killed.
    #[cold]
    fn out_of_order(&self, header: Header, bytes: &[u8]) -> WireError {
        let payload = bytes.get(HEADER_LEN..HEADER_LEN + header.len as usize).filter(|_| header.seq == 0);
        match payload.and_then(|payload| ErrPacket::parse(payload).ok()) {
            Some(ErrPacket { code, message }) => {
                WireError::Farewell { number: code.number, message: String::from_utf8_lossy(message).into() }
            }
            None => WireError::OutOfOrder { expected: self.next_seq, found: header.seq },
        }
    }

    /// Whether a packet of which only the beginning is there is a row, so that it may be passed in parts. False if it is
    /// not known yet.
    fn is_cut_row(&self, header: Header, first: Option<u8>) -> Result<bool, WireError> {
        match first {
            _ if self.continued => Ok(true),
            Some(first) if self.phase == Phase::Rows && is_row(first, header) => Ok(true),
            Some(_) => check_control(header).map(|()| false),
            None => Ok(false),
        }
    }

    /// `chunk` begins with a row that does not end in it.
    fn begin_row<C: Chunk>(&mut self, chunk: &mut C, header: Header) -> Result<Progress, WireError> {
        let len = chunk.bytes().len();
        self.enter(header, &chunk.bytes()[HEADER_LEN..])?;
        chunk.patch(0, None);
        self.open_row = header.len as usize + HEADER_LEN - len;
        Ok(Progress { forward: len, state: State::More })
    }
}

/// A packet that is not a row has a bound of its own.
#[inline]
fn check_control(header: Header) -> Result<(), WireError> {
    if header.len as usize > MAX_CONTROL { Err(WireError::PacketTooLarge { limit: MAX_CONTROL }) } else { Ok(()) }
}

/// Whether a packet in the rows phase is a row. A row may begin with 0xFE, if its first cell is longer than a packet.
fn is_row(first: u8, header: Header) -> bool {
    first < response::EOF || (first == response::EOF && header.is_continued())
}
