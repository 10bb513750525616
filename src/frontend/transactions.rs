//! BEGIN, COMMIT, ROLLBACK and savepoints over the shards that take part.

use std::sync::Arc;

use mysql_common::constants::StatusFlags;

use super::deadlocks::ENDURED;
use super::error::ClientMessage;
use super::session::Session;
use crate::exec::commit::{self, Part};
use crate::exec::links::Link;
use crate::exec::scatter::Status;
use crate::exec::write::Turns;
use crate::plan::{Plan, StatementKind};
use crate::sharding::{ShardId, ShardSet};
use crate::sql::control::Isolation as SqlIsolation;
use crate::txn::transaction::{Characteristics, Isolation, quoted};
use crate::wire::error_code as codes;
use crate::wire::error_code::ErrorCode;

/// SERVER_STATUS_ANSI_QUOTES, which only MariaDB has.
const ANSI_QUOTES: u16 = 0x8000;

/// How a transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Commit,
    Rollback,
}

impl End {
    fn sql(self) -> &'static str {
        match self {
            End::Commit => commit::COMMIT,
            End::Rollback => commit::ROLLBACK,
        }
    }
}

/// The transaction that a read of several shards has for itself.
pub(super) struct Own {
    wanted: Characteristics,
    shards: ShardSet,
    /// So often it may be a victim.
    left: u32,
}

impl Own {
    pub(super) fn new(wanted: Characteristics, shards: ShardSet) -> Own {
        Own { wanted, shards, left: ENDURED }
    }
}

impl Session {
    /// Status flags that ShardGate's own answers carry.
    pub(super) fn status(&self) -> StatusFlags {
        let mut status = StatusFlags::empty();
        status.set(StatusFlags::SERVER_STATUS_AUTOCOMMIT, self.autocommit);
        status.set(StatusFlags::SERVER_STATUS_IN_TRANS, self.txn.is_open() && !self.txn.is_unseen());
        status.set(StatusFlags::SERVER_STATUS_IN_TRANS_READONLY, self.txn.is_read_only() && !self.txn.is_unseen());
        status.set(StatusFlags::SERVER_STATUS_NO_BACKSLASH_ESCAPES, self.mode.no_backslash_escapes);
        if self.mode.mariadb && self.mode.ansi_quotes {
            status |= StatusFlags::from_bits_retain(ANSI_QUOTES);
        }
        status
    }

    /// For rows that come from several shards.
    pub(super) fn status_of_shards(&self, plan: &Plan) -> Status {
        let is_unseen = self.txn.is_unseen();
        let keeps_locks = is_unseen && plan.kind == StatementKind::LockingRead;
        Status { own: self.status(), is_unseen, keeps_locks, asks_warnings: true }
    }

    /// BEGIN and START TRANSACTION: ends what is open, then begins on each shard when it is first touched. A
    /// consistent snapshot is taken on all shards of the database at once, since later would be another moment.
    pub(super) async fn begin(&mut self, characteristics: Characteristics) -> Result<(), ClientMessage> {
        self.end_transaction(End::Commit).await?;
        // On a server, too, a transaction ends what LOCK TABLES did.
        self.unlock_tables().await?;
        self.txn.begin(characteristics);
        if characteristics.consistent_snapshot {
            let shards = self.current_shards();
            self.begin_everywhere(&shards).await?;
        }
        Ok(())
    }

    async fn begin_everywhere(&mut self, shards: &ShardSet) -> Result<(), ClientMessage> {
        let (links, txn, need) = self.need();
        let begun = links.begin_everywhere(&need, shards, txn).await;
        for link in self.links.held().iter().filter(|link| link.pins.transaction) {
            self.tell_of_part(link, self.txn.gtrid());
        }
        match begun {
            Ok(()) => Ok(()),
            Err(error) => {
                // A snapshot of some shards is none.
                self.end_transaction(End::Rollback).await?;
                Err(error.into())
            }
        }
    }

    /// The transaction that a statement needs if it reads several shards and none is open: with snapshots that no commit over
    /// several comes between, where that is asked for; or one that keeps what the shards have locked until the last of them
    /// has answered, since a commit could come between otherwise.
    pub(super) fn wants_transaction(&self, plan: &Plan) -> Option<Characteristics> {
        if !self.autocommit || self.txn.is_open() {
            return None;
        }
        match plan.kind {
            StatementKind::Read => {
                let is_wanted = self.shared.in_flight.options.atomic_visibility && !self.links.has_lasting_pins();
                let (isolation, read_only) = (Some(Isolation::RepeatableRead), Some(true));
                is_wanted.then_some(Characteristics { isolation, read_only, consistent_snapshot: true })
            }
            StatementKind::LockingRead => (!self.links.has_table_locks()).then(|| self.txn.next()),
            _ => None,
        }
    }

