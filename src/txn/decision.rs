//! The decision table: a row for each distributed transaction that was decided and is not settled everywhere yet.
//!
//! A commit's row is inserted in the decider's own transaction, so that its COMMIT is the decision. Whoever finds a
//! branch without a row claims an abort, by a row with the same primary key: while the decider's transaction is open that
//! waits, afterwards exactly one of the two rows is there. Rows that say "abort" outlive their branches for long: as long
//! as the owner might still try to insert the other.
//!
//! A branch that alone has written needs no decider: its row, with the outcome "alone", is part of its own transaction,
//! which then commits in one phase. A MariaDB server that writes a binary log prepares such a branch on the way, and can
//! show it as prepared, as if undecided, when it was killed behind its OK. Then the row is there to be read, uncommitted
//! as it is, and says that commit is what was asked for and the only thing that can have been acknowledged.

use data_encoding::HEXLOWER;

use super::transaction::quoted;
use super::xid::Gtrid;

/// What became of a distributed transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    Commit,
    Abort,
    /// Commit, decided by the only branch that wrote.
    Alone,
}

impl Decision {
    /// The value of the column `outcome`.
    pub fn word(self) -> &'static str {
        match self {
            Decision::Commit => "commit",
            Decision::Abort => "abort",
            Decision::Alone => "alone",
        }
    }

    /// `None` for a word that no ShardGate writes.
    pub fn parse(word: &[u8]) -> Option<Decision> {
        [Decision::Commit, Decision::Abort, Decision::Alone]
            .into_iter()
            .find(|decision| decision.word().as_bytes() == word)
    }
}

/// A row of the table, as ShardGate inserts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    gtrid: String,
    decision: Decision,
    participants: String,
}

impl Row {
    /// `participants`: the replica sets that have a branch. The row may go once none of them has one any more.
    pub fn new<'n>(gtrid: &Gtrid, decision: Decision, participants: impl IntoIterator<Item = &'n str>) -> Row {
        let mut names: Vec<&str> = participants.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        Row { gtrid: gtrid.to_string(), decision, participants: names.join("\n") }
    }

    /// The parameters of [`DecisionTable::insert_prepared`].
    pub fn values(&self) -> [&[u8]; 3] {
        [self.gtrid.as_bytes(), self.decision.word().as_bytes(), self.participants.as_bytes()]
    }
}

/// The statements about the table, which lies in a schema of its own on each primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionTable {
    /// In backticks.
    schema: String,
}

impl std::fmt::Display for DecisionTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

/// Rows that one DELETE takes away, or one SELECT looks at.
pub const BATCH: usize = 100;

impl DecisionTable {
    pub fn new(schema: &str) -> DecisionTable {
        DecisionTable { schema: quoted(schema) }
    }

    fn name(&self) -> String {
        format!("{}.txn_decision", self.schema)
    }

    pub fn create_schema(&self) -> String {
        format!("CREATE DATABASE IF NOT EXISTS {}", self.schema)
    }

