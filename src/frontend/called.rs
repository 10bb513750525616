//! What a procedure makes of a transaction over several shards.
//!
//! It runs in the plain part of the transaction, on one shard, and may commit that or roll it back, by COMMIT and ROLLBACK, or by
//! what commits as well: START TRANSACTION, a definition. One server would have ended all of the transaction, so the other shards
//! must end theirs alike; and only that server knows how. A savepoint tells whether the transaction goes on, and a row of the
//! decision table how it was ended: it is there if that was by a commit.

use mysql_common::constants::StatusFlags;

use super::error::ClientMessage;
use super::session::Session;
use super::transactions::End;
use crate::exec::links::Link;
use crate::plan::{Plan, StatementKind};
use crate::txn::decision::{Decision, Row};
use crate::txn::xid::Gtrid;

const MARK: &str = "SAVEPOINT shardgate_call";
const UNMARK: &str = "RELEASE SAVEPOINT shardgate_call";

impl Session {
    /// Before a statement: makes what tells afterwards how a procedure has ended the transaction, where there is something to be
    /// kept on several shards, or to be taken back.
    pub(super) async fn watch_call(&mut self, plan: &Plan, link: &mut Link) -> Result<(), ClientMessage> {
        self.watched_call = None;
        let is_plain_part = link.pins.transaction && link.xid.is_none() && !link.pins.table_locks;
        if plan.kind != StatementKind::Call || !is_plain_part || !self.txn.has_written_with_others() {
            return Ok(());
        }
        let in_flight = &self.shared.in_flight;
        // No branch has that name: the row goes as those of the past do, should nobody come to take it away.
        let name = in_flight.names.next();
        for sql in [&*in_flight.table.insert(&Row::new(&name, Decision::Abort, [])), MARK] {
            link.lease.execute("the watch of a procedure", sql, &self.interrupt).await?;
        }
        self.watched_call = Some(name);
        Ok(())
    }

    /// How a procedure has ended the transaction, if it has.
    pub(super) async fn ended_by_call(&mut self, link: &mut Link) -> Result<Option<End>, ClientMessage> {
        let Some(name) = self.watched_call.take() else { return Ok(None) };
        let goes_on = link.lease.query_patiently(UNMARK, &self.interrupt).await?.error().is_none();
        if goes_on {
            self.forget_watch(link, &name).await?;
            return Ok(None);
        }
        // `sql_select_limit` may be 0.
        let asked = format!("{} LIMIT 1", self.shared.in_flight.table.select(&name));
        let answer = link.lease.query_patiently(&asked, &self.interrupt).await?;
        if let Some(error) = answer.error() {
            return Err(error.into());
        }
        let (_, rows) = answer.table();
        if rows.is_empty() {
            return Ok(Some(End::Rollback));
        }
        let (_, _, need) = self.need();
        let set = need.replica_set(link.shard).to_owned();
        self.shared.in_flight.settle(&set, &name);
        Ok(Some(End::Commit))
    }

    async fn forget_watch(&mut self, link: &mut Link, name: &Gtrid) -> Result<(), ClientMessage> {
        let sql = self.shared.in_flight.table.delete(std::slice::from_ref(name));
        link.lease.execute("the watch of a procedure", &sql, &self.interrupt).await?;
        Ok(())
    }

    /// As `Links::settle`, and ends the other parts of the transaction where this one has ended: as `by_call` says, or as
    /// `otherwise`.
    pub(super) async fn settle_all(
        &mut self,
        mut link: Link,
        status: StatusFlags,
        by_call: Option<End>,
        otherwise: End,
    ) -> Result<(), ClientMessage> {
        let Some(end) = by_call else {
            self.links.settle(link, status, &mut self.txn);
            return self.end_what_was_torn(otherwise).await;
        };
        self.txn.forget(link.shard);
        let ended = self.end_transaction(end).await;
        // It may have begun another one.
        let status = link.lease.ask_status(&self.interrupt).await?;
        self.links.settle(link, status, &mut self.txn);
        ended
    }
}
