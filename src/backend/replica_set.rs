//! One primary and its replicas, as they are now: which server is writable, which replicas may be read from.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::error::Error;
use super::options::{Address, ReplicaSetOptions};
use super::pool::Pool;

/// One server of a replica set.
#[derive(Debug)]
pub struct Server {
    /// Unique among all servers of the process; `Interrupt::waits_for` takes it.
    pub index: u32,
    pub address: Address,
    pub pool: Arc<Pool>,
    /// Share of the reads; 0: none. The configured primary has none.
    pub weight: u32,
    state: AtomicU8,
    /// Milliseconds behind its source; `u64::MAX` when unknown.
    lag_ms: AtomicU64,
}

/// What the monitor last saw of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerState {
    /// Not looked at yet: used as configured.
    Unknown,
    /// Answers, `read_only` is off.
    Writable,
    /// Answers, `read_only` is on, replication runs.
    Replicating,
    /// Answers, `read_only` is on, replication is broken, stopped, or cannot be seen.
    Detached,
    Down,
}

impl Server {
    pub fn new(index: u32, address: Address, pool: Arc<Pool>, weight: u32) -> Server {
        let state = AtomicU8::new(0);
        Server { index, address, pool, weight, state, lag_ms: AtomicU64::new(u64::MAX) }
    }

    pub fn state(&self) -> ServerState {
        match self.state.load(Ordering::Relaxed) {
            1 => ServerState::Writable,
            2 => ServerState::Replicating,
            3 => ServerState::Detached,
            4 => ServerState::Down,
            _ => ServerState::Unknown,
        }
    }

    /// How far the server is behind its source; `None` when it is unknown or not a replica.
    pub fn lag(&self) -> Option<Duration> {
        let lag = self.lag_ms.load(Ordering::Relaxed);
        (lag != u64::MAX).then(|| Duration::from_millis(lag))
    }

    pub(super) fn observe(&self, state: ServerState, lag: Option<Duration>) {
        let number = match state {
            ServerState::Unknown => 0,
            ServerState::Writable => 1,
            ServerState::Replicating => 2,
            ServerState::Detached => 3,
            ServerState::Down => 4,
        };
        self.state.store(number, Ordering::Relaxed);
        let lag = lag.map_or(u64::MAX, |lag| u64::try_from(lag.as_millis()).unwrap_or(u64::MAX - 1));
        self.lag_ms.store(lag, Ordering::Relaxed);
    }
}

/// A replica set.
#[derive(Debug)]
pub struct ReplicaSet {
    pub options: Arc<ReplicaSetOptions>,
    /// The configured primary first.
    pub servers: Vec<Arc<Server>>,
    writer: AtomicUsize,
    /// Set while more than one server, or none, is writable.
    ambiguous: AtomicBool,
}

impl ReplicaSet {
    pub fn new(options: Arc<ReplicaSetOptions>, servers: Vec<Arc<Server>>) -> ReplicaSet {
        ReplicaSet { options, servers, writer: AtomicUsize::new(0), ambiguous: AtomicBool::new(false) }
    }

    /// What is known of the same servers under an earlier configuration, until the monitor has looked: most of all, which
    /// of them takes the writes.
    pub(super) fn take_over(&self, earlier: &ReplicaSet) {
        for server in &self.servers {
            if let Some(known) = earlier.servers.iter().find(|known| known.address == server.address) {
                server.observe(known.state(), known.lag());
            }
        }
        let writer = &earlier.servers[earlier.writer.load(Ordering::Relaxed)].address;
        if let Some(index) = self.servers.iter().position(|server| server.address == *writer) {
            self.writer.store(index, Ordering::Relaxed);
        }
    }

    /// The configuration has no place for this set any more: its connections are closed as they are given back.
    pub fn retire(&self) {
        self.servers.iter().for_each(|server| server.pool.retire());
    }

    /// Whether nobody has a connection to one of its servers.
    pub fn is_drained(&self) -> bool {
        self.servers.iter().all(|server| server.pool.counts().total == 0)
    }

    /// The server that takes writes.
    pub fn primary(&self) -> Result<&Arc<Server>, Error> {
        let server = &self.servers[self.writer.load(Ordering::Relaxed)];
        match server.state() {
            ServerState::Down => Err(Error::Down { server: Arc::clone(server.pool.dialer().server()) }),
            _ => Ok(server),
        }
    }

    /// A server for reads that may be a little behind: a healthy replica by weight, else the primary.
    /// `turn` goes round by one from statement to statement.
    pub fn reader(&self, turn: usize) -> Result<&Arc<Server>, Error> {
        let total: usize = self.readable().map(|server| server.weight as usize).sum();
        if total == 0 {
            return self.primary();
        }
        let mut turn = turn % total;
        for server in self.readable() {
            let weight = server.weight as usize;
            if turn < weight {
                return Ok(server);
            }
            turn -= weight;
        }
        // The set changed between the two passes.
        self.primary()
    }

    /// The servers that may answer a read in the place of `other`, with which something is wrong that the monitor has not
    /// seen yet.
    pub fn readers_beside(&self, other: &Server) -> impl Iterator<Item = &Arc<Server>> {
        let others = self.readable().filter(|server| server.index != other.index);
        others.chain(self.primary().ok().filter(|server| server.index != other.index))
    }

    fn readable(&self) -> impl Iterator<Item = &Arc<Server>> {
        self.servers.iter().filter(|server| {
            server.weight > 0
                && server.state() == ServerState::Replicating
                && server.lag().is_some_and(|lag| lag <= self.options.max_replica_lag)
        })
    }

    /// Follows the writable server after each look. With none or several writable ones the last known stays: guessing
    /// would split the data.
    pub(super) fn elect(&self) {
        if self.servers.iter().any(|server| server.state() == ServerState::Unknown) {
            return;
        }
        let mut writable = self.servers.iter().enumerate().filter(|(_, s)| s.state() == ServerState::Writable);
        let (first, second) = (writable.next(), writable.next());
        let name = &self.options.name;
        match (first, second) {
            (Some((index, server)), None) => {
                self.ambiguous.store(false, Ordering::Relaxed);
                let before = self.writer.swap(index, Ordering::Relaxed);
                if before != index {
                    tracing::warn!(replica_set = %name, primary = %server.address, "the primary has changed");
                }
            }
            (Some((_, one)), Some((_, other))) => {
                if !self.ambiguous.swap(true, Ordering::Relaxed) {
                    tracing::error!(replica_set = %name, one = %one.address, other = %other.address,
                        "two servers are writable; keeping the primary that was known");
                }
            }
            (None, _) => {
                if !self.ambiguous.swap(true, Ordering::Relaxed) {
                    tracing::error!(replica_set = %name, "no server is writable");
                }
            }
        }
    }
}
