//! Ends what others left prepared: at start, again and again, and when a commit or an operator asks for it.
//!
//! On each primary a control connection looks for branches of this cluster (XA RECOVER), asks their decider, and carries
//! out what is written there; `txn::recovery` and `txn::decision` say why any number of ShardGates may do so at once. The
//! same connection holds a user-level lock in the process's name, which tells the others that its owner is alive; keeps
//! the decision table there; and removes rows that nobody needs any more.

mod watched;
mod ask;
mod resolve;
mod force;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use mysql_async::prelude::Queryable;
use tokio::sync::watch;

pub use ask::ask;
pub use watched::create_table;
use watched::{Found, OldRow, Watched};

use crate::backend::control::within;
use crate::backend::topology::Topology;
use crate::txn::decision::Decision;
use crate::txn::doubt::{Doubt, Report, Wish};
use crate::txn::in_flight::{InFlight, Place};
use crate::txn::recovery::{OwnerState, Verdict, judge};
use crate::txn::xid::{Gtrid, Xid};

/// How soon recovery looks again while it has left something for later.
const SOON: Duration = Duration::from_millis(500);

/// Longest wait for an answer. What recovery asks is answered at once, or the connection is dead.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs until the task is aborted; `first` is told when the servers were looked at once. Another topology is taken over
/// between two looks.
pub async fn run(
    in_flight: Arc<InFlight>,
    mut topology: watch::Receiver<Arc<Topology>>,
    first: Arc<tokio::sync::Notify>,
) {
    let mut recovery = Recovery { in_flight: Arc::clone(&in_flight), sets: Vec::new(), seen: HashMap::new() };
    loop {
        let newest = Arc::clone(&topology.borrow_and_update());
        recovery.follow(&newest);
        // What is asked from now on wants another look.
        let requests = in_flight.take_requests();
        let report = recovery.pass().await;
        first.notify_one();
        for request in requests {
            let outcome = match request.wish {
                Wish::Look => Ok(report),
                Wish::End(gtrid, decision) => recovery.force(&gtrid, decision).await,
            };
            // Who does not wait any more needs no answer.
            let _ = request.answer.send(outcome);
        }
        let pause = if report.left == 0 && report.silent == 0 {
            in_flight.options.recovery_interval
        } else {
            SOON.min(in_flight.options.recovery_interval)
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = in_flight.wanted.notified() => {}
            Ok(()) = topology.changed() => {}
        }
    }
}

/// For tests: the process ends as by kill -9, if it was started so.
pub fn die_at(in_flight: &InFlight, place: Place) {
    if in_flight.dies_at(place) {
        let _ = nix::sys::signal::kill(nix::unistd::Pid::this(), nix::sys::signal::Signal::SIGKILL);
    }
}

struct Recovery {
    in_flight: Arc<InFlight>,
    sets: Vec<Watched>,
    seen: HashMap<(usize, Xid), Seen>,
}

/// What this process knows of a branch from earlier looks.
struct Seen {
    first: Instant,
    has_warned: bool,
    /// How often it could not be ended because a connection was in the way.
    refused: u32,
}

impl Recovery {
    /// The sets of this fleet, and those of earlier ones to which someone still has connections, unless there is one of the
    /// same name.
    fn follow(&mut self, topology: &Topology) {
        let is_current = |watched: &Watched| topology.has(&watched.set);
        if self.sets.iter().all(is_current) && self.sets.len() == topology.sets.len() {
            return;
        }
        let has_name = |name: &str| topology.sets.iter().any(|set| set.options.name == name);
        let mut earlier = std::mem::take(&mut self.sets);
        earlier.retain(|watched| is_current(watched) || !has_name(&watched.set.options.name));
        for set in &topology.sets {
            let known = earlier.iter().position(|watched| Arc::ptr_eq(&watched.set, set));
            let watched = known.map(|at| earlier.swap_remove(at));
            let fresh = || Watched { set: Arc::clone(set), open: None, complaint: None };
            self.sets.push(watched.unwrap_or_else(fresh));
        }
        self.sets.extend(earlier.into_iter().filter(|watched| !watched.set.is_drained()));
        // It is kept by position.
        self.seen.clear();
    }

    /// One look at all servers.
    async fn pass(&mut self) -> Report {
        let in_flight = Arc::clone(&self.in_flight);
        // Old rows before branches: a branch that is prepared when its row is read must be in the list that follows.
        let old = join_all(self.sets.iter_mut().map(|set| set.tend(&in_flight))).await;
        let found = join_all(self.sets.iter_mut().zip(&old).map(|(set, old)| set.look(&in_flight, old))).await;
        let mut due = self.due(&found);
        let silent = found.iter().filter(|found| found.is_none()).count();
        if silent == 0 {
            self.forget(old, &found).await;
        }
        let mut report = Report { ended: 0, left: due.waiting, silent };
        for (at, xid) in std::mem::take(&mut due.now) {
            match self.resolve(at, &xid).await {
                true => {
                    report.ended += 1;
                    due.doubts.retain(|(place, _)| *place != (at, Some(xid.clone())));
                }
                false => report.left += 1,
            }
        }
        in_flight.found(due.doubts.into_iter().map(|(_, doubt)| doubt).collect());
        report
    }

