//! The state of one session's transaction. Plain values: `exec` sends what this says.

use std::sync::Arc;

use smallvec::SmallVec;

use super::decision::DecisionTable;
use super::xid::{Gtrid, Names, Xid};
use crate::sharding::ShardId;

/// Isolation levels, as `SET TRANSACTION` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    ReadUncommitted,
    ReadCommitted,
    RepeatableRead,
    Serializable,
    #[default]
    /// The servers' own, which a session has that never said any.
    Global,
}

impl Isolation {
    const ALL: [Isolation; 4] = [Self::ReadUncommitted, Self::ReadCommitted, Self::RepeatableRead, Self::Serializable];

    /// Of a session whose system variable has this value, as `variable_value`; `None`: it was never set.
    pub fn of_variable(value: Option<&str>) -> Isolation {
        let is_said = |level: &Isolation| value.is_some_and(|value| level.variable_value().eq_ignore_ascii_case(value));
        Self::ALL.into_iter().find(is_said).unwrap_or(Self::Global)
    }

    /// What gives it to the next transaction of a connection. `variable`: what the server calls the system variable.
    fn for_next(self, variable: &str) -> String {
        let words = match self {
            Isolation::ReadUncommitted => "READ UNCOMMITTED",
            Isolation::ReadCommitted => "READ COMMITTED",
            Isolation::RepeatableRead => "REPEATABLE READ",
            Isolation::Serializable => "SERIALIZABLE",
            // With `@@` and no scope it is the next transaction's.
            Isolation::Global => return format!("SET @@{variable} = @@global.{variable}"),
        };
        format!("SET TRANSACTION ISOLATION LEVEL {words}")
    }

    /// The value of the system variable, as an SQL literal.
    pub fn variable_value(self) -> &'static str {
        match self {
            Isolation::ReadUncommitted => "'READ-UNCOMMITTED'",
            Isolation::ReadCommitted => "'READ-COMMITTED'",
            Isolation::RepeatableRead => "'REPEATABLE-READ'",
            Isolation::Serializable => "'SERIALIZABLE'",
            Isolation::Global => "DEFAULT",
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
    /// What begins such a transaction on one server, which calls the system variable of its level `variable`.
    fn statements(self, variable: &str) -> Vec<String> {
        let mut statements: Vec<String> = self.isolation.map(|level| level.for_next(variable)).into_iter().collect();
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
    pub fn for_one_statement(self, variable: &str) -> Vec<String> {
        let level = self.isolation.map(|level| level.for_next(variable));
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

/// How a shard's part in a transaction begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// What the shard must be told, in this order. Empty under autocommit = 0, where the first statement begins it.
    pub statements: Vec<String>,
    /// The branch's name; `None` for a plain local transaction.
    pub xid: Option<Xid>,
}

/// What names and begins branches.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    pub names: &'a Names,
    pub table: &'a DecisionTable,
    /// The replica set of [`Transaction::first_shard`]: the one that decides. Empty where there is no such shard yet.
    pub decider: &'a str,
    /// The server's id of the connection on which it begins.
    pub connection: u32,
    /// What that server calls the system variable of the isolation level.
    pub level_variable: &'a str,
}

/// The transaction of one session: none, or one that was begun, with the branches it has so far.
#[derive(Debug, Default)]
pub struct Transaction {
    begun: Option<Characteristics>,
    branches: SmallVec<[Branch; 2]>,
    savepoints: Vec<String>,
    /// Once there is an XA branch: the transaction's name, and the replica set that decides.
    name: Option<(Gtrid, Arc<str>)>,
    /// XA branches so far.
    numbered: u16,
    /// What `SET TRANSACTION` (without SESSION) asked for: holds for the next transaction only.
    next: Characteristics,
    /// A server went away with part of it: it is rolled back, and the client must acknowledge that.
    lost: bool,
    torn: bool,
    unseen: bool,
    /// What the session's variables say of a transaction that was not told.
    read_only_by_default: bool,
    isolation_by_default: Isolation,
    client_xa: Option<ClientXa>,
    /// Some connection holds locks on tables that connections of other shards could meet as well.
    apart: bool,
    /// Every shard's part is a plain transaction that begins by itself: LOCK TABLES is in force, which BEGIN would end, and
    /// servers begin no XA branch under it.
    unbranched: bool,
}

/// A client's own XA: the transaction is that branch, on one shard.
#[derive(Debug)]
struct ClientXa {
    /// XA START, as the client said it.
    start: String,
    /// What it calls the branch.
    name: String,
    state: XaState,
    /// Statements have read rows, or may have: the branch stays on its shard.
    is_bound: bool,
}

/// How far a client's XA branch has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XaState {
    Active,
    /// After XA END.
    Idle,
    Prepared,
}

impl XaState {
    /// As servers call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Idle => "IDLE",
            Self::Prepared => "PREPARED",
        }
    }
}