    /// Begins it if the statement's shards are several.
    pub(super) async fn begin_own(&mut self, own: &Own) -> Result<(), ClientMessage> {
        if own.shards.len() > 1 {
            self.txn.begin_unseen(own.wanted);
            if own.wanted.consistent_snapshot {
                self.begin_everywhere(&own.shards).await?;
            }
        }
        Ok(())
    }

    /// Ends it. `None`: the statement is to run again, in another one.
    pub(super) async fn end_own(
        &mut self,
        own: &mut Own,
        done: Result<(), ClientMessage>,
    ) -> Option<Result<(), ClientMessage>> {
        if own.shards.len() > 1 {
            // Nothing was written, and the answer is out: a server that is lost now is of no account.
            let _ = self.end_transaction(End::Commit).await;
            let is_victim = done.as_ref().is_err_and(|message| message.code == codes::LOCK_DEADLOCK);
            if is_victim && self.runs_again(&mut own.left) {
                return None;
            }
        }
        Some(done)
    }

    /// Whether a statement that is a transaction by itself, and was the victim of a deadlock, is to run again: nothing of it is
    /// kept, and its client was told nothing. One server would have had no deadlock, as statements lock there in one order.
    /// `left`: so often it may.
    pub(super) fn runs_again(&self, left: &mut u32) -> bool {
        if *left == 0 || self.client.has_begun_answer() {
            return false;
        }
        *left -= 1;
        self.shared.caution.take(self.now_ms());
        self.interrupt.forget_deadlock();
        true
    }

    /// When the shards run a statement that locks rows of several of them.
    pub(super) fn turns(&self) -> Turns {
        if self.shared.caution.is_taken(self.now_ms()) { Turns::OneByOne } else { Turns::FirstAlone }
    }

    /// COMMIT or ROLLBACK on every shard that takes part: in one phase if only the first of them wrote, else in two.
    pub(super) async fn end_transaction(&mut self, end: End) -> Result<(), ClientMessage> {
        let is_held = |shard| self.links.held().iter().any(|link| link.shard == shard && link.pins.transaction);
        let lost = self.txn.is_lost() || self.txn.branches().iter().any(|branch| !is_held(branch.shard));
        let mut links = Vec::new();
        for link in self.links.take_all() {
            match link.pins.transaction {
                true => links.push(link),
                false => self.links.put(link),
            }
        }
        let result = match links.as_mut_slice() {
            [] => Ok(()),
            [only] if only.xid.is_none() => {
                let done = self.end_branch(only, if lost { End::Rollback } else { end }).await;
                only.pins.transaction = false;
                done
            }
            several if lost || end == End::Rollback => {
                commit::roll_back(several.iter_mut().collect(), &self.interrupt).await;
                Ok(())
            }
            _ => self.commit_several(&mut links).await,
        };
        links.into_iter().for_each(|link| self.links.put(link));
        self.txn.end();
        self.registered.entry.activity.left();
        if lost && end == End::Commit {
            let text = "the transaction was rolled back: its server was lost before COMMIT";
            return Err(ClientMessage::new(codes::ERROR_DURING_COMMIT, text));
        }
        result
    }

    async fn commit_several(&mut self, links: &mut Vec<Link>) -> Result<(), ClientMessage> {
        let wrote: Vec<ShardId> = self.txn.branches().iter().filter(|b| b.wrote).map(|b| b.shard).collect();
        let can_decide = |link: &Link| link.xid.is_none() && wrote.contains(&link.shard);
        let is_decided_apart = wrote.len() > 1 && !links.iter().any(can_decide);
        if is_decided_apart && let Err(message) = self.add_decider(links).await {
            commit::roll_back(links.iter_mut().collect(), &self.interrupt).await;
            return Err(message);
        }
        let added = links.len() - usize::from(is_decided_apart);
        let parts = links.drain(..).enumerate();
        let parts = parts.map(|(at, link)| Part { wrote: at >= added || wrote.contains(&link.shard), link });
        let mut parts: Vec<Part> = parts.collect();
        let done = commit::commit(&mut parts, &self.commit_context()).await;
        links.extend(parts.into_iter().map(|part| part.link));
        Ok(done?)
    }

    /// The shard that was to decide has only read, so that its locks must outlast the decision; or it has ended its part by
    /// itself (a procedure with COMMIT). Its replica set decides all the same, in a transaction that holds nothing else.
    async fn add_decider(&mut self, links: &mut Vec<Link>) -> Result<(), ClientMessage> {
        let decider = links.iter().find_map(|link| Some(Arc::clone(&link.xid.as_ref()?.decider)));
        let (_, _, need) = self.need();
        let shard = need.schema.all_shards().find(|shard| Some(need.replica_set(*shard)) == decider.as_deref());
        let Some(shard) = shard else { return Err(lost()) };
        links.push(need.begin_apart(shard).await?);
        Ok(())
    }

