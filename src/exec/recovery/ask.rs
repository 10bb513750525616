//! The decision table, asked over connections of recovery's own; and the end of connections that are in its way.

use std::time::Duration;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::{ANSWER_TIMEOUT, SOON};
use crate::backend::control::{self, ControlError, within};
use crate::backend::topology::Topology;
use crate::txn::decision::{Decision, DecisionTable, Row};
use crate::txn::in_flight::InFlight;
use crate::txn::xid::Gtrid;
use crate::wire::error_code as codes;

const DUPLICATE: u16 = 1062;
const NO_SUCH_THREAD: u16 = 1094;

/// A decider whose transaction is open is asked again later.
pub(super) const WAIT_BRIEFLY: &str = "SET SESSION innodb_lock_wait_timeout = 1";

/// What the decision table says of a transaction, an abort being claimed if it says nothing. Waits for as long as the
/// decider does not answer.
pub async fn ask(topology: &Topology, in_flight: &InFlight, decider: &str, gtrid: &Gtrid) -> Decision {
    loop {
        match ask_once(topology, in_flight, decider, gtrid).await {
            Ok(decision) => return decision,
            Err(error) => tracing::debug!(transaction = %gtrid, %error, "the decider does not answer yet"),
        }
        tokio::time::sleep(SOON / 5).await;
    }
}

async fn ask_once(
    topology: &Topology,
    in_flight: &InFlight,
    decider: &str,
    gtrid: &Gtrid,
) -> Result<Decision, ControlError> {
    let set = topology.sets.iter().find(|set| set.options.name == decider).ok_or(ControlError::NoServer)?;
    let address = set.primary()?.address.clone();
    let mut conn = control::connect(&set.options, &address).await?;
    within(ANSWER_TIMEOUT, conn.query_drop(WAIT_BRIEFLY)).await?;
    let decision = claim(&mut conn, &in_flight.table, gtrid).await?;
    let _ = conn.disconnect().await;
    Ok(decision)
}

/// The row that is there, or an abort's that is put there. Waits for the decider's open transaction.
pub(super) async fn claim(conn: &mut Conn, table: &DecisionTable, gtrid: &Gtrid) -> Result<Decision, ControlError> {
    // A look first: most rows are there, and an INSERT that fails leaves a lock behind on some servers.
    if let Some(decision) = written(conn, table, gtrid).await? {
        return Ok(decision);
    }
    let insert = table.insert(&Row::new(gtrid, Decision::Abort, []));
    match within(ANSWER_TIMEOUT, conn.query_drop(insert)).await {
        Ok(()) => Ok(Decision::Abort),
        Err(error) if number(&error) == Some(DUPLICATE) => {
            written(conn, table, gtrid).await?.ok_or(ControlError::NoServer)
        }
        Err(error) => Err(error),
    }
}

pub(super) async fn written(
    conn: &mut Conn,
    table: &DecisionTable,
    gtrid: &Gtrid,
) -> Result<Option<Decision>, ControlError> {
    let found: Option<Vec<u8>> = within(ANSWER_TIMEOUT, conn.query_first(table.select(gtrid))).await?;
    Ok(found.and_then(|word| Decision::parse(&word)))
}

/// The row, committed or not, and the connection that inserted it.
pub(super) async fn uncommitted(
    conn: &mut Conn,
    table: &DecisionTable,
    gtrid: &Gtrid,
) -> Result<Option<(Decision, u64)>, ControlError> {
    // For one statement: all others must see what is committed.
    let level = "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED";
    within(ANSWER_TIMEOUT, conn.query_drop(level)).await?;
    let select = table.select_with_connection(gtrid);
    let found: Option<(Vec<u8>, u64)> = within(ANSWER_TIMEOUT, conn.query_first(select)).await?;
    Ok(found.and_then(|(word, connection)| Some((Decision::parse(&word)?, connection))))
}

/// Ends a connection of ShardGate's own account, if it is still there.
pub(super) async fn end_connection(conn: &mut Conn, id: u64) -> Result<bool, ControlError> {
    let sql =
        "SELECT COUNT(*) FROM information_schema.processlist WHERE id = ? AND user = SUBSTRING_INDEX(USER(), '@', 1)";
    let found: Option<u64> = within(ANSWER_TIMEOUT, conn.exec_first(sql, (id,))).await?;
    if found != Some(1) {
        return Ok(false);
    }
    match within(ANSWER_TIMEOUT, conn.query_drop(format!("KILL {id}"))).await {
        Ok(()) => Ok(true),
        Err(error) if number(&error) == Some(NO_SUCH_THREAD) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Servers renew the list of transactions no sooner than a tenth of a second after it was read.
pub(super) const LIST_AGE: Duration = Duration::from_millis(200);

/// Whether a connection that has prepared a branch, which was `seen` for so long and at least for `LIST_AGE`, has let go of it. While
/// it ends, MariaDB (10.11) gives the branch to others a moment before the engine does: XA COMMIT and XA ROLLBACK are answered with OK
/// then and do nothing, and from then on nobody can end the branch, nor see it, until the server starts again. In the engine's list the
/// transaction is the connection's until that moment has passed. Younger transactions are of another connection, which has the
/// number after such a start.
pub(super) async fn has_let_go(conn: &mut Conn, id: u64, seen: Duration) -> Result<bool, ControlError> {
    // The list tells times in the system's zone.
    let sql = format!(
        "SET STATEMENT time_zone = 'SYSTEM' FOR SELECT COUNT(*) FROM information_schema.INNODB_TRX \
         WHERE trx_mysql_thread_id = {id} AND trx_started <= NOW() - INTERVAL {} SECOND",
        seen.as_secs()
    );
    match within(ANSWER_TIMEOUT, conn.query_first::<u64, _>(sql)).await {
        // Without the privilege PROCESS the time that has passed must do.
        Err(error) if number(&error) == Some(codes::SPECIFIC_ACCESS_DENIED_ERROR.number) => Ok(true),
        found => Ok(found? == Some(0)),
    }
}

pub(super) fn number(error: &ControlError) -> Option<u16> {
    match error {
        ControlError::Server(mysql_async::Error::Server(error)) => Some(error.code),
        _ => None,
    }
}