impl Transaction {
    /// The transaction was rolled back because a server was lost; only ROLLBACK and COMMIT (which fails) end it.
    pub fn mark_lost(&mut self) {
        self.lost = true;
    }

    /// Whether LOCK TABLES is in force.
    pub fn set_unbranched(&mut self, unbranched: bool) {
        self.unbranched = unbranched;
    }

    /// From here on, tables that are not sharded are met on one connection each.
    pub fn keep_apart(&mut self) {
        self.apart = true;
    }

    pub fn is_apart(&self) -> bool {
        self.apart
    }

    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// The name of a transaction that has reached a second shard.
    pub fn gtrid(&self) -> Option<&Gtrid> {
        self.name.as_ref().map(|(gtrid, _)| gtrid)
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

    /// The shard whose part began first, as a plain transaction (however it began: under autocommit = 0 by itself).
    pub fn first_shard(&self) -> Option<ShardId> {
        self.branches.first().map(|branch| branch.shard)
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

    /// One that the client has not asked for and does not see, for one statement.
    pub fn begin_unseen(&mut self, characteristics: Characteristics) {
        self.next = Characteristics::default();
        self.begun = Some(characteristics);
        self.unseen = true;
    }

    /// XA START by the client, who will end what it begins. `name`: what stands behind those words.
    pub fn begin_client_xa(&mut self, start: String, name: String) {
        self.begun = Some(std::mem::take(&mut self.next));
        self.client_xa = Some(ClientXa { start, name, state: XaState::Active, is_bound: false });
    }

    pub fn is_client_xa(&self) -> bool {
        self.client_xa.is_some()
    }

    /// `None`: the client has begun no XA branch.
    pub fn xa_state(&self) -> Option<XaState> {
        self.client_xa.as_ref().map(|xa| xa.state)
    }

    pub fn set_xa_state(&mut self, state: XaState) {
        self.client_xa.iter_mut().for_each(|xa| xa.state = state);
    }

    /// A statement runs in the client's XA branch, which stays where it is from here on.
    pub fn bind_xa(&mut self) {
        self.client_xa.iter_mut().for_each(|xa| xa.is_bound = true);
    }

    /// That statement was about no table, and none before it was (`is_xa_unbound`).
    pub fn unbind_xa(&mut self) {
        self.client_xa.iter_mut().for_each(|xa| xa.is_bound = false);
    }

    /// The client's XA branch has seen no table yet, wherever it is.
    pub fn is_xa_unbound(&self) -> bool {
        self.client_xa.as_ref().is_some_and(|xa| !xa.is_bound)
    }

    /// Takes a branch that has seen no table off its shard, so that it can begin on another: where it was, and what must be
    /// said there.
    pub fn take_unbound_xa(&mut self) -> Option<(ShardId, [String; 2])> {
        let xa = self.client_xa.as_ref().filter(|xa| !xa.is_bound)?;
        let shard = self.branches.pop()?.shard;
        Some((shard, ["END", "ROLLBACK"].map(|verb| format!("XA {verb} {}", xa.name))))
    }

    /// Whether a further shard may take part.
    pub fn may_spread(&self) -> bool {
        self.client_xa.is_none() || self.branches.is_empty()
    }

    pub fn is_unseen(&self) -> bool {
        self.unseen
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

    /// The level that this transaction alone was given.
    pub fn isolation(&self) -> Option<Isolation> {
        self.begun.and_then(|characteristics| characteristics.isolation)
    }

    pub fn is_read_only(&self) -> bool {
        let told = self.begun.and_then(|characteristics| characteristics.read_only);
        self.is_open() && told.unwrap_or(self.read_only_by_default)
    }

    /// Whether servers refuse writes: in the transaction that is open, or in the one that would begin.
    pub fn refuses_writes(&self) -> bool {
        match self.is_open() {
            true => self.is_read_only(),
            false => self.next.read_only.unwrap_or(self.read_only_by_default),
        }
    }

    /// The session's variables say this now. An open transaction stays what it is, also on shards that it has yet to reach.
    pub fn set_defaults(&mut self, isolation: Isolation, read_only: bool) {
        let level = std::mem::replace(&mut self.isolation_by_default, isolation);
        if level != isolation && self.is_open() {
            self.begun.get_or_insert_default().isolation.get_or_insert(level);
        }
        let mode = std::mem::replace(&mut self.read_only_by_default, read_only);
        if mode != read_only && self.is_open() {
            self.begun.get_or_insert_default().read_only.get_or_insert(mode);
        }
    }

    /// How the next shard's part begins: the first as a plain local transaction, which costs nothing extra and may come to
    /// decide; the others as XA branches from their first statement, since a plain transaction cannot become one later.
    pub fn opening(&mut self, beginning: Beginning<'_>) -> Opening {
        if let Some(xa) = &self.client_xa {
            let mut statements = self.begun.unwrap_or_default().for_one_statement(beginning.level_variable);
            statements.push(xa.start.clone());
            statements.extend(self.savepoint_statements());
            return Opening { statements, xid: None };
        }
        let is_first = self.branches.is_empty();
        let variable = beginning.level_variable;
        let mut opening = if self.unbranched {
            let statements = self.begun.map(|begun| begun.for_one_statement(variable));
            Opening { statements: statements.unwrap_or_default(), xid: None }
        } else if is_first || self.is_read_only() {
            self.name = None;
            Opening { statements: self.begun.map(|begun| begun.statements(variable)).unwrap_or_default(), xid: None }
        } else {
            self.branch(beginning)
        };
        opening.statements.extend(self.savepoint_statements());
        opening
    }

    /// What a shard that comes late must be told of the savepoints so far.
    fn savepoint_statements(&self) -> impl Iterator<Item = String> {
        self.savepoints.iter().map(|name| format!("SAVEPOINT {}", quoted(name)))
    }

    fn branch(&mut self, beginning: Beginning<'_>) -> Opening {
        let begun = self.begun.unwrap_or_default();
        let name = || (beginning.names.next(), beginning.decider.into());
        let (gtrid, decider) = self.name.get_or_insert_with(name).clone();
        let xid = Xid { gtrid, number: self.numbered, connection: beginning.connection, decider };
        self.numbered = self.numbered.wrapping_add(1);
        let mut statements = begun.for_one_statement(beginning.level_variable);
        statements.push(format!("XA START {}", xid.sql()));
        if begun.consistent_snapshot {
            // XA START has no words for it; the first consistent read makes the snapshot.
            statements.push(beginning.table.probe());
        }
        Opening { statements, xid: Some(xid) }
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
        let before = self.branches.len();
        self.branches.retain(|branch| branch.shard != shard);
        self.torn |= self.branches.len() < before;
        self.apart &= !self.branches.is_empty();
    }

    /// Whether several shards take part, and one of them has written.
    pub fn has_written_with_others(&self) -> bool {
        self.branches.len() > 1 && self.branches.iter().any(|branch| branch.wrote)
    }

    /// One shard has ended its part by itself: whatever others there are, and what the client has begun, must end as well.
    pub fn is_torn(&self) -> bool {
        self.torn
    }

    /// Committed or rolled back.
    pub fn end(&mut self) {
        self.begun = None;
        self.lost = false;
        self.torn = false;
        self.apart = false;
        self.unseen = false;
        self.client_xa = None;
        self.branches.clear();
        self.savepoints.clear();
        self.name = None;
        self.numbered = 0;
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
    use crate::txn::xid::Owner;

    fn check_openings(transaction: &mut Transaction, wanted: &[&[&str]]) {
        let names = Names::new(Owner::new("c", 1, 2));
        let table = DecisionTable::new("shardgate");
        for (shard, wanted) in (0..).zip(wanted) {
            let decider = transaction.first_shard().map(|first| format!("rs{}", first.0)).unwrap_or_default();
            let level_variable = "tx_isolation";
            let opening = transaction.opening(Beginning {
                names: &names,
                table: &table,
                decider: &decider,
                connection: 7,
                level_variable,
            });
            let shown: Vec<String> = opening
                .statements
                .iter()
                .map(|sql| match &opening.xid {
                    Some(xid) => sql.replace(&xid.sql(), &format!("{}/{}/{}", xid.gtrid, xid.number, xid.decider)),
                    None => sql.clone(),
                })
                .collect();
            assert_eq!(shown, *wanted);
            transaction.enlist(ShardId(shard));
        }
    }

    #[test]
    fn the_first_shard_is_plain_and_the_others_are_branches_that_know_it() {
        let mut transaction = Transaction::default();
        transaction.begin(Characteristics::default());
        check_openings(
            &mut transaction,
            &[
                &["START TRANSACTION"],
                &["XA START c.00000001.00000002.1/0/rs0"],
                &["XA START c.00000001.00000002.1/1/rs0"],
            ],
        );
        transaction.end();
        transaction.begin(Characteristics::default());
        check_openings(&mut transaction, &[&["START TRANSACTION"], &["XA START c.00000001.00000002.1/0/rs0"]]);
    }

    #[test]
    fn without_begin_the_first_statement_begins() {
        check_openings(&mut Transaction::default(), &[&[], &["XA START c.00000001.00000002.1/0/rs0"]]);
    }

    #[test]
    fn a_transaction_that_cannot_write_needs_no_branches() {
        let mut transaction = Transaction::default();
        transaction.begin(Characteristics { read_only: Some(true), ..Characteristics::default() });
        check_openings(&mut transaction, &[&["START TRANSACTION READ ONLY"], &["START TRANSACTION READ ONLY"]]);
    }

    #[test]
    fn a_late_shard_learns_level_mode_snapshot_and_savepoints() {
        let mut transaction = Transaction::default();
        transaction.set_next(Some(Isolation::Serializable), None);
        let characteristics =
            Characteristics { read_only: Some(false), consistent_snapshot: true, ..Characteristics::default() };
        transaction.begin(characteristics);
        transaction.set_savepoint("a");
        transaction.set_savepoint("b`c");
        check_openings(
            &mut transaction,
            &[
                &[
                    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ WRITE",
                    "SAVEPOINT `a`",
                    "SAVEPOINT `b``c`",
                ],
                &[
                    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                    "SET TRANSACTION READ WRITE",
                    "XA START c.00000001.00000002.1/0/rs0",
                    "SELECT outcome, connection FROM `shardgate`.txn_decision LIMIT 1",
                    "SAVEPOINT `a`",
                    "SAVEPOINT `b``c`",
                ],
            ],
        );
        assert!(!transaction.has_next());
    }

    #[test]
    fn an_open_transaction_keeps_the_level_and_the_mode_that_it_began_with() {
        let mut transaction = Transaction::default();
        transaction.begin(Characteristics::default());
        transaction.set_defaults(Isolation::Serializable, true);
        let unsaid = "SET @@tx_isolation = @@global.tx_isolation";
        check_openings(
            &mut transaction,
            &[
                &[unsaid, "START TRANSACTION READ WRITE"],
                &[unsaid, "SET TRANSACTION READ WRITE", "XA START c.00000001.00000002.1/0/rs0"],
            ],
        );
        transaction.end();
        transaction.begin(Characteristics::default());
        transaction.set_defaults(Isolation::Global, true);
        let said = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE";
        check_openings(&mut transaction, &[&[said, "START TRANSACTION"], &[said, "START TRANSACTION"]]);
        transaction.end();
        transaction.set_defaults(Isolation::Global, false);
        transaction.enlist(ShardId(0));
        transaction.set_unbranched(true);
        transaction.set_defaults(Isolation::ReadCommitted, false);
        check_openings(&mut transaction, &[&[unsaid]]);
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
