//! One primary as recovery sees it: a connection that holds the process's lock, what is prepared there, and old rows.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::ANSWER_TIMEOUT;
use super::ask::{WAIT_BRIEFLY, number};
use crate::backend::control::{self, ControlError, within};
use crate::backend::options::Address;
use crate::backend::replica_set::ReplicaSet;
use crate::txn::decision::{BATCH, DecisionTable, participants};
use crate::txn::in_flight::InFlight;
use crate::txn::xid::{Gtrid, Owner, Xid};

/// A decision that others should have removed is kept so long at least: their owners may still ask for it.
const KEEP_COMMIT: Duration = Duration::from_secs(3600);
const KEEP_ABORT: Duration = Duration::from_secs(24 * 3600);
/// One of this process, which knows that it is not needed.
const KEEP_OWN: Duration = Duration::from_secs(60);

/// A column that the table does not have.
const BAD_FIELD: u16 = 1054;
/// XA RECOVER without XA_RECOVER_ADMIN.
const XAER_RMERR: u16 = 1401;

/// One replica set's primary.
pub(super) struct Watched {
    pub(super) set: Arc<ReplicaSet>,
    pub(super) open: Option<Open>,
    /// What was logged last, so that it is said once.
    pub(super) complaint: Option<String>,
}

/// A connection to a primary.
pub(super) struct Open {
    pub(super) address: Address,
    pub(super) conn: Conn,
    pub(super) is_mariadb: bool,
}

/// A row of the decision table that should have gone.
pub(super) struct OldRow {
    pub(super) gtrid: Gtrid,
    pub(super) participants: Vec<Vec<u8>>,
}

/// What one primary shows.
#[derive(Default)]
pub(super) struct Found {
    pub(super) branches: Vec<Xid>,
    pub(super) alive: HashSet<Owner>,
    /// Names of branches that no ShardGate has given.
    pub(super) others: Vec<String>,
}

