//! Numbers for rows that an INSERT leaves without one: unique over all shards, all ShardGates, and through crashes.
//!
//! Where a number comes from is leased before it is given out: a range of a counter (`segment.rs`), or the number of a
//! node for a while (`snowflake.rs`, `node.rs`). Leases are rows of ShardGate's own schema on a primary, taken by single
//! statements on connections of the control plane, never in a client's transaction. What is leased and not given out
//! before the process ends is a gap.

mod node;
mod segment;
mod snowflake;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::backend::control::ControlError;
use crate::backend::topology::Topology;
use crate::plan::Numbers;
use crate::sharding::{Schema, SequenceKind};
use node::Node;
use segment::{Home, Segment};

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
    segments: Mutex<HashMap<Key, SharedSegment>>,
    node: tokio::sync::Mutex<Node>,
}

impl Sequences {
    /// `schema`: of ShardGate's own tables. `owner`: this process, by a name that no other has.
    pub fn new(schema: &str, owner: String) -> Sequences {
        Sequences {
            schema: crate::txn::transaction::quoted(schema),
            segments: Mutex::default(),
            node: tokio::sync::Mutex::new(Node::new(owner)),
        }
    }

    /// As many numbers as rows want one, ascending; and notes the highest that was given by hand.
    pub async fn take(
        &self,
        topology: &Topology,
        schema: &Schema,
        numbers: &Numbers<'_>,
    ) -> Result<Vec<u64>, SequenceError> {
        let taken = tokio::time::timeout(PATIENCE, self.take_of(topology, schema, numbers)).await;
        taken.unwrap_or(Err(Reason::Timeout)).map_err(|reason| SequenceError {
            table: numbers.table.table(schema).map_or_else(String::new, |table| table.name.clone()),
            column: numbers.sequence.column.clone(),
            reason,
        })
    }

    async fn take_of(&self, topology: &Topology, schema: &Schema, numbers: &Numbers<'_>) -> Result<Vec<u64>, Reason> {
        match numbers.sequence.kind {
            SequenceKind::Segment { size } => {
                let home = Home { own: &self.schema, topology, schema, numbers };
                let segment = self.segment_at(&home);
                let mut segment = segment.lock().await;
                segment.take(&home, size).await
            }
            SequenceKind::Snowflake if numbers.wanted == 0 => Ok(Vec::new()),
            SequenceKind::Snowflake => self.node.lock().await.take(&self.schema, topology, numbers.wanted).await,
        }
    }

    fn segment_at(&self, home: &Home<'_>) -> SharedSegment {
        let database = home.schema.database_of(home.numbers.table.database).name.clone();
        let table = home.numbers.table.table(home.schema).map_or_else(String::new, |table| table.name.clone());
        let set = home.topology.set(home.replica_set()).options.name.clone();
        Arc::clone(self.segments.lock().entry((database, table, set)).or_default())
    }
}
