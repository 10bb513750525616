//! COM_QUERY: from the client's text to its answer.
//!
//! The way of most statements is short: shape, plan from the cache, one shard, relay. What is particular to a text in
//! it is here; its steps are in `short_way`. All else goes through `query_slowly`.

use std::pin::pin;

use super::commands::QUERY;
use super::error::ClientMessage;
use super::session::{Current, Session};
use super::short_way::{Order, Way};
use crate::backend::buffer::{Buffer, Scratch};
use crate::backend::connection::Watch;
use crate::backend::error::Error;
use crate::backend::pool::Lease;
use crate::exec::failure::Failure;
use crate::exec::links::{Link, Side};
use crate::exec::relay::Relay;
use crate::plan::cache::Key;
use crate::plan::{Binding, Plan, Route, StatementKind};
use crate::sharding::ShardId;
use crate::sharding::schema::DatabaseId;
use crate::sql::hint;
use crate::sql::shape::Shape;
use crate::sql::tokens::Mode;
use crate::wire::error_code as codes;
use crate::wire::packet;
use crate::wire::walker::{AnswerKind, Summary};

/// One statement of a command, and what is known of it before its plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement<'a> {
    pub(super) sql: &'a [u8],
    /// Another statement of the command follows.
    pub(super) more_follows: bool,
}

/// What a plan depends on besides the statement's shape.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lookup {
    schema_version: u64,
    database: Option<DatabaseId>,
    mode: Mode,
}

impl Lookup {
    pub(super) fn key(self, shape: &Shape) -> Key<'_> {
        let Lookup { schema_version, database, mode } = self;
        Key::new(schema_version, database, mode, shape.key())
    }
}

impl Session {
    /// The way of a statement that one shard answers as it is, with a plan that is known, and that concerns nothing that
    /// the session must look after. Allocates nothing. `is_framed`: the packet can be sent on as it came.
    pub(super) fn query_way(&mut self, sql: &[u8], is_framed: bool) -> Option<Way> {
        self.setup_is_current();
        let outcome = self.shape.read(sql, self.mode);
        if !outcome.is_readable || outcome.has_several_statements || outcome.is_multi_row {
            return None;
        }
        if !self.is_plain() {
            return None;
        }
        let plan = self.shared.plans.get(&self.lookup().key(&self.shape), sql, self.shape.literals())?;
        if !plan.is_plain() {
            return None;
        }
        let binding = self.binding(sql);
        let Ok(Route::One(shard)) = plan.bind(&binding) else { return None };
        if (plan.kind.is_write() || plan.meets_shared) && self.is_in_transaction() {
            return None;
        }
        let side = self.side(&plan);
        let goes_as_it_is = is_framed && !plan.is_altered(shard);
        let altered = if goes_as_it_is { Scratch::default() } else { self.framed_for(&plan, sql, shard) };
        Some(Way { plan, shard, side, order: Order::Text { altered } })
    }

    /// Whether `conclude` is all that the session must do after this answer.
    pub(super) fn needs_no_more(&self, plan: &Plan, ended: &Summary) -> bool {
        let is_clean = ended.error.is_none() && ended.warnings == 0 && ended.last_insert_id == 0;
        is_clean && plan.is_plain() && !self.txn.has_next()
    }

    /// Nothing in the session's state asks for more than running the statement.
    pub(super) fn is_plain(&self) -> bool {
        !self.txn.has_next() && !self.txn.is_lost() && matches!(self.current, Current::Logical(_))
    }

    pub(super) fn lookup(&self) -> Lookup {
        Lookup { schema_version: self.schema.version, database: self.database(), mode: self.mode }
    }

    pub(super) fn binding<'a>(&'a self, sql: &'a [u8]) -> Binding<'a> {
        Binding { schema: &self.schema, sql, literals: self.shape.literals(), params: &[], mode: self.mode }
    }

    /// Replicas answer plain reads outside transactions, where the user or the database wants that.
    pub(super) fn side(&self, plan: &Plan) -> Side {
        if plan.kind.is_write() || self.txn.is_open() || !self.autocommit || self.links.has_lasting_pins() {
            return Side::Primary;
        }
        match plan.hint_side {
            Some(hint::Side::Primary) => Side::Primary,
            _ if self.avoids_replicas => Side::Primary,
            Some(hint::Side::Replica) => Side::Replica,
            None if self.splits_reads() && plan.kind == StatementKind::Read && plan.facts.allow_replica() => {
                Side::Replica
            }
            None => Side::Primary,
        }
    }

