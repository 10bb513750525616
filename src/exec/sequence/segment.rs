//! Ranges of a counter that all ShardGates share: a row in the table `sequence`, on the primary of the table's first
//! shard. A range belongs to who leased it; what is left of it when a statement needs more is given up, since the rows of
//! one statement have consecutive numbers.
//!
//! The first lease of a process looks at the shards too: the counter never begins at a number that is there already.
//!
//! DDL may set the counter (`restart.rs`), which changes its epoch. A range of an earlier epoch is not leased again, and not
//! used any more once that is known, after `TRUST` at the latest.

use std::time::Instant;

use data_encoding::HEXLOWER;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::Reason;
use super::trust::Trust;
use crate::backend::control::{self, ANSWER_TIMEOUT, ControlError, within};
use crate::backend::topology::Topology;
use crate::plan::narrow::TableId;
use crate::sharding::{ReplicaSetId, Schema, ShardId};
use crate::txn::transaction::quoted;

/// The server has no such table.
const NO_SUCH_TABLE: u16 = 1146;
const BAD_DATABASE: u16 = 1049;
/// The table was made by a version that had no epochs.
const BAD_FIELD: u16 = 1054;
const DUP_FIELD: u16 = 1060;

/// Changes whenever the counter is set.
const EPOCH: &str = "BIGINT UNSIGNED NOT NULL DEFAULT 0";
/// The process that leased last since then.
const OWNER: &str = "VARBINARY(64) NOT NULL DEFAULT ''";
/// Whether others have, too.
const IS_SHARED: &str = "BOOLEAN NOT NULL DEFAULT FALSE";

/// Tries to lease from a counter that is being set.
const TRIES: u32 = 5;

/// What is leased: `next..end`.
#[derive(Debug)]
pub(super) struct Segment {
    next: u64,
    end: u64,
    /// The counter's, when this was leased.
    epoch: u64,
    /// When the counter was last seen to have that epoch.
    seen: Instant,
    /// The number behind the rows, once this process has looked at the shards.
    behind_rows: Option<u64>,
}

/// Where the counter of one table is.
#[derive(Clone, Copy)]
pub(super) struct Home<'a> {
    /// ShardGate's own schema, in backticks.
    pub(super) own: &'a str,
    /// This process.
    pub(super) owner: &'a str,
    pub(super) topology: &'a Topology,
    pub(super) schema: &'a Schema,
    pub(super) table: TableId,
    pub(super) column: &'a str,
}

/// The counter's row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counter {
    pub(super) next: u64,
    pub(super) epoch: u64,
}

impl Default for Segment {
    fn default() -> Self {
        Self { next: 0, end: 0, epoch: 0, seen: Instant::now(), behind_rows: None }
    }
}

impl Segment {
    pub(super) async fn take(
        &mut self,
        home: &Home<'_>,
        (wanted, highest): (usize, Option<u64>),
        size: u32,
        trust: &Trust,
    ) -> Result<Vec<u64>, Reason> {
        self.check(home, trust).await?;
        let wanted = wanted as u64;
        let floor = highest.map_or(0, |highest| highest.saturating_add(1));
        let must_lease = self.pass(floor) || self.end - self.next < wanted;
        if must_lease {
            self.lease(home, wanted.max(u64::from(size)), floor).await?;
        }
        let first = self.next;
        if wanted > 0 && first + (wanted - 1) > home.last() {
            return Err(Reason::Exhausted);
        }
        self.next += wanted;
        Ok((first..self.next).collect())
    }

    /// The first number that is leased and not given out.
    pub(super) fn next(&self) -> Option<u64> {
        (self.next < self.end).then_some(self.next)
    }

    /// As `pass`, but for a range that is of a table of the same name that is gone: none of it will be given out, and rows
    /// that are not committed tell nobody of their numbers.
    pub(super) async fn pass_given(&mut self, home: &Home<'_>, floor: u64, trust: &Trust) -> bool {
        self.check(home, trust).await.is_err() || self.pass(floor)
    }

    /// No number below `floor` is given out of the range from now on. True if the range has none above it: it is left as it is.
    fn pass(&mut self, floor: u64) -> bool {
        if floor > self.end {
            return true;
        }
        self.next = self.next.max(floor);
        false
    }

    /// Gives up what is left if the counter may have been set since, and was.
    async fn check(&mut self, home: &Home<'_>, trust: &Trust) -> Result<(), Reason> {
        if self.next >= self.end || trust.covers(self.seen) {
            return Ok(());
        }
        let asked = Instant::now();
        let mut conn = connect(home.topology, home.replica_set()).await?;
        let counter = home.counter(&mut conn).await?;
        let _ = conn.disconnect().await;
        match counter.is_some_and(|counter| counter.epoch == self.epoch) {
            true => self.seen = asked,
            false => *self = Self::default(),
        }
        Ok(())
    }

