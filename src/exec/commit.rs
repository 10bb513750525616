//! Ends transactions on the servers: in one phase where nothing but the plain transaction wrote, else in two, as `txn::coordinator` says.
//!
//! A commit in two phases is not interrupted by KILL or a client that leaves: each step has a time-out of its own, and
//! what a lost connection leaves prepared is ended by `recovery`.

use std::sync::Arc;
use std::time::Duration;

use super::all::all;
use super::cancel;
use super::failure::Failure;
use super::links::Link;
use super::recovery;
use crate::backend::answer::Answer;
use crate::backend::connection::Watch;
use crate::backend::error::Error;
use crate::backend::interrupt::Interrupt;
use crate::backend::topology::Topology;
use crate::sharding::Schema;
use crate::txn::coordinator::{Action, Coordinator, Ending, Event, Reply, Role};
use crate::txn::decision::Decision;
use crate::txn::in_flight::{InFlight, Place};
use crate::txn::xid::Xid;
use crate::wire::error_code::{self as codes, ErrorCode};
use crate::wire::packet;
use crate::wire::walker::AnswerKind;

/// What a commit needs besides the connections.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub in_flight: &'a InFlight,
    pub topology: &'a Topology,
    pub schema: &'a Schema,
    /// Of the session: ends waits of a commit in one phase.
    pub interrupt: &'a Interrupt,
}

/// One shard's part of the transaction that ends.
#[derive(Debug)]
pub struct Part {
    pub link: Link,
    /// It may have changed rows. One that has not is let go without ceremony.
    pub wrote: bool,
}

/// Commits all parts or none. At most one of them is a plain transaction, unless none wrote. Afterwards no link is in a
/// transaction; those that are in doubt are spoiled.
pub async fn commit(parts: &mut [Part], context: &Context<'_>) -> Result<(), Failure> {
    // XA COMMIT ONE PHASE is no way out for a single writer: a server that writes a binary log prepares the branch for it
    // as well, and shows it as prepared, as if undecided, when it is killed before that commit is on disk.
    let needs_decision = parts.iter().any(|part| part.wrote && part.link.xid.is_some());
    let xid = parts.iter().find_map(|part| part.link.xid.clone());
    let done = match xid {
        Some(xid) if needs_decision => in_two_phases(parts, &xid, context).await,
        _ => in_one_phase(parts, context).await,
    };
    for part in parts {
        part.link.xid = None;
        part.link.pins.transaction = false;
    }
    done
}

/// Readers first: if one of them is lost, its locks were lost before the end, and nothing is kept.
async fn in_one_phase(parts: &mut [Part], context: &Context<'_>) -> Result<(), Failure> {
    for wrote in [false, true] {
        let ending = parts.iter_mut().filter(|part| part.wrote == wrote);
        let ended = all(ending.map(|part| end_at_once(&mut part.link, context.interrupt)).collect()).await;
        let Some(failure) = ended.into_iter().find_map(Result::err) else { continue };
        roll_back(parts.iter_mut().map(|part| &mut part.link).collect(), context.interrupt).await;
        return Err(match failure {
            Failure::Backend(error) if wrote => Failure::OutcomeUnknown(error.to_string()),
            Failure::Backend(error) => Failure::RolledBack(error.to_string()),
            other => other,
        });
    }
    Ok(())
}

async fn end_at_once(link: &mut Link, interrupt: &Interrupt) -> Result<(), Failure> {
    let Some(xid) = link.xid.clone() else { return run(link, "COMMIT", interrupt).await };
    let xid = xid.sql();
    run(link, &format!("XA END {xid}"), interrupt).await?;
    run(link, &format!("XA COMMIT {xid} ONE PHASE"), interrupt).await
}

async fn run(link: &mut Link, sql: &str, interrupt: &Interrupt) -> Result<(), Failure> {
    let answer = link.lease.query(sql.as_bytes(), interrupt).await?;
    judged(&answer)
}

fn judged(answer: &Answer) -> Result<(), Failure> {
    match answer.error() {
        None => Ok(()),
        Some(error) => {
            Err(Failure::Server { code: error.code, message: String::from_utf8_lossy(error.message).into_owned() })
        }
    }
}

/// Rolls back what is open on the links. Best effort: where it fails the connection is closed by its pool, which rolls
/// back as well, but for a branch that is prepared.
pub async fn roll_back(links: Vec<&mut Link>, interrupt: &Interrupt) {
    let open = links.into_iter().filter(|link| link.pins.transaction);
    all(open.map(|link| roll_back_or_close(link, interrupt)).collect()).await;
}

async fn roll_back_or_close(link: &mut Link, interrupt: &Interrupt) {
    if roll_back_one(link, interrupt).await.is_err() {
        abandon(link);
    }
    link.xid = None;
    link.pins.transaction = false;
}

