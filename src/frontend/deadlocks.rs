//! Deadlocks across servers: each of them sees only that somebody waits. While several transactions have waited for a
//! while, their servers are asked for whom; of each circle the transaction that began last is rolled back.
//!
//! A statement that is a transaction by itself has one for each time that it runs. It is as old as the statement, so that
//! who was a victim is none again and again: those who began later are.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;

use super::registry::Entry;
use super::shared::Shared;
use crate::backend::error::Reason;
use crate::backend::lock_waits::lock_waits;
use crate::txn::waits::{Participant, Thread, Wait, victims};

/// Between two looks at a circle. What servers show is a moment old (MariaDB keeps it for 100 ms), and each was asked at
/// another moment: only what is seen twice, in the same statements, is a circle.
const SECOND_LOOK: Duration = Duration::from_millis(200);

/// So often a statement that is a transaction by itself may be the victim of a deadlock before its client is told.
pub(super) const ENDURED: u32 = 10;

/// Whether statements of several shards have met of late that are transactions by themselves. For a while the next ones
/// lock shard by shard, so that those that meet form no circles.
#[derive(Debug, Default)]
pub struct Caution {
    until_ms: AtomicU64,
}

impl Caution {
    /// In milliseconds.
    const LASTS: u64 = 1_000;

    pub(super) fn take(&self, now_ms: u64) {
        self.until_ms.store(now_ms + Self::LASTS, Ordering::Relaxed);
    }

    pub(super) fn is_taken(&self, now_ms: u64) -> bool {
        now_ms < self.until_ms.load(Ordering::Relaxed)
    }
}

/// A transaction on several servers whose statement has waited for a while.
struct Suspect {
    entry: Arc<Entry>,
    /// When the statement began.
    since_ms: u64,
    participant: Participant,
}

/// Runs until the task is aborted.
pub async fn run(shared: Arc<Shared>) {
    let patience = shared.in_flight.options.deadlock_after;
    let mut complaint = None;
    loop {
        tokio::time::sleep(patience / 2).await;
        match look(&shared, patience).await {
            Ok(()) => complaint = None,
            // Once, until it works again.
            Err(error) if complaint.as_ref() == Some(&error) => {}
            Err(error) => {
                tracing::warn!("cannot look for deadlocks across servers: {error}");
                complaint = Some(error);
            }
        }
    }
}

async fn look(shared: &Shared, patience: Duration) -> Result<(), String> {
    let first = suspects(shared, patience);
    let seen = circles(shared, &first).await?;
    if seen.is_empty() {
        return Ok(());
    }
    tokio::time::sleep(SECOND_LOOK).await;
    let mut still = suspects(shared, patience);
    still.retain(|one| first.iter().any(|before| is_same_wait(before, one)));
    for session in circles(shared, &still).await? {
        let Some(victim) = still.iter().find(|one| one.participant.session == session) else { continue };
        if seen.contains(&session) && running_since(&victim.entry) == Some(victim.since_ms) {
            shared.in_flight.counters.deadlocks.increment();
            tracing::info!(session, "a deadlock across servers: this session's transaction is rolled back");
            victim.entry.interrupt.raise(Reason::Deadlocked);
        }
    }
    Ok(())
}

fn is_same_wait(one: &Suspect, other: &Suspect) -> bool {
    (one.participant.session, one.since_ms) == (other.participant.session, other.since_ms)
}

fn running_since(entry: &Entry) -> Option<u64> {
    let (kind, since_ms, _) = entry.activity.look();
    kind.map(|_| since_ms)
}

fn suspects(shared: &Shared, patience: Duration) -> Vec<Suspect> {
    let now_ms = shared.watchdog.now_ms();
    let waits = |entry: Arc<Entry>| {
        let since_ms = running_since(&entry)?;
        let open = entry.activity.transaction()?;
        let is_long = u128::from(now_ms.saturating_sub(since_ms)) >= patience.as_millis();
        let threads = open.threads.to_vec();
        let participant = Participant { session: entry.id, begun: open.since_ms.min(since_ms), threads };
        (is_long && participant.threads.len() > 1).then_some(Suspect { entry, since_ms, participant })
    };
    shared.registry.all().into_iter().filter_map(waits).collect()
}

/// The sessions that end the circles which their servers show now.
async fn circles(shared: &Shared, suspects: &[Suspect]) -> Result<BTreeSet<u32>, String> {
    let participants: Vec<Participant> = suspects.iter().map(|one| one.participant.clone()).collect();
    // One alone waits for somebody else, who will be done.
    if participants.len() < 2 && !participants.iter().any(Participant::may_wait_for_itself) {
        return Ok(BTreeSet::new());
    }
    let sets: BTreeSet<u16> = participants.iter().flat_map(|one| &one.threads).map(|one| one.replica_set).collect();
    let waits: Result<Vec<Vec<Wait>>, String> =
        join_all(sets.into_iter().map(|set| waits_on(shared, set))).await.into_iter().collect();
    Ok(victims(&participants, &waits?.concat()).into_iter().collect())
}

async fn waits_on(shared: &Shared, replica_set: u16) -> Result<Vec<Wait>, String> {
    let setup = shared.setup();
    // Gone with a new configuration.
    let Some(set) = setup.topology.sets.get(usize::from(replica_set)) else { return Ok(Vec::new()) };
    let primary = set.primary().map_err(|error| error.to_string())?;
    let pairs = lock_waits(&set.options, &primary.address).await;
    let pairs = pairs.map_err(|error| {
        format!(
            "replica set {}: {error} (the account needs PROCESS and, on MySQL, SELECT on performance_schema)",
            set.options.name
        )
    })?;
    let thread = |id| Thread { replica_set, id };
    Ok(pairs
        .into_iter()
        .map(|(waiting, holding)| Wait { waiting: thread(waiting), holding: thread(holding) })
        .collect())
}
