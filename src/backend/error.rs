//! What can go wrong between ShardGate and a server.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::wire::WireError;
use crate::wire::error_code::ErrorCode;

/// One server. Its text, and that of all errors here, is for clients: the address is for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerName {
    pub replica_set: Box<str>,
    pub address: Box<str>,
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a server of replica set '{}'", self.replica_set)
    }
}

/// A failure at one server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{server} cannot be reached: {source}")]
    Connect { server: Arc<ServerName>, source: io::Error },
    #[error("{server} did not let ShardGate in; the log says why")]
    Login { server: Arc<ServerName>, message: String },
    #[error("{server} is marked down")]
    Down { server: Arc<ServerName> },
    #[error("no connection to {server} came free within {waited:?}")]
    PoolWait { server: Arc<ServerName>, waited: Duration },
    #[error("the connection to {server} was lost: {source}")]
    Lost { server: Arc<ServerName>, source: io::Error },
    #[error("{server} broke the protocol: {source}")]
    Protocol { server: Arc<ServerName>, source: WireError },
    /// The server refused a command that ShardGate itself sent (`what`).
    #[error("{server} refused {what}: {} {message}", code.number)]
    Refused { server: Arc<ServerName>, what: &'static str, code: ErrorCode, message: String },
    /// The connection on which the session's transaction was open is gone.
    #[error("the transaction was rolled back, because its connection was lost; ROLLBACK to go on")]
    TransactionLost,
    #[error("no snapshot of all shards could be made within {waited:?}")]
    SnapshotTimeout { waited: Duration },
    /// The client coordinates one branch, on one server.
    #[error("XA over several shards: an XA transaction of a client stays on the shard of its first statement")]
    SecondShardOfXa,
    /// It has ended that branch, which is in this state.
    #[error("XAER_RMFAIL: The command cannot be executed when global transaction is in the  {state} state")]
    XaEnded { state: &'static str },
    #[error("interrupted: {0:?}")]
    Interrupted(Reason),
}

impl Error {
    /// Tells operators what clients are not told: which server it was, and the account in what it said.
    pub fn log(&self) {
        match self {
            Self::Connect { server, .. } | Self::Lost { server, .. } | Self::Protocol { server, .. } => {
                tracing::warn!(server = %server.address, "{self}");
            }
            Self::Login { server, message } => tracing::warn!(server = %server.address, "login refused: {message}"),
            Self::Down { .. }
            | Self::PoolWait { .. }
            | Self::Refused { .. }
            | Self::TransactionLost
            | Self::SnapshotTimeout { .. }
            | Self::SecondShardOfXa
            | Self::XaEnded { .. }
            | Self::Interrupted(_) => {}
        }
    }
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
