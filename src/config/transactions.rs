//! `[transactions]`: commits over several shards, and their recovery.

use std::time::Duration;

use super::section::{Item, Section};
use crate::sharding::schema::is_the_servers;
use crate::txn::in_flight::CrashPoint;
use crate::txn::options::Options;
use crate::txn::xid::MAX_CLUSTER;

/// Not for the file: it is for tests, and would be forgotten there.
const CRASH_AT: &str = "SHARDGATE_CRASH_AT";

/// The longest name of a schema.
const MAX_NAME: usize = 64;

/// The options; `None`, reported, if something is wrong.
pub(super) fn read(section: &Section<'_>) -> Option<Options> {
    const SECOND: Duration = Duration::from_secs(1);
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let default = with_crash_point(Options::default());
    let cluster = section.item("cluster").map_or(Some(default.cluster), |item| read_cluster(&item));
    let schema = section.item("schema").map_or(Some(default.schema), |item| read_schema(&item));
    let (least, most) = (Duration::from_millis(100), Duration::from_secs(3600));
    let recovery_interval = section.duration("recovery_interval", default.recovery_interval, least..=most);
    let commit_timeout = section.duration("commit_timeout", default.commit_timeout, SECOND..=most);
    let take_over_after = section.duration("take_over_after", default.take_over_after, SECOND..=DAY);
    let alarm_after = section.duration("alarm_after", default.alarm_after, SECOND..=DAY);
    let least = Duration::from_millis(200);
    let deadlock_after = section.duration("deadlock_after", default.deadlock_after, least..=most);
    let atomic_visibility =
        section.item("atomic_visibility").map_or(Some(default.atomic_visibility), |item| item.boolean());
    section.finish();
    Some(Options {
        cluster: cluster?,
        schema: schema?,
        recovery_interval: recovery_interval?,
        commit_timeout: commit_timeout?,
        take_over_after: take_over_after?,
        alarm_after: alarm_after?,
        deadlock_after: deadlock_after?,
        atomic_visibility: atomic_visibility?,
        crash_at: default.crash_at,
    })
}

/// Without the section.
pub(super) fn default() -> Options {
    with_crash_point(Options::default())
}

/// A test that names no place, or none that is known, wants no crash.
fn with_crash_point(options: Options) -> Options {
    let named = std::env::var(CRASH_AT).ok();
    let crash_at: Option<CrashPoint> = named.and_then(|place| place.parse().ok());
    Options { crash_at, ..options }
}

fn read_cluster(item: &Item<'_>) -> Option<String> {
    let name = item.text()?;
    let is_good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || name.len() > MAX_CLUSTER || !name.chars().all(is_good) {
        item.problem(format!("a name of 1 to {MAX_CLUSTER} letters, digits, _ and - should be here"));
        return None;
    }
    Some(name)
}

fn read_schema(item: &Item<'_>) -> Option<String> {
    let name = item.text()?;
    if name.is_empty() || name.chars().count() > MAX_NAME {
        item.problem(format!("a name of 1 to {MAX_NAME} characters should be here"));
        return None;
    }
    if is_the_servers(&name) {
        item.problem(format!("\"{name}\" is a schema of the server's own: give ShardGate another"));
        return None;
    }
    Some(name)
}
