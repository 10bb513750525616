//! All replica sets, in the order of the configuration.

use std::sync::Arc;

use super::interrupt::Watchdog;
use super::login::Dialer;
use super::options::{Address, Options, ReplicaSetOptions};
use super::pool::Pool;
use super::replica_set::{ReplicaSet, Server};
use super::settings::Interner;
use super::tls::{TlsSetupError, client_config};
use crate::sharding::schema::ReplicaSetId;

/// The fleet.
#[derive(Debug)]
pub struct Topology {
    pub sets: Vec<Arc<ReplicaSet>>,
    pub interner: Interner,
    pub watchdog: Arc<Watchdog>,
}

impl Topology {
    /// Builds pools for all servers; connects to none.
    pub fn new(options: &Options, workers: usize, watchdog: Arc<Watchdog>) -> Result<Topology, TlsSetupError> {
        let mut next_index = 0;
        let mut sets = Vec::new();
        for set in &options.replica_sets {
            let set = Arc::new(set.clone());
            let tls = client_config(&set.tls)?;
            let members = std::iter::once((&set.primary, 0)).chain(set.replicas.iter().map(|r| (&r.address, r.weight)));
            let servers = members.map(|(address, weight)| {
                let index = next_index;
                next_index += 1;
                Arc::new(server(&set, index, address, weight, tls.clone(), workers, &watchdog))
            });
            let servers = servers.collect();
            sets.push(Arc::new(ReplicaSet::new(set, servers)));
        }
        Ok(Topology { sets, interner: Interner::default(), watchdog })
    }

    pub fn set(&self, id: ReplicaSetId) -> &Arc<ReplicaSet> {
        &self.sets[usize::from(id.0)]
    }

    pub fn servers(&self) -> impl Iterator<Item = &Arc<Server>> {
        self.sets.iter().flat_map(|set| &set.servers)
    }
}

fn server(
    set: &Arc<ReplicaSetOptions>,
    index: u32,
    address: &Address,
    weight: u32,
    tls: Option<Arc<rustls::ClientConfig>>,
    workers: usize,
    clock: &Arc<Watchdog>,
) -> Server {
    let dialer = Dialer::new(index, address.clone(), Arc::clone(set), tls, Arc::clone(clock));
    Server::new(index, address.clone(), Pool::new(dialer, set.pool.clone(), workers), weight)
}