    /// Judges what was found.
    fn due(&mut self, found: &[Option<Found>]) -> Due {
        let in_flight = Arc::clone(&self.in_flight);
        let options = &in_flight.options;
        let now = Instant::now();
        let shown: HashSet<(usize, &Xid)> = all_branches(found).collect();
        let is_shown = |at: usize, xid: &Xid| found[at].is_none() || shown.contains(&(at, xid));
        self.seen.retain(|(at, xid), _| is_shown(*at, xid));
        let mut due = Due { doubts: self.of_others(found), ..Due::default() };
        for (at, xid) in all_branches(found) {
            let set = &self.sets[at].set.options.name;
            let known =
                self.seen.entry((at, xid.clone())).or_insert(Seen { first: now, has_warned: false, refused: 0 });
            let seen = now.duration_since(known.first);
            let state = owner_state(&in_flight, found, xid);
            let verdict = judge(&xid.gtrid.owner, &options.cluster, state, seen, options.take_over_after);
            if seen >= options.alarm_after && !std::mem::replace(&mut known.has_warned, true) {
                tracing::warn!(transaction = %xid.gtrid, replica_set = %set, decider = %xid.decider, ?seen, owner = ?state,
                    "a prepared branch waits for its decider, and holds its locks");
            }
            match verdict {
                Verdict::Resolve => due.now.push((at, xid.clone())),
                Verdict::Wait => due.waiting += usize::from(state != OwnerState::Committing),
                Verdict::Foreign => {}
            }
            let owner = (verdict != Verdict::Foreign).then_some(state);
            let doubt = Doubt { name: xid.gtrid.to_string(), replica_set: set.clone(), owner, seen };
            due.doubts.push(((at, Some(xid.clone())), doubt));
        }
        due
    }

    /// Branches that no ShardGate has named.
    fn of_others(&self, found: &[Option<Found>]) -> Vec<((usize, Option<Xid>), Doubt)> {
        let mut doubts = Vec::new();
        for (at, found) in found.iter().enumerate() {
            let replica_set = &self.sets[at].set.options.name;
            for name in found.iter().flat_map(|found| &found.others) {
                let doubt =
                    Doubt { name: name.clone(), replica_set: replica_set.clone(), owner: None, seen: Duration::ZERO };
                doubts.push(((at, None), doubt));
            }
        }
        doubts
    }

    /// Removes old rows of which no branch is left. `found` is what all servers have shown after the rows were read.
    async fn forget(&mut self, old: Vec<Vec<OldRow>>, found: &[Option<Found>]) {
        let prepared: HashSet<&Gtrid> = all_branches(found).map(|(_, xid)| &xid.gtrid).collect();
        let names: HashSet<&[u8]> = self.sets.iter().map(|watched| watched.set.options.name.as_bytes()).collect();
        let me = self.in_flight.names.owner();
        let mut gone = Vec::new();
        for (at, rows) in old.into_iter().enumerate() {
            let alive = found[at].iter().flat_map(|found| &found.alive).collect::<HashSet<_>>();
            let may_go = |row: &OldRow| {
                let owner_is_done = match row.gtrid.owner == *me {
                    true => self.in_flight.committing(&row.gtrid).is_none(),
                    false => !alive.contains(&row.gtrid.owner),
                };
                owner_is_done
                    && row.gtrid.owner.cluster() == me.cluster()
                    && !prepared.contains(&row.gtrid)
                    && row.participants.iter().all(|name| names.contains(name.as_slice()))
            };
            gone.push(rows.into_iter().filter(may_go).map(|row| row.gtrid).collect::<Vec<_>>());
        }
        for (watched, gtrids) in self.sets.iter_mut().zip(gone).filter(|(_, gtrids)| !gtrids.is_empty()) {
            let Some(open) = &mut watched.open else { continue };
            let deleted = within(ANSWER_TIMEOUT, open.conn.query_drop(self.in_flight.table.delete(&gtrids))).await;
            watched.note(deleted.map_err(|error| error.to_string()));
        }
    }
}

/// What a look says must be done.
#[derive(Default)]
struct Due {
    now: Vec<(usize, Xid)>,
    /// Branches that may have to be ended later.
    waiting: usize,
    /// All that was found, and where; without a name those of others.
    doubts: Vec<((usize, Option<Xid>), Doubt)>,
}

fn all_branches(found: &[Option<Found>]) -> impl Iterator<Item = (usize, &Xid)> {
    let shown = found.iter().enumerate().filter_map(|(at, found)| Some((at, found.as_ref()?)));
    shown.flat_map(|(at, found)| found.branches.iter().map(move |xid| (at, xid)))
}

fn owner_state(in_flight: &InFlight, found: &[Option<Found>], xid: &Xid) -> OwnerState {
    let owner = &xid.gtrid.owner;
    if owner == in_flight.names.owner() {
        // A branch that decided for itself is never told to prepare: what is prepared of it has lost its connection.
        let is_preparing = in_flight.committing(&xid.gtrid) == Some(Decision::Commit);
        return if is_preparing { OwnerState::Committing } else { OwnerState::Forgotten };
    }
    match found.iter().flatten().any(|found| found.alive.contains(owner)) {
        true => OwnerState::Alive,
        false => OwnerState::Gone,
    }
}
