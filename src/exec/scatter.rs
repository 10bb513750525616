//! A read on several shards whose rows are simply put one after the other.
//!
//! All shards get the statement at once and work in parallel; their answers are passed on in the order of the shards.
//! What a shard has ready before its turn waits in the sockets' buffers, so memory does not grow with the result. The
//! client sees one result set: the first shard's column definitions, all rows renumbered, one end.

use super::failure::Failure;
use super::links::Link;
use super::relay::{more, rename};
use super::sink::Sink;
use super::unread::{self, Unread};
use crate::backend::buffer::Buffer;
use crate::plan::Renames;
use crate::wire::column::ColumnDefinition;
use crate::wire::packet::{self, HEADER_LEN};
use crate::wire::response::{self, ErrPacket, OkPacket};
use crate::wire::walker::{AnswerKind, PacketKind, ResultWalker, Summary};
use crate::wire::{ColumnFlags, ColumnType, StatusFlags, WireError};

/// Relays the answers of links to which the statement was sent. On success all of them are idle, and each one's
/// summary is returned. On failure those that are still busy must be dropped; of those with pins, only lost ones are.
pub async fn concatenate(
    sink: &mut Sink<'_>,
    links: &mut [Link],
    renames: &[Renames<'_>],
    kind: AnswerKind,
    status: StatusFlags,
) -> Result<Vec<Summary>, Failure> {
    let mut summaries = Vec::with_capacity(links.len());
    let mut columns: Option<Vec<Kind>> = None;
    for (index, renames) in renames.iter().enumerate() {
        let Some((link, behind)) = links[index..].split_first_mut() else { break };
        let mut shard = Shard {
            walker: ResultWalker::new(kind, link.lease.deprecate_eof()).starting_at(link.lease.answer_seq()),
            buffer: Buffer::default(),
            is_first: summaries.is_empty(),
            columns: Vec::new(),
            expected: columns.as_deref(),
            failed: None,
        };
        if let Err(failure) = shard.relay(sink, link, renames).await {
            if failure.leaves_client() {
                let mut unread = vec![Unread::rest(link, shard.walker, shard.buffer, 0)];
                unread.extend(behind.iter_mut().map(|link| Unread::whole(link, kind)));
                unread::pass_over(unread, sink.interrupt).await;
            }
            return Err(failure);
        }
        let of_shard = shard.columns;
        summaries.push(*shard.walker.summary());
        columns.get_or_insert(of_shard);
    }
    end(sink, links, &summaries, status).await?;
    Ok(summaries)
}

/// The packet that ends the rows.
async fn end(sink: &mut Sink<'_>, links: &[Link], summaries: &[Summary], status: StatusFlags) -> Result<(), Failure> {
    let Some(link) = links.first() else { return Ok(()) };
    let mut status = summaries.iter().filter_map(|summary| summary.status).fold(status, |all, one| all | one);
    status.set(StatusFlags::SERVER_MORE_RESULTS_EXISTS, sink.more_follows);
    status.remove(StatusFlags::SERVER_SESSION_STATE_CHANGED);
    let warnings = summaries.iter().fold(0u16, |sum, summary| sum.saturating_add(summary.warnings));
    let class = link.lease.class();
    let mut out = Vec::new();
    let at = packet::begin(&mut out);
    let ok = OkPacket { status, warnings, ..OkPacket::default() };
    response::write_end_of_rows(&mut out, &ok, class.deprecate_eof(), class.session_track());
    packet::finish(&mut out, at, &mut sink.seq);
    Ok(sink.send(&out).await?)
}

/// What says how a column's cells are written: its type, of which all kinds of text and bytes are one, and whether it is
/// unsigned.
type Kind = (u8, bool);

fn kind(column: &ColumnDefinition<'_>) -> Kind {
    use ColumnType::*;
    let strings = [
        MYSQL_TYPE_VARCHAR,
        MYSQL_TYPE_VAR_STRING,
        MYSQL_TYPE_STRING,
        MYSQL_TYPE_TINY_BLOB,
        MYSQL_TYPE_MEDIUM_BLOB,
        MYSQL_TYPE_LONG_BLOB,
    ];
    let is_string = strings.iter().any(|string| *string as u8 == column.column_type);
    let column_type = if is_string { MYSQL_TYPE_BLOB as u8 } else { column.column_type };
    (column_type, column.flags.contains(ColumnFlags::UNSIGNED_FLAG))
}

/// One shard's answer under way.
struct Shard<'c> {
    walker: ResultWalker,
    buffer: Buffer,
    is_first: bool,
    columns: Vec<Kind>,
    /// Those of the first shard, for all others.
    expected: Option<&'c [Kind]>,
    failed: Option<Failure>,
}

