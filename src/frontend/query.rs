//! COM_QUERY: from the client's text to its answer.
//!
//! The way of most statements is short: shape, plan from the cache, one shard, relay. It runs in `query` itself, which
//! neither allocates nor waits for anything but the server. All else is boxed off into `query_slowly`.

use std::pin::pin;
use std::sync::Arc;

use super::client::Packet;
use super::commands::QUERY;
use super::error::ClientMessage;
use super::session::{Current, Flow, Session};
use crate::backend::buffer::Scratch;
use crate::backend::connection::Watch;
use crate::backend::pool::Lease;
use crate::exec::failure::Failure;
use crate::exec::links::{Link, Side};
use crate::exec::relay;
use crate::exec::sink::Sink;
use crate::plan::cache::Key;
use crate::plan::{Binding, Plan, Route, StatementKind};
use crate::sharding::ShardId;
use crate::sharding::schema::DatabaseId;
use crate::sql::hint;
use crate::sql::shape::Shape;
use crate::sql::tokens::Mode;
use crate::wire::packet;
use crate::wire::walker::{AnswerKind, Summary};

/// One statement of a command, and what is known of it before its plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement<'a> {
    pub(super) sql: &'a [u8],
    /// The packet as it came, if it holds this statement and nothing else.
    pub(super) framed: Option<&'a [u8]>,
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
    pub(super) async fn query(&mut self, packet: Packet) -> Flow {
        self.registered.entry.activity.begin(QUERY, self.now_ms(), &packet.payload()[1..]);
        if let Some((plan, shard, side)) = self.fast_route(&packet.payload()[1..]) {
            let framed = packet.framed();
            let statement = Statement { sql: &packet.payload()[1..], framed, more_follows: false };
            let done = pin!(self.relay_to(&plan, &statement, shard, side)).await;
            return match done {
                Ok(()) => Flow::Continue,
                Err(message) => Box::pin(self.refuse(&message)).await,
            };
        }
        Box::pin(self.query_slowly(packet)).await
    }

    /// The route of a statement that one shard answers as it is, with a plan that is known, and that concerns nothing
    /// that the session must look after. Allocates nothing.
    fn fast_route(&mut self, sql: &[u8]) -> Option<(Arc<Plan>, ShardId, Side)> {
        self.schema_is_current();
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
        let writes = plan.kind.is_write();
        if writes && self.txn.is_open() {
            return None;
        }
        let side = self.side(&plan);
        Some((plan, shard, side))
    }

    fn needs_no_more(&self, plan: &Plan, ended: &Summary) -> bool {
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
            Some(hint::Side::Replica) => Side::Replica,
            None if self.splits_reads() && plan.kind == StatementKind::Read && plan.facts.allow_replica() => {
                Side::Replica
            }
            None => Side::Primary,
        }
    }

    fn splits_reads(&self) -> bool {
        self.user
            .read_write_splitting
            .unwrap_or_else(|| self.database().is_some_and(|id| self.schema.database_of(id).read_write_splitting))
    }

    /// Sends the statement to one shard and relays the answer.
    async fn relay_to(
        &mut self,
        plan: &Plan,
        statement: &Statement<'_>,
        shard: ShardId,
        side: Side,
    ) -> Result<(), ClientMessage> {
        let mut link = match self.obtain_now(shard, side)? {
            Some(link) => link,
            None => Box::pin(self.obtain(shard, side)).await?,
        };
        let altered;
        let framed = match statement.framed.filter(|_| !plan.is_altered(shard)) {
            Some(framed) => framed,
            None => {
                altered = self.framed_for(plan, statement.sql, shard);
                &altered
            }
        };
        let sent = pin!(self.send_to(&mut link.lease, framed)).await;
        if let Err(failure) = sent {
            drop(link);
            return Err(Box::pin(self.failed(failure, Some(shard))).await);
        }
        pin!(self.relay_answer(plan, statement.sql, link, AnswerKind::Query, statement.more_follows)).await
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
        let shard = link.shard;
        let ended = {
            let renames = plan.renames(&self.schema, shard);
            let mut sink = Sink {
                write_timeout: self.client.write_timeout(),
                seq: self.client.seq,
                transport: self.client.transport_mut(),
                interrupt: &self.interrupt,
                more_follows,
            };
            let ended = pin!(relay::relay(&mut sink, &mut link.lease, kind, &renames)).await;
            let seq = sink.seq;
            self.client.seq = seq;
            ended
        };
        match ended {
            Ok(ended) if self.needs_no_more(plan, &ended) => {
                self.note(sql, &ended);
                self.links.settle(link, ended.status.unwrap_or_default(), &mut self.txn);
                if plan.kind.is_write() {
                    self.txn.note_write(shard);
                }
                Ok(())
            }
            Ok(ended) => {
                if let Err(message) = Box::pin(self.after_statement(plan, sql, link, ended)).await {
                    self.lose_track(&message);
                }
                Ok(())
            }
            Err(failure) => {
                drop(link);
                Err(Box::pin(self.failed(failure, Some(shard))).await)
            }
        }
    }
}
