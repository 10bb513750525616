//! The monitor: looks at every server in turn, so that reads avoid broken replicas and writes follow the primary.
//!
//! One task per server, with a connection of its own outside the pools. It asks for `read_only` and the replication
//! status; a server that fails several looks in a row is down, and statements that wait for it are ended.

use std::sync::Arc;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row};
use tokio::task::JoinSet;

use super::control::{self, ControlError};
use super::interrupt::Watchdog;
use super::options::MonitorOptions;
use super::replica_set::{ReplicaSet, Server, ServerState};
use super::topology::Topology;

/// The monitors of all replica sets, until it is dropped.
#[derive(Debug, Default)]
pub struct Watch {
    options: MonitorOptions,
    sets: Vec<(Arc<ReplicaSet>, JoinSet<()>)>,
}

impl Watch {
    /// Watches the sets of this fleet, in this way. Of an earlier fleet those are still watched that have not drained.
    pub fn follow(&mut self, topology: &Topology, options: &MonitorOptions) {
        let is_other = self.options != *options;
        self.options = options.clone();
        self.sets.retain(|(set, _)| if topology.has(set) { !is_other } else { !set.is_drained() });
        for set in &topology.sets {
            if !self.sets.iter().any(|(watched, _)| Arc::ptr_eq(watched, set)) {
                self.sets.push((Arc::clone(set), watch(set, &topology.watchdog, options)));
            }
        }
    }

    /// Ends all monitors.
    pub async fn shutdown(self) {
        for (_, mut monitors) in self.sets {
            monitors.shutdown().await;
        }
    }
}

fn watch(set: &Arc<ReplicaSet>, watchdog: &Arc<Watchdog>, options: &MonitorOptions) -> JoinSet<()> {
    let monitor = |server: &Arc<Server>| Monitor {
        set: Arc::clone(set),
        server: Arc::clone(server),
        watchdog: Arc::clone(watchdog),
        options: options.clone(),
        connection: None,
        failures: 0,
        lag_is_hidden: false,
    };
    set.servers.iter().map(|server| monitor(server).run()).collect()
}

struct Monitor {
    set: Arc<ReplicaSet>,
    server: Arc<Server>,
    watchdog: Arc<Watchdog>,
    options: MonitorOptions,
    connection: Option<Conn>,
    failures: u32,
    /// Said once in the log: the account may not see the replication status.
    lag_is_hidden: bool,
}

impl Monitor {
    async fn run(mut self) {
        loop {
            match tokio::time::timeout(self.options.timeout, self.look()).await {
                Ok(Ok((state, lag))) => self.seen(state, lag),
                Ok(Err(error)) => self.failed(&error.to_string()),
                Err(_) => self.failed("no answer in time"),
            }
            self.set.elect();
            tokio::time::sleep(self.options.interval).await;
        }
    }

    fn seen(&mut self, state: ServerState, lag: Option<Duration>) {
        self.failures = 0;
        let before = self.server.state();
        self.server.observe(state, lag);
        if before != state {
            tracing::info!(server = %self.server.address, ?before, now = ?state, "server state");
        }
    }

    fn failed(&mut self, reason: &str) {
        self.connection = None;
        self.failures = self.failures.saturating_add(1);
        let is_down = self.server.state() == ServerState::Down;
        if self.failures >= self.options.failures && !is_down {
            tracing::error!(server = %self.server.address, reason, "server is down");
            self.server.observe(ServerState::Down, None);
            self.server.pool.close_idle();
            self.watchdog.server_went_down(self.server.index);
        }
    }

    async fn look(&mut self) -> Result<(ServerState, Option<Duration>), ControlError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => control::connect(&self.set.options, &self.server.address).await?,
        };
        let read_only: Option<String> =
            connection.query_first("SELECT CAST(@@global.read_only AS CHAR)").await.map_err(ControlError::from)?;
        if matches!(read_only.as_deref(), Some("0" | "OFF")) {
            self.connection = Some(connection);
            return Ok((ServerState::Writable, None));
        }
        let lag = self.replication_lag(&mut connection).await?;
        self.connection = Some(connection);
        let state = if lag.is_some() { ServerState::Replicating } else { ServerState::Detached };
        Ok((state, lag))
    }

    /// Seconds behind the source; `None` when replication does not run or the account may not see it.
    async fn replication_lag(&mut self, connection: &mut Conn) -> Result<Option<Duration>, ControlError> {
        // SHOW REPLICA STATUS: MySQL 8.0.22, MariaDB 10.5.1; the older words are gone from MySQL 8.4.
        let mut answer: Result<Option<Row>, _> = connection.query_first("SHOW REPLICA STATUS").await;
        if matches!(&answer, Err(mysql_async::Error::Server(e)) if e.code == 1064) {
            answer = connection.query_first("SHOW SLAVE STATUS").await;
        }
        let row = match answer {
            Ok(row) => row,
            Err(mysql_async::Error::Server(error)) => {
                if !self.lag_is_hidden {
                    tracing::warn!(server = %self.server.address, %error,
                        "cannot see the replication status, so this server gets no reads; grant REPLICATION CLIENT \
                         (MariaDB: REPLICA MONITOR)");
                    self.lag_is_hidden = true;
                }
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        Ok(row.as_ref().and_then(seconds_behind).map(Duration::from_secs))
    }
}

fn seconds_behind(row: &Row) -> Option<u64> {
    let names = ["Seconds_Behind_Source", "Seconds_Behind_Master"];
    let index = row.columns_ref().iter().position(|column| names.contains(&column.name_str().as_ref()))?;
    row.get_opt::<Option<u64>, _>(index)?.ok()?
}
