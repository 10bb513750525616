//! One command after the other, by its first byte.

use std::collections::HashMap;

use super::catalog::answer_rows;
use super::client::Packet;
use super::error::ClientMessage;
use super::handshake::wire_message;
use super::session::{Flow, Session};
use crate::exec::links::Side;
use crate::wire::command::Command;
use crate::wire::error_code as codes;
use crate::wire::packet;
use crate::wire::response::OkPacket;
use crate::wire::walker::AnswerKind;
use crate::wire::{CapabilityFlags, WireError};

/// COM_QUERY and COM_STMT_EXECUTE: the two that most commands are.
pub(super) const QUERY: u8 = 0x03;
pub(super) const STMT_EXECUTE: u8 = 0x17;

impl Session {
    /// A command that has no short way.
    pub(super) async fn command(&mut self, packet: Packet) -> Flow {
        match packet.payload().first() {
            Some(&QUERY) => {
                self.registered.entry.activity.begin(QUERY, self.now_ms(), &packet.payload()[1..]);
                Box::pin(self.query_slowly(packet)).await
            }
            Some(&STMT_EXECUTE) => Box::pin(self.execute_slowly(packet)).await,
            _ => Box::pin(self.other_command(packet)).await,
        }
    }

    async fn other_command(&mut self, packet: Packet) -> Flow {
        let kind = packet.payload().first().copied().unwrap_or_default();
        self.registered.entry.activity.begin(kind, self.now_ms(), b"");
        let done = match Command::parse(packet.payload()) {
            Ok(Command::Quit) => return Flow::End,
            Ok(Command::StmtSendLongData { statement_id, param, data }) => {
                self.long_data(statement_id, param, data);
                return Flow::Continue;
            }
            Ok(Command::StmtClose(id)) => {
                self.close_statement(id);
                return Flow::Continue;
            }
            Ok(command) => self.answered_command(command).await,
            Err(error) => Err(malformed(error)),
        };
        match done {
            Ok(()) => Flow::Continue,
            Err(message) => self.refuse(&message).await,
        }
    }

    async fn answered_command(&mut self, command: Command<'_>) -> Result<(), ClientMessage> {
        match command {
            Command::Ping => self.send_ok(OkPacket::default(), false).await,
            Command::InitDb(name) => {
                self.use_database(&String::from_utf8_lossy(name))?;
                self.send_ok(OkPacket::default(), false).await
            }
            Command::FieldList { table, wildcard } => self.field_list(table, wildcard).await,
            Command::Statistics => self.statistics().await,
            Command::ProcessKill(id) => {
                self.kill(u64::from(id), false)?;
                self.send_ok(OkPacket::default(), false).await
            }
            Command::ChangeUser(body) => self.change_user(body).await,
            Command::ResetConnection => {
                self.start_afresh().await;
                self.send_ok(OkPacket::default(), false).await
            }
            Command::SetOption(option) => self.set_option(option).await,
            Command::StmtPrepare(sql) => self.prepare(sql).await,
            Command::StmtReset(id) => self.reset_statement(id).await,
            Command::StmtFetch { statement_id, rows } => self.fetch(statement_id, rows).await,
            Command::Unknown(_)
            | Command::Quit
            | Command::Query(_)
            | Command::StmtExecute(_)
            | Command::StmtClose(_)
            | Command::StmtSendLongData { .. } => Err(ClientMessage::new(codes::UNKNOWN_COM_ERROR, "Unknown command")),
        }
    }

    /// A line of text, which is no packet of any other kind. Programs read its fields (`mysqladmin status`, drivers), so they
    /// are those of servers: of the default shard's, as in SHOW STATUS, but for the threads, which are sessions here.
    async fn statistics(&mut self) -> Result<(), ClientMessage> {
        let shard = self.home_shard(&self.schema);
        let answer = self.ask_spare(shard, b"SHOW GLOBAL STATUS").await??;
        let numbers: HashMap<String, String> = answer_rows(&answer)
            .filter_map(|row| {
                let mut cells = row.into_iter().flatten().filter_map(|cell| String::from_utf8(cell).ok());
                Some((cells.next()?, cells.next()?))
            })
            .collect();
        let number = |name: &str| numbers.get(name).map_or("0", String::as_str);
        let (uptime, questions) = (number("Uptime"), number("Questions"));
        let per_second = questions.parse().unwrap_or(0.0) / uptime.parse().unwrap_or(0.0f64).max(1.0);
        let text = format!(
            "Uptime: {uptime}  Threads: {}  Questions: {questions}  Slow queries: {}  Opens: {}  Flush tables: {}  \
             Open tables: {}  Queries per second avg: {per_second:.3}",
            self.shared.registry.len(),
            number("Slow_queries"),
            number("Opened_tables"),
            number("Flush_commands"),
            number("Open_tables"),
        );
        let mut out = Vec::new();
        packet::write_packet(&mut out, &mut self.client.seq, text.as_bytes());
        self.send(&out).await
    }

    async fn set_option(&mut self, option: u16) -> Result<(), ClientMessage> {
        match option {
            0 => self.capabilities.insert(CapabilityFlags::CLIENT_MULTI_STATEMENTS),
            1 => self.capabilities.remove(CapabilityFlags::CLIENT_MULTI_STATEMENTS),
            _ => return Err(ClientMessage::new(codes::UNKNOWN_COM_ERROR, "Unknown command")),
        }
        let mut out = Vec::new();
        let at = packet::begin(&mut out);
        let end = OkPacket { status: self.status(), ..OkPacket::default() };
        // MySQL answers with EOF, or with OK where there is no EOF any more.
        crate::wire::response::write_end_of_rows(
            &mut out,
            &end,
            self.class.deprecate_eof(),
            self.class.session_track(),
        );
        packet::finish(&mut out, at, &mut self.client.seq);
        self.send(&out).await
    }

    /// The columns of a table, from a shard that has it.
    async fn field_list(&mut self, table: &[u8], wildcard: &[u8]) -> Result<(), ClientMessage> {
        let name = String::from_utf8_lossy(table).into_owned();
        let sql = format!("SELECT * FROM {} LIMIT 0", crate::txn::transaction::quoted(&name));
        let plan = self.plan(sql.as_bytes())?;
        let shard = plan.example_shard(&self.schema).unwrap_or_else(|| self.home_shard(&self.schema));
        let rule = self.database().and_then(|id| self.schema.database_of(id).table(&name));
        let physical = rule.map_or(name.as_str(), |rule| rule.physical_name(shard)).to_owned();
        let mut link = self.obtain(shard, Side::Primary).await?;
        let mut payload = Vec::new();
        Command::FieldList { table: physical.as_bytes(), wildcard }.write(&mut payload);
        self.send_payload(&mut link, &payload).await?;
        self.relay_answer(&plan, b"", link, AnswerKind::FieldList, false).await
    }

    /// Sends one framed command to a shard.
    pub(super) async fn send_payload(
        &mut self,
        link: &mut crate::exec::links::Link,
        payload: &[u8],
    ) -> Result<(), ClientMessage> {
        let mut framed = Vec::with_capacity(payload.len() + packet::HEADER_LEN);
        packet::write_packet(&mut framed, &mut 0, payload);
        self.send_to(&mut link.lease, &framed).await.map_err(ClientMessage::from)
    }
}

pub(super) fn malformed(error: WireError) -> ClientMessage {
    match error {
        WireError::Truncated(_) | WireError::Malformed(_) => {
            ClientMessage::new(codes::MALFORMED_PACKET, format!("Malformed communication packet: {error}"))
        }
        other => wire_message(other),
    }
}
