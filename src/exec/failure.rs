//! How running a statement can fail, by what must happen next.

use super::gather::Taken;
use super::sequence::SequenceError;
use super::sink::SinkError;
use crate::backend::error::Error;
use crate::plan::PlanError;
use crate::wire::error_code::ErrorCode;
use crate::wire::response::ErrPacket;

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
    /// A server's own error, to be passed on as it came.
    #[error("{message}")]
    Server { code: ErrorCode, message: String },
    /// COMMIT failed, and nothing was kept on any shard.
    #[error("the transaction was rolled back at its commit: {0}")]
    RolledBack(String),
    /// An answer to COMMIT is missing, and what became of it could not be found out.
    #[error("it is not known whether the transaction was committed: {0}")]
    OutcomeUnknown(String),
    /// More rows, or bytes of them, would have to be gathered than the configuration allows.
    #[error(
        "gathering rows for this statement takes more than gather.{setting} = {limit}: \
         {} rows with {} bytes were reached in table '{table}'", taken.rows, taken.bytes
    )]
    OverBudget { table: String, setting: &'static str, limit: u64, taken: Taken },
    /// A row cannot be stored because of its shard key.
    #[error(transparent)]
    Unplaced(PlanError),
    /// The same for a row of a file.
    #[error("{error} (line {line} of the file)")]
    Line { line: u64, error: PlanError },
    /// A file cannot be cut into lines.
    #[error("{0}")]
    File(String),
    /// There are no numbers for its rows.
    #[error(transparent)]
    Sequence(Box<SequenceError>),
    /// What the statement needs is not there yet (error 1235).
    #[error("{0}")]
    Unsupported(String),
}

impl From<ErrPacket<'_>> for Failure {
    fn from(error: ErrPacket<'_>) -> Self {
        Self::Server { code: error.code, message: String::from_utf8_lossy(error.message).into_owned() }
    }
}

impl Failure {
    /// Whether the client is still there to go on with its session.
    pub(super) fn leaves_client(&self) -> bool {
        match self {
            Self::Client(_) | Self::Torn(_) => false,
            Self::Backend(Error::Interrupted(reason)) => !reason.ends_session(),
            _ => true,
        }
    }
}
