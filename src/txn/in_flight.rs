//! The distributed transactions of this process: who it is, which commits are under way, and which decisions are settled.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use super::ddl_journal::JournalTables;
use super::decision::{Decision, DecisionTable};
use super::doubt::{Counters, Doubt, Report, Request, Wish};
use super::options::Options;
use super::visibility::{Gate, Pass, Purpose};
use super::xid::{Gtrid, Names, Owner};

/// What all sessions and recovery share.
#[derive(Debug)]
pub struct InFlight {
    pub options: Options,
    pub names: Names,
    pub table: DecisionTable,
    pub journal: JournalTables,
    /// Asks recovery to look now.
    pub wanted: Notify,
    pub counters: Counters,
    /// Between snapshots of several shards and commits over several, where the options want it.
    gate: Gate,
    /// By sequence: how it decides.
    committing: Mutex<HashMap<u64, UnderWay>>,
    /// By replica set: decisions that all branches have confirmed.
    settled: Mutex<HashMap<String, Vec<Gtrid>>>,
    reached: AtomicU32,
    requests: Mutex<Vec<Request>>,
    doubts: Mutex<Vec<Doubt>>,
}

#[derive(Debug, Clone, Copy)]
struct UnderWay {
    decision: Decision,
    /// It is durable.
    is_decided: bool,
}

/// A commit under way: until this is dropped, recovery leaves its branches alone.
#[derive(Debug)]
pub struct Committing<'a> {
    all: &'a InFlight,
    sequence: u64,
}

impl Committing<'_> {
    /// The decision is durable.
    pub fn decided(&self) {
        if let Some(commit) = self.all.committing.lock().get_mut(&self.sequence) {
            commit.is_decided = true;
        }
    }
}

impl Drop for Committing<'_> {
    fn drop(&mut self) {
        self.all.committing.lock().remove(&self.sequence);
    }
}

impl InFlight {
    /// `instance` and `epoch`: see [`Owner::new`].
    pub fn new(options: Options, instance: u32, epoch: u64) -> InFlight {
        InFlight {
            names: Names::new(Owner::new(&options.cluster, instance, epoch)),
            table: DecisionTable::new(&options.schema),
            journal: JournalTables::new(&options.schema),
            options,
            wanted: Notify::new(),
            committing: Mutex::default(),
            settled: Mutex::default(),
            reached: AtomicU32::new(0),
            counters: Counters::default(),
            gate: Gate::default(),
            requests: Mutex::default(),
            doubts: Mutex::default(),
        }
    }

    /// While the pass is held nobody is inside for the other purpose. `None`: the options do not ask for that.
    pub async fn enter(&self, purpose: Purpose) -> Option<Pass<'_>> {
        match self.options.atomic_visibility {
            true => Some(self.gate.enter(purpose).await),
            false => None,
        }
    }

    /// Asks recovery to do something now; the answer comes when it is done.
    pub fn wish(&self, wish: Wish) -> oneshot::Receiver<Result<Report, String>> {
        let (answer, outcome) = oneshot::channel();
        self.requests.lock().push(Request { wish, answer });
        self.wanted.notify_one();
        outcome
    }

    /// For recovery: what it was asked to do.
    pub fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut *self.requests.lock())
    }

    /// For recovery: what it found.
    pub fn found(&self, doubts: Vec<Doubt>) {
        *self.doubts.lock() = doubts;
    }

    /// The branches that were prepared when recovery looked last, and were not ended then.
    pub fn doubts(&self) -> Vec<Doubt> {
        self.doubts.lock().clone()
    }

    /// The commits under way: name, and whether the decision is durable.
    pub fn all_committing(&self) -> Vec<(Gtrid, bool)> {
        let owner = self.names.owner();
        let name = |sequence: &u64| Gtrid { owner: owner.clone(), sequence: *sequence };
        self.committing.lock().iter().map(|(sequence, commit)| (name(sequence), commit.is_decided)).collect()
    }

    /// `decision`: `Commit` with a decider, or `Alone`.
    pub fn begin_commit(&self, gtrid: &Gtrid, decision: Decision) -> Committing<'_> {
        self.committing.lock().insert(gtrid.sequence, UnderWay { decision, is_decided: false });
        Committing { all: self, sequence: gtrid.sequence }
    }

    /// How a commit of this process that is under way decides.
    pub fn committing(&self, gtrid: &Gtrid) -> Option<Decision> {
        let is_own = gtrid.owner == *self.names.owner();
        self.committing.lock().get(&gtrid.sequence).map(|commit| commit.decision).filter(|_| is_own)
    }

    /// All branches have confirmed: the decision's row on this replica set may go.
    pub fn settle(&self, replica_set: &str, gtrid: &Gtrid) {
        let mut settled = self.settled.lock();
        match settled.get_mut(replica_set) {
            Some(gtrids) => gtrids.push(gtrid.clone()),
            None => drop(settled.insert(replica_set.to_owned(), vec![gtrid.clone()])),
        }
    }

    /// Takes what has settled there. What cannot be deleted needs no second try: old rows are found by their age.
    pub fn take_settled(&self, replica_set: &str) -> Vec<Gtrid> {
        self.settled.lock().remove(replica_set).unwrap_or_default()
    }

    /// Whether a test wants the process to die here and now.
    pub fn dies_at(&self, place: Place) -> bool {
        let Some(point) = &self.options.crash_at else { return false };
        point.place == place && self.reached.fetch_add(1, Ordering::Relaxed) + 1 == point.count
    }
}

