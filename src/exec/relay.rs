//! One shard's answer, passed on to the client undecoded.
//!
//! Chunks of the read buffer go straight to the client's stream: whole packets only, so that an error can follow at any
//! point, but for rows that are larger than the buffer. A slow client stops the reading, and so the server. Packets are
//! touched only where they must be: numbers and status flags if other statements of the same command came before or
//! follow, column definitions and errors if
//! physical names must not show.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::cancel;
use super::failure::Failure;
use super::named_rows::NamedRows;
use super::sink::{Cursor, Sink, SinkError};
use crate::backend::buffer::{Buffer, Scratch};
use crate::backend::connection::Watch;
use crate::backend::error::{Error, Reason};
use crate::backend::pool::Lease;
use crate::backend::transport::Transport;
use crate::plan::{Described, Renames};
use crate::wire::column::{self, ColumnDefinition, Physical};
use crate::wire::packet::{self, HEADER_LEN};
use crate::wire::response::ErrPacket;
use crate::wire::walker::{AnswerKind, PacketKind, Patch, Phase, Progress, ResultWalker, State, Summary};
use crate::wire::{ColumnFlags, StatusFlags, WireError};

/// So much of a result is copied behind its renamed column definitions, for one system call less.
const JOINED: usize = 16 * 1024;

/// The answer to the command that was sent last, on its way to the client.
#[derive(Debug)]
pub struct Relay {
    walker: ResultWalker,
    /// From the server's packet numbers to the client's.
    delta: u8,
    buffer: Buffer,
    /// So many bytes of the buffer were walked over, and are not with the client yet.
    due: usize,
    /// `pass_on_now` has sent the client something.
    has_begun: bool,
}

impl Relay {
    /// `seq`: number of the answer's first packet to the client. `buffer`: an empty one.
    pub fn new(kind: AnswerKind, lease: &Lease, seq: u8, buffer: Buffer) -> Relay {
        let first = lease.answer_seq();
        Relay {
            walker: ResultWalker::new(kind, lease.deprecate_eof()).starting_at(first),
            delta: seq.wrapping_sub(first),
            buffer,
            due: 0,
            has_begun: false,
        }
    }

    /// Number of the packet that may follow what the client has.
    pub fn next_seq(&self) -> u8 {
        self.walker.next_seq().wrapping_add(self.delta)
    }

    /// Whether `pass_on_now` has sent the client something.
    pub fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Whether packets must be changed on their way.
    pub fn is_patched(&self) -> bool {
        self.delta != 0
    }

    /// What is known of the answer so far.
    pub fn summary(&self) -> &Summary {
        self.walker.summary()
    }

    /// Reads the first bytes of the answer. See `Connection::poll_first_read`.
    pub fn poll_first_read(
        &mut self,
        cx: &mut Context<'_>,
        lease: &mut Lease,
        watch: &mut Watch<'_>,
        woken: bool,
    ) -> Poll<Result<(), Error>> {
        lease.poll_first_read(cx, &mut self.buffer, watch, woken)
    }

    /// Passes on what was read, in which nothing must be changed, as far as the client takes it at once. True when the
    /// answer is complete; what is left otherwise, `finish` does.
    pub fn pass_on_now(&mut self, client: &Transport, lease: &mut Lease) -> Result<bool, Failure> {
        let progress = self.walk(StatusFlags::empty()).map_err(|source| lease.protocol(source))?;
        let sent = client.try_write(&self.buffer.filled()[..progress.forward]).map_err(SinkError::Io)?;
        self.due = progress.forward - sent;
        self.has_begun |= sent > 0;
        self.buffer.consume(sent);
        let is_complete = self.due == 0 && progress.state == State::Complete;
        if is_complete {
            lease.answered();
        }
        Ok(is_complete)
    }

    /// Relays all that is left of the answer. `failed`: how the last read failed, if it did.
    ///
    /// On success the connection is idle, and `sink.seq` follows the answer. On failure the connection must be dropped;
    /// an ERR packet numbered `sink.seq` may follow unless the failure says that the client's stream is torn.
    pub async fn finish(
        &mut self,
        sink: &mut Sink<'_>,
        lease: &mut Lease,
        renames: &Renames<'_>,
        failed: Option<Error>,
    ) -> Result<Summary, Failure> {
        let mut renamed = if renames.is_empty() { Scratch::default() } else { Scratch::take() };
        let mut rows = NamedRows::default();
        if !renames.is_empty() {
            self.walker.pause_between_results();
        }
        let mut killed = false;
        let mut failed = failed;
        loop {
            if let Some(error) = failed.take() {
                let mut watch = sink.watch();
                let read = Box::pin(more_after(error, &mut watch, lease, &mut self.buffer, &mut killed)).await;
                read.map_err(|error| self.failure(error))?;
            }
            let is_complete = pin!(self.pass_on(sink, lease, renames, &mut renamed, &mut rows)).await?;
            if is_complete {
                lease.answered();
                return Ok(*self.walker.summary());
            }
            let mut watch = sink.watch();
            failed = poll_fn(|cx| lease.poll_read(cx, &mut self.buffer, &mut watch)).await.err();
        }
    }