    /// Looks at the counter and, unless that was done since it was set, at the shards: later leases need the counter alone.
    pub(super) async fn begin(&mut self, home: &Home<'_>) -> Result<(), Reason> {
        let asked = Instant::now();
        let mut conn = connect(home.topology, home.replica_set()).await?;
        let counter = home.counter(&mut conn).await?;
        let is_known = self.behind_rows.is_some() && counter.is_some_and(|counter| counter.epoch == self.epoch);
        if !is_known {
            *self = Self::default();
            self.place(home, &mut conn, 1).await?;
        }
        let _ = conn.disconnect().await;
        self.seen = asked;
        Ok(())
    }

    /// The number behind the rows and, where there is no counter yet, behind `floor`; there is one afterwards.
    async fn place(&mut self, home: &Home<'_>, conn: &mut Conn, floor: u64) -> Result<u64, Reason> {
        let known = home.counter(conn).await?;
        let behind_rows = home.behind_rows(known.is_some()).await?;
        self.epoch = match known {
            Some(known) => known.epoch,
            None => home.begin(conn, floor.max(behind_rows)).await?.epoch,
        };
        self.behind_rows = Some(behind_rows);
        Ok(behind_rows)
    }

    /// Leases `count` numbers, none below `floor`.
    async fn lease(&mut self, home: &Home<'_>, count: u64, floor: u64) -> Result<(), Reason> {
        let mut conn = connect(home.topology, home.replica_set()).await?;
        let floor = floor.max(1);
        for _ in 0..TRIES {
            let asked = Instant::now();
            let behind_rows = match self.behind_rows {
                Some(known) => known,
                None => self.place(home, &mut conn, floor).await?,
            };
            let floor = floor.max(behind_rows);
            // Servers assign from the left: who leased before is compared before it is replaced.
            let lease = format!(
                "UPDATE {table} SET next_value = LAST_INSERT_ID(GREATEST(next_value, {floor})) + {count}, \
                 is_shared = is_shared OR owner NOT IN ('', '{owner}'), owner = '{owner}' WHERE name = {name} AND epoch = {epoch}",
                table = home.counters(),
                owner = home.owner,
                name = home.name(),
                epoch = self.epoch,
            );
            within(ANSWER_TIMEOUT, conn.query_drop(lease)).await?;
            let leased = conn.last_insert_id().filter(|_| conn.affected_rows() == 1);
            if let Some(first) = leased {
                let _ = conn.disconnect().await;
                (self.next, self.end) = (first, first.checked_add(count).ok_or(Reason::Exhausted)?);
                self.seen = asked;
                return Ok(());
            }
            // It has another epoch, or is gone.
            *self = Self::default();
        }
        Err(Reason::Unsettled)
    }
}

