//! A read on several shards whose rows are simply put one after the other.
//!
//! All shards get the statement at once and work in parallel; their answers are passed on in the order of the shards.
//! What a shard has ready before its turn waits in the sockets' buffers, so memory does not grow with the result. The
//! client sees one result set: the first shard's column definitions, all rows renumbered, one end. It is sent nothing
//! before all shards have described their columns: rows by other definitions than the first's could not be read.

use futures_util::future::join_all;

use super::conditions;
use super::failure::Failure;
use super::links::Link;
use super::relay::{more, rename};
use super::sink::Sink;
use super::unread::{self, Unread};
use crate::backend::buffer::Buffer;
use crate::backend::interrupt::Interrupt;
use crate::plan::Renames;
use crate::wire::column::ColumnDefinition;
use crate::wire::packet::{self, HEADER_LEN};
use crate::wire::response::{self, ErrPacket, OkPacket};
use crate::wire::walker::{AnswerKind, PacketKind, Phase, ResultWalker, Summary};
use crate::wire::{ColumnFlags, ColumnType, StatusFlags, WireError};

/// What is passed on, and how.
#[derive(Debug)]
pub struct Job<'j> {
    /// By link.
    pub renames: Vec<Renames<'j>>,
    pub kind: AnswerKind,
    pub status: Status,
}

/// What the end of the rows says of the session.
#[derive(Debug, Clone, Copy)]
pub struct Status {
    /// As far as the session knows.
    pub own: StatusFlags,
    /// The shards are in a transaction that the client does not see.
    pub is_unseen: bool,
    /// The statement locks rows in a transaction of its own: what one shard has locked must be so until all have answered.
    pub keeps_locks: bool,
    /// Servers may be asked for their warnings before the end is told. (MariaDB would forget FOUND_ROWS().)
    pub asks_warnings: bool,
}

impl Status {
    /// With what the shards say.
    pub(super) fn and<'s>(self, shards: impl Iterator<Item = &'s Summary>, more_follows: bool) -> StatusFlags {
        let mut theirs = shards.filter_map(|summary| summary.status).fold(StatusFlags::empty(), |all, one| all | one);
        if self.is_unseen {
            theirs.remove(StatusFlags::SERVER_STATUS_IN_TRANS | StatusFlags::SERVER_STATUS_IN_TRANS_READONLY);
        }
        let mut status = self.own | theirs;
        status.set(StatusFlags::SERVER_MORE_RESULTS_EXISTS, more_follows);
        status.remove(StatusFlags::SERVER_SESSION_STATE_CHANGED);
        status
    }
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// By link.
    Relayed(Vec<Summary>),
    /// Nothing was sent: the client would read rows by the first shard's definitions, and those of others differ. Links
    /// may be in the middle of their answers if they may be abandoned.
    Unsuitable(String),
}

/// Relays the answers of links to which the statement was sent, and of which `ahead` was read already. On success all of them are idle, and each one's
/// summary is returned. Otherwise those that are still busy must be dropped; of those with pins, only lost ones are.
pub async fn concatenate(
    sink: &mut Sink<'_>,
    links: &mut [Link],
    ahead: Vec<Buffer>,
    job: &Job<'_>,
) -> Result<Outcome, Failure> {
    let new = |(link, buffer): (&Link, Buffer)| Shard {
        walker: ResultWalker::new(job.kind, link.lease.deprecate_eof()).starting_at(link.lease.answer_seq()),
        buffer,
        failed: None,
    };
    let mut shards: Vec<Shard> = links.iter().zip(ahead).map(new).collect();
    let done = concatenate_shards(sink, links, &mut shards, job).await;
    let leaves_client = done.as_ref().err().is_none_or(Failure::leaves_client);
    if leaves_client && !matches!(done, Ok(Outcome::Relayed(_))) {
        let rests = shards.into_iter().zip(links);
        let rests = rests.map(|(shard, link)| Unread::rest(link, shard.walker, shard.buffer, 0));
        unread::pass_over(rests.collect(), sink.interrupt).await;
    }
    done
}

async fn concatenate_shards(
    sink: &mut Sink<'_>,
    links: &mut [Link],
    shards: &mut [Shard],
    job: &Job<'_>,
) -> Result<Outcome, Failure> {
    if !are_alike(shards, sink, links).await? {
        return Ok(Outcome::Unsuitable(DIFFERENT.to_owned()));
    }
    for (place, ((shard, link), renames)) in shards.iter_mut().zip(&mut *links).zip(&job.renames).enumerate() {
        shard.relay(sink, link, renames, place == 0).await?;
    }
    let summaries: Vec<Summary> = shards.iter().map(|shard| *shard.walker.summary()).collect();
    check_locks(job.status, links.iter_mut(), sink.interrupt).await?;
    let again = warnings_again(job.status, links.iter_mut().zip(&summaries), sink.interrupt).await;
    end(sink, links, &summaries, job.status, again).await?;
    Ok(Outcome::Relayed(summaries))
}

/// Whether all shards describe the columns in the same way. Nothing of their answers is used up.
async fn are_alike(shards: &mut [Shard], sink: &Sink<'_>, links: &mut [Link]) -> Result<bool, Failure> {
    let mut first: Option<Vec<Kind>> = None;
    for (shard, link) in shards.iter_mut().zip(links) {
        let columns = shard.peek(sink, link).await?;
        if first.get_or_insert_with(|| columns.clone()) != &columns {
            return Ok(false);
        }
    }
    Ok(true)
}

