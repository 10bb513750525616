//! What distributed transactions need to be told. `config` fills these in from `[transactions]`: the ranges here are what
//! it lets through, the defaults what it takes where a key is left out.

use std::time::Duration;

use super::in_flight::CrashPoint;

/// Distributed transactions and their recovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Names the fleet in the names of its transactions, 1 to 16 letters, digits, `_`, `-`. All ShardGates in front of the
    /// same servers have the same; two fleets that share a server must have different ones. Default `shardgate`.
    pub cluster: String,
    /// The schema of ShardGate's own tables on each primary, 1 to 64 characters. Default `shardgate`.
    pub schema: String,
    /// Pause between two looks for branches that somebody left prepared, 100 ms to 1 h. Default 5 s.
    pub recovery_interval: Duration,
    /// The longest wait for each step of a distributed commit, and for the decision's outcome where an answer was lost,
    /// 1 s to 1 h. Default 30 s.
    pub commit_timeout: Duration,
    /// A branch that was prepared for so long is ended even if its owner is alive, 1 s to 1 day. Default 1 min.
    pub take_over_after: Duration,
    /// A warning is logged for a branch that was prepared for so long, 1 s to 1 day. Default 30 s.
    pub alarm_after: Duration,
    /// For tests: where the process kills itself. Not in the file: the environment variable `SHARDGATE_CRASH_AT`.
    pub crash_at: Option<CrashPoint>,
    /// How long statements wait before it is looked whether their transactions wait for each other on several servers.
    /// Default 1 s.
    pub deadlock_after: Duration,
    /// Whether reads of several shards never show half of a commit over several that this process makes. Default false.
    pub atomic_visibility: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            cluster: "shardgate".to_owned(),
            schema: "shardgate".to_owned(),
            recovery_interval: Duration::from_secs(5),
            commit_timeout: Duration::from_secs(30),
            take_over_after: Duration::from_secs(60),
            alarm_after: Duration::from_secs(30),
            crash_at: None,
            deadlock_after: Duration::from_millis(300),
            atomic_visibility: false,
        }
    }
}
