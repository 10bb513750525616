//! Two-phase commit as a state machine: events in, actions out; no sockets and no clock. A transaction of which only
//! the plain part wrote commits in one phase and never gets here.
//!
//! The decider is the shard whose part is a plain local transaction, or the branch that alone wrote. The decision is a row inserted in that transaction,
//! so its COMMIT is what decides, and no branch is told to commit before it is known that it succeeded. After a crash
//! `recovery` asks the decider: row there -> commit; no row -> claim an abort. The table is always asked where the answer
//! to that COMMIT is missing or an error, since an error does not prove that nothing was kept.
//!
//! Tested by `model`: all orders of success, failure, loss and crash, with recovery running at the same time.

use super::decision::Decision;

/// What a shard does in the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A plain local transaction, which takes the decision's row, or the only part that wrote. There is exactly one.
    Decider,
    /// An XA branch that wrote.
    Branch,
    /// Wrote nothing, but may have locked what it read: it is let go last, so that nobody who waits for those locks finds
    /// the others' rows as they were before.
    Reader,
}

/// What must be done next; a participant is given by its place in the list of roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Insert the decision's row in the decider's transaction.
    Record(usize),
    /// XA END and XA PREPARE.
    Prepare(usize),
    /// See whether a reader still has its locks: XA END, or any statement.
    Hold(usize),
    /// Commit a reader, which wrote nothing.
    Release(usize),
    /// COMMIT on the decider, in one phase if that is a branch.
    Decide(usize),
    /// Ask the decision table over another connection, and claim an abort if there is no row.
    Ask,
    /// XA COMMIT.
    Commit(usize),
    /// Roll back, whatever state it is in, on its own connection.
    RollBack(usize),
    /// Close its connection: what is prepared there is recovery's to end.
    Leave(usize),
}

/// How an action on a participant ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    Done,
    /// The server answered with an error; the connection goes on.
    Refused,
    /// There was no answer: it may have been done or not, now or later. The connection is closed.
    Lost,
}

/// What the driver reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    Replied(usize, Reply),
    /// The answer to `Ask`; `None`: there was none in time.
    Asked(Option<Decision>),
}

/// How the transaction ended, as far as it is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Durably. `settled`: all branches have confirmed, so the decision's row may go; otherwise recovery goes on.
    Committed { settled: bool },
    /// `settled`: nothing is left prepared; otherwise recovery rolls it back.
    RolledBack { settled: bool },
    /// The decider does not answer. Recovery ends the branches as soon as it does.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Preparing,
    Deciding,
    /// COMMIT was refused: the decider's transaction must be out of the way before the table is asked.
    Clearing,
    Asking,
    Committing,
    /// The readers are let go; `settled` as in [`Ending::Committed`].
    Releasing {
        settled: bool,
    },
    RollingBack,
    Ended(Ending),
}

/// A participant, and what is awaited from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Participant {
    role: Role,
    waits: bool,
    last: Reply,
}

/// One distributed commit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Coordinator {
    participants: Vec<Participant>,
    phase: Phase,
}

impl Coordinator {
    /// Begins: the actions may run at the same time. The longest come first.
    pub fn start(roles: &[Role]) -> (Coordinator, Vec<Action>) {
        let participants = roles.iter().map(|role| Participant { role: *role, waits: true, last: Reply::Done });
        let coordinator = Coordinator { participants: participants.collect(), phase: Phase::Preparing };
        let first = roles.iter().enumerate().map(|(at, role)| match role {
            Role::Decider => Action::Record(at),
            Role::Branch => Action::Prepare(at),
            Role::Reader => Action::Hold(at),
        });
        let mut actions: Vec<Action> = first.collect();
        // All wait for those that flush.
        actions.sort_by_key(|action| !matches!(action, Action::Prepare(_)));
        (coordinator, actions)
    }

    /// How it ended; `None` while actions are under way.
    pub fn ending(&self) -> Option<Ending> {
        match self.phase {
            Phase::Ended(ending) => Some(ending),
            _ => None,
        }
    }

