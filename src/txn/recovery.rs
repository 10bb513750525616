//! What becomes of a prepared branch that XA RECOVER shows. Any ShardGate may end any branch of its cluster at any time:
//! the claim in the decision table keeps that from doing harm. Waiting for an owner that is alive only keeps it from
//! aborting what would soon have committed.

use std::time::Duration;

use super::decision::Decision;
use super::xid::Owner;

/// How a branch is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// XA COMMIT.
    Commit,
    /// XA ROLLBACK.
    RollBack,
}

/// The decision carried out on a branch.
pub fn ending_of(decision: Decision) -> Step {
    match decision {
        Decision::Commit | Decision::Alone => Step::Commit,
        Decision::Abort => Step::RollBack,
    }
}

/// What is known of a branch's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnerState {
    /// It is this process, which is committing the transaction.
    Committing,
    /// It is this process, which knows nothing of it any more: a connection was lost on the way.
    Forgotten,
    /// Another process, whose lock is held.
    Alive,
    /// Nobody holds its lock.
    Gone,
}

/// What to do with a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Of another cluster: it is counted, and never touched.
    Foreign,
    /// Leave it for now.
    Wait,
    /// Ask its decider, and end it.
    Resolve,
}

/// How long an owner must have been gone: one that has just started may not have its locks yet.
pub const GRACE: Duration = Duration::from_secs(1);

/// `seen`: how long ago this process saw the branch first.
pub fn judge(owner: &Owner, cluster: &str, state: OwnerState, seen: Duration, take_over_after: Duration) -> Verdict {
    if owner.cluster() != cluster {
        return Verdict::Foreign;
    }
    let is_due = match state {
        OwnerState::Committing => false,
        OwnerState::Forgotten => true,
        OwnerState::Alive => seen >= take_over_after,
        OwnerState::Gone => seen >= GRACE,
    };
    if is_due { Verdict::Resolve } else { Verdict::Wait }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_ended_when_nobody_else_will() {
        const MINUTE: Duration = Duration::from_secs(60);
        let ours = Owner::new("ours", 1, 2);
        let verdict = |state, seen| judge(&ours, "ours", state, seen, MINUTE);
        assert_eq!(verdict(OwnerState::Committing, 2 * MINUTE), Verdict::Wait);
        assert_eq!(verdict(OwnerState::Forgotten, Duration::ZERO), Verdict::Resolve);
        assert_eq!(verdict(OwnerState::Alive, MINUTE / 2), Verdict::Wait);
        assert_eq!(verdict(OwnerState::Alive, MINUTE), Verdict::Resolve);
        assert_eq!(verdict(OwnerState::Gone, Duration::ZERO), Verdict::Wait);
        assert_eq!(verdict(OwnerState::Gone, GRACE), Verdict::Resolve);
        assert_eq!(judge(&ours, "theirs", OwnerState::Gone, MINUTE, MINUTE), Verdict::Foreign);
    }
}