async fn roll_back_one(link: &mut Link, interrupt: &Interrupt) -> Result<(), Failure> {
    if !link.lease.is_usable() {
        return Err(Failure::RolledBack("its connection was lost".to_owned()));
    }
    let Some(xid) = link.xid.clone() else { return run(link, "ROLLBACK", interrupt).await };
    // Refused where the branch is prepared, or was rolled back by its server: both are as good.
    link.lease.query(format!("XA END {}", xid.sql()).as_bytes(), interrupt).await?;
    run(link, &format!("XA ROLLBACK {}", xid.sql()), interrupt).await
}

fn abandon(link: &mut Link) {
    if link.lease.is_busy() {
        cancel::kill(&link.lease, cancel::Kill::Connection);
    }
    link.lease.spoil();
}

/// One commit in two phases.
struct TwoPhases<'a> {
    context: &'a Context<'a>,
    /// Names the transaction and who decides.
    xid: &'a Xid,
    /// INSERT of the decision's row.
    record: String,
    /// Not the session's: nobody ends this but the clock.
    calm: Arc<Interrupt>,
    step_timeout: Duration,
}

async fn in_two_phases(parts: &mut [Part], xid: &Xid, context: &Context<'_>) -> Result<(), Failure> {
    let set_of = |part: &Part| {
        let set = context.schema.shard(part.link.shard).replica_set;
        context.topology.set(set).options.name.as_str()
    };
    let decides = |part: &Part| part.link.xid.is_none() && set_of(part) == &*xid.decider;
    if parts.iter().filter(|part| decides(part)).count() != 1 {
        // Recovery would ask a replica set that knows nothing.
        roll_back(parts.iter_mut().map(|part| &mut part.link).collect(), context.interrupt).await;
        return Err(Failure::RolledBack(format!("no part of {} can decide on {}", xid.gtrid, xid.decider)));
    }
    let branches: Vec<&str> = parts.iter().filter(|part| part.link.xid.is_some()).map(set_of).collect();
    let in_flight = context.in_flight;
    let phases = TwoPhases {
        context,
        xid,
        record: in_flight.table.insert(&xid.gtrid, Decision::Commit, branches),
        calm: context.topology.watchdog.new_interrupt(),
        step_timeout: in_flight.options.commit_timeout,
    };
    let committing = in_flight.begin_commit(&xid.gtrid);
    let (ending, failure) = phases.drive(parts).await;
    drop(committing);
    let is_settled = matches!(ending, Ending::Committed { settled: true } | Ending::RolledBack { settled: true });
    if ending == (Ending::Committed { settled: true }) {
        in_flight.settle(&xid.decider, &xid.gtrid);
    }
    if !is_settled {
        tracing::warn!(transaction = %xid.gtrid, ?ending, "a distributed commit is left to recovery");
        in_flight.wanted.notify_one();
    }
    match ending {
        Ending::Committed { .. } => Ok(()),
        Ending::RolledBack { .. } => Err(failure
            .map_or_else(|| Failure::RolledBack("another ShardGate took it for abandoned".to_owned()), rolled_back)),
        Ending::Unknown => Err(Failure::OutcomeUnknown(format!(
            "transaction {}: replica set {} does not answer; it is ended as decided there as soon as it does",
            xid.gtrid, xid.decider
        ))),
    }
}

/// What a client is told when nothing was kept: as if a statement had met the same.
fn rolled_back(failure: Failure) -> Failure {
    match failure {
        // XA_RBDEADLOCK, XA_RBTIMEOUT.
        Failure::Server { code, .. } if code.number == 1614 => Failure::Server {
            code: codes::LOCK_DEADLOCK,
            message: "Deadlock found when trying to get lock; try restarting transaction".to_owned(),
        },
        // The decision's row was there: an abort that recovery has claimed.
        Failure::Server { code: ErrorCode { number: 1062, .. }, .. } => {
            Failure::RolledBack("another ShardGate took it for abandoned".to_owned())
        }
        Failure::Server { code, message } => Failure::RolledBack(format!("error {}: {message}", code.number)),
        other => Failure::RolledBack(other.to_string()),
    }
}

