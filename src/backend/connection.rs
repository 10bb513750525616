//! One connection to a server, after login: bytes out, answers in, and what is known of its session state.
//!
//! A connection counts as busy from the moment a command is sent until its answer was read to the end. A busy
//! connection never goes back to a pool.

mod own;
mod preparing;

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::buffer::Buffer;
use super::error::{Error, Reason, ServerName};
use super::interrupt::{Interrupt, Limit, millis};
use super::pool::{Wanted, WorkerId};
use super::settings::Settings;
use super::statements::StatementCache;
use super::transport::Transport;
use crate::wire::capability::RelayedCapabilities;
use mysql_common::constants::Command;

use crate::wire::WireError;
use crate::wire::command::Kinds;
use crate::wire::handshake::ServerVersion;
use crate::wire::packet;

/// A connection to a server.
#[derive(Debug)]
pub struct Connection {
    transport: Transport,
    server: Arc<ServerName>,
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
    pub(super) server: Arc<ServerName>,
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

    /// For messages.
    pub fn server(&self) -> &Arc<ServerName> {
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

    fn is_clean_for(&self, session: u32) -> bool {
        self.user_variables_of.is_none_or(|owner| owner == session)
    }

    /// The session's own statement changed its variables; this connection has them now.
    pub fn has_settings(&mut self, settings: &Arc<Settings>) {
        self.settings = Arc::clone(settings);
    }

    /// The session's user variables have values here now, which another session must not see.
    pub fn has_user_variables_of(&mut self, session: u32) {
        self.user_variables_of = Some(session);
    }

    /// The server's id of a statement that was prepared here in the present schema and under the present settings, and that
    /// can be executed with such parameters. It counts as executed with them.
    pub fn known_statement(&mut self, text: &[u8], kinds: Kinds) -> Option<u32> {
        // MariaDB takes each execution's parameters as they are.
        let kinds = if self.version.mariadb { Kinds::default() } else { kinds };
        self.statements.get(text, kinds, self.schema.as_deref(), &self.settings)
    }

    /// The server has prepared the statement, now.
    pub fn remember_statement(&mut self, text: &[u8], id: u32) {
        self.statements.insert(text, id, self.schema.as_deref(), &self.settings);
    }

    /// How long the server may be silent.
    pub fn response_timeout(&self) -> Limit {
        self.response_timeout
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
        Error::Lost { server: Arc::clone(&self.server), source }
    }

    /// The server sent what is no answer: the connection cannot be used again.
    pub fn protocol(&mut self, source: WireError) -> Error {
        if matches!(source, WireError::Farewell { .. }) {
            return self.lost(io::Error::new(io::ErrorKind::ConnectionAborted, source));
        }
        self.spoiled = true;
        Error::Protocol { server: Arc::clone(&self.server), source }
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
