//! One connection to a server, after login: bytes out, answers in, and what is known of its session state.
//!
//! A connection counts as busy from the moment a command is sent until its answer was read to the end. A busy
//! connection never goes back to a pool.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::answer::Answer;
use super::buffer::Buffer;
use super::error::{Error, Reason};
use super::interrupt::{Interrupt, Limit, millis};
use super::pool::{Wanted, WorkerId};
use super::settings::Settings;
use super::statements::{Prepared, StatementCache};
use super::transport::Transport;
use crate::wire::capability::RelayedCapabilities;
use mysql_common::constants::Command;

use crate::wire::handshake::ServerVersion;
use crate::wire::packet::{self, Header};
use crate::wire::response;
use crate::wire::walker::{AnswerKind, PacketKind, ResultWalker, State};
use crate::wire::{StatusFlags, WireError};

/// What this server calls a system variable that was renamed over time.
fn variable_name(version: ServerVersion, name: &str) -> &str {
    // MariaDB has the newer names since 11.1; MySQL 8 has no others.
    let old = version.mariadb && version.number < 110_100;
    match name {
        "transaction_isolation" if old => "tx_isolation",
        "transaction_read_only" if old => "tx_read_only",
        other => other,
    }
}

/// A connection to a server.
#[derive(Debug)]
pub struct Connection {
    transport: Transport,
    server: Arc<str>,
    server_index: u32,
    worker: WorkerId,
    class: RelayedCapabilities,
    thread_id: u32,
    version: ServerVersion,
    response_timeout: Limit,
    // By the watchdog's clock.
    opened_ms: u64,
    idle_since_ms: u64,
    busy: bool,
    spoiled: bool,
    /// Number of the first packet of the answer to the command that was sent last.
    answer_seq: u8,
    // What the server's session looks like now.
    schema: Option<Box<str>>,
    settings: Arc<Settings>,
    /// The session whose user variables are set.
    user_variables_of: Option<u32>,
    /// Server-side prepared statements.
    pub statements: StatementCache,
}

/// What login found out; makes a `Connection`.
#[derive(Debug)]
pub(super) struct LoggedIn {
    pub(super) transport: Transport,
    pub(super) server: Arc<str>,
    pub(super) server_index: u32,
    pub(super) worker: WorkerId,
    pub(super) class: RelayedCapabilities,
    pub(super) thread_id: u32,
    pub(super) version: ServerVersion,
    pub(super) response_timeout: Duration,
    pub(super) schema: Option<Box<str>>,
    pub(super) settings: Arc<Settings>,
    /// By the watchdog's clock.
    pub(super) now_ms: u64,
}

/// What ends a wait for a server besides its answer.
#[derive(Debug)]
pub struct Watch<'a> {
    pub interrupt: &'a Interrupt,
    /// The client on whose behalf the server is asked; `None` where its leaving does not matter.
    pub client: Option<&'a Transport>,
}

/// What may end the wait for a whole answer.
#[derive(Debug, Clone, Copy)]
enum Within<'a> {
    Nothing,
    /// Whatever ends the client's statement.
    Statement(&'a Interrupt),
    /// The same but for KILL QUERY.
    OwnStatement(&'a Interrupt),
}

impl Watch<'_> {
    /// Ready with the reason when the wait must end.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Reason> {
        match self.interrupt.poll(cx) {
            // A statement that runs may end; its session ends after it.
            Poll::Ready(Reason::Shutdown) => self.interrupt.wake_on_change(cx),
            Poll::Ready(reason) => return Poll::Ready(reason),
            Poll::Pending => {}
        }
        if let Some(client) = self.client.filter(|_| self.interrupt.is_long()) {
            match client.poll_closed(cx) {
                Poll::Ready(true) => return Poll::Ready(Reason::ClientGone),
                // The client has sent ahead: its stream says nothing more until those bytes are read.
                Poll::Ready(false) => self.client = None,
                Poll::Pending => {}
            }
        }
        Poll::Pending
    }
}