    /// Whether a read is sent again, to the primary: a replica's connection was lost before it said anything. What ran for a
    /// while may have been ended on purpose.
    pub(super) fn may_read_again(&self, plan: &Plan, done: &Result<(), ClientMessage>) -> bool {
        let is_lost = done.as_ref().is_err_and(|message| message.code.number == codes::NET_READ_ERROR.number);
        let is_unanswered = is_lost && !self.client.has_begun_answer() && !self.interrupt.is_long();
        is_unanswered && plan.kind == StatementKind::Read && self.side(plan) == Side::Replica
    }

    fn splits_reads(&self) -> bool {
        self.user
            .read_write_splitting
            .unwrap_or_else(|| self.database().is_some_and(|id| self.schema.database_of(id).read_write_splitting))
    }

    pub(super) async fn send_to(&mut self, lease: &mut Lease, framed: &[u8]) -> Result<(), Failure> {
        let sent = lease.begin_send(framed, &self.interrupt)?;
        if sent < framed.len() {
            let mut watch = Watch { interrupt: &self.interrupt, client: Some(self.client.transport()) };
            Box::pin(lease.send_rest(&framed[sent..], &mut watch)).await?;
        }
        Ok(())
    }

    /// The command with the text that the shard must get.
    fn framed_for(&self, plan: &Plan, sql: &[u8], shard: ShardId) -> Scratch {
        let mut framed = Scratch::take();
        let at = packet::begin(&mut framed);
        framed.push(QUERY);
        if !plan.render(&self.binding(sql), shard, &mut framed) {
            framed.extend_from_slice(sql);
        }
        packet::finish(&mut framed, at, &mut 0);
        framed
    }

    pub(super) async fn send_text(&mut self, lease: &mut Lease, sql: &[u8]) -> Result<(), Failure> {
        let mut framed = Vec::with_capacity(sql.len() + packet::HEADER_LEN + 1);
        let mut seq = 0;
        let at = packet::begin(&mut framed);
        framed.push(QUERY);
        framed.extend_from_slice(sql);
        packet::finish(&mut framed, at, &mut seq);
        self.send_to(lease, &framed).await
    }

    /// Relays the answer of a command that was sent, and notes what it means for the session.
    pub(super) async fn relay_answer(
        &mut self,
        plan: &Plan,
        sql: &[u8],
        mut link: Link,
        kind: AnswerKind,
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        let mut relay = Relay::new(kind, &link.lease, self.client.seq, Buffer::default());
        let ended = self.relay_rest(plan, &mut link, &mut relay, None, more_follows).await;
        self.answered(plan, sql, link, ended).await
    }

    /// Relays what is left of an answer. `failed`: how the last read failed, if it did.
    pub(super) async fn relay_rest(
        &mut self,
        plan: &Plan,
        link: &mut Link,
        relay: &mut Relay,
        failed: Option<Error>,
        more_follows: bool,
    ) -> Result<Summary, Failure> {
        let renames = plan.renames(&self.schema, link.shard);
        self.client.seq = relay.next_seq();
        let mut sink = self.client.sink(&self.interrupt, more_follows);
        let ended = pin!(relay.finish(&mut sink, &mut link.lease, &renames, failed)).await;
        let seq = sink.seq;
        self.client.seq = seq;
        ended
    }

    /// The answer is with the client, or there is none: what that means for session and connection.
    pub(super) async fn answered(
        &mut self,
        plan: &Plan,
        sql: &[u8],
        link: Link,
        ended: Result<Summary, Failure>,
    ) -> Result<(), ClientMessage> {
        match ended {
            Ok(ended) if self.needs_no_more(plan, &ended) => {
                self.conclude(plan, sql, link, &ended);
                Ok(())
            }
            Ok(ended) => {
                if let Err(message) = Box::pin(self.after_statement(plan, sql, link, ended)).await {
                    self.lose_track(&message);
                }
                Ok(())
            }
            Err(failure) => {
                let shard = link.shard;
                drop(link);
                Err(Box::pin(self.failed(failure, Some(shard))).await)
            }
        }
    }

    /// After a statement that leaves nothing but what it said.
    pub(super) fn conclude(&mut self, plan: &Plan, sql: &[u8], link: Link, ended: &Summary) {
        let shard = link.shard;
        self.note(plan, sql, ended);
        self.links.settle(link, ended.status.unwrap_or_default(), &mut self.txn);
        if plan.kind.may_change_rows() {
            self.txn.note_write(shard);
        }
    }
}