/// What becomes of one packet.
enum Fate {
    PassOn,
    Drop,
    Rename,
}

impl Shard<'_> {
    async fn relay(&mut self, sink: &mut Sink<'_>, link: &mut Link, renames: &Renames<'_>) -> Result<(), Failure> {
        let mut killed = false;
        while !self.walker.is_complete() {
            more(&mut sink.watch(), &mut link.lease, &mut self.buffer, &mut killed).await?;
            self.pass_on(sink, link, renames).await?;
        }
        link.lease.answered();
        match self.failed.take() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    /// Sends on what is whole in the buffer.
    async fn pass_on(&mut self, sink: &mut Sink<'_>, link: &mut Link, renames: &Renames<'_>) -> Result<(), Failure> {
        let mut at = 0;
        let mut out = Vec::new();
        let mut run = 0..0;
        loop {
            let found = self.walker.next_packet(&self.buffer.filled()[at..]);
            let Some(found) = found.map_err(|source| link.lease.protocol(source))? else { break };
            let end = at + HEADER_LEN + found.payload.len();
            let fate = match found.kind {
                PacketKind::Row if self.expected.is_some_and(|expected| expected != self.columns) => {
                    // The client would read the rows by the first shard's definitions.
                    let text = "columns of different types on different shards";
                    return Err(Failure::Unsupported(text.to_owned()));
                }
                PacketKind::Row | PacketKind::Continuation => Fate::PassOn,
                PacketKind::ColumnCount if self.is_first => Fate::PassOn,
                PacketKind::Column => {
                    let column =
                        ColumnDefinition::parse(found.payload).map_err(|source| link.lease.protocol(source))?;
                    self.columns.push(kind(&column));
                    match (self.is_first, renames.is_empty()) {
                        (false, _) => Fate::Drop,
                        (true, true) => Fate::PassOn,
                        (true, false) => Fate::Rename,
                    }
                }
                // The EOF after the definitions; the one after the rows is made at the end.
                PacketKind::Eof if self.is_first && !self.walker.is_complete() => Fate::PassOn,
                PacketKind::Eof | PacketKind::ColumnCount => Fate::Drop,
                PacketKind::Ok if !self.columns.is_empty() => Fate::Drop,
                PacketKind::Err => {
                    let error = ErrPacket::parse(found.payload).map_err(|source| link.lease.protocol(source))?;
                    let message = String::from_utf8_lossy(error.message).into_owned();
                    self.failed = Some(Failure::Server { code: error.code, message });
                    Fate::Drop
                }
                _ => return Err(link.lease.protocol(WireError::Malformed("an answer without rows")).into()),
            };
            match fate {
                Fate::PassOn if run.end == at && run.end > run.start => run.end = end,
                Fate::PassOn => {
                    out.extend_from_slice(&self.buffer.filled()[run]);
                    run = at..end;
                }
                Fate::Drop => {}
                Fate::Rename => {
                    out.extend_from_slice(&self.buffer.filled()[std::mem::replace(&mut run, 0..0)]);
                    let begun = packet::begin(&mut out);
                    let renamed = rename(found.payload, renames, &mut out);
                    renamed.map_err(|source| link.lease.protocol(source))?;
                    packet::finish(&mut out, begun, &mut 0);
                }
            }
            at = end;
        }
        self.flush(sink, out, run).await?;
        self.buffer.consume(at);
        if at == 0 && self.buffer.is_full() {
            // A packet larger than the buffer. Rows are bounded by the server's max_allowed_packet.
            self.buffer.grow(2 * self.buffer.filled().len());
        }
        Ok(())
    }

    /// Numbers the packets in `out` and then those in the buffer's `run`, and sends them.
    async fn flush(
        &mut self,
        sink: &mut Sink<'_>,
        mut out: Vec<u8>,
        run: std::ops::Range<usize>,
    ) -> Result<(), Failure> {
        if !out.is_empty() {
            renumber(&mut out, &mut sink.seq);
            sink.send(&out).await?;
        }
        if !run.is_empty() {
            let bytes = &mut self.buffer.filled_mut()[run];
            renumber(bytes, &mut sink.seq);
            sink.send(bytes).await?;
        }
        Ok(())
    }
}

/// Gives the packets in `bytes` the numbers from `seq` on.
fn renumber(bytes: &mut [u8], seq: &mut u8) {
    let mut at = 0;
    while let Some(header) = packet::parse_header(&bytes[at..]) {
        bytes[at + 3] = *seq;
        *seq = seq.wrapping_add(1);
        at += HEADER_LEN + header.len as usize;
    }
}
