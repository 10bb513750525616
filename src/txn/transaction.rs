//! The state of one session's transaction. Plain values: `exec` sends what this says.

use smallvec::SmallVec;

use crate::sharding::{ShardId, ShardSet};

/// Isolation levels, as `SET TRANSACTION` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    ReadUncommitted,
    ReadCommitted,
    RepeatableRead,
    Serializable,
}

impl Isolation {
    /// The words of `SET TRANSACTION ISOLATION LEVEL`.
    pub fn sql(self) -> &'static str {
        match self {
            Isolation::ReadUncommitted => "READ UNCOMMITTED",
            Isolation::ReadCommitted => "READ COMMITTED",
            Isolation::RepeatableRead => "REPEATABLE READ",
            Isolation::Serializable => "SERIALIZABLE",
        }
    }

    /// The value of the system variable, as an SQL literal.
    pub fn variable_value(self) -> &'static str {
        match self {
            Isolation::ReadUncommitted => "'READ-UNCOMMITTED'",
            Isolation::ReadCommitted => "'READ-COMMITTED'",
            Isolation::RepeatableRead => "'REPEATABLE-READ'",
            Isolation::Serializable => "'SERIALIZABLE'",
        }
    }
}

/// How a transaction runs; `None` leaves it to the session's variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Characteristics {
    pub isolation: Option<Isolation>,
    pub read_only: Option<bool>,
    pub consistent_snapshot: bool,
}

impl Characteristics {
    /// What begins such a transaction on one server.
    fn statements(self) -> Vec<String> {
        let mut statements = Vec::new();
        if let Some(isolation) = self.isolation {
            statements.push(format!("SET TRANSACTION ISOLATION LEVEL {}", isolation.sql()));
        }
        let mut words = Vec::new();
        if self.consistent_snapshot {
            words.push("WITH CONSISTENT SNAPSHOT");
        }
        match self.read_only {
            Some(true) => words.push("READ ONLY"),
            Some(false) => words.push("READ WRITE"),
            None => {}
        }
        statements.push(format!("START TRANSACTION {}", words.join(", ")).trim_end().to_owned());
        statements
    }

    /// What makes the next statement alone run so: `SET TRANSACTION`.
    pub fn for_one_statement(self) -> Vec<String> {
        let level = self.isolation.map(|level| format!("SET TRANSACTION ISOLATION LEVEL {}", level.sql()));
        let mode = self.read_only.map(|only| format!("SET TRANSACTION READ {}", if only { "ONLY" } else { "WRITE" }));
        level.into_iter().chain(mode).collect()
    }
}

/// One shard's part in the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Branch {
    pub shard: ShardId,
    pub wrote: bool,
}

/// A statement that the transaction cannot take in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the transaction has written on another shard, and writing on several is not supported yet")]
    SecondShardWritten { first: ShardId, second: ShardId },
    #[error("writing on several shards inside a transaction is not supported yet")]
    SeveralShardsWritten,
}

/// The transaction of one session: none, or one that was begun, with the branches it has so far.
#[derive(Debug, Default)]
pub struct Transaction {
    begun: Option<Characteristics>,
    branches: SmallVec<[Branch; 2]>,
    savepoints: Vec<String>,
    /// What `SET TRANSACTION` (without SESSION) asked for: holds for the next transaction only.
    next: Characteristics,
    /// A server went away with part of it: it is rolled back, and the client must acknowledge that.
    lost: bool,
}

impl Transaction {
    /// The transaction was rolled back because a server was lost; only ROLLBACK and COMMIT (which fails) end it.
    pub fn mark_lost(&mut self) {
        self.lost = true;
    }

    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// True between BEGIN and its end, and under autocommit=0 once a shard takes part.
    pub fn is_open(&self) -> bool {
        self.begun.is_some() || !self.branches.is_empty() || self.lost
    }

    /// True when BEGIN or START TRANSACTION opened it: every shard must be told so.
    pub fn was_begun(&self) -> bool {
        self.begun.is_some()
    }

    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    pub fn has_branch(&self, shard: ShardId) -> bool {
        self.branches.iter().any(|branch| branch.shard == shard)
    }

    /// BEGIN; the caller has ended the transaction before.
    pub fn begin(&mut self, mut characteristics: Characteristics) {
        let next = std::mem::take(&mut self.next);
        characteristics.isolation = characteristics.isolation.or(next.isolation);
        characteristics.read_only = characteristics.read_only.or(next.read_only);
        self.begun = Some(characteristics);
    }

    /// `SET TRANSACTION ...` for the next transaction.
    pub fn set_next(&mut self, isolation: Option<Isolation>, read_only: Option<bool>) {
        self.next.isolation = isolation.or(self.next.isolation);
        self.next.read_only = read_only.or(self.next.read_only);
    }

    /// What `SET TRANSACTION` left for a statement that is a transaction by itself.
    pub fn next(&self) -> Characteristics {
        self.next
    }

    /// A transaction has used it up.
    pub fn take_next(&mut self) -> Characteristics {
        std::mem::take(&mut self.next)
    }

    pub fn has_next(&self) -> bool {
        self.next != Characteristics::default()
    }

