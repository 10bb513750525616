//! Numbers for rows that an INSERT leaves without one: unique over all shards, all ShardGates, and through crashes.
//!
//! Where a number comes from is leased before it is given out: a range of a counter (`segment.rs`), or the number of a
//! node for a while (`snowflake.rs`, `node.rs`). Leases are rows of ShardGate's own schema on a primary, taken by single
//! statements on connections of the control plane, never in a client's transaction. What is leased and not given out
//! before the process ends is a gap.

mod node;
pub mod restart;
mod segment;
mod snowflake;
pub mod trust;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::backend::control::ControlError;
use crate::backend::topology::Topology;
use crate::plan::Numbers;
use crate::plan::narrow::TableId;
use crate::sharding::schema::same_name;
use crate::sharding::{Schema, SequenceKind};
use node::Node;
use segment::{Home, Segment};
use trust::Trust;

/// Longest wait for numbers: for a lease, and for those who wait for one before.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there are no numbers.
#[derive(Debug, thiserror::Error)]
#[error("there is no number for {column} of {table}: {reason}")]
pub struct SequenceError {
    table: String,
    column: String,
    reason: Reason,
}

#[derive(Debug, thiserror::Error)]
enum Reason {
    #[error("{0}")]
    Control(#[from] ControlError),
    #[error("the primary of replica set {set} is down")]
    Down { set: String },
    #[error("shard {shard}, whose numbers the sequence must begin behind, does not answer: {error}")]
    Shard { shard: String, error: ControlError },
    #[error("the server that leases them did not answer within {PATIENCE:?}")]
    Timeout,
    #[error("the sequence is being set again and again")]
    Unsettled,
    #[error("the sequence has come to its end")]
    Exhausted,
    #[error("all 1,024 nodes are taken: wait until one that is not used any more is free again, after a minute")]
    NoNode,
}

/// Logical database, table, and the replica set that has the counter.
type Key = (String, String, String);

type SharedSegment = Arc<tokio::sync::Mutex<Segment>>;

/// All sequences of this process.
#[derive(Debug)]
pub struct Sequences {
    /// ShardGate's own schema on the servers, in backticks.
    schema: String,
    /// This process, by a name that no other has.
    owner: String,
    trust: Trust,
    segments: Mutex<HashMap<Key, SharedSegment>>,
    node: tokio::sync::Mutex<Node>,
}

impl Sequences {
    /// `schema`: of ShardGate's own tables. `owner`: this process, by a name that no other has.
    pub fn new(schema: &str, owner: String) -> Sequences {
        Sequences {
            schema: crate::txn::transaction::quoted(schema),
            trust: Trust::default(),
            segments: Mutex::default(),
            node: tokio::sync::Mutex::new(Node::new(owner.clone())),
            owner,
        }
    }

    /// As many numbers as rows want one, ascending; notes the highest that was given by hand.
    pub async fn take(
        &self,
        topology: &Topology,
        schema: &Schema,
        numbers: &Numbers<'_>,
    ) -> Result<Vec<u64>, SequenceError> {
        let taken = tokio::time::timeout(PATIENCE, self.take_of(topology, schema, numbers)).await;
        let home = self.home(topology, schema, numbers.table, &numbers.sequence.column);
        taken.unwrap_or(Err(Reason::Timeout)).map_err(|reason| home.error(reason))
    }

    /// The table's shards need not be asked any more when numbers are leased. Who locks the table begins its sequence before, since
    /// leases are taken on other connections, which would wait for that lock.
    pub async fn begin(&self, topology: &Topology, schema: &Schema, table: TableId) -> Result<(), SequenceError> {
        let Some(home) = self.home_of(topology, schema, table) else { return Ok(()) };
        let begun = async { self.segment_at(&home).lock().await.begin(&home).await };
        let begun = tokio::time::timeout(PATIENCE, begun).await;
        begun.unwrap_or(Err(Reason::Timeout)).map_err(|reason| home.error(reason))
    }

    /// The number that would be given next; 1 where none is leased.
    pub async fn next(&self, topology: &Topology, schema: &Schema, table: TableId) -> u64 {
        let Some(home) = self.home_of(topology, schema, table) else { return 1 };
        let segment = self.segment_at(&home);
        let segment = segment.lock().await;
        segment.next().unwrap_or(1)
    }

    /// No number up to `highest` is given out from what is leased. True if that is not enough: others may be leased.
    pub async fn pass(&self, topology: &Topology, schema: &Schema, numbers: &Numbers<'_>, highest: u64) -> bool {
        match numbers.sequence.kind {
            SequenceKind::Segment { .. } => {
                let home = self.home(topology, schema, numbers.table, &numbers.sequence.column);
                let segment = self.segment_at(&home);
                let mut segment = segment.lock().await;
                segment.pass_given(&home, highest.saturating_add(1), &self.trust).await
            }
            SequenceKind::Snowflake => false,
        }
    }

    async fn take_of(&self, topology: &Topology, schema: &Schema, numbers: &Numbers<'_>) -> Result<Vec<u64>, Reason> {
        match numbers.sequence.kind {
            SequenceKind::Segment { size } => {
                let home = self.home(topology, schema, numbers.table, &numbers.sequence.column);
                let segment = self.segment_at(&home);
                let mut segment = segment.lock().await;
                segment.take(&home, (numbers.wanted, numbers.highest), size, &self.trust).await
            }
            SequenceKind::Snowflake if numbers.wanted == 0 => Ok(Vec::new()),
            SequenceKind::Snowflake => self.node.lock().await.take(&self.schema, topology, numbers.wanted).await,
        }
    }

    /// No ShardGate had changed a table when this was asked.
    pub fn note_unchanged(&self, asked: Instant) {
        self.trust.note_unchanged(asked);
    }

    /// One has: sequences may have been set.
    pub fn note_changed(&self) {
        self.trust.note_changed();
    }

    fn home<'a>(&'a self, topology: &'a Topology, schema: &'a Schema, table: TableId, column: &'a str) -> Home<'a> {
        Home { own: &self.schema, owner: &self.owner, topology, schema, table, column }
    }

    /// Of the counter that a table has; `None` if it has none.
    fn home_of<'a>(&'a self, topology: &'a Topology, schema: &'a Schema, table: TableId) -> Option<Home<'a>> {
        let sequence = table.sharded(schema)?.sequence.as_ref()?;
        match sequence.kind {
            SequenceKind::Segment { .. } => Some(self.home(topology, schema, table, &sequence.column)),
            SequenceKind::Snowflake => None,
        }
    }

    fn segment_at(&self, home: &Home<'_>) -> SharedSegment {
        let database = home.schema.database_of(home.table.database).name.clone();
        let table = home.table.table(home.schema).map_or_else(String::new, |table| table.name.clone());
        let set = home.topology.set(home.replica_set()).options.name.clone();
        Arc::clone(self.segments.lock().entry((database, table, set)).or_default())
    }
}

impl Home<'_> {
    /// The last number that the column holds, as far as its type is known. Where a server is not strict, it would store that one
    /// for any that is higher.
    fn last(&self) -> u64 {
        let columns = self.table.table(self.schema).and_then(|table| table.columns.as_ref());
        let column = columns.and_then(|all| all.iter().find(|column| same_name(&column.name, self.column)));
        let integers = column.and_then(|column| column.kind.as_ref()?.integers());
        integers.map_or(u64::MAX, |integers| integers.max)
    }

    fn error(&self, reason: Reason) -> SequenceError {
        SequenceError {
            table: self.table.table(self.schema).map_or_else(String::new, |table| table.name.clone()),
            column: self.column.to_owned(),
            reason,
        }
    }
}
