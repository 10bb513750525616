//! Ending one branch: its decision is found, or an abort is claimed, and carried out.

use std::time::Duration;

use mysql_async::prelude::Queryable;

use super::ask::{LIST_AGE, claim, end_connection, has_let_go, number, uncommitted};
use super::{ANSWER_TIMEOUT, Recovery, die_at};
use crate::backend::control::{ControlError, within};
use crate::txn::decision::Decision;
use crate::txn::in_flight::Place;
use crate::txn::recovery::{Step, ending_of};
use crate::txn::xid::Xid;

/// XA: unknown XID. It was ended meanwhile, or (MariaDB) the connection that prepared it is still there.
const XAER_NOTA: u16 = 1397;
const LOCK_WAIT_TIMEOUT: u16 = 1205;

/// How often a branch may be refused before the connection that is in its way is ended: one that was closed at the other
/// end needs a moment to go, and one whose host is gone stays for hours.
const PATIENCE: u32 = 3;

impl Recovery {
    /// Ends one branch; false if that must wait.
    pub(super) async fn resolve(&mut self, at: usize, xid: &Xid) -> bool {
        let name = self.sets[at].set.options.name.clone();
        match self.try_to_resolve(at, xid).await {
            Ok(Some(step)) => {
                tracing::info!(transaction = %xid.gtrid, replica_set = %name, ?step, "ended a branch that was in doubt");
                true
            }
            Ok(None) => false,
            Err(error) => {
                tracing::debug!(transaction = %xid.gtrid, replica_set = %name, %error, "a branch stays in doubt for now");
                if number(&error).is_none() {
                    self.sets[at].open = None;
                }
                false
            }
        }
    }

    async fn try_to_resolve(&mut self, at: usize, xid: &Xid) -> Result<Option<Step>, ControlError> {
        let Some(decision) = self.decision_on(at, xid).await? else { return Ok(None) };
        die_at(&self.in_flight, Place::AfterClaim);
        self.carry_out(at, xid, ending_of(decision)).await
    }

    /// `None` if a connection is in the way, or the branch has ended meanwhile.
    pub(super) async fn carry_out(&mut self, at: usize, xid: &Xid, step: Step) -> Result<Option<Step>, ControlError> {
        let words = match step {
            Step::Commit => "XA COMMIT",
            Step::RollBack => "XA ROLLBACK",
        };
        if !self.is_let_go(at, xid).await? {
            return self.refused(at, xid).await;
        }
        let Some(open) = &mut self.sets[at].open else { return Ok(None) };
        match within(ANSWER_TIMEOUT, open.conn.query_drop(format!("{words} {}", xid.sql()))).await {
            Ok(()) => {
                let counters = &self.in_flight.counters;
                match step {
                    Step::Commit => counters.recovered_commits.increment(),
                    Step::RollBack => counters.recovered_rollbacks.increment(),
                }
                Ok(Some(step))
            }
            Err(error) if number(&error) == Some(XAER_NOTA) => self.refused(at, xid).await,
            Err(error) => Err(error),
        }
    }

    /// Whether the connection that has prepared the branch is in nobody's way, as far as that can be seen before.
    async fn is_let_go(&mut self, at: usize, xid: &Xid) -> Result<bool, ControlError> {
        let Some(open) = self.sets[at].open.as_mut().filter(|open| open.is_mariadb) else { return Ok(true) };
        let seen = self.seen.get(&(at, xid.clone())).map_or(Duration::ZERO, |known| known.first.elapsed());
        // All branches of a look have been seen at once: this waits once for all of them.
        tokio::time::sleep(LIST_AGE.saturating_sub(seen)).await;
        has_let_go(&mut open.conn, xid.connection.into(), seen).await
    }

    /// A connection is in the way of a branch's end.
    async fn refused(&mut self, at: usize, xid: &Xid) -> Result<Option<Step>, ControlError> {
        if self.is_refused_again(at, xid) {
            self.free(at, xid).await?;
        }
        Ok(None)
    }

    /// The replica set that decides, if it is one of this fleet.
    pub(super) fn decider_of(&self, xid: &Xid) -> Option<usize> {
        self.sets.iter().position(|watched| *watched.set.options.name == *xid.decider)
    }

    /// Whether the branch has decided for itself to commit.
    pub(super) async fn is_alone(&mut self, at: usize, xid: &Xid) -> Result<bool, ControlError> {
        let Some(own) = &mut self.sets[at].open else { return Err(ControlError::NoServer) };
        let marked = uncommitted(&mut own.conn, &self.in_flight.table, &xid.gtrid).await;
        if marked.is_err() {
            // Its next statement might see too much.
            self.sets[at].open = None;
        }
        Ok(matches!(marked?, Some((Decision::Alone, _))))
    }

    /// What is to become of a branch; `None` if nobody can tell yet.
    async fn decision_on(&mut self, at: usize, xid: &Xid) -> Result<Option<Decision>, ControlError> {
        if self.is_alone(at, xid).await? {
            return Ok(Some(Decision::Alone));
        }
        let Some(decider) = self.decider_of(xid) else { return Ok(None) };
        let Some(open) = &mut self.sets[decider].open else { return Ok(None) };
        let claimed = claim(&mut open.conn, &self.in_flight.table, &xid.gtrid).await;
        match claimed {
            Ok(decision) => Ok(Some(decision)),
            Err(error) if number(&error) == Some(LOCK_WAIT_TIMEOUT) => {
                if self.is_refused_again(at, xid) {
                    self.clear_decider(decider, xid).await?;
                }
                Ok(None)
            }
            Err(error) => {
                if number(&error).is_none() {
                    self.sets[decider].open = None;
                }
                Err(error)
            }
        }
    }

    fn is_refused_again(&mut self, at: usize, xid: &Xid) -> bool {
        let Some(known) = self.seen.get_mut(&(at, xid.clone())) else { return false };
        known.refused += 1;
        known.refused >= PATIENCE
    }

    /// MariaDB: a prepared branch is its connection's until that is gone, and that of a host that vanished stays.
    async fn free(&mut self, at: usize, xid: &Xid) -> Result<(), ControlError> {
        let Some(open) = self.sets[at].open.as_mut().filter(|open| open.is_mariadb) else { return Ok(()) };
        let has_ended = end_connection(&mut open.conn, xid.connection.into()).await?;
        if has_ended {
            tracing::info!(transaction = %xid.gtrid, connection = xid.connection, "ended a connection that held a branch");
        }
        Ok(())
    }

    /// The decider's transaction is open, and its owner will not go on with it.
    async fn clear_decider(&mut self, decider: usize, xid: &Xid) -> Result<(), ControlError> {
        let Some(open) = &mut self.sets[decider].open else { return Ok(()) };
        let found = uncommitted(&mut open.conn, &self.in_flight.table, &xid.gtrid).await;
        if found.is_err() {
            self.sets[decider].open = None;
        }
        let (Some((Decision::Commit, connection)), Some(open)) = (found?, &mut self.sets[decider].open) else {
            return Ok(());
        };
        let has_ended = end_connection(&mut open.conn, connection).await?;
        if has_ended {
            tracing::info!(transaction = %xid.gtrid, connection, "ended a connection that kept a decision open");
        }
        Ok(())
    }
}
