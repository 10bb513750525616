//! Ranges of a counter that all ShardGates share: a row in the table `sequence`, on the primary of the table's first
//! shard. A range belongs to who leased it; what is left of it when a statement needs more is given up, since the rows of
//! one statement have consecutive numbers.
//!
//! The first lease of a process looks at the shards too: the counter never begins at a number that is there already.

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::Reason;
use crate::backend::control::{self, ANSWER_TIMEOUT, ControlError, within};
use crate::backend::topology::Topology;
use crate::plan::Numbers;
use crate::sharding::{ReplicaSetId, Schema, ShardId};
use crate::txn::transaction::quoted;

/// The server has no such table.
const NO_SUCH_TABLE: u16 = 1146;
const BAD_DATABASE: u16 = 1049;

/// What is leased: `next..end`.
#[derive(Debug, Default)]
pub(super) struct Segment {
    next: u64,
    end: u64,
    /// Whether this process has looked at the shards.
    is_placed: bool,
}

/// Where the counter of one table is.
#[derive(Clone, Copy)]
pub(super) struct Home<'a> {
    /// ShardGate's own schema, in backticks.
    pub(super) own: &'a str,
    pub(super) topology: &'a Topology,
    pub(super) schema: &'a Schema,
    pub(super) numbers: &'a Numbers<'a>,
}

impl Segment {
    pub(super) async fn take(&mut self, home: &Home<'_>, size: u32) -> Result<Vec<u64>, Reason> {
        let wanted = home.numbers.wanted as u64;
        let floor = home.numbers.highest.map_or(0, |highest| highest.saturating_add(1));
        let must_lease = self.pass(floor) || self.end - self.next < wanted;
        if must_lease {
            let count = wanted.max(u64::from(size));
            let first = home.lease(count, floor, &mut self.is_placed).await?;
            (self.next, self.end) = (first, first.checked_add(count).ok_or(Reason::Exhausted)?);
        }
        let first = self.next;
        self.next += wanted;
        Ok((first..self.next).collect())
    }

    /// No number below `floor` is given out from now on. True if the range has none above it.
    fn pass(&mut self, floor: u64) -> bool {
        let is_beyond = floor > self.end;
        self.next = self.next.max(floor.min(self.end));
        is_beyond
    }
}

impl Home<'_> {
    /// Leases `count` numbers, none below `floor`; the first of them is returned.
    async fn lease(&self, count: u64, floor: u64, is_placed: &mut bool) -> Result<u64, Reason> {
        let mut conn = connect(self.topology, self.replica_set()).await?;
        let mut floor = floor.max(1);
        if !*is_placed {
            let known = self.counter(&mut conn).await?;
            floor = floor.max(self.behind_rows(known.is_some()).await?);
            if known.is_none() {
                let begin = format!("INSERT IGNORE INTO {} VALUES ({}, {floor})", self.table(), self.name());
                within(ANSWER_TIMEOUT, conn.query_drop(begin)).await?;
            }
        }
        let lease = format!(
            "UPDATE {} SET next_value = LAST_INSERT_ID(GREATEST(next_value, {floor})) + {count} WHERE name = {}",
            self.table(),
            self.name()
        );
        within(ANSWER_TIMEOUT, conn.query_drop(lease)).await?;
        let first = conn.last_insert_id().filter(|_| conn.affected_rows() == 1).ok_or(Reason::Exhausted)?;
        *is_placed = true;
        let _ = conn.disconnect().await;
        Ok(first)
    }

    /// The counter, whose table is made if it is not there.
    async fn counter(&self, conn: &mut Conn) -> Result<Option<u64>, Reason> {
        let select = format!("SELECT next_value FROM {} WHERE name = {}", self.table(), self.name());
        let asked = within(ANSWER_TIMEOUT, conn.query_first(&select)).await;
        match asked {
            Err(ControlError::Server(mysql_async::Error::Server(error)))
                if [NO_SUCH_TABLE, BAD_DATABASE].contains(&error.code) =>
            {
                for sql in [
                    format!("CREATE DATABASE IF NOT EXISTS {}", self.own),
                    format!(
                        "CREATE TABLE IF NOT EXISTS {} (name VARBINARY(520) NOT NULL PRIMARY KEY, next_value BIGINT \
                         UNSIGNED NOT NULL) ENGINE=InnoDB COMMENT='Sequences of ShardGate'",
                        self.table()
                    ),
                ] {
                    within(ANSWER_TIMEOUT, conn.query_drop(sql)).await?;
                }
                Ok(None)
            }
            other => Ok(other?),
        }
    }

    /// The number behind the highest that any shard's rows have. Shards that do not answer are passed over if there is
    /// a counter: it was behind their rows when it began.
    async fn behind_rows(&self, has_counter: bool) -> Result<u64, Reason> {
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
        let table = self.numbers.table.table(self.schema).map_or("", |table| table.physical_name(shard));
        let column = quoted(&self.numbers.sequence.column);
        // As text: the column may be signed or not, and of any size.
        let sql = format!("SELECT CAST(MAX({column}) AS CHAR) FROM {}.{}", quoted(&at.schema), quoted(table));
        let highest: Option<Option<String>> = within(ANSWER_TIMEOUT, conn.query_first(sql)).await?;
        let _ = conn.disconnect().await;
        Ok(highest.flatten().and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// Where the counter is.
    pub(super) fn replica_set(&self) -> ReplicaSetId {
        self.shards().first().map_or(ReplicaSetId(0), |shard| self.schema.shard(*shard).replica_set)
    }

    fn shards(&self) -> Vec<ShardId> {
        self.numbers.table.sharded(self.schema).map_or_else(Vec::new, |sharded| sharded.shards.clone())
    }

    fn table(&self) -> String {
        format!("{}.sequence", self.own)
    }

    /// The row's key: database and table, in hexadecimal, so that nothing in a name can matter.
    fn name(&self) -> String {
        let database = &self.schema.database_of(self.numbers.table.database).name;
        let table = self.numbers.table.table(self.schema).map_or("", |table| table.name.as_str());
        let name = format!("{database}.{table}");
        format!("X'{}'", name.bytes().map(|byte| format!("{byte:02x}")).collect::<String>())
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
        let mut segment = Segment { next: 10, end: 20, is_placed: true };
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