/// Where a test may kill the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Everything was written, nothing is prepared.
    BeforePrepare,
    /// One participant is ready, others may not be.
    BetweenPrepares,
    /// All are ready, nothing is decided.
    AfterPrepare,
    /// COMMIT is on its way to the decider.
    WhileDeciding,
    /// The decision is durable, no branch knows of it.
    AfterDecision,
    /// One branch has committed, others may not have.
    BetweenCommits,
    /// All have committed, and the client has no answer yet.
    AfterCommit,
    /// Recovery knows the decision, and has not carried it out.
    AfterClaim,
    /// DDL is in the journal, and no shard is altered.
    DdlRecorded,
    /// DDL is done on the first shard.
    DdlBegun,
}

const PLACES: [(&str, Place); 10] = [
    ("before_prepare", Place::BeforePrepare),
    ("between_prepares", Place::BetweenPrepares),
    ("after_prepare", Place::AfterPrepare),
    ("while_deciding", Place::WhileDeciding),
    ("after_decision", Place::AfterDecision),
    ("between_commits", Place::BetweenCommits),
    ("after_commit", Place::AfterCommit),
    ("after_claim", Place::AfterClaim),
    ("ddl_recorded", Place::DdlRecorded),
    ("ddl_begun", Place::DdlBegun),
];

/// `place`, or `place:count` for the count-th time that it is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrashPoint {
    place: Place,
    count: u32,
}

impl FromStr for CrashPoint {
    type Err = String;

    fn from_str(text: &str) -> Result<CrashPoint, String> {
        let (name, count) = text.split_once(':').unwrap_or((text, "1"));
        let place = PLACES.iter().find(|(known, _)| *known == name).map(|(_, place)| *place);
        let known = || PLACES.map(|(name, _)| name).join(", ");
        let place = place.ok_or_else(|| format!("\"{name}\" is none of {}", known()))?;
        let count = count.parse().map_err(|_| format!("\"{count}\" is no number"))?;
        Ok(CrashPoint { place, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_under_way_until_its_guard_is_gone() {
        let all = InFlight::new(Options::default(), 1, 2);
        let gtrid = all.names.next();
        let guard = all.begin_commit(&gtrid, Decision::Commit);
        assert_eq!(all.committing(&gtrid), Some(Decision::Commit));
        let stranger = Gtrid { owner: Owner::new("shardgate", 9, 2), ..gtrid.clone() };
        assert_eq!(all.committing(&stranger), None, "another process counts for itself");
        drop(guard);
        assert_eq!(all.committing(&gtrid), None);
    }

    #[test]
    fn the_process_dies_once_at_the_place_that_was_named() {
        let point: CrashPoint = "after_prepare:2".parse().expect("a place");
        let all = InFlight::new(Options { crash_at: Some(point), ..Options::default() }, 1, 2);
        let deaths: Vec<bool> = (0..3).map(|_| all.dies_at(Place::AfterPrepare)).collect();
        assert_eq!(deaths, [false, true, false]);
        assert!(!all.dies_at(Place::AfterCommit));
        assert!("nowhere".parse::<CrashPoint>().is_err());
    }
}