    /// Sends on what is whole in the buffer; true when the answer is complete.
    async fn pass_on(
        &mut self,
        sink: &mut Sink<'_>,
        lease: &mut Lease,
        renames: &Renames<'_>,
        renamed: &mut Scratch,
        rows: &mut NamedRows,
    ) -> Result<bool, Failure> {
        loop {
            pin!(self.send_due(sink, renamed)).await?;
            if !renames.is_empty() {
                let phase = self.walker.phase();
                let needs_more = match phase {
                    Phase::Rows if renames.in_rows => self.rename_rows(lease, renames, rows, renamed)?,
                    _ if is_about_columns(phase) => self.rename_columns(lease, renames, rows, renamed)?,
                    _ => false,
                };
                if needs_more {
                    self.send_due(sink, renamed).await?;
                    return Ok(false);
                }
                if renames.in_rows && self.walker.phase() != phase {
                    continue;
                }
            }
            let before = self.walker;
            let mut flags = match *sink.cursor {
                Cursor::Wanted if self.ends_without_rows() => sink.cursor.tell(false),
                _ => StatusFlags::empty(),
            };
            flags.set(StatusFlags::SERVER_MORE_RESULTS_EXISTS, sink.more_follows);
            let progress = self.walk(flags).map_err(|source| lease.protocol(source))?;
            self.due = progress.forward;
            if !renames.is_empty() && self.walker.summary().error.is_some() {
                self.due = before.last_packet(&self.buffer.filled()[..progress.forward]);
                self.send_due(sink, renamed).await?;
                self.rename_last(renames, renamed);
            }
            pin!(self.send_due(sink, renamed)).await?;
            match progress.state {
                State::Complete => return Ok(true),
                State::SessionState { .. } | State::NextResult => {}
                State::More => return Ok(false),
                State::MoreRoom(room) => {
                    self.buffer.grow(room);
                    return Ok(false);
                }
                State::LocalInfile => return Err(lease.protocol(WireError::Malformed("a request for a file")).into()),
            }
        }
    }

    /// Sends the renamed definitions and what is due of the buffer: in one piece where that is little to copy.
    async fn send_due(&mut self, sink: &mut Sink<'_>, renamed: &mut Scratch) -> Result<(), Failure> {
        let mut bytes = &self.buffer.filled()[..self.due];
        if !renamed.is_empty() {
            if bytes.len() <= JOINED {
                renamed.extend_from_slice(bytes);
                bytes = &[];
            }
            sink.send(renamed).await?;
            renamed.clear();
        }
        pin!(sink.send(bytes)).await?;
        sink.seq = self.next_seq();
        self.buffer.consume(std::mem::take(&mut self.due));
        Ok(())
    }

    /// Walks over what there is, of which the end gets these flags.
    fn walk(&mut self, flags: StatusFlags) -> Result<Progress, WireError> {
        let is_full = self.buffer.is_full();
        if self.delta == 0 && flags.is_empty() {
            let chunk = self.buffer.filled();
            return if is_full { self.walker.walk_full(chunk) } else { self.walker.walk(chunk) };
        }
        let patch = Patch { seq_delta: self.delta, set: flags, ..Patch::NONE };
        self.walker.walk_patched(self.buffer.filled_mut(), is_full, patch)
    }

    /// Whether the answer comes to its end in what there is of it, and has no rows.
    fn ends_without_rows(&self) -> bool {
        let (mut ahead, mut at) = (self.walker, 0);
        while let Ok(Some(found)) = ahead.next_packet(&self.buffer.filled()[at..]) {
            at += HEADER_LEN + found.payload.len();
        }
        let summary = ahead.summary();
        ahead.is_complete() && summary.has_rows && summary.rows == 0 && summary.error.is_none()
    }

