//! A statement that is run on one shard for what it costs there: its rows are counted, and go nowhere.

use std::time::{Duration, Instant};

use super::failure::Failure;
use crate::backend::buffer::Buffer;
use crate::backend::connection::Watch;
use crate::backend::pool::Lease;
use crate::wire::WireError;
use crate::wire::command::Command;
use crate::wire::packet::{self, HEADER_LEN};
use crate::wire::walker::{AnswerKind, PacketKind, ResultWalker};

/// What an answer was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measured {
    pub rows: u64,
    /// Of all packets, headers included.
    pub bytes: u64,
    /// From the sending of the statement to the first bytes of the answer, which mostly has a row in them.
    pub first: Duration,
    /// To the end of the answer.
    pub total: Duration,
}

/// Sends the statement and reads its answer to the end. On success the connection is idle, as it is after an error of
/// the server's.
pub async fn run(lease: &mut Lease, sql: &[u8], watch: &mut Watch<'_>) -> Result<Measured, Failure> {
    let (mut command, mut framed) = (Vec::new(), Vec::new());
    Command::Query(sql).write(&mut command);
    packet::write_packet(&mut framed, &mut 0, &command);
    let begun = Instant::now();
    lease.send(&framed, watch).await?;
    let mut walker = ResultWalker::new(AnswerKind::Query, lease.deprecate_eof()).starting_at(lease.answer_seq());
    let mut buffer = Buffer::default();
    let mut measured = Measured::default();
    let mut refused = None;
    while !walker.is_complete() {
        lease.read(&mut buffer, watch).await?;
        if measured.bytes == 0 {
            measured.first = begun.elapsed();
        }
        let mut at = 0;
        loop {
            let found = walker.next_packet(&buffer.filled()[at..]).map_err(|source| lease.protocol(source))?;
            let Some(found) = found else { break };
            at += HEADER_LEN + found.payload.len();
            match found.kind {
                PacketKind::Err => refused = Some(found.payload.to_vec()),
                PacketKind::LocalInfile => {
                    return Err(lease.protocol(WireError::Malformed("a request for a file")).into());
                }
                _ => {}
            }
        }
        measured.bytes += at as u64;
        buffer.consume(at);
        if at == 0 && buffer.is_full() {
            // A packet larger than the buffer. Rows are bounded by the server's max_allowed_packet.
            buffer.grow(2 * buffer.filled().len());
        }
    }
    lease.answered();
    measured.rows = walker.summary().rows;
    measured.total = begun.elapsed();
    match refused {
        Some(payload) => {
            let error = crate::wire::response::ErrPacket::parse(&payload).map_err(|source| lease.protocol(source))?;
            Err(error.into())
        }
        None => Ok(measured),
    }
}
