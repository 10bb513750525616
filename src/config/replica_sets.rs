//! `[[replica_sets]]`.

use std::path::Path;
use std::time::Duration;

use super::section::{Item, Section};
use super::{secret, tls};
use crate::backend::options::{Address, PoolOptions, ReplicaOptions, ReplicaSetOptions, TlsOptions};
use crate::txn::xid::MAX_REPLICA_SET;

const LEAST: Duration = Duration::from_millis(100);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A replica set; `None`, reported, if something is wrong with it.
pub(super) fn read(section: &Section<'_>, folder: &Path) -> Option<ReplicaSetOptions> {
    let name = section.required_text("name").filter(|name| {
        let is_good = (1..=MAX_REPLICA_SET).contains(&name.len());
        if !is_good {
            section.problem("name", format!("a name has 1 to {MAX_REPLICA_SET} bytes"));
        }
        is_good
    });
    let primary = section.required("primary").and_then(|item| item.address());
    let replicas = section.item("replicas").map_or_else(|| Some(Vec::new()), |item| replicas(&item, primary.as_ref()));
    let user = section.required_text("user");
    let password = section.required("password").and_then(|item| secret::read(&item, folder));
    let pool = section.item("pool").map_or_else(|| Some(PoolOptions::default()), |item| pool(&item));
    let tls = section.item("tls").map_or_else(|| Some(TlsOptions::default()), |item| tls::read_backend(&item, folder));
    let max_replica_lag =
        section.duration("max_replica_lag", ReplicaSetOptions::MAX_REPLICA_LAG, Duration::from_secs(1)..=DAY);
    let connect_timeout = section.duration("connect_timeout", ReplicaSetOptions::CONNECT_TIMEOUT, LEAST..=HOUR);
    let response_timeout = section.duration("response_timeout", ReplicaSetOptions::RESPONSE_TIMEOUT, LEAST..=30 * DAY);
    section.finish();
    Some(ReplicaSetOptions {
        name: name?,
        primary: primary?,
        replicas: replicas?,
        user: user?,
        password: password?,
        pool: pool?,
        tls: tls?,
        max_replica_lag: max_replica_lag?,
        connect_timeout: connect_timeout?,
        response_timeout: response_timeout?,
    })
}

/// Addresses, or tables with address and weight; each server once.
fn replicas(item: &Item<'_>, primary: Option<&Address>) -> Option<Vec<ReplicaOptions>> {
    let mut replicas: Vec<ReplicaOptions> = Vec::new();
    let items = item.list("replicas = [\"host:3306\", { address = \"host:3307\", weight = 2 }]")?;
    for item in &items {
        let Some(replica) = replica(item) else { continue };
        if Some(&replica.address) == primary || replicas.iter().any(|other| other.address == replica.address) {
            item.problem(format!("the server {} is in this replica set already", replica.address));
        }
        replicas.push(replica);
    }
    (replicas.len() == items.len()).then_some(replicas)
}

fn replica(item: &Item<'_>) -> Option<ReplicaOptions> {
    if !item.is_table() {
        return Some(ReplicaOptions { address: item.address()?, weight: 1 });
    }
    let section = item.section("{ address = \"host:3306\", weight = 2 }")?;
    let address = section.required("address").and_then(|item| item.address());
    let weight = section.item("weight").map_or(Some(1), |item| item.integer(0..=1000));
    section.finish();
    Some(ReplicaOptions { address: address?, weight: weight? as u32 })
}

fn pool(item: &Item<'_>) -> Option<PoolOptions> {
    const MAX_CONNECTIONS: u64 = 100_000;
    let default = PoolOptions::default();
    let section = item.section("pool = { max = 64, min = 4, idle = \"5m\", lifetime = \"1h\", wait = \"2s\" }")?;
    let max = section.integer("max", default.max, 1..=MAX_CONNECTIONS);
    let min = section.integer("min", default.min, 0..=MAX_CONNECTIONS);
    let duration = |key, default| section.duration(key, default, Duration::from_millis(1)..=30 * DAY);
    let idle = duration("idle", default.idle);
    let lifetime = duration("lifetime", default.lifetime);
    let wait = duration("wait", default.wait);
    let check_after = duration("check_after", default.check_after);
    section.finish();
    let (max, min) = (max?, min?);
    if min > max {
        section.problem("min", format!("min = {min} is more than max = {max}"));
        return None;
    }
    Some(PoolOptions { max, min, idle: idle?, lifetime: lifetime?, wait: wait?, check_after: check_after? })
}
