//! A model checker for the commit protocol: the coordinator and recovery among servers that do what they are told, refuse
//! it, do it without an answer, or never hear of it; the coordinator may die at any moment. Every order is tried.
//!
//! What is held: no branch commits unless the decision is durable; none is lost once it is; what the client was told is
//! what happened; and when nothing more can happen, nothing is half committed and nothing is in doubt.

use std::collections::HashSet;

use super::coordinator::{Action, Coordinator, Ending, Event, Reply, Role};
use super::decision::Decision;
use super::recovery::{Step, ending_of};

/// A participant's part on its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    Active,
    /// The decider, with the decision's row in its open transaction.
    Recorded,
    Prepared,
    Committed,
    /// Rolled back, by order or because the connection or the server went.
    Gone,
}

/// Everything there is at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    roles: Vec<Role>,
    parts: Vec<Part>,
    /// Whether the coordinator's connection to it is open.
    connected: Vec<bool>,
    row: Option<Decision>,
    /// The decision was ever durable: rows go in the end.
    decided: bool,
    coordinator: Option<Coordinator>,
    /// Sent, and not executed yet.
    sent: Vec<Action>,
    /// What recovery has learned of the decision, by branch.
    learned: Vec<Option<Decision>>,
    told: Option<Ending>,
    /// The decider is a branch that commits in one phase, on a server that may show it as prepared after a crash.
    alone: bool,
}

impl World {
    fn new(roles: &[Role]) -> World {
        let (coordinator, sent) = Coordinator::start(roles);
        World {
            roles: roles.to_vec(),
            parts: vec![Part::Active; roles.len()],
            connected: vec![true; roles.len()],
            row: None,
            decided: false,
            coordinator: Some(coordinator),
            sent,
            learned: vec![None; roles.len()],
            told: None,
            alone: !roles.contains(&Role::Branch),
        }
    }

    fn check(&self) {
        for (part, role) in self.parts.iter().zip(&self.roles) {
            assert!(
                *part != Part::Committed || *role == Role::Reader || self.decided,
                "undecided, committed: {self:#?}"
            );
            assert!(*part != Part::Gone || *role == Role::Reader || !self.decided, "decided, gone: {self:#?}");
        }
        let changes = |action: &Action| !matches!(action, Action::Release(_) | Action::Leave(_));
        let lets_go = self.sent.iter().any(|action| matches!(action, Action::Release(_)));
        assert!(!lets_go || !self.sent.iter().any(changes), "locks are released before the end: {self:#?}");
        match self.told {
            Some(Ending::Committed { settled }) => {
                assert!(self.decided, "acknowledged, not decided: {self:#?}");
                let is_in_doubt = self.parts.contains(&Part::Prepared) && !self.alone;
                assert!(!settled || !is_in_doubt, "settled, in doubt: {self:#?}");
            }
            Some(Ending::RolledBack { settled }) => {
                assert!(!self.decided, "denied, decided: {self:#?}");
                assert!(!settled || !self.parts.contains(&Part::Prepared), "settled, in doubt: {self:#?}");
            }
            Some(Ending::Unknown) | None => {}
        }
    }

    /// When nothing more can happen.
    fn check_end(&self) {
        assert!(self.coordinator.is_none() || self.told.is_some(), "the coordinator waits for ever: {self:#?}");
        let wanted = if self.decided { Part::Committed } else { Part::Gone };
        for (part, role) in self.parts.iter().zip(&self.roles) {
            assert!(*role == Role::Reader || *part == wanted, "not as decided in the end: {self:#?}");
        }
    }

    fn decider(&self) -> usize {
        self.roles.iter().position(|role| *role == Role::Decider).unwrap_or_default()
    }

    /// The decider's transaction, open or prepared, holds the lock on the row's key.
    fn is_locked(&self) -> bool {
        matches!(self.parts[self.decider()], Part::Recorded | Part::Prepared)
    }

    fn successors(&self) -> Vec<World> {
        let mut all = Vec::new();
        for index in 0..self.sent.len() {
            all.extend(self.executed(index));
        }
        for at in 0..self.parts.len() {
            all.extend(self.disconnected(at));
            if self.parts[at] == Part::Prepared {
                all.extend(self.learns(at));
                all.extend(self.recovered(at));
            }
        }
        all.extend(self.crashed());
        all.extend(self.forgets());
        all.extend(self.revived());
        all
    }