    pub fn create(&self) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {} (gtrid VARBINARY(64) NOT NULL PRIMARY KEY, outcome VARBINARY(8) NOT NULL, \
             participants BLOB NOT NULL, connection BIGINT UNSIGNED NOT NULL, created TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) \
             ENGINE=InnoDB COMMENT='Distributed transactions of ShardGate'",
            self.name()
        )
    }

    /// Makes the table of an earlier version usable: it had no `connection`.
    pub fn upgrade(&self) -> String {
        format!(
            "ALTER TABLE {} ADD COLUMN connection BIGINT UNSIGNED NOT NULL DEFAULT 0 AFTER participants",
            self.name()
        )
    }

    /// Fails where the table cannot be used; also what opens a consistent snapshot in an XA branch, since XA START has no
    /// words for that.
    pub fn probe(&self) -> String {
        format!("SELECT outcome, connection FROM {} LIMIT 1", self.name())
    }

    pub fn insert(&self, row: &Row) -> String {
        let [gtrid, decision, participants] = row.values().map(hexadecimal);
        self.insert_values(&format!("{gtrid}, {decision}, {participants}"))
    }

    /// The same with the row's values as parameters.
    pub fn insert_prepared(&self) -> String {
        self.insert_values("?, ?, ?")
    }

    fn insert_values(&self, values: &str) -> String {
        let name = self.name();
        format!("INSERT INTO {name} (gtrid, outcome, participants, connection) VALUES ({values}, CONNECTION_ID())")
    }

    /// One row with the outcome, or none.
    pub fn select(&self, gtrid: &Gtrid) -> String {
        format!("SELECT outcome FROM {} WHERE gtrid = {}", self.name(), hexadecimal(gtrid.to_string().as_bytes()))
    }

    /// One row with the outcome, and the connection that inserted it, or none. Under READ UNCOMMITTED also a row that is
    /// not committed, of a transaction that is open or prepared.
    pub fn select_with_connection(&self, gtrid: &Gtrid) -> String {
        format!(
            "SELECT outcome, connection FROM {} WHERE gtrid = {}",
            self.name(),
            hexadecimal(gtrid.to_string().as_bytes())
        )
    }

    /// Rows that should have gone: gtrid, age in seconds, participants. Oldest first. There is no index for it: each
    /// commit would pay for that, and the table is small, since rows go soon.
    pub fn select_old(&self, commit_seconds: u64, abort_seconds: u64) -> String {
        format!(
            "SELECT gtrid, TIMESTAMPDIFF(SECOND, created, NOW()), participants FROM {} WHERE created < NOW() - INTERVAL \
             {commit_seconds} SECOND AND (outcome <> 'abort' OR created < NOW() - INTERVAL {abort_seconds} SECOND) \
             ORDER BY created LIMIT {BATCH}",
            self.name()
        )
    }

    /// At most `BATCH` at once. Looked up one by one: a scan, which the servers prefer for `gtrid IN (...)` on a small
    /// table, would wait for commits under way and hold up others.
    pub fn delete(&self, gtrids: &[Gtrid]) -> String {
        let row = |gtrid: &Gtrid| format!("SELECT {} AS gtrid", hexadecimal(gtrid.to_string().as_bytes()));
        let rows: Vec<_> = gtrids.iter().map(row).collect();
        // Not by an alias: that would be looked for in the connection's own schema, and it has none.
        let name = self.name();
        let rows = rows.join(" UNION ALL ");
        format!("DELETE {name} FROM ({rows}) AS done STRAIGHT_JOIN {name} ON {name}.gtrid = done.gtrid")
    }
}

/// The names in the column `participants`.
pub fn participants(column: &[u8]) -> impl Iterator<Item = &[u8]> {
    column.split(|byte| *byte == b'\n').filter(|name| !name.is_empty())
}

fn hexadecimal(text: &[u8]) -> String {
    format!("X'{}'", HEXLOWER.encode(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::xid::Owner;

    #[test]
    fn statements_hold_whatever_the_names_are() {
        let table = DecisionTable::new("shard`gate");
        let gtrid = Gtrid { owner: Owner::new("c", 1, 2), sequence: 3 };
        assert!(table.create().starts_with("CREATE TABLE IF NOT EXISTS `shard``gate`.txn_decision ("));
        assert_eq!(
            table.insert(&Row::new(&gtrid, Decision::Commit, ["b'", "a", "b'"])),
            "INSERT INTO `shard``gate`.txn_decision (gtrid, outcome, participants, connection) VALUES \
             (X'632e30303030303030312e30303030303030322e33', X'636f6d6d6974', X'610a6227', CONNECTION_ID())"
        );
        assert_eq!(
            table.delete(&[gtrid.clone(), gtrid]),
            "DELETE `shard``gate`.txn_decision FROM (SELECT X'632e30303030303030312e30303030303030322e33' AS gtrid UNION ALL SELECT \
             X'632e30303030303030312e30303030303030322e33' AS gtrid) AS done STRAIGHT_JOIN \
             `shard``gate`.txn_decision ON `shard``gate`.txn_decision.gtrid = done.gtrid"
        );
    }

    #[test]
    fn participants_read_back() {
        assert_eq!(participants(b"a\nb").collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!(participants(b"").count(), 0);
    }
}
