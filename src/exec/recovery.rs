//! Ends what others left prepared: at start, again and again, and when a commit asks for it.
//!
//! On each primary a control connection looks for branches of this cluster (XA RECOVER), asks their decider, and carries
//! out what is written there; `txn::recovery` and `txn::decision` say why any number of ShardGates may do so at once. The
//! same connection holds a user-level lock in the process's name, which tells the others that its owner is alive; keeps
//! the decision table there; and removes rows that nobody needs any more.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use tokio::sync::watch;

use crate::backend::control::{self, ControlError, within};
use crate::backend::options::Address;
use crate::backend::replica_set::ReplicaSet;
use crate::backend::topology::Topology;
use crate::txn::decision::{BATCH, Decision, DecisionTable, participants};
use crate::txn::in_flight::{InFlight, Place};
use crate::txn::recovery::{OwnerState, Step, Verdict, ending_of, judge};
use crate::txn::xid::{Gtrid, Owner, Xid};

/// How soon recovery looks again while it has left something for later.
const SOON: Duration = Duration::from_millis(500);

/// A decision that others should have removed is kept so long at least: their owners may still ask for it.
const KEEP_COMMIT: Duration = Duration::from_secs(3600);
const KEEP_ABORT: Duration = Duration::from_secs(24 * 3600);
/// One of this process, which knows that it is not needed.
const KEEP_OWN: Duration = Duration::from_secs(60);

/// XA: unknown XID. It was ended meanwhile, or (MariaDB) the connection that prepared it is still there.
const XAER_NOTA: u16 = 1397;
const DUPLICATE: u16 = 1062;
/// XA RECOVER without XA_RECOVER_ADMIN.
const XAER_RMERR: u16 = 1401;

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
        let is_done = recovery.pass().await;
        first.notify_one();
        let pause =
            if is_done { in_flight.options.recovery_interval } else { SOON.min(in_flight.options.recovery_interval) };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = in_flight.wanted.notified() => {}
            Ok(()) = topology.changed() => {}
        }
    }
}

/// What the decision table says of a transaction, an abort being claimed if it says nothing. Waits for as long as the
/// decider does not answer.
pub async fn ask(topology: &Topology, in_flight: &InFlight, xid: &Xid) -> Decision {
    loop {
        match ask_once(topology, in_flight, xid).await {
            Ok(decision) => return decision,
            Err(error) => tracing::debug!(transaction = %xid.gtrid, %error, "the decider does not answer yet"),
        }
        tokio::time::sleep(SOON / 5).await;
    }
}

async fn ask_once(topology: &Topology, in_flight: &InFlight, xid: &Xid) -> Result<Decision, ControlError> {
    let set = topology.sets.iter().find(|set| *set.options.name == *xid.decider).ok_or(ControlError::NoServer)?;
    let address = set.primary().map_err(|_| ControlError::NoServer)?.address.clone();
    let mut conn = control::connect(&set.options, &address).await?;
    let decision = claim(&mut conn, &in_flight.table, &xid.gtrid).await?;
    let _ = conn.disconnect().await;
    Ok(decision)
}

/// The row that is there, or an abort's that is put there. Waits for the decider's open transaction.
async fn claim(conn: &mut Conn, table: &DecisionTable, gtrid: &Gtrid) -> Result<Decision, ControlError> {
    // A look first: most rows are there, and an INSERT that fails leaves a lock behind on some servers.
    if let Some(decision) = written(conn, table, gtrid).await? {
        return Ok(decision);
    }
    let insert = table.insert(gtrid, Decision::Abort, []);
    match within(control::ANSWER_TIMEOUT, conn.query_drop(insert)).await {
        Ok(()) => Ok(Decision::Abort),
        Err(error) if number(&error) == Some(DUPLICATE) => {
            written(conn, table, gtrid).await?.ok_or(ControlError::NoServer)
        }
        Err(error) => Err(error),
    }
}

async fn written(conn: &mut Conn, table: &DecisionTable, gtrid: &Gtrid) -> Result<Option<Decision>, ControlError> {
    let found: Option<Vec<u8>> = within(control::ANSWER_TIMEOUT, conn.query_first(table.select(gtrid))).await?;
    Ok(found.and_then(|word| Decision::parse(&word)))
}

