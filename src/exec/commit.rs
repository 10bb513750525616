//! Ends transactions on the servers: in one phase where nothing but the plain transaction wrote, else as
//! `txn::coordinator` says, in two phases or, where a single branch wrote, in one that leaves its decision behind.
//!
//! A commit in two phases is not interrupted by KILL or a client that leaves: each step has a time-out of its own, and
//! what a lost connection leaves prepared is ended by `recovery`.

use std::sync::Arc;
use std::time::Duration;

use super::all::all;
use super::cancel;
use super::failure::Failure;
use super::links::Link;
use super::prepared::{self, Execution};
use super::recovery;
use crate::backend::answer::Answer;
use crate::backend::connection::Watch;
use crate::backend::error::Error;
use crate::backend::interrupt::Interrupt;
use crate::backend::topology::Topology;
use crate::sharding::Schema;
use crate::txn::coordinator::{Action, Coordinator, Ending, Event, Reply, Role};
use crate::txn::decision::{Decision, Row};
use crate::txn::in_flight::{Committing, InFlight, Place};
use crate::txn::visibility::Purpose;
use crate::txn::xid::{Gtrid, Xid};
use crate::wire::command;
use crate::wire::error_code::{self as codes, ErrorCode};
use crate::wire::packet;
use crate::wire::walker::AnswerKind;

/// Whatever the session's `completion_type` says: that is about the client's transaction, not about those of one server.
pub const COMMIT: &str = "COMMIT AND NO CHAIN NO RELEASE";
pub const ROLLBACK: &str = "ROLLBACK AND NO CHAIN NO RELEASE";

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
    let branch = parts.iter().filter(|part| part.wrote).find_map(|part| part.link.xid.clone());
    let done = match branch {
        Some(xid) => with_decision(parts, &xid, context).await,
        None => in_one_phase(parts, context).await,
    };
    for part in parts {
        part.link.xid = None;
        part.link.pins.transaction = false;
    }
    done
}

/// Readers keep their locks until the others have committed, so that nobody who waits for one finds rows as they were
/// before. If a reader is lost before that, so are its locks, and nothing is kept.
async fn in_one_phase(parts: &mut [Part], context: &Context<'_>) -> Result<(), Failure> {
    let interrupt = context.interrupt;
    if parts.iter().all(|part| !part.wrote) {
        return end_readers(parts, interrupt).await;
    }
    let held = all(readers(parts).map(|link| hold(link, interrupt)).collect()).await;
    let mut failure = held.into_iter().find_map(Result::err).map(nothing_kept);
    if failure.is_none() {
        let writers = parts.iter_mut().filter(|part| part.wrote);
        let ended = all(writers.map(|part| run(&mut part.link, COMMIT, interrupt)).collect()).await;
        failure = ended.into_iter().find_map(Result::err).map(|failure| match failure {
            Failure::Backend(error) => {
                error.log();
                Failure::OutcomeUnknown(error.to_string())
            }
            other => other,
        });
    }
    if let Some(failure) = failure {
        roll_back(parts.iter_mut().map(|part| &mut part.link).collect(), interrupt).await;
        return Err(failure);
    }
    let ended = all(readers(parts).map(|link| let_go(link, interrupt)).collect()).await;
    // Nothing of it was to be kept.
    readers(parts).zip(ended).filter(|(_, ended)| ended.is_err()).for_each(|(link, _)| abandon(link));
    Ok(())
}

/// Where there is nothing but readers. The client may have relied on what a lost one had locked.
async fn end_readers(parts: &mut [Part], interrupt: &Interrupt) -> Result<(), Failure> {
    let ending = parts.iter_mut().map(|part| async {
        if part.link.xid.is_some() {
            hold(&mut part.link, interrupt).await?;
        }
        let_go(&mut part.link, interrupt).await
    });
    let ended = all(ending.collect()).await;
    let Some(failure) = ended.into_iter().find_map(Result::err) else { return Ok(()) };
    roll_back(parts.iter_mut().map(|part| &mut part.link).collect(), interrupt).await;
    Err(nothing_kept(failure))
}

