//! How a wait is ended from outside: KILL, shutdown, a server that was declared down, a passed deadline.
//!
//! Each session has one `Interrupt`. Arming a deadline is one atomic store against a clock that ticks ten times a
//! second, so the path of a query pays for no timer; the `Watchdog` looks at all sessions on each tick. Whether the
//! client is still there is asked only of sessions that have waited for a server for a tick: most answers come sooner.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

use super::error::Reason;

/// Resolution of deadlines.
pub const TICK: Duration = Duration::from_millis(TICK_MS);
const TICK_MS: u64 = 100;

const NO_DEADLINE: u64 = u64::MAX;

// Beside a time, what `Interrupt::look_ms` can be.
const NO_LOOK: u64 = u64::MAX;
const LOOK_NOW: u64 = u64::MAX - 1;

/// The longest that a wait may take, by the watchdog's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    ms: u64,
}

impl Limit {
    /// Whole seconds; `None` where there is no limit.
    pub fn seconds(self) -> Option<u64> {
        (self.ms != NO_DEADLINE).then(|| self.ms.saturating_sub(TICK_MS) / 1000)
    }
}

impl From<Duration> for Limit {
    /// Zero: whenever it ends.
    fn from(duration: Duration) -> Limit {
        match duration.is_zero() {
            true => Limit { ms: NO_DEADLINE },
            // One tick more: the clock may be that far behind.
            false => Limit { ms: millis(duration).saturating_add(TICK_MS) },
        }
    }
}

/// The clock and the list of everything that can be interrupted.
#[derive(Debug)]
pub struct Watchdog {
    started: Instant,
    now_ms: AtomicU64,
    watched: Mutex<Vec<Weak<Interrupt>>>,
    down: Servers,
}

/// Servers by their indexes. Beyond 256 two may share a place; then one that is down ends statements of the other as well.
#[derive(Debug, Default)]
struct Servers {
    bits: [AtomicU64; 4],
}

impl Servers {
    fn place(&self, server: u32) -> (&AtomicU64, u64) {
        (&self.bits[server as usize / 64 % self.bits.len()], 1 << (server % 64))
    }

    fn contains(&self, server: u32) -> bool {
        let (bits, bit) = self.place(server);
        bits.load(Ordering::Relaxed) & bit != 0
    }

    fn add(&self, server: u32) {
        let (bits, bit) = self.place(server);
        bits.fetch_or(bit, Ordering::AcqRel);
    }

    /// The same where nobody else adds.
    fn add_alone(&self, server: u32) {
        let (bits, bit) = self.place(server);
        bits.store(bits.load(Ordering::Relaxed) | bit, Ordering::Relaxed);
    }

    fn remove(&self, server: u32) {
        let (bits, bit) = self.place(server);
        bits.fetch_and(!bit, Ordering::AcqRel);
    }

    fn clear(&self) {
        self.bits.iter().for_each(|bits| bits.store(0, Ordering::Relaxed));
    }
}

/// What a waiting session looks at each time it is polled.
#[derive(Debug)]
pub struct Interrupt {
    watchdog: Arc<Watchdog>,
    reason: AtomicU8,
    deadline_ms: AtomicU64,
    /// Those that the session's command was sent to: the answer of any of them may be awaited.
    servers: Servers,
    /// When the session is woken to look whether its client is still there.
    look_ms: AtomicU64,
    waker: AtomicWaker,
}

impl Watchdog {
    pub fn new() -> Arc<Watchdog> {
        Arc::new(Watchdog {
            started: Instant::now(),
            now_ms: AtomicU64::new(0),
            watched: Mutex::new(Vec::new()),
            down: Servers::default(),
        })
    }

    /// Ticks until the task is aborted. One per process is enough.
    pub async fn run(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            self.tick();
        }
    }

    fn tick(&self) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(NO_DEADLINE - 1);
        self.now_ms.store(now, Ordering::Relaxed);
        self.watched.lock().retain(|weak| {
            let Some(interrupt) = weak.upgrade() else { return false };
            if interrupt.deadline_ms.load(Ordering::Relaxed) <= now {
                interrupt.deadline_ms.store(NO_DEADLINE, Ordering::Relaxed);
                interrupt.raise(Reason::Deadline);
            }
            if interrupt.look_ms.load(Ordering::Relaxed) <= now {
                interrupt.look_ms.store(LOOK_NOW, Ordering::Relaxed);
                interrupt.waker.wake();
            }
            true
        });
    }

    /// Milliseconds since the start, as of the last tick: costs no look at the system's clock.
    pub fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    pub fn new_interrupt(self: &Arc<Self>) -> Arc<Interrupt> {
        let interrupt = Arc::new(Interrupt {
            watchdog: Arc::clone(self),
            reason: AtomicU8::new(0),
            deadline_ms: AtomicU64::new(NO_DEADLINE),
            servers: Servers::default(),
            look_ms: AtomicU64::new(NO_LOOK),
            waker: AtomicWaker::new(),
        });
        self.watched.lock().push(Arc::downgrade(&interrupt));
        interrupt
    }

    /// Ends the statements that wait for this server, and those that are sent to it from now on.
    pub fn server_went_down(&self, server: u32) {
        self.down.add(server);
        for interrupt in self.watched.lock().iter().filter_map(Weak::upgrade) {
            if interrupt.servers.contains(server) {
                interrupt.raise(Reason::ServerDown);
            }
        }
    }

    pub fn server_is_back(&self, server: u32) {
        self.down.remove(server);
    }

    pub fn raise_all(&self, reason: Reason) {
        for interrupt in self.watched.lock().iter().filter_map(Weak::upgrade) {
            interrupt.raise(reason);
        }
    }
}

