//! The connections to one server: a bounded number, lent for a statement or a transaction.
//!
//! A lease that is dropped without `give_back` closes its connection: whoever is cancelled in the middle of an answer
//! cannot hand a dirty connection to the next client. Waiters are served in order, each for a bounded time.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::connection::Connection;
use super::error::Error;
use super::login::Dialer;
use super::options::PoolOptions;
use super::settings::Settings;
use crate::wire::capability::RelayedCapabilities;

/// The event loop (worker thread) that a session runs on. Connections are preferably reused where they were opened:
/// their socket is registered there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerId(pub usize);

/// What a session needs of a connection. `class` must fit; the rest can be brought about, at the cost of a round trip.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub class: RelayedCapabilities,
    pub schema: Option<&'a str>,
    pub settings: &'a Arc<Settings>,
    /// Whose statement it is.
    pub session: u32,
    pub worker: WorkerId,
}

/// All connections to one server.
#[derive(Debug)]
pub struct Pool {
    dialer: Dialer,
    options: PoolOptions,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Per worker; the most recently used at the end.
    idle: Vec<VecDeque<Box<Connection>>>,
    /// Open, lent or being opened.
    total: usize,
    waiters: VecDeque<oneshot::Sender<Grant>>,
    /// Nothing stays idle any more.
    is_retired: bool,
}

#[derive(Debug)]
enum Grant {
    Connection(Box<Connection>),
    /// The right to open one.
    Slot,
}

/// How many connections one server has, for reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub total: usize,
    pub idle: usize,
    pub waiting: usize,
}

/// How many idle connections are looked at for one that needs no preparation.
const SEARCHED: usize = 16;

impl Pool {
    pub fn new(dialer: Dialer, options: PoolOptions, workers: usize) -> Arc<Pool> {
        let idle = (0..workers.max(1)).map(|_| VecDeque::new()).collect();
        Arc::new(Pool {
            dialer,
            options,
            state: Mutex::new(State { idle, total: 0, waiters: VecDeque::new(), is_retired: false }),
        })
    }

    pub fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    fn now_ms(&self) -> u64 {
        self.dialer.clock().now_ms()
    }

    pub fn counts(&self) -> Counts {
        let state = self.state.lock();
        let idle = state.idle.iter().map(VecDeque::len).sum();
        Counts { total: state.total, idle, waiting: state.waiters.len() }
    }

    /// An idle connection that can be used at once and needs no preparation, if there is one. The path of most
    /// statements: it neither waits nor allocates.
    pub fn try_checkout(self: &Arc<Self>, wanted: &Wanted<'_>) -> Option<Lease> {
        let connection = self.state.lock().take_fitting(wanted)?;
        if !connection.is_usable() || connection.idles_longer_than(self.options.check_after, self.now_ms()) {
            return self.reconsider(connection);
        }
        Some(self.lease(connection))
    }

    /// A connection that idled for long goes back to the head of its queue, where `checkout` pings it; a dead one is
    /// dropped.
    fn reconsider(self: &Arc<Self>, connection: Box<Connection>) -> Option<Lease> {
        if connection.is_usable() {
            self.state.lock().push_idle(connection, self.now_ms());
        } else {
            self.release_slot();
        }
        None
    }

    /// A connection, waiting for one if all are in use. In order of arrival; at most `PoolOptions::wait`.
    pub async fn checkout(self: &Arc<Self>, wanted: &Wanted<'_>) -> Result<Lease, Error> {
        let deadline = tokio::time::Instant::now() + self.options.wait;
        loop {
            let waiter = match self.take_or_queue(wanted) {
                Taken::Idle(connection) => match self.checked(connection).await {
                    Some(lease) => return Ok(lease),
                    None => continue,
                },
                Taken::Slot(slot) => return self.open(slot, wanted).await,
                Taken::Queued(waiter) => waiter,
            };
            match tokio::time::timeout_at(deadline, waiter.granted()).await {
                Ok(Some(Grant::Connection(connection))) => {
                    let guard = Slot { pool: Arc::clone(self), armed: true };
                    if connection.class() != wanted.class {
                        drop(connection);
                        return self.open(guard, wanted).await;
                    }
                    guard.keep();
                    if let Some(lease) = self.checked(connection).await {
                        return Ok(lease);
                    }
                }
                Ok(Some(Grant::Slot)) => return self.open(Slot { pool: Arc::clone(self), armed: true }, wanted).await,
                Ok(None) | Err(_) => {
                    return Err(Error::PoolWait {
                        server: Arc::clone(self.dialer.server()),
                        waited: self.options.wait,
                    });
                }
            }
        }
    }