    /// One of the commands that are under way reaches its server, or not.
    fn executed(&self, index: usize) -> Vec<World> {
        let mut taken = self.clone();
        let action = taken.sent.remove(index);
        let at = match action {
            Action::Ask => return taken.asked(),
            Action::Leave(at) => {
                taken.disconnect(at);
                return vec![taken];
            }
            Action::Record(at)
            | Action::Prepare(at)
            | Action::Hold(at)
            | Action::Release(at)
            | Action::Decide(at)
            | Action::Commit(at)
            | Action::RollBack(at) => at,
        };
        let mut all = Vec::new();
        if taken.connected[at] {
            if let Some(done) = taken.does(action, at) {
                all.push(done.clone().replies(at, Reply::Done));
                let done_all_the_same = done.clone();
                let mut unheard = done;
                unheard.disconnect(at);
                all.push(unheard.replies(at, Reply::Lost));
                if action == Action::Decide(at) {
                    // An error that comes after the engine has committed.
                    all.push(done_all_the_same.replies(at, Reply::Refused));
                }
            }
            if let Some(refused) = taken.refuses(action, at) {
                all.push(refused.replies(at, Reply::Refused));
            }
        }
        taken.disconnect(at);
        all.push(taken.replies(at, Reply::Lost));
        all
    }

    /// `None` where the server must refuse.
    fn does(&self, action: Action, at: usize) -> Option<World> {
        let mut world = self.clone();
        world.parts[at] = match (action, self.parts[at]) {
            (Action::Record(_), Part::Active) if self.row.is_none() => Part::Recorded,
            (Action::Prepare(_), Part::Active) => Part::Prepared,
            (Action::Hold(_), Part::Active) => Part::Active,
            (Action::Release(_), Part::Active) => Part::Committed,
            (Action::Decide(_), Part::Recorded) => {
                world.decide();
                Part::Committed
            }
            (Action::Commit(_), Part::Prepared) => Part::Committed,
            (Action::RollBack(_), Part::Active | Part::Recorded | Part::Prepared) => Part::Gone,
            // ROLLBACK where nothing is open.
            (Action::RollBack(_), part @ (Part::Gone | Part::Committed)) if self.roles[at] != Role::Branch => part,
            _ => return None,
        };
        Some(world)
    }

    fn decide(&mut self) {
        self.row = Some(if self.alone { Decision::Alone } else { Decision::Commit });
        self.decided = true;
    }

    /// The server of a branch that commits in one phase dies, after it has prepared it and before that commit is on disk,
    /// whether or not it has answered. A row that was deleted since has made the commit before it durable.
    fn revived(&self) -> Option<World> {
        let at = self.decider();
        let is_committing = self.parts[at] == Part::Recorded && self.sent.contains(&Action::Decide(at));
        let has_committed = self.parts[at] == Part::Committed && self.row.is_some();
        let mut world = self.clone();
        world.disconnect(at);
        world.parts[at] = Part::Prepared;
        world.row = None;
        world.learned[at] = None;
        (self.alone && (is_committing || has_committed)).then_some(world)
    }

    /// An error and what it leaves behind.
    fn refuses(&self, action: Action, at: usize) -> Option<World> {
        let mut world = self.clone();
        match action {
            // The branch is rolled back, as after a deadlock; or the COMMIT failed.
            Action::Prepare(_) | Action::Decide(_) if world.parts[at] != Part::Committed => {
                world.parts[at] = Part::Gone
            }
            Action::RollBack(_) if self.does(action, at).is_some() => return None,
            _ => {}
        }
        Some(world)
    }

    /// The connection is gone: the server rolls back what is not prepared.
    fn disconnect(&mut self, at: usize) {
        self.connected[at] = false;
        if matches!(self.parts[at], Part::Active | Part::Recorded) {
            self.parts[at] = Part::Gone;
        }
    }

    fn replies(mut self, at: usize, reply: Reply) -> World {
        self.reports(Event::Replied(at, reply));
        self
    }

    fn reports(&mut self, event: Event) {
        // A coordinator that has died hears nothing.
        let Some(coordinator) = &mut self.coordinator else { return };
        self.sent.extend(coordinator.on(event));
        self.told = coordinator.ending();
        if self.told.is_some() {
            // What is left to be done needs no answer.
            self.coordinator = None;
        }
    }