impl Interrupt {
    /// Wakes the session with `reason`. A stronger reason is not overwritten by a weaker one.
    pub fn raise(&self, reason: Reason) {
        let _ = self.reason.fetch_update(Ordering::AcqRel, Ordering::Acquire, |old| {
            (rank(old) < rank(reason as u8)).then_some(reason as u8)
        });
        self.waker.wake();
    }

    /// The next waits must end within `limit`.
    pub fn arm(&self, limit: impl Into<Limit>) {
        let deadline = self.watchdog.now_ms().saturating_add(limit.into().ms);
        self.forget_deadline();
        self.deadline_ms.store(deadline, Ordering::Relaxed);
    }

    pub fn disarm(&self) {
        self.deadline_ms.store(NO_DEADLINE, Ordering::Relaxed);
        self.forget_deadline();
    }

    /// Begins a wait of another kind within one that has a deadline: arm it as needed, then `resume`.
    pub fn suspend(&self) -> Suspended {
        let (deadline, at) = (self.deadline_ms.load(Ordering::Relaxed), self.watchdog.now_ms());
        Suspended { deadline, at }
    }

    /// Goes back to the deadline of the outer wait; the time since `suspend` does not count.
    pub fn resume(&self, outer: Suspended) {
        let since = self.watchdog.now_ms().saturating_sub(outer.at);
        self.forget_deadline();
        self.deadline_ms.store(outer.deadline.saturating_add(since), Ordering::Relaxed);
    }

    /// A deadline that fired belongs to a wait that is over: it must not end the next one.
    fn forget_deadline(&self) {
        if self.reason() == Some(Reason::Deadline) {
            let _ = self.reason.compare_exchange(Reason::Deadline as u8, 0, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    /// This server's answer, too, is awaited from now on.
    pub fn waits_for(&self, server: u32) {
        self.servers.add_alone(server);
        if self.watchdog.down.contains(server) {
            self.raise(Reason::ServerDown);
        }
        self.look_ms.store(self.watchdog.now_ms() + TICK_MS, Ordering::Relaxed);
    }

    /// No server's answer is awaited any more.
    pub fn waits_for_none(&self) {
        self.servers.clear();
        self.look_ms.store(NO_LOOK, Ordering::Relaxed);
    }

    /// What comes next has nothing to do with the servers that were asked before, nor with their having gone down.
    pub fn forget_servers(&self) {
        self.servers.clear();
        let down = Reason::ServerDown as u8;
        let _ = self.reason.compare_exchange(down, 0, Ordering::AcqRel, Ordering::Relaxed);
    }

    /// Whether the answer takes so long that its client may have gone meanwhile.
    pub fn is_long(&self) -> bool {
        self.look_ms.load(Ordering::Relaxed) == LOOK_NOW
    }

    /// Forgets reasons that end a statement but not the session. Called before a statement begins.
    pub fn begin_statement(&self) {
        if self.reason().is_none() {
            return;
        }
        let _ = self.reason.fetch_update(Ordering::AcqRel, Ordering::Acquire, |old| {
            let ends_session = old == Reason::SessionKilled as u8 || old == Reason::Shutdown as u8;
            (!ends_session && old != 0).then_some(0)
        });
    }

    /// A transaction that was to be rolled back has been. KILL, which may have come meanwhile, is not forgotten.
    pub fn forget_deadlock(&self) {
        let _ = self.reason.compare_exchange(Reason::Deadlocked as u8, 0, Ordering::AcqRel, Ordering::Relaxed);
    }

    /// Why the session was interrupted, if it was.
    pub fn reason(&self) -> Option<Reason> {
        match self.reason.load(Ordering::Acquire) {
            1 => Some(Reason::QueryKilled),
            2 => Some(Reason::SessionKilled),
            3 => Some(Reason::Deadline),
            4 => Some(Reason::Shutdown),
            5 => Some(Reason::ClientGone),
            6 => Some(Reason::ServerDown),
            7 => Some(Reason::Deadlocked),
            _ => None,
        }
    }

    /// Ready with the reason once there is one.
    pub fn poll(&self, cx: &Context<'_>) -> Poll<Reason> {
        if let Some(reason) = self.reason() {
            return Poll::Ready(reason);
        }
        self.waker.register(cx.waker());
        // Raised between the look and the registration.
        self.reason().map_or(Poll::Pending, Poll::Ready)
    }

    /// Wakes when another reason comes, for a caller that goes on in spite of the one there is.
    pub fn wake_on_change(&self, cx: &Context<'_>) {
        self.waker.register(cx.waker());
    }

    /// As `poll`, for a wait in the middle of a packet to the client: what ends only the statement must not tear the
    /// packet, and is seen at the next wait for a server.
    pub fn poll_while_writing(&self, cx: &Context<'_>) -> Poll<Reason> {
        match self.poll(cx) {
            Poll::Ready(Reason::QueryKilled | Reason::ServerDown | Reason::Shutdown | Reason::Deadlocked) => {
                self.wake_on_change(cx);
                Poll::Pending
            }
            other => other,
        }
    }
}

/// The deadline of a wait within which another one takes place.
#[derive(Debug, Clone, Copy)]
pub struct Suspended {
    deadline: u64,
    at: u64,
}

/// In whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1000).saturating_add(u64::from(duration.subsec_millis()))
}

/// Which reason wins when two meet: the one that ends more.
fn rank(reason: u8) -> u8 {
    match reason {
        0 => 0,
        r if r == Reason::SessionKilled as u8 || r == Reason::ClientGone as u8 => 4,
        r if r == Reason::Shutdown as u8 => 3,
        // The statement may run again after it.
        r if r == Reason::Deadlocked as u8 => 1,
        _ => 2,
    }
}