    pub fn is_read_only(&self) -> bool {
        self.begun.is_some_and(|c| c.read_only == Some(true))
    }

    /// Whether a statement that touches `shards` may run in this transaction. Nothing has been sent yet.
    pub fn admit(&self, shards: &ShardSet, writes: bool) -> Result<(), Refusal> {
        if !writes {
            return Ok(());
        }
        if shards.len() > 1 {
            return Err(Refusal::SeveralShardsWritten);
        }
        let second = self.branches.iter().find(|branch| branch.wrote && !shards.contains(branch.shard));
        match (second, shards.first()) {
            (Some(written), Some(second)) => Err(Refusal::SecondShardWritten { first: written.shard, second }),
            _ => Ok(()),
        }
    }

    /// What a shard must be told, in this order, before its first statement in the transaction.
    pub fn opening(&self) -> Vec<String> {
        // Under autocommit=0 the first statement begins it, be it a SAVEPOINT.
        let mut statements = self.begun.map(|begun| begun.statements()).unwrap_or_default();
        statements.extend(self.savepoints.iter().map(|name| format!("SAVEPOINT {}", quoted(name))));
        statements
    }

    /// The shard has its transaction open now.
    pub fn enlist(&mut self, shard: ShardId) {
        if !self.has_branch(shard) {
            self.branches.push(Branch { shard, wrote: false });
        }
    }

    /// A statement that may write is about to run on the shard.
    pub fn note_write(&mut self, shard: ShardId) {
        for branch in self.branches.iter_mut().filter(|branch| branch.shard == shard) {
            branch.wrote = true;
        }
    }

    /// The shard has no open transaction any more (its server said so, or its connection is gone).
    pub fn forget(&mut self, shard: ShardId) {
        self.branches.retain(|branch| branch.shard != shard);
    }

    /// Committed or rolled back.
    pub fn end(&mut self) {
        self.begun = None;
        self.lost = false;
        self.branches.clear();
        self.savepoints.clear();
    }

    /// `AND CHAIN`: the next transaction runs as this one did.
    pub fn characteristics(&self) -> Characteristics {
        let kept = self.begun.unwrap_or_default();
        Characteristics { consistent_snapshot: false, ..kept }
    }

    /// A savepoint of the same name is replaced, as on one server. Names compare without case.
    pub fn set_savepoint(&mut self, name: &str) {
        self.savepoints.retain(|known| !known.eq_ignore_ascii_case(name));
        self.savepoints.push(name.to_owned());
    }

    pub fn has_savepoint(&self, name: &str) -> bool {
        self.savepoints.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// ROLLBACK TO keeps the savepoint and drops the later ones.
    pub fn roll_back_to(&mut self, name: &str) {
        if let Some(at) = self.savepoints.iter().position(|known| known.eq_ignore_ascii_case(name)) {
            self.savepoints.truncate(at + 1);
        }
    }

    /// RELEASE drops the savepoint and the later ones.
    pub fn release(&mut self, name: &str) {
        if let Some(at) = self.savepoints.iter().position(|known| known.eq_ignore_ascii_case(name)) {
            self.savepoints.truncate(at);
        }
    }
}

/// An identifier in backticks.
pub fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ids: &[u16]) -> ShardSet {
        ids.iter().map(|id| ShardId(*id)).collect()
    }

    #[test]
    fn a_second_written_shard_is_refused_and_a_second_read_one_is_not() {
        let mut transaction = Transaction::default();
        transaction.begin(Characteristics::default());
        transaction.enlist(ShardId(0));
        transaction.note_write(ShardId(0));
        assert_eq!(transaction.admit(&set(&[1]), false), Ok(()));
        assert_eq!(transaction.admit(&set(&[0]), true), Ok(()));
        let refusal = Refusal::SecondShardWritten { first: ShardId(0), second: ShardId(1) };
        assert_eq!(transaction.admit(&set(&[1]), true), Err(refusal));
        assert_eq!(transaction.admit(&set(&[0, 1]), true), Err(Refusal::SeveralShardsWritten));
    }

    #[test]
    fn a_late_shard_learns_level_mode_and_savepoints() {
        let mut transaction = Transaction::default();
        transaction.set_next(Some(Isolation::Serializable), None);
        transaction.begin(Characteristics { read_only: Some(true), ..Characteristics::default() });
        transaction.set_savepoint("a");
        transaction.set_savepoint("b`c");
        assert_eq!(
            transaction.opening(),
            [
                "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                "START TRANSACTION READ ONLY",
                "SAVEPOINT `a`",
                "SAVEPOINT `b``c`"
            ]
        );
        assert!(!transaction.has_next());
    }

    #[test]
    fn savepoints_end_as_on_one_server() {
        let mut transaction = Transaction::default();
        transaction.begin(Characteristics::default());
        ["a", "b", "c"].iter().for_each(|name| transaction.set_savepoint(name));
        transaction.roll_back_to("B");
        assert!(transaction.has_savepoint("b") && !transaction.has_savepoint("c"));
        transaction.release("a");
        assert!(!transaction.has_savepoint("a") && !transaction.has_savepoint("b"));
    }
}