    /// The coordinator asks the table over a connection of its own.
    fn asked(self) -> Vec<World> {
        let mut unanswered = self.clone();
        unanswered.reports(Event::Asked(None));
        let mut all = vec![unanswered];
        let mut claimed = self;
        if let Some(decision) = claimed.claim() {
            let mut unheard = claimed.clone();
            unheard.reports(Event::Asked(None));
            all.push(unheard);
            claimed.reports(Event::Asked(Some(decision)));
            all.push(claimed);
        }
        all
    }

    /// The row that is there, or that of an abort put there; `None` while the decider's transaction holds the key.
    fn claim(&mut self) -> Option<Decision> {
        if self.row.is_none() && self.is_locked() {
            return None;
        }
        Some(*self.row.get_or_insert(Decision::Abort))
    }

    /// Recovery, by whichever ShardGate, even while the coordinator is alive.
    fn learns(&self, at: usize) -> Option<World> {
        let mut world = self.clone();
        // The row of a branch that decides alone is read as it is, not committed.
        let found = if self.roles[at] == Role::Decider { Some(Decision::Alone) } else { world.claim() };
        let decision = found.filter(|_| self.learned[at].is_none())?;
        world.learned[at] = Some(decision);
        Some(world)
    }

    fn recovered(&self, at: usize) -> Option<World> {
        let mut world = self.clone();
        world.parts[at] = match ending_of(self.learned[at]?) {
            Step::Commit => Part::Committed,
            Step::RollBack => Part::Gone,
        };
        if self.roles[at] == Role::Decider {
            world.decide();
        }
        Some(world)
    }

    /// A server, a network or a client's connection goes away.
    fn disconnected(&self, at: usize) -> Option<World> {
        let mut world = self.clone();
        world.disconnect(at);
        self.connected[at].then_some(world)
    }

    /// ShardGate is killed. What it has sent may still be executed.
    fn crashed(&self) -> Option<World> {
        let mut world = self.clone();
        world.coordinator.take().map(|_| world)
    }

    /// The decision's row goes: a commit's once no branch is prepared and the owner cannot ask any more, an abort's once
    /// nothing can come from the owner any more.
    fn forgets(&self) -> Option<World> {
        let owner_is_done = self.coordinator.is_none() && self.sent.is_empty();
        let may_go = match self.row? {
            Decision::Commit | Decision::Alone => self.coordinator.is_none() && !self.parts.contains(&Part::Prepared),
            Decision::Abort => owner_is_done && !self.parts.contains(&Part::Prepared),
        };
        let mut world = self.clone();
        world.row = None;
        may_go.then_some(world)
    }
}

/// Goes through every world that can come about; returns how many there are.
fn explore(roles: &[Role]) -> usize {
    let mut seen = HashSet::new();
    let mut open = vec![World::new(roles)];
    while let Some(world) = open.pop() {
        if !seen.insert(world.clone()) {
            continue;
        }
        world.check();
        let successors = world.successors();
        if successors.is_empty() {
            world.check_end();
        }
        open.extend(successors);
    }
    seen.len()
}

#[test]
fn two_shards_agree_whatever_happens() {
    let worlds = explore(&[Role::Decider, Role::Branch]);
    assert!(worlds > 100, "only {worlds}");
}

#[test]
fn three_shards_agree_whatever_happens() {
    let worlds = explore(&[Role::Decider, Role::Branch, Role::Branch]);
    assert!(worlds > 1000, "only {worlds}");
}

#[test]
fn a_reader_among_them_changes_nothing() {
    explore(&[Role::Decider, Role::Branch, Role::Reader]);
}

#[test]
fn a_branch_that_alone_wrote_needs_one_phase_only() {
    let worlds = explore(&[Role::Decider, Role::Reader]);
    assert!(worlds > 100, "only {worlds}");
    explore(&[Role::Reader, Role::Decider, Role::Reader]);
}

/// The checker finds what it is there for: recovery that takes no row for an abort without claiming it.
#[test]
#[should_panic(expected = "decided, gone")]
fn a_protocol_with_a_hole_is_caught() {
    let mut world = World::new(&[Role::Decider, Role::Branch]);
    for action in [Action::Record(0), Action::Prepare(1)] {
        let (Action::Record(at) | Action::Prepare(at)) = action else { return };
        world = world.does(action, at).map(|done| done.replies(at, Reply::Done)).expect("the server does it");
    }
    world.parts[1] = Part::Gone;
    world.does(Action::Decide(0), 0).expect("the server does it").check();
}