impl Watched {
    /// Connects, keeps the table, removes what has settled, and reads rows that should have gone.
    pub(super) async fn tend(&mut self, in_flight: &InFlight) -> Vec<OldRow> {
        let tended = self.try_to_tend(in_flight).await;
        let rows = tended.map_err(|error| error.to_string());
        let (rows, noted) = match rows {
            Ok(rows) => (rows, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        if noted.is_err() {
            self.open = None;
        }
        self.note(noted);
        rows
    }

    async fn try_to_tend(&mut self, in_flight: &InFlight) -> Result<Vec<OldRow>, Trouble> {
        let address = self.set.primary().map_err(|error| Trouble::Unreachable(error.to_string()))?.address.clone();
        if self.open.as_ref().is_none_or(|open| open.address != address) {
            self.open = Some(prepare(&self.set, address, in_flight).await?);
        }
        let Some(Open { conn, .. }) = &mut self.open else { return Ok(Vec::new()) };
        let settled = in_flight.take_settled(&self.set.options.name);
        for batch in settled.chunks(BATCH) {
            within(ANSWER_TIMEOUT, conn.query_drop(in_flight.table.delete(batch))).await?;
        }
        let sql = in_flight.table.select_old(KEEP_OWN.as_secs(), KEEP_ABORT.as_secs());
        let rows: Vec<(Vec<u8>, u64, Vec<u8>)> = within(ANSWER_TIMEOUT, conn.query(sql)).await?;
        let me = in_flight.names.owner();
        let old = rows.into_iter().filter_map(|(gtrid, age, names)| {
            let gtrid = Gtrid::parse(&gtrid)?;
            let is_old = gtrid.owner == *me || age >= KEEP_COMMIT.as_secs();
            let participants = participants(&names).map(<[u8]>::to_vec).collect();
            is_old.then_some(OldRow { gtrid, participants })
        });
        Ok(old.collect())
    }

    /// The branches that are prepared here, and which of their owners are alive. `None` if the server does not tell.
    pub(super) async fn look(&mut self, in_flight: &InFlight, old: &[OldRow]) -> Option<Found> {
        let looked = self.try_to_look(in_flight, old).await;
        match looked {
            Ok(found) => found,
            Err(error) => {
                self.open = None;
                self.note(Err(error.to_string()));
                None
            }
        }
    }

    async fn try_to_look(&mut self, in_flight: &InFlight, old: &[OldRow]) -> Result<Option<Found>, Trouble> {
        let Some(Open { conn, .. }) = &mut self.open else { return Ok(None) };
        let rows: Vec<(i64, usize, usize, Vec<u8>)> =
            within(ANSWER_TIMEOUT, conn.query("XA RECOVER")).await.map_err(|error| match number(&error) {
                Some(XAER_RMERR) => Trouble::NotAllowed("XA RECOVER: grant XA_RECOVER_ADMIN", error),
                _ => Trouble::Control(error),
            })?;
        let mut found = Found::default();
        for (format_id, gtrid_len, bqual_len, data) in rows {
            let (Some(gtrid), Some(bqual)) = (data.get(..gtrid_len), data.get(gtrid_len..gtrid_len + bqual_len)) else {
                continue;
            };
            match Xid::parse(format_id, gtrid, bqual) {
                Some(xid) => found.branches.push(xid),
                None => found.others.push(data.escape_ascii().to_string()),
            }
        }
        let me = in_flight.names.owner();
        let owners = found.branches.iter().map(|xid| &xid.gtrid.owner).chain(old.iter().map(|row| &row.gtrid.owner));
        let owners: HashSet<Owner> = owners.filter(|owner| *owner != me).cloned().collect();
        for owner in owners {
            let sql = "SELECT IS_USED_LOCK(?)";
            let held: Option<Option<u64>> = within(ANSWER_TIMEOUT, conn.exec_first(sql, (owner.lock_name(),))).await?;
            if held.flatten().is_some() {
                found.alive.insert(owner);
            }
        }
        Ok(Some(found))
    }

    /// Says once what is wrong.
    pub(super) fn note(&mut self, outcome: Result<(), String>) {
        let complaint = outcome.err();
        if let Some(text) = &complaint
            && self.complaint.as_ref() != Some(text)
        {
            tracing::warn!(replica_set = %self.set.options.name, reason = %text,
                "distributed transactions cannot be looked after");
        }
        self.complaint = complaint;
    }
}

/// Why a server could not be looked after.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Control(#[from] ControlError),
    #[error("{0}")]
    Unreachable(String),
    #[error("ShardGate's account there may not do this: {0}: {1}")]
    NotAllowed(&'static str, ControlError),
}

/// A connection with this process's lock, to a server that has the decision table.
async fn prepare(set: &ReplicaSet, address: Address, in_flight: &InFlight) -> Result<Open, Trouble> {
    let mut conn = control::connect(&set.options, &address).await?;
    within(ANSWER_TIMEOUT, conn.query_drop(WAIT_BRIEFLY)).await?;
    // Ages are counted without daylight saving.
    within(ANSWER_TIMEOUT, conn.query_drop("SET SESSION time_zone = '+00:00'")).await?;
    let lock = in_flight.names.owner().lock_name();
    let _: Option<Option<u8>> = within(ANSWER_TIMEOUT, conn.exec_first("SELECT GET_LOCK(?, 0)", (lock,))).await?;
    create_table(&mut conn, &in_flight.table).await.map_err(|error| {
        Trouble::NotAllowed("CREATE, ALTER, SELECT, INSERT and DELETE on the schema of its own tables", error)
    })?;
    let is_mariadb = warn_of_weakness(&mut conn, &set.options.name).await?;
    Ok(Open { address, conn, is_mariadb })
}

/// Creates schema and table where they are not there, and completes the table of an earlier version.
pub async fn create_table(conn: &mut Conn, table: &DecisionTable) -> Result<bool, ControlError> {
    match within(ANSWER_TIMEOUT, conn.query_drop(table.probe())).await {
        Ok(()) => return Ok(false),
        Err(error) if number(&error) == Some(BAD_FIELD) => {
            // Another ShardGate may be at it too: whether the table can be used then, the probe tells.
            let upgraded = within(ANSWER_TIMEOUT, conn.query_drop(table.upgrade())).await;
            return match within(ANSWER_TIMEOUT, conn.query_drop(table.probe())).await {
                Ok(()) => Ok(false),
                Err(error) => Err(upgraded.err().unwrap_or(error)),
            };
        }
        Err(_) => {}
    }
    within(ANSWER_TIMEOUT, conn.query_drop(table.create_schema())).await?;
    within(ANSWER_TIMEOUT, conn.query_drop(table.create())).await?;
    within(ANSWER_TIMEOUT, conn.query_drop(table.probe())).await?;
    Ok(true)
}

/// Says what this server does not keep through a crash; whether it is MariaDB.
///
/// MySQL's manual, "Restrictions on XA Transactions": before 8.0.30 a crash may tear binary log and prepared branches
/// apart. MariaDB before 10.5 rolls prepared branches back when their connection ends.
async fn warn_of_weakness(conn: &mut Conn, set: &str) -> Result<bool, ControlError> {
    let sql = "SELECT VERSION(), @@GLOBAL.innodb_flush_log_at_trx_commit, @@GLOBAL.sync_binlog, @@GLOBAL.log_bin";
    let found: Option<(String, u64, u64, bool)> = within(ANSWER_TIMEOUT, conn.query_first(sql)).await?;
    let (version, flush, sync, has_binlog) = found.ok_or(ControlError::NoServer)?;
    let parsed = crate::wire::handshake::ServerVersion::parse(version.as_bytes());
    let needed = if parsed.mariadb { 100_500 } else { 80_030 };
    if parsed.number < needed {
        tracing::warn!(replica_set = %set, %version,
            "this server does not keep prepared transactions through every crash: distributed commits are not safe here");
    }
    if flush != 1 || (has_binlog && sync != 1) {
        tracing::warn!(replica_set = %set, innodb_flush_log_at_trx_commit = flush, sync_binlog = sync,
            "this server can lose commits when its host crashes, and parts of distributed ones: set both to 1");
    }
    Ok(parsed.mariadb)
}
