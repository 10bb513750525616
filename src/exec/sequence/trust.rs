//! How long a lease may be used before its counter must be asked whether it was set since.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// A lease may be used for so long after it was last known to be good. Who sets a counter waits so long for other processes.
pub const TRUST: Duration = Duration::from_secs(3);

/// What is known of the DDL of all ShardGates.
#[derive(Debug, Default)]
pub(super) struct Trust(Mutex<Known>);

#[derive(Debug, Default, Clone, Copy)]
struct Known {
    /// When it was last seen that there was none.
    unchanged: Option<Instant>,
    /// When some was heard of.
    changed: Option<Instant>,
}

impl Trust {
    pub(super) fn note_unchanged(&self, asked: Instant) {
        self.0.lock().unchanged = Some(asked);
    }

    pub(super) fn note_changed(&self) {
        self.0.lock().changed = Some(Instant::now());
    }

    /// Whether a lease that was good at `seen` may be used.
    pub(super) fn covers(&self, seen: Instant) -> bool {
        let Known { unchanged, changed } = *self.0.lock();
        let known = unchanged.map_or(seen, |unchanged| unchanged.max(seen));
        changed.is_none_or(|changed| changed < seen) && known.elapsed() < TRUST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_trusted_until_ddl_is_heard_of_or_nothing_is_heard() {
        let now = Instant::now();
        let Some(before) = now.checked_sub(TRUST * 2) else { return };
        let trust = Trust::default();
        assert!(trust.covers(now) && !trust.covers(before));
        trust.note_unchanged(now);
        assert!(trust.covers(before));
        trust.note_changed();
        assert!(!trust.covers(before) && !trust.covers(now));
        assert!(trust.covers(Instant::now()));
    }
}