    fn take_or_queue(self: &Arc<Self>, wanted: &Wanted<'_>) -> Taken {
        let mut state = self.state.lock();
        if state.waiters.is_empty() {
            if let Some(connection) = state.take_idle(wanted) {
                return Taken::Idle(connection);
            }
            let slot = || Slot { pool: Arc::clone(self), armed: true };
            if state.total < self.options.max {
                state.total += 1;
                return Taken::Slot(slot());
            }
            if state.drop_one_idle() {
                // Idle, but of a class that does not fit: its place is taken over.
                return Taken::Slot(slot());
            }
        }
        let (sender, receiver) = oneshot::channel();
        state.waiters.push_back(sender);
        Taken::Queued(Waiter { receiver, pool: Arc::clone(self) })
    }

    /// Pings a connection that idled for long; `None` when it turned out dead.
    async fn checked(self: &Arc<Self>, connection: Box<Connection>) -> Option<Lease> {
        let long_idle = connection.idles_longer_than(self.options.check_after, self.now_ms());
        let mut lease = self.lease(connection);
        if !lease.is_usable() {
            return None;
        }
        if long_idle {
            let pinged = tokio::time::timeout(self.dialer.connect_timeout(), lease.ping()).await;
            if !matches!(pinged, Ok(Ok(()))) {
                return None;
            }
        }
        Some(lease)
    }

    async fn open(self: &Arc<Self>, slot: Slot, wanted: &Wanted<'_>) -> Result<Lease, Error> {
        let connection = self.dialer.dial(wanted.class, wanted.schema, wanted.worker).await?;
        slot.keep();
        Ok(self.lease(Box::new(connection)))
    }

    fn lease(self: &Arc<Self>, connection: Box<Connection>) -> Lease {
        Lease { connection: Some(connection), pool: Arc::clone(self) }
    }

    fn give_back(&self, connection: Box<Connection>) {
        if !connection.is_reusable() || connection.is_older_than(self.options.lifetime, self.now_ms()) {
            drop(connection);
            return self.release_slot();
        }
        let mut state = self.state.lock();
        let mut grant = Grant::Connection(connection);
        while let Some(waiter) = state.waiters.pop_front() {
            // A waiter that has given up takes nothing.
            match waiter.send(grant) {
                Ok(()) => return,
                Err(refused) => grant = refused,
            }
        }
        let Grant::Connection(connection) = grant else { return };
        if !state.is_retired {
            return state.push_idle(connection, self.now_ms());
        }
        drop(state);
        drop(connection);
        self.release_slot();
    }

    fn release_slot(&self) {
        let mut state = self.state.lock();
        while let Some(waiter) = state.waiters.pop_front() {
            if waiter.send(Grant::Slot).is_ok() {
                return;
            }
        }
        state.total -= 1;
    }

    /// Closes connections that are too old or idle for too long, and opens this worker's share of `min`. Called by each
    /// worker once a second or so.
    pub async fn maintain(self: &Arc<Self>, worker: WorkerId, class: RelayedCapabilities) {
        let expired = self.state.lock().take_expired(worker, &self.options, self.now_ms());
        for connection in expired {
            drop(connection);
            self.release_slot();
        }
        while self.wants_warm_connection() {
            let slot = Slot { pool: Arc::clone(self), armed: true };
            match self.dialer.dial(class, None, worker).await {
                Ok(connection) => {
                    slot.keep();
                    self.give_back(Box::new(connection));
                }
                Err(error) => {
                    tracing::debug!(%error, "cannot keep `min` connections open");
                    return;
                }
            }
        }
    }

    fn wants_warm_connection(&self) -> bool {
        let mut state = self.state.lock();
        let wanted = state.total < self.options.min;
        if wanted {
            state.total += 1;
        }
        wanted
    }

    /// Closes what is idle now, and what is given back from now on: who still works by an earlier configuration may go on.
    pub fn retire(&self) {
        self.state.lock().is_retired = true;
        self.close_idle();
    }

    /// Closes what is idle: the server went down, or its place in the configuration is gone.
    pub fn close_idle(&self) {
        let idle: Vec<_> = self.state.lock().idle.iter_mut().flat_map(|queue| queue.drain(..)).collect();
        for connection in idle {
            drop(connection);
            self.release_slot();
        }
    }
}

impl State {
    fn push_idle(&mut self, mut connection: Box<Connection>, now_ms: u64) {
        connection.goes_idle(now_ms);
        let queue = connection.worker().0 % self.idle.len();
        self.idle[queue].push_back(connection);
    }

