//! What ShardGate itself says over a connection: session state, what ends a transaction, a file. Answers are small and
//! are collected whole.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use mysql_common::constants::Command;

use super::{Connection, Watch};
use crate::backend::answer::Answer;
use crate::backend::buffer::Buffer;
use crate::backend::error::{Error, Reason};
use crate::backend::interrupt::Interrupt;
use crate::backend::pool::Wanted;
use crate::backend::settings::Settings;
use crate::backend::statements::StatementCache;
use crate::wire::handshake::ServerVersion;
use crate::wire::packet::{self, Header};
use crate::wire::response;
use crate::wire::walker::{AnswerKind, PacketKind, ResultWalker, State};
use crate::wire::{StatusFlags, WireError};

/// What may end the wait for a whole answer.
#[derive(Debug, Clone, Copy)]
enum Within<'a> {
    Nothing,
    /// Whatever ends the client's statement.
    Statement(&'a Interrupt),
    /// The same but for KILL QUERY.
    OwnStatement(&'a Interrupt),
}

fn query(sql: &[u8]) -> Vec<u8> {
    [&[Command::COM_QUERY as u8], sql].concat()
}

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

impl Connection {
    /// What this server calls a system variable.
    pub fn variable_name<'n>(&self, name: &'n str) -> &'n str {
        variable_name(self.version, name)
    }

    /// Makes schema and settings those that are wanted, and clears user variables that another session left. `may_reset`: nothing
    /// is lost by a reset, which rolls back.
    pub async fn prepare_for(
        &mut self,
        wanted: &Wanted<'_>,
        may_reset: bool,
        interrupt: &Interrupt,
    ) -> Result<(), Error> {
        if let Some(schema) = wanted.schema.filter(|_| !self.has_schema(wanted.schema)) {
            self.init_schema(schema, interrupt).await?;
        }
        if may_reset && !self.is_clean_for(wanted.session) {
            // Nothing else takes a user variable away: NULL would keep the type of the last value.
            self.reset(interrupt).await?;
        }
        if Arc::ptr_eq(&self.settings, wanted.settings) {
            return Ok(());
        }
        match self.bring_to(wanted.settings, interrupt).await {
            Err(Error::Refused { .. }) if may_reset => {
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

    async fn init_schema(&mut self, schema: &str, interrupt: &Interrupt) -> Result<(), Error> {
        let mut command = vec![Command::COM_INIT_DB as u8];
        command.extend_from_slice(schema.as_bytes());
        let answer = self.ask(&command, AnswerKind::Single, interrupt).await?;
        answer.expect_ok(&self.server, "the shard's schema")?;
        self.schema = Some(schema.into());
        Ok(())
    }

    /// COM_RESET_CONNECTION: rolls back, drops temporary tables, locks, variables and prepared statements.
    pub async fn reset(&mut self, interrupt: &Interrupt) -> Result<(), Error> {
        let answer = self.ask_patiently(Command::COM_RESET_CONNECTION, interrupt).await?;
        answer.expect_ok(&self.server, "the reset of a connection")?;
        self.user_variables_of = None;
        self.statements = StatementCache::default();
        // The server forgot the character sets of the handshake too; nothing equals this map, so all is said again. MariaDB keeps
        // the database, but not its character set, by which LOAD DATA reads.
        self.settings = Arc::new(Settings::default());
        self.schema = None;
        Ok(())
    }

    /// Part of login, which has a time-out of its own.
    pub(in crate::backend) async fn autocommit_on(&mut self) -> Result<(), Error> {
        self.send_unwatched(b"\x03SET autocommit = 1").await?;
        let answer = self.collect(AnswerKind::Query, None).await?;
        answer.expect_ok(&self.server, "autocommit")
    }

    pub(in crate::backend) async fn ping(&mut self) -> Result<(), Error> {
        self.send_unwatched(&[Command::COM_PING as u8]).await?;
        let answer = self.collect(AnswerKind::Single, None).await?;
        answer.expect_ok(&self.server, "a ping")
    }

    /// Sends a statement of ShardGate's own, which does not take long, and asks for a plain OK. KILL QUERY waits for it:
    /// the connection may hold what must not be lost.
    pub async fn execute(&mut self, what: &'static str, sql: &str, interrupt: &Interrupt) -> Result<Answer, Error> {
        let answer = self.query_patiently(sql, interrupt).await?;
        answer.expect_ok(&self.server, what)?;
        Ok(answer)
    }

    /// Sends a statement and collects its whole answer, which must be small.
    pub async fn query(&mut self, sql: &[u8], interrupt: &Interrupt) -> Result<Answer, Error> {
        self.ask(&query(sql), AnswerKind::Query, interrupt).await
    }

    /// The same for what ends a transaction, or asks about the statement before: KILL QUERY comes too late for it.
    pub async fn query_patiently(&mut self, sql: &str, interrupt: &Interrupt) -> Result<Answer, Error> {
        self.send_statement(sql.as_bytes(), interrupt).await?;
        self.collect_end(&mut Buffer::default(), interrupt).await
    }

    /// Two such statements, of which the second is sent without waiting for the answer to the first.
    pub async fn end_in_two(&mut self, sql: [&str; 2], interrupt: &Interrupt) -> Result<[Answer; 2], Error> {
        self.send_two(sql, interrupt).await?;
        self.collect_two(interrupt).await
    }

    /// [`collect_two`](Self::collect_two) must follow.
    pub async fn send_two(&mut self, sql: [&str; 2], interrupt: &Interrupt) -> Result<(), Error> {
        let mut bytes = Vec::with_capacity(sql.iter().map(|sql| sql.len() + packet::HEADER_LEN + 1).sum());
        sql.iter().for_each(|sql| packet::write_packet(&mut bytes, &mut 0, &query(sql.as_bytes())));
        self.send(&bytes, &mut Watch { interrupt, client: None }).await
    }

    pub async fn collect_two(&mut self, interrupt: &Interrupt) -> Result<[Answer; 2], Error> {
        let mut buffer = Buffer::default();
        let first = self.collect_end(&mut buffer, interrupt).await?;
        // Not free before the second answer.
        self.busy = true;
        Ok([first, self.collect_end(&mut buffer, interrupt).await?])
    }

    async fn collect_end(&mut self, buffer: &mut Buffer, interrupt: &Interrupt) -> Result<Answer, Error> {
        self.collect_behind(buffer, AnswerKind::Query, Within::OwnStatement(interrupt)).await
    }

    async fn send_statement(&mut self, sql: &[u8], interrupt: &Interrupt) -> Result<(), Error> {
        self.send_command(&query(sql), interrupt).await
    }

    /// Sends one command and collects its whole answer, which must be small.
    pub async fn ask(&mut self, payload: &[u8], kind: AnswerKind, interrupt: &Interrupt) -> Result<Answer, Error> {
        self.send_command(payload, interrupt).await?;
        self.collect(kind, Some(interrupt)).await
    }

    /// A command of one byte that does not take long.
    async fn ask_patiently(&mut self, command: Command, interrupt: &Interrupt) -> Result<Answer, Error> {
        self.send_command(&[command as u8], interrupt).await?;
        self.collect_behind(&mut Buffer::default(), AnswerKind::Single, Within::OwnStatement(interrupt)).await
    }

    pub(super) async fn send_command(&mut self, payload: &[u8], interrupt: &Interrupt) -> Result<(), Error> {
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
        let within = interrupt.map_or(Within::Nothing, Within::Statement);
        self.collect_behind(&mut Buffer::default(), kind, within).await
    }

    /// The same where the first bytes of the answer were read already.
    async fn collect_behind(
        &mut self,
        buffer: &mut Buffer,
        kind: AnswerKind,
        within: Within<'_>,
    ) -> Result<Answer, Error> {
        let mut walker = ResultWalker::new(kind, self.deprecate_eof()).starting_at(self.answer_seq);
        let mut answer = Answer::default();
        let mut has_bytes = !buffer.is_empty();
        loop {
            if !std::mem::take(&mut has_bytes) {
                self.read_within(buffer, within).await?;
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
            return self.collect_behind(&mut buffer, AnswerKind::Query, Within::Statement(interrupt)).await.map(Some);
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

    /// A ping, for the status flags that an error does not tell.
    pub async fn ask_status(&mut self, interrupt: &Interrupt) -> Result<StatusFlags, Error> {
        let answer = self.ask_patiently(Command::COM_PING, interrupt).await?;
        answer.expect_ok(&self.server, "a ping")?;
        Ok(answer.summary.status.unwrap_or_default())
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
}