    /// Moves the whole packets up to the end of the column definitions to `out`, with the logical names in them.
    /// True when more must be read first.
    fn rename_columns(
        &mut self,
        lease: &mut Lease,
        renames: &Renames<'_>,
        rows: &mut NamedRows,
        out: &mut Vec<u8>,
    ) -> Result<bool, Failure> {
        while is_about_columns(self.walker.phase()) {
            // What follows a first packet that announces no columns is none of our concern.
            let mut ahead = self.walker;
            let found = ahead.next_packet(self.buffer.filled()).map_err(|source| lease.protocol(source))?;
            let Some(found) = found else { return Ok(true) };
            let mut seq = found.seq.wrapping_add(self.delta);
            match found.kind {
                PacketKind::Column => {
                    if renames.in_rows {
                        rows.note(found.payload).map_err(|source| lease.protocol(source))?;
                    }
                    let at = packet::begin(out);
                    let known = described(renames, self.walker.phase());
                    define(found.payload, known, renames, out).map_err(|source| lease.protocol(source))?;
                    packet::finish(out, at, &mut seq);
                }
                PacketKind::ColumnCount | PacketKind::PrepareOk | PacketKind::Param | PacketKind::Eof => {
                    if found.kind == PacketKind::ColumnCount {
                        rows.begin();
                    }
                    packet::write_packet(out, &mut seq, found.payload);
                }
                PacketKind::Err => {
                    let at = packet::begin(out);
                    rename_error(found.payload, renames, out);
                    packet::finish(out, at, &mut seq);
                }
                // An OK in place of a result set goes the ordinary way.
                _ => return Ok(false),
            }
            let consumed = HEADER_LEN + found.payload.len();
            self.walker = ahead;
            self.buffer.consume(consumed);
        }
        Ok(false)
    }

    /// Moves whole rows to `out`, with the logical names in them. True when more must be read first.
    fn rename_rows(
        &mut self,
        lease: &mut Lease,
        renames: &Renames<'_>,
        rows: &mut NamedRows,
        out: &mut Vec<u8>,
    ) -> Result<bool, Failure> {
        loop {
            let mut ahead = self.walker;
            let found = ahead.next_packet(self.buffer.filled()).map_err(|source| lease.protocol(source))?;
            let Some(found) = found else {
                if self.buffer.is_full() {
                    self.buffer.grow(2 * self.buffer.filled().len());
                }
                return Ok(true);
            };
            if found.kind != PacketKind::Row {
                return Ok(false);
            }
            let (at, mut seq) = (packet::begin(out), found.seq.wrapping_add(self.delta));
            let renamed = rows.rename(self.walker.kind(), found.payload, renames, out);
            renamed.map_err(|source| lease.protocol(source))?;
            packet::finish(out, at, &mut seq);
            let consumed = HEADER_LEN + found.payload.len();
            self.walker = ahead;
            self.buffer.consume(consumed);
        }
    }

    /// Moves the error that ends the answer to `out`, with the logical names in it.
    fn rename_last(&mut self, renames: &Renames<'_>, out: &mut Vec<u8>) {
        let bytes = self.buffer.filled();
        let Some(header) = packet::parse_header(bytes) else { return };
        let end = HEADER_LEN + header.len as usize;
        let (at, mut seq) = (packet::begin(out), header.seq);
        rename_error(&bytes[HEADER_LEN..end], renames, out);
        packet::finish(out, at, &mut seq);
        self.buffer.consume(end);
    }

    fn failure(&self, error: Error) -> Failure {
        if self.walker.is_at_boundary() { Failure::Backend(error) } else { Failure::Torn(error) }
    }
}

/// What is known of the column whose definition comes next.
fn described<'s>(renames: &Renames<'s>, phase: Phase) -> Option<&'s Described> {
    let Phase::Columns(left) = phase else { return None };
    renames.definitions.get(renames.definitions.len().checked_sub(usize::from(left))?)
}

/// Flags about the keys that a column is in. Results that went through a table of the server's own have none of them.
const KEYS: ColumnFlags = ColumnFlags::PRI_KEY_FLAG
    .union(ColumnFlags::UNIQUE_KEY_FLAG)
    .union(ColumnFlags::MULTIPLE_KEY_FLAG)
    .union(ColumnFlags::PART_KEY_FLAG);

/// The definition of a column by what a server with the client's own tables said of it. Where this server's answer is
/// not what it said itself when it prepared the statement, the answer is right: it may depend on how the statement was
/// run.
fn known_column(known: &Described, found: &[u8], renames: &Renames<'_>) -> Option<Vec<u8>> {
    let [found, here, there] = [found, &known.here, &known.there].map(|payload| ColumnDefinition::parse(payload).ok());
    let (found, here, there) = (found?, here?, there?);
    let kind = |column: &ColumnDefinition<'_>| (column.column_type, column.charset, column.decimals);
    // Of a table without a name nothing is the client's.
    let is_nameless = renames.tables.iter().any(|(table, name)| name.is_empty() && table.as_bytes() == found.org_table);
    let is_named = (found.schema, found.table, found.org_table) == (here.schema, here.table, here.org_table);
    if !(is_named || is_nameless) || !found.name.eq_ignore_ascii_case(there.name) || kind(&found) != kind(&there) {
        return None;
    }
    let mut changed = if is_nameless { ColumnFlags::empty() } else { found.flags ^ here.flags };
    if changed.intersects(KEYS) {
        changed |= KEYS;
    }
    let flags = (found.flags & changed) | (there.flags - changed);
    let org_name = if found.org_name == here.org_name { there.org_name } else { found.org_name };
    let length = if found.length == here.length { there.length } else { found.length };
    let mut out = Vec::new();
    ColumnDefinition { org_name, flags, length, ..there }.write(&mut out);
    Some(out)
}