impl Connection {
    pub(super) fn new(login: LoggedIn) -> Connection {
        Connection {
            transport: login.transport,
            server: login.server,
            server_index: login.server_index,
            worker: login.worker,
            class: login.class,
            thread_id: login.thread_id,
            version: login.version,
            response_timeout: login.response_timeout.into(),
            opened_ms: login.now_ms,
            idle_since_ms: login.now_ms,
            busy: false,
            spoiled: false,
            answer_seq: 1,
            schema: login.schema,
            settings: login.settings,
            user_variables_of: None,
            statements: StatementCache::default(),
        }
    }

    /// Address of the server, for messages.
    pub fn server(&self) -> &str {
        &self.server
    }

    pub fn server_index(&self) -> u32 {
        self.server_index
    }

    /// The server's id of this connection: what KILL takes.
    pub fn thread_id(&self) -> u32 {
        self.thread_id
    }

    pub fn version(&self) -> ServerVersion {
        self.version
    }

    pub fn class(&self) -> RelayedCapabilities {
        self.class
    }

    pub fn deprecate_eof(&self) -> bool {
        self.class.deprecate_eof()
    }

    pub fn worker(&self) -> WorkerId {
        self.worker
    }

    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    pub fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    pub(super) fn is_older_than(&self, limit: Duration, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.opened_ms) > millis(limit)
    }

    pub(super) fn idles_longer_than(&self, limit: Duration, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.idle_since_ms) > millis(limit)
    }

    pub(super) fn goes_idle(&mut self, now_ms: u64) {
        self.idle_since_ms = now_ms;
    }

    /// Between commands, and the server has not hung up.
    pub fn is_usable(&self) -> bool {
        !self.busy && !self.spoiled && self.transport.is_quiet()
    }

    /// A command was sent, and its answer was not read to the end.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    /// Between commands and not marked as spoiled.
    pub(super) fn is_reusable(&self) -> bool {
        !self.busy && !self.spoiled
    }

    /// The connection must not serve anyone else, whatever its state looks like.
    pub fn spoil(&mut self) {
        self.spoiled = true;
    }

    /// Whether it can be used for `wanted` without a preparing round trip.
    pub fn needs_nothing(&self, wanted: &Wanted<'_>) -> bool {
        self.has_schema(wanted.schema)
            && Arc::ptr_eq(&self.settings, wanted.settings)
            && self.is_clean_for(wanted.session)
    }

    /// Of the wanted class, and `needs_nothing`.
    pub(super) fn fits(&self, wanted: &Wanted<'_>) -> bool {
        self.class == wanted.class && self.needs_nothing(wanted)
    }

    fn has_schema(&self, wanted: Option<&str>) -> bool {
        wanted.is_none_or(|wanted| self.schema.as_deref() == Some(wanted))
    }

    /// Makes schema and settings those that are wanted, and clears user variables that another session left.
    pub async fn prepare_for(&mut self, wanted: &Wanted<'_>, interrupt: &Interrupt) -> Result<(), Error> {
        if let Some(schema) = wanted.schema.filter(|_| !self.has_schema(wanted.schema)) {
            self.init_schema(schema, interrupt).await?;
        }
        if !self.is_clean_for(wanted.session) {
            // Nothing else takes a user variable away: NULL would keep the type of the last value.
            self.reset(interrupt).await?;
        }
        if Arc::ptr_eq(&self.settings, wanted.settings) {
            return Ok(());
        }
        match self.bring_to(wanted.settings, interrupt).await {
            Err(Error::Refused { .. }) => {
                // Some variables have no default to go back to.
                self.reset(interrupt).await?;
                self.bring_to(wanted.settings, interrupt).await
            }
            other => other,
        }
    }

    async fn bring_to(&mut self, settings: &Arc<Settings>, interrupt: &Interrupt) -> Result<(), Error> {
        let difference = settings.difference(&self.settings, |name| variable_name(self.version, name));
        if let Some(sql) = difference {
            self.execute("the session's variables", &sql, interrupt).await?;
        }
        self.settings = Arc::clone(settings);
        Ok(())
    }

    fn is_clean_for(&self, session: u32) -> bool {
        self.user_variables_of.is_none_or(|owner| owner == session)
    }

    async fn init_schema(&mut self, schema: &str, interrupt: &Interrupt) -> Result<(), Error> {
        let mut command = vec![Command::COM_INIT_DB as u8];
        command.extend_from_slice(schema.as_bytes());
        let answer = self.ask(&command, AnswerKind::Single, interrupt).await?;
        answer.expect_ok(&self.server, "the shard's schema")?;
        self.schema = Some(schema.into());
        Ok(())
    }

    /// The session's own statement changed its variables; this connection has them now.
    pub fn has_settings(&mut self, settings: &Arc<Settings>) {
        self.settings = Arc::clone(settings);
    }

    /// The session's user variables have values here now, which another session must not see.
    pub fn has_user_variables_of(&mut self, session: u32) {
        self.user_variables_of = Some(session);
    }

    /// The server's id of a statement that was prepared here in the present schema and under the present settings.
    pub fn known_statement(&mut self, text: &[u8]) -> Option<u32> {
        self.statements.get(text, self.schema.as_deref(), &self.settings)
    }

    /// The server has prepared the statement, now.
    pub fn remember_statement(&mut self, text: &[u8], id: u32) {
        let (schema, settings) = (self.schema.clone(), Arc::clone(&self.settings));
        self.statements.insert(text, Prepared { id, schema, settings });
    }

    /// COM_RESET_CONNECTION: rolls back, drops temporary tables, locks, variables and prepared statements.
    pub async fn reset(&mut self, interrupt: &Interrupt) -> Result<(), Error> {
        let answer = self.ask(&[Command::COM_RESET_CONNECTION as u8], AnswerKind::Single, interrupt).await?;
        answer.expect_ok(&self.server, "the reset of a connection")?;
        self.user_variables_of = None;
        self.statements = StatementCache::default();
        // The server forgot the character sets of the handshake too; nothing equals this map, so all is said again.
        self.settings = Arc::new(Settings::default());
        Ok(())
    }

    /// Part of login, which has a time-out of its own.
    pub(super) async fn autocommit_on(&mut self) -> Result<(), Error> {
        self.send_unwatched(b"\x03SET autocommit = 1").await?;
        let answer = self.collect(AnswerKind::Query, None).await?;
        answer.expect_ok(&self.server, "autocommit")
    }

    pub(super) async fn ping(&mut self) -> Result<(), Error> {
        self.send_unwatched(&[Command::COM_PING as u8]).await?;
        let answer = self.collect(AnswerKind::Single, None).await?;
        answer.expect_ok(&self.server, "a ping")?;
        Ok(())
    }

    /// Sends a statement of ShardGate's own, which does not take long, and asks for a plain OK. KILL QUERY waits for it:
    /// the connection may hold what must not be lost.
    pub async fn execute(&mut self, what: &'static str, sql: &str, interrupt: &Interrupt) -> Result<Answer, Error> {
        let answer = self.end(sql, interrupt).await?;
        answer.expect_ok(&self.server, what)?;
        Ok(answer)
    }

    /// Sends a statement and collects its whole answer, which must be small.
    pub async fn query(&mut self, sql: &[u8], interrupt: &Interrupt) -> Result<Answer, Error> {
        let mut command = Vec::with_capacity(sql.len() + 1);
        command.push(Command::COM_QUERY as u8);
        command.extend_from_slice(sql);
        self.ask(&command, AnswerKind::Query, interrupt).await
    }

    /// The same for what ends a transaction: KILL QUERY comes too late for it.
    pub async fn end(&mut self, sql: &str, interrupt: &Interrupt) -> Result<Answer, Error> {
        self.send_statement(sql.as_bytes(), interrupt).await?;
        self.collect_within(AnswerKind::Query, Within::OwnStatement(interrupt)).await
    }

    async fn send_statement(&mut self, sql: &[u8], interrupt: &Interrupt) -> Result<(), Error> {
        let mut command = Vec::with_capacity(sql.len() + 1);
        command.push(Command::COM_QUERY as u8);
        command.extend_from_slice(sql);
        self.send_command(&command, interrupt).await
    }

    /// Sends one command and collects its whole answer, which must be small.
    pub async fn ask(&mut self, payload: &[u8], kind: AnswerKind, interrupt: &Interrupt) -> Result<Answer, Error> {
        self.send_command(payload, interrupt).await?;
        self.collect(kind, Some(interrupt)).await
    }

    async fn send_command(&mut self, payload: &[u8], interrupt: &Interrupt) -> Result<(), Error> {
        let mut bytes = Vec::with_capacity(payload.len() + packet::HEADER_LEN);
        packet::write_packet(&mut bytes, &mut 0, payload);
        self.send(&bytes, &mut Watch { interrupt, client: None }).await
    }

    async fn send_unwatched(&mut self, payload: &[u8]) -> Result<(), Error> {
        let mut bytes = Vec::with_capacity(payload.len() + packet::HEADER_LEN);
        packet::write_packet(&mut bytes, &mut 0, payload);
        self.busy = true;
        self.answer_seq = 1;
        let mut sent = 0;
        while sent < bytes.len() {
            let wrote = poll_fn(|cx| self.transport.poll_write(cx, &bytes[sent..])).await;
            sent += self.written(wrote)?;
        }
        let flushed = poll_fn(|cx| self.transport.poll_flush(cx)).await;
        flushed.map_err(|e| self.lost(e))
    }

    /// Reads a whole answer, which must be small.
    pub async fn collect(&mut self, kind: AnswerKind, interrupt: Option<&Interrupt>) -> Result<Answer, Error> {
        self.collect_within(kind, interrupt.map_or(Within::Nothing, Within::Statement)).await
    }

    async fn collect_within(&mut self, kind: AnswerKind, within: Within<'_>) -> Result<Answer, Error> {
        self.collect_behind(Buffer::default(), kind, within).await
    }

    /// The same where the first bytes of the answer were read already.
    async fn collect_behind(
        &mut self,
        mut buffer: Buffer,
        kind: AnswerKind,
        within: Within<'_>,
    ) -> Result<Answer, Error> {
        let mut walker = ResultWalker::new(kind, self.deprecate_eof()).starting_at(self.answer_seq);
        let mut answer = Answer::default();
        let mut has_bytes = !buffer.is_empty();
        loop {
            if !std::mem::take(&mut has_bytes) {
                self.read_within(&mut buffer, within).await?;
            }
            loop {
                let progress = walker.walk(buffer.filled()).map_err(|source| self.protocol(source))?;
                answer.extend(&buffer.filled()[..progress.forward]).map_err(|source| self.protocol(source))?;
                buffer.consume(progress.forward);
                match progress.state {
                    State::SessionState { .. } | State::NextResult => {}
                    State::More if buffer.is_full() => {
                        buffer.grow(2 * buffer.filled().len());
                        break;
                    }
                    State::MoreRoom(room) => {
                        buffer.grow(room);
                        break;
                    }
                    State::More => break,
                    State::LocalInfile => return Err(self.protocol(WireError::Malformed("a request for a file"))),
                    State::Complete => {
                        self.answered();
                        answer.finish(&walker);
                        return Ok(answer);
                    }
                }
            }
        }
    }

    async fn read_within(&mut self, buffer: &mut Buffer, within: Within<'_>) -> Result<(), Error> {
        match within {
            Within::Statement(interrupt) => self.read(buffer, &mut Watch { interrupt, client: None }).await,
            Within::OwnStatement(interrupt) => self.read_patiently(buffer, interrupt).await,
            Within::Nothing => {
                let read = poll_fn(|cx| self.transport.poll_read(cx, buffer.space())).await;
                self.received(read, buffer)
            }
        }
    }

    /// Sends a LOAD DATA LOCAL. `None`: the server asks for the file, and gets it by `send_part` and `end_file`. Otherwise
    /// it has answered. A server that asks for another file than `name` is not what it seems to be.
    pub async fn begin_load(
        &mut self,
        sql: &[u8],
        name: &[u8],
        interrupt: &Interrupt,
    ) -> Result<Option<Answer>, Error> {
        self.send_statement(sql, interrupt).await?;
        let mut buffer = Buffer::default();
        let first = loop {
            self.read(&mut buffer, &mut Watch { interrupt, client: None }).await?;
            let mut walker = ResultWalker::new(AnswerKind::Query, self.deprecate_eof()).starting_at(self.answer_seq);
            if let Some(first) = walker.next_packet(buffer.filled()).map_err(|source| self.protocol(source))? {
                break first;
            }
            if buffer.is_full() {
                buffer.grow(2 * buffer.filled().len());
            }
        };
        if first.kind != PacketKind::LocalInfile {
            return self.collect_behind(buffer, AnswerKind::Query, Within::Statement(interrupt)).await.map(Some);
        }
        if response::parse_local_infile(first.payload).ok() != Some(name) {
            return Err(self.protocol(WireError::Malformed("a request for another file")));
        }
        self.answer_seq = first.seq.wrapping_add(1);
        Ok(None)
    }

    /// A part of the file: a packet whose header is put in here, of less than 16 MiB.
    pub async fn send_part(&mut self, packet: &mut [u8], interrupt: &Interrupt) -> Result<(), Error> {
        let header = Header { len: (packet.len() - packet::HEADER_LEN) as u32, seq: self.answer_seq };
        packet[..packet::HEADER_LEN].copy_from_slice(&header.to_bytes());
        self.answer_seq = self.answer_seq.wrapping_add(1);
        self.send_rest(packet, &mut Watch { interrupt, client: None }).await
    }

    /// The file has no more parts: what the server says of it.
    pub async fn end_file(&mut self, interrupt: &Interrupt) -> Result<Answer, Error> {
        self.send_part(&mut [0; packet::HEADER_LEN], interrupt).await?;
        interrupt.waits_for(self.server_index);
        interrupt.arm(self.response_timeout);
        self.collect(AnswerKind::Query, Some(interrupt)).await
    }

    /// How long the server may be silent.
    pub fn response_timeout(&self) -> Limit {
        self.response_timeout
    }

    /// As `read`, but that what ends a statement only does not end it.
    async fn read_patiently(&mut self, buffer: &mut Buffer, interrupt: &Interrupt) -> Result<(), Error> {
        let mut watch = Watch { interrupt, client: None };
        poll_fn(|cx| match self.poll_read(cx, buffer, &mut watch) {
            Poll::Ready(Err(Error::Interrupted(Reason::QueryKilled | Reason::Deadlocked))) => {
                interrupt.wake_on_change(cx);
                Poll::Pending
            }
            other => other,
        })
        .await
    }

    /// Sends one command, framed. The connection is busy until `answered`.
    pub async fn send(&mut self, bytes: &[u8], watch: &mut Watch<'_>) -> Result<(), Error> {
        match self.begin_send(bytes, watch.interrupt)? {
            sent if sent == bytes.len() => Ok(()),
            sent => self.send_rest(&bytes[sent..], watch).await,
        }
    }

    /// Begins to send a command; `send_rest` must follow for what is beyond the returned number of bytes.
    pub fn begin_send(&mut self, bytes: &[u8], interrupt: &Interrupt) -> Result<usize, Error> {
        self.busy = true;
        // A command of 16 MiB or more has several packets.
        self.answer_seq = (bytes.len() / (packet::MAX_PAYLOAD + packet::HEADER_LEN) + 1) as u8;
        interrupt.waits_for(self.server_index);
        interrupt.arm(self.response_timeout);
        self.transport.try_write(bytes).map_err(|error| self.lost(error))
    }

    /// Sends the rest of a command.
    pub async fn send_rest(&mut self, bytes: &[u8], watch: &mut Watch<'_>) -> Result<(), Error> {
        let mut sent = 0;
        while sent < bytes.len() {
            let wrote = poll_fn(|cx| match self.transport.poll_write(cx, &bytes[sent..]) {
                Poll::Ready(wrote) => Poll::Ready(Ok(wrote)),
                Poll::Pending => watch.poll(cx).map(|reason| Err(Error::Interrupted(reason))),
            });
            let wrote = wrote.await?;
            sent += self.written(wrote)?;
        }
        if self.transport.is_tls() {
            let flushed = poll_fn(|cx| match self.transport.poll_flush(cx) {
                Poll::Ready(flushed) => Poll::Ready(Ok(flushed)),
                Poll::Pending => watch.poll(cx).map(|reason| Err(Error::Interrupted(reason))),
            });
            flushed.await?.map_err(|e| self.lost(e))?;
        }
        Ok(())
    }

    /// Waits for more of an answer and appends it to `buffer`. An end of the stream is an error: the answer is not
    /// complete.
    pub async fn read(&mut self, buffer: &mut Buffer, watch: &mut Watch<'_>) -> Result<(), Error> {
        poll_fn(|cx| self.poll_read(cx, buffer, watch)).await
    }

    /// As `read`, for callers that wait for several connections at once.
    pub fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Buffer,
        watch: &mut Watch<'_>,
    ) -> Poll<Result<(), Error>> {
        match self.transport.poll_read(cx, buffer.space()) {
            Poll::Ready(read) => {
                watch.interrupt.arm(self.response_timeout);
                Poll::Ready(self.received(read, buffer))
            }
            Poll::Pending => watch.poll(cx).map(|reason| Err(Error::Interrupted(reason))),
        }
    }

    /// As `poll_read`, for the first bytes of an answer, which mostly are all of it. `woken`: the task was woken since
    /// the command was sent, so that they may be there.
    pub fn poll_first_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Buffer,
        watch: &mut Watch<'_>,
        woken: bool,
    ) -> Poll<Result<(), Error>> {
        if !woken && self.transport.poll_readable(cx).is_pending() {
            return watch.poll(cx).map(|reason| Err(Error::Interrupted(reason)));
        }
        match self.transport.try_read(buffer.space()) {
            Some(read) => Poll::Ready(self.received(read, buffer)),
            None => self.poll_read(cx, buffer, watch),
        }
    }

    /// Number of the first packet of the answer that is awaited.
    pub fn answer_seq(&self) -> u8 {
        self.answer_seq
    }

    /// A ping, for the status flags that an error does not tell.
    pub async fn ask_status(&mut self, interrupt: &Interrupt) -> Result<StatusFlags, Error> {
        let answer = self.ask(&[Command::COM_PING as u8], AnswerKind::Single, interrupt).await?;
        answer.expect_ok(&self.server, "a ping")?;
        Ok(answer.summary.status.unwrap_or_default())
    }

    /// The answer was read to its end, or the command has none: the connection is free for the next one.
    pub fn answered(&mut self) {
        self.busy = false;
    }

    fn received(&mut self, read: io::Result<usize>, buffer: &mut Buffer) -> Result<(), Error> {
        match read {
            Ok(0) => Err(self.lost(io::ErrorKind::UnexpectedEof.into())),
            Ok(n) => {
                buffer.advance(n);
                Ok(())
            }
            Err(error) => Err(self.lost(error)),
        }
    }

    fn written(&mut self, wrote: io::Result<usize>) -> Result<usize, Error> {
        match wrote {
            Ok(0) => Err(self.lost(io::ErrorKind::WriteZero.into())),
            Ok(n) => Ok(n),
            Err(error) => Err(self.lost(error)),
        }
    }

    fn lost(&mut self, source: io::Error) -> Error {
        self.spoiled = true;
        Error::Lost { server: self.server.to_string(), source }
    }

    /// The server sent what no server sends: the connection cannot be used again.
    pub fn protocol(&mut self, source: WireError) -> Error {
        self.spoiled = true;
        Error::Protocol { server: self.server.to_string(), source }
    }
}

impl Drop for Connection {
    /// Says goodbye where that cannot block, so that the server does not log an aborted connection.
    fn drop(&mut self) {
        if self.is_reusable() {
            let mut cx = Context::from_waker(std::task::Waker::noop());
            let _ = self.transport.poll_write(&mut cx, &[1, 0, 0, 0, Command::COM_QUIT as u8]);
        }
    }
}