    /// Takes what happened and says what to do now.
    pub fn on(&mut self, event: Event) -> Vec<Action> {
        match event {
            Event::Replied(at, reply) => {
                self.participants[at].waits = false;
                self.participants[at].last = reply;
                // All are awaited: nothing can be sent on a connection in the middle of an answer.
                if self.participants.iter().any(|participant| participant.waits) {
                    return Vec::new();
                }
                self.all_replied()
            }
            Event::Asked(decision) => self.asked(decision),
        }
    }

    fn all_replied(&mut self) -> Vec<Action> {
        match self.phase {
            Phase::Preparing if self.all_done() => {
                self.phase = Phase::Deciding;
                self.tell(|role| role == Role::Decider, Action::Decide)
            }
            Phase::Preparing => self.roll_back(),
            Phase::Deciding if self.all_done() => self.commit(),
            Phase::Deciding if self.participants.iter().any(|participant| participant.last == Reply::Refused) => {
                self.phase = Phase::Clearing;
                self.tell(|role| role == Role::Decider, Action::RollBack)
            }
            Phase::Deciding | Phase::Clearing => {
                self.phase = Phase::Asking;
                vec![Action::Ask]
            }
            Phase::Committing => self.release(),
            Phase::Releasing { settled } => self.end(Ending::Committed { settled }),
            Phase::RollingBack => self.end(Ending::RolledBack { settled: self.all_done() }),
            Phase::Asking | Phase::Ended(_) => Vec::new(),
        }
    }

    fn asked(&mut self, decision: Option<Decision>) -> Vec<Action> {
        if self.phase != Phase::Asking {
            return Vec::new();
        }
        match decision {
            Some(Decision::Commit | Decision::Alone) => self.commit(),
            Some(Decision::Abort) => self.roll_back(),
            None => {
                self.phase = Phase::Ended(Ending::Unknown);
                let all = 0..self.participants.len();
                all.map(Action::Leave).collect()
            }
        }
    }

    fn commit(&mut self) -> Vec<Action> {
        self.phase = Phase::Committing;
        self.participants.iter_mut().for_each(|participant| participant.last = Reply::Done);
        let actions = self.tell(|role| role == Role::Branch, Action::Commit);
        if actions.is_empty() { self.all_replied() } else { actions }
    }

    /// Whether a reader that is lost now was let go before makes no difference.
    fn release(&mut self) -> Vec<Action> {
        self.phase = Phase::Releasing { settled: self.all_done() };
        let actions = self.tell(|role| role == Role::Reader, Action::Release);
        if actions.is_empty() { self.all_replied() } else { actions }
    }

    /// Those whose connection is lost cannot be told. Only a branch may be prepared all the same; of the others the
    /// server rolls back what was not committed.
    fn roll_back(&mut self) -> Vec<Action> {
        self.phase = Phase::RollingBack;
        let mut actions = Vec::new();
        for (at, participant) in self.participants.iter_mut().enumerate() {
            match participant.last {
                Reply::Lost => actions.push(Action::Leave(at)),
                Reply::Done | Reply::Refused => {
                    participant.waits = true;
                    actions.push(Action::RollBack(at));
                }
            }
            if participant.role != Role::Branch {
                participant.last = Reply::Done;
            }
        }
        if self.participants.iter().all(|participant| !participant.waits) {
            return [actions, self.all_replied()].concat();
        }
        actions
    }

    fn tell(&mut self, whom: impl Fn(Role) -> bool, action: impl Fn(usize) -> Action) -> Vec<Action> {
        let mut actions = Vec::new();
        for (at, participant) in self.participants.iter_mut().enumerate().filter(|(_, p)| whom(p.role)) {
            participant.waits = true;
            actions.push(action(at));
        }
        actions
    }

    fn all_done(&self) -> bool {
        self.participants.iter().all(|participant| participant.last == Reply::Done)
    }

    fn end(&mut self, ending: Ending) -> Vec<Action> {
        self.phase = Phase::Ended(ending);
        Vec::new()
    }
}
