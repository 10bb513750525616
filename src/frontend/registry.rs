//! All sessions of this process: their ids, and how to interrupt them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use smallvec::SmallVec;
use tokio::sync::Notify;

use crate::backend::error::Reason;
use crate::backend::interrupt::Interrupt;
use crate::sharding::ShardId;
use crate::txn::waits::Thread;
use crate::txn::xid::Gtrid;

/// The sessions that are open now.
#[derive(Debug)]
pub struct Registry {
    limit: AtomicUsize,
    next_id: AtomicU32,
    entries: Mutex<HashMap<u32, Arc<Entry>>>,
    /// Told when the last session goes.
    empty: Notify,
}

/// What others may know of a session, and do to it.
#[derive(Debug)]
pub struct Entry {
    pub id: u32,
    pub interrupt: Arc<Interrupt>,
    /// Empty until the client has logged in.
    pub user: Mutex<String>,
    pub activity: Activity,
}

/// What SHOW PROCESSLIST tells of a session. Telling it costs a statement that takes its time one short copy, and others
/// nothing.
#[derive(Debug, Default)]
pub struct Activity {
    /// Where the client is, and the database that it has selected.
    pub host: Mutex<String>,
    pub database: Mutex<Option<String>>,
    /// The kind of the command that runs, and since when, by the watchdog's clock.
    running: AtomicU64,
    text: Mutex<Beginning>,
    transaction: Mutex<Option<OpenTransaction>>,
}

/// A transaction that is open.
#[derive(Debug, Clone)]
pub struct OpenTransaction {
    /// Its first statement, by the watchdog's clock.
    pub since_ms: u64,
    /// Those that take part.
    pub shards: SmallVec<[ShardId; 4]>,
    /// The connections that hold its locks, in the same order.
    pub threads: SmallVec<[Thread; 4]>,
    /// Once there is more than one shard.
    pub gtrid: Option<Gtrid>,
}

/// The first bytes of a statement.
#[derive(Debug)]
struct Beginning {
    bytes: [u8; Activity::SHOWN],
    length: usize,
}

impl Default for Beginning {
    fn default() -> Self {
        Beginning { bytes: [0; Activity::SHOWN], length: 0 }
    }
}

impl Activity {
    /// Bytes of a statement that are kept.
    pub const SHOWN: usize = 256;
    /// The kind of no command.
    const SLEEP: u8 = 0xFF;

    /// A command of this kind begins, unless it has begun before.
    pub fn begin(&self, kind: u8, now_ms: u64, text: &[u8]) {
        if self.running.load(Ordering::Relaxed) as u8 != Self::SLEEP {
            return;
        }
        let mut kept = self.text.lock();
        kept.length = text.len().min(Self::SHOWN);
        let length = kept.length;
        kept.bytes[..length].copy_from_slice(&text[..length]);
        self.running.store(now_ms << 8 | u64::from(kind), Ordering::Relaxed);
    }

    /// The command has its answer.
    pub fn end(&self, now_ms: u64) {
        self.running.store(now_ms << 8 | u64::from(Self::SLEEP), Ordering::Relaxed);
    }

    /// A shard takes part in the transaction, or was about to.
    pub fn joined(&self, shard: ShardId, thread: Thread, gtrid: Option<&Gtrid>, now_ms: u64) {
        let mut transaction = self.transaction.lock();
        let fresh =
            || OpenTransaction { since_ms: now_ms, shards: SmallVec::new(), threads: SmallVec::new(), gtrid: None };
        let open = transaction.get_or_insert_with(fresh);
        if !open.shards.contains(&shard) {
            open.shards.push(shard);
            open.threads.push(thread);
            open.gtrid = gtrid.cloned();
        }
    }

    /// The transaction has ended.
    pub fn left(&self) {
        *self.transaction.lock() = None;
    }

    pub fn transaction(&self) -> Option<OpenTransaction> {
        self.transaction.lock().clone()
    }

