//! The only place where ShardGate's failures become MySQL's error numbers, SQLSTATEs and texts. A server's own error
//! passes through as it came.

use crate::backend::error::{Error, Reason};
use crate::exec::ddl::DdlError;
use crate::exec::failure::Failure;
use crate::exec::sequence::SequenceError;
use crate::plan::PlanError;
use crate::txn::ddl::{Effect, Objection};
use crate::wire::error_code::{self as codes, ErrorCode};
use crate::wire::response::ErrPacket;

/// What a client is told when its command fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClientMessage {
    pub code: ErrorCode,
    pub text: String,
    /// The session ends with this error.
    pub fatal: bool,
}

impl ClientMessage {
    pub(super) fn new(code: ErrorCode, text: impl Into<String>) -> ClientMessage {
        ClientMessage { code, text: text.into(), fatal: false }
    }

    pub(super) fn fatal(code: ErrorCode, text: impl Into<String>) -> ClientMessage {
        ClientMessage { code, text: text.into(), fatal: true }
    }

    /// Error 1235: what ShardGate does not do (yet).
    pub(super) fn unsupported(feature: &str) -> ClientMessage {
        ClientMessage::new(codes::NOT_SUPPORTED_YET, format!("ShardGate does not support {feature}"))
    }
}

/// A server's own error.
impl From<ErrPacket<'_>> for ClientMessage {
    fn from(error: ErrPacket<'_>) -> Self {
        ClientMessage::new(error.code, String::from_utf8_lossy(error.message))
    }
}

impl From<PlanError> for ClientMessage {
    fn from(error: PlanError) -> Self {
        let code = match &error {
            PlanError::Unsupported { .. }
            | PlanError::KeyNotLiteral { .. }
            | PlanError::KeyNowhere { .. }
            | PlanError::Numbered { .. }
            | PlanError::UnknownColumns { .. } => codes::NOT_SUPPORTED_YET,
            PlanError::NoDatabase => codes::NO_DB_ERROR,
            PlanError::UnknownDatabase(_) => codes::BAD_DB_ERROR,
            PlanError::NoSuchTable { .. } => codes::NO_SUCH_TABLE,
            PlanError::Syntax { .. } => codes::PARSE_ERROR,
            PlanError::MissingShardKey { .. } => codes::NO_DEFAULT_FOR_FIELD,
            PlanError::NullShardKey { .. } => codes::BAD_NULL_ERROR,
            PlanError::NoParent(_) => codes::NO_REFERENCED_ROW,
            PlanError::KeyOutOfRange { .. } => codes::NO_PARTITION_FOR_GIVEN_VALUE,
            PlanError::KeyRequired { .. } | PlanError::UncertainKey { .. } => codes::UPDATE_WITHOUT_KEY_IN_SAFE_MODE,
            PlanError::ReadsTarget { .. } => codes::UPDATE_TABLE_USED,
            PlanError::ColumnCount { .. } => codes::WRONG_VALUE_COUNT_ON_ROW,
            PlanError::Mixed { .. } => codes::TABLE_DEF_CHANGED,
            PlanError::UnknownShard(_) | PlanError::Hint(_) => codes::WRONG_ARGUMENTS,
        };
        ClientMessage::new(code, plan_text(&error))
    }
}

/// MySQL's own words where it has any for the case.
fn plan_text(error: &PlanError) -> String {
    match error {
        PlanError::NoDatabase => "No database selected".to_owned(),
        PlanError::UnknownDatabase(name) => format!("Unknown database '{name}'"),
        PlanError::NoSuchTable { database, table } => format!("Table '{database}.{table}' doesn't exist"),
        PlanError::ColumnCount { row } => format!("Column count doesn't match value count at row {row}"),
        PlanError::NullShardKey { table, column, rule } => format!(
            "Column '{column}' cannot be null: it is the shard key of '{table}', and its rule ({rule}) has no null_key"
        ),
        PlanError::MissingShardKey { table, column, rule } => {
            format!("Field '{column}' doesn't have a default value: it is the shard key of '{table}' (rule {rule})")
        }
        PlanError::NoParent(_) | PlanError::ReadsTarget { .. } | PlanError::Mixed { .. } => error.to_string(),
        PlanError::KeyOutOfRange { table, column, rule, value } => format!(
            "Table has no partition for value {value}: the rule of '{table}' ({rule}) has no shard for this '{column}', and \
             no out_of_range"
        ),
        PlanError::Unsupported { .. }
        | PlanError::Syntax { .. }
        | PlanError::KeyNotLiteral { .. }
        | PlanError::KeyNowhere { .. }
        | PlanError::Numbered { .. }
        | PlanError::UnknownColumns { .. }
        | PlanError::KeyRequired { .. }
        | PlanError::UncertainKey { .. }
        | PlanError::UnknownShard(_)
        | PlanError::Hint(_) => format!("ShardGate: {error}"),
    }
}