/// A reader that is lost before the end takes its locks, and so the transaction, with it.
fn nothing_kept(failure: Failure) -> Failure {
    match failure {
        Failure::Backend(error) => {
            error.log();
            Failure::RolledBack(error.to_string())
        }
        other => other,
    }
}

fn readers(parts: &mut [Part]) -> impl Iterator<Item = &mut Link> {
    parts.iter_mut().filter(|part| !part.wrote).map(|part| &mut part.link)
}

/// Fails where the transaction's locks are gone. It can only be ended afterwards.
async fn hold(link: &mut Link, interrupt: &Interrupt) -> Result<(), Failure> {
    match link.xid.as_ref().map(Xid::sql) {
        Some(xid) => run(link, &format!("XA END {xid}"), interrupt).await,
        None => run(link, "DO 0", interrupt).await,
    }
}

/// After [`hold`].
async fn let_go(link: &mut Link, interrupt: &Interrupt) -> Result<(), Failure> {
    match link.xid.as_ref().map(Xid::sql) {
        Some(xid) => run(link, &format!("XA COMMIT {xid} ONE PHASE"), interrupt).await,
        None => run(link, COMMIT, interrupt).await,
    }
}

async fn run(link: &mut Link, sql: &str, interrupt: &Interrupt) -> Result<(), Failure> {
    let answer = link.lease.query_patiently(sql, interrupt).await?;
    judged(&answer)
}

fn judged(answer: &Answer) -> Result<(), Failure> {
    answer.error().map_or(Ok(()), |error| Err(error.into()))
}

/// Of two statements of which the second is refused where the first is.
fn judged_both(answers: &[Answer; 2]) -> Result<(), Failure> {
    answers.iter().try_for_each(judged)
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
    let Some(xid) = link.xid.as_ref().map(Xid::sql) else { return run(link, ROLLBACK, interrupt).await };
    let both = [&*format!("XA END {xid}"), &*format!("XA ROLLBACK {xid}")];
    // XA END is refused where the branch is prepared, or was rolled back by its server: both are as good.
    let [_, rolled_back] = link.lease.end_in_two(both, interrupt).await?;
    judged(&rolled_back)
}

fn abandon(link: &mut Link) {
    if link.lease.is_busy() {
        cancel::kill_connection(&link.lease);
    }
    link.lease.spoil();
}

/// One commit with a row in the decision table.
struct Decided<'a> {
    context: &'a Context<'a>,
    gtrid: &'a Gtrid,
    /// Name of the replica set with the decision.
    decider: &'a str,
    row: Row,
    /// Not the session's: nobody ends this but the clock.
    calm: Arc<Interrupt>,
    step_timeout: Duration,
}

/// `xid`: one of the branches that wrote.
async fn with_decision(parts: &mut [Part], xid: &Xid, context: &Context<'_>) -> Result<(), Failure> {
    let set_of = |part: &Part| {
        let set = context.schema.shard(part.link.shard).replica_set;
        context.topology.set(set).options.name.as_str()
    };
    let is_alone = parts.iter().filter(|part| part.wrote).count() == 1;
    let (decision, decider) = match is_alone {
        true => (Decision::Alone, parts.iter().find(|part| part.wrote).map_or("", set_of)),
        false => (Decision::Commit, &*xid.decider),
    };
    let is_decided_apart = parts.iter().filter(|part| part.link.xid.is_none()).count() > 1;
    let roles: Vec<Role> = parts.iter().map(|part| role(part, is_alone, is_decided_apart)).collect();
    let deciders = parts.iter().zip(&roles).filter(|(_, role)| **role == Role::Decider);
    let deciding: Vec<&str> = deciders.map(|(part, _)| set_of(part)).collect();
    if deciding != [decider] {
        // Recovery would ask a replica set that knows nothing.
        roll_back(parts.iter_mut().map(|part| &mut part.link).collect(), context.interrupt).await;
        return Err(Failure::RolledBack(format!("no part of {} can decide on {decider}", xid.gtrid)));
    }
    let branches: Vec<&str> = parts.iter().filter(|part| part.link.xid.is_some()).map(set_of).collect();
    let in_flight = context.in_flight;
    let phases = Decided {
        context,
        gtrid: &xid.gtrid,
        decider,
        row: Row::new(&xid.gtrid, decision, branches),
        calm: context.topology.watchdog.new_interrupt(),
        step_timeout: in_flight.options.commit_timeout,
    };
    let committing = in_flight.begin_commit(&xid.gtrid, decision);
    let (ending, failure) = phases.drive(parts, &roles, &committing).await;
    drop(committing);
    phases.count(ending, is_alone);
    phases.conclude(ending, failure)
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
        Failure::Server { code: ErrorCode { number: 1062, .. }, .. } => taken_over(),
        Failure::Server { code, message } => Failure::RolledBack(format!("error {}: {message}", code.number)),
        Failure::Backend(_) => nothing_kept(failure),
        other => Failure::RolledBack(other.to_string()),
    }
}