/// The definition with the title that a server with the client's own tables gives. It differs in letter case where MySQL
/// calls a column of `information_schema` by its own name, however a statement writes it.
fn titled_column(known: &Described, found: &[u8]) -> Option<Vec<u8>> {
    let [found, there] = [found, &known.there].map(|payload| ColumnDefinition::parse(payload).ok());
    let (found, there) = (found?, there?);
    let is_other = found.name != there.name && found.name.eq_ignore_ascii_case(there.name);
    is_other.then(|| {
        let mut out = Vec::new();
        ColumnDefinition { name: there.name, ..found }.write(&mut out);
        out
    })
}

/// Appends a column definition as the client is to have it.
pub(super) fn define(
    found: &[u8],
    known: Option<&Described>,
    renames: &Renames<'_>,
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    if let Some(definition) = known.and_then(|known| known_column(known, found, renames)) {
        out.extend_from_slice(&definition);
        return Ok(());
    }
    let titled = known.and_then(|known| titled_column(known, found));
    rename(titled.as_deref().unwrap_or(found), renames, out)
}

/// Appends a column definition with the client's names.
pub fn rename(payload: &[u8], renames: &Renames<'_>, out: &mut Vec<u8>) -> Result<(), WireError> {
    let logical = |physical: Physical<'_>| match physical {
        Physical::Schema(schema) => {
            renames.schema.filter(|(from, _)| from.as_bytes() == schema).map(|(_, to)| to.as_bytes())
        }
        Physical::Table { table, .. } => {
            renames.tables.iter().find(|(from, _)| from.as_bytes() == table).map(|(_, to)| to.as_bytes())
        }
    };
    column::rename(payload, logical, out)
}

/// Appends an error with the client's names in its message.
fn rename_error(payload: &[u8], renames: &Renames<'_>, out: &mut Vec<u8>) {
    let error = ErrPacket::parse(payload).ok();
    let message = error.and_then(|error| renames.message(std::str::from_utf8(error.message).ok()?));
    match (error, message) {
        (Some(error), Some(message)) => ErrPacket { code: error.code, message: message.as_bytes() }.write(out),
        _ => out.extend_from_slice(payload),
    }
}

fn is_about_columns(phase: Phase) -> bool {
    matches!(phase, Phase::First | Phase::Params(_) | Phase::ParamsEnd | Phase::Columns(_) | Phase::ColumnsEnd)
}

/// Waits for an answer to begin.
pub async fn first(watch: &mut Watch<'_>, lease: &mut Lease, buffer: &mut Buffer) -> Result<(), Error> {
    more(watch, lease, buffer, &mut false).await
}

/// Waits for more of an answer. KILL QUERY is passed on to the server, whose own error then ends the answer; whatever
/// else ends the wait also ends the statement there.
pub(super) async fn more(
    watch: &mut Watch<'_>,
    lease: &mut Lease,
    buffer: &mut Buffer,
    killed: &mut bool,
) -> Result<(), Error> {
    match lease.read(buffer, watch).await {
        Ok(()) => Ok(()),
        Err(error) => more_after(error, watch, lease, buffer, killed).await,
    }
}

/// How long a server may take to end a statement before it is told again, and how often it is.
const KILL_PATIENCE: Duration = Duration::from_millis(500);
const KILLS: u32 = 20;

async fn more_after(
    error: Error,
    watch: &mut Watch<'_>,
    lease: &mut Lease,
    buffer: &mut Buffer,
    killed: &mut bool,
) -> Result<(), Error> {
    let mut read = Err(error);
    let mut kills = 0;
    loop {
        match read {
            Err(Error::Interrupted(Reason::QueryKilled)) if !*killed => {
                *killed = true;
                watch.interrupt.begin_statement();
                cancel::kill_query(lease).await;
            }
            // A server that had not begun with the statement when it was told to end it has forgotten that.
            Err(Error::Interrupted(Reason::Deadline)) if *killed && kills < KILLS => {
                kills += 1;
                cancel::kill_query(lease).await;
            }
            Err(error @ Error::Interrupted(_)) => {
                cancel::kill_connection(lease);
                return Err(error);
            }
            other => return other,
        }
        watch.interrupt.arm(KILL_PATIENCE);
        read = lease.read(buffer, watch).await;
    }
}