impl TwoPhases<'_> {
    /// Does what the coordinator says until it has ended; also the first failure on the way.
    async fn drive(&self, parts: &mut [Part]) -> (Ending, Option<Failure>) {
        let roles: Vec<Role> = parts.iter().map(role).collect();
        self.die_at(Place::BeforePrepare);
        let (mut coordinator, mut actions) = Coordinator::start(&roles);
        let mut first_failure = None;
        loop {
            if let Some(ending) = coordinator.ending() {
                self.leave(parts, &actions);
                return (ending, first_failure);
            }
            let (events, failure) = self.act(parts, &actions).await;
            first_failure = first_failure.or(failure);
            self.die_between(&actions);
            actions = events.into_iter().flat_map(|event| coordinator.on(event)).collect();
        }
    }

    /// Runs the actions, all at the same time.
    async fn act(&self, parts: &mut [Part], actions: &[Action]) -> (Vec<Event>, Option<Failure>) {
        self.leave(parts, actions);
        if actions.contains(&Action::Ask) {
            return (vec![Event::Asked(self.ask().await)], None);
        }
        let steps = parts.iter_mut().enumerate().filter_map(|(at, part)| {
            let action = actions.iter().find(|action| participant(**action) == Some(at))?;
            Some(self.step(at, *action, &mut part.link))
        });
        let mut failure = None;
        let mut events = Vec::new();
        for (at, done) in all(steps.collect()).await {
            events.push(Event::Replied(at, reply(&done)));
            failure = failure.or(done.err());
        }
        (events, failure)
    }

    async fn step(&self, at: usize, action: Action, link: &mut Link) -> (usize, Result<(), Failure>) {
        let done = match tokio::time::timeout(self.step_timeout, self.tell(action, link)).await {
            Ok(done) => done,
            Err(_) => Err(Failure::Backend(Error::Lost {
                server: link.lease.server().to_owned(),
                source: std::io::ErrorKind::TimedOut.into(),
            })),
        };
        if reply(&done) == Reply::Lost {
            abandon(link);
        }
        match action {
            Action::Prepare(_) => self.die_at(Place::BetweenPrepares),
            Action::Commit(_) => self.die_at(Place::BetweenCommits),
            _ => {}
        }
        (at, done)
    }

    async fn tell(&self, action: Action, link: &mut Link) -> Result<(), Failure> {
        let calm = &*self.calm;
        match (action, link.xid.as_ref().map(Xid::sql)) {
            (Action::Record(_), _) => run(link, &self.record, calm).await,
            (Action::Prepare(_), Some(xid)) => {
                run(link, &format!("XA END {xid}"), calm).await?;
                run(link, &format!("XA PREPARE {xid}"), calm).await
            }
            (Action::Commit(_), Some(xid)) => run(link, &format!("XA COMMIT {xid}"), calm).await,
            (Action::Release(_), _) => end_at_once(link, calm).await,
            (Action::RollBack(_), _) => roll_back_one(link, calm).await,
            (Action::Decide(_), _) => self.decide(link).await,
            (Action::Prepare(_) | Action::Commit(_) | Action::Ask | Action::Leave(_), _) => Ok(()),
        }
    }

    /// COMMIT on the decider.
    async fn decide(&self, link: &mut Link) -> Result<(), Failure> {
        let mut framed = Vec::new();
        packet::write_packet(&mut framed, &mut 0, b"\x03COMMIT");
        link.lease.send(&framed, &mut Watch { interrupt: &self.calm, client: None }).await?;
        self.die_at(Place::WhileDeciding);
        judged(&link.lease.collect(AnswerKind::Query, Some(&self.calm)).await?)
    }

    /// The decision as the table has it, asked until there is an answer or no more time.
    async fn ask(&self) -> Option<Decision> {
        let Context { in_flight, topology, .. } = self.context;
        let asking = recovery::ask(topology, in_flight, self.xid);
        tokio::time::timeout(self.step_timeout, asking).await.ok()
    }

    fn leave(&self, parts: &mut [Part], actions: &[Action]) {
        for action in actions {
            if let Action::Leave(at) = action {
                abandon(&mut parts[*at].link);
            }
        }
    }

    fn die_between(&self, done: &[Action]) {
        let has = |wanted: fn(&Action) -> bool| done.iter().any(wanted);
        if has(|action| matches!(action, Action::Prepare(_))) {
            self.die_at(Place::AfterPrepare);
        }
        if has(|action| matches!(action, Action::Decide(_))) {
            self.die_at(Place::AfterDecision);
        }
        if has(|action| matches!(action, Action::Commit(_))) {
            self.die_at(Place::AfterCommit);
        }
    }

    fn die_at(&self, place: Place) {
        recovery::die_at(self.context.in_flight, place);
    }
}

fn role(part: &Part) -> Role {
    match (&part.link.xid, part.wrote) {
        (None, _) => Role::Decider,
        (Some(_), true) => Role::Branch,
        (Some(_), false) => Role::Reader,
    }
}

fn participant(action: Action) -> Option<usize> {
    match action {
        Action::Record(at)
        | Action::Prepare(at)
        | Action::Release(at)
        | Action::Decide(at)
        | Action::Commit(at)
        | Action::RollBack(at) => Some(at),
        Action::Ask | Action::Leave(_) => None,
    }
}

fn reply(done: &Result<(), Failure>) -> Reply {
    match done {
        Ok(()) => Reply::Done,
        Err(Failure::Server { .. }) => Reply::Refused,
        Err(_) => Reply::Lost,
    }
}