fn number(error: &ControlError) -> Option<u16> {
    match error {
        ControlError::Server(mysql_async::Error::Server(error)) => Some(error.code),
        _ => None,
    }
}

/// For tests: the process ends as by kill -9, if it was started so.
pub(super) fn die_at(in_flight: &InFlight, place: Place) {
    if in_flight.dies_at(place) {
        let _ = nix::sys::signal::kill(nix::unistd::Pid::this(), nix::sys::signal::Signal::SIGKILL);
    }
}

/// One replica set's primary.
struct Watched {
    set: Arc<ReplicaSet>,
    open: Option<(Address, Conn)>,
    /// What was logged last, so that it is said once.
    complaint: Option<String>,
}

/// A row of the decision table that should have gone.
struct OldRow {
    gtrid: Gtrid,
    participants: Vec<Vec<u8>>,
}

/// What one primary shows.
#[derive(Default)]
struct Found {
    branches: Vec<Xid>,
    alive: HashSet<Owner>,
}

struct Recovery {
    in_flight: Arc<InFlight>,
    sets: Vec<Watched>,
    /// When this process saw a branch first, and whether it has warned of it.
    seen: HashMap<(usize, Xid), (Instant, bool)>,
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

    /// One look at all servers; false if something was left for later.
    async fn pass(&mut self) -> bool {
        let in_flight = Arc::clone(&self.in_flight);
        // Old rows before branches: a branch that is prepared when its row is read must be in the list that follows.
        let old = join_all(self.sets.iter_mut().map(|set| set.tend(&in_flight))).await;
        let found = join_all(self.sets.iter_mut().zip(&old).map(|(set, old)| set.look(&in_flight, old))).await;
        let due = self.due(&found);
        let is_complete = found.iter().all(Option::is_some);
        if is_complete {
            self.forget(old, &found).await;
        }
        let mut left = due.waiting;
        for (at, xid) in due.now {
            left += usize::from(!self.resolve(at, &xid).await);
        }
        is_complete && left == 0
    }

    /// Judges what was found.
    fn due(&mut self, found: &[Option<Found>]) -> Due {
        let in_flight = &self.in_flight;
        let options = &in_flight.options;
        let now = Instant::now();
        let shown: HashSet<(usize, &Xid)> = all_branches(found).collect();
        let is_shown = |at: usize, xid: &Xid| found[at].is_none() || shown.contains(&(at, xid));
        self.seen.retain(|(at, xid), _| is_shown(*at, xid));
        let mut due = Due::default();
        for (at, xid) in all_branches(found) {
            let (since, warned) = self.seen.entry((at, xid.clone())).or_insert((now, false));
            let seen = now.duration_since(*since);
            let state = owner_state(in_flight, found, xid);
            if seen >= options.alarm_after && !std::mem::replace(warned, seen >= options.alarm_after) {
                let set = &self.sets[at].set.options.name;
                tracing::warn!(transaction = %xid.gtrid, replica_set = %set, decider = %xid.decider, ?seen, owner = ?state,
                    "a prepared branch waits for its decider, and holds its locks");
            }
            match judge(&xid.gtrid.owner, &options.cluster, state, seen, options.take_over_after) {
                Verdict::Resolve => due.now.push((at, xid.clone())),
                Verdict::Wait => due.waiting += usize::from(state != OwnerState::Committing),
                Verdict::Foreign => {}
            }
        }
        due
    }