fn taken_over() -> Failure {
    Failure::RolledBack("another ShardGate took it for abandoned".to_owned())
}

impl Decided<'_> {
    /// Does what the coordinator says until it has ended; also the first failure on the way.
    async fn drive(
        &self,
        parts: &mut [Part],
        roles: &[Role],
        committing: &Committing<'_>,
    ) -> (Ending, Option<Failure>) {
        self.die_at(Place::BeforePrepare);
        let (mut coordinator, mut actions) = Coordinator::start(roles);
        let mut first_failure = None;
        let mut pass = None;
        loop {
            if let Some(ending) = coordinator.ending() {
                drop(pass);
                self.leave(parts, &actions);
                return (ending, first_failure);
            }
            let has = |wanted: fn(&Action) -> bool| actions.iter().any(wanted);
            if has(|action| matches!(action, Action::Commit(_))) {
                committing.decided();
            }
            if has(|action| matches!(action, Action::Decide(_))) && roles.contains(&Role::Branch) {
                // From the decision on, the shards show what was written one after the other.
                pass = self.context.in_flight.enter(Purpose::Commit).await;
            }
            let (events, failure) = self.act(parts, &actions).await;
            first_failure = first_failure.or(failure);
            self.die_between(&actions);
            actions = events.into_iter().flat_map(|event| coordinator.on(event)).collect();
        }
    }

    fn count(&self, ending: Ending, is_alone: bool) {
        let counters = &self.context.in_flight.counters;
        match ending {
            Ending::Committed { .. } if is_alone => counters.committed_alone.increment(),
            Ending::Committed { .. } => counters.committed.increment(),
            Ending::RolledBack { .. } => counters.rolled_back.increment(),
            Ending::Unknown => counters.unknown.increment(),
        }
    }

    /// Leaves to recovery what is not settled; what the client is told.
    fn conclude(&self, ending: Ending, failure: Option<Failure>) -> Result<(), Failure> {
        let (in_flight, gtrid) = (self.context.in_flight, self.gtrid);
        let is_settled = matches!(ending, Ending::Committed { settled: true } | Ending::RolledBack { settled: true });
        if ending == (Ending::Committed { settled: true }) {
            in_flight.settle(self.decider, gtrid);
        }
        if !is_settled {
            in_flight.counters.unsettled.increment();
            tracing::warn!(transaction = %gtrid, ?ending, "a distributed commit is left to recovery");
            in_flight.wanted.notify_one();
        }
        match ending {
            Ending::Committed { .. } => Ok(()),
            Ending::RolledBack { .. } => Err(failure.map_or_else(taken_over, rolled_back)),
            Ending::Unknown => Err(Failure::OutcomeUnknown(format!(
                "transaction {gtrid}: replica set {} does not answer; it is ended as decided there as soon as it does",
                self.decider
            ))),
        }
    }

    /// Runs the actions, all at the same time; the first are sent first.
    async fn act(&self, parts: &mut [Part], actions: &[Action]) -> (Vec<Event>, Option<Failure>) {
        self.leave(parts, actions);
        if actions.contains(&Action::Ask) {
            return (vec![Event::Asked(self.ask().await)], None);
        }
        // A server that has answered before does not matter now, nor that it is down.
        self.calm.forget_servers();
        let mut links: Vec<Option<&mut Link>> = parts.iter_mut().map(|part| Some(&mut part.link)).collect();
        let steps = actions.iter().filter_map(|action| {
            let at = participant(*action)?;
            Some(self.step(at, *action, links[at].take()?))
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
                server: Arc::clone(link.lease.server()),
                source: std::io::ErrorKind::TimedOut.into(),
            })),
        };
        // Where the server has refused its end, the branch is still its connection's, which nobody else can use then.
        let ends = matches!(action, Action::Release(_) | Action::Commit(_) | Action::RollBack(_));
        if reply(&done) == Reply::Lost || done.is_err() && ends {
            abandon(link);
        }
        if done.is_err() && matches!(action, Action::Decide(_)) {
            // Its row in the decision table, which is asked for next, is locked as long as the connection lives.
            cancel::kill_connection(&link.lease);
            link.lease.spoil();
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
            (Action::Record(_), _) => self.record(link).await,
            (Action::Prepare(_), Some(xid)) => {
                let both = [&*format!("XA END {xid}"), &*format!("XA PREPARE {xid}")];
                judged_both(&link.lease.end_in_two(both, calm).await?)
            }
            (Action::Commit(_), Some(xid)) => run(link, &format!("XA COMMIT {xid}"), calm).await,
            (Action::Hold(_), _) => hold(link, calm).await,
            (Action::Release(_), _) => let_go(link, calm).await,
            (Action::RollBack(_), _) => roll_back_one(link, calm).await,
            (Action::Decide(_), _) => self.decide(link).await,
            (Action::Prepare(_) | Action::Commit(_) | Action::Ask | Action::Leave(_), _) => Ok(()),
        }
    }

    /// As a prepared statement, which takes the decider's server less time: its machine may be the one that prepares.
    async fn record(&self, link: &mut Link) -> Result<(), Failure> {
        let table = &self.context.in_flight.table;
        let (kinds, payload) = command::execute_with_bytes(&self.row.values());
        let text = table.insert_prepared().into_bytes();
        let execution = Execution { text, kinds, payload, long_data: Vec::new() };
        match prepared::execute_collected(&mut link.lease, &execution, &self.calm).await {
            Ok(answer) => judged(&answer),
            // The server has no room for more statements.
            Err(Failure::Server { code: codes::MAX_PREPARED_STMT_COUNT_REACHED, .. }) => {
                run(link, &table.insert(&self.row), &self.calm).await
            }
            Err(failure) => Err(failure),
        }
    }

    /// COMMIT on the decider.
    async fn decide(&self, link: &mut Link) -> Result<(), Failure> {
        let calm = &*self.calm;
        if let Some(xid) = link.xid.as_ref().map(Xid::sql) {
            let both = [&*format!("XA END {xid}"), &*format!("XA COMMIT {xid} ONE PHASE")];
            link.lease.send_two(both, calm).await?;
            self.die_at(Place::WhileDeciding);
            return judged_both(&link.lease.collect_two(calm).await?);
        }
        let mut framed = Vec::new();
        packet::write_packet(&mut framed, &mut 0, &[b"\x03", COMMIT.as_bytes()].concat());
        link.lease.send(&framed, &mut Watch { interrupt: calm, client: None }).await?;
        self.die_at(Place::WhileDeciding);
        judged(&link.lease.collect(AnswerKind::Query, Some(calm)).await?)
    }

    /// The decision as the table has it, asked until there is an answer or no more time.
    async fn ask(&self) -> Option<Decision> {
        let Context { in_flight, topology, .. } = self.context;
        let asking = recovery::ask(topology, in_flight, self.decider, self.gtrid);
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

/// `is_alone`: only one of all has written, and can decide for itself. `is_decided_apart`: the plain part only read, and
/// another transaction on its replica set decides.
fn role(part: &Part, is_alone: bool, is_decided_apart: bool) -> Role {
    match (&part.link.xid, part.wrote) {
        (_, true) if is_alone => Role::Decider,
        (_, false) if is_alone => Role::Reader,
        (None, false) if is_decided_apart => Role::Reader,
        (None, _) => Role::Decider,
        (Some(_), true) => Role::Branch,
        (Some(_), false) => Role::Reader,
    }
}

fn participant(action: Action) -> Option<usize> {
    match action {
        Action::Record(at)
        | Action::Prepare(at)
        | Action::Hold(at)
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
