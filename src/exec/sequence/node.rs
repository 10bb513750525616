//! The lease of a node number: a row in the table `node`, on the primary of the first replica set. It is renewed when
//! numbers are wanted, and may be taken by another process a minute after it ended, by the server's clock.
//!
//! The row also holds the millisecond that the holder's numbers stay below, which the next holder begins at.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::Reason;
use super::segment::connect;
use super::snowflake::{Generator, NODES};
use crate::backend::control::{ANSWER_TIMEOUT, within};
use crate::backend::topology::Topology;
use crate::sharding::ReplicaSetId;

/// A lease holds so long; it is renewed after half of it.
const LEASE: Duration = Duration::from_secs(60);

/// So much longer a node is left alone: the holder counts from before it asked, on a clock of its own.
const GRACE: Duration = Duration::from_secs(60);

/// How far ahead of the clock numbers may get within a lease.
const AHEAD_MS: u64 = 2 * 60 * 1000;

/// Tries to get a node that others want too.
const TRIES: u32 = 20;

#[derive(Debug)]
pub(super) struct Node {
    /// This process.
    owner: String,
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    generator: Generator,
    /// Before the lease was asked for.
    asked: Instant,
}

impl Node {
    pub(super) fn new(owner: String) -> Node {
        Node { owner, held: None }
    }

    pub(super) async fn take(&mut self, own: &str, topology: &Topology, wanted: usize) -> Result<Vec<u64>, Reason> {
        let clock = clock_ms();
        if let Some(held) = self.held.as_mut().filter(|held| held.asked.elapsed() < LEASE / 2)
            && let Some(numbers) = held.generator.take(clock, wanted)
        {
            return Ok(numbers);
        }
        // More than 4,096 numbers for each millisecond of the lease are not asked for by any statement.
        let bound = self.held.as_ref().map_or(clock, |held| held.generator.now(clock)) + AHEAD_MS;
        let asked = Instant::now();
        let mut conn = connect(topology, ReplicaSetId(0)).await?;
        let renewed = match &mut self.held {
            Some(held) => {
                let is_ours = renew(&mut conn, own, &self.owner, held.generator.node, bound).await?;
                held.generator.bound = bound;
                is_ours
            }
            None => false,
        };
        if !renewed {
            self.held = None;
            let (node, from) = acquire(&mut conn, own, &self.owner, clock).await?;
            let bound = from.max(clock) + AHEAD_MS;
            // The bound is the row's before any number below it is given out.
            renew(&mut conn, own, &self.owner, node, bound).await?.then_some(()).ok_or(Reason::NoNode)?;
            self.held = Some(Held { generator: Generator::new(node, from, bound), asked });
        }
        let _ = conn.disconnect().await;
        let held = self.held.as_mut().ok_or(Reason::NoNode)?;
        held.asked = asked;
        held.generator.take(clock, wanted).ok_or(Reason::Exhausted)
    }
}

fn clock_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// True if the node was still this process's.
async fn renew(conn: &mut Conn, own: &str, owner: &str, node: u32, bound: u64) -> Result<bool, Reason> {
    let sql = format!(
        "UPDATE {own}.node SET ends = UTC_TIMESTAMP(6) + INTERVAL {} SECOND, bound_ms = GREATEST(bound_ms, {bound}) \
         WHERE node = {node} AND owner = '{owner}'",
        LEASE.as_secs()
    );
    within(ANSWER_TIMEOUT, conn.query_drop(sql)).await?;
    Ok(conn.affected_rows() == 1)
}

/// A node that nobody holds, and the millisecond that its numbers begin at.
async fn acquire(conn: &mut Conn, own: &str, owner: &str, clock: u64) -> Result<(u32, u64), Reason> {
    for sql in [
        format!("CREATE DATABASE IF NOT EXISTS {own}"),
        format!(
            "CREATE TABLE IF NOT EXISTS {own}.node (node INT UNSIGNED NOT NULL PRIMARY KEY, owner VARBINARY(64) NOT NULL, \
             ends DATETIME(6) NOT NULL, bound_ms BIGINT UNSIGNED NOT NULL) ENGINE=InnoDB COMMENT='Nodes of ShardGate'"
        ),
    ] {
        within(ANSWER_TIMEOUT, conn.query_drop(sql)).await?;
    }
    let free = format!(
        "SELECT node, bound_ms FROM {own}.node WHERE ends < UTC_TIMESTAMP(6) - INTERVAL {} SECOND ORDER BY ends LIMIT 1",
        GRACE.as_secs()
    );
    for _ in 0..TRIES {
        let free: Option<(u32, u64)> = within(ANSWER_TIMEOUT, conn.query_first(&free)).await?;
        let (node, from, sql) = match free {
            Some((node, bound)) => {
                let sql = format!(
                    "UPDATE {own}.node SET owner = '{owner}', ends = UTC_TIMESTAMP(6) + INTERVAL {lease} SECOND WHERE node = {node} \
                     AND ends < UTC_TIMESTAMP(6) - INTERVAL {grace} SECOND",
                    lease = LEASE.as_secs(),
                    grace = GRACE.as_secs()
                );
                (node, bound.max(clock), sql)
            }
            None => {
                let next: Option<u32> =
                    within(ANSWER_TIMEOUT, conn.query_first(format!("SELECT COUNT(*) FROM {own}.node"))).await?;
                let node = next.filter(|node| *node < NODES).ok_or(Reason::NoNode)?;
                let sql = format!(
                    "INSERT IGNORE INTO {own}.node VALUES ({node}, '{owner}', UTC_TIMESTAMP(6) + INTERVAL {} SECOND, {clock})",
                    LEASE.as_secs()
                );
                (node, clock, sql)
            }
        };
        within(ANSWER_TIMEOUT, conn.query_drop(sql)).await?;
        if conn.affected_rows() == 1 {
            return Ok((node, from));
        }
    }
    Err(Reason::NoNode)
}
