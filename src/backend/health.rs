//! The monitor: looks at every server in turn, so that reads avoid broken replicas and writes follow the primary.
//!
//! One task per server, with a connection of its own outside the pools. It asks for `read_only` and the replication
//! status; a server that fails several looks in a row is down, and statements that wait for it are ended.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mysql_async::prelude::{FromValue, Queryable};
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
        behind: None,
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
    /// How far the server was behind when that was last known, and when.
    behind: Option<(Duration, Instant)>,
}

/// What a server says of its replication.
enum Replication {
    Behind(Duration),
    /// It has applied what it has, and cannot reach its source.
    WithoutSource,
    /// Broken, stopped, not set up, or hidden from the account.
    Unknown,
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
        self.watchdog.server_is_back(self.server.index);
        self.server.observe(state, lag);
        if before != state {
            tracing::info!(server = %self.server.address, ?before, now = ?state, "server state");
        }
    }

    fn failed(&mut self, reason: &str) {
        self.connection = None;
        self.failures = self.failures.saturating_add(1);
        let is_down = self.server.state() == ServerState::Down;
        if self.failures >= self.options.failures {
            if !is_down {
                tracing::error!(server = %self.server.address, reason, "server is down");
                self.server.observe(ServerState::Down, None);
                self.server.pool.close_idle();
            }
            // Each time: a session may have begun to wait just when this was said last.
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
        let replication = self.replication(&mut connection).await?;
        self.connection = Some(connection);
        let now = Instant::now();
        self.behind = match replication {
            Replication::Behind(lag) => Some((lag, now)),
            Replication::WithoutSource => self.behind.map(|(lag, since)| (self.without_source(lag, since, now), now)),
            Replication::Unknown => None,
        };
        let lag = self.behind.map(|(lag, _)| lag);
        let state = if lag.is_some() { ServerState::Replicating } else { ServerState::Detached };
        Ok((state, lag))
    }

    /// How far a server that has lost its source is behind: all that may have been written since. While no server takes
    /// writes, that is nothing.
    fn without_source(&self, lag: Duration, since: Instant, now: Instant) -> Duration {
        if self.set.primary().is_ok() { lag + (now - since) } else { lag }
    }

    async fn replication(&mut self, connection: &mut Conn) -> Result<Replication, ControlError> {
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
                return Ok(Replication::Unknown);
            }
            Err(error) => return Err(error.into()),
        };
        Ok(row.as_ref().map_or(Replication::Unknown, read_status))
    }
}

fn read_status(row: &Row) -> Replication {
    let seconds: Option<u64> = field(row, ["Seconds_Behind_Source", "Seconds_Behind_Master"]);
    let text = |names| field::<String>(row, names);
    let receives = text(["Replica_IO_Running", "Slave_IO_Running"]);
    let applies = text(["Replica_SQL_Running", "Slave_SQL_Running"]);
    match seconds {
        Some(seconds) => Replication::Behind(Duration::from_secs(seconds)),
        None if receives.as_deref() == Some("Connecting") && applies.as_deref() == Some("Yes") => {
            Replication::WithoutSource
        }
        None => Replication::Unknown,
    }
}

/// The field that has one of the names: servers have renamed them.
fn field<T: FromValue>(row: &Row, names: [&str; 2]) -> Option<T> {
    let index = row.columns_ref().iter().position(|column| names.contains(&column.name_str().as_ref()))?;
    row.get_opt::<Option<T>, _>(index)?.ok()?
}