    /// A statement ended its shard's part of the transaction by itself: one server would have ended all of it.
    pub(super) async fn end_what_was_torn(&mut self, end: End) -> Result<(), ClientMessage> {
        match self.txn.is_torn() {
            true => self.end_transaction(end).await,
            false => Ok(()),
        }
    }

    pub(super) fn commit_context(&self) -> commit::Context<'_> {
        commit::Context {
            in_flight: &self.shared.in_flight,
            topology: &self.setup.topology,
            schema: &self.schema,
            interrupt: &self.interrupt,
        }
    }

    async fn end_branch(&mut self, link: &mut Link, end: End) -> Result<(), ClientMessage> {
        match link.lease.query_patiently(end.sql(), &self.interrupt).await {
            Ok(answer) => match answer.error() {
                None => Ok(()),
                Some(error) => {
                    link.lease.spoil();
                    Err(error.into())
                }
            },
            // A lost connection rolls back by itself.
            Err(_) if end == End::Rollback => Ok(()),
            Err(error) => Err(ClientMessage::new(
                codes::ERROR_DURING_COMMIT,
                format!("it is not known whether the transaction was committed: {error}"),
            )),
        }
    }

    /// SAVEPOINT: on every shard that takes part; later ones learn it when they join.
    pub(super) async fn savepoint(&mut self, name: &str) -> Result<(), ClientMessage> {
        if is_own(name) {
            return Err(ClientMessage::unsupported("a savepoint of this name: its own begin like that"));
        }
        if self.txn.is_open() || !self.autocommit {
            self.on_every_branch(&format!("SAVEPOINT {}", quoted(name))).await?;
            self.txn.set_savepoint(name);
        }
        Ok(())
    }

    pub(super) async fn roll_back_to(&mut self, name: &str) -> Result<(), ClientMessage> {
        self.require_savepoint(name)?;
        self.on_every_branch(&format!("ROLLBACK TO SAVEPOINT {}", quoted(name))).await?;
        self.txn.roll_back_to(name);
        Ok(())
    }

    pub(super) async fn release_savepoint(&mut self, name: &str) -> Result<(), ClientMessage> {
        self.require_savepoint(name)?;
        self.on_every_branch(&format!("RELEASE SAVEPOINT {}", quoted(name))).await?;
        self.txn.release(name);
        Ok(())
    }

    fn require_savepoint(&self, name: &str) -> Result<(), ClientMessage> {
        if self.txn.has_savepoint(name) {
            return Ok(());
        }
        Err(ClientMessage::new(codes::SP_DOES_NOT_EXIST, format!("SAVEPOINT {name} does not exist")))
    }

    /// Where that fails on one, others have done it: the transaction is over.
    async fn on_every_branch(&mut self, sql: &str) -> Result<(), ClientMessage> {
        for link in self.links.held_mut().iter_mut().filter(|link| link.pins.transaction) {
            if let Err(error) = link.lease.execute("a savepoint", sql, &self.interrupt).await {
                self.links.give_back_unpinned();
                self.transaction_was_lost().await;
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// A server was lost with part of the transaction: nothing more may run in it.
    pub(super) async fn transaction_was_lost(&mut self) {
        if self.txn.is_open() {
            let _ = self.end_transaction(End::Rollback).await;
            self.txn.mark_lost();
        }
    }
}

/// Whether servers may take the name for one of ShardGate's own. They hold letters equal that differ in case and accents.
fn is_own(name: &str) -> bool {
    let mut chars = name.chars();
    "shardgate_".chars().all(|own| chars.next().is_some_and(|char| char.eq_ignore_ascii_case(&own) || !char.is_ascii()))
}

/// From the words of a statement to those of a transaction.
pub(super) fn isolation(level: SqlIsolation) -> Isolation {
    match level {
        SqlIsolation::ReadUncommitted => Isolation::ReadUncommitted,
        SqlIsolation::ReadCommitted => Isolation::ReadCommitted,
        SqlIsolation::RepeatableRead => Isolation::RepeatableRead,
        SqlIsolation::Serializable => Isolation::Serializable,
    }
}

/// What every statement in a lost transaction is told.
pub(super) fn lost() -> ClientMessage {
    let text = "the transaction was rolled back, because a server was lost; ROLLBACK to go on";
    ClientMessage::new(codes::ERROR_DURING_COMMIT, text)
}

/// Errors after which InnoDB has rolled back the whole transaction, not only the statement: a deadlock, and a full
/// lock table (MySQL manual, "InnoDB Error Handling").
pub(super) fn rolls_back_transaction(code: ErrorCode) -> bool {
    matches!(code.number, 1206 | 1213)
}
