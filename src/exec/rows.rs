//! The rows of one answer, one after the other, for ShardGate's own use.

use super::failure::Failure;
use super::links::Link;
use super::unread::Unread;
use crate::backend::buffer::Buffer;
use crate::backend::connection::Watch;
use crate::backend::pool::Lease;
use crate::wire::WireError;
use crate::wire::packet::HEADER_LEN;
use crate::wire::response::ErrPacket;
use crate::wire::walker::{AnswerKind, PacketKind, ResultWalker};

/// One answer under way: no more of it is held than the read buffer and one row.
#[derive(Debug)]
pub struct Rows {
    walker: ResultWalker,
    buffer: Buffer,
    row: Vec<u8>,
}

impl Rows {
    /// How many warnings the answer has, once it is read to its end.
    pub fn warnings(&self) -> u16 {
        self.walker.summary().warnings
    }

    /// Of a query that was sent on `from`.
    pub fn new(from: &Lease) -> Self {
        let walker = ResultWalker::new(AnswerKind::Query, from.deprecate_eof()).starting_at(from.answer_seq());
        Self { walker, buffer: Buffer::default(), row: Vec::new() }
    }

    /// What is left of it.
    pub(super) fn unread(self, link: &mut Link) -> Unread<'_> {
        Unread::rest(link, self.walker, self.buffer, 0)
    }

    /// The next row's payload. `None`: there is none, and the connection is idle. After a failure that is not the
    /// server's own error it may be in the middle of the answer.
    pub async fn next(&mut self, from: &mut Lease, watch: &mut Watch<'_>) -> Result<Option<&[u8]>, Failure> {
        self.row.clear();
        let mut refused = None;
        loop {
            if self.walker.is_complete() {
                from.answered();
                return refused.map_or(Ok(None), Err);
            }
            let found = self.walker.next_packet(self.buffer.filled());
            let Some(found) = found.map_err(|source| from.protocol(source))? else {
                if self.buffer.is_full() {
                    // A packet larger than the buffer. Rows are bounded by the server's max_allowed_packet.
                    self.buffer.grow(2 * self.buffer.filled().len());
                }
                from.read(&mut self.buffer, watch).await?;
                continue;
            };
            let length = HEADER_LEN + found.payload.len();
            let mut is_row = false;
            match found.kind {
                PacketKind::Row | PacketKind::Continuation => {
                    self.row.extend_from_slice(found.payload);
                    is_row = true;
                }
                PacketKind::Err => {
                    let error = ErrPacket::parse(found.payload).map_err(|source| from.protocol(source))?;
                    refused = Some(error.into());
                }
                PacketKind::ColumnCount | PacketKind::Column | PacketKind::Eof | PacketKind::Ok => {}
                _ => return Err(from.protocol(WireError::Malformed("an answer without rows")).into()),
            }
            self.buffer.consume(length);
            if is_row && self.walker.is_at_boundary() {
                return Ok(Some(&self.row));
            }
        }
    }
}