    /// The best idle connection: one that needs no preparation, of the session's own worker first.
    fn take_idle(&mut self, wanted: &Wanted<'_>) -> Option<Box<Connection>> {
        self.take_by(wanted, best_match)
    }

    /// One that needs no preparation.
    fn take_fitting(&mut self, wanted: &Wanted<'_>) -> Option<Box<Connection>> {
        // Mostly it is the one that was used last, and nothing must be searched.
        let own = wanted.worker.0 % self.idle.len();
        if self.idle[own].back().is_some_and(|last| last.fits(wanted)) {
            return self.idle[own].pop_back();
        }
        self.take_by(wanted, fitting)
    }

    fn take_by(
        &mut self,
        wanted: &Wanted<'_>,
        search: impl Fn(&VecDeque<Box<Connection>>, &Wanted<'_>) -> Option<usize>,
    ) -> Option<Box<Connection>> {
        let workers = self.idle.len();
        let own = wanted.worker.0 % workers;
        for queue in (own..workers).chain(0..own) {
            if let Some(at) = search(&self.idle[queue], wanted) {
                return self.idle[queue].remove(at);
            }
        }
        None
    }

    fn drop_one_idle(&mut self) -> bool {
        self.idle.iter_mut().find_map(VecDeque::pop_front).is_some()
    }

    // Boxed, as they are in the queues: a connection is large and moves often.
    #[allow(clippy::vec_box)]
    fn take_expired(&mut self, worker: WorkerId, options: &PoolOptions, now_ms: u64) -> Vec<Box<Connection>> {
        let queue = worker.0 % self.idle.len();
        let mut spare = self.total.saturating_sub(options.min);
        let mut expired = Vec::new();
        let mut at = 0;
        while at < self.idle[queue].len() {
            let connection = &self.idle[queue][at];
            let idle_too_long = connection.idles_longer_than(options.idle, now_ms) && spare > 0;
            if idle_too_long || connection.is_older_than(options.lifetime, now_ms) || !connection.is_usable() {
                spare = spare.saturating_sub(1);
                expired.extend(self.idle[queue].remove(at));
            } else {
                at += 1;
            }
        }
        expired
    }
}

/// Index of the connection to use, from the most recently used end: one that fits, or else one of the class.
fn best_match(idle: &VecDeque<Box<Connection>>, wanted: &Wanted<'_>) -> Option<usize> {
    let of_class = || idle.iter().rposition(|connection| connection.class() == wanted.class);
    fitting(idle, wanted).or_else(of_class)
}

fn fitting(idle: &VecDeque<Box<Connection>>, wanted: &Wanted<'_>) -> Option<usize> {
    let mut recent = idle.iter().enumerate().rev().take(SEARCHED);
    recent.find(|(_, connection)| connection.fits(wanted)).map(|(at, _)| at)
}

enum Taken {
    Idle(Box<Connection>),
    Slot(Slot),
    Queued(Waiter),
}

/// The right to one connection; given back when opening it fails or is cancelled.
struct Slot {
    pool: Arc<Pool>,
    armed: bool,
}

impl Slot {
    fn keep(mut self) {
        self.armed = false;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.armed {
            self.pool.release_slot();
        }
    }
}

/// A place in the queue. What was granted to a waiter that has just given up is passed on.
struct Waiter {
    receiver: oneshot::Receiver<Grant>,
    pool: Arc<Pool>,
}

impl Waiter {
    async fn granted(mut self) -> Option<Grant> {
        (&mut self.receiver).await.ok()
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.receiver.close();
        match self.receiver.try_recv() {
            Ok(Grant::Connection(connection)) => self.pool.give_back(connection),
            Ok(Grant::Slot) => self.pool.release_slot(),
            Err(_) => {}
        }
    }
}

/// A lent connection.
#[derive(Debug)]
pub struct Lease {
    /// `None` only once it was given back.
    connection: Option<Box<Connection>>,
    pool: Arc<Pool>,
}

impl Lease {
    /// Back to the pool, for the next session. The connection must be between commands and outside transactions;
    /// one that is not is closed.
    pub fn give_back(mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.give_back(connection);
        }
    }

    pub fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }
}

impl std::ops::Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_deref().expect("a lease holds its connection until it is given back")
    }
}

impl std::ops::DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_deref_mut().expect("a lease holds its connection until it is given back")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.connection.take().is_some() {
            self.pool.release_slot();
        }
    }
}
