//! How running a statement can fail, by what must happen next.

use super::sink::SinkError;
use crate::backend::error::Error;
use crate::txn::transaction::Refusal;
use crate::wire::error_code::ErrorCode;

/// A statement that did not end with its own answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The client cannot be answered any more: it is gone, or a packet to it was torn.
    #[error("the client is gone: {0}")]
    Client(#[from] SinkError),
    /// Part of a packet was passed on when its server failed: nothing can follow it.
    #[error("the answer was cut in the middle of a packet: {0}")]
    Torn(Error),
    /// A server failed; the client can be told.
    #[error(transparent)]
    Backend(#[from] Error),
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A server's own error, to be passed on as it came.
    #[error("{message}")]
    Server { code: ErrorCode, message: String },
    /// A multi-shard write was committed on some shards and not on others.
    #[error("committed on some shards and not on others: {0}")]
    PartlyCommitted(String),
    /// The connection was lost while a COMMIT was under way.
    #[error("it is not known whether the transaction was committed: {0}")]
    OutcomeUnknown(Error),
    /// What the statement needs is not there yet (error 1235).
    #[error("{0}")]
    Unsupported(String),
}
