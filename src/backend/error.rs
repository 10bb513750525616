//! What can go wrong between ShardGate and a server.

use std::io;
use std::time::Duration;

use crate::wire::WireError;
use crate::wire::error_code::ErrorCode;

/// A failure at one server, with the server's address where there is one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot connect to {server}: {source}")]
    Connect { server: String, source: io::Error },
    #[error("{server} did not let ShardGate in: {message}")]
    Login { server: String, message: String },
    #[error("{server} is marked down")]
    Down { server: String },
    #[error("no connection to {server} came free within {waited:?}")]
    PoolWait { server: String, waited: Duration },
    #[error("the connection to {server} was lost: {source}")]
    Lost { server: String, source: io::Error },
    #[error("{server} broke the protocol: {source}")]
    Protocol { server: String, source: WireError },
    /// The server refused a command that ShardGate itself sent (`what`).
    #[error("{server} refused {what}: {} {message}", code.number)]
    Refused { server: String, what: &'static str, code: ErrorCode, message: String },
    /// The connection on which the session's transaction was open is gone.
    #[error("the transaction was rolled back, because its connection was lost; ROLLBACK to go on")]
    TransactionLost,
    #[error("no snapshot of all shards could be made within {waited:?}")]
    SnapshotTimeout { waited: Duration },
    /// The client coordinates one branch, on one server.
    #[error("XA over several shards: an XA transaction of a client stays on the shard of its first statement")]
    SecondShardOfXa,
    #[error("interrupted: {0:?}")]
    Interrupted(Reason),
}

/// Why a wait was ended from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// KILL QUERY: the statement ends, the session goes on.
    QueryKilled = 1,
    /// KILL CONNECTION.
    SessionKilled = 2,
    /// A deadline passed.
    Deadline = 3,
    /// ShardGate is going down.
    Shutdown = 4,
    /// The client closed its connection while a statement ran.
    ClientGone = 5,
    /// The monitor declared the server down while a statement ran there.
    ServerDown = 6,
    /// The transaction is rolled back, so that those who wait for it, and for whom it waits, can go on.
    Deadlocked = 7,
}

impl Reason {
    /// Whether there is no client any more that could send another statement.
    pub fn ends_session(self) -> bool {
        matches!(self, Self::SessionKilled | Self::ClientGone | Self::Shutdown)
    }
}