    /// The kind of the running command (`None`: none runs), since when that is so, and the statement.
    pub fn look(&self) -> (Option<u8>, u64, Vec<u8>) {
        let running = self.running.load(Ordering::Relaxed);
        let kind = (running & 0xFF) as u8;
        let text = self.text.lock();
        let text = text.bytes[..text.length].to_vec();
        ((kind != Self::SLEEP).then_some(kind), running >> 8, text)
    }
}

/// Takes the session off the list when it is dropped.
#[derive(Debug)]
pub struct Registered {
    pub entry: Arc<Entry>,
    registry: Arc<Registry>,
}

/// What came of KILL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillOutcome {
    Done,
    NoSuchSession,
    /// Sessions of other users may not be killed.
    NotOwner,
}

impl Registry {
    /// `limit`: most sessions at once.
    pub fn new(limit: usize) -> Arc<Registry> {
        Arc::new(Registry {
            limit: AtomicUsize::new(limit),
            next_id: AtomicU32::new(1),
            entries: Mutex::new(HashMap::new()),
            empty: Notify::new(),
        })
    }

    /// Registers a new session; `None` when there are too many.
    pub fn admit(self: &Arc<Self>, interrupt: Arc<Interrupt>) -> Option<Registered> {
        let mut entries = self.entries.lock();
        if entries.len() >= self.limit.load(Ordering::Relaxed) {
            return None;
        }
        let id = self.fresh_id(&entries);
        let entry = Arc::new(Entry { id, interrupt, user: Mutex::new(String::new()), activity: Activity::default() });
        entries.insert(id, Arc::clone(&entry));
        Some(Registered { entry, registry: Arc::clone(self) })
    }

    fn fresh_id(&self, entries: &HashMap<u32, Arc<Entry>>) -> u32 {
        let mut id = self.next_id.fetch_add(1, Ordering::Relaxed);
        // After four thousand million sessions ids begin again; 0 is never one.
        while id == 0 || entries.contains_key(&id) {
            id = self.next_id.fetch_add(1, Ordering::Relaxed);
        }
        id
    }

    /// Sessions beyond it stay; no more come.
    pub fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    pub fn len(&self) -> usize {
        self.entries.lock().len()
    }

    /// The sessions of one user, by id.
    pub fn of_user(&self, user: &str) -> Vec<Arc<Entry>> {
        let mut own: Vec<_> =
            self.entries.lock().values().filter(|entry| *entry.user.lock() == user).cloned().collect();
        own.sort_unstable_by_key(|entry| entry.id);
        own
    }

    /// All sessions, by id.
    pub fn all(&self) -> Vec<Arc<Entry>> {
        let mut all: Vec<_> = self.entries.lock().values().cloned().collect();
        all.sort_unstable_by_key(|entry| entry.id);
        all
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// KILL by `user`, who may end only sessions of the same account; `None`: by an operator, who may end all.
    pub fn kill(&self, id: u32, reason: Reason, user: Option<&str>) -> KillOutcome {
        let Some(entry) = self.entries.lock().get(&id).cloned() else { return KillOutcome::NoSuchSession };
        if user.is_some_and(|user| *entry.user.lock() != user) {
            return KillOutcome::NotOwner;
        }
        entry.interrupt.raise(reason);
        KillOutcome::Done
    }

    /// Returns once no session is left.
    pub async fn drained(&self) {
        loop {
            let notified = self.empty.notified();
            if self.is_empty() {
                return;
            }
            notified.await;
        }
    }
}

impl Registered {
    /// Another id that no session has.
    pub(super) fn fresh_id(&self) -> u32 {
        self.registry.fresh_id(&self.registry.entries.lock())
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut entries = self.registry.entries.lock();
        entries.remove(&self.entry.id);
        if entries.is_empty() {
            // A burst of sessions leaves a table as large as the burst.
            entries.shrink_to_fit();
            self.registry.empty.notify_waiters();
        }
    }
}