    /// Ends one branch; false if that must wait.
    async fn resolve(&mut self, at: usize, xid: &Xid) -> bool {
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
        let decider = self.sets.iter_mut().find(|watched| *watched.set.options.name == *xid.decider);
        let Some(decider) = decider else { return Ok(None) };
        let Some((_, conn)) = &mut decider.open else { return Ok(None) };
        let claimed = claim(conn, &self.in_flight.table, &xid.gtrid).await;
        if claimed.as_ref().is_err_and(|error| number(error).is_none()) {
            decider.open = None;
        }
        let step = ending_of(claimed?);
        die_at(&self.in_flight, Place::AfterClaim);
        let words = match step {
            Step::Commit => "XA COMMIT",
            Step::RollBack => "XA ROLLBACK",
        };
        let Some((_, conn)) = &mut self.sets[at].open else { return Ok(None) };
        match within(control::ANSWER_TIMEOUT, conn.query_drop(format!("{words} {}", xid.sql()))).await {
            Ok(()) => Ok(Some(step)),
            Err(error) if number(&error) == Some(XAER_NOTA) => Ok(None),
            Err(error) => Err(error),
        }
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
                    true => !self.in_flight.is_committing(&row.gtrid),
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
            let Some((_, conn)) = &mut watched.open else { continue };
            let deleted = within(control::ANSWER_TIMEOUT, conn.query_drop(self.in_flight.table.delete(&gtrids))).await;
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
}

fn all_branches(found: &[Option<Found>]) -> impl Iterator<Item = (usize, &Xid)> {
    let shown = found.iter().enumerate().filter_map(|(at, found)| Some((at, found.as_ref()?)));
    shown.flat_map(|(at, found)| found.branches.iter().map(move |xid| (at, xid)))
}

fn owner_state(in_flight: &InFlight, found: &[Option<Found>], xid: &Xid) -> OwnerState {
    let owner = &xid.gtrid.owner;
    if owner == in_flight.names.owner() {
        return if in_flight.is_committing(&xid.gtrid) { OwnerState::Committing } else { OwnerState::Forgotten };
    }
    match found.iter().flatten().any(|found| found.alive.contains(owner)) {
        true => OwnerState::Alive,
        false => OwnerState::Gone,
    }
}

impl Watched {
    /// Connects, keeps the table, removes what has settled, and reads rows that should have gone.
    async fn tend(&mut self, in_flight: &InFlight) -> Vec<OldRow> {
        let tended = self.try_to_tend(in_flight).await;
        let rows = tended.map_err(|error| error.to_string());
        let (rows, noted) = match rows {
            Ok(rows) => (rows, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        if noted.is_err() {
            self.open = None;
        }
        self.note(noted);
        rows
    }

    async fn try_to_tend(&mut self, in_flight: &InFlight) -> Result<Vec<OldRow>, Trouble> {
        let address = self.set.primary().map_err(|error| Trouble::Unreachable(error.to_string()))?.address.clone();
        if self.open.as_ref().is_none_or(|(known, _)| *known != address) {
            let conn = prepare(&self.set, &address, in_flight).await?;
            self.open = Some((address, conn));
        }
        let Some((_, conn)) = &mut self.open else { return Ok(Vec::new()) };
        let settled = in_flight.take_settled(&self.set.options.name);
        for batch in settled.chunks(BATCH) {
            within(control::ANSWER_TIMEOUT, conn.query_drop(in_flight.table.delete(batch))).await?;
        }
        let sql = in_flight.table.select_old(KEEP_OWN.as_secs(), KEEP_ABORT.as_secs());
        let rows: Vec<(Vec<u8>, u64, Vec<u8>)> = within(control::ANSWER_TIMEOUT, conn.query(sql)).await?;
        let me = in_flight.names.owner();
        let old = rows.into_iter().filter_map(|(gtrid, age, names)| {
            let gtrid = Gtrid::parse(&gtrid)?;
            let is_old = gtrid.owner == *me || age >= KEEP_COMMIT.as_secs();
            let participants = participants(&names).map(<[u8]>::to_vec).collect();
            is_old.then_some(OldRow { gtrid, participants })
        });
        Ok(old.collect())
    }

    /// The branches that are prepared here, and which of their owners are alive. `None` if the server does not tell.
    async fn look(&mut self, in_flight: &InFlight, old: &[OldRow]) -> Option<Found> {
        let looked = self.try_to_look(in_flight, old).await;
        match looked {
            Ok(found) => found,
            Err(error) => {
                self.open = None;
                self.note(Err(error.to_string()));
                None
            }
        }
    }

    async fn try_to_look(&mut self, in_flight: &InFlight, old: &[OldRow]) -> Result<Option<Found>, Trouble> {
        let Some((_, conn)) = &mut self.open else { return Ok(None) };
        let rows: Vec<(i64, usize, usize, Vec<u8>)> =
            within(control::ANSWER_TIMEOUT, conn.query("XA RECOVER")).await.map_err(|error| match number(&error) {
                Some(XAER_RMERR) => Trouble::NotAllowed("XA RECOVER: grant XA_RECOVER_ADMIN", error),
                _ => Trouble::Control(error),
            })?;
        let mut found = Found::default();
        for (format_id, gtrid_len, bqual_len, data) in rows {
            let (Some(gtrid), Some(bqual)) = (data.get(..gtrid_len), data.get(gtrid_len..gtrid_len + bqual_len)) else {
                continue;
            };
            found.branches.extend(Xid::parse(format_id, gtrid, bqual));
        }
        let me = in_flight.names.owner();
        let owners = found.branches.iter().map(|xid| &xid.gtrid.owner).chain(old.iter().map(|row| &row.gtrid.owner));
        let owners: HashSet<Owner> = owners.filter(|owner| *owner != me).cloned().collect();
        for owner in owners {
            let sql = "SELECT IS_USED_LOCK(?)";
            let held: Option<Option<u64>> =
                within(control::ANSWER_TIMEOUT, conn.exec_first(sql, (owner.lock_name(),))).await?;
            if held.flatten().is_some() {
                found.alive.insert(owner);
            }
        }
        Ok(Some(found))
    }

    /// Says once what is wrong.
    fn note(&mut self, outcome: Result<(), String>) {
        let complaint = outcome.err();
        if let Some(text) = &complaint
            && self.complaint.as_ref() != Some(text)
        {
            tracing::warn!(replica_set = %self.set.options.name, reason = %text,
                "distributed transactions cannot be looked after");
        }
        self.complaint = complaint;
    }
}

/// Why a server could not be looked after.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Control(#[from] ControlError),
    #[error("{0}")]
    Unreachable(String),
    #[error("ShardGate's account there may not do this: {0}: {1}")]
    NotAllowed(&'static str, ControlError),
}

/// A connection with this process's lock, to a server that has the decision table.
async fn prepare(set: &ReplicaSet, address: &Address, in_flight: &InFlight) -> Result<Conn, Trouble> {
    let mut conn = control::connect(&set.options, address).await?;
    // A decider whose transaction is open is asked again later. Ages are counted without daylight saving.
    let sql = "SET SESSION innodb_lock_wait_timeout = 1, time_zone = '+00:00'";
    within(control::ANSWER_TIMEOUT, conn.query_drop(sql)).await?;
    let lock = in_flight.names.owner().lock_name();
    let _: Option<Option<u8>> =
        within(control::ANSWER_TIMEOUT, conn.exec_first("SELECT GET_LOCK(?, 0)", (lock,))).await?;
    create_table(&mut conn, &in_flight.table).await.map_err(|error| {
        Trouble::NotAllowed("CREATE, SELECT, INSERT and DELETE on the schema of its own tables", error)
    })?;
    warn_of_version(&mut conn, &set.options.name).await?;
    Ok(conn)
}

/// Creates schema and table where they are not there.
pub async fn create_table(conn: &mut Conn, table: &DecisionTable) -> Result<bool, ControlError> {
    if within(control::ANSWER_TIMEOUT, conn.query_drop(table.probe())).await.is_ok() {
        return Ok(false);
    }
    within(control::ANSWER_TIMEOUT, conn.query_drop(table.create_schema())).await?;
    within(control::ANSWER_TIMEOUT, conn.query_drop(table.create())).await?;
    within(control::ANSWER_TIMEOUT, conn.query_drop(table.probe())).await?;
    Ok(true)
}

/// MySQL's manual, "Restrictions on XA Transactions": before 8.0.30 a crash may tear binary log and prepared branches
/// apart. MariaDB before 10.5 rolls prepared branches back when their connection ends.
async fn warn_of_version(conn: &mut Conn, set: &str) -> Result<(), ControlError> {
    let version: Option<String> = within(control::ANSWER_TIMEOUT, conn.query_first("SELECT VERSION()")).await?;
    let version = version.unwrap_or_default();
    let parsed = crate::wire::handshake::ServerVersion::parse(version.as_bytes());
    let needed = if parsed.mariadb { 100_500 } else { 80_030 };
    if parsed.number < needed {
        tracing::warn!(replica_set = %set, %version,
            "this server does not keep prepared transactions through every crash: distributed commits are not safe here");
    }
    Ok(())
}
