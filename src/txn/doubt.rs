//! What recovery tells and is told: branches that were prepared when it looked last, what an operator wishes, and how often
//! commits and branches ended in which way.

use std::time::Duration;

use tokio::sync::oneshot;

use super::decision::Decision;
use super::recovery::OwnerState;
use super::xid::Gtrid;
use crate::metrics::Counter;

/// A branch that XA RECOVER has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The transaction's name, by which it can be ended; of somebody else's what the server shows.
    pub name: String,
    pub replica_set: String,
    /// `None`: it is not of this cluster, and nobody's to end here.
    pub owner: Option<OwnerState>,
    /// How long this process has known of it.
    pub seen: Duration,
}

/// What an operator asks of recovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Look now, and end what can be ended.
    Look,
    /// End this transaction so. What its decider says is not overruled.
    End(Gtrid, Decision),
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Branches that were ended.
    pub ended: usize,
    /// Branches of this cluster that are still prepared.
    pub left: usize,
    /// Replica sets whose primary did not answer.
    pub silent: usize,
}

/// A wish, and where the answer goes: a report, or why not.
#[derive(Debug)]
pub struct Request {
    pub wish: Wish,
    pub answer: oneshot::Sender<Result<Report, String>>,
}

/// Since the process began.
#[derive(Debug, Default)]
pub struct Counters {
    /// Commits in two phases.
    pub committed: Counter,
    /// Commits in one phase of a branch that alone wrote.
    pub committed_alone: Counter,
    /// Commits with a decision that kept nothing.
    pub rolled_back: Counter,
    /// Commits of which the client was told that the outcome is not known.
    pub unknown: Counter,
    /// Transactions that were rolled back to end a circle of waiting over several servers.
    pub deadlocks: Counter,
    /// Commits that left branches to recovery.
    pub unsettled: Counter,
    /// Branches that recovery has committed.
    pub recovered_commits: Counter,
    /// Branches that recovery has rolled back.
    pub recovered_rollbacks: Counter,
}