impl Home<'_> {
    /// The counter; `None` where there is none yet, or no table for it.
    pub(super) async fn counter(&self, conn: &mut Conn) -> Result<Option<Counter>, Reason> {
        let select = format!("SELECT next_value, epoch FROM {} WHERE name = {}", self.counters(), self.name());
        for is_first in [true, false] {
            match within(ANSWER_TIMEOUT, conn.query_first::<(u64, u64), _>(&select)).await {
                Err(ControlError::Server(mysql_async::Error::Server(error))) if is_first && error.code == BAD_FIELD => {
                    self.add_epochs(conn).await?;
                }
                Err(ControlError::Server(mysql_async::Error::Server(error)))
                    if [NO_SUCH_TABLE, BAD_DATABASE].contains(&error.code) =>
                {
                    return Ok(None);
                }
                found => return Ok(found?.map(|(next, epoch)| Counter { next, epoch })),
            }
        }
        Err(Reason::Unsettled)
    }

    /// Another ShardGate may be at it, too.
    async fn add_epochs(&self, conn: &mut Conn) -> Result<(), Reason> {
        let alter = format!(
            "ALTER TABLE {} ADD COLUMN epoch {EPOCH}, ADD COLUMN owner {OWNER}, ADD COLUMN is_shared {IS_SHARED}",
            self.counters()
        );
        match within(ANSWER_TIMEOUT, conn.query_drop(alter)).await {
            Err(ControlError::Server(mysql_async::Error::Server(error))) if error.code == DUP_FIELD => Ok(()),
            done => Ok(done?),
        }
    }

    /// Makes a counter that begins at `first`, if there is none; what it is now.
    pub(super) async fn begin(&self, conn: &mut Conn, first: u64) -> Result<Counter, Reason> {
        let sqls = [
            format!("CREATE DATABASE IF NOT EXISTS {}", self.own),
            format!(
                "CREATE TABLE IF NOT EXISTS {} (name VARBINARY(520) NOT NULL PRIMARY KEY, next_value BIGINT UNSIGNED NOT \
                 NULL, epoch {EPOCH}, owner {OWNER}, is_shared {IS_SHARED}) ENGINE=InnoDB COMMENT='Sequences of ShardGate'",
                self.counters()
            ),
            // An epoch that no counter of this name has had: this one may have been deleted by hand.
            format!(
                "INSERT IGNORE INTO {} (name, next_value, epoch) VALUES ({}, {first}, UNIX_TIMESTAMP())",
                self.counters(),
                self.name()
            ),
        ];
        for sql in sqls {
            within(ANSWER_TIMEOUT, conn.query_drop(sql)).await?;
        }
        self.counter(conn).await?.ok_or(Reason::Unsettled)
    }

    /// The number behind the highest that any shard's rows have. Shards that do not answer are passed over if there is
    /// a counter: it was behind their rows when it began.
    pub(super) async fn behind_rows(&self, has_counter: bool) -> Result<u64, Reason> {
        let mut floor = 1;
        for shard in self.shards() {
            match self.highest_on(shard).await {
                Ok(highest) => floor = floor.max(highest.saturating_add(1)),
                Err(error) if has_counter => {
                    let shard = &self.schema.shard(shard).name;
                    tracing::warn!(%shard, %error, "a sequence goes on without a look at this shard's rows");
                }
                Err(Reason::Control(error)) => {
                    return Err(Reason::Shard { shard: self.schema.shard(shard).name.clone(), error });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(floor)
    }

    async fn highest_on(&self, shard: ShardId) -> Result<u64, Reason> {
        let at = self.schema.shard(shard);
        let mut conn = connect(self.topology, at.replica_set).await?;
        let table = self.table.table(self.schema).map_or("", |table| table.physical_name(shard));
        let column = quoted(self.column);
        // As text: the column may be signed or not, and of any size.
        let sql = format!("SELECT CAST(MAX({column}) AS CHAR) FROM {}.{}", quoted(&at.schema), quoted(table));
        let highest: Option<Option<String>> = match within(ANSWER_TIMEOUT, conn.query_first(sql)).await {
            Err(ControlError::Server(mysql_async::Error::Server(error))) if error.code == NO_SUCH_TABLE => None,
            found => found?,
        };
        let _ = conn.disconnect().await;
        Ok(highest.flatten().and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// Where the counter is.
    pub(super) fn replica_set(&self) -> ReplicaSetId {
        self.shards().first().map_or(ReplicaSetId(0), |shard| self.schema.shard(*shard).replica_set)
    }

    fn shards(&self) -> Vec<ShardId> {
        self.table.sharded(self.schema).map_or_else(Vec::new, |sharded| sharded.shards.clone())
    }

    pub(super) fn counters(&self) -> String {
        format!("{}.sequence", self.own)
    }

    /// The row's key: database and table, in hexadecimal, so that nothing in a name can matter.
    pub(super) fn name(&self) -> String {
        let database = &self.schema.database_of(self.table.database).name;
        let table = self.table.table(self.schema).map_or("", |table| table.name.as_str());
        let name = format!("{database}.{table}");
        format!("X'{}'", HEXLOWER.encode(name.as_bytes()))
    }
}

/// A connection of the control plane to a primary.
pub(super) async fn connect(topology: &Topology, set: ReplicaSetId) -> Result<Conn, Reason> {
    let set = topology.set(set);
    let primary = set.primary().map_err(|_| Reason::Down { set: set.options.name.clone() })?;
    Ok(control::connect(&set.options, &primary.address).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_given_by_hand_are_passed() {
        let mut segment = Segment { next: 10, end: 20, ..Segment::default() };
        assert!(!segment.pass(0));
        assert_eq!(segment.next, 10);
        assert!(!segment.pass(15));
        assert_eq!(segment.next, 15);
        assert!(!segment.pass(12));
        assert_eq!(segment.next, 15);
        // 19 was given: the next number is the end's, which is not ours, but nobody else has given it out either.
        assert!(!segment.pass(20));
        assert_eq!((segment.next, segment.end), (20, 20));
        assert!(segment.pass(21));
        assert!(Segment::default().pass(1));
    }
}