const DIFFERENT: &str = "columns of different types on different shards";

/// Fails where locks are gone that had to be kept: a connection that was lost since it answered.
pub(super) async fn check_locks(
    status: Status,
    links: impl Iterator<Item = &mut Link>,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    if !status.keeps_locks {
        return Ok(());
    }
    let asked = links.map(|link| link.lease.ask_status(interrupt));
    join_all(asked).await.into_iter().try_for_each(|answer| Ok(answer.map(drop)?))
}

/// How many warnings say again what another shard has said of the statement as such.
pub(super) async fn warnings_again<'l>(
    status: Status,
    ended: impl Iterator<Item = (&'l mut Link, &Summary)>,
    interrupt: &Interrupt,
) -> u16 {
    let warned: Vec<_> = ended.filter(|(_, summary)| summary.warnings > 0).map(|(link, _)| &mut *link.lease).collect();
    if !status.asks_warnings || warned.len() < 2 {
        return 0;
    }
    conditions::said_again(warned.into_iter(), interrupt).await
}

/// The packet that ends the rows.
async fn end(
    sink: &mut Sink<'_>,
    links: &[Link],
    summaries: &[Summary],
    status: Status,
    again: u16,
) -> Result<(), Failure> {
    let Some(link) = links.first() else { return Ok(()) };
    let has_rows = summaries.iter().any(|summary| summary.rows > 0);
    let status = status.and(summaries.iter(), sink.more_follows) | sink.cursor.tell(has_rows);
    let warnings =
        summaries.iter().fold(0u16, |sum, summary| sum.saturating_add(summary.warnings)).saturating_sub(again);
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
struct Shard {
    walker: ResultWalker,
    buffer: Buffer,
    failed: Option<Failure>,
}

/// What becomes of one packet.
enum Fate {
    PassOn,
    Drop,
    Rename,
}

impl Shard {
    /// Reads up to the first row, and leaves all of it in the buffer: the kinds of the columns.
    async fn peek(&mut self, sink: &Sink<'_>, link: &mut Link) -> Result<Vec<Kind>, Failure> {
        let mut killed = false;
        loop {
            let (mut ahead, mut at, mut columns) = (self.walker, 0, Vec::new());
            while let Some(found) =
                ahead.next_packet(&self.buffer.filled()[at..]).map_err(|source| link.lease.protocol(source))?
            {
                at += HEADER_LEN + found.payload.len();
                match found.kind {
                    PacketKind::Column => {
                        let column = ColumnDefinition::parse(found.payload);
                        columns.push(kind(&column.map_err(|source| link.lease.protocol(source))?));
                    }
                    PacketKind::Err => {
                        let failure = refusal(found.payload).map_err(|source| link.lease.protocol(source))?;
                        link.lease.answered();
                        return Err(failure);
                    }
                    _ => {}
                }
                if ahead.phase() == Phase::Rows || ahead.is_complete() {
                    return Ok(columns);
                }
            }
            self.make_room(0);
            more(&mut sink.watch(), &mut link.lease, &mut self.buffer, &mut killed).await?;
        }
    }

    /// Makes room for a packet larger than the buffer. Rows are bounded by the server's max_allowed_packet.
    fn make_room(&mut self, used: usize) {
        if used == 0 && !self.buffer.filled().is_empty() && self.buffer.is_full() {
            self.buffer.grow(2 * self.buffer.filled().len());
        }
    }

    async fn relay(
        &mut self,
        sink: &mut Sink<'_>,
        link: &mut Link,
        renames: &Renames<'_>,
        is_first: bool,
    ) -> Result<(), Failure> {
        let mut killed = false;
        loop {
            self.pass_on(sink, link, renames, is_first).await?;
            if self.walker.is_complete() {
                break;
            }
            more(&mut sink.watch(), &mut link.lease, &mut self.buffer, &mut killed).await?;
        }
        link.lease.answered();
        match self.failed.take() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    /// Sends on what is whole in the buffer.
    async fn pass_on(
        &mut self,
        sink: &mut Sink<'_>,
        link: &mut Link,
        renames: &Renames<'_>,
        is_first: bool,
    ) -> Result<(), Failure> {
        let mut at = 0;
        let mut out = Vec::new();
        let mut run = 0..0;
        loop {
            let found = self.walker.next_packet(&self.buffer.filled()[at..]);
            let Some(found) = found.map_err(|source| link.lease.protocol(source))? else { break };
            let end = at + HEADER_LEN + found.payload.len();
            let fate = match found.kind {
                PacketKind::Row | PacketKind::Continuation => Fate::PassOn,
                PacketKind::ColumnCount if is_first => Fate::PassOn,
                PacketKind::Column => match (is_first, renames.is_empty()) {
                    (false, _) => Fate::Drop,
                    (true, true) => Fate::PassOn,
                    (true, false) => Fate::Rename,
                },
                // The EOF after the definitions; the one after the rows is made at the end.
                PacketKind::Eof if is_first && !self.walker.is_complete() => Fate::PassOn,
                PacketKind::Eof | PacketKind::ColumnCount => Fate::Drop,
                PacketKind::Ok if self.walker.is_complete() => Fate::Drop,
                PacketKind::Err => {
                    self.failed = Some(refusal(found.payload).map_err(|source| link.lease.protocol(source))?);
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
        self.make_room(at);
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

/// The error in a packet.
fn refusal(payload: &[u8]) -> Result<Failure, WireError> {
    Ok(ErrPacket::parse(payload)?.into())
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