impl From<Error> for ClientMessage {
    fn from(error: Error) -> Self {
        error.log();
        let text = error.to_string();
        match error {
            Error::Login { .. } | Error::Connect { .. } | Error::Down { .. } => {
                ClientMessage::new(codes::CONNECT_TO_BACKEND, text)
            }
            Error::PoolWait { .. } => ClientMessage::new(codes::CON_COUNT_ERROR, text),
            Error::Lost { .. } | Error::Protocol { .. } | Error::SnapshotTimeout { .. } => {
                ClientMessage::new(codes::NET_READ_ERROR, text)
            }
            Error::Refused { code, message, .. } => ClientMessage::new(code, message),
            Error::SecondShardOfXa => ClientMessage::unsupported(&text),
            Error::XaEnded { .. } => ClientMessage::new(codes::XAER_RMFAIL, text),
            Error::TransactionLost => super::transactions::lost(),
            Error::Interrupted(reason) => reason.into(),
        }
    }
}

impl From<Reason> for ClientMessage {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::QueryKilled => ClientMessage::new(codes::QUERY_INTERRUPTED, "Query execution was interrupted"),
            Reason::SessionKilled | Reason::ClientGone => {
                ClientMessage::fatal(codes::QUERY_INTERRUPTED, "Connection was killed")
            }
            Reason::Deadline => ClientMessage::new(
                codes::NET_READ_INTERRUPTED,
                "Lost connection to backend server: it did not answer within response_timeout",
            ),
            Reason::Shutdown => ClientMessage::fatal(codes::SERVER_SHUTDOWN, "Server shutdown in progress"),
            Reason::Deadlocked => ClientMessage::new(
                codes::LOCK_DEADLOCK,
                "Deadlock found when trying to get lock; try restarting transaction",
            ),
            Reason::ServerDown => ClientMessage::new(
                codes::NET_READ_ERROR,
                "Lost connection to backend server during query: it was declared down",
            ),
        }
    }
}

impl From<SequenceError> for ClientMessage {
    fn from(error: SequenceError) -> Self {
        ClientMessage::new(codes::AUTOINC_READ_FAILED, format!("ShardGate: {error}"))
    }
}

impl From<DdlError> for ClientMessage {
    fn from(error: DdlError) -> Self {
        let code = match &error {
            DdlError::Control(_) => codes::CONNECT_TO_BACKEND,
            DdlError::Sequence(_) => codes::AUTOINC_READ_FAILED,
            DdlError::Busy => codes::LOCK_WAIT_TIMEOUT,
            DdlError::NoSuchChange(_) | DdlError::NoSuchShard(_) => codes::WRONG_ARGUMENTS,
            DdlError::NoTable { .. } => codes::NO_SUCH_TABLE,
            DdlError::NotUndoable(..) | DdlError::HasRows { .. } | DdlError::NotAlike { .. } => {
                codes::NOT_SUPPORTED_YET
            }
        };
        ClientMessage::new(code, format!("ShardGate: {error}"))
    }
}

impl From<Objection> for ClientMessage {
    fn from(objection: Objection) -> Self {
        let code = match &objection {
            Objection::Partial { effect: Effect::Creates, .. } => codes::TABLE_EXISTS,
            Objection::Partial { effect: Effect::Drops, .. } => codes::BAD_TABLE_ERROR,
            Objection::Partial { effect: Effect::Changes, .. } => codes::NO_SUCH_TABLE,
            Objection::Differs { .. } => codes::NOT_SUPPORTED_YET,
        };
        ClientMessage::new(code, format!("ShardGate: {objection}"))
    }
}

impl From<Failure> for ClientMessage {
    fn from(failure: Failure) -> Self {
        let text = failure.to_string();
        match failure {
            Failure::Torn(error) => {
                error.log();
                ClientMessage::fatal(codes::NET_ERROR_ON_WRITE, text)
            }
            Failure::Client(_) => ClientMessage::fatal(codes::NET_ERROR_ON_WRITE, text),
            Failure::Backend(error) => error.into(),
            Failure::Server { code, message } => ClientMessage::new(code, message),
            Failure::RolledBack(_) | Failure::OutcomeUnknown(_) => ClientMessage::new(codes::ERROR_DURING_COMMIT, text),
            Failure::OverBudget { .. } => ClientMessage::new(codes::TOO_BIG_SELECT, format!("ShardGate: {text}")),
            Failure::Unplaced(error) => error.into(),
            Failure::Sequence(error) => (*error).into(),
            Failure::Line { line, error } => {
                let message = ClientMessage::from(error);
                ClientMessage { text: format!("{} (line {line} of the file)", message.text), ..message }
            }
            Failure::File(_) => ClientMessage::new(codes::TRUNCATED_WRONG_VALUE, format!("ShardGate: {text}")),
            Failure::Unsupported(feature) => ClientMessage::unsupported(&feature),
        }
    }
}
