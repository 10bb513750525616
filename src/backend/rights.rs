//! Whether ShardGate's account may do on a server what transactions, health checks and gathering need. It is tried: grants
//! may come by roles, wildcards and defaults. Nothing is left behind.

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::control::{self, ANSWER_TIMEOUT, ControlError};
use super::lock_waits;
use super::options::{Address, ReplicaSetOptions};

/// Something that the account may not do, or that failed.
#[derive(Debug, thiserror::Error)]
#[error("replica set {set}: user {user} cannot {action} on {server}: {error}; {advice}")]
pub struct MissingRight {
    /// The replica set's name.
    pub set: String,
    user: String,
    action: &'static str,
    server: Address,
    error: ControlError,
    advice: String,
    is_harmless: bool,
}

impl MissingRight {
    /// Whether all works nevertheless, if worse.
    pub fn is_harmless(&self) -> bool {
        self.is_harmless
    }
}

/// Unknown table, unknown database.
const ABSENT: [u16; 2] = [1146, 1049];

/// What is tried where.
struct Trial<'a> {
    set: &'a ReplicaSetOptions,
    server: &'a Address,
    connection: &'a mut Conn,
    missing: Vec<MissingRight>,
}

/// Tries what the primary must let the account do. `schema`: one of the shards'; `decisions`: the decision table, quoted.
pub(super) async fn of_primary(
    set: &ReplicaSetOptions,
    server: &Address,
    connection: &mut Conn,
    schema: Option<&str>,
    decisions: &str,
) -> Vec<MissingRight> {
    let mut trial = Trial { set, server, connection, missing: Vec::new() };
    let advice = "it finds transactions that were left prepared: GRANT XA_RECOVER_ADMIN ON *.* TO it";
    trial.run("XA RECOVER", "run XA RECOVER", advice, false).await;
    let advice = "`shardgate init` creates it; the account needs all rights on its schema";
    trial.run(&format!("SELECT 1 FROM {decisions} LIMIT 0"), "read the decision table", advice, false).await;
    trial.see_lock_waits().await;
    if let Some(schema) = schema {
        let sql = format!("CREATE TEMPORARY TABLE `{}`.shardgate_check (a INT)", schema.replace('`', "``"));
        let advice = "what no shard can answer alone is gathered in them: GRANT CREATE TEMPORARY TABLES on all schemas";
        trial.run(&sql, "create temporary tables", advice, false).await;
    }
    trial.missing
}

/// Tries what the monitor needs of a replica.
pub(super) async fn of_replica(set: &ReplicaSetOptions, server: &Address) -> Vec<MissingRight> {
    // That a server does not answer has been said.
    let Ok(mut connection) = control::connect(set, server).await else { return Vec::new() };
    let mut trial = Trial { set, server, connection: &mut connection, missing: Vec::new() };
    let sql = match control::within(ANSWER_TIMEOUT, trial.connection.query_drop("SHOW REPLICA STATUS")).await {
        Err(ControlError::Server(mysql_async::Error::Server(error))) if error.code == 1064 => "SHOW SLAVE STATUS",
        _ => "SHOW REPLICA STATUS",
    };
    let advice = "without it the replica is not read: GRANT REPLICATION CLIENT (MariaDB: REPLICA MONITOR) ON *.* TO it";
    trial.run(sql, "see the replication status", advice, true).await;
    let missing = trial.missing;
    let _ = connection.disconnect().await;
    missing
}

impl Trial<'_> {
    async fn run(&mut self, sql: &str, action: &'static str, advice: &str, is_harmless: bool) {
        let outcome = control::within(ANSWER_TIMEOUT, self.connection.query_drop(sql)).await;
        self.judge(outcome, action, advice, is_harmless);
    }

    async fn see_lock_waits(&mut self) {
        let outcome = lock_waits::ask(self.connection).await.map(drop);
        let advice = "deadlocks across servers end by innodb_lock_wait_timeout only: GRANT PROCESS ON *.*, and on MySQL \
                      SELECT ON performance_schema.*, TO it";
        self.judge(outcome, "see who waits for whose locks", advice, true);
    }

    fn judge(&mut self, outcome: Result<(), ControlError>, action: &'static str, advice: &str, is_harmless: bool) {
        let Err(error) = outcome else { return };
        // What is only not there yet is created at the start.
        let is_absent =
            matches!(&error, ControlError::Server(mysql_async::Error::Server(e)) if ABSENT.contains(&e.code));
        self.missing.push(MissingRight {
            set: self.set.name.clone(),
            user: self.set.user.clone(),
            action,
            server: self.server.clone(),
            error,
            advice: advice.to_owned(),
            is_harmless: is_harmless || is_absent,
        });
    }
}
